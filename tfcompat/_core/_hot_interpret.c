/* The run of a small segment in C: `interpreter.interpret` where its steps are known, and none may run the user's code. */

#include "_hot.h"

#define NPY_NO_DEPRECATED_API NPY_1_7_API_VERSION
#include <numpy/arrayobject.h>
#include <numpy/arrayscalars.h>

static PyObject *idle, *quiet_context, *hot;
static Py_ssize_t join_after, exact_after;
static double output_cost;

enum { HOST, GET, ALONE, BASE, COUNT, DROPS, UPDATE, NUMBER, WIRE, PARTS }; /* of a step, see `interpreter.steps_of` */

/* Whether steps may be gone through here: what fails is run anew, so that only the last one may write into a leaf. */
static int are_usual(PyObject *steps)
{
    for (Py_ssize_t k = 0; k < PyList_GET_SIZE(steps); k++) {
        PyObject *step = PyList_GET_ITEM(steps, k);
        if (!PyTuple_CheckExact(step) || PyTuple_GET_SIZE(step) != PARTS
            || !PyTuple_CheckExact(PyTuple_GET_ITEM(step, WIRE)) || !PyList_CheckExact(PyTuple_GET_ITEM(step, DROPS)))
            return 0;
        PyObject *update = PyTuple_GET_ITEM(step, UPDATE);
        if (update != Py_None && k < PyList_GET_SIZE(steps) - 1 && PyLong_AsSsize_t(update) < 0)
            return 0;
    }
    return 1;
}

/* What a run is told by that is alike but for its data: which slots are alive, a bit each, and the nodes whose last result is a
   verdict. NULL without an error: a flag is of another kind. */
static PyObject *look_of(PyObject *flags, PyObject **tensors, Py_ssize_t alive, Py_ssize_t results)
{
    Py_ssize_t size = (results + 7) / 8, count = PyList_GET_SIZE(flags);
    PyObject *look = PyBytes_FromStringAndSize(NULL, size + count * (Py_ssize_t)sizeof(Py_ssize_t));
    if (look == NULL)
        return NULL;
    char *bits = PyBytes_AS_STRING(look);
    memset(bits, 0, size);
    for (Py_ssize_t k = 0; k < alive; k++) {
        Py_ssize_t slot = PyLong_AsSsize_t(FIELD(tensors[k], t_slot));
        if (slot < 0 || slot >= results)
            goto fail;
        bits[slot / 8] |= 1 << slot % 8;
    }
    for (Py_ssize_t k = 0; k < count; k++) {
        PyObject *flag = PyList_GET_ITEM(flags, k);
        if (Py_TYPE(flag) != Flag)
            goto fail;
        Py_ssize_t position = PyLong_AsSsize_t(FIELD(flag, f_position));
        memcpy(bits + size + k * sizeof position, &position, sizeof position);
    }
    return look;
fail:
    Py_DECREF(look);
    return NULL;
}

/* The keys of `Structure.seen`, the live slots, and of `Structure.interpreted`: (these, nodes that are checks) if there are some. */
static PyObject *keys_of(PyObject *flags, PyObject **tensors, Py_ssize_t alive)
{
    PyObject *live = PyFrozenSet_New(NULL), *checks = NULL, *key = NULL, *keys = NULL;
    for (Py_ssize_t k = 0; live != NULL && k < alive; k++)
        if (PySet_Add(live, FIELD(tensors[k], t_slot)) < 0)
            Py_CLEAR(live);
    if (live != NULL && PyList_GET_SIZE(flags) == 0)
        key = Py_NewRef(live);
    else if (live != NULL && (checks = PyTuple_New(PyList_GET_SIZE(flags))) != NULL) {
        for (Py_ssize_t k = 0; k < PyList_GET_SIZE(flags); k++)
            PyTuple_SET_ITEM(checks, k, Py_NewRef(FIELD(PyList_GET_ITEM(flags, k), f_position)));
        key = PyTuple_Pack(2, live, checks);
    }
    if (key != NULL)
        keys = PyTuple_Pack(2, live, key);
    Py_XDECREF(live);
    Py_XDECREF(checks);
    Py_XDECREF(key);
    return keys;
}

/* Whether a structure that has no program for these slots is interpreted once more: `program.step` where `Structure.due` says no and
   there is no known prefix. `lost` is what `note_interpreted` adds. -1: error. */
static int stays_cold(PyObject *structure, PyObject *first, PyObject *live, double *lost)
{
    PyObject *seen = FIELD(structure, r_seen);
    if (FIELD(structure, r_urgent) != Py_False || FIELD(structure, r_holds_strings) != Py_False || !PyDict_CheckExact(seen))
        return 0;
    int found = PyDict_Contains(hot, first);
    if (found == 0 && (found = PyDict_Contains(seen, live)) > 0)
        found = 0;
    else
        return found < 0 ? -1 : 0;
    int lone = PyObject_IsTrue(FIELD(structure, r_lone));
    double gain = PyFloat_AsDouble(FIELD(structure, r_gain)), before = PyFloat_AsDouble(FIELD(structure, r_lost)),
           compile_cost = PyFloat_AsDouble(FIELD(structure, r_compile_cost));
    if (lone < 0 || PyErr_Occurred())
        return -1;
    Py_ssize_t more = PySet_GET_SIZE(live) - 1;
    if (!lone)
        gain -= output_cost * (more > 0 ? more : 0);
    *lost = gain > 0 ? gain : 0;
    return !(gain > 0 && before + gain > compile_cost);
}

/* Puts this object in the place of an equal key: it is found without a look at what it holds. */
static int note_key(PyObject *seen, PyObject *live)
{
    int found = PyDict_CheckExact(seen) ? PyDict_Contains(seen, live) : 0;
    return found < 0 || (found && (PyDict_DelItem(seen, live) < 0 || PyDict_SetItem(seen, live, Py_None) < 0)) ? -1 : 0;
}

/* What `Structure.steps` has for these tensors, [runs, steps], as a new reference; NULL without an error where the run is one
   that changes it, or where it is not interpreted. */
PyObject *find_steps(PyObject *structure, PyObject *first, PyObject *flags, PyObject **tensors, Py_ssize_t alive, Py_ssize_t results, double *lost)
{
    PyObject *interpreted = FIELD(structure, r_interpreted), *last = FIELD(structure, r_last), *look, *keys = NULL, *known = NULL;
    if (FIELD(structure, r_acts) != Py_False || !PyDict_CheckExact(interpreted) || (look = look_of(flags, tensors, alive, results)) == NULL)
        return NULL;
    if (PyTuple_CheckExact(last) && PyTuple_GET_SIZE(last) == 3 && PyObject_RichCompareBool(PyTuple_GET_ITEM(last, 0), look, Py_EQ) == 1) {
        keys = Py_NewRef(PyTuple_GET_ITEM(last, 1));
        known = Py_NewRef(PyTuple_GET_ITEM(last, 2));
    } else if ((keys = keys_of(flags, tensors, alive)) != NULL
               && (known = Py_XNewRef(PyDict_GetItemWithError(interpreted, PyTuple_GET_ITEM(keys, 1)))) != NULL
               && note_key(FIELD(structure, r_seen), PyTuple_GET_ITEM(keys, 0)) == 0 && (last = PyTuple_Pack(3, look, keys, known)) != NULL)
        Py_SETREF(FIELD(structure, r_last), last);
    Py_DECREF(look);
    int usual = known != NULL && !PyErr_Occurred() && PyList_CheckExact(known) && PyList_GET_SIZE(known) == 2 && PyList_CheckExact(PyList_GET_ITEM(known, 1));
    if (usual) {
        Py_ssize_t runs = PyLong_AsSsize_t(PyList_GET_ITEM(known, 0)) + 1;
        usual = runs != join_after && runs != exact_after && are_usual(PyList_GET_ITEM(known, 1));
    }
    if (usual && FIELD(structure, r_small) == Py_False)
        usual = stays_cold(structure, first, PyTuple_GET_ITEM(keys, 0), lost) > 0;
    Py_XDECREF(keys);
    if (!usual)
        Py_CLEAR(known);
    return known;
}

/* `Structure.lost` grows. */
int lose(PyObject *structure, double seconds)
{
    PyObject *sum = PyFloat_FromDouble(PyFloat_AsDouble(FIELD(structure, r_lost)) + seconds);
    if (sum == NULL)
        return -1;
    Py_SETREF(FIELD(structure, r_lost), sum);
    return 0;
}

/* Counts a run, and gives its steps as a new reference. */
static PyObject *counted(PyObject *known)
{
    PyObject *runs = PyLong_FromSsize_t(PyLong_AsSsize_t(PyList_GET_ITEM(known, 0)) + 1);
    if (runs == NULL || PyList_SetItem(known, 0, runs) < 0)
        return NULL;
    return Py_NewRef(PyList_GET_ITEM(known, 1));
}

/* Whether the array that an op updates may be overwritten: owned, writable, and held by nobody else; `interpreter._free`. */
static int is_free(PyObject *leaves, PyObject **values, Py_ssize_t place)
{
    PyObject *leaf = place >= 0 ? NULL : PyList_GET_ITEM(leaves, ~place), *array = leaf == NULL ? values[place] : FIELD(leaf, t_value);
    if ((leaf != NULL && Py_REFCNT(leaf) > 1) || array == NULL || !PyArray_CheckExact(array) || Py_REFCNT(array) > 1)
        return 0;
    return PyArray_CHKFLAGS((PyArrayObject *)array, NPY_ARRAY_OWNDATA | NPY_ARRAY_WRITEABLE);
}

/* The function that runs a step, a new reference. */
static PyObject *host_of(PyObject *step, PyObject *specs, PyObject *leaves, PyObject **values, Py_ssize_t slots)
{
    PyObject *update = PyTuple_GET_ITEM(step, UPDATE);
    if (update == Py_None)
        return Py_NewRef(PyTuple_GET_ITEM(step, HOST));
    Py_ssize_t place = PyLong_AsSsize_t(update), number = PyLong_AsSsize_t(PyTuple_GET_ITEM(step, NUMBER));
    if (PyErr_Occurred() || place >= slots || ~place >= PyList_GET_SIZE(leaves) || number < 0 || number >= PyList_GET_SIZE(specs))
        return NULL;
    if (!is_free(leaves, values, place))
        return Py_NewRef(PyTuple_GET_ITEM(step, HOST));
    return add_to(stats, n_in_place, 1) < 0 ? NULL : PyObject_GetAttr(PyList_GET_ITEM(specs, number), n_host_in_place);
}

/* Whether a check has failed: `interpreter.is_true`. -1: error. */
int is_true(PyObject *verdict)
{
    if (PyArray_Check(verdict) && PyArray_TYPE((PyArrayObject *)verdict) == NPY_BOOL && PyArray_ISCONTIGUOUS((PyArrayObject *)verdict)) {
        const char *bytes = PyArray_BYTES((PyArrayObject *)verdict);
        for (npy_intp k = 0, size = PyArray_SIZE((PyArrayObject *)verdict); k < size; k++)
            if (bytes[k])
                return 1;
        return 0;
    }
    if (PyArray_IsScalar(verdict, Bool))
        return PyObject_IsTrue(verdict);
    PyObject *any = PyObject_CallMethodNoArgs(verdict, n_any);
    int result = any == NULL ? -1 : PyObject_IsTrue(any);
    Py_XDECREF(any);
    return result;
}

/* Calls the host function of a step. `values` are the results so far, `leaves` tensors with host values, `flag` is that of the node
   or NULL. -1: it failed; there is an error set unless a verdict said so. */
static int run_step(PyObject *step, PyObject *specs, PyObject *flag, PyObject *leaves, PyObject **values, Py_ssize_t slots)
{
    PyObject *wire = PyTuple_GET_ITEM(step, WIRE), *drops = PyTuple_GET_ITEM(step, DROPS), *host = NULL, *few[16];
    Py_ssize_t taken = PyTuple_GET_SIZE(wire), base = PyLong_AsSsize_t(PyTuple_GET_ITEM(step, BASE));
    Py_ssize_t count = PyLong_AsSsize_t(PyTuple_GET_ITEM(step, COUNT));
    PyObject **given = taken <= 16 ? few : PyMem_New(PyObject *, taken), *results = NULL;
    int judged = 0, failed = -1;
    if (given == NULL || base < 0 || count < 0 || base + count > slots)
        goto done;
    for (Py_ssize_t k = 0; k < taken; k++) {
        Py_ssize_t place = PyLong_AsSsize_t(PyTuple_GET_ITEM(wire, k));
        if (place >= slots || ~place >= PyList_GET_SIZE(leaves))
            goto done;
        given[k] = place >= 0 ? values[place] : FIELD(PyList_GET_ITEM(leaves, ~place), t_value);
        if (given[k] == NULL)
            goto done;
    }
    if ((host = host_of(step, specs, leaves, values, slots)) == NULL)
        goto done;
    judged = Py_TYPE(host) == Judged;
    results = PyObject_Vectorcall(judged ? FIELD(host, j_host) : host, given, taken, NULL);
    if (results == NULL || !(PyTuple_CheckExact(results) || PyList_CheckExact(results)) || PySequence_Fast_GET_SIZE(results) != count + judged)
        goto done;
    PyObject **items = PySequence_Fast_ITEMS(results);
    Py_ssize_t verdict = judged ? count : flag == NULL ? -1 : PyLong_AsSsize_t(FIELD(flag, f_index));
    if (verdict >= count + judged || (verdict >= 0 && is_true(items[verdict]) != 0))
        goto done;
    failed = 0;
    for (Py_ssize_t k = 0; k < count; k++)
        Py_XSETREF(values[base + k], Py_NewRef(items[k]));
    for (Py_ssize_t k = 0; k < PyList_GET_SIZE(drops); k++) {
        Py_ssize_t slot = PyLong_AsSsize_t(PyList_GET_ITEM(drops, k));
        if (slot >= 0 && slot < slots)
            Py_CLEAR(values[slot]);
    }
done:
    if (given != few)
        PyMem_Free(given);
    Py_XDECREF(host);
    Py_XDECREF(results);
    return failed;
}

/* Goes through steps; of flags, which are in the order of their nodes, each with its node: what is joined looks at its own. */
static int go_through(PyObject *steps, PyObject *specs, PyObject *flags, PyObject *leaves, PyObject **values, Py_ssize_t slots)
{
    Py_ssize_t next = 0;
    for (Py_ssize_t k = 0; k < PyList_GET_SIZE(steps); k++) {
        PyObject *step = PyList_GET_ITEM(steps, k), *flag = NULL;
        Py_ssize_t node = PyLong_AsSsize_t(PyTuple_GET_ITEM(step, NUMBER));
        for (; next < PyList_GET_SIZE(flags) && flag == NULL; next++) {
            Py_ssize_t position = PyLong_AsSsize_t(FIELD(PyList_GET_ITEM(flags, next), f_position));
            if (position > node)
                break;
            if (position == node)
                flag = PyList_GET_ITEM(flags, next);
        }
        if (PyLong_AsSsize_t(FIELD(held, h_count)) > 1 || run_step(step, specs, flag, leaves, values, slots) < 0)
            return -1;
    }
    return 0;
}

/* Whether all leaves have values in this machine's memory. */
int have_host_values(PyObject *leaves)
{
    for (Py_ssize_t k = 0; k < PyList_GET_SIZE(leaves); k++) {
        PyObject *value = FIELD(PyList_GET_ITEM(leaves, k), t_value);
        if (value == NULL || PySet_Contains(host_types, (PyObject *)Py_TYPE(value)) != 1)
            return 0;
    }
    return 1;
}

/* Enters a context in which NumPy ignores floating-point errors, as `interpreter.quietly` does: what `leave_quietly` takes; NULL: error. */
PyObject *enter_quietly(void)
{
    Py_ssize_t waiting = PyList_GET_SIZE(idle);
    PyObject *context = waiting ? Py_NewRef(PyList_GET_ITEM(idle, waiting - 1)) : PyObject_CallNoArgs(quiet_context);
    if (context != NULL && ((waiting && PyList_SetSlice(idle, waiting - 1, waiting, NULL) < 0) || PyContext_Enter(context) < 0))
        Py_CLEAR(context);
    return context;
}

/* Leaves it; an error that is set stays. */
int leave_quietly(PyObject *context)
{
    PyObject *kind, *error, *traceback;
    PyErr_Fetch(&kind, &error, &traceback);
    int failed = PyContext_Exit(context) < 0 || PyList_Append(idle, context) < 0;
    Py_DECREF(context);
    if (!failed)
        PyErr_Restore(kind, error, traceback);
    return failed ? -1 : 0;
}

/* Runs the steps of `known`: the values of the slots, each a new reference or NULL. -1: one of them failed, or Ctrl-C came twice. */
int run_steps(PyObject *known, PyObject *specs, PyObject *flags, PyObject *leaves, PyObject **values, Py_ssize_t slots)
{
    PyObject *steps = counted(known), *context = steps == NULL ? NULL : enter_quietly();
    int failed = context == NULL || go_through(steps, specs, flags, leaves, values, slots) < 0;
    if (context != NULL && leave_quietly(context) < 0)
        failed = 1;
    Py_XDECREF(steps);
    return failed ? -1 : 0;
}

int setup_interpreting(PyObject *parts)
{
    import_array1(-1);
    PyObject *join = own(parts, "join_after"), *exact = own(parts, "exact_after"), *output = own(parts, "output");
    if (join == NULL || exact == NULL || output == NULL)
        return -1;
    output_cost = PyFloat_AsDouble(output);
    Py_DECREF(output);
    join_after = PyLong_AsSsize_t(join);
    exact_after = PyLong_AsSsize_t(exact);
    Py_DECREF(join);
    Py_DECREF(exact);
    return (hot = own(parts, "hot")) == NULL || !PyDict_Check(hot) || (idle = own(parts, "idle")) == NULL || (quiet_context = own(parts, "quiet_context")) == NULL || !PyList_CheckExact(idle) ? -1 : 0;
}
