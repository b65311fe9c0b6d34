/* The way of an op call from its operands to a node of the segment, in C.

   It does what `op.recorded`, `Segment.record`, `entries.record_taped`, `Cell.read` and the operators of `_operators.py`
   do in the usual case, and calls these for every other one; where no compiler was there to build it, they do all.
   hot.py puts it in place. The classes are Python's: their fields are read at the offsets of their slots. */

#include "_hot.h"

PyTypeObject *Tensor, *Segment, *Plan, *Structure;
static PyTypeObject *Spec, *Variable, *Cell, *Aval, *Tape;
PyObject *state, *settings, *failure, *zero, *plain; /* plain: the `_slot` of tensors with a value */
static PyObject *segment_globals, *taped_call, *plain_static; /* plain_static: the `_slot` of those of Python data */

/* Offsets of slots */
Py_ssize_t t_value, t_seg, t_slot;
Py_ssize_t s_specs, s_wires, s_refs, s_leaves, s_index, s_nbytes, s_defers, s_serial, s_watcher, s_unchecked, s_aliases, s_flags,
    s_writes, s_tapes, s_known, s_gids, s_interrupts, s_foresees, s_lock;
Py_ssize_t c_segment, c_tracer, c_no_reads, g_tier;
Py_ssize_t plan_structure, r_programs, r_runs, r_small, r_forgotten, m_call, m_arguments, m_position, d_donated, d_kept, d_packed,
    k_wide, h_delivered, n_segments, n_ops, n_compiled_runs;
static Py_ssize_t t_aval, t_gid, p_avals, p_nbytes, p_single, p_special, p_taped, c_tapes, c_accumulators, c_trace, v_held, v_lease,
    v_gid, v_trainable, v_written, a_scalars, g_watchful;

/* Names */
PyObject *n_context, *n_noted, *n_recording, *n_pack, *n_again, *n_acquire, *n_release;
static PyObject *n_avals, *n_nbytes, *n_single, *n_special, *n_taped, *n_leaf, *n_after, *n_max_nodes, *n_max_bytes,
    *n_fresh, *n_variables, *n_variable_read, *n_cell, *n_read, *n_watch_accessed, *n_watches, *n_watched_at, *n_specs,
    *n_otherwise, *n_record, *n_made, *n_followed, *n_outermost, *n_serial;

static int is_false(PyObject *value) { return value == Py_False; }

/* A field of a Spec, or of what stands for one. A new reference. */
static PyObject *of_spec(PyObject *spec, Py_ssize_t offset, PyObject *name)
{
    if (Py_TYPE(spec) == Spec && FIELD(spec, offset) != NULL)
        return Py_NewRef(FIELD(spec, offset));
    return PyObject_GetAttr(spec, name);
}

static int true_of_spec(PyObject *spec, Py_ssize_t offset, PyObject *name)
{
    PyObject *value = of_spec(spec, offset, name);
    if (value == NULL)
        return -1;
    int result = value == Py_True ? 1 : is_false(value) ? 0 : PyObject_IsTrue(value);
    Py_DECREF(value);
    return result;
}

static Py_ssize_t limit_of(PyObject *name)
{
    PyObject *value = PyDict_GetItemWithError(segment_globals, name);
    return value == NULL ? -1 : PyLong_AsSsize_t(value);
}

static PyObject *new_tensor(PyObject *aval, PyObject *value, PyObject *segment, PyObject *slot)
{
    PyObject *tensor = Tensor->tp_alloc(Tensor, 0);
    if (tensor == NULL)
        return NULL;
    FIELD(tensor, t_aval) = Py_NewRef(aval);
    FIELD(tensor, t_value) = Py_NewRef(value);
    FIELD(tensor, t_seg) = Py_NewRef(segment);
    FIELD(tensor, t_slot) = Py_NewRef(slot);
    FIELD(tensor, t_gid) = Py_NewRef(zero);
    return tensor;
}

/* The wire to an operand: the slot of a result of this segment, or a leaf, made one if need be. */
static PyObject *wire_to(PyObject *segment, PyObject *t)
{
    if (FIELD(t, t_seg) == segment)
        return Py_NewRef(FIELD(t, t_slot));
    PyObject *index = FIELD(segment, s_index), *key = PyLong_FromVoidPtr(t);
    if (key == NULL)
        return NULL;
    PyObject *wire = PyDict_GetItemWithError(index, key);
    if (wire != NULL) {
        Py_DECREF(key);
        return Py_NewRef(wire);
    }
    if (PyErr_Occurred()) {
        Py_DECREF(key);
        return NULL;
    }
    PyObject *value = FIELD(t, t_value), *leaves = FIELD(segment, s_leaves);
    if (value == Py_None || (PyObject *)Py_TYPE(value) == failure) {
        Py_DECREF(key);
        return PyObject_CallMethodOneArg(segment, n_leaf, t);
    }
    wire = PyLong_FromSsize_t(~PyList_GET_SIZE(leaves));
    if (wire == NULL || PyList_Append(leaves, t) < 0 || PyDict_SetItem(index, key, wire) < 0)
        Py_CLEAR(wire);
    Py_DECREF(key);
    return wire;
}

static int usual_segment(PyObject *segment)
{
    return Py_TYPE(segment) == Segment && is_false(FIELD(settings, g_watchful)) && FIELD(segment, s_watcher) == Py_None;
}

/* Appends the node `spec` with these wires. The lists are extended when all else is made: Ctrl-C does not divide it. */
static PyObject *append(PyObject *segment, PyObject *spec, PyObject *wires, PyObject *ins)
{
    PyObject *refs = FIELD(segment, s_refs), *avals = NULL, *out = NULL, *weak = NULL, *made = NULL, *nbytes = NULL;
    Py_ssize_t slot = PyList_GET_SIZE(refs), first = slot;
    int single = true_of_spec(spec, p_single, n_single);
    if (single < 0 || (avals = of_spec(spec, p_avals, n_avals)) == NULL || (nbytes = of_spec(spec, p_nbytes, n_nbytes)) == NULL)
        goto fail;
    Py_ssize_t total = PyLong_AsSsize_t(FIELD(segment, s_nbytes)), more = PyLong_AsSsize_t(nbytes);
    if ((total == -1 || more == -1) && PyErr_Occurred())
        goto fail;
    total += more;
    Py_SETREF(nbytes, PyLong_FromSsize_t(total));
    if (nbytes == NULL || !PyTuple_Check(avals))
        goto fail;
    Py_ssize_t count = single ? 1 : PyTuple_GET_SIZE(avals);
    if ((made = PyList_New(count)) == NULL || (!single && (out = PyList_New(count)) == NULL))
        goto fail;
    for (Py_ssize_t k = 0; k < count; k++) {
        PyObject *number = PyLong_FromSsize_t(slot + k);
        PyObject *t = number == NULL ? NULL : new_tensor(PyTuple_GET_ITEM(avals, k), Py_None, segment, number);
        Py_XDECREF(number);
        if (t == NULL)
            goto fail;
        if (single)
            out = t;
        else
            PyList_SET_ITEM(out, k, t);
        if ((weak = PyWeakref_NewRef(t, NULL)) == NULL)
            goto fail;
        PyList_SET_ITEM(made, k, weak);
    }
    if (PyList_Append(FIELD(segment, s_specs), spec) < 0 || PyList_Append(FIELD(segment, s_wires), wires) < 0)
        goto fail;
    if (single ? PyList_Append(refs, PyList_GET_ITEM(made, 0)) : PyList_SetSlice(refs, slot, slot, made))
        goto fail;
    Py_SETREF(FIELD(segment, s_nbytes), Py_NewRef(nbytes));
    Py_ssize_t max_nodes = limit_of(n_max_nodes), max_bytes = limit_of(n_max_bytes);
    if (PyErr_Occurred())
        goto fail;
    if (first > max_nodes || total > max_bytes) {
        PyObject *done = PyObject_CallMethodObjArgs(segment, n_after, spec, ins, out, NULL);
        if (done == NULL)
            goto fail;
        Py_DECREF(done);
    }
    Py_DECREF(avals);
    Py_DECREF(nbytes);
    Py_DECREF(made);
    return out;
fail:
    Py_XDECREF(avals);
    Py_XDECREF(nbytes);
    Py_XDECREF(made);
    Py_XDECREF(out);
    return NULL;
}

/* `segment.record(spec, ins)`, where ins is a tuple or a list. Declines, by NotImplemented, what is not usual. */
static PyObject *record(PyObject *segment, PyObject *spec, PyObject *ins)
{
    if (!usual_segment(segment) || !(PyTuple_CheckExact(ins) || PyList_CheckExact(ins)))
        Py_RETURN_NOTIMPLEMENTED;
    Py_ssize_t count = PySequence_Fast_GET_SIZE(ins);
    for (Py_ssize_t k = 0; k < count; k++)
        if (Py_TYPE(PySequence_Fast_GET_ITEM(ins, k)) != Tensor)
            Py_RETURN_NOTIMPLEMENTED;
    PyObject *wires = PyTuple_New(count);
    if (wires == NULL)
        return NULL;
    for (Py_ssize_t k = 0; k < count; k++) {
        PyObject *wire = wire_to(segment, PySequence_Fast_GET_ITEM(ins, k));
        if (wire == NULL) {
            Py_DECREF(wires);
            return NULL;
        }
        PyTuple_SET_ITEM(wires, k, wire);
    }
    PyObject *out = append(segment, spec, wires, ins);
    Py_DECREF(wires);
    return out;
}

/* `segment.append(spec, wires)`: a node of which the wires are known. */
static PyObject *segment_append(PyObject *segment, PyObject *const *args, Py_ssize_t nargs)
{
    if (nargs != 2 || !PyTuple_CheckExact(args[1]))
        return PyErr_Format(PyExc_TypeError, "append() takes a Spec and a tuple of wires");
    return append(segment, args[0], args[1], args[1]);
}

/* The position of the next node, noted on all tapes. Returns 1, or 0 where a tape takes no notes, -1: error. */
static int note(PyObject *tapes, PyObject *position)
{
    Py_ssize_t count = PyList_GET_SIZE(tapes);
    for (int round = 0; round < 2; round++)
        for (Py_ssize_t k = 0; k < count; k++) {
            PyObject *noted = PyObject_GetAttr(PyList_GET_ITEM(tapes, k), n_noted);
            if (noted == NULL)
                return -1;
            int usual = PyList_CheckExact(noted), failed = round && PyList_Append(noted, position) < 0;
            Py_DECREF(noted); /* the tape holds it */
            if (failed)
                return -1;
            if (!usual)
                return 0;
        }
    return 1;
}

/* Takes the notes back after an error, which stays set. */
static void unnote(PyObject *tapes, PyObject *position)
{
    PyObject *kind, *error, *traceback;
    PyErr_Fetch(&kind, &error, &traceback);
    for (Py_ssize_t k = 0; k < PyList_GET_SIZE(tapes); k++) {
        PyObject *noted = PyObject_GetAttr(PyList_GET_ITEM(tapes, k), n_noted);
        if (noted != NULL && PyList_CheckExact(noted)) {
            Py_ssize_t size = PyList_GET_SIZE(noted);
            if (size && PyObject_RichCompareBool(PyList_GET_ITEM(noted, size - 1), position, Py_EQ) == 1)
                PyList_SetSlice(noted, size - 1, size, NULL);
        }
        Py_XDECREF(noted);
    }
    PyErr_Restore(kind, error, traceback);
}

/* A node that tapes only note, see `record_taped`; NotImplemented where they want an entry. */
static PyObject *record_noted(PyObject *context, PyObject *spec, PyObject *ins)
{
    PyObject *segment = FIELD(context, c_segment), *tapes = FIELD(context, c_tapes);
    if (!usual_segment(segment) || FIELD(segment, s_defers) != Py_True || FIELD(context, c_tracer) != Py_None)
        Py_RETURN_NOTIMPLEMENTED;
    PyObject *outermost = PyList_GET_ITEM(tapes, 0), *fresh = PyObject_GetAttr(outermost, n_fresh);
    if (fresh == NULL)
        return NULL;
    Py_DECREF(fresh);
    if (fresh != Py_False) { /* the first node inside it: nothing to do where nothing is pending */
        if (Py_TYPE(outermost) != Tape || PyList_GET_SIZE(FIELD(segment, s_specs)) || FIELD(segment, s_unchecked) != Py_None)
            Py_RETURN_NOTIMPLEMENTED;
        PyObject *starts = PyObject_GetAttr(outermost, n_outermost);
        Py_XDECREF(starts);
        if (starts == NULL || PyObject_SetAttr(outermost, n_fresh, Py_False) < 0
            || (starts == Py_True && PyObject_SetAttr(outermost, n_serial, FIELD(segment, s_serial)) < 0))
            return NULL;
    }
    PyObject *taped = of_spec(spec, p_taped, n_taped);
    if (taped == NULL)
        return NULL;
    if (!PyTuple_CheckExact(taped)) {
        Py_DECREF(taped);
        Py_RETURN_NOTIMPLEMENTED;
    }
    PyObject *forward = Py_NewRef(PyTuple_GET_ITEM(taped, 0)), *results = NULL;
    Py_DECREF(taped);
    PyObject *position = PyLong_FromSsize_t(PyList_GET_SIZE(FIELD(segment, s_specs)));
    Py_INCREF(tapes);
    int noted = position == NULL ? -1 : note(tapes, position);
    if (noted > 0) {
        results = record(segment, forward, ins);
        if (results == NULL || results == Py_NotImplemented)
            unnote(tapes, position);
    } else if (noted == 0)
        results = Py_NewRef(Py_NotImplemented);
    if (results != NULL && PyList_CheckExact(results)) { /* what the walk back needs may come after the op's own results */
        int single = true_of_spec(spec, p_single, n_single);
        PyObject *avals = single ? NULL : of_spec(spec, p_avals, n_avals), *own = NULL;
        if (single > 0)
            own = Py_NewRef(PyList_GET_ITEM(results, 0));
        else if (single == 0 && avals != NULL)
            own = PyList_GetSlice(results, 0, PyTuple_GET_SIZE(avals));
        Py_XDECREF(avals);
        Py_SETREF(results, own);
    }
    Py_DECREF(tapes);
    Py_DECREF(forward);
    Py_XDECREF(position);
    return results;
}

/* Records a node whose Spec is known and not special. */
static PyObject *dispatch(PyObject *context, PyObject *op, PyObject *spec, PyObject *ins, PyObject *attrs, PyObject *count)
{
    PyObject *tapes = FIELD(context, c_tapes), *accumulators = FIELD(context, c_accumulators), *out;
    int has_tapes = PyList_GET_SIZE(tapes) > 0, has_accumulators = PyList_GET_SIZE(accumulators) > 0;
    if (!has_tapes && !has_accumulators) {
        PyObject *segment = FIELD(context, c_segment);
        out = record(segment, spec, ins);
        if (out != Py_NotImplemented)
            return out;
        Py_DECREF(out);
        return PyObject_CallMethodObjArgs(segment, n_record, spec, ins, NULL);
    }
    if (!has_accumulators) {
        out = record_noted(context, spec, ins);
        if (out != Py_NotImplemented)
            return out;
        Py_DECREF(out);
    }
    return PyObject_CallFunctionObjArgs(taped_call, context, op, spec, ins, attrs, count, NULL);
}

/* `recorded(op, key, ins, attrs, count)`; see op.py. */
static PyObject *recorded(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    if (nargs != 5) {
        PyErr_SetString(PyExc_TypeError, "recorded() takes 5 arguments");
        return NULL;
    }
    PyObject *op = args[0], *key = args[1], *specs = PyObject_GetAttr(op, n_specs);
    if (specs == NULL)
        return NULL;
    PyObject *spec = PyDict_GetItemWithError(specs, key);
    Py_XINCREF(spec);
    Py_DECREF(specs);
    if (spec == NULL && PyErr_Occurred())
        return NULL;
    int special = spec == NULL ? 1 : true_of_spec(spec, p_special, n_special);
    PyObject *out = NULL, *context;
    if (special > 0) {
        PyObject *otherwise = PyObject_GetAttr(op, n_otherwise);
        if (otherwise != NULL)
            out = PyObject_CallFunctionObjArgs(otherwise, op, key, args[2], args[3], args[4], spec == NULL ? Py_None : spec, NULL);
        Py_XDECREF(otherwise);
    } else if (special == 0 && (context = PyObject_GetAttr(state, n_context)) != NULL) {
        out = dispatch(context, op, spec, args[2], args[3], args[4]);
        Py_DECREF(context);
    }
    Py_XDECREF(spec);
    return out;
}

/* `segment.record` as users of a Segment call it; what is not usual goes to the function that was there before. */
static PyObject *python_record;

static PyObject *segment_record(PyObject *segment, PyObject *const *args, Py_ssize_t nargs)
{
    if (nargs == 2) {
        PyObject *out = record(segment, args[0], args[1]);
        if (out != Py_NotImplemented)
            return out;
        Py_DECREF(out);
        return PyObject_CallFunctionObjArgs(python_record, segment, args[0], args[1], NULL);
    }
    PyErr_SetString(PyExc_TypeError, "record() takes a Spec and its inputs");
    return NULL;
}

/* Variables */

/* Has a tape follow a variable that it meets for the first time; 0 where `_variable_read` has to. */
static int meet(PyObject *tape, PyObject *variables, PyObject *cell, PyObject *tensor, PyObject *gid)
{
    PyObject *own = FIELD(tensor, t_gid), *noted = NULL, *watches = NULL, *places = NULL, *accessed, *place = NULL;
    if (Py_TYPE(tape) != Tape || !PyDict_CheckExact(variables) || FIELD(cell, v_trainable) != Py_True || FIELD(tensor, t_seg) != Py_None)
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
static PyObject *read_variable(PyObject *context, PyObject *variable)
{
    PyObject *cell = PyObject_GetAttr(variable, n_cell);
    if (cell == NULL)
        return NULL;
    if (Py_TYPE(cell) != Cell || FIELD(cell, v_lease) != Py_None || FIELD(context, c_trace) != Py_None
        || PyList_GET_SIZE(FIELD(context, c_accumulators)) || Py_TYPE(FIELD(cell, v_held)) != Tensor) {
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
    Py_DECREF(tapes);
    Py_DECREF(cell);
    return tensor;
fail:
    Py_DECREF(tapes);
    Py_DECREF(cell);
    Py_DECREF(tensor);
    return NULL;
}

/* A tensor of a Python number beside `tensor`: `convert.fast_scalar`. NULL without an error: not for it. */
static PyObject *scalar(PyObject *tensor, PyObject *number)
{
    PyObject *aval = FIELD(tensor, t_aval);
    if (Py_TYPE(aval) != Aval)
        return NULL;
    PyObject *kind = PyDict_GetItemWithError(FIELD(aval, a_scalars), (PyObject *)Py_TYPE(number));
    if (kind == NULL || !PyTuple_CheckExact(kind) || PyTuple_GET_SIZE(kind) != 4)
        return NULL;
    int fits = PyObject_RichCompareBool(PyTuple_GET_ITEM(kind, 2), number, Py_LE);
    if (fits == 1)
        fits = PyObject_RichCompareBool(number, PyTuple_GET_ITEM(kind, 3), Py_LE);
    if (fits != 1)
        return NULL;
    PyObject *value = PyObject_CallOneArg(PyTuple_GET_ITEM(kind, 1), number);
    PyObject *made = value == NULL ? NULL : new_tensor(PyTuple_GET_ITEM(kind, 0), value, Py_None, plain_static);
    Py_XDECREF(value);
    return made;
}

/* Operators: what `_forward` and `_reflected` of _operators.py make, for a tensor or variable and another, or a number. */

typedef struct {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    PyObject *op, *specs, *attrs, *otherwise;
    int reflected;
} Operator;

/* An operand as a tensor; NULL without an error where it is for `otherwise`. */
static PyObject *operand(PyObject *context, PyObject *value)
{
    if (Py_TYPE(value) == Tensor)
        return Py_NewRef(value);
    return Py_TYPE(value) == Variable ? read_variable(context, value) : NULL;
}

static PyObject *operate(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *names)
{
    Operator *operator = (Operator *)self;
    PyObject *context = NULL, *x = NULL, *y = NULL, *key = NULL, *ins = NULL, *out = NULL;
    if (PyVectorcall_NARGS(nargsf) != 2 || names != NULL)
        return PyObject_Vectorcall(operator->otherwise, args, nargsf, names);
    if ((context = PyObject_GetAttr(state, n_context)) == NULL)
        return NULL;
    if ((x = operand(context, args[0])) == NULL)
        goto otherwise;
    if ((y = operand(context, args[1])) == NULL && (PyErr_Occurred() || (y = scalar(x, args[1])) == NULL))
        goto otherwise;
    if (operator->reflected) {
        PyObject *left = y;
        y = x;
        x = left;
    }
    if ((key = PyTuple_Pack(2, FIELD(x, t_aval), FIELD(y, t_aval))) == NULL)
        goto done;
    PyObject *spec = PyDict_GetItemWithError(operator->specs, key);
    if (spec == NULL)
        goto otherwise;
    int special = true_of_spec(spec, p_special, n_special);
    if (special > 0)
        goto otherwise;
    if (special == 0 && (ins = PyTuple_Pack(2, x, y)) != NULL) {
        Py_INCREF(spec);
        out = dispatch(context, operator->op, spec, ins, operator->attrs, zero);
        Py_DECREF(spec);
    }
done:
    Py_DECREF(context);
    Py_XDECREF(x);
    Py_XDECREF(y);
    Py_XDECREF(key);
    Py_XDECREF(ins);
    return out;
otherwise:
    if (!PyErr_Occurred())
        out = PyObject_Vectorcall(operator->otherwise, args, nargsf, names);
    goto done;
}

static PyObject *operator_bound(PyObject *self, PyObject *instance, PyObject *owner)
{
    return instance == NULL || instance == Py_None ? Py_NewRef(self) : PyMethod_New(self, instance);
}

static PyObject *operator_attribute(PyObject *self, PyObject *name)
{
    return PyObject_GetAttr(((Operator *)self)->otherwise, name);
}

static int operator_traverse(PyObject *self, visitproc visit, void *arg)
{
    Operator *operator = (Operator *)self;
    Py_VISIT(operator->op);
    Py_VISIT(operator->specs);
    Py_VISIT(operator->attrs);
    Py_VISIT(operator->otherwise);
    return 0;
}

static int operator_clear(PyObject *self)
{
    Operator *operator = (Operator *)self;
    Py_CLEAR(operator->op);
    Py_CLEAR(operator->specs);
    Py_CLEAR(operator->attrs);
    Py_CLEAR(operator->otherwise);
    return 0;
}

static void operator_dealloc(PyObject *self)
{
    PyObject_GC_UnTrack(self);
    operator_clear(self);
    Py_TYPE(self)->tp_free(self);
}

static PyTypeObject OperatorType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "tfcompat._core._hot.Operator",
    .tp_basicsize = sizeof(Operator),
    .tp_dealloc = operator_dealloc,
    .tp_vectorcall_offset = offsetof(Operator, vectorcall),
    .tp_call = PyVectorcall_Call,
    .tp_getattro = operator_attribute,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_METHOD_DESCRIPTOR,
    .tp_traverse = operator_traverse,
    .tp_clear = operator_clear,
    .tp_descr_get = operator_bound,
};

/* operator(op, attrs, otherwise, reflected): a method that calls `otherwise` where the operands are not usual. */
static PyObject *make_operator(PyObject *module, PyObject *args)
{
    PyObject *op, *attrs, *otherwise;
    int reflected;
    if (!PyArg_ParseTuple(args, "OO!Op", &op, &PyTuple_Type, &attrs, &otherwise, &reflected))
        return NULL;
    PyObject *specs = PyObject_GetAttr(op, n_specs);
    if (specs == NULL || !PyDict_Check(specs)) {
        Py_XDECREF(specs);
        return PyErr_Occurred() ? NULL : PyErr_Format(PyExc_TypeError, "specs is no dict");
    }
    Operator *made = PyObject_GC_New(Operator, &OperatorType);
    if (made == NULL) {
        Py_DECREF(specs);
        return NULL;
    }
    made->vectorcall = operate;
    made->op = Py_NewRef(op);
    made->specs = specs;
    made->attrs = Py_NewRef(attrs);
    made->otherwise = Py_NewRef(otherwise);
    made->reflected = reflected;
    PyObject_GC_Track((PyObject *)made);
    return (PyObject *)made;
}

/* Known walks back */

/* Where a segment has a tensor, as `folding._places` says it. */
static PyObject *place_of(PyObject *segment, PyObject *tensor)
{
    if (FIELD(tensor, t_seg) == segment)
        return Py_NewRef(FIELD(tensor, t_slot));
    PyObject *key = PyLong_FromVoidPtr(tensor);
    PyObject *wire = key == NULL ? NULL : PyDict_GetItemWithError(FIELD(segment, s_index), key);
    Py_XDECREF(key);
    return wire != NULL ? Py_NewRef(wire) : PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
}

/* (first, last) of positions that follow one another, else all. */
static PyObject *span(PyObject *noted)
{
    Py_ssize_t size = PyList_GET_SIZE(noted);
    PyObject *first = PyList_GET_ITEM(noted, 0), *last = PyList_GET_ITEM(noted, size - 1);
    if (PyLong_AsSsize_t(last) - PyLong_AsSsize_t(first) + 1 == size)
        return PyTuple_Pack(2, first, last);
    return PyList_AsTuple(noted);
}

/* The sources' places; None where they are the variables that were read, in order. NotImplemented: not usual. */
static PyObject *places_of_sources(PyObject *segment, PyObject *sources, PyObject *variables, Py_ssize_t watches)
{
    Py_ssize_t count = PyList_GET_SIZE(sources), position = 0;
    PyObject *places = PyTuple_New(count), *gid, *cell;
    int in_order = count == watches && count == PyDict_GET_SIZE(variables);
    if (places == NULL)
        return NULL;
    for (Py_ssize_t k = 0; k < count; k++) {
        PyObject *source = PyList_GET_ITEM(sources, k), *own = NULL, *tensor = source;
        int known = 1;
        if (Py_TYPE(source) == Variable) {
            if ((own = PyObject_GetAttr(source, n_cell)) == NULL)
                goto fail;
            tensor = Py_TYPE(own) == Cell ? FIELD(own, v_held) : Py_None;
            if (Py_TYPE(tensor) != Tensor || FIELD(own, v_lease) != Py_None)
                known = 0;
            else if (FIELD(tensor, t_gid) != FIELD(own, v_gid)) {
                int read = PyObject_RichCompareBool(FIELD(tensor, t_gid), FIELD(own, v_gid), Py_EQ) == 1
                    ? 0 : PyDict_Contains(variables, FIELD(own, v_gid));
                if (read < 0) {
                    Py_DECREF(own);
                    goto fail;
                }
                known = !read;
            }
        } else if (Py_TYPE(source) != Tensor)
            known = 0;
        if (in_order && !(PyDict_Next(variables, &position, &gid, &cell) && cell == own))
            in_order = 0;
        Py_XDECREF(own); /* the variable holds it */
        if (!known) {
            Py_DECREF(places);
            Py_RETURN_NOTIMPLEMENTED;
        }
        PyObject *place = place_of(segment, tensor);
        if (place == NULL)
            goto fail;
        PyTuple_SET_ITEM(places, k, place);
    }
    if (in_order && count)
        Py_SETREF(places, Py_NewRef(Py_None));
    return places;
fail:
    Py_DECREF(places);
    return NULL;
}

static PyObject *python_noted_key;

static PyObject *noted_key_of(PyObject *tape, PyObject *segment, PyObject *inside, PyObject *targets, PyObject *sources,
                              PyObject *seeds, PyObject *stacked)
{
    enum { NOTED, MADE, FOLLOWED, WATCHED_AT, WATCHES, VARIABLES, FIELDS };
    PyObject *fields[FIELDS] = {NULL}, *const names[FIELDS] = {n_noted, n_made, n_followed, n_watched_at, n_watches, n_variables};
    PyObject *key = NULL, *nodes = NULL, *of_watches = NULL, *watched_at = NULL, *taped = NULL, *of_targets = NULL, *given = NULL,
             *places = NULL, *specs = NULL, *wires = NULL, *gid, *cell;
    Py_ssize_t position = 0;
    if (Py_TYPE(tape) != Tape || !usual_segment(segment) || !PyList_CheckExact(targets) || !PyList_CheckExact(sources)
        || !PyList_CheckExact(seeds))
        Py_RETURN_NOTIMPLEMENTED;
    for (int k = 0; k < FIELDS; k++)
        if ((fields[k] = PyObject_GetAttr(tape, names[k])) == NULL)
            goto done;
    key = Py_NewRef(Py_NotImplemented);
    if (!PyList_CheckExact(fields[NOTED]) || !PyList_GET_SIZE(fields[NOTED]) || !PyList_CheckExact(fields[MADE])
        || PyList_GET_SIZE(fields[MADE]) || !PyAnySet_Check(fields[FOLLOWED]) || PySet_GET_SIZE(fields[FOLLOWED])
        || !PyList_CheckExact(fields[WATCHED_AT]) || !PyList_CheckExact(fields[WATCHES]) || !PyDict_CheckExact(fields[VARIABLES]))
        goto done;
    while (PyDict_Next(fields[VARIABLES], &position, &gid, &cell))
        if (Py_TYPE(cell) != Cell || PyObject_RichCompareBool(FIELD(cell, v_written), FIELD(segment, s_serial), Py_EQ))
            goto done;
    for (Py_ssize_t k = 0; k < PyList_GET_SIZE(targets); k++) {
        PyObject *t = PyList_GET_ITEM(targets, k);
        if (Py_TYPE(t) != Tensor || FIELD(t, t_seg) != segment)
            goto done;
    }
    for (Py_ssize_t k = 0; k < PyList_GET_SIZE(seeds); k++)
        if (PyList_GET_ITEM(seeds, k) != Py_None && Py_TYPE(PyList_GET_ITEM(seeds, k)) != Tensor)
            goto done;
    Py_CLEAR(key);
    if ((given = PyList_New(0)) == NULL || (of_watches = PyTuple_New(PyList_GET_SIZE(fields[WATCHES]))) == NULL
        || (of_targets = PyTuple_New(PyList_GET_SIZE(targets))) == NULL)
        goto done;
    for (Py_ssize_t k = 0; k < PyList_GET_SIZE(seeds); k++) {
        PyObject *seed = PyList_GET_ITEM(seeds, k);
        if (seed == Py_None)
            continue;
        PyObject *wire = wire_to(segment, seed), *number = PyLong_FromSsize_t(k);
        PyObject *pair = wire == NULL || number == NULL ? NULL : PyTuple_Pack(2, number, wire);
        int failed = pair == NULL || PyList_Append(given, pair) < 0;
        Py_XDECREF(wire);
        Py_XDECREF(number);
        Py_XDECREF(pair);
        if (failed)
            goto done;
    }
    Py_SETREF(given, PyList_AsTuple(given));
    for (Py_ssize_t k = 0; k < PyTuple_GET_SIZE(of_watches); k++) {
        PyObject *place = place_of(segment, PyList_GET_ITEM(fields[WATCHES], k));
        if (place == NULL)
            goto done;
        PyTuple_SET_ITEM(of_watches, k, place);
    }
    for (Py_ssize_t k = 0; k < PyTuple_GET_SIZE(of_targets); k++)
        PyTuple_SET_ITEM(of_targets, k, Py_NewRef(FIELD(PyList_GET_ITEM(targets, k), t_slot)));
    places = places_of_sources(segment, sources, fields[VARIABLES], PyList_GET_SIZE(fields[WATCHES]));
    if (places == NULL || places == Py_NotImplemented) {
        key = Py_XNewRef(places);
        goto done;
    }
    nodes = span(fields[NOTED]);
    watched_at = PyList_AsTuple(fields[WATCHED_AT]);
    if (nodes != NULL && watched_at != NULL)
        taped = PyTuple_Pack(4, inside, nodes, watched_at, of_watches);
    specs = PyList_AsTuple(FIELD(segment, s_specs));
    wires = PyList_AsTuple(FIELD(segment, s_wires));
    if (given != NULL && taped != NULL && specs != NULL && wires != NULL)
        key = PyTuple_Pack(7, taped, stacked, of_targets, given, places, specs, wires);
done:
    for (int k = 0; k < FIELDS; k++)
        Py_XDECREF(fields[k]);
    Py_XDECREF(nodes);
    Py_XDECREF(of_watches);
    Py_XDECREF(watched_at);
    Py_XDECREF(taped);
    Py_XDECREF(of_targets);
    Py_XDECREF(given);
    Py_XDECREF(places);
    Py_XDECREF(specs);
    Py_XDECREF(wires);
    return key;
}

/* `folding.noted_key(tape, segment, inside, targets, sources, seeds, stacked)` */
static PyObject *noted_key(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    if (nargs != 7)
        return PyErr_Format(PyExc_TypeError, "noted_key() takes 7 arguments");
    PyObject *key = noted_key_of(args[0], args[1], args[2], args[3], args[4], args[5], args[6]);
    if (key != Py_NotImplemented)
        return key;
    Py_DECREF(key);
    return PyObject_Vectorcall(python_noted_key, args, nargs, NULL);
}

/* Setting up */

static Py_ssize_t offset_of(PyObject *type, const char *name)
{
    PyObject *member = PyObject_GetAttrString(type, name);
    Py_ssize_t offset = -1;
    if (member != NULL && Py_IS_TYPE(member, &PyMemberDescr_Type))
        offset = ((PyMemberDescrObject *)member)->d_member->offset;
    else if (!PyErr_Occurred())
        PyErr_Format(PyExc_TypeError, "%s is no slot of %R", name, type);
    Py_XDECREF(member);
    return offset;
}

typedef struct {
    const char *owner, *name;
    Py_ssize_t *place;
} Slot;

static const Slot slots[] = {
    {"Tensor", "_aval", &t_aval}, {"Tensor", "_value", &t_value}, {"Tensor", "_seg", &t_seg}, {"Tensor", "_slot", &t_slot},
    {"Tensor", "_gid", &t_gid},
    {"Segment", "specs", &s_specs}, {"Segment", "wires", &s_wires}, {"Segment", "refs", &s_refs}, {"Segment", "leaves", &s_leaves},
    {"Segment", "leaf_index", &s_index}, {"Segment", "nbytes", &s_nbytes}, {"Segment", "defers", &s_defers},
    {"Segment", "serial", &s_serial}, {"Segment", "watcher", &s_watcher},
    {"Segment", "unchecked", &s_unchecked}, {"Segment", "aliases", &s_aliases}, {"Segment", "flags", &s_flags},
    {"Segment", "writes", &s_writes}, {"Segment", "tapes", &s_tapes}, {"Segment", "known", &s_known}, {"Segment", "gids", &s_gids},
    {"Segment", "interrupts", &s_interrupts}, {"Segment", "foresees", &s_foresees}, {"Segment", "lock", &s_lock},
    {"Spec", "avals", &p_avals}, {"Spec", "nbytes", &p_nbytes}, {"Spec", "single", &p_single}, {"Spec", "special", &p_special},
    {"Spec", "taped", &p_taped},
    {"Context", "segment", &c_segment}, {"Context", "tapes", &c_tapes}, {"Context", "accumulators", &c_accumulators},
    {"Context", "tracer", &c_tracer}, {"Context", "trace", &c_trace}, {"Context", "no_reads", &c_no_reads},
    {"Cell", "held", &v_held}, {"Cell", "lease", &v_lease}, {"Cell", "gid", &v_gid}, {"Cell", "trainable", &v_trainable}, {"Cell", "written", &v_written},
    {"Aval", "scalars", &a_scalars}, {"Settings", "watchful", &g_watchful},
    {"Settings", "tier", &g_tier},
    {"Plan", "structure", &plan_structure}, {"Structure", "programs", &r_programs}, {"Structure", "runs", &r_runs},
    {"Structure", "small", &r_small}, {"Structure", "forgotten", &r_forgotten}, {"Program", "call", &m_call},
    {"Program", "arguments", &m_arguments}, {"Program", "position", &m_position}, {"Arguments", "donated", &d_donated},
    {"Arguments", "kept", &d_kept}, {"Arguments", "packed", &d_packed}, {"Packed", "wide", &k_wide}, {"Held", "delivered", &h_delivered},
    {"Stats", "segments", &n_segments}, {"Stats", "ops", &n_ops}, {"Stats", "compiled_runs", &n_compiled_runs},
};

static const struct {
    PyObject **place;
    const char *text;
} names[] = {
    {&n_context, "context"}, {&n_avals, "avals"}, {&n_nbytes, "nbytes"}, {&n_single, "single"}, {&n_special, "special"},
    {&n_taped, "taped"}, {&n_leaf, "_leaf"}, {&n_after, "_after_record"}, {&n_max_nodes, "MAX_NODES"}, {&n_max_bytes, "MAX_BYTES"},
    {&n_fresh, "_fresh"}, {&n_noted, "_noted"}, {&n_variables, "_variables"}, {&n_variable_read, "_variable_read"},
    {&n_cell, "_cell"}, {&n_read, "_read"}, {&n_watch_accessed, "_watch_accessed"}, {&n_watches, "_watches"},
    {&n_watched_at, "_watched_at"}, {&n_specs, "specs"}, {&n_otherwise, "otherwise"}, {&n_record, "record"}, {&n_made, "_made"},
    {&n_followed, "_followed"}, {&n_outermost, "_outermost"}, {&n_serial, "_serial"},
    {&n_recording, "_recording"}, {&n_pack, "pack"}, {&n_again, "_again"}, {&n_acquire, "acquire"}, {&n_release, "release"},
};

static PyMethodDef of_segment[] = {
    {"record", (PyCFunction)(void (*)(void))segment_record, METH_FASTCALL, "record(spec, ins): appends a node."},
    {"append", (PyCFunction)(void (*)(void))segment_append, METH_FASTCALL, "append(spec, wires): appends a node."},
};

PyObject *own(PyObject *parts, const char *name)
{
    PyObject *value = PyDict_GetItemString(parts, name);
    if (value == NULL)
        PyErr_Format(PyExc_TypeError, "%s is missing", name);
    return Py_XNewRef(value);
}

int put_methods(PyTypeObject *type, PyMethodDef *definitions, size_t count)
{
    for (size_t k = 0; k < count; k++) {
        PyObject *method = PyDescr_NewMethod(type, &definitions[k]);
        int failed = method == NULL || PyObject_SetAttrString((PyObject *)type, definitions[k].ml_name, method) < 0;
        Py_XDECREF(method);
        if (failed)
            return -1;
    }
    return 0;
}

/* setup(types, parts): classes, and other objects, by name. */
static PyObject *setup(PyObject *module, PyObject *args)
{
    PyObject *types, *parts;
    if (!PyArg_ParseTuple(args, "O!O!", &PyDict_Type, &types, &PyDict_Type, &parts))
        return NULL;
    const struct {
        void *place;
        PyObject *from;
        const char *name;
    } objects[] = {
        {&Tensor, types, "Tensor"}, {&Segment, types, "Segment"}, {&Spec, types, "Spec"}, {&Variable, types, "Variable"},
        {&Cell, types, "Cell"}, {&Aval, types, "Aval"}, {&Tape, types, "GradientTape"}, {&Plan, types, "Plan"},
        {&Structure, types, "Structure"}, {&state, parts, "state"}, {&settings, parts, "settings"}, {&failure, parts, "failure"},
        {&segment_globals, parts, "segment_globals"}, {&taped_call, parts, "record_taped"}, {&plain, parts, "plain"},
        {&plain_static, parts, "static"}, {&python_noted_key, parts, "noted_key"},
    };
    for (size_t k = 0; k < Py_ARRAY_LENGTH(objects); k++)
        if ((*(PyObject **)objects[k].place = own(objects[k].from, objects[k].name)) == NULL)
            return NULL;
    for (size_t k = 0; k < Py_ARRAY_LENGTH(slots); k++) {
        PyObject *type = own(types, slots[k].owner);
        if (type == NULL)
            return NULL;
        *slots[k].place = offset_of(type, slots[k].name);
        Py_DECREF(type);
        if (*slots[k].place < 0)
            return NULL;
    }
    if ((python_record = PyObject_GetAttr((PyObject *)Segment, n_record)) == NULL
        || put_methods(Segment, of_segment, Py_ARRAY_LENGTH(of_segment)) < 0 || setup_running(parts) < 0)
        return NULL;
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"setup", setup, METH_VARARGS, "Looks up where the classes keep their fields, and takes the place of methods of Segment."},
    {"recorded", (PyCFunction)(void (*)(void))recorded, METH_FASTCALL, "recorded(op, key, ins, attrs, count): records a call."},
    {"living", (PyCFunction)(void (*)(void))living, METH_FASTCALL, "living(refs, aliases): the results that somebody holds."},
    {"give", (PyCFunction)(void (*)(void))give, METH_FASTCALL, "give(alive, results, position): tensors get their values."},
    {"noted_key", (PyCFunction)(void (*)(void))noted_key, METH_FASTCALL, "The key of a walk over what a tape has only noted."},
    {"operator", make_operator, METH_VARARGS, "operator(op, attrs, otherwise, reflected): a method for an operator of tensors."},
    {NULL},
};

static PyModuleDef definition = {PyModuleDef_HEAD_INIT, "tfcompat._core._hot", NULL, -1, methods};

PyMODINIT_FUNC PyInit__hot(void)
{
    for (size_t k = 0; k < Py_ARRAY_LENGTH(names); k++)
        if ((*names[k].place = PyUnicode_InternFromString(names[k].text)) == NULL)
            return NULL;
    if ((zero = PyLong_FromLong(0)) == NULL || PyType_Ready(&OperatorType) < 0)
        return NULL;
    return PyModule_Create(&definition);
}
