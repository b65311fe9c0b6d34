/* Small host values as vectors: those of one dtype, `donation.Packed.pack` in C, and keys and counters of random draws. */

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

/* What `Packed.last` holds */
enum { CONTENT, MOVED, SCALARS };

/* Whether all values are the scalars that came last, or rather the same objects. */
static int are_last(PyObject *packed, PyObject *leaves)
{
    PyObject *values = PyTuple_GET_ITEM(FIELD(packed, k_last), SCALARS), *entries = FIELD(packed, k_entries);
    Py_ssize_t count = PyTuple_GET_SIZE(values);
    for (Py_ssize_t i = 0; i < count; i++) {
        Py_ssize_t leaf = PyLong_AsSsize_t(PyTuple_GET_ITEM(PyList_GET_ITEM(entries, i), 0));
        if (leaf >= PyList_GET_SIZE(leaves) || FIELD(PyList_GET_ITEM(leaves, leaf), t_value) != PyTuple_GET_ITEM(values, i))
            return 0;
    }
    return count > 0;
}

/* Remembers a vector: its bytes, what is on the device, and the scalars, or nothing. */
static int note_last(PyObject *packed, PyObject *content, PyObject *moved, PyObject *scalars)
{
    PyObject *last = scalars == NULL ? NULL : PyTuple_Pack(3, content, moved, scalars);
    if (last == NULL)
        return -1;
    Py_SETREF(FIELD(packed, k_last), last);
    return 0;
}

/* Remembers the values of a vector on the device, where all of them are scalars, which do not change. */
static int note_scalars(PyObject *packed, PyObject *content, PyObject *moved, PyObject *leaves, PyTypeObject *scalar)
{
    PyObject *entries = FIELD(packed, k_entries), *values = PyTuple_New(PyList_GET_SIZE(entries));
    for (Py_ssize_t i = 0; values != NULL && i < PyList_GET_SIZE(entries); i++) {
        PyObject *value = FIELD(PyList_GET_ITEM(leaves, PyLong_AsSsize_t(PyTuple_GET_ITEM(PyList_GET_ITEM(entries, i), 0))), t_value);
        if (!Py_IS_TYPE(value, scalar))
            return Py_DECREF(values), 0;
        PyTuple_SET_ITEM(values, i, Py_NewRef(value));
    }
    int noted = note_last(packed, content, moved, values);
    Py_XDECREF(values);
    return noted;
}

/* `Packed.holds`; -1: error. */
int holds(PyObject *packed, PyObject *leaves)
{
    PyArray_Descr *dtype = (PyArray_Descr *)FIELD(packed, k_dtype);
    PyObject *entries = FIELD(packed, k_entries), *known = PyTuple_GET_ITEM(FIELD(packed, k_last), CONTENT);
    if (are_last(packed, leaves))
        return 1;
    Py_ssize_t size = PyBytes_GET_SIZE(known);
    char content[256], *all = size <= (Py_ssize_t)sizeof content ? content : PyMem_Malloc(size);
    int usual = all == NULL ? -1 : 0;
    if (all == NULL)
        PyErr_NoMemory();
    else if (PyArray_DescrCheck((PyObject *)dtype) && PyTypeNum_ISNUMBER(dtype->type_num) && PyList_CheckExact(entries))
        usual = gather(all, leaves, entries, dtype, PyDataType_ELSIZE(dtype));
    int same = usual;
    if (usual == 0) {
        PyObject *answer = PyObject_CallMethodOneArg(packed, n_holds, leaves);
        same = answer == NULL ? -1 : answer == Py_True;
        Py_XDECREF(answer);
    } else if (usual > 0) {
        same = memcmp(PyBytes_AS_STRING(known), all, size) == 0;
        if (same && note_scalars(packed, known, Py_None, leaves, dtype->typeobj) < 0)
            same = -1;
    }
    if (all != content)
        PyMem_Free(all);
    return same;
}

/* The vector; NULL without an error where it needs a look at settings of JAX's, as 64 bits do that are not on the device. */
PyObject *pack(PyObject *packed, PyObject *leaves)
{
    PyArray_Descr *dtype = (PyArray_Descr *)FIELD(packed, k_dtype);
    PyObject *entries = FIELD(packed, k_entries), *last = FIELD(packed, k_last);
    int wide = FIELD(packed, k_wide) != Py_False;
    if (!PyArray_DescrCheck((PyObject *)dtype) || !PyTypeNum_ISNUMBER(dtype->type_num) || !PyList_CheckExact(entries))
        return wide ? NULL : PyObject_CallMethodOneArg(packed, n_pack, leaves);
    PyObject *moved = PyTuple_GET_ITEM(last, MOVED);
    if (moved != Py_None && are_last(packed, leaves))
        return Py_NewRef(moved);
    Py_ssize_t itemsize = PyDataType_ELSIZE(dtype), size = PyLong_AsSsize_t(FIELD(packed, k_size));
    PyObject *content = PyBytes_FromStringAndSize(NULL, size * itemsize), *vector = NULL;
    int usual = content == NULL ? -1 : gather(PyBytes_AS_STRING(content), leaves, entries, dtype, itemsize);
    if (usual < 0)
        goto done;
    PyObject *known = PyTuple_GET_ITEM(last, CONTENT);
    int same = usual && PyBytes_GET_SIZE(known) == size * itemsize
        && memcmp(PyBytes_AS_STRING(known), PyBytes_AS_STRING(content), size * itemsize) == 0;
    if (same && moved != Py_None) {
        vector = Py_NewRef(moved);
        if (note_scalars(packed, content, vector, leaves, dtype->typeobj) < 0)
            Py_CLEAR(vector);
    } else if (wide)
        ;
    else if (same || !usual)
        vector = PyObject_CallMethodOneArg(packed, n_pack, leaves);
    else if ((vector = PyArray_SimpleNew(1, &size, dtype->type_num)) != NULL) {
        memcpy(PyArray_DATA((PyArrayObject *)vector), PyBytes_AS_STRING(content), size * itemsize);
        PyObject *none = PyTuple_New(0);
        if (note_last(packed, content, Py_None, none) < 0)
            Py_CLEAR(vector);
        Py_XDECREF(none);
    }
done:
    Py_XDECREF(content);
    return vector;
}

static PyObject *seeds, *getrandbits, *bits, *key_aval, *counter_aval, *pair_aval, *neither;

/* A tensor of the words of `count` numbers, the lower one of each first. */
static PyObject *words(PyObject *aval, const uint64_t *numbers, npy_intp count)
{
    npy_intp size = 2 * count;
    PyObject *array = PyArray_SimpleNew(1, &size, NPY_UINT32), *tensor = NULL;
    for (npy_intp k = 0; array != NULL && k < size; k++)
        ((uint32_t *)PyArray_DATA((PyArrayObject *)array))[k] = (uint32_t)(numbers[k / 2] >> k % 2 * 32);
    if (array != NULL)
        tensor = new_tensor(aval, array, Py_None, plain);
    Py_XDECREF(array);
    return tensor;
}

/* key_and_counter(key, low, high): tensors of ints; see _random_keys.py. */
PyObject *key_and_counter(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    if (nargs != 3 || key_aval == NULL)
        return PyErr_Format(PyExc_TypeError, "key_and_counter() takes 3 ints");
    uint64_t numbers[3];
    for (int k = 0; k < 3; k++)
        numbers[k] = PyLong_AsUnsignedLongLong(args[k]);
    if (PyErr_Occurred())
        return NULL;
    PyObject *key = words(key_aval, numbers, 1), *counter = words(counter_aval, numbers + 1, 2);
    PyObject *both = key == NULL || counter == NULL ? NULL : PyTuple_Pack(2, key, counter);
    Py_XDECREF(key);
    Py_XDECREF(counter);
    return both;
}

/* fresh_draw(seed): see `fresh` of _random_keys.py. */
PyObject *fresh_draw(PyObject *module, PyObject *seed)
{
    PyObject *context = current_context(), *pair = NULL, *both = NULL;
    if (context == NULL)
        return NULL;
    int usual = seed == Py_None && FIELD(context, c_trace) == Py_None && FIELD(context, c_sites) == Py_None;
    Py_DECREF(context);
    if (!usual || seeds == NULL)
        return Py_XNewRef(neither);
    PyObject *global = PyObject_GetAttr(seeds, n_seed);
    if (global == NULL)
        return NULL;
    if (global != Py_None)
        pair = PyObject_CallMethodNoArgs(seeds, n_new_pair);
    else {
        PyObject *key = PyObject_CallOneArg(getrandbits, bits), *high = key == NULL ? NULL : PyObject_CallOneArg(getrandbits, bits);
        pair = high == NULL ? NULL : PyTuple_Pack(2, key, high);
        Py_XDECREF(key);
        Py_XDECREF(high);
    }
    Py_DECREF(global);
    if (pair != NULL && PyTuple_CheckExact(pair) && PyTuple_GET_SIZE(pair) == 2)
        both = key_and_counter(module, (PyObject *[]){PyTuple_GET_ITEM(pair, 0), zero, PyTuple_GET_ITEM(pair, 1)}, 3);
    else if (pair != NULL)
        PyErr_SetString(PyExc_TypeError, "no pair of seeds");
    Py_XDECREF(pair);
    return both;
}

/* seed_pair(seed): a tensor of a list or tuple of two ints of 64 bits; all else as it is. */
PyObject *seed_pair(PyObject *module, PyObject *seed)
{
    if (!(PyList_CheckExact(seed) || PyTuple_CheckExact(seed)) || PySequence_Fast_GET_SIZE(seed) != 2 || pair_aval == NULL)
        return Py_NewRef(seed);
    npy_intp size = 2;
    int64_t numbers[2];
    for (int k = 0; k < 2; k++) {
        PyObject *number = PySequence_Fast_GET_ITEM(seed, k);
        int overflow = !PyLong_CheckExact(number);
        numbers[k] = overflow ? 0 : PyLong_AsLongLongAndOverflow(number, &overflow);
        if (overflow)
            return Py_NewRef(seed);
    }
    PyObject *array = PyArray_SimpleNew(1, &size, NPY_INT64), *tensor = NULL;
    if (array != NULL) {
        memcpy(PyArray_DATA((PyArrayObject *)array), numbers, sizeof numbers);
        tensor = new_tensor(pair_aval, array, Py_None, plain_static);
        Py_DECREF(array);
    }
    return tensor;
}

/* setup_draws(seeds, getrandbits, avals): what unseeded draws need; the avals of a key, of a counter and of two int64. */
PyObject *setup_draws(PyObject *module, PyObject *args)
{
    PyObject *of, *random, *key, *counter, *two;
    if (Aval == NULL)
        return PyErr_Format(PyExc_SystemError, "setup() comes first");
    if (!PyArg_ParseTuple(args, "OOO!O!O!", &of, &random, Aval, &key, Aval, &counter, Aval, &two))
        return NULL;
    Py_XSETREF(seeds, Py_NewRef(of));
    Py_XSETREF(getrandbits, Py_NewRef(random));
    Py_XSETREF(key_aval, Py_NewRef(key));
    Py_XSETREF(counter_aval, Py_NewRef(counter));
    Py_XSETREF(pair_aval, Py_NewRef(two));
    Py_XSETREF(bits, PyLong_FromLong(64));
    Py_XSETREF(neither, PyTuple_Pack(2, Py_None, Py_None));
    return bits == NULL || neither == NULL ? NULL : Py_NewRef(Py_None);
}

int setup_packing(void)
{
    import_array1(-1);
    return 0;
}
