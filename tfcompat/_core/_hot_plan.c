/* Plans: what a jaxpr of small arrays computes, as loops over memory; see plans.py.

   Elementwise steps, reductions and products are the inner loops of NumPy's ufuncs, which are called here without what
   NumPy does around them for each call: the values are the same. */

#include "_hot.h"
#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#define PY_UFUNC_UNIQUE_SYMBOL tfcompat_hot_ufuncs
#include <numpy/arrayobject.h>
#include <numpy/ufuncobject.h>
#include <math.h>

enum { MAX_RANK = 6, MAX_OPERANDS = 7, MAX_ARGUMENTS = 1000, MOST_ORDERED = 128 };
enum { LOOP, COPY, SELECT, CAST, PRODUCT, PLACED, PHILOX, BOX_MULLER, ORDER };

typedef struct {
    int base; /* number of an argument, of a result, of the constants, of the scratch memory */
    npy_intp offset, strides[MAX_RANK];
} Operand;

/* Where a window begins in one dimension: the number that lies there, between 0 and the limit. */
typedef struct {
    int base, wide;
    npy_intp offset, strides[MAX_RANK], limit, stride;
} Position;

typedef struct {
    int kind, rank, operands, size, from, to;
    /* of windows whose place is data: the number of dimensions that count windows, the operand that they are part of,
       whether those that are not inside are left out (of what is written) or filled (with the last operand) */
    int batch, moved, leaves_out, positions;
    Position *position;
    npy_intp dims[MAX_RANK];
    Operand *of;
    PyUFuncGenericFunction loop;
    void *data;
} Step;

typedef struct {
    int type, rank;
    npy_intp size, dims[MAX_RANK];
} Shape;

typedef struct {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    PyObject *otherwise, *constants, *ufuncs, *dict;
    int arguments, results, steps;
    Py_ssize_t scratch;
    Shape *shapes; /* of the arguments, then of the results */
    Step *step;
} Plan_;

static char *scratch;
static Py_ssize_t scratch_size;

static void copy_row(char *out, char *in, npy_intp n, npy_intp to, npy_intp from, int size)
{
#define ROW(type) \
    for (npy_intp i = 0; i < n; i++, out += to, in += from) \
        *(type *)out = *(type *)in;
    if (to == size && from == size)
        memcpy(out, in, n * size);
    else if (size == 4)
        ROW(npy_uint32)
    else if (size == 8)
        ROW(npy_uint64)
    else if (size == 1)
        ROW(npy_uint8)
    else
        for (npy_intp i = 0; i < n; i++, out += to, in += from)
            memcpy(out, in, size);
}

static void select_row(char **at, npy_intp n, npy_intp *by, int size)
{
    char *mask = at[1], *no = at[2], *yes = at[3], *out = at[0];
#define CHOOSE(type) \
    for (npy_intp i = 0; i < n; i++, out += by[0], mask += by[1], no += by[2], yes += by[3]) \
        *(type *)out = *mask ? *(type *)yes : *(type *)no;
    if (size == 4)
        CHOOSE(npy_uint32)
    else if (size == 8)
        CHOOSE(npy_uint64)
    else if (size == 1)
        CHOOSE(npy_uint8)
    else
        for (npy_intp i = 0; i < n; i++, out += by[0], mask += by[1], no += by[2], yes += by[3])
            memcpy(out, *mask ? yes : no, size);
}

/* The conversions of which C and NumPy think alike */
#define CONVERSIONS(X) \
    X(NPY_BOOL, npy_bool, NPY_INT32, npy_int32) X(NPY_BOOL, npy_bool, NPY_INT64, npy_int64) X(NPY_BOOL, npy_bool, NPY_FLOAT32, npy_float) \
    X(NPY_BOOL, npy_bool, NPY_FLOAT64, npy_double) X(NPY_INT32, npy_int32, NPY_FLOAT32, npy_float) X(NPY_INT32, npy_int32, NPY_FLOAT64, npy_double) \
    X(NPY_INT32, npy_int32, NPY_INT64, npy_int64) X(NPY_INT64, npy_int64, NPY_INT32, npy_int32) X(NPY_INT64, npy_int64, NPY_FLOAT32, npy_float) \
    X(NPY_UINT32, npy_uint32, NPY_UINT64, npy_uint64) X(NPY_UINT64, npy_uint64, NPY_UINT32, npy_uint32) X(NPY_INT32, npy_int32, NPY_UINT64, npy_uint64) \
    X(NPY_UINT32, npy_uint32, NPY_INT32, npy_int32) X(NPY_INT32, npy_int32, NPY_UINT32, npy_uint32) X(NPY_UINT32, npy_uint32, NPY_INT64, npy_int64) \
    X(NPY_BOOL, npy_bool, NPY_UINT64, npy_uint64) X(NPY_BOOL, npy_bool, NPY_UINT32, npy_uint32) \
    X(NPY_INT64, npy_int64, NPY_FLOAT64, npy_double) X(NPY_FLOAT32, npy_float, NPY_FLOAT64, npy_double) X(NPY_FLOAT64, npy_double, NPY_FLOAT32, npy_float)

/* Of floats: beyond the integers, and of NaN, the limits and 0, or (`lowest`) the lowest integer. */
static int cast_row(char *out, char *in, npy_intp n, npy_intp to, npy_intp from, int source, int target, int lowest)
{
#define TRUNCATE(a, A, b, B, low, beyond) \
    if (source == a && target == b) { \
        for (npy_intp i = 0; i < n; i++, out += to, in += from) { \
            A x = *(A *)in; \
            *(B *)out = x != x ? (lowest ? (B)low : 0) : x >= -(A)low ? (B)(lowest ? low : beyond) : x <= (A)low ? (B)low : (B)x; \
        } \
        return 1; \
    }
#define CONVERT(a, A, b, B) \
    if (source == a && target == b) { \
        for (npy_intp i = 0; i < n; i++, out += to, in += from) \
            *(B *)out = (B) * (A *)in; \
        return 1; \
    }
    CONVERSIONS(CONVERT)
    TRUNCATE(NPY_FLOAT32, npy_float, NPY_INT32, npy_int32, NPY_MIN_INT32, NPY_MAX_INT32)
    TRUNCATE(NPY_FLOAT32, npy_float, NPY_INT64, npy_int64, NPY_MIN_INT64, NPY_MAX_INT64)
    TRUNCATE(NPY_FLOAT64, npy_double, NPY_INT32, npy_int32, NPY_MIN_INT32, NPY_MAX_INT32)
    TRUNCATE(NPY_FLOAT64, npy_double, NPY_INT64, npy_int64, NPY_MIN_INT64, NPY_MAX_INT64)
    return 0;
}

static void run_row(const Step *step, char **at, npy_intp *by, npy_intp n)
{
    char *args[MAX_OPERANDS];
    switch (step->kind) {
    case PLACED:
        if (step->loop == NULL) {
            copy_row(at[0], at[1], n, by[0], by[1], step->size);
            break;
        } /* fall through: what is there is an operand */
    case LOOP: /* the result comes last */
        memcpy(args, at + 1, (step->operands - 1) * sizeof(char *));
        args[step->operands - 1] = at[0];
        {
            npy_intp steps[MAX_OPERANDS];
            if (step->kind == PLACED) {
                char *there[3] = {at[0], at[1], at[0]};
                npy_intp apart[3] = {by[0], by[1], by[0]};
                step->loop(there, &n, apart, step->data);
                break;
            }
            memcpy(steps, by + 1, (step->operands - 1) * sizeof(npy_intp));
            steps[step->operands - 1] = by[0];
            step->loop(args, &n, steps, step->data);
        }
        break;
    case COPY:
        copy_row(at[0], at[1], n, by[0], by[1], step->size);
        break;
    case SELECT:
        select_row(at, n, by, step->size);
        break;
    case CAST:
        cast_row(at[0], at[1], n, by[0], by[1], step->from, step->to, step->size);
        break;
    }
}

/* Whether, of numbers at two places of a row, the second one comes first in it: `falling` ones in falling order, in which NaN is as
   -infinity; else in rising order, in which NaN is last. Neither where they are equal. */
#define PRECEDES(type, falls_as, is_nan) \
    static int precedes_##type(const char *a, const char *b, int falling) \
    { \
        type x = *(type *)a, y = *(type *)b; \
        if (falling) { \
            x = is_nan(x) ? falls_as : x; \
            y = is_nan(y) ? falls_as : y; \
            return y > x; \
        } \
        return y < x || (is_nan(x) && !is_nan(y)); \
    }
#define NAN_OF_FLOATS(x) ((x) != (x))
#define NAN_OF_INTS(x) 0
PRECEDES(npy_float, -INFINITY, NAN_OF_FLOATS)
PRECEDES(npy_double, -INFINITY, NAN_OF_FLOATS)
PRECEDES(npy_int32, 0, NAN_OF_INTS)
PRECEDES(npy_int64, 0, NAN_OF_INTS)

/* Where the first `size` elements of a row's stable order are: [rows..., size] of [rows..., n]. */
static void run_order(const Step *step, char *out, char *in)
{
    int (*precedes)(const char *, const char *, int) = step->from == NPY_FLOAT32 ? precedes_npy_float
        : step->from == NPY_FLOAT64 ? precedes_npy_double : step->from == NPY_INT32 ? precedes_npy_int32 : precedes_npy_int64;
    int last = step->rank - 1, found = 0;
    npy_intp n = step->dims[last], place[MAX_RANK] = {0}, by = step->of[1].strides[last], to = step->of[0].strides[last];
    npy_int32 order[MOST_ORDERED];
    for (;;) {
        found = 0;
        for (npy_intp i = 0; i < n; i++) { /* by insertion: what is behind the first `size` is dropped */
            int at = found;
            while (at > 0 && precedes(in + order[at - 1] * by, in + i * by, step->leaves_out))
                at--;
            if (at == step->size)
                continue;
            found += found < step->size;
            memmove(order + at + 1, order + at, (found - 1 - at) * sizeof *order);
            order[at] = (npy_int32)i;
        }
        for (int k = 0; k < found; k++)
            if (step->to == NPY_INT64)
                *(npy_int64 *)(out + k * to) = order[k];
            else
                *(npy_int32 *)(out + k * to) = order[k];
        int d = last - 1;
        for (; d >= 0; d--) {
            out += step->of[0].strides[d];
            in += step->of[1].strides[d];
            if (++place[d] < step->dims[d])
                break;
            out -= step->of[0].strides[d] * step->dims[d];
            in -= step->of[1].strides[d] * step->dims[d];
            place[d] = 0;
        }
        if (d < 0)
            return;
    }
}

/* Runs the rows of the dimensions from `first` on. */
static void run_rows(const Step *step, char **at, int first)
{
    npy_intp by[MAX_OPERANDS], place[MAX_RANK] = {0}, n = step->rank > first ? step->dims[step->rank - 1] : 1;
    for (int k = 0; k < step->operands; k++)
        by[k] = step->rank > first ? step->of[k].strides[step->rank - 1] : 0;
    for (;;) {
        run_row(step, at, by, n);
        int d = step->rank - 2;
        for (; d >= first; d--) {
            for (int k = 0; k < step->operands; k++)
                at[k] += step->of[k].strides[d];
            if (++place[d] < step->dims[d])
                break;
            for (int k = 0; k < step->operands; k++)
                at[k] -= step->of[k].strides[d] * step->dims[d];
            place[d] = 0;
        }
        if (d < first)
            return;
    }
}

/* Windows whose places are data: slices, gather, scatter. */
static void run_placed(const Step *step, char **bases)
{
    npy_intp place[MAX_RANK] = {0};
    for (;;) {
        char *at[MAX_OPERANDS];
        int inside = 1, d;
        npy_intp shift = 0;
        for (int k = 0; k < step->operands; k++) {
            at[k] = bases[step->of[k].base] + step->of[k].offset;
            for (d = 0; d < step->batch; d++)
                at[k] += place[d] * step->of[k].strides[d];
        }
        for (int k = 0; k < step->positions; k++) {
            const Position *position = &step->position[k];
            const char *there = bases[position->base] + position->offset;
            for (d = 0; d < step->batch; d++)
                there += place[d] * position->strides[d];
            npy_int64 start = position->wide ? *(npy_int64 *)there : *(npy_int32 *)there;
            inside = inside && start >= 0 && start <= position->limit;
            shift += (start < 0 ? 0 : start > position->limit ? position->limit : start) * position->stride;
        }
        if (inside || !step->leaves_out) {
            at[step->moved] += shift;
            run_rows(step, at, step->batch);
        } else if (step->moved == 1) {
            Step filling = *step;
            Operand of[] = {step->of[0], step->of[2], step->of[2]};
            at[1] = at[2];
            filling.of = of;
            run_rows(&filling, at, step->batch);
        }
        for (d = step->batch - 1; d >= 0 && ++place[d] == step->dims[d]; d--)
            place[d] = 0;
        if (d < 0)
            return;
    }
}

static void run_step(const Step *step, char **bases)
{
    char *at[MAX_OPERANDS];
    if (step->kind == PLACED) {
        run_placed(step, bases);
        return;
    }
    for (int k = 0; k < step->operands; k++)
        at[k] = bases[step->of[k].base] + step->of[k].offset;
    if (step->kind == ORDER) {
        run_order(step, at[0], at[1]);
        return;
    }
    if (step->kind == PHILOX) { /* four words, key, counter, offsets */
        uint32_t *words[4] = {(uint32_t *)at[0], (uint32_t *)at[1], (uint32_t *)at[2], (uint32_t *)at[3]};
        philox_blocks((uint32_t *)at[4], (uint32_t *)at[5], (uint64_t *)at[6], step->dims[0], words);
        return;
    }
    if (step->kind == BOX_MULLER) { /* sines, cosines, two words */
        box_muller32((uint32_t *)at[2], (uint32_t *)at[3], step->dims[0], (float *)at[0], (float *)at[1]);
        return;
    }
    if (step->kind == PRODUCT) { /* result [m, p], [m, n], [n, p] */
        const npy_intp *out = step->of[0].strides, *x = step->of[1].strides, *y = step->of[2].strides;
        npy_intp dims[4] = {1, step->dims[0], step->dims[1], step->dims[2]}, steps[9] = {0, 0, 0, x[0], x[1], y[0], y[1], out[0], out[1]};
        char *args[3] = {at[1], at[2], at[0]};
        step->loop(args, dims, steps, step->data);
        return;
    }
    run_rows(step, at, 0);
}

/* Where an argument's elements lie, one after the other; *keep holds them. NULL: it is not what it should be. */
static char *elements(PyObject *value, const Shape *shape, npy_clongdouble *room, PyObject **keep)
{
    if (PyArray_Check(value)) {
        PyArrayObject *array = (PyArrayObject *)value;
        if (PyArray_TYPE(array) != shape->type || !PyArray_ISNOTSWAPPED(array) || PyArray_NDIM(array) != shape->rank || PyArray_SIZE(array) != shape->size)
            return NULL;
        if (!PyArray_ISCARRAY_RO(array)) {
            *keep = PyArray_FromArray(array, NULL, NPY_ARRAY_CARRAY_RO);
            array = (PyArrayObject *)*keep;
        }
        return array == NULL ? NULL : PyArray_DATA(array);
    }
    if (shape->rank || !PyArray_CheckScalar(value))
        return NULL;
    PyArray_Descr *descr = PyArray_DescrFromScalar(value);
    int fits = descr != NULL && descr->type_num == shape->type && PyDataType_ELSIZE(descr) <= (npy_intp)sizeof *room;
    Py_XDECREF(descr);
    if (!fits)
        return NULL;
    PyArray_ScalarAsCtype(value, room);
    return (char *)room;
}

/* An argument of a run: what holds its elements, and room for those of a scalar. */
typedef struct {
    PyObject *keep;
    npy_clongdouble room;
} Argument;

static PyObject *results_of(const Plan_ *plan, char **bases)
{
    PyObject *results = PyTuple_New(plan->results);
    for (int k = 0; results != NULL && k < plan->results; k++) {
        Shape *shape = &plan->shapes[plan->arguments + k];
        PyObject *array = shape->type < 0 ? Py_NewRef(Py_None) : PyArray_SimpleNew(shape->rank, shape->dims, shape->type);
        if (array == NULL) {
            Py_CLEAR(results);
            break;
        }
        if (shape->type >= 0)
            bases[k] = PyArray_DATA((PyArrayObject *)array);
        PyTuple_SET_ITEM(results, k, array);
    }
    return results;
}

/* Results of rank 0 become scalars, as NumPy returns them. */
static int with_scalars(const Plan_ *plan, PyObject *results)
{
    for (int k = 0; k < plan->results; k++) {
        const Shape *shape = &plan->shapes[plan->arguments + k];
        if (shape->rank || shape->type < 0)
            continue;
        PyObject *array = PyTuple_GET_ITEM(results, k), *scalar = PyArray_Return((PyArrayObject *)Py_NewRef(array));
        if (scalar == NULL)
            return -1;
        PyTuple_SET_ITEM(results, k, scalar);
        Py_DECREF(array);
    }
    return 0;
}

static PyObject *run_plan(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *names)
{
    enum { FEW = 16 };
    const Plan_ *plan = (Plan_ *)self;
    int n = plan->arguments, count = n + plan->results + 2, usual = PyVectorcall_NARGS(nargsf) == n && names == NULL;
    Argument few[FEW], *given = few;
    char *few_bases[2 * FEW], **bases = few_bases;
    PyObject *results = NULL;
    if (n > FEW || count > 2 * FEW) {
        given = PyMem_Malloc(n * sizeof *given + 1);
        bases = PyMem_Malloc(count * sizeof *bases);
        if (given == NULL || bases == NULL) {
            PyErr_NoMemory();
            n = 0;
            goto done;
        }
    }
    for (int k = 0; k < n; k++)
        given[k].keep = NULL;
    for (int k = 0; usual && k < n; k++)
        usual = (bases[k] = elements(args[k], &plan->shapes[k], &given[k].room, &given[k].keep)) != NULL;
    if (!usual || (results = results_of(plan, bases + n)) == NULL)
        goto done;
    if (plan->scratch > scratch_size) {
        PyMem_RawFree(scratch);
        scratch_size = (scratch = PyMem_RawMalloc(plan->scratch + 64)) == NULL ? 0 : plan->scratch;
        if (scratch == NULL) {
            Py_CLEAR(results);
            PyErr_NoMemory();
            goto done;
        }
    } /* from here on no Python runs: the scratch memory is ours */
    bases[count - 2] = PyBytes_AS_STRING(plan->constants);
    bases[count - 1] = (char *)(((uintptr_t)scratch + 63) & ~(uintptr_t)63);
    for (int k = 0; k < plan->steps; k++)
        run_step(&plan->step[k], bases);
    if (with_scalars(plan, results) < 0)
        Py_CLEAR(results);
done:
    for (int k = 0; k < n; k++)
        Py_XDECREF(given[k].keep);
    if (given != few)
        PyMem_Free(given);
    if (bases != few_bases)
        PyMem_Free(bases);
    if (usual || PyErr_Occurred())
        return results;
    return PyObject_Vectorcall(plan->otherwise, args, nargsf, names);
}

static void plan_dealloc(PyObject *self)
{
    Plan_ *plan = (Plan_ *)self;
    Py_XDECREF(plan->otherwise);
    Py_XDECREF(plan->constants);
    Py_XDECREF(plan->ufuncs);
    Py_XDECREF(plan->dict);
    for (int k = 0; plan->step != NULL && k < plan->steps; k++) {
        PyMem_Free(plan->step[k].of);
        PyMem_Free(plan->step[k].position);
    }
    PyMem_Free(plan->shapes);
    PyMem_Free(plan->step);
    Py_TYPE(self)->tp_free(self);
}

static PyTypeObject PlanType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "tfcompat._core._hot.Plan",
    .tp_basicsize = sizeof(Plan_),
    .tp_dealloc = plan_dealloc,
    .tp_vectorcall_offset = offsetof(Plan_, vectorcall),
    .tp_call = PyVectorcall_Call,
    .tp_dictoffset = offsetof(Plan_, dict),
    .tp_getattro = PyObject_GenericGetAttr,
    .tp_setattro = PyObject_GenericSetAttr,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL,
};

static int numbers_of(PyObject *sequence, npy_intp *values, int most)
{
    PyObject *fast = PySequence_Fast(sequence, "a sequence of ints is wanted");
    Py_ssize_t count = fast == NULL ? -1 : PySequence_Fast_GET_SIZE(fast);
    if (count > most)
        PyErr_SetString(PyExc_ValueError, "too many dimensions");
    for (Py_ssize_t k = 0; !PyErr_Occurred() && k < count; k++)
        values[k] = PyLong_AsSsize_t(PySequence_Fast_GET_ITEM(fast, k));
    Py_XDECREF(fast);
    return PyErr_Occurred() ? -1 : (int)count;
}

/* (type number, shape) */
static int shape_of(PyObject *given, Shape *shape)
{
    PyObject *dims;
    shape->type = -1; /* nobody wants it */
    if (given == Py_None)
        return 0;
    if (!PyArg_ParseTuple(given, "iO", &shape->type, &dims) || (shape->rank = numbers_of(dims, shape->dims, MAX_RANK)) < 0)
        return -1;
    shape->size = 1;
    for (int k = 0; k < shape->rank; k++)
        shape->size *= shape->dims[k];
    return 0;
}

/* A ufunc's loop */
static int loop_of(PyObject *ufunc, int loop, int operands, Step *step)
{
    PyUFuncObject *function = (PyUFuncObject *)ufunc;
    if (!PyObject_TypeCheck(ufunc, &PyUFunc_Type) || loop < 0 || loop >= function->ntypes || function->nargs != operands) {
        PyErr_SetString(PyExc_ValueError, "the ufunc has no such loop");
        return -1;
    }
    step->loop = function->functions[loop];
    step->data = function->data == NULL ? NULL : function->data[loop];
    return 0;
}

/* (size of an element, number of dimensions that count windows, operand that they are part of, whether it leaves out, positions, ufunc
   or None, number of the loop); a position is (base, whether it has 64 bits, offset, strides, limit, stride). */
static int placed_of(PyObject *detail, Step *step, int bases)
{
    PyObject *positions, *ufunc, *strides;
    int loop;
    if (!PyArg_ParseTuple(detail, "iiiiO!Oi", &step->size, &step->batch, &step->moved, &step->leaves_out, &PyTuple_Type, &positions, &ufunc, &loop))
        return -1;
    step->positions = (int)PyTuple_GET_SIZE(positions);
    if (step->batch < 0 || step->batch > step->rank || step->moved < 0 || step->moved > 1 || step->operands < 2 + (step->leaves_out && step->moved)) {
        PyErr_SetString(PyExc_ValueError, "no such windows");
        return -1;
    }
    if ((step->position = PyMem_Calloc(step->positions + 1, sizeof(Position))) == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (int k = 0; k < step->positions; k++) {
        Position *position = &step->position[k];
        if (!PyArg_ParseTuple(PyTuple_GET_ITEM(positions, k), "iinOnn", &position->base, &position->wide, &position->offset, &strides,
                              &position->limit, &position->stride))
            return -1;
        int count = numbers_of(strides, position->strides, MAX_RANK);
        if (count != step->batch || position->base < 0 || position->base >= bases) {
            if (!PyErr_Occurred())
                PyErr_SetString(PyExc_ValueError, "a position does not fit");
            return -1;
        }
    }
    return ufunc == Py_None ? 0 : loop_of(ufunc, loop, 3, step);
}

/* (kind, dims, operands, detail): operands are (base, offset, strides), the result first; detail is (ufunc, number of the loop),
   the size of an element, two type numbers and what is beyond (see `cast_row`), what `placed_of` takes, what an order is, or nothing. */
static int step_of(PyObject *given, Step *step, int bases)
{
    PyObject *dims, *operands, *detail, *ufunc, *strides;
    int loop, product;
    if (!PyArg_ParseTuple(given, "iOO!O!", &step->kind, &dims, &PyTuple_Type, &operands, &PyTuple_Type, &detail)
        || (step->rank = numbers_of(dims, step->dims, MAX_RANK)) < 0)
        return -1;
    product = step->kind == PRODUCT;
    step->operands = (int)PyTuple_GET_SIZE(operands);
    if (step->operands < 2 || step->operands > MAX_OPERANDS || step->kind < LOOP || step->kind > ORDER || (product && step->rank != 3)) {
        PyErr_SetString(PyExc_ValueError, "no such step");
        return -1;
    }
    if ((step->of = PyMem_Calloc(step->operands, sizeof(Operand))) == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (int k = 0; k < step->operands; k++) {
        Operand *operand = &step->of[k];
        if (!PyArg_ParseTuple(PyTuple_GET_ITEM(operands, k), "inO", &operand->base, &operand->offset, &strides))
            return -1;
        int count = numbers_of(strides, operand->strides, MAX_RANK);
        if (count < 0)
            return -1;
        if (count != (product ? 2 : step->rank) || operand->base < 0 || operand->base >= bases) {
            PyErr_SetString(PyExc_ValueError, "an operand does not fit");
            return -1;
        }
    }
    if (step->kind == CAST) {
        if (!PyArg_ParseTuple(detail, "iii", &step->from, &step->to, &step->size))
            return -1;
        if (!cast_row(NULL, NULL, 0, 0, 0, step->from, step->to, step->size)) {
            PyErr_SetString(PyExc_NotImplementedError, "no such conversion");
            return -1;
        }
        return 0;
    }
    if (step->kind == PHILOX || step->kind == BOX_MULLER) {
        if (step->rank == 1 && step->operands == (step->kind == PHILOX ? 7 : 4))
            return 0;
        PyErr_SetString(PyExc_ValueError, "no such draws");
        return -1;
    }
    if (step->kind == ORDER) { /* how many are wanted, whether they fall, type numbers of elements and places */
        if (!PyArg_ParseTuple(detail, "iiii", &step->size, &step->leaves_out, &step->from, &step->to))
            return -1;
        if (step->rank && step->size > 0 && step->size <= MOST_ORDERED)
            return 0;
        PyErr_SetString(PyExc_ValueError, "no such order");
        return -1;
    }
    if (step->kind == COPY || step->kind == SELECT)
        return PyArg_ParseTuple(detail, "i", &step->size) ? 0 : -1;
    if (step->kind == PLACED)
        return placed_of(detail, step, bases);
    if (!PyArg_ParseTuple(detail, "Oi", &ufunc, &loop))
        return -1;
    return loop_of(ufunc, loop, step->operands, step);
}

/* plan(arguments, results, constants, scratch, steps, ufuncs, otherwise) */
PyObject *make_plan(PyObject *module, PyObject *args)
{
    PyObject *arguments, *results, *constants, *steps, *ufuncs, *otherwise;
    Py_ssize_t size;
    if (!PyArg_ParseTuple(args, "O!O!SnO!OO", &PyTuple_Type, &arguments, &PyTuple_Type, &results, &constants, &size, &PyTuple_Type, &steps,
                          &ufuncs, &otherwise))
        return NULL;
    Py_ssize_t n = PyTuple_GET_SIZE(arguments), m = PyTuple_GET_SIZE(results), count = PyTuple_GET_SIZE(steps);
    if (n > MAX_ARGUMENTS || m > MAX_ARGUMENTS)
        return PyErr_Format(PyExc_ValueError, "too many arguments or results");
    Plan_ *plan = PyObject_New(Plan_, &PlanType);
    if (plan == NULL)
        return NULL;
    plan->vectorcall = run_plan;
    plan->dict = NULL;
    plan->otherwise = Py_NewRef(otherwise);
    plan->constants = Py_NewRef(constants);
    plan->ufuncs = Py_NewRef(ufuncs); /* whose loops the steps call */
    plan->arguments = (int)n;
    plan->results = (int)m;
    plan->steps = (int)count;
    plan->scratch = size;
    plan->shapes = PyMem_Calloc(n + m + 1, sizeof(Shape));
    plan->step = PyMem_Calloc(count + 1, sizeof(Step));
    if (plan->shapes == NULL || plan->step == NULL)
        PyErr_NoMemory();
    for (Py_ssize_t k = 0; !PyErr_Occurred() && k < n + m; k++)
        shape_of(k < n ? PyTuple_GET_ITEM(arguments, k) : PyTuple_GET_ITEM(results, k - n), &plan->shapes[k]);
    for (Py_ssize_t k = 0; !PyErr_Occurred() && k < count; k++)
        step_of(PyTuple_GET_ITEM(steps, k), &plan->step[k], (int)(n + m + 2));
    if (PyErr_Occurred())
        Py_CLEAR(plan);
    return (PyObject *)plan;
}

int setup_plans(void)
{
    import_array1(-1);
    import_umath1(-1);
    return PyType_Ready(&PlanType);
}
