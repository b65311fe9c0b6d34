/* Calls of ops whose operands' values are checked: `check_values` of checks.py where what is looked at was found good before,
   or is pending at a call site that has proven good. */

#include "_hot.h"

static PyObject *flag_class, *internal_code, *is_internal;

static int is_true(PyObject *object, PyObject *name)
{
    PyObject *value = PyObject_GetAttr(object, name);
    int result = value == NULL ? -1 : PyObject_IsTrue(value);
    Py_XDECREF(value);
    return result;
}

/* An entry of a dict that is an attribute; a borrowed reference, NULL where there is none or with an error. */
static PyObject *entry_of(PyObject *object, PyObject *name, PyObject *key)
{
    PyObject *entries = PyObject_GetAttr(object, name), *entry = NULL;
    if (entries != NULL && PyDict_Check(entries))
        entry = PyDict_GetItemWithError(entries, key);
    Py_XDECREF(entries); /* the object holds it */
    return entry;
}

/* The innermost frame that is not tfcompat's own, as a call site: `callsite.call_site`. */
static PyObject *call_site(void)
{
    PyFrameObject *frame = PyThreadState_GetFrame(PyThreadState_Get());
    while (frame != NULL) {
        PyObject *code = (PyObject *)PyFrame_GetCode(frame), *found, *site = NULL;
        PyObject *own = PyDict_GetItemWithError(internal_code, code);
        if (own != NULL)
            Py_INCREF(own);
        else if (!PyErr_Occurred())
            own = PyObject_CallOneArg(is_internal, code);
        int inside = own == NULL ? -1 : PyObject_IsTrue(own);
        Py_XDECREF(own);
        if (inside == 0 && (found = PyLong_FromLong(PyFrame_GetLasti(frame))) != NULL) {
            site = PyTuple_Pack(2, code, found);
            Py_DECREF(found);
        }
        Py_DECREF(code);
        if (inside != 1) {
            Py_DECREF(frame);
            return site;
        }
        PyFrameObject *outer = PyFrame_GetBack(frame);
        Py_DECREF(frame);
        frame = outer;
    }
    return NULL;
}

static int refers(PyObject *reference, PyObject *value)
{
    PyObject *referent = referred(reference);
    Py_XDECREF(referent);
    return referent == value;
}

/* `found_good`: whether the operands are those of which `proven` tells. -1: error. */
static int found_good(PyObject *proven, PyObject *ins)
{
    if (!PyList_CheckExact(proven))
        return 0;
    for (Py_ssize_t k = 0; k < PyList_GET_SIZE(proven); k++) {
        PyObject *one = PyList_GET_ITEM(proven, k);
        if (!PyTuple_CheckExact(one) || PyTuple_GET_SIZE(one) != 3 || !PyWeakref_Check(PyTuple_GET_ITEM(one, 1)) || !PyWeakref_Check(PyTuple_GET_ITEM(one, 2)))
            return 0;
        Py_ssize_t i = PyLong_AsSsize_t(PyTuple_GET_ITEM(one, 0));
        if (i < 0 || i >= PySequence_Fast_GET_SIZE(ins))
            return PyErr_Occurred() ? -1 : 0;
        PyObject *t = PySequence_Fast_GET_ITEM(ins, i), *value = FIELD(t, t_value);
        if (value == Py_None || !refers(PyTuple_GET_ITEM(one, 1), t) || !refers(PyTuple_GET_ITEM(one, 2), value))
            return 0;
    }
    return 1;
}

/* Whether something that the check looks at is pending. -1: error. */
static int pending(PyObject *looked_at, PyObject *ins)
{
    PyObject *places = PyObject_GetIter(looked_at), *place;
    int found = places == NULL ? -1 : 0;
    while (!found && (place = PyIter_Next(places)) != NULL) {
        Py_ssize_t i = PyLong_AsSsize_t(place);
        Py_DECREF(place);
        if (i >= 0 && i < PySequence_Fast_GET_SIZE(ins))
            found = FIELD(PySequence_Fast_GET_ITEM(ins, i), t_value) == Py_None;
        else
            found = -1;
    }
    Py_XDECREF(places);
    return PyErr_Occurred() ? -1 : found;
}

/* Records the check of a call as a flag: `record_check`. 1: done, 0: not usual, -1: error. */
static int noted(PyObject *context, PyObject *op, PyObject *check, PyObject *key, PyObject *ins, PyObject *attrs, PyObject *count)
{
    PyObject *segment = FIELD(context, c_segment), *checker = NULL, *spec = NULL, *looked_at = NULL, *site = NULL, *verdict = NULL;
    PyObject *flag = NULL, *position = NULL, *made = NULL;
    int result = 0;
    if (!usual_segment(segment))
        return 0;
    if ((checker = PyObject_GetAttr(op, n_checker)) == NULL || (spec = entry_of(checker, n_specs, key)) == NULL)
        goto done;
    Py_INCREF(spec);
    if ((looked_at = PyObject_GetAttr(spec, n_looked_at)) == NULL || (result = pending(looked_at, ins)) <= 0)
        goto done;
    result = 0;
    if ((site = call_site()) == NULL || (verdict = entry_of(op, n_hot_sites, site)) == NULL || !PyUnicode_Check(verdict)
        || PyUnicode_CompareWithASCIIString(verdict, "good") != 0)
        goto done;
    if ((flag = record(segment, spec, ins)) == NULL || flag == Py_NotImplemented)
        goto done;
    result = -1;
    if (FIELD(segment, s_flags) == NULL || Py_TYPE(flag) != Tensor || FIELD(flag, t_value) != Py_None) {
        PyErr_SetString(PyExc_SystemError, "a check was run at once");
        goto done;
    }
    position = PyLong_FromSsize_t(PyList_GET_SIZE(FIELD(segment, s_specs)) - 1);
    if (position != NULL)
        made = PyObject_CallFunctionObjArgs(flag_class, op, attrs, count, flag, position, site, NULL);
    if (made != NULL && PyList_Append(FIELD(segment, s_flags), made) == 0)
        result = 1;
done:
    Py_XDECREF(checker);
    Py_XDECREF(spec);
    Py_XDECREF(looked_at);
    Py_XDECREF(site);
    Py_XDECREF(flag);
    Py_XDECREF(position);
    Py_XDECREF(made);
    return PyErr_Occurred() ? -1 : result;
}

/* Records a call whose values are checked; NotImplemented where it is not known that they are good, or will be. */
PyObject *record_checked(PyObject *context, PyObject *op, PyObject *spec, PyObject *key, PyObject *ins, PyObject *attrs, PyObject *count)
{
    PyObject *check = NULL, *out = NULL;
    int good = 0, plain = PyTuple_CheckExact(ins) || PyList_CheckExact(ins), known = 1;
    for (Py_ssize_t k = 0; plain && k < PySequence_Fast_GET_SIZE(ins); k++) {
        PyObject *t = PySequence_Fast_GET_ITEM(ins, k);
        plain = Py_TYPE(t) == Tensor;
        known = known && plain && PyObject_RichCompareBool(FIELD(t, t_slot), plain_static, Py_EQ);
    }
    if (!plain || known || FIELD(context, c_trace) != Py_None)
        goto done; /* where all operands are known, the op may be computed at once */
    if ((check = PyObject_GetAttr(op, n_check)) == NULL || is_true(check, n_immediate) != 0)
        goto done;
    PyObject *proven = entry_of(check, n_proven, key);
    if (proven != NULL)
        good = found_good(proven, ins);
    if (good == 0 && !PyErr_Occurred())
        good = noted(context, op, check, key, ins, attrs, count);
    if (good > 0)
        out = dispatch(context, op, spec, ins, attrs, count);
done:
    Py_XDECREF(check);
    return good || PyErr_Occurred() ? out : Py_NewRef(Py_NotImplemented);
}

int setup_checks(PyObject *parts)
{
    return (flag_class = own(parts, "flag")) == NULL || (internal_code = own(parts, "internal_code")) == NULL
        || (is_internal = own(parts, "is_internal")) == NULL ? -1 : 0;
}
