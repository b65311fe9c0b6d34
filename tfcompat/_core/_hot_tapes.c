/* What tapes and accumulators make of a node, in C: the entry of a tape, the tangents of a ForwardAccumulator, and the key of a
   walk back over what a tape has noted. Each does the usual case of `entries.record_entry`, `forward.record` and
   `folding.noted_key`, and leaves all others to these. */

#include "_hot.h"

static PyObject *gids, *keyed; /* the count of identities, and forward.Keyed */

/* Entries */

/* The next identity, which a tensor gets; `entries.identify`. A new reference. */
static PyObject *identify(PyObject *segment, PyObject *tensor)
{
    PyObject *gid = PyIter_Next(gids);
    if (gid == NULL)
        return NULL;
    Py_SETREF(FIELD(tensor, t_gid), Py_NewRef(gid));
    if (FIELD(segment, s_defers) == Py_True && PyDict_SetItem(FIELD(segment, s_gids), FIELD(tensor, t_slot), gid) < 0)
        Py_CLEAR(gid);
    return gid;
}

/* Has a tape make entries of what it has noted. Its followed gids as a new reference; NULL without an error: not usual. */
static PyObject *followed_by(PyObject *tape)
{
    PyObject *const names[] = {n_noted, n_watches};
    for (int k = 0; k < 2; k++) {
        PyObject *noted = PyObject_GetAttr(tape, names[k]);
        Py_ssize_t size = noted == NULL ? -1 : PyObject_Size(noted);
        Py_XDECREF(noted);
        if (size > 0) {
            PyObject *done = PyObject_CallMethodNoArgs(tape, n_complete);
            Py_XDECREF(done);
            size = done == NULL ? -1 : 0;
        }
        if (size < 0)
            return NULL;
    }
    PyObject *followed = PyObject_GetAttr(tape, n_followed);
    if (followed != NULL && !PySet_CheckExact(followed))
        Py_CLEAR(followed);
    return followed;
}

/* `entries.record_entry` of a node with one result under one tape. */
PyObject *record_entry(PyObject *context, PyObject *op, PyObject *spec, PyObject *ins)
{
    PyObject *segment = FIELD(context, c_segment), *tapes = FIELD(context, c_tapes), *tape, *out = NULL;
    if (!usual_segment(segment) || FIELD(context, c_tracer) != Py_None || PyList_GET_SIZE(tapes) != 1 || !PyTuple_CheckExact(ins)
        || Py_TYPE(spec) != Spec || !PyTuple_CheckExact(FIELD(spec, p_taped)) || Py_TYPE(tape = PyList_GET_ITEM(tapes, 0)) != GradientTape)
        Py_RETURN_NOTIMPLEMENTED;
    PyObject *sparse = PyObject_GetAttr(op, n_sparse_grad);
    Py_XDECREF(sparse);
    if (sparse != Py_None) {
        if (sparse == NULL)
            return NULL;
        Py_RETURN_NOTIMPLEMENTED;
    }
    Py_ssize_t count = PyTuple_GET_SIZE(ins);
    for (Py_ssize_t k = 0; k < count; k++)
        if (Py_TYPE(PyTuple_GET_ITEM(ins, k)) != Tensor)
            Py_RETURN_NOTIMPLEMENTED;
    PyObject *forward = NULL, *keep = NULL, *in_gids = PyTuple_New(count), *mask = PyTuple_New(count), *made = NULL, *all = NULL,
             *kept = NULL, *gid = NULL, *of_outs = NULL, *entry = NULL, *derivative = NULL;
    Py_INCREF(tape);
    Py_INCREF(segment);
    PyObject *followed = followed_by(tape);
    if (in_gids == NULL || mask == NULL || followed == NULL)
        goto unusual;
    for (Py_ssize_t k = 0; k < count; k++) {
        PyObject *own = FIELD(PyTuple_GET_ITEM(ins, k), t_gid);
        int follows = PySet_Contains(followed, own);
        if (follows < 0)
            goto unusual;
        PyTuple_SET_ITEM(in_gids, k, Py_NewRef(own));
        PyTuple_SET_ITEM(mask, k, Py_NewRef(follows ? Py_True : Py_False));
    }
    derivative = Py_XNewRef(PyDict_GetItemWithError(FIELD(spec, p_derivatives), mask));
    if (derivative == NULL || derivative == Py_False || (forward = PyObject_GetAttr(derivative, n_forward)) == NULL
        || PyTuple_GET_ITEM(FIELD(spec, p_taped), 0) != forward || Py_TYPE(forward) != Spec || FIELD(forward, p_single) != Py_True
        || (keep = PyObject_GetAttr(derivative, n_keep)) == NULL || (made = PyObject_GetAttr(tape, n_made)) == NULL
        || !PyList_CheckExact(made))
        goto unusual;
    out = record(segment, forward, ins);
    if (out == NULL || out == Py_NotImplemented)
        goto done;
    all = PyTuple_New(count + 1);
    for (Py_ssize_t k = 0; all != NULL && k <= count; k++)
        PyTuple_SET_ITEM(all, k, Py_NewRef(k < count ? PyTuple_GET_ITEM(ins, k) : out));
    gid = all == NULL ? NULL : identify(segment, out);
    kept = gid == NULL ? NULL : PyObject_CallOneArg(keep, all);
    of_outs = kept == NULL ? NULL : PyTuple_Pack(1, gid);
    entry = of_outs == NULL ? NULL : PyTuple_Pack(6, derivative, in_gids, of_outs, kept, Py_None, FIELD(out, t_slot));
    if (entry == NULL || PyList_Append(made, entry) < 0 || PySet_Add(followed, gid) < 0)
        Py_CLEAR(out);
    goto done;
unusual:
    if (!PyErr_Occurred())
        out = Py_NewRef(Py_NotImplemented);
done:
    Py_DECREF(tape);
    Py_DECREF(segment);
    Py_XDECREF(followed);
    Py_XDECREF(in_gids);
    Py_XDECREF(mask);
    Py_XDECREF(derivative);
    Py_XDECREF(forward);
    Py_XDECREF(keep);
    Py_XDECREF(made);
    Py_XDECREF(all);
    Py_XDECREF(gid);
    Py_XDECREF(kept);
    Py_XDECREF(of_outs);
    Py_XDECREF(entry);
    return out;
}

/* Tangents */

/* What an accumulator knows of a tensor: (reference, tangent), borrowed; NULL without an error: nothing. */
static PyObject *known_of(PyObject *tangents, PyObject *tensor)
{
    PyObject *key = PyLong_FromVoidPtr(tensor);
    PyObject *found = key == NULL ? NULL : PyDict_GetItemWithError(tangents, key);
    Py_XDECREF(key);
    return found;
}

/* `ForwardAccumulator._set` */
static int set_tangent(PyObject *tangents, PyObject *gone, PyObject *tensor, PyObject *tangent)
{
    PyObject *key = PyLong_FromVoidPtr(tensor), *reference = key == NULL ? NULL : PyObject_CallFunctionObjArgs(keyed, tensor, gone, NULL);
    int failed = reference == NULL || PyObject_SetAttr(reference, n_key, key) < 0;
    PyObject *pair = failed ? NULL : PyTuple_Pack(2, reference, tangent);
    failed = pair == NULL || PyDict_SetItem(tangents, key, pair) < 0;
    Py_XDECREF(key);
    Py_XDECREF(reference);
    Py_XDECREF(pair);
    return failed ? -1 : 0;
}

/* `ForwardAccumulator._variable_read` */
int read_forward(PyObject *accumulator, PyObject *cell, PyObject *tensor)
{
    if (Py_TYPE(accumulator) != ForwardAccumulator) {
        PyObject *done = PyObject_CallMethodObjArgs(accumulator, n_variable_read, cell, tensor, NULL);
        Py_XDECREF(done);
        return done == NULL ? -1 : 0;
    }
    PyObject *of_cells = PyObject_GetAttr(accumulator, n_of_cells), *tangent, *tangents, *gone;
    if (of_cells == NULL)
        return -1;
    tangent = Py_XNewRef(PyDict_GetItemWithError(of_cells, FIELD(cell, v_gid)));
    Py_DECREF(of_cells);
    if (tangent == NULL)
        return PyErr_Occurred() ? -1 : 0;
    tangents = PyObject_GetAttr(accumulator, n_tangents);
    gone = tangents == NULL ? NULL : PyObject_GetAttr(accumulator, n_gone);
    int failed = gone == NULL || set_tangent(tangents, gone, tensor, tangent) < 0;
    Py_DECREF(tangent);
    Py_XDECREF(tangents);
    Py_XDECREF(gone);
    return failed ? -1 : 0;
}

/* The (Op, results that have tangents, whether integers are watched) of a node, borrowed; NULL without an error: there is none yet. */
static PyObject *jvp_of(PyObject *spec, PyObject *tangents, PyObject *ins)
{
    Py_ssize_t count = PyTuple_GET_SIZE(ins);
    PyObject *key = PyTuple_New(count + 1), *made = NULL;
    if (key == NULL)
        return NULL;
    PyTuple_SET_ITEM(key, 0, Py_NewRef(n_jvp));
    for (Py_ssize_t k = 0; k < count; k++) {
        PyObject *found = known_of(tangents, PyTuple_GET_ITEM(ins, k));
        if (found == NULL && PyErr_Occurred())
            goto done;
        PyTuple_SET_ITEM(key, k + 1, Py_NewRef(found == NULL ? Py_False : Py_True));
    }
    made = PyDict_GetItemWithError(FIELD(spec, p_derivatives), key);
done:
    Py_DECREF(key);
    return made;
}

/* A node with one result, with its entry on a tape that was entered after the accumulator, or on none. */
static PyObject *record_primal(PyObject *context, PyObject *op, PyObject *spec, PyObject *ins)
{
    if (PyList_GET_SIZE(FIELD(context, c_tapes)))
        return record_entry(context, op, spec, ins);
    return record(FIELD(context, c_segment), spec, ins);
}

/* `forward.record` of a node with one result where one accumulator is active, and no tape was entered before it. */
PyObject *record_forward(PyObject *context, PyObject *op, PyObject *spec, PyObject *ins)
{
    PyObject *accumulators = FIELD(context, c_accumulators), *tapes = FIELD(context, c_tapes), *segment = FIELD(context, c_segment);
    if (!usual_segment(segment) || PyList_GET_SIZE(accumulators) != 1 || Py_TYPE(PyList_GET_ITEM(accumulators, 0)) != ForwardAccumulator
        || !PyTuple_CheckExact(ins) || Py_TYPE(spec) != Spec || FIELD(spec, p_single) != Py_True)
        Py_RETURN_NOTIMPLEMENTED;
    Py_INCREF(segment);
    PyObject *accumulator = Py_NewRef(PyList_GET_ITEM(accumulators, 0)), *out = NULL, *jvp = NULL, *only = NULL, *places = NULL,
             *operands = NULL, *of_outs = NULL, *grad = PyObject_GetAttr(op, n_grad), *gone = NULL;
    PyObject *tangents = grad == NULL ? NULL : PyObject_GetAttr(accumulator, n_tangents);
    if (tangents == NULL || !PyDict_CheckExact(tangents) || (gone = PyObject_GetAttr(accumulator, n_gone)) == NULL)
        goto unusual;
    if (PyList_GET_SIZE(tapes)) { /* it sees the results, and not their tangents */
        PyObject *of_tape = PyObject_GetAttr(PyList_GET_ITEM(tapes, 0), n_level), *own = PyObject_GetAttr(accumulator, n_level);
        int inside = of_tape == NULL || own == NULL ? -1 : PyObject_RichCompareBool(of_tape, own, Py_GT);
        PyObject *fresh = inside < 0 ? NULL : PyObject_GetAttr(PyList_GET_ITEM(tapes, 0), n_fresh);
        Py_XDECREF(of_tape);
        Py_XDECREF(own);
        Py_XDECREF(fresh);
        if (inside != 1 || fresh != Py_False)
            goto unusual;
    }
    Py_ssize_t count = PyTuple_GET_SIZE(ins), given = 0;
    for (Py_ssize_t k = 0; k < count; k++)
        given += known_of(tangents, PyTuple_GET_ITEM(ins, k)) != NULL;
    if (PyErr_Occurred())
        goto done;
    if (grad == Py_None || !given) {
        out = record_primal(context, op, spec, ins);
        goto done;
    }
    PyObject *made = jvp_of(spec, tangents, ins);
    if (made == NULL || PyTuple_GET_ITEM(made, 2) != Py_False || PyTuple_GET_ITEM(made, 0) == Py_None)
        goto unusual;
    jvp = Py_NewRef(PyTuple_GET_ITEM(made, 0));
    places = Py_NewRef(PyTuple_GET_ITEM(made, 1));
    PyObject *folded = PyObject_GetAttr(jvp, n_folded);
    Py_XDECREF(folded);
    if (folded != Py_False || !PyList_CheckExact(places) || PyList_GET_SIZE(places) != 1 || (only = PyObject_GetAttr(jvp, n_only)) == NULL
        || only == Py_None)
        goto unusual;
    operands = PyTuple_New(count + 1 + given);
    if (operands == NULL)
        goto done;
    for (Py_ssize_t k = 0, n = count + 1; k < count; k++) { /* before a node is recorded: that may let tensors go */
        PyObject *found = known_of(tangents, PyTuple_GET_ITEM(ins, k));
        if (found != NULL && n < count + 1 + given)
            PyTuple_SET_ITEM(operands, n++, Py_NewRef(PyTuple_GET_ITEM(found, 1)));
        PyTuple_SET_ITEM(operands, k, Py_NewRef(PyTuple_GET_ITEM(ins, k)));
    }
    out = record_primal(context, op, spec, ins);
    if (out == NULL || out == Py_NotImplemented)
        goto done;
    PyTuple_SET_ITEM(operands, count, Py_NewRef(out));
    of_outs = record(segment, only, operands);
    if (of_outs == Py_NotImplemented)
        Py_SETREF(of_outs, PyObject_CallMethodObjArgs(segment, n_record, only, operands, NULL));
    if (of_outs != NULL && !(PyList_CheckExact(of_outs) && PyList_GET_SIZE(of_outs))) {
        PyErr_SetString(PyExc_TypeError, "a Jacobian-vector product is a list of tensors");
        Py_CLEAR(out);
    } else if (of_outs == NULL || set_tangent(tangents, gone, out, PyList_GET_ITEM(of_outs, 0)) < 0)
        Py_CLEAR(out);
    goto done;
unusual:
    if (!PyErr_Occurred())
        out = Py_NewRef(Py_NotImplemented);
done:
    Py_DECREF(accumulator);
    Py_DECREF(segment);
    Py_XDECREF(grad);
    Py_XDECREF(tangents);
    Py_XDECREF(gone);
    Py_XDECREF(jvp);
    Py_XDECREF(places);
    Py_XDECREF(only);
    Py_XDECREF(operands);
    Py_XDECREF(of_outs);
    return out;
}

/* Known walks back */

/* Where a segment has a tensor, as `folding._places` says it. */
static PyObject *place_of(PyObject *segment, PyObject *tensor)
{
    if (FIELD(tensor, t_seg) == segment)
        return Py_NewRef(FIELD(tensor, t_slot));
    PyObject *wire = leaf_wire(segment, tensor);
    return wire != NULL || PyErr_Occurred() ? wire : Py_NewRef(Py_None);
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
    if (Py_TYPE(tape) != GradientTape || !usual_segment(segment) || !PyList_CheckExact(targets) || !PyList_CheckExact(sources)
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
    if (!PyList_GET_SIZE(fields[NOTED]) || PyList_GET_SIZE(fields[WATCHES]) < PyTuple_GET_SIZE(of_watches)) { /* a seed ran what it notes */
        key = Py_NewRef(Py_NotImplemented);
        goto done;
    }
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
PyObject *noted_key(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    if (nargs != 7)
        return PyErr_Format(PyExc_TypeError, "noted_key() takes 7 arguments");
    PyObject *key = noted_key_of(args[0], args[1], args[2], args[3], args[4], args[5], args[6]);
    if (key != Py_NotImplemented)
        return key;
    Py_DECREF(key);
    return PyObject_Vectorcall(python_noted_key, args, nargs, NULL);
}

int setup_tapes(PyObject *parts)
{
    return (gids = own(parts, "gids")) == NULL || (keyed = own(parts, "keyed")) == NULL
        || (python_noted_key = own(parts, "noted_key")) == NULL ? -1 : 0;
}
