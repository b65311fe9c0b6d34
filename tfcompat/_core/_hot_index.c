/* Indexing with ints, slices of step 1, None and ...: `parse` of _index_patterns.py and `getitem` of _slicing.py in the usual case. */

#include "_hot.h"

#define NPY_NO_DEPRECATED_API NPY_1_7_API_VERSION
#include <numpy/arrayobject.h>

#define MAX_ITEMS 16

/* Entries of a pattern, and where a range is; see _index_patterns.py */
enum { NOTHING = 0, ONE = -1, NEW = -3, ALL = -4, ONLY = -5 };
enum { FIRST = 0, GIVEN = 1, LAST = -1, WIDEST = 255 };

typedef struct {
    Py_ssize_t entries[MAX_ITEMS], starts[MAX_ITEMS];
    int places[MAX_ITEMS];
    Py_ssize_t count, positions;
} Index;

/* An int of Python's own type that is not huge. */
static int number(PyObject *value, Py_ssize_t *result)
{
    int overflow = 0;
    if (!PyLong_CheckExact(value))
        return 0;
    *result = (Py_ssize_t)PyLong_AsLongLongAndOverflow(value, &overflow);
    return !overflow;
}

static int put(Index *index, Py_ssize_t entry)
{
    if (index->count == MAX_ITEMS)
        return 0;
    index->places[index->count] = GIVEN;
    index->entries[index->count++] = entry;
    return 1;
}

static int put_end(Index *index, Py_ssize_t size, int place)
{
    if (!put(index, size))
        return 0;
    index->places[index->count - 1] = place;
    return 1;
}

static int put_at(Index *index, Py_ssize_t entry, Py_ssize_t start)
{
    if (!put(index, entry))
        return 0;
    index->starts[index->positions++] = start;
    return 1;
}

static int put_range(Index *index, PySliceObject *range, Py_ssize_t n)
{
    Py_ssize_t start = 0, stop = n, step = 1;
    int place = range->stop == Py_None ? LAST : range->start == Py_None ? FIRST : GIVEN;
    if (range->start == Py_None && range->stop == Py_None && range->step == Py_None)
        return put(index, ALL);
    if ((range->start != Py_None && !number(range->start, &start)) || (range->stop != Py_None && !number(range->stop, &stop))
        || (range->step != Py_None && !number(range->step, &step)) || step != 1)
        return 0;
    if (place == GIVEN && start >= 0 && stop < 0 && stop >= -WIDEST)
        place = LAST + (int)stop;
    if (start < 0)
        start = start > -n ? start + n : 0;
    if (stop > n)
        stop = n;
    else if (stop < 0)
        stop += n;
    if (stop <= start)
        return put(index, NOTHING);
    if (stop - start == n)
        return put(index, ALL);
    return place == GIVEN ? put_at(index, stop - start, start) : put_end(index, stop - start, place);
}

/* Whether `items` is a usual index of something of this shape, which is in range; then *index is what it means. */
static int understood(PyObject *shape, PyObject *items, Index *index)
{
    int several = PyTuple_CheckExact(items);
    Py_ssize_t count = several ? PyTuple_GET_SIZE(items) : 1, rank, d = 0, n = 0, position = 0, dots = 0, taken = 0;
    if (!PyTuple_CheckExact(shape) || count > MAX_ITEMS)
        return 0;
    rank = PyTuple_GET_SIZE(shape);
    index->count = index->positions = 0;
    for (Py_ssize_t k = 0; k < count; k++) {
        PyObject *item = several ? PyTuple_GET_ITEM(items, k) : items;
        dots += item == Py_Ellipsis;
        taken += item != Py_Ellipsis && item != Py_None;
    }
    if (dots > 1 || taken > rank)
        return 0;
    for (Py_ssize_t k = 0; k < count; k++) {
        PyObject *item = several ? PyTuple_GET_ITEM(items, k) : items;
        if (item == Py_None) {
            if (!put(index, NEW))
                return 0;
        } else if (item == Py_Ellipsis) {
            for (Py_ssize_t skipped = rank - taken; skipped > 0; skipped--, d++)
                if (!put(index, ALL))
                    return 0;
        } else {
            if (!number(PyTuple_GET_ITEM(shape, d), &n))
                return 0;
            if (number(item, &position)) {
                position += position < 0 ? n : 0;
                if (position < 0 || position >= n || !(n > 1 ? put_at(index, ONE, position) : put(index, ONLY)))
                    return 0;
            } else if (!PySlice_Check(item) || !put_range(index, (PySliceObject *)item, n))
                return 0;
            d++;
        }
    }
    return 1;
}

/* The pattern as a tuple. */
static PyObject *pattern_of(const Index *index)
{
    PyObject *result = PyTuple_New(index->count);
    for (Py_ssize_t k = 0; result != NULL && k < index->count; k++) {
        PyObject *entry = PyLong_FromSsize_t(index->entries[k]);
        if (entry != NULL && index->places[k] != GIVEN)
            entry = Py_BuildValue("(Nii)", entry, 1, index->places[k]);
        if (entry == NULL)
            Py_CLEAR(result);
        else
            PyTuple_SET_ITEM(result, k, entry);
    }
    return result;
}

/* Whether it is this entry of the pattern. */
static int is_entry(PyObject *entry, const Index *index, Py_ssize_t k)
{
    if (index->places[k] == GIVEN)
        return PyLong_CheckExact(entry) && PyLong_AsSsize_t(entry) == index->entries[k];
    return PyTuple_CheckExact(entry) && PyLong_AsSsize_t(PyTuple_GET_ITEM(entry, 0)) == index->entries[k]
        && PyLong_AsSsize_t(PyTuple_GET_ITEM(entry, 2)) == index->places[k];
}

static PyObject *starts_of(const Index *index)
{
    PyObject *result = PyList_New(index->positions);
    for (Py_ssize_t k = 0; result != NULL && k < index->positions; k++) {
        PyObject *start = PyLong_FromSsize_t(index->starts[k]);
        if (start == NULL)
            Py_CLEAR(result);
        else
            PyList_SET_ITEM(result, k, start);
    }
    return result;
}

/* parse(shape, items) */
static PyObject *parse(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *names)
{
    Index index;
    if (PyVectorcall_NARGS(nargsf) != 2 || names != NULL || !PyTuple_CheckExact(args[1]) || !understood(args[0], args[1], &index))
        return PyObject_Vectorcall(((Operator *)self)->otherwise, args, nargsf, names);
    PyObject *pattern = pattern_of(&index), *starts = starts_of(&index), *result = NULL;
    if (pattern != NULL && starts != NULL)
        result = PyTuple_Pack(2, pattern, starts);
    Py_XDECREF(pattern);
    Py_XDECREF(starts);
    return result;
}

/* A position as a tensor. `made`: its Aval, NumPy scalars of the first numbers, the type of the others. */
static PyObject *position_tensor(PyObject *made, Py_ssize_t start)
{
    PyObject *known = PyTuple_GET_ITEM(made, 1), *value;
    if (start < PyList_GET_SIZE(known))
        value = Py_NewRef(PyList_GET_ITEM(known, start));
    else
        value = PyObject_CallFunction(PyTuple_GET_ITEM(made, 2), "n", start);
    PyObject *tensor = value == NULL ? NULL : new_tensor(PyTuple_GET_ITEM(made, 0), value, Py_None, plain_static);
    Py_XDECREF(value);
    return tensor;
}

/* Records the op of `method` on a tensor, positions in it and a value, if there is one, where it has been recorded before for these
   avals and pattern; NULL without an error: it has not. */
static PyObject *record_at(Operator *method, PyObject *context, PyObject *tensor, PyObject *pattern, const Index *index, PyObject *value)
{
    PyObject *aval = FIELD(tensor, t_aval), *ins = NULL, *attrs = NULL, *count = NULL, *out = NULL;
    PyObject *key = value == NULL ? PyTuple_Pack(2, aval, pattern) : PyTuple_Pack(3, aval, FIELD(value, t_aval), pattern);
    PyObject *spec = key == NULL ? NULL : Py_XNewRef(PyDict_GetItemWithError(method->specs, key));
    if (spec == NULL || (ins = PyTuple_New(1 + index->positions + (value != NULL))) == NULL)
        goto done;
    PyTuple_SET_ITEM(ins, 0, Py_NewRef(tensor));
    for (Py_ssize_t k = 0; k < index->positions; k++) {
        PyObject *start = position_tensor(method->attrs, index->starts[k]);
        if (start == NULL)
            goto done;
        PyTuple_SET_ITEM(ins, 1 + k, start);
    }
    if (value != NULL)
        PyTuple_SET_ITEM(ins, 1 + index->positions, Py_NewRef(value));
    if (is_special(spec, ins) == 0 && (attrs = PyTuple_Pack(1, pattern)) != NULL && (count = PyLong_FromSsize_t(index->positions)) != NULL)
        out = dispatch(context, method->op, spec, ins, attrs, count);
    if (out != NULL && value == NULL) {
        Py_XSETREF(method->last[0], Py_NewRef(aval));
        Py_XSETREF(method->last[1], Py_NewRef(pattern));
        Py_XSETREF(method->spec, Py_NewRef(spec));
    }
done:
    Py_XDECREF(key);
    Py_XDECREF(spec);
    Py_XDECREF(ins);
    Py_XDECREF(attrs);
    Py_XDECREF(count);
    return out;
}

/* Whether a tensor is at hand in this thread: it has a value or is pending here, and nothing is being traced. */
static int is_at_hand(PyObject *context, PyObject *tensor)
{
    PyObject *segment = FIELD(tensor, t_seg);
    return FIELD(context, c_trace) == Py_None && (segment == Py_None || segment == FIELD(context, c_segment)) && Py_TYPE(FIELD(tensor, t_aval)) == Aval;
}

/* An element of a vector that is known, like `tf.shape(x)[0]`; NULL without an error: it is nothing of the kind. */
static PyObject *element(PyObject *tensor, PyObject *item)
{
    PyObject *vector = FIELD(tensor, t_value);
    Py_ssize_t position;
    if (PyObject_RichCompareBool(FIELD(tensor, t_slot), plain_static, Py_EQ) != 1 || FIELD(tensor, t_gid) != zero || !PyArray_CheckExact(vector)
        || PyArray_NDIM((PyArrayObject *)vector) != 1 || Py_TYPE(FIELD(tensor, t_aval)) != Aval || !number(item, &position))
        return NULL;
    Py_ssize_t n = PyArray_DIM((PyArrayObject *)vector, 0);
    PyObject *scalar = PyDict_GetItemWithError(FIELD(FIELD(tensor, t_aval), a_scalars), (PyObject *)&PyLong_Type);
    position += position < 0 ? n : 0;
    if (scalar == NULL || position < 0 || position >= n)
        return NULL;
    PyObject *value = PyArray_ToScalar(PyArray_GETPTR1((PyArrayObject *)vector, position), (PyArrayObject *)vector);
    PyObject *made = value == NULL ? NULL : new_tensor(PyTuple_GET_ITEM(scalar, 0), value, Py_None, plain_static);
    Py_XDECREF(value);
    return made;
}

/* Records the op where aval and pattern are those that came last, and no tape looks on; NULL without an error: they are not. */
static PyObject *record_again(Operator *method, PyObject *context, PyObject *tensor, const Index *index)
{
    PyObject *pattern = method->last[1], *ins[1 + MAX_ITEMS] = {tensor}, *out = NULL;
    if (method->spec == NULL || FIELD(tensor, t_aval) != method->last[0] || !PyTuple_CheckExact(pattern) || PyTuple_GET_SIZE(pattern) != index->count
        || PyList_GET_SIZE(FIELD(context, c_tapes)) || PyList_GET_SIZE(FIELD(context, c_accumulators)))
        return NULL;
    for (Py_ssize_t k = 0; k < index->count; k++)
        if (!is_entry(PyTuple_GET_ITEM(pattern, k), index, k))
            return NULL;
    PyObject *spec = Py_NewRef(method->spec);
    Py_ssize_t made = 0;
    while (made < index->positions && (ins[1 + made] = position_tensor(method->attrs, index->starts[made])) != NULL)
        made++;
    if (made == index->positions)
        out = record_plain(context, spec, ins, 1 + made);
    while (made)
        Py_DECREF(ins[made--]);
    Py_DECREF(spec);
    if (out == Py_NotImplemented)
        Py_CLEAR(out);
    return out;
}

/* tensor[index] */
static PyObject *part(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *names)
{
    Operator *method = (Operator *)self;
    if (PyVectorcall_NARGS(nargsf) != 2 || names != NULL || Py_TYPE(args[0]) != Tensor)
        return PyObject_Vectorcall(method->otherwise, args, nargsf, names);
    PyObject *context = current_context(), *out = NULL;
    Index index;
    if (context == NULL)
        return NULL;
    if (FIELD(context, c_trace) == Py_None && PyList_GET_SIZE(FIELD(context, c_accumulators)) == 0)
        out = element(args[0], args[1]);
    if (out == NULL && !PyErr_Occurred() && is_at_hand(context, args[0]) && understood(FIELD(FIELD(args[0], t_aval), a_shape), args[1], &index)) {
        PyObject *pattern = NULL;
        out = record_again(method, context, args[0], &index);
        if (out == NULL && !PyErr_Occurred() && (pattern = pattern_of(&index)) != NULL)
            out = record_at(method, context, args[0], pattern, &index, NULL);
        Py_XDECREF(pattern);
    }
    Py_DECREF(context);
    return out != NULL || PyErr_Occurred() ? out : PyObject_Vectorcall(method->otherwise, args, nargsf, names);
}

/* assign(tensor, pattern, starts, value): the tensor with a value put in. */
static PyObject *put_in(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *names)
{
    Operator *method = (Operator *)self;
    PyObject *context = NULL, *value = NULL, *out = NULL;
    Index index = {.positions = 0};
    if (PyVectorcall_NARGS(nargsf) != 4 || names != NULL || Py_TYPE(args[0]) != Tensor || !PyTuple_CheckExact(args[1]) || !PyList_CheckExact(args[2])
        || PyList_GET_SIZE(args[2]) > MAX_ITEMS)
        goto otherwise;
    for (; index.positions < PyList_GET_SIZE(args[2]); index.positions++)
        if (!number(PyList_GET_ITEM(args[2], index.positions), &index.starts[index.positions]))
            goto otherwise;
    if ((context = current_context()) == NULL)
        return NULL;
    if (is_at_hand(context, args[0]) && ((value = operand(context, args[3])) != NULL || (!PyErr_Occurred() && (value = scalar_beside(args[0], args[3])) != NULL)))
        out = record_at(method, context, args[0], args[1], &index, value);
    Py_DECREF(context);
    Py_XDECREF(value);
    if (out != NULL || PyErr_Occurred())
        return out;
otherwise:
    return PyObject_Vectorcall(method->otherwise, args, nargsf, names);
}

static PyObject *make_method(vectorcallfunc function, PyObject *args)
{
    PyObject *op, *made, *otherwise;
    if (!PyArg_ParseTuple(args, "OO!O", &op, &PyTuple_Type, &made, &otherwise))
        return NULL;
    if (PyTuple_GET_SIZE(made) != 3 || !PyList_CheckExact(PyTuple_GET_ITEM(made, 1)))
        return PyErr_Format(PyExc_TypeError, "an Op, (aval, list of numbers, type) and a function are needed");
    return new_operator(function, op, made, otherwise);
}

/* subscript(op, made, otherwise): `_slicing.getitem`; `made` is what `position_tensor` takes. */
PyObject *make_subscript(PyObject *module, PyObject *args) { return make_method(part, args); }

/* putting(op, made, otherwise): `_slicing.assign` */
PyObject *make_putting(PyObject *module, PyObject *args) { return make_method(put_in, args); }

/* parser(otherwise): `_index_patterns.parse`. */
PyObject *make_parser(PyObject *module, PyObject *otherwise) { return new_operator(parse, Py_None, Py_None, otherwise); }

int setup_indexing(void)
{
    import_array1(-1);
    return 0;
}
