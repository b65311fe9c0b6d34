/* The way of a segment from a read to its values, in C: `Segment.close` and `Segment.settle` where what is pending is a hot
   program, or is interpreted as it has been before, and nothing about the run is unusual. All other runs are those of
   segment.py and program.py, which say what is done. */

#include "_hot.h"

PyObject *host_types, *held, *stats, *forks;
static PyObject *handover, *structures, *serials, *hold, *release, *logged_runs, *for_read, *for_check, *nothing, *automatic;
static PyObject *python_close, *python_settle; /* what does all that is not usual */
static unsigned long main_thread;
static Py_ssize_t looked_after;
static PyTypeObject *array_type;               /* JAX's, once it is known */

enum { UNUSUAL = 0, DONE = 1, FAILED = -1 };
enum { FEW = 8 };

/* Adds to a slot that holds an int. */
int add_to(PyObject *object, Py_ssize_t offset, Py_ssize_t number)
{
    PyObject *sum = PyLong_FromSsize_t(PyLong_AsSsize_t(FIELD(object, offset)) + number);
    if (sum == NULL)
        return -1;
    Py_SETREF(FIELD(object, offset), sum);
    return 0;
}

/* One run: what of the segment it takes, what is alive of that, and the program with its arguments. */
typedef struct {
    PyObject *specs, *wires, *refs, *leaves, *aliases, *flags, *known; /* the segment's, taken at the dispatch */
    PyObject *structure, *program, *steps; /* how it is computed: by a program, or by steps of the interpreter */
    double lost; /* seconds that to interpret it takes longer */
    Py_ssize_t nodes, results, twins, alive, arguments; /* donated arguments come first */
    PyObject **tensors;  /* those that are alive */
    Py_ssize_t *places;  /* their slots; then of each the place among the program's results */
    PyObject **given;    /* the arguments; the place before them is free, for a call of a method */
    const int32_t *layout; /* `Program.layout` */
    PyObject *few_tensors[FEW], *few_given[1 + FEW]; /* where there is room in these, no memory is asked for */
    Py_ssize_t few_places[FEW];
} Run;

/* The numbers in `Program.layout` */
enum { DONATED, KEPT, SLOTS, CONSTANTS, FIRST };
static const int32_t *donated_leaves(Run *run) { return run->layout + FIRST; }
static const int32_t *kept_leaves(Run *run) { return donated_leaves(run) + run->layout[DONATED]; }

static void drop(Run *run)
{
    for (Py_ssize_t k = 0; k < run->alive; k++)
        Py_DECREF(run->tensors[k]);
    for (Py_ssize_t k = 0; k < run->arguments; k++)
        Py_XDECREF(run->given[k]);
    if (run->tensors != run->few_tensors)
        PyMem_Free(run->tensors);
    if (run->places != run->few_places)
        PyMem_Free(run->places);
    if (run->given != NULL && run->given != run->few_given + 1)
        PyMem_Free(run->given - 1);
    Py_XDECREF(run->structure);
    Py_XDECREF(run->program);
    Py_XDECREF(run->steps);
    Py_XDECREF(run->specs);
    Py_XDECREF(run->wires);
    Py_XDECREF(run->refs);
    Py_XDECREF(run->leaves);
    Py_XDECREF(run->flags);
    Py_XDECREF(run->aliases);
    Py_XDECREF(run->known);
}

/* Whether the segment is one of this thread's own, nothing but nodes is pending in it, and nobody looks on. */
static int is_usual(PyObject *context, PyObject *segment)
{
    return Py_TYPE(segment) == Segment && FIELD(context, c_segment) == segment && FIELD(context, c_tracer) == Py_None
        && FIELD(segment, s_unchecked) == Py_None && FIELD(segment, s_watcher) == Py_None && PyList_GET_SIZE(FIELD(segment, s_specs))
        && !PyList_GET_SIZE(FIELD(segment, s_writes)) && !PyList_GET_SIZE(forks)
        && FIELD(settings, g_tier) == automatic;
}

/* The tapes that go on recording, as a new list; NULL without an error where one has to make entries first. */
static PyObject *tapes_that_record(PyObject *tapes)
{
    PyObject *recording = PyList_New(0);
    Py_INCREF(tapes);
    for (Py_ssize_t k = 0; recording != NULL && k < PyList_GET_SIZE(tapes); k++) {
        PyObject *tape = referred(PyList_GET_ITEM(tapes, k));
        if (tape == NULL)
            continue;
        PyObject *noted = PyObject_GetAttr(tape, n_noted), *records = noted == NULL ? NULL : PyObject_GetAttr(tape, n_recording);
        Py_ssize_t count = records == NULL ? -1 : PyObject_Size(noted);
        if (count != 0 || (records == Py_True && PyList_Append(recording, PyList_GET_ITEM(tapes, k)) < 0))
            Py_CLEAR(recording);
        Py_DECREF(tape);
        Py_XDECREF(noted);
        Py_XDECREF(records);
    }
    Py_DECREF(tapes);
    return recording;
}

/* Whether two wires are the same. */
static int are_equal(PyObject *wire, PyObject *other)
{
    if (wire == other)
        return 1;
    if (!PyTuple_CheckExact(wire) || !PyTuple_CheckExact(other) || PyTuple_GET_SIZE(wire) != PyTuple_GET_SIZE(other))
        return 0;
    for (Py_ssize_t k = 0; k < PyTuple_GET_SIZE(wire); k++) {
        PyObject *place = PyTuple_GET_ITEM(wire, k), *same = PyTuple_GET_ITEM(other, k);
        if (place != same && PyLong_AsSsize_t(place) != PyLong_AsSsize_t(same))
            return 0;
    }
    return 1;
}

/* The Structure that was found last for a segment with this first node, if it is that of these nodes: to compare them takes a tenth
   of a key that is made and hashed. NULL: it is not. */
static PyObject *latest_structure(Run *run)
{
    PyObject *spec = PyList_GET_ITEM(run->specs, 0), *structure = Py_TYPE(spec) == Spec ? FIELD(spec, p_latest) : NULL;
    if (structure == NULL || Py_TYPE(structure) != Structure)
        return NULL;
    PyObject *specs = FIELD(structure, r_specs), *wires = FIELD(structure, r_wires);
    if (!PyTuple_CheckExact(specs) || PyTuple_GET_SIZE(specs) != run->nodes || !PyTuple_CheckExact(wires) || PyTuple_GET_SIZE(wires) != run->nodes
        || PyList_GET_SIZE(run->wires) != run->nodes)
        return NULL;
    for (Py_ssize_t k = 0; k < run->nodes; k++)
        if (PyList_GET_ITEM(run->specs, k) != PyTuple_GET_ITEM(specs, k) || !are_equal(PyList_GET_ITEM(run->wires, k), PyTuple_GET_ITEM(wires, k)))
            return NULL;
    return structure;
}

/* Finds the Structure: `program.find_structure`. */
static int find_structure(Run *run)
{
    PyObject *plan = NULL, *known = run->known, *structure = NULL;
    if (PyTuple_CheckExact(known) && PyTuple_GET_SIZE(known) == 2 && PyLong_AsSsize_t(PyTuple_GET_ITEM(known, 1)) == run->nodes)
        plan = PyTuple_GET_ITEM(known, 0);
    if (plan != NULL && Py_TYPE(plan) == Plan)
        structure = FIELD(plan, plan_structure);
    else
        structure = latest_structure(run);
    if (structure == NULL || Py_TYPE(structure) != Structure || FIELD(structure, r_forgotten) != Py_False) {
        PyObject *specs = PyList_AsTuple(run->specs), *wires = specs == NULL ? NULL : PyList_AsTuple(run->wires);
        PyObject *key = wires == NULL ? NULL : PyTuple_Pack(2, specs, wires);
        structure = key == NULL ? NULL : PyDict_GetItemWithError(structures, key);
        Py_XDECREF(specs);
        Py_XDECREF(wires);
        Py_XDECREF(key);
    }
    if (structure == NULL)
        return PyErr_Occurred() ? FAILED : UNUSUAL;
    /* Some runs go the long way: they are logged, and the order of last uses is kept. */
    Py_ssize_t runs = PyLong_AsSsize_t(FIELD(structure, r_runs));
    if (runs <= PyLong_AsSsize_t(logged_runs) || !(runs & 15))
        return UNUSUAL;
    run->structure = Py_NewRef(structure);
    if (plan != NULL && Py_TYPE(plan) == Plan)
        Py_SETREF(FIELD(plan, plan_structure), Py_NewRef(structure));
    else if (Py_TYPE(PyList_GET_ITEM(run->specs, 0)) == Spec)
        Py_XSETREF(FIELD(PyList_GET_ITEM(run->specs, 0), p_latest), Py_NewRef(structure));
    return DONE;
}

/* What is alive: `program.living`. */
static int find_living(PyObject *segment, Run *run)
{
    run->tensors = run->few_tensors;
    run->places = run->few_places;
    if (run->results + run->twins > FEW) {
        run->tensors = PyMem_New(PyObject *, run->results + run->twins);
        run->places = PyMem_New(Py_ssize_t, run->results + run->twins);
        if (run->tensors == NULL || run->places == NULL) {
            PyErr_NoMemory();
            return FAILED;
        }
    }
    for (Py_ssize_t k = 0; k < run->results + run->twins; k++) {
        PyObject *tensor = referred(k < run->results ? PyList_GET_ITEM(run->refs, k) : PyTuple_GET_ITEM(PyList_GET_ITEM(run->aliases, k - run->results), 1));
        if (tensor == NULL)
            continue;
        run->tensors[run->alive++] = tensor;
        if (!PyObject_TypeCheck(tensor, Tensor) || FIELD(tensor, t_seg) != segment)
            return UNUSUAL;
        run->places[run->alive - 1] = PyLong_AsSsize_t(FIELD(tensor, t_slot));
    }
    return run->alive ? DONE : UNUSUAL;
}

/* A program that gives all that is alive, and has these numbers: `Structure.serving`. */
static int find_program(Run *run)
{
    PyObject *programs = FIELD(run->structure, r_programs);
    for (Py_ssize_t i = 0; PyList_CheckExact(programs) && i < PyList_GET_SIZE(programs); i++) {
        PyObject *program = PyList_GET_ITEM(programs, i);
        const int32_t *layout = (const int32_t *)PyBytes_AS_STRING(FIELD(program, m_layout));
        const int32_t *places = layout + FIRST + layout[DONATED] + layout[KEPT];
        Py_ssize_t k = 0;
        while (k < run->alive && run->places[k] < layout[SLOTS] && places[run->places[k]] >= 0)
            k++;
        if (k < run->alive)
            continue;
        int suits = 1;
        for (Py_ssize_t j = 0; suits > 0 && j < layout[CONSTANTS]; j++)
            suits = holds(PyList_GET_ITEM(FIELD(FIELD(program, m_arguments), d_constants), j), run->leaves);
        if (suits < 0)
            return FAILED;
        if (!suits)
            continue;
        for (k = 0; k < run->alive; k++)
            run->places[k] = places[run->places[k]];
        run->program = Py_NewRef(program);
        run->layout = layout;
        return DONE;
    }
    return UNUSUAL;
}

/* Whether a value is an array of JAX's. */
static int is_array(PyObject *value)
{
    PyTypeObject *type = Py_TYPE(value);
    if (type == array_type)
        return DONE;
    int host = PySet_Contains(host_types, (PyObject *)type);
    if (host || value == Py_None || (PyObject *)type == failure)
        return host < 0 ? FAILED : UNUSUAL;
    Py_XSETREF(array_type, (PyTypeObject *)Py_NewRef((PyObject *)type));
    return DONE;
}

/* The arguments of the call where nothing is new to the device: `Arguments.pack`. What is donated is only looked at. */
static int find_arguments(Run *run)
{
    PyObject *packed = FIELD(FIELD(run->program, m_arguments), d_packed);
    Py_ssize_t donated = run->layout[DONATED], kept = run->layout[KEPT], count = donated + kept + PyList_GET_SIZE(packed);
    PyObject **places = count > FEW ? PyMem_Calloc(1 + count, sizeof(PyObject *)) : run->few_given; /* all NULL */
    if (places == NULL) {
        PyErr_NoMemory();
        return FAILED;
    }
    run->given = places + 1;
    for (; run->arguments < donated; run->arguments++) {
        int found = is_array(FIELD(PyList_GET_ITEM(run->leaves, donated_leaves(run)[run->arguments]), t_value));
        if (found != DONE)
            return found;
    }
    for (Py_ssize_t i = 0; i < kept; i++) {
        PyObject *value = FIELD(PyList_GET_ITEM(run->leaves, kept_leaves(run)[i]), t_value);
        int found = is_array(value);
        if (found != DONE)
            return found;
        run->given[run->arguments++] = Py_NewRef(value);
    }
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(packed); i++) {
        PyObject *vector = pack(PyList_GET_ITEM(packed, i), run->leaves);
        if (vector == NULL)
            return PyErr_Occurred() ? FAILED : UNUSUAL;
        run->given[run->arguments++] = vector;
    }
    return DONE;
}

/* Empty lists: those of the next segment are made while this one's program runs. */
static PyObject *lists[4];

static int make_lists(void)
{
    for (size_t k = 0; k < Py_ARRAY_LENGTH(lists); k++) {
        PyObject *list = lists[k] == NULL ? PyList_New(0) : NULL; /* the collector may run code that takes them, or makes them */
        if (list != NULL && lists[k] == NULL)
            lists[k] = list;
        else
            Py_XDECREF(list);
        if (lists[k] == NULL)
            return PyErr_Occurred() ? -1 : 0;
    }
    return 0;
}

/* One of them, for a field of a segment. */
static void put_list(PyObject *segment, Py_ssize_t offset, size_t k)
{
    PyObject *list = lists[k];
    lists[k] = NULL;
    Py_SETREF(FIELD(segment, offset), list);
}

/* What `Segment._clear` does, unless something has been recorded since `run` looked at it. */
static int take(PyObject *segment, Run *run)
{
    PyObject *tapes = FIELD(segment, s_tapes);
    tapes = PyList_GET_SIZE(tapes) ? tapes_that_record(tapes) : Py_NewRef(tapes);
    PyObject *serial = make_lists() < 0 ? NULL : PyIter_Next(serials);
    PyObject *aliases = run->twins ? PyList_New(0) : Py_NewRef(run->aliases); /* what is empty stays: the run takes `nothing` for it */
    PyObject *flags = PyList_GET_SIZE(run->flags) ? PyList_New(0) : Py_NewRef(run->flags);
    PyObject *gids = PyDict_GET_SIZE(FIELD(segment, s_gids)) ? PyDict_New() : Py_NewRef(FIELD(segment, s_gids));
    int usual = PyErr_Occurred() ? FAILED
        : tapes != NULL && FIELD(segment, s_specs) == run->specs && PyList_GET_SIZE(run->specs) == run->nodes
            && PyList_GET_SIZE(run->refs) == run->results && FIELD(segment, s_aliases) == run->aliases
            && PyList_GET_SIZE(run->aliases) == run->twins && lists[0] != NULL && lists[3] != NULL
        ? DONE : UNUSUAL;
    if (usual == DONE) {
        put_list(segment, s_specs, 0); /* the run owns what was there */
        put_list(segment, s_wires, 1);
        put_list(segment, s_refs, 2);
        put_list(segment, s_leaves, 3);
        Py_SETREF(FIELD(segment, s_flags), Py_NewRef(flags));
        Py_SETREF(FIELD(segment, s_aliases), Py_NewRef(aliases));
        Py_SETREF(FIELD(segment, s_serial), Py_NewRef(serial));
        Py_SETREF(FIELD(segment, s_nbytes), Py_NewRef(zero));
        Py_SETREF(FIELD(segment, s_known), Py_NewRef(Py_None));
        Py_SETREF(FIELD(segment, s_defers), Py_NewRef(FIELD(segment, s_foresees)));
        Py_SETREF(FIELD(segment, s_interrupts), Py_NewRef(FIELD(held, h_delivered)));
        Py_SETREF(FIELD(segment, s_tapes), Py_NewRef(tapes));
        Py_SETREF(FIELD(segment, s_gids), Py_NewRef(gids));
        Py_SETREF(FIELD(segment, s_index), Py_NewRef(Py_None)); /* these two own nothing that could call back */
        if (flags == run->flags)
            Py_SETREF(run->flags, Py_NewRef(nothing));
        if (aliases == run->aliases)
            Py_SETREF(run->aliases, Py_NewRef(nothing));
    }
    Py_XDECREF(tapes);
    Py_XDECREF(flags);
    Py_XDECREF(aliases);
    Py_XDECREF(gids);
    Py_XDECREF(serial);
    return usual;
}

/* Takes over the arrays that are donated: `Arguments._take`. No lock is needed as long as nothing is called in between. */
static int take_over(Run *run)
{
    Py_ssize_t taken = 0;
    for (Py_ssize_t i = 0; i < run->layout[DONATED]; i++) {
        PyObject *leaf = PyList_GET_ITEM(run->leaves, donated_leaves(run)[i]), *value = FIELD(leaf, t_value);
        if (Py_TYPE(value) != array_type) /* another thread has taken it meanwhile */
            return UNUSUAL;
        run->given[i] = Py_NewRef(value);
        int free = Py_REFCNT(leaf) == 1; /* nobody but `leaves` holds it */
        if (free) {
            Py_SETREF(FIELD(leaf, t_seg), Py_NewRef(handover)); /* first: whoever finds no value asks there */
            Py_SETREF(FIELD(leaf, t_value), Py_NewRef(Py_None));
        }
        if (free && Py_REFCNT(value) == 1) {
            taken++;
            continue;
        }
        PyObject *copy = PyObject_CallMethodNoArgs(value, n_copy);
        if (copy == NULL)
            return FAILED;
        Py_SETREF(run->given[i], copy);
    }
    return taken && add_to(stats, n_donated, taken) < 0 ? FAILED : DONE;
}

/* Counts what has been run. */
static int count(Run *run)
{
    return add_to(stats, n_segments, 1) < 0 || add_to(stats, n_ops, run->nodes) < 0 || add_to(run->structure, r_runs, 1) < 0 ? -1 : 0;
}

/* Runs what has been taken the long way, which says what is wrong, if there still is something. */
static int run_again(PyObject *segment, Run *run, PyObject *why)
{
    PyObject *kind, *error, *traceback;
    PyErr_Fetch(&kind, &error, &traceback);
    PyErr_NormalizeException(&kind, &error, &traceback);
    int counted = count(run);
    PyObject *layout = run->program == NULL ? NULL : FIELD(run->program, m_arguments);
    Py_SETREF(run->aliases, PyList_GetSlice(run->aliases, 0, run->twins));
    Py_SETREF(run->flags, PyList_GetSlice(run->flags, 0, PyList_GET_SIZE(run->flags)));
    Py_ssize_t donated = layout == NULL ? 0 : run->layout[DONATED];
    PyObject *given = PyList_New(0), *done = NULL;
    for (Py_ssize_t i = 0; given != NULL && i < donated && run->given[i] != NULL; i++)
        if (PyList_Append(given, run->given[i]) < 0)
            Py_CLEAR(given);
    if (counted == 0 && given != NULL && run->aliases != NULL && run->flags != NULL)
        done = layout == NULL ? Py_NewRef(Py_None) : PyObject_CallMethodObjArgs(layout, n_give_back, run->leaves, given, NULL);
    Py_XDECREF(given);
    for (Py_ssize_t i = 0; i < donated; i++)
        Py_CLEAR(run->given[i]); /* what is held cannot be donated */
    if (done != NULL)
        Py_SETREF(done, PyObject_CallMethodObjArgs(segment, n_again, run->specs, run->wires, run->refs, run->leaves, run->aliases, run->flags, why,
                                                   error == NULL ? Py_None : error, NULL));
    Py_XDECREF(done);
    Py_XDECREF(kind);
    Py_XDECREF(error);
    Py_XDECREF(traceback);
    return done == NULL ? FAILED : DONE;
}

/* Whether a flag of a run is set, or cannot be read. This waits for the program. */
static int has_failed(Run *run)
{
    int failed = 0;
    for (Py_ssize_t k = 0; !failed && k < PyList_GET_SIZE(run->flags); k++) {
        PyObject *flag = PyList_GET_ITEM(run->flags, k), *tensor = PyObject_TypeCheck(flag, Flag) ? FIELD(flag, f_tensor) : NULL;
        PyObject *value = tensor == NULL ? NULL : Py_NewRef(FIELD(tensor, t_value));
        if (value != NULL)
            poll_for(value);
        failed = value == NULL || is_set(value);
        Py_XDECREF(value);
    }
    PyErr_Clear(); /* it comes up once more */
    return failed;
}

/* Calls the program and gives its results to what is alive. */
static int dispatch_program(PyObject *segment, Run *run, PyObject *why)
{
    PyObject *call = Py_NewRef(FIELD(run->program, m_call));
    PyObject *results = take_over(run) == DONE ? PyObject_Vectorcall(call, run->given, run->arguments | PY_VECTORCALL_ARGUMENTS_OFFSET, NULL) : NULL;
    Py_DECREF(call);
    if (results == NULL) /* memory, or a fork */
        return run_again(segment, run, why);
    /* Other threads compute now: whatever can wait comes after the call. */
    int several = PyList_CheckExact(results), found = DONE;
    Py_ssize_t given = several ? PyList_GET_SIZE(results) : 1;
    for (Py_ssize_t k = 0; found == DONE && k < run->alive; k++)
        if (run->places[k] < given)
            fulfil(run->tensors[k], several ? PyList_GET_ITEM(results, run->places[k]) : results);
        else
            found = FAILED;
    if (found == FAILED)
        PyErr_SetString(PyExc_RuntimeError, "a program gave other results than it was compiled for");
    else if (count(run) < 0 || make_lists() < 0 || add_to(stats, n_compiled_runs, 1) < 0)
        found = FAILED;
    if (found == DONE && has_failed(run)) {
        PyObject *done = PyObject_CallMethodObjArgs(segment, n_look, run->specs, run->wires, run->refs, run->leaves, run->aliases, run->flags, why,
                                                    run->program, results, NULL);
        found = done == NULL ? FAILED : DONE;
        Py_XDECREF(done);
    }
    Py_DECREF(results);
    return found;
}

/* `program.run_interpreted` */
static int interpret(PyObject *segment, Run *run, PyObject *why)
{
    if (run->lost > 0 && lose(run->structure, run->lost) < 0)
        return FAILED;
    PyObject **values = PyMem_Calloc(run->results, sizeof *values);
    if (values == NULL) {
        PyErr_NoMemory();
        return FAILED;
    }
    int found = run_steps(run->steps, run->specs, run->flags, run->leaves, values, run->results) == 0 ? DONE : FAILED;
    for (Py_ssize_t k = 0; found == DONE && k < run->alive; k++) {
        Py_ssize_t slot = PyLong_AsSsize_t(FIELD(run->tensors[k], t_slot));
        if (slot < 0 || slot >= run->results || values[slot] == NULL)
            found = FAILED;
        else
            fulfil(run->tensors[k], values[slot]);
    }
    for (Py_ssize_t k = 0; k < run->results; k++)
        Py_XDECREF(values[k]);
    PyMem_Free(values);
    return found == FAILED ? run_again(segment, run, why) : count(run) == 0 && add_to(stats, n_interpreted, 1) == 0 ? DONE : FAILED;
}

/* `interrupts.hold`: 1, 0 where it is not the thread that gets them, or -1. */
static int hold_interrupts(void)
{
    if (PyThread_get_thread_ident() != main_thread)
        return 0;
    if ((PyLong_AsSsize_t(FIELD(held, h_runs)) + 1) % looked_after)
        return add_to(held, h_runs, 1) < 0 || add_to(held, h_depth, 1) < 0 ? -1 : 1;
    PyObject *done = PyObject_CallNoArgs(hold); /* one of the runs that look after the handler */
    Py_XDECREF(done);
    return done == NULL ? -1 : 1;
}

/* `interrupts.release`: -1 where there was an interrupt, which comes before any other error. */
static int release_interrupts(void)
{
    PyObject *kind, *error, *traceback;
    PyErr_Fetch(&kind, &error, &traceback);
    PyObject *done = NULL;
    int failed = FIELD(held, h_count) == zero ? add_to(held, h_depth, -1) < 0 : (done = PyObject_CallNoArgs(release)) == NULL;
    Py_XDECREF(done);
    if (!failed) {
        PyErr_Restore(kind, error, traceback);
        return 0;
    }
    Py_XDECREF(kind);
    Py_XDECREF(error);
    Py_XDECREF(traceback);
    return -1;
}

/* Runs what is pending. The segment's lock is held. */
static int run_locked(PyObject *segment, PyObject *why)
{
    Run run = {
        .specs = Py_NewRef(FIELD(segment, s_specs)), .wires = Py_NewRef(FIELD(segment, s_wires)), .refs = Py_NewRef(FIELD(segment, s_refs)),
        .leaves = Py_NewRef(FIELD(segment, s_leaves)), .aliases = Py_NewRef(FIELD(segment, s_aliases)),
        .flags = Py_NewRef(FIELD(segment, s_flags)),
        .known = Py_NewRef(FIELD(segment, s_known)),
        .nodes = PyList_GET_SIZE(FIELD(segment, s_specs)), .results = PyList_GET_SIZE(FIELD(segment, s_refs)),
        .twins = PyList_GET_SIZE(FIELD(segment, s_aliases)),
    };
    int shielded = 0, found = find_structure(&run);
    if (found == DONE)
        found = find_living(segment, &run);
    int interpreted = 0;
    if (found == DONE && FIELD(run.structure, r_small) == Py_False) {
        found = find_program(&run);
        interpreted = found == UNUSUAL; /* unless it is to be compiled */
    } else
        interpreted = found == DONE;
    if (interpreted)
        found = !have_host_values(run.leaves) ? UNUSUAL
            : (run.steps = find_steps(run.structure, PyList_GET_ITEM(run.specs, 0), run.flags, run.tensors, run.alive, run.results, &run.lost)) != NULL ? DONE
            : PyErr_Occurred() ? FAILED : UNUSUAL;
    else if (found == DONE)
        found = PyList_GET_SIZE(run.flags) && why != for_read && why != for_check ? UNUSUAL : find_arguments(&run);
    if (found == DONE)
        found = (shielded = hold_interrupts()) < 0 ? FAILED : take(segment, &run);
    if (found == DONE)
        found = (interpreted ? interpret : dispatch_program)(segment, &run, why);
    drop(&run);
    if (shielded > 0 && release_interrupts() < 0)
        found = FAILED;
    return found;
}

static int run(PyObject *context, PyObject *segment, PyObject *why)
{
    if (!is_usual(context, segment))
        return UNUSUAL;
    PyObject *lock = FIELD(segment, s_lock);
    if (!Py_IS_TYPE(lock, &LockType) || !try_lock(lock)) /* another thread evaluates something of it */
        return UNUSUAL;
    Py_INCREF(lock);
    int found = run_locked(segment, why);
    unlock(lock);
    Py_DECREF(lock);
    return found;
}

/* `segment.close(why, regular=True)` */
static PyObject *segment_close(PyObject *segment, PyObject *const *args, Py_ssize_t nargs, PyObject *names)
{
    if (nargs == 1 && names == NULL) {
        PyObject *context = current_context();
        int found = context == NULL ? FAILED : run(context, segment, args[0]);
        Py_XDECREF(context);
        if (found != UNUSUAL)
            return found == DONE ? Py_NewRef(Py_None) : NULL;
    }
    PyObject *all[8] = {segment};
    Py_ssize_t count = nargs + (names == NULL ? 0 : PyTuple_GET_SIZE(names));
    for (Py_ssize_t k = 0; k < count && k < 7; k++)
        all[k + 1] = args[k];
    if (count > 7)
        return PyErr_Format(PyExc_TypeError, "close() takes a reason and `regular`");
    return PyObject_Vectorcall(python_close, all, nargs + 1, names);
}

/* `segment.settle(tensor)` */
PyObject *segment_settle(PyObject *segment, PyObject *tensor)
{
    PyObject *context = current_context();
    if (context == NULL)
        return NULL;
    int found = FIELD(context, c_no_reads) == zero ? run(context, segment, for_read) : UNUSUAL;
    Py_DECREF(context);
    if (found != UNUSUAL)
        return found == DONE ? Py_NewRef(Py_None) : NULL;
    return PyObject_CallFunctionObjArgs(python_settle, segment, tensor, NULL);
}

/* Setting up */

static PyMethodDef of_segment[] = {
    {"close", (PyCFunction)(void (*)(void))segment_close, METH_FASTCALL | METH_KEYWORDS, "close(why, regular=True): runs what is pending."},
    {"settle", segment_settle, METH_O, "settle(tensor): computes a pending tensor of this segment."},
};

int setup_running(PyObject *parts)
{
    const struct {
        PyObject **place;
        const char *name;
    } objects[] = {
        {&handover, "handover"}, {&structures, "structures"}, {&serials, "serials"}, {&forks, "forks"}, {&host_types, "host_types"}, {&hold, "hold"},
        {&release, "release"}, {&held, "held"}, {&stats, "stats"}, {&logged_runs, "logged_runs"},
    };
    for (size_t k = 0; k < Py_ARRAY_LENGTH(objects); k++)
        if ((*objects[k].place = own(parts, objects[k].name)) == NULL)
            return -1;
    PyObject *ident = own(parts, "main_thread"), *runs = own(parts, "looked_after");
    if (ident != NULL && runs != NULL) {
        main_thread = PyLong_AsUnsignedLong(ident);
        looked_after = PyLong_AsSsize_t(runs);
    }
    Py_XDECREF(ident);
    Py_XDECREF(runs);
    if (PyErr_Occurred() || (for_read = PyUnicode_InternFromString("read")) == NULL || (for_check = PyUnicode_InternFromString("check")) == NULL
        || (automatic = PyUnicode_InternFromString("auto")) == NULL
        || (nothing = PyList_New(0)) == NULL)
        return -1;
    if ((python_close = PyObject_GetAttrString((PyObject *)Segment, "close")) == NULL
        || (python_settle = PyObject_GetAttrString((PyObject *)Segment, "settle")) == NULL)
        return -1;
    return setup_interpreting(parts) < 0 || setup_values(parts) < 0 ? -1 : put_methods(Segment, of_segment, Py_ARRAY_LENGTH(of_segment));
}
