/* Calls of ops whose operands' values are checked: `check_values` of checks.py where what is looked at is at hand and good, or is
   pending at a call site that has proven good, and `call_judged` where it was found good. */

#include "_hot.h"

enum {
    KNOWN = 256, /* places of what is known of code; another piece of code at the same place is looked up anew */
    MOST_OPERANDS = 16
};

static struct {
    PyObject *code;
    int internal;
} codes[KNOWN];
static struct {
    PyObject *code, *site;
    int offset;
} sites[KNOWN];
static PyObject *judging_of, *is_internal, *site_of, *one;

static size_t place_of(PyObject *code, int offset) { return (((uintptr_t)code >> 4) + ((uintptr_t)code >> 12) + (size_t)offset / 2) % KNOWN; }

/* Whether code is tfcompat's own. -1: error. */
static int is_own(PyObject *code)
{
    size_t place = place_of(code, 0);
    if (codes[place].code == code)
        return codes[place].internal;
    PyObject *own = PyObject_CallOneArg(is_internal, code);
    int internal = own == NULL ? -1 : PyObject_IsTrue(own);
    Py_XDECREF(own);
    if (internal >= 0) {
        codes[place].internal = internal;
        Py_XSETREF(codes[place].code, Py_NewRef(code));
    }
    return internal;
}

/* `callsite.site_of` */
static PyObject *known_site(PyObject *code, int offset)
{
    size_t place = place_of(code, offset);
    if (sites[place].code == code && sites[place].offset == offset)
        return Py_NewRef(sites[place].site);
    PyObject *number = PyLong_FromLong(offset), *site = number == NULL ? NULL : PyObject_CallFunctionObjArgs(site_of, code, number, NULL);
    Py_XDECREF(number);
    if (site != NULL) {
        PyObject *before = sites[place].code, *site_before = sites[place].site;
        sites[place].code = Py_NewRef(code);
        sites[place].site = Py_NewRef(site);
        sites[place].offset = offset;
        Py_XDECREF(before);
        Py_XDECREF(site_before);
    }
    return site;
}

/* The innermost frame that is not tfcompat's own, as a call site: `callsite.call_site`. */
PyObject *call_site(void)
{
    PyFrameObject *frame = PyThreadState_GetFrame(PyThreadState_Get());
    while (frame != NULL) {
        PyObject *code = (PyObject *)PyFrame_GetCode(frame), *site = NULL;
        int inside = is_own(code);
        if (inside == 0)
            site = known_site(code, PyFrame_GetLasti(frame));
        Py_DECREF(code);
        PyFrameObject *outer = inside == 1 ? PyFrame_GetBack(frame) : NULL;
        Py_DECREF(frame);
        if (inside != 1)
            return site;
        frame = outer;
    }
    return NULL;
}

/* `Segment.content_of`. A borrowed reference, or NULL. */
static PyObject *content_of(PyObject *segment, PyObject *tensor)
{
    if (FIELD(tensor, t_value) != Py_None || FIELD(tensor, t_seg) != segment)
        return tensor;
    PyObject *specs = FIELD(segment, s_specs), *wires = FIELD(segment, s_wires), *leaves = FIELD(segment, s_leaves);
    Py_ssize_t position = PyList_GET_SIZE(specs), first = PyList_GET_SIZE(FIELD(segment, s_refs)), slot = PyLong_AsSsize_t(FIELD(tensor, t_slot));
    while (slot >= 0) {
        PyObject *spec, *known;
        do {
            if (--position < 0 || Py_TYPE(spec = PyList_GET_ITEM(specs, position)) != Spec)
                return tensor; /* nothing that only reshapes is of another kind, and what lies between is not worth a look */
            first -= PyTuple_GET_SIZE(FIELD(spec, p_avals));
        } while (first > slot);
        if (FIELD(spec, p_reshapes) == Py_None) {
            PyObject *found = PyObject_GetAttr(spec, n_reshapes); /* which keeps it */
            if (found == NULL)
                return NULL;
            Py_DECREF(found);
        }
        known = PyList_GET_ITEM(wires, position);
        if (FIELD(spec, p_reshapes) != Py_True || !PyTuple_CheckExact(known) || PyTuple_GET_SIZE(known) != 1)
            return tensor;
        slot = PyLong_AsSsize_t(PyTuple_GET_ITEM(known, 0));
    }
    return ~slot < PyList_GET_SIZE(leaves) ? PyList_GET_ITEM(leaves, ~slot) : tensor;
}

static int refers(PyObject *reference, PyObject *value)
{
    PyObject *referent = referred(reference);
    Py_XDECREF(referent);
    return referent == value;
}

/* `found_good`: whether the operands, by their contents, are those of which `proven` tells. -1: error. */
static int found_good(PyObject *proven, PyObject *const *contents, Py_ssize_t count)
{
    if (!PyList_CheckExact(proven))
        return 0;
    for (Py_ssize_t k = 0; k < PyList_GET_SIZE(proven); k++) {
        PyObject *one = PyList_GET_ITEM(proven, k);
        if (!PyTuple_CheckExact(one) || PyTuple_GET_SIZE(one) != 3 || !PyWeakref_Check(PyTuple_GET_ITEM(one, 1)) || !PyWeakref_Check(PyTuple_GET_ITEM(one, 2)))
            return 0;
        Py_ssize_t i = PyLong_AsSsize_t(PyTuple_GET_ITEM(one, 0));
        if (i < 0 || i >= count)
            return PyErr_Occurred() ? -1 : 0;
        PyObject *t = contents[i], *value = FIELD(t, t_value);
        if (value == Py_None || !refers(PyTuple_GET_ITEM(one, 1), t) || !refers(PyTuple_GET_ITEM(one, 2), value))
            return 0;
    }
    return 1;
}

/* What `checks.judging` says of a check. */
typedef struct {
    PyObject *looked_at, *proven, *sites, *check, *stateful, *spec, *stand_ins;
} Judging;

/* Fills it with borrowed references to what the op's Spec holds. 1, 0 where there is another kind of Spec, or -1. */
static int judging(PyObject *op, PyObject *spec, PyObject *key, PyObject *ins, PyObject *attrs, PyObject *count, Judging *found)
{
    if (Py_TYPE(spec) != Spec || FIELD(spec, p_judging) == NULL)
        return 0;
    if (FIELD(spec, p_judging) == Py_None) {
        PyObject *made = PyObject_CallFunctionObjArgs(judging_of, op, key, ins, attrs, count, NULL);
        if (made == NULL)
            return -1;
        Py_SETREF(FIELD(spec, p_judging), made);
    }
    PyObject *known = FIELD(spec, p_judging);
    if (!PyTuple_CheckExact(known) || PyTuple_GET_SIZE(known) != sizeof(Judging) / sizeof(PyObject *))
        return 0;
    memcpy(found, &PyTuple_GET_ITEM(known, 0), sizeof(Judging));
    return PyTuple_CheckExact(found->looked_at) && PyDict_Check(found->proven) && PyDict_Check(found->sites);
}

/* Whether something that the check looks at is pending. */
static int pending(PyObject *looked_at, PyObject *const *contents, Py_ssize_t count)
{
    for (Py_ssize_t k = 0; k < PyTuple_GET_SIZE(looked_at); k++) {
        Py_ssize_t i = PyLong_AsSsize_t(PyTuple_GET_ITEM(looked_at, k));
        if (i >= 0 && i < count && FIELD(contents[i], t_value) == Py_None)
            return 1;
    }
    return 0;
}

/* Notes that what a check looks at was found good: `note_good`. */
static int note_good(const Judging *by, PyObject *key, PyObject *const *contents)
{
    PyObject *proven = PyList_New(0);
    int failed = proven == NULL, scalars = 1;
    for (Py_ssize_t k = 0; !failed && k < PyTuple_GET_SIZE(by->looked_at); k++) {
        PyObject *place = PyTuple_GET_ITEM(by->looked_at, k), *t = contents[PyLong_AsSsize_t(place)], *value = FIELD(t, t_value);
        if (!PyType_SUPPORTS_WEAKREFS(Py_TYPE(value))) { /* a NumPy scalar */
            Py_DECREF(proven);
            return 0;
        }
        PyObject *tensor = PyWeakref_NewRef(t, NULL), *array = tensor == NULL ? NULL : PyWeakref_NewRef(value, NULL);
        PyObject *one = array == NULL ? NULL : PyTuple_Pack(3, place, tensor, array);
        failed = one == NULL || PyList_Append(proven, one) < 0;
        scalars = scalars && PyObject_Size(FIELD(FIELD(t, t_aval), a_shape)) == 0;
        Py_XDECREF(tensor);
        Py_XDECREF(array);
        Py_XDECREF(one);
    }
    if (!failed && !scalars) { /* the dict is bounded: what is new goes through its own method */
        int known = PyDict_Contains(by->proven, key);
        failed = known < 0 || (known ? PyDict_SetItem(by->proven, key, proven) : PyObject_SetItem(by->proven, key, proven)) < 0;
    }
    Py_XDECREF(proven);
    return failed ? -1 : 0;
}

/* Looks at operands that are at hand. 1: good, 0: they are not, or are elsewhere, -1: error. */
static int looked(const Judging *by, PyObject *key, PyObject *ins, PyObject *const *contents)
{
    Py_ssize_t count = PySequence_Fast_GET_SIZE(ins), ready = 0;
    PyObject *given[MOST_OPERANDS], *host = NULL, *context = NULL, *results = NULL;
    int good = 0;
    if (!PyTuple_CheckExact(by->stand_ins) || PyTuple_GET_SIZE(by->stand_ins) != count)
        return 0;
    for (; ready < count; ready++) {
        PyObject *t = PySequence_Fast_GET_ITEM(ins, ready), *value = PyTuple_GET_ITEM(by->stand_ins, ready);
        if (value == Py_None) {
            value = FIELD(contents[ready], t_value);
            if ((good = PySet_Contains(host_types, (PyObject *)Py_TYPE(value))) != 1)
                goto done;
        }
        given[ready] = contents[ready] == t ? Py_NewRef(value) : PyObject_CallMethodOneArg(value, n_reshape, FIELD(FIELD(t, t_aval), a_shape));
        good = -1;
        if (given[ready] == NULL)
            goto done;
    }
    host = PyObject_GetAttr(by->spec, n_host);
    context = host == NULL ? NULL : enter_quietly();
    if (context != NULL) {
        results = PyObject_Vectorcall(host, given, count, NULL);
        if (results != NULL && (PyTuple_CheckExact(results) || PyList_CheckExact(results)) && PySequence_Fast_GET_SIZE(results) == 1) {
            int failed = is_true(PySequence_Fast_GET_ITEM(results, 0));
            good = failed < 0 ? -1 : !failed;
        } else if (results != NULL)
            good = 0;
        if (leave_quietly(context) < 0)
            good = -1;
    }
done:
    Py_XDECREF(host);
    Py_XDECREF(results);
    while (ready > 0)
        Py_DECREF(given[--ready]);
    return good > 0 && note_good(by, key, contents) < 0 ? -1 : good;
}

/* The Flag of the check that was recorded last. */
static PyObject *new_flag(PyObject *segment, PyObject *op, const Judging *judging, PyObject *attrs, PyObject *count, PyObject *tensor, PyObject *site)
{
    PyObject *position = PyLong_FromSsize_t(PyList_GET_SIZE(FIELD(segment, s_specs)) - 1), *flag = position == NULL ? NULL : Flag->tp_alloc(Flag, 0);
    if (flag != NULL) {
        FIELD(flag, f_stateful) = Py_NewRef(judging->stateful);
        FIELD(flag, f_ahead) = Py_NewRef(one);
        FIELD(flag, f_op) = Py_NewRef(op);
        FIELD(flag, f_check) = Py_NewRef(judging->check);
        FIELD(flag, f_attrs) = Py_NewRef(attrs);
        FIELD(flag, f_count) = Py_NewRef(count);
        FIELD(flag, f_tensor) = Py_NewRef(tensor);
        FIELD(flag, f_position) = Py_NewRef(position);
        FIELD(flag, f_site) = Py_NewRef(site);
        FIELD(flag, f_index) = Py_NewRef(zero);
    }
    Py_XDECREF(position);
    return flag;
}

/* Records the check of a call as a flag: `record_check`. 1: done, 0: not usual, -1: error. */
static int noted(PyObject *context, PyObject *op, const Judging *judging, PyObject *ins, PyObject *attrs, PyObject *count)
{
    PyObject *segment = FIELD(context, c_segment), *site = NULL, *verdict, *tensor = NULL, *flag = NULL;
    int result = 0;
    if (!usual_segment(segment) || (site = call_site()) == NULL)
        return PyErr_Occurred() ? -1 : 0;
    verdict = PyDict_GetItemWithError(judging->sites, site);
    if (verdict == NULL || !PyUnicode_Check(verdict) || PyUnicode_CompareWithASCIIString(verdict, "good") != 0)
        goto done;
    if ((tensor = record(segment, judging->spec, ins)) == NULL || tensor == Py_NotImplemented)
        goto done;
    if (Py_TYPE(tensor) == Tensor && FIELD(tensor, t_value) != Py_None)
        goto done; /* a limit has closed the segment: all that the check looks at is at hand now */
    result = -1;
    if (FIELD(segment, s_flags) == NULL || Py_TYPE(tensor) != Tensor)
        PyErr_SetString(PyExc_SystemError, "a check is no node with one result");
    else if ((flag = new_flag(segment, op, judging, attrs, count, tensor, site)) != NULL && PyList_Append(FIELD(segment, s_flags), flag) == 0)
        result = 1;
done:
    Py_DECREF(site);
    Py_XDECREF(tensor);
    Py_XDECREF(flag);
    return PyErr_Occurred() ? -1 : result;
}

/* Results without the last one, the verdict: the list of them, or the only one. Takes over what `dispatch` gave. */
static PyObject *without_verdict(PyObject *results)
{
    if (results == NULL || !PyList_CheckExact(results) || PyList_GET_SIZE(results) < 2) {
        if (results != NULL)
            PyErr_SetString(PyExc_SystemError, "there is no verdict");
        Py_XDECREF(results);
        return NULL;
    }
    Py_ssize_t count = PyList_GET_SIZE(results) - 1;
    PyObject *own = count == 1 ? Py_NewRef(PyList_GET_ITEM(results, 0)) : PyList_GetSlice(results, 0, count);
    Py_DECREF(results);
    return own;
}

/* Records a call whose values are checked; NotImplemented where it is not known that they are good, or will be. */
PyObject *record_checked(PyObject *context, PyObject *op, PyObject *spec, PyObject *key, PyObject *ins, PyObject *attrs, PyObject *count)
{
    PyObject *out = NULL, *contents[MOST_OPERANDS], *segment = FIELD(context, c_segment);
    Judging by = {NULL};
    int good = 0, plain = PyTuple_CheckExact(ins) || PyList_CheckExact(ins), known = 1;
    Py_ssize_t count_of_ins = plain ? PySequence_Fast_GET_SIZE(ins) : 0;
    plain = plain && count_of_ins <= MOST_OPERANDS;
    for (Py_ssize_t k = 0; plain && k < count_of_ins; k++) {
        PyObject *t = PySequence_Fast_GET_ITEM(ins, k);
        plain = Py_TYPE(t) == Tensor;
        known = known && plain && FIELD(t, t_slot) == plain_static; /* small ints are one object each */
    }
    if (!plain || known || FIELD(context, c_trace) != Py_None)
        goto done; /* where all operands are known, the op may be computed at once */
    if (judging(op, spec, key, ins, attrs, count, &by) <= 0)
        goto done;
    for (Py_ssize_t k = 0; k < count_of_ins; k++)
        if ((contents[k] = content_of(segment, PySequence_Fast_GET_ITEM(ins, k))) == NULL)
            goto done;
    int judged = by.spec == Py_None; /* the op itself tells, in a last result */
    if (!pending(by.looked_at, contents, count_of_ins)) {
        PyObject *proven = PyDict_GetItemWithError(by.proven, key);
        good = proven == NULL ? 0 : found_good(proven, contents, count_of_ins);
        if (good == 0 && !judged && !PyErr_Occurred())
            good = looked(&by, key, ins, contents);
    } else if (!judged)
        good = noted(context, op, &by, ins, attrs, count);
    if (good > 0)
        out = dispatch(context, op, spec, ins, attrs, count);
    if (good > 0 && judged)
        out = without_verdict(out);
done:
    return good || PyErr_Occurred() ? out : Py_NewRef(Py_NotImplemented);
}

int setup_checks(PyObject *parts)
{
    return (judging_of = own(parts, "judging")) == NULL || (site_of = own(parts, "site_of")) == NULL || (is_internal = own(parts, "is_internal")) == NULL
        || (one = PyLong_FromLong(1)) == NULL ? -1 : 0;
}
