/* Small host values of one dtype as one vector: `donation.Packed.pack` in C. */

#include "_hot.h"

#define NPY_NO_DEPRECATED_API NPY_1_7_API_VERSION
#include <numpy/arrayobject.h>

/* Copies the values side by side. 0 where there is another kind of value than usual, -1: error. */
static int gather(char *to, PyObject *leaves, PyObject *entries, PyArray_Descr *dtype, Py_ssize_t itemsize)
{
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(entries); i++) {
        PyObject *entry = PyList_GET_ITEM(entries, i);
        Py_ssize_t leaf = PyLong_AsSsize_t(PyTuple_GET_ITEM(entry, 0)), offset = PyLong_AsSsize_t(PyTuple_GET_ITEM(entry, 1)),
                   size = PyLong_AsSsize_t(PyTuple_GET_ITEM(entry, 2));
        if (PyErr_Occurred() || leaf >= PyList_GET_SIZE(leaves))
            return PyErr_Occurred() ? -1 : 0;
        PyObject *value = FIELD(PyList_GET_ITEM(leaves, leaf), t_value);
        if (Py_IS_TYPE(value, dtype->typeobj) && size == 1)
            PyArray_ScalarAsCtype(value, to + offset * itemsize);
        else if (PyArray_CheckExact(value) && PyArray_TYPE((PyArrayObject *)value) == dtype->type_num
                 && PyArray_ISCARRAY_RO((PyArrayObject *)value) && PyArray_SIZE((PyArrayObject *)value) == size)
            memcpy(to + offset * itemsize, PyArray_DATA((PyArrayObject *)value), size * itemsize);
        else
            return 0;
    }
    return 1;
}

/* The vector; NULL without an error where it needs a look at settings of JAX's, as 64 bits do that are not on the device. */
PyObject *pack(PyObject *packed, PyObject *leaves)
{
    PyArray_Descr *dtype = (PyArray_Descr *)FIELD(packed, k_dtype);
    PyObject *entries = FIELD(packed, k_entries), *last = FIELD(packed, k_last);
    int wide = FIELD(packed, k_wide) != Py_False;
    if (!PyArray_DescrCheck((PyObject *)dtype) || !PyTypeNum_ISNUMBER(dtype->type_num) || !PyList_CheckExact(entries))
        return wide ? NULL : PyObject_CallMethodOneArg(packed, n_pack, leaves);
    Py_ssize_t itemsize = PyDataType_ELSIZE(dtype), size = PyLong_AsSsize_t(FIELD(packed, k_size));
    PyObject *content = PyBytes_FromStringAndSize(NULL, size * itemsize), *vector = NULL;
    int usual = content == NULL ? -1 : gather(PyBytes_AS_STRING(content), leaves, entries, dtype, itemsize);
    if (usual < 0)
        goto done;
    PyObject *known = PyTuple_GET_ITEM(last, 0), *moved = PyTuple_GET_ITEM(last, 1);
    int same = usual && PyBytes_GET_SIZE(known) == size * itemsize
        && memcmp(PyBytes_AS_STRING(known), PyBytes_AS_STRING(content), size * itemsize) == 0;
    if (same && moved != Py_None)
        vector = Py_NewRef(moved);
    else if (wide)
        ;
    else if (same || !usual)
        vector = PyObject_CallMethodOneArg(packed, n_pack, leaves);
    else if ((vector = PyArray_SimpleNew(1, &size, dtype->type_num)) != NULL) {
        memcpy(PyArray_DATA((PyArrayObject *)vector), PyBytes_AS_STRING(content), size * itemsize);
        PyObject *now = PyTuple_Pack(2, content, Py_None);
        if (now == NULL)
            Py_CLEAR(vector);
        else
            Py_SETREF(FIELD(packed, k_last), now);
    }
done:
    Py_XDECREF(content);
    return vector;
}

int setup_packing(void)
{
    import_array1(-1);
    return 0;
}
