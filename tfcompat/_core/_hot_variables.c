/* Variables: reads, which active tapes note, and writes, which bind another tensor; `Cell.read`, `Cell.before_write`, `Cell.bind`
   and `Variable.assign`, `assign_add` and `assign_sub` in C. These do what is not usual. */

#include "_hot.h"

/* Reading */

/* Has a tape follow a variable that it meets for the first time; 0 where `_variable_read` has to. */
static int meet(PyObject *tape, PyObject *variables, PyObject *cell, PyObject *tensor, PyObject *gid)
{
    PyObject *own = FIELD(tensor, t_gid), *noted = NULL, *watches = NULL, *places = NULL, *accessed, *place = NULL;
    if (Py_TYPE(tape) != GradientTape || !PyDict_CheckExact(variables) || FIELD(cell, v_trainable) != Py_True || FIELD(tensor, t_seg) != Py_None)
        return 0;
    if (own != zero && own != gid && PyObject_RichCompareBool(own, gid, Py_EQ) != 1)
        return 0;
    if ((accessed = PyObject_GetAttr(tape, n_watch_accessed)) == NULL)
        return -1;
    Py_DECREF(accessed);
    if (accessed != Py_True)
        return 0;
    int result = PyDict_Contains(variables, gid); /* read before, when it held another tensor */
    if (result)
        return result < 0 ? -1 : 0;
    result = -1;
    if ((noted = PyObject_GetAttr(tape, n_noted)) == NULL || (watches = PyObject_GetAttr(tape, n_watches)) == NULL
        || (places = PyObject_GetAttr(tape, n_watched_at)) == NULL)
        goto done;
    if (!PyList_CheckExact(noted) || !PyList_CheckExact(watches) || !PyList_CheckExact(places)) {
        result = 0;
        goto done;
    }
    if ((place = PyLong_FromSsize_t(PyList_GET_SIZE(noted))) == NULL || PyDict_SetItem(variables, gid, cell) < 0)
        goto done;
    Py_SETREF(FIELD(tensor, t_gid), Py_NewRef(gid));
    if (PyList_Append(watches, tensor) == 0 && PyList_Append(places, place) == 0)
        result = 1;
done:
    Py_XDECREF(noted);
    Py_XDECREF(watches);
    Py_XDECREF(places);
    Py_XDECREF(place);
    return result;
}

/* The current tensor of a Variable, noted on the active tapes: `Cell.read`. */
PyObject *read_variable(PyObject *context, PyObject *variable)
{
    PyObject *cell = PyObject_GetAttr(variable, n_cell);
    if (cell == NULL)
        return NULL;
    if (Py_TYPE(cell) != Cell || FIELD(cell, v_lease) != Py_None || FIELD(context, c_trace) != Py_None
        || Py_TYPE(FIELD(cell, v_held)) != Tensor) {
        Py_DECREF(cell);
        return PyObject_CallMethodNoArgs(variable, n_read);
    }
    PyObject *tensor = Py_NewRef(FIELD(cell, v_held)), *tapes = FIELD(context, c_tapes);
    Py_INCREF(tapes);
    for (Py_ssize_t k = 0; k < PyList_GET_SIZE(tapes); k++) {
        PyObject *tape = PyList_GET_ITEM(tapes, k), *variables = PyObject_GetAttr(tape, n_variables);
        if (variables == NULL)
            goto fail;
        int known = PyDict_CheckExact(variables) ? PyDict_Contains(variables, FIELD(tensor, t_gid)) : 0;
        if (known == 0)
            known = meet(tape, variables, cell, tensor, FIELD(cell, v_gid));
        Py_DECREF(variables);
        if (known < 0)
            goto fail;
        if (!known) {
            PyObject *done = PyObject_CallMethodObjArgs(tape, n_variable_read, cell, tensor, NULL);
            if (done == NULL)
                goto fail;
            Py_DECREF(done);
        }
    }
    PyObject *accumulators = Py_NewRef(FIELD(context, c_accumulators));
    int read = 0;
    for (Py_ssize_t k = 0; read == 0 && k < PyList_GET_SIZE(accumulators); k++)
        read = read_forward(PyList_GET_ITEM(accumulators, k), cell, tensor);
    Py_DECREF(accumulators);
    if (read < 0)
        goto fail;
    Py_DECREF(tapes);
    Py_DECREF(cell);
    return tensor;
fail:
    Py_DECREF(tapes);
    Py_DECREF(cell);
    Py_DECREF(tensor);
    return NULL;
}

/* Writing */

static PyObject *python_bind, *python_before_write, *second_write;

/* Whether the thread's segment is one of nodes to be run, and nobody follows what is written; the cell's own tensor is there. */
static int is_usual(PyObject *context, PyObject *cell)
{
    PyObject *segment = FIELD(context, c_segment);
    return Py_TYPE(segment) == Segment && Py_TYPE(cell) == Cell && FIELD(segment, s_watcher) == Py_None && FIELD(context, c_trace) == Py_None
        && FIELD(cell, v_lease) == Py_None && FIELD(cell, v_held) != NULL && PyList_GET_SIZE(FIELD(context, c_tapes)) == 0;
}

static int is_written(PyObject *segment, PyObject *cell)
{
    return PyObject_RichCompareBool(FIELD(cell, v_written), FIELD(segment, s_serial), Py_EQ);
}

/* `cell.before_write()` where all is usual. */
static int before_write(PyObject *context, PyObject *cell)
{
    PyObject *segment = FIELD(context, c_segment);
    int written = is_written(segment, cell);
    if (written <= 0)
        return written;
    PyObject *done = PyObject_CallMethodOneArg(segment, n_close, second_write);
    Py_XDECREF(done);
    return done == NULL ? -1 : 0;
}

/* `cell.bind(tensor)` where all is usual. */
static int bind(PyObject *context, PyObject *cell, PyObject *tensor)
{
    PyObject *segment = FIELD(context, c_segment);
    int written = is_written(segment, cell);
    if (written > 0 && FIELD(tensor, t_seg) != segment)
        written = before_write(context, cell);
    if (written < 0)
        return -1;
    PyObject *old = FIELD(cell, v_held), *before = written ? NULL : PyWeakref_NewRef(old, NULL), *serial = FIELD(segment, s_serial);
    if (!written && before == NULL)
        return -1;
    if (PyList_GET_SIZE(FIELD(segment, s_flags)) || FIELD(segment, s_unchecked) != Py_None) { /* a failure may have to take it back */
        PyObject *position = PyLong_FromSsize_t(PyList_GET_SIZE(FIELD(segment, s_specs))), *weak = PyWeakref_NewRef(cell, NULL);
        PyObject *write = position == NULL || weak == NULL ? NULL : PyTuple_Pack(4, position, weak, old, tensor);
        int failed = write == NULL || PyList_Append(FIELD(segment, s_writes), write) < 0;
        Py_XDECREF(position);
        Py_XDECREF(weak);
        Py_XDECREF(write);
        if (failed) {
            Py_XDECREF(before);
            return -1;
        }
    }
    if (before != NULL)
        Py_XSETREF(FIELD(cell, v_before), before);
    Py_SETREF(FIELD(cell, v_written), Py_NewRef(serial));
    Py_SETREF(FIELD(cell, v_held), Py_NewRef(tensor));
    return 0;
}

static PyObject *cell_before_write(PyObject *cell, PyObject *nothing)
{
    PyObject *context = current_context(), *done = NULL;
    if (context == NULL)
        return NULL;
    if (!is_usual(context, cell))
        done = PyObject_CallOneArg(python_before_write, cell);
    else if (before_write(context, cell) == 0)
        done = Py_NewRef(Py_None);
    Py_DECREF(context);
    return done;
}

static PyObject *cell_bind(PyObject *cell, PyObject *tensor)
{
    PyObject *context = current_context(), *done = NULL;
    if (context == NULL)
        return NULL;
    if (!is_usual(context, cell) || Py_TYPE(tensor) != Tensor)
        done = PyObject_CallFunctionObjArgs(python_bind, cell, tensor, NULL);
    else if (bind(context, cell, tensor) == 0)
        done = Py_NewRef(Py_None);
    Py_DECREF(context);
    return done;
}

/* The cell of a variable that can be written the usual way, a new reference; NULL without an error: it cannot. */
static PyObject *writable(PyObject *context, PyObject *variable)
{
    if (Py_TYPE(variable) != Variable && Py_TYPE(variable) != UnreadVariable)
        return NULL;
    PyObject *cell = PyObject_GetAttr(variable, n_cell);
    if (cell != NULL && (!is_usual(context, cell) || Py_TYPE(FIELD(cell, v_held)) != Tensor || PyList_GET_SIZE(FIELD(context, c_accumulators))))
        Py_CLEAR(cell);
    return cell;
}

/* What a write returns: another object with the variable's dict. */
static PyObject *unread(PyObject *variable)
{
    PyObject *dict = PyObject_GetAttr(variable, n_dict), *made = dict == NULL ? NULL : UnreadVariable->tp_alloc(UnreadVariable, 0);
    if (made != NULL && PyObject_SetAttr(made, n_dict, dict) < 0) /* not PyObject_GenericSetDict: in 3.13 the attributes can be elsewhere */
        Py_CLEAR(made);
    Py_XDECREF(dict);
    return made;
}

/* `variable.assign_add(delta)` and `assign_sub`. */
static PyObject *update(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *names)
{
    Operator *method = (Operator *)self;
    PyObject *context = NULL, *cell = NULL, *delta = NULL, *key = NULL, *ins = NULL, *spec = NULL, *tensor = NULL, *result = NULL;
    if (PyVectorcall_NARGS(nargsf) != 2 || names != NULL)
        return PyObject_Vectorcall(method->otherwise, args, nargsf, names);
    if ((context = current_context()) == NULL)
        return NULL;
    if ((cell = writable(context, args[0])) == NULL)
        goto otherwise;
    if (before_write(context, cell) < 0)
        goto done;
    PyObject *current = FIELD(cell, v_held); /* read after a close, which may have bound another */
    if ((delta = operand(context, args[1])) == NULL && (PyErr_Occurred() || (delta = scalar_beside(current, args[1])) == NULL))
        goto otherwise;
    current = FIELD(cell, v_held);
    if ((key = PyTuple_Pack(2, FIELD(current, t_aval), FIELD(delta, t_aval))) == NULL)
        goto done;
    if ((spec = Py_XNewRef(PyDict_GetItemWithError(method->specs, key))) == NULL)
        goto otherwise;
    if ((ins = PyTuple_Pack(2, current, delta)) == NULL)
        goto done;
    int special = is_special(spec, ins);
    if (special > 0)
        goto otherwise;
    if (special == 0)
        tensor = dispatch(context, method->op, spec, ins, method->attrs, zero);
    if (tensor != NULL && bind(context, cell, tensor) == 0)
        result = unread(args[0]);
done:
    Py_DECREF(context);
    Py_XDECREF(cell);
    Py_XDECREF(delta);
    Py_XDECREF(key);
    Py_XDECREF(ins);
    Py_XDECREF(spec);
    Py_XDECREF(tensor);
    return result;
otherwise:
    if (!PyErr_Occurred())
        result = PyObject_Vectorcall(method->otherwise, args, nargsf, names);
    goto done;
}

/* Another handle of what a tensor is, for a variable to hold: `own_handle`. NULL without an error: not for it. */
static PyObject *own_handle(PyObject *segment, PyObject *tensor)
{
    PyObject *aval = FIELD(tensor, t_aval), *value = FIELD(tensor, t_value);
    if (FIELD(tensor, t_seg) == Py_None)
        return value == Py_None || (PyObject *)Py_TYPE(value) == failure ? NULL : new_tensor(aval, value, Py_None, plain);
    if (FIELD(tensor, t_seg) != segment || value != Py_None || PyList_GET_SIZE(FIELD(segment, s_tapes)))
        return NULL;
    PyObject *twin = new_tensor(aval, Py_None, segment, FIELD(tensor, t_slot));
    PyObject *weak = twin == NULL ? NULL : PyWeakref_NewRef(twin, NULL), *alias = weak == NULL ? NULL : PyTuple_Pack(2, FIELD(tensor, t_slot), weak);
    if (alias == NULL || PyList_Append(FIELD(segment, s_aliases), alias) < 0)
        Py_CLEAR(twin);
    else
        Py_SETREF(FIELD(segment, s_defers), Py_NewRef(Py_False)); /* two handles of one value are two tensors for a tape */
    Py_XDECREF(weak);
    Py_XDECREF(alias);
    return twin;
}

/* `variable.assign(tensor)`, where the tensor is of the aval that the variable has. */
static PyObject *assign(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *names)
{
    PyObject *context = NULL, *cell = NULL, *tensor = NULL, *result = NULL;
    if (PyVectorcall_NARGS(nargsf) != 2 || names != NULL || Py_TYPE(args[1]) != Tensor)
        return PyObject_Vectorcall(((Operator *)self)->otherwise, args, nargsf, names);
    if ((context = current_context()) == NULL)
        return NULL;
    if ((cell = writable(context, args[0])) == NULL || FIELD(FIELD(cell, v_held), t_aval) != FIELD(args[1], t_aval))
        goto otherwise;
    if (before_write(context, cell) < 0)
        goto done;
    if ((tensor = own_handle(FIELD(context, c_segment), args[1])) == NULL)
        goto otherwise;
    if (bind(context, cell, tensor) == 0)
        result = unread(args[0]);
done:
    Py_DECREF(context);
    Py_XDECREF(cell);
    Py_XDECREF(tensor);
    return result;
otherwise:
    if (!PyErr_Occurred())
        result = PyObject_Vectorcall(((Operator *)self)->otherwise, args, nargsf, names);
    goto done;
}

/* variable._update(function, *arguments): binds function(tensor, *arguments). */
static PyObject *change(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *names)
{
    Py_ssize_t count = PyVectorcall_NARGS(nargsf);
    PyObject *context = NULL, *cell = NULL, *given[8], *current, *tensor = NULL, *result = NULL;
    if (count < 2 || count > 8 || names != NULL)
        return PyObject_Vectorcall(((Operator *)self)->otherwise, args, nargsf, names);
    if ((context = current_context()) == NULL)
        return NULL;
    if ((cell = writable(context, args[0])) == NULL) {
        if (!PyErr_Occurred())
            result = PyObject_Vectorcall(((Operator *)self)->otherwise, args, nargsf, names);
        goto done;
    }
    if (before_write(context, cell) < 0)
        goto done;
    given[0] = current = Py_NewRef(FIELD(cell, v_held));
    for (Py_ssize_t k = 2; k < count; k++)
        given[k - 1] = args[k];
    tensor = PyObject_Vectorcall(args[1], given, count - 1, NULL);
    Py_DECREF(current);
    if (tensor == NULL)
        goto done;
    if (Py_TYPE(tensor) != Tensor)
        PyErr_SetString(PyExc_TypeError, "a function that updates a variable gives a tensor");
    else if (!is_usual(context, cell)) {
        PyObject *bound = PyObject_CallFunctionObjArgs(python_bind, cell, tensor, NULL);
        result = bound == NULL ? NULL : unread(args[0]);
        Py_XDECREF(bound);
    } else if (bind(context, cell, tensor) == 0)
        result = unread(args[0]);
done:
    Py_DECREF(context);
    Py_XDECREF(cell);
    Py_XDECREF(tensor);
    return result;
}

/* updating(op, otherwise): `Variable.assign_add` and `assign_sub` */
PyObject *make_updating(PyObject *module, PyObject *args)
{
    PyObject *op, *otherwise, *attrs = PyTuple_New(0);
    PyObject *made = attrs != NULL && PyArg_ParseTuple(args, "OO", &op, &otherwise) ? new_operator(update, op, attrs, otherwise) : NULL;
    Py_XDECREF(attrs);
    return made;
}

/* assigning(otherwise): `Variable.assign` */
PyObject *make_assigning(PyObject *module, PyObject *otherwise) { return new_operator(assign, Py_None, Py_None, otherwise); }

/* changing(otherwise): `Variable._update` */
PyObject *make_changing(PyObject *module, PyObject *otherwise) { return new_operator(change, Py_None, Py_None, otherwise); }

static PyMethodDef of_cell[] = {
    {"before_write", cell_before_write, METH_NOARGS, "before_write(): closes the segment before a second write outside tapes."},
    {"bind", cell_bind, METH_O, "bind(tensor): makes the tensor the current value."},
};

int setup_variables(void)
{
    if ((python_bind = PyObject_GetAttrString((PyObject *)Cell, "bind")) == NULL
        || (python_before_write = PyObject_GetAttrString((PyObject *)Cell, "before_write")) == NULL
        || (second_write = PyUnicode_InternFromString("second write")) == NULL)
        return -1;
    return put_methods(Cell, of_cell, Py_ARRAY_LENGTH(of_cell));
}
