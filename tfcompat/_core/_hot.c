/* The way of an op call from its operands to a node of the segment, in C.

   It does what `op.recorded`, `Segment.record`, `entries.record_taped`, `Cell.read` and the operators of `_operators.py`
   do in the usual case, and calls these for every other one; where no compiler was there to build it, they do all.
   hot.py puts it in place. The classes are Python's: their fields are read at the offsets of their slots. */

#include "_hot.h"

#define DEFINE_TYPE(name) PyTypeObject *name;
#define DEFINE_OFFSET(place, owner, name) Py_ssize_t place;
#define DEFINE_NAME(place, name) PyObject *n_##place;
TYPES(DEFINE_TYPE)
SLOTS(DEFINE_OFFSET)
NAMES(DEFINE_NAME)

PyObject *state, *settings, *failure, *zero, *plain, *plain_static;
static PyObject *taped_call;

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

/* `state.context` as a new reference. A thread-local attribute takes as long to read as a node to append: that of the thread that came
   last is kept. */
PyObject *current_context(void)
{
    static uint64_t owner; /* no number of a thread is used again */
    static PyObject *known;
    uint64_t thread = PyThreadState_GetID(PyThreadState_Get());
    if (known != NULL && owner == thread)
        return Py_NewRef(known);
    PyObject *context = PyObject_GetAttr(state, n_context), *before = known;
    if (context != NULL) {
        known = Py_NewRef(context);
        owner = thread;
        Py_XDECREF(before);
    }
    return context;
}

PyObject *new_tensor(PyObject *aval, PyObject *value, PyObject *segment, PyObject *slot)
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

enum { FEW_LEAVES = 8 };

/* The wire to a leaf of a segment, as a new reference; NULL without an error: it is none. To look through a few takes less than a dict. */
PyObject *leaf_wire(PyObject *segment, PyObject *tensor)
{
    PyObject *leaves = FIELD(segment, s_leaves), *index = Py_NewRef(FIELD(segment, s_index)), *wire = NULL;
    if (index == Py_None && PyList_GET_SIZE(leaves) <= FEW_LEAVES) {
        Py_DECREF(index);
        for (Py_ssize_t k = 0; k < PyList_GET_SIZE(leaves); k++)
            if (PyList_GET_ITEM(leaves, k) == tensor)
                return PyLong_FromSsize_t(~k);
        return NULL;
    }
    if (index == Py_None)
        Py_SETREF(index, PyObject_CallMethodNoArgs(segment, n_leaf_index));
    PyObject *key = index == NULL ? NULL : PyLong_FromVoidPtr(tensor);
    if (key != NULL)
        wire = Py_XNewRef(PyDict_GetItemWithError(index, key));
    Py_XDECREF(index);
    Py_XDECREF(key);
    return wire;
}

/* The wire to an operand: the slot of a result of this segment, or a leaf, made one if need be. */
PyObject *wire_to(PyObject *segment, PyObject *t)
{
    if (FIELD(t, t_seg) == segment)
        return Py_NewRef(FIELD(t, t_slot));
    PyObject *wire = leaf_wire(segment, t), *value = FIELD(t, t_value), *leaves = FIELD(segment, s_leaves);
    if (wire != NULL || PyErr_Occurred())
        return wire;
    if (value == Py_None || (PyObject *)Py_TYPE(value) == failure)
        return PyObject_CallMethodOneArg(segment, n_leaf, t);
    wire = PyLong_FromSsize_t(~PyList_GET_SIZE(leaves));
    if (wire == NULL || PyList_Append(leaves, t) < 0) {
        Py_XDECREF(wire);
        return NULL;
    }
    if (FIELD(segment, s_index) == Py_None)
        return wire;
    PyObject *key = PyLong_FromVoidPtr(t);
    if (key == NULL || PyDict_SetItem(FIELD(segment, s_index), key, wire) < 0)
        Py_CLEAR(wire);
    Py_XDECREF(key);
    return wire;
}

int usual_segment(PyObject *segment)
{
    return Py_TYPE(segment) == Segment && is_false(FIELD(settings, g_watchful)) && FIELD(segment, s_watcher) == Py_None;
}

/* Closes the segment at a call site at which a limit has fired: `Segment.before_record`. */
static int cut(PyObject *segment)
{
    if (Py_TYPE(segment) != Segment || !PyDict_CheckExact(FIELD(segment, s_cut_sites)) || PyDict_GET_SIZE(FIELD(segment, s_cut_sites)) == 0
        || FIELD(segment, s_uncut) == Py_True || PyList_GET_SIZE(FIELD(segment, s_specs)) == 0)
        return 0;
    PyObject *site = call_site(), *done = NULL;
    if (site == NULL)
        return PyErr_Occurred() ? -1 : 0;
    int known = PyDict_Contains(FIELD(segment, s_cut_sites), site);
    if (known > 0 && (done = PyObject_CallMethodOneArg(segment, n_close, n_limit)) == NULL)
        known = -1;
    Py_DECREF(site);
    Py_XDECREF(done);
    return known < 0 ? -1 : 0;
}

/* A weak reference to a tensor, which the collector need not look at: it owns nothing. */
static PyObject *reference_to(PyObject *tensor)
{
    PyObject *weak = PyWeakref_NewRef(tensor, NULL);
    if (weak != NULL)
        PyObject_GC_UnTrack(weak);
    return weak;
}

/* The tensor of result `slot` of a segment, and a weak reference to it. */
static PyObject *new_result(PyObject *segment, PyObject *aval, Py_ssize_t slot, PyObject **weak)
{
    PyObject *number = PyLong_FromSsize_t(slot), *tensor = number == NULL ? NULL : new_tensor(aval, Py_None, segment, number);
    Py_XDECREF(number);
    if (tensor != NULL && (*weak = reference_to(tensor)) == NULL)
        Py_CLEAR(tensor);
    return tensor;
}

/* What is done after a node: `Segment._after_record`, where a limit has been reached. */
static int is_within_limits(PyObject *segment, PyObject *spec, PyObject *const *ins, Py_ssize_t taken, PyObject *out, Py_ssize_t first, Py_ssize_t total)
{
    if (first <= PyLong_AsSsize_t(FIELD(settings, g_nodes)) && total <= PyLong_AsSsize_t(FIELD(settings, g_bytes)))
        return 0;
    PyObject *all = PyTuple_New(taken), *done = NULL;
    for (Py_ssize_t k = 0; all != NULL && k < taken; k++)
        PyTuple_SET_ITEM(all, k, Py_NewRef(ins[k]));
    if (all != NULL)
        done = PyObject_CallMethodObjArgs(segment, n_after, spec, all, out, NULL);
    Py_XDECREF(all);
    Py_XDECREF(done);
    return done == NULL ? -1 : 0;
}

/* Appends the node `spec` with these wires. The lists are extended when all else is made: Ctrl-C does not divide it. */
static PyObject *append(PyObject *segment, PyObject *spec, PyObject *wires, PyObject *const *ins, Py_ssize_t taken)
{
    PyObject *refs = FIELD(segment, s_refs), *avals = NULL, *out = NULL, *weak = NULL, *made = NULL, *nbytes = NULL;
    Py_ssize_t first = PyList_GET_SIZE(refs);
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
    if (single) {
        if ((out = new_result(segment, PyTuple_GET_ITEM(avals, 0), first, &weak)) == NULL)
            goto fail;
    } else {
        Py_ssize_t count = PyTuple_GET_SIZE(avals);
        if ((made = PyList_New(count)) == NULL || (out = PyList_New(count)) == NULL)
            goto fail;
        for (Py_ssize_t k = 0; k < count; k++) {
            PyObject *one = NULL, *tensor = new_result(segment, PyTuple_GET_ITEM(avals, k), first + k, &one);
            if (tensor == NULL)
                goto fail;
            PyList_SET_ITEM(out, k, tensor);
            PyList_SET_ITEM(made, k, one);
        }
    }
    PyObject_GC_UnTrack(wires); /* ints */
    if (PyList_Append(FIELD(segment, s_specs), spec) < 0 || PyList_Append(FIELD(segment, s_wires), wires) < 0)
        goto fail;
    if (single ? PyList_Append(refs, weak) : PyList_SetSlice(refs, first, first, made))
        goto fail;
    Py_SETREF(FIELD(segment, s_nbytes), Py_NewRef(nbytes));
    if (is_within_limits(segment, spec, ins, taken, out, first, total) < 0)
        goto fail;
    Py_DECREF(avals);
    Py_DECREF(nbytes);
    Py_XDECREF(weak);
    Py_XDECREF(made);
    return out;
fail:
    Py_XDECREF(avals);
    Py_XDECREF(nbytes);
    Py_XDECREF(weak);
    Py_XDECREF(made);
    Py_XDECREF(out);
    return NULL;
}

/* `segment.record(spec, ins)`. Declines, by NotImplemented, what is not usual. */
PyObject *record_of(PyObject *segment, PyObject *spec, PyObject *const *ins, Py_ssize_t count)
{
    if (!usual_segment(segment))
        Py_RETURN_NOTIMPLEMENTED;
    for (Py_ssize_t k = 0; k < count; k++)
        if (Py_TYPE(ins[k]) != Tensor)
            Py_RETURN_NOTIMPLEMENTED;
    PyObject *wires = PyTuple_New(count);
    if (wires == NULL)
        return NULL;
    for (Py_ssize_t k = 0; k < count; k++) {
        PyObject *wire = wire_to(segment, ins[k]);
        if (wire == NULL) {
            Py_DECREF(wires);
            return NULL;
        }
        PyTuple_SET_ITEM(wires, k, wire);
    }
    PyObject *out = append(segment, spec, wires, ins, count);
    Py_DECREF(wires);
    return out;
}

/* The same, where ins is a tuple or a list. */
PyObject *record(PyObject *segment, PyObject *spec, PyObject *ins)
{
    if (!(PyTuple_CheckExact(ins) || PyList_CheckExact(ins)))
        Py_RETURN_NOTIMPLEMENTED;
    return record_of(segment, spec, PySequence_Fast_ITEMS(ins), PySequence_Fast_GET_SIZE(ins));
}

/* Records a node that has nothing special about it, where no tape looks on; else NotImplemented. */
PyObject *record_plain(PyObject *context, PyObject *spec, PyObject *const *ins, Py_ssize_t count)
{
    if (Py_TYPE(spec) != Spec || FIELD(spec, p_special) != Py_False || PyList_GET_SIZE(FIELD(context, c_tapes)) || PyList_GET_SIZE(FIELD(context, c_accumulators)))
        Py_RETURN_NOTIMPLEMENTED;
    return cut(FIELD(context, c_segment)) < 0 ? NULL : record_of(FIELD(context, c_segment), spec, ins, count);
}

/* `segment.append(spec, wires)`: a node of which the wires are known. */
static PyObject *segment_append(PyObject *segment, PyObject *const *args, Py_ssize_t nargs)
{
    if (nargs != 2 || !PyTuple_CheckExact(args[1]))
        return PyErr_Format(PyExc_TypeError, "append() takes a Spec and a tuple of wires");
    return append(segment, args[0], args[1], NULL, 0);
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
        if (Py_TYPE(outermost) != GradientTape || PyList_GET_SIZE(FIELD(segment, s_specs)) || FIELD(segment, s_unchecked) != Py_None)
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
PyObject *dispatch(PyObject *context, PyObject *op, PyObject *spec, PyObject *ins, PyObject *attrs, PyObject *count)
{
    PyObject *tapes = FIELD(context, c_tapes), *accumulators = FIELD(context, c_accumulators), *out;
    int has_tapes = PyList_GET_SIZE(tapes) > 0, has_accumulators = PyList_GET_SIZE(accumulators) > 0;
    if (cut(FIELD(context, c_segment)) < 0)
        return NULL;
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
        PyObject *fresh = PyObject_GetAttr(PyList_GET_ITEM(tapes, 0), n_fresh);
        Py_XDECREF(fresh);
        if (fresh == NULL)
            return NULL;
        if (fresh == Py_False && Py_TYPE(FIELD(context, c_segment)) == Segment && FIELD(FIELD(context, c_segment), s_defers) == Py_False) {
            out = record_entry(context, op, spec, ins);
            if (out != Py_NotImplemented)
                return out;
            Py_DECREF(out);
        }
    } else {
        out = record_forward(context, op, spec, ins);
        if (out != Py_NotImplemented)
            return out;
        Py_DECREF(out);
    }
    return PyObject_CallFunctionObjArgs(taped_call, context, op, spec, ins, attrs, count, NULL);
}

/* Whether a call is for the op's `otherwise`: it has values to check, or all of its operands are known. -1: error. */
int is_special(PyObject *spec, PyObject *ins)
{
    int special = true_of_spec(spec, p_special, n_special);
    if (special <= 0)
        return special;
    if ((special = true_of_spec(spec, p_checked, n_checked)) != 0 || !(PyTuple_CheckExact(ins) || PyList_CheckExact(ins)))
        return special < 0 ? -1 : 1;
    for (Py_ssize_t k = 0; k < PySequence_Fast_GET_SIZE(ins); k++) {
        PyObject *t = PySequence_Fast_GET_ITEM(ins, k);
        if (Py_TYPE(t) != Tensor)
            return 1;
        int known = PyObject_RichCompareBool(FIELD(t, t_slot), plain_static, Py_EQ);
        if (known <= 0)
            return known;
    }
    return 1;
}

/* Records one call of an op, of which `spec` is the Spec if there is one: the rest of `op.recorded`. */
PyObject *record_call(PyObject *context, PyObject *op, PyObject *spec, PyObject *key, PyObject *ins, PyObject *attrs, PyObject *count)
{
    int special = spec == NULL ? 1 : is_special(spec, ins);
    if (special == 0)
        return dispatch(context, op, spec, ins, attrs, count);
    PyObject *out = special > 0 && spec != NULL ? record_checked(context, op, spec, key, ins, attrs, count) : NULL;
    if (special > 0 && (spec == NULL || out == Py_NotImplemented)) {
        PyObject *otherwise = PyObject_GetAttr(op, n_otherwise);
        Py_CLEAR(out);
        if (otherwise != NULL)
            out = PyObject_CallFunctionObjArgs(otherwise, op, key, ins, attrs, count, spec == NULL ? Py_None : spec, NULL);
        Py_XDECREF(otherwise);
    }
    return out;
}

/* `recorded(op, key, ins, attrs, count)`; see op.py. */
static PyObject *recorded(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    if (nargs != 5) {
        PyErr_SetString(PyExc_TypeError, "recorded() takes 5 arguments");
        return NULL;
    }
    PyObject *specs = PyObject_GetAttr(args[0], n_specs), *context = current_context(), *spec = NULL, *out = NULL;
    if (specs != NULL && context != NULL) {
        spec = Py_XNewRef(PyDict_GetItemWithError(specs, args[1]));
        out = PyErr_Occurred() ? NULL : record_call(context, args[0], spec, args[1], args[2], args[3], args[4]);
    }
    Py_XDECREF(specs);
    Py_XDECREF(context);
    Py_XDECREF(spec);
    return out;
}

/* `segment.record` as users of a Segment call it; what is not usual goes to the function that was there before. */
static PyObject *python_record;

static PyObject *segment_record(PyObject *segment, PyObject *const *args, Py_ssize_t nargs)
{
    if (nargs == 2) {
        if (cut(segment) < 0)
            return NULL;
        PyObject *out = record(segment, args[0], args[1]);
        if (out != Py_NotImplemented)
            return out;
        Py_DECREF(out);
        return PyObject_CallFunctionObjArgs(python_record, segment, args[0], args[1], NULL);
    }
    PyErr_SetString(PyExc_TypeError, "record() takes a Spec and its inputs");
    return NULL;
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

/* `DType.__hash__`: part of the keys of all ops with an attribute that is a dtype. */
static PyObject *dtype_hash(PyObject *dtype, PyObject *unused)
{
    return Py_NewRef(FIELD(dtype, d_enum));
}

static PyMethodDef of_dtype[] = {{"__hash__", dtype_hash, METH_NOARGS, NULL}};

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
#define FIND_TYPE(name) {&name, types, #name},
        TYPES(FIND_TYPE)
        {&state, parts, "state"}, {&settings, parts, "settings"}, {&failure, parts, "failure"}, {&plain, parts, "plain"},
        {&taped_call, parts, "record_taped"}, {&plain_static, parts, "static"},
    };
    const struct {
        Py_ssize_t *place;
        const char *owner, *name;
    } slots[] = {
#define FIND_SLOT(place, owner, name) {&place, #owner, #name},
        SLOTS(FIND_SLOT)
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
        || put_methods(Segment, of_segment, Py_ARRAY_LENGTH(of_segment)) < 0 || put_methods(DType, of_dtype, 1) < 0 || setup_running(parts) < 0 || setup_waiting(parts) < 0 || setup_tapes(parts) < 0 || setup_checks(parts) < 0
        || setup_calls(parts) < 0 || setup_variables() < 0)
        return NULL;
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"setup", setup, METH_VARARGS, "Looks up where the classes keep their fields, and takes the place of methods of Segment."},
    {"recorded", (PyCFunction)(void (*)(void))recorded, METH_FASTCALL, "recorded(op, key, ins, attrs, count): records a call."},
    {"payload", payload, METH_O, "payload(tensor): the array that it holds."},
    {"host_value", host_value, METH_O, "host_value(tensor): its value as a NumPy array or scalar."},
    {"poll", poll, METH_O, "poll(array): waits for it while that is the faster way; see waits.py."},
    {"waiting", make_waiting, METH_O, "waiting(function): `interop.block_until_ready`."},
    {"living", (PyCFunction)(void (*)(void))living, METH_FASTCALL, "living(refs, aliases): the results that somebody holds."},
    {"give", (PyCFunction)(void (*)(void))give, METH_FASTCALL, "give(alive, results, position): tensors get their values."},
    {"noted_key", (PyCFunction)(void (*)(void))noted_key, METH_FASTCALL, "The key of a walk over what a tape has only noted."},
    {"beside", (PyCFunction)(void (*)(void))beside, METH_FASTCALL, "beside(first, annotations, values): tensors of all."},
    {"plain_ints", plain_ints, METH_O, "plain_ints(values): the tuple of a list of ints, else None."},
    {"philox", (PyCFunction)(void (*)(void))philox, METH_FASTCALL, "philox(key, counter, offsets, *words): blocks of Philox 4x32-10."},
    {"box_muller", (PyCFunction)(void (*)(void))box_muller, METH_FASTCALL, "box_muller(first, second, sines, cosines): normal numbers."},
    {"permutation", (PyCFunction)(void (*)(void))permutation, METH_FASTCALL, "permutation(words, order): swaps the places of `order` at random."},
    {"law", (PyCFunction)(void (*)(void))law, METH_FASTCALL, "law(key, counter, rates or counts, [probabilities], drawn): Poisson or binomial numbers."},
    {"index_images", (PyCFunction)(void (*)(void))index_images, METH_FASTCALL, "index_images(index, *keys, limit, images, rounds): where permutations send indices."},
    {"schur_function", schur_function, METH_VARARGS, "schur_function(triangle, basis, result, rule, near): roots and logarithms of matrices."},
    {"key_and_counter", (PyCFunction)(void (*)(void))key_and_counter, METH_FASTCALL, "key_and_counter(key, low, high): tensors of ints."},
    {"fresh_draw", fresh_draw, METH_O, "fresh_draw(seed): key and counter of a draw without a seed."},
    {"seed_pair", seed_pair, METH_O, "seed_pair(seed): a tensor of two Python ints."},
    {"setup_draws", setup_draws, METH_VARARGS, "setup_draws(seeds, getrandbits, key, counter, pair): whence, and the avals."},
    {"copy_in_parts", copy_in_parts, METH_VARARGS, "copy_in_parts(out, array, parts): of contiguous arrays of bytes."},
    {"first_places", first_places, METH_VARARGS, "first_places(x, out, order): where the first elements of each row are."},
    {"unique_numbers", unique_numbers, METH_VARARGS, "unique_numbers(x, numbers, first): which of the different elements each is."},
    {"forget_threads", forget_threads, METH_NOARGS, "forget_threads(): for the child of a fork, where those that copy are not."},
    {"random_constants", random_constants, METH_O, "random_constants(vector): tables and polynomials of box_muller."},
    {"operator", make_operator, METH_VARARGS, "operator(op, attrs, otherwise, reflected): a method for an operator of tensors."},
    {"plan", make_plan, METH_VARARGS, "plan(arguments, results, constants, scratch, steps, ufuncs, otherwise): see plans.py."},
    {"form", make_form, METH_VARARGS, "form(inputs, constants, nodes, outputs, make): what a call records; see forms.py."},
    {"function", make_function, METH_VARARGS, "function(make, names, defaults): the function that make() gives, called by form; see forms.py."},
    {"updating", make_updating, METH_VARARGS, "updating(op, otherwise): a method of a variable that adds or subtracts."},
    {"assigning", make_assigning, METH_O, "assigning(otherwise): `Variable.assign`."},
    {"changing", make_changing, METH_O, "changing(otherwise): `Variable._update`."},
    {"parser", make_parser, METH_O, "parser(otherwise): what an index means; see _index_patterns.py."},
    {"putting", make_putting, METH_VARARGS, "putting(op, made, otherwise): a part of a tensor replaced; see _slicing.py."},
    {"subscript", make_subscript, METH_VARARGS, "subscript(op, made, otherwise): tensor[index]; see _slicing.py."},
    {NULL},
};

static PyModuleDef definition = {PyModuleDef_HEAD_INIT, "tfcompat._core._hot", NULL, -1, methods};

PyMODINIT_FUNC PyInit__hot(void)
{
#define MAKE_NAME(place, name) \
    if ((n_##place = PyUnicode_InternFromString(#name)) == NULL) \
        return NULL;
    NAMES(MAKE_NAME)
    if ((zero = PyLong_FromLong(0)) == NULL || setup_operators() < 0 || setup_forms() < 0 || setup_functions() < 0 || PyType_Ready(&LockType) < 0 || setup_plans() < 0 || setup_packing() < 0 || setup_indexing() < 0)
        return NULL;
    PyObject *module = PyModule_Create(&definition);
    if (module != NULL && (add_ufuncs(module) < 0 || PyModule_AddObjectRef(module, "Lock", (PyObject *)&LockType) < 0))
        Py_CLEAR(module);
    return module;
}
