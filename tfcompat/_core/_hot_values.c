/* From pending tensors to values: reads, what is alive of a segment, and what gives it its values. */

#include "_hot.h"

static PyObject *python_host_value, *python_payload; /* what does all that is not usual */

/* What a weak reference refers to, as a new reference; NULL: there is none any more. */
PyObject *referred(PyObject *reference)
{
#if PY_VERSION_HEX >= 0x030D0000
    PyObject *tensor = NULL;
    PyWeakref_GetRef(reference, &tensor);
    return tensor;
#else
    PyObject *tensor = PyWeakref_GET_OBJECT(reference);
    return tensor == Py_None ? NULL : Py_NewRef(tensor);
#endif
}

/* Gives a tensor its value. */
void fulfil(PyObject *tensor, PyObject *value)
{
    Py_SETREF(FIELD(tensor, t_value), Py_NewRef(value));
    Py_SETREF(FIELD(tensor, t_seg), Py_NewRef(Py_None));
    Py_SETREF(FIELD(tensor, t_slot), Py_NewRef(plain));
}

/* What a tensor holds, computed now if this thread has it pending; a new reference. NULL without an error: something is unusual. */
static PyObject *held_value(PyObject *tensor)
{
    PyObject *context = Py_TYPE(tensor) == Tensor ? current_context() : NULL, *value = NULL;
    if (context == NULL)
        return NULL;
    PyObject *own = Py_NewRef(FIELD(context, c_segment)), *done = NULL;
    Py_DECREF(context);
    if (Py_TYPE(own) == Segment && FIELD(tensor, t_value) == Py_None && FIELD(tensor, t_seg) == own)
        done = segment_settle(own, tensor);
    if (!PyErr_Occurred() && Py_TYPE(own) == Segment && FIELD(own, s_unchecked) == Py_None && FIELD(tensor, t_value) != Py_None
        && (PyObject *)Py_TYPE(FIELD(tensor, t_value)) != failure)
        value = Py_NewRef(FIELD(tensor, t_value));
    Py_XDECREF(done);
    Py_DECREF(own);
    return value;
}

/* `tensor_base.payload(tensor)` */
PyObject *payload(PyObject *module, PyObject *tensor)
{
    PyObject *value = held_value(tensor);
    return value != NULL || PyErr_Occurred() ? value : PyObject_CallOneArg(python_payload, tensor);
}

/* `tensor_base.host_value(tensor)` */
PyObject *host_value(PyObject *module, PyObject *tensor)
{
    PyObject *value = held_value(tensor);
    int host = value == NULL ? 0 : PySet_Contains(host_types, (PyObject *)Py_TYPE(value));
    if (host > 0)
        return value;
    Py_XDECREF(value);
    return host < 0 || PyErr_Occurred() ? NULL : PyObject_CallOneArg(python_host_value, tensor);
}

/* Waits for the value of a tensor. 0: it is no tensor, or something is unusual; -1: error. */
static int is_ready(PyObject *tensor)
{
    PyObject *value = held_value(tensor);
    int host = value == NULL ? -1 : PySet_Contains(host_types, (PyObject *)Py_TYPE(value));
    if (host == 0)
        poll_for(value);
    PyObject *done = host == 0 ? PyObject_CallMethodNoArgs(value, n_wait) : NULL;
    if (host == 0 && done == NULL)
        PyErr_Clear(); /* Python says it in TensorFlow's terms */
    Py_XDECREF(done);
    Py_XDECREF(value);
    return PyErr_Occurred() ? -1 : host > 0 || done != NULL;
}

/* Waits for a tensor, or a list of them. 1, 0 where Python is to do it, or -1. */
int are_ready(PyObject *structure)
{
    int ready = PyList_GET_SIZE(forks) ? 0 : !PyList_CheckExact(structure) ? is_ready(structure) : 1;
    for (Py_ssize_t k = 0; ready > 0 && PyList_CheckExact(structure) && k < PyList_GET_SIZE(structure); k++) {
        PyObject *tensor = Py_NewRef(PyList_GET_ITEM(structure, k));
        ready = is_ready(tensor);
        Py_DECREF(tensor);
    }
    return ready;
}

/* Whether a flag is set, or cannot be read. The buffer of an array on the host takes a microsecond, `__array__` four. */
int is_set(PyObject *value)
{
    Py_buffer view;
    int set = 0;
    if (PyObject_GetBuffer(value, &view, PyBUF_FORMAT | PyBUF_C_CONTIGUOUS) == 0) {
        int plain = view.format != NULL && strcmp(view.format, "?") == 0;
        for (Py_ssize_t k = 0; plain && !set && k < view.len; k++)
            set = ((const char *)view.buf)[k] != 0;
        PyBuffer_Release(&view);
        if (plain)
            return set;
    }
    PyErr_Clear();
    PyObject *verdict = PyObject_CallMethodNoArgs(value, n_array);
    set = verdict == NULL || is_true(verdict) != 0;
    Py_XDECREF(verdict);
    return set;
}

/* `program.living(refs, aliases)` */
PyObject *living(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    if (nargs != 2 || !PyList_CheckExact(args[0]) || !PyList_CheckExact(args[1]))
        return PyErr_Format(PyExc_TypeError, "living() takes two lists");
    PyObject *alive = PyList_New(0), *live = PyFrozenSet_New(NULL);
    if (alive == NULL || live == NULL)
        goto fail;
    Py_ssize_t results = PyList_GET_SIZE(args[0]), aliases = PyList_GET_SIZE(args[1]);
    for (Py_ssize_t k = 0; k < results + aliases; k++) {
        PyObject *pair = k < results ? NULL : PyList_GET_ITEM(args[1], k - results);
        PyObject *reference = pair == NULL ? PyList_GET_ITEM(args[0], k) : PyTuple_GET_ITEM(pair, 1);
        PyObject *tensor = referred(reference);
        if (tensor == NULL)
            continue;
        PyObject *slot = pair == NULL ? PyLong_FromSsize_t(k) : Py_NewRef(PyTuple_GET_ITEM(pair, 0));
        PyObject *entry = slot == NULL ? NULL : PyTuple_Pack(2, slot, tensor);
        int failed = entry == NULL || PyList_Append(alive, entry) < 0 || PySet_Add(live, slot) < 0;
        Py_DECREF(tensor);
        Py_XDECREF(slot);
        Py_XDECREF(entry);
        if (failed)
            goto fail;
    }
    PyObject *both = PyTuple_Pack(2, alive, live);
    Py_DECREF(alive);
    Py_DECREF(live);
    return both;
fail:
    Py_XDECREF(alive);
    Py_XDECREF(live);
    return NULL;
}

/* `program.give(alive, results, position)` */
PyObject *give(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    if (nargs != 3 || !PyList_CheckExact(args[0]) || !PyList_CheckExact(args[1]) || !PyDict_CheckExact(args[2]))
        return PyErr_Format(PyExc_TypeError, "give() takes two lists and a dict");
    for (Py_ssize_t k = 0; k < PyList_GET_SIZE(args[0]); k++) {
        PyObject *entry = PyList_GET_ITEM(args[0], k), *tensor = PyTuple_GET_ITEM(entry, 1);
        PyObject *place = PyDict_GetItemWithError(args[2], PyTuple_GET_ITEM(entry, 0));
        if (place == NULL) {
            if (!PyErr_Occurred())
                PyErr_SetObject(PyExc_KeyError, PyTuple_GET_ITEM(entry, 0));
            return NULL;
        }
        PyObject *value = PyList_GetItem(args[1], PyLong_AsSsize_t(place));
        if (value == NULL)
            return NULL;
        if (!PyObject_TypeCheck(tensor, Tensor))
            return PyErr_Format(PyExc_TypeError, "%R is no tensor", Py_TYPE(tensor));
        fulfil(tensor, value);
    }
    Py_RETURN_NONE;
}

int setup_values(PyObject *parts)
{
    return (python_host_value = own(parts, "host_value")) == NULL || (python_payload = own(parts, "payload")) == NULL ? -1 : 0;
}
