/* The run of a small segment in C: `interpreter.interpret` where its steps are known, and none may write into an operand or run
   the user's code. */

#include "_hot.h"

static PyObject *idle, *quiet_context;
static Py_ssize_t join_after, exact_after;

enum { HOST, GET, ALONE, BASE, COUNT, DROPS, UPDATE, NUMBER, WIRE, PARTS }; /* of a step, see `interpreter.steps_of` */

/* Whether steps may be gone through here. */
static int are_usual(PyObject *steps)
{
    for (Py_ssize_t k = 0; k < PyList_GET_SIZE(steps); k++) {
        PyObject *step = PyList_GET_ITEM(steps, k);
        if (!PyTuple_CheckExact(step) || PyTuple_GET_SIZE(step) != PARTS || PyTuple_GET_ITEM(step, UPDATE) != Py_None
            || !PyTuple_CheckExact(PyTuple_GET_ITEM(step, WIRE)) || !PyList_CheckExact(PyTuple_GET_ITEM(step, DROPS)))
            return 0;
    }
    return 1;
}

/* What `Structure.steps` has for these tensors, [runs, steps], as a new reference; NULL without an error where the run is one
   that changes it. */
PyObject *find_steps(PyObject *structure, PyObject **tensors, Py_ssize_t alive)
{
    PyObject *live = PyFrozenSet_New(NULL), *interpreted = FIELD(structure, r_interpreted), *known = NULL;
    for (Py_ssize_t k = 0; live != NULL && k < alive; k++)
        if (PySet_Add(live, FIELD(tensors[k], t_slot)) < 0)
            Py_CLEAR(live);
    if (live != NULL && FIELD(structure, r_acts) == Py_False && PyDict_CheckExact(interpreted))
        known = PyDict_GetItemWithError(interpreted, live);
    Py_XDECREF(live);
    if (known == NULL || !PyList_CheckExact(known) || PyList_GET_SIZE(known) != 2 || !PyList_CheckExact(PyList_GET_ITEM(known, 1)))
        return NULL;
    Py_ssize_t runs = PyLong_AsSsize_t(PyList_GET_ITEM(known, 0)) + 1;
    return runs == join_after || runs == exact_after || !are_usual(PyList_GET_ITEM(known, 1)) ? NULL : Py_NewRef(known);
}

/* Counts a run, and gives its steps as a new reference. */
static PyObject *counted(PyObject *known)
{
    PyObject *runs = PyLong_FromSsize_t(PyLong_AsSsize_t(PyList_GET_ITEM(known, 0)) + 1);
    if (runs == NULL || PyList_SetItem(known, 0, runs) < 0)
        return NULL;
    return Py_NewRef(PyList_GET_ITEM(known, 1));
}

/* Calls the host function of a step. `values` are the results so far, `leaves` tensors with host values. */
static int run_step(PyObject *step, PyObject *leaves, PyObject **values, Py_ssize_t slots)
{
    PyObject *wire = PyTuple_GET_ITEM(step, WIRE), *drops = PyTuple_GET_ITEM(step, DROPS), *few[16];
    Py_ssize_t taken = PyTuple_GET_SIZE(wire), base = PyLong_AsSsize_t(PyTuple_GET_ITEM(step, BASE));
    Py_ssize_t count = PyLong_AsSsize_t(PyTuple_GET_ITEM(step, COUNT));
    PyObject **given = taken <= 16 ? few : PyMem_New(PyObject *, taken), *results = NULL;
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
    results = PyObject_Vectorcall(PyTuple_GET_ITEM(step, HOST), given, taken, NULL);
    if (results != NULL && (!PyTuple_CheckExact(results) || PyTuple_GET_SIZE(results) != count))
        Py_CLEAR(results);
    for (Py_ssize_t k = 0; results != NULL && k < count; k++)
        Py_XSETREF(values[base + k], Py_NewRef(PyTuple_GET_ITEM(results, k)));
    for (Py_ssize_t k = 0; results != NULL && k < PyList_GET_SIZE(drops); k++) {
        Py_ssize_t slot = PyLong_AsSsize_t(PyList_GET_ITEM(drops, k));
        if (slot >= 0 && slot < slots)
            Py_CLEAR(values[slot]);
    }
done:
    if (given != few)
        PyMem_Free(given);
    Py_XDECREF(results);
    return results == NULL ? -1 : 0;
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

/* Runs the steps of `known`: the values of the slots, each a new reference or NULL. -1: one of them failed, or Ctrl-C came twice. */
int run_steps(PyObject *known, PyObject *leaves, PyObject **values, Py_ssize_t slots)
{
    PyObject *steps = counted(known), *context = NULL;
    Py_ssize_t waiting = PyList_GET_SIZE(idle);
    if (steps == NULL)
        return -1;
    if (waiting) {
        context = Py_NewRef(PyList_GET_ITEM(idle, waiting - 1));
        if (PyList_SetSlice(idle, waiting - 1, waiting, NULL) < 0)
            Py_CLEAR(context);
    } else
        context = PyObject_CallNoArgs(quiet_context);
    int failed = context == NULL || PyContext_Enter(context) < 0;
    if (!failed) {
        for (Py_ssize_t k = 0; !failed && k < PyList_GET_SIZE(steps); k++)
            failed = PyLong_AsSsize_t(FIELD(held, h_count)) > 1 || run_step(PyList_GET_ITEM(steps, k), leaves, values, slots) < 0;
        PyObject *kind, *error, *traceback;
        PyErr_Fetch(&kind, &error, &traceback);
        if (PyContext_Exit(context) < 0 || PyList_Append(idle, context) < 0)
            failed = 1;
        PyErr_Restore(kind, error, traceback);
    }
    Py_XDECREF(context);
    Py_DECREF(steps);
    return failed ? -1 : 0;
}

int setup_interpreting(PyObject *parts)
{
    PyObject *join = own(parts, "join_after"), *exact = own(parts, "exact_after");
    if (join == NULL || exact == NULL)
        return -1;
    join_after = PyLong_AsSsize_t(join);
    exact_after = PyLong_AsSsize_t(exact);
    Py_DECREF(join);
    Py_DECREF(exact);
    return (idle = own(parts, "idle")) == NULL || (quiet_context = own(parts, "quiet_context")) == NULL || !PyList_CheckExact(idle) ? -1 : 0;
}
