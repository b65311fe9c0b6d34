/* Plans: what a jaxpr of small arrays computes, as loops over memory; see plans.py. What the steps do is in _hot_steps.c.

   Elementwise steps, reductions and products are the inner loops of NumPy's ufuncs, which are called here without what
   NumPy does around them for each call: the values are the same. */

#define IMPORTS_NUMPY
#include "_hot_plan.h"

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
    if (PyTypeNum_ISUSERDEF(shape->type)) { /* NumPy does not know where in a bfloat16 its number lies */
        *keep = PyArray_FROM_OF(value, NPY_ARRAY_CARRAY_RO);
        return *keep == NULL ? NULL : PyArray_DATA((PyArrayObject *)*keep);
    }
    PyArray_ScalarAsCtype(value, room);
    return (char *)room;
}

/* An argument of a run: what holds its elements, and room for those of a scalar. */
typedef struct {
    PyObject *keep;
    npy_clongdouble room;
} Argument;

/* The arrays of the results. Those of rank 0 come later: they are computed in `rooms`. */
static PyObject *results_of(const Plan_ *plan, char **bases, npy_clongdouble *rooms)
{
    PyObject *results = PyTuple_New(plan->results);
    for (int k = 0; results != NULL && k < plan->results; k++) {
        Shape *shape = &plan->shapes[plan->arguments + k];
        PyObject *array = NULL;
        if (shape->type < 0)
            array = Py_NewRef(Py_None);
        else if (shape->rank == 0)
            bases[k] = (char *)&rooms[k];
        else if ((array = PyArray_SimpleNew(shape->rank, shape->dims, shape->type)) != NULL)
            bases[k] = PyArray_DATA((PyArrayObject *)array);
        else
            Py_CLEAR(results);
        if (results != NULL && array != NULL)
            PyTuple_SET_ITEM(results, k, array);
    }
    return results;
}

/* Results of rank 0 become scalars, as NumPy returns them. */
static int with_scalars(const Plan_ *plan, PyObject *results, npy_clongdouble *rooms)
{
    for (int k = 0; k < plan->results; k++) {
        if (PyTuple_GET_ITEM(results, k) != NULL)
            continue;
        PyArray_Descr *descr = PyArray_DescrFromType(plan->shapes[plan->arguments + k].type);
        PyObject *scalar = descr == NULL ? NULL : PyArray_Scalar(&rooms[k], descr, NULL);
        Py_XDECREF(descr);
        if (scalar == NULL)
            return -1;
        PyTuple_SET_ITEM(results, k, scalar);
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
    npy_clongdouble few_rooms[2 * FEW], *rooms = few_rooms;
    PyObject *results = NULL;
    if (n > FEW || count > 2 * FEW) {
        given = PyMem_Malloc(n * sizeof *given + 1);
        bases = PyMem_Malloc(count * sizeof *bases);
        rooms = PyMem_Malloc(plan->results * sizeof *rooms + 1);
        if (given == NULL || bases == NULL || rooms == NULL) {
            PyErr_NoMemory();
            n = 0;
            goto done;
        }
    }
    for (int k = 0; k < n; k++)
        given[k].keep = NULL;
    for (int k = 0; usual && k < n; k++)
        usual = (bases[k] = elements(args[k], &plan->shapes[k], &given[k].room, &given[k].keep)) != NULL;
    if (!usual || (results = results_of(plan, bases + n, rooms)) == NULL)
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
    if (with_scalars(plan, results, rooms) < 0)
        Py_CLEAR(results);
done:
    for (int k = 0; k < n; k++)
        Py_XDECREF(given[k].keep);
    if (given != few)
        PyMem_Free(given);
    if (bases != few_bases)
        PyMem_Free(bases);
    if (rooms != few_rooms)
        PyMem_Free(rooms);
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
    if (PyObject_TypeCheck(ufunc, &PyUFunc_Type) && loop == BFLOAT16 && operands == 3 && (step->loop = bfloat_loop(function->name)) != NULL)
        return 0;
    if (!PyObject_TypeCheck(ufunc, &PyUFunc_Type) || loop < 0 || loop >= function->ntypes || function->nargs != operands) {
        PyErr_SetString(PyExc_ValueError, "the ufunc has no such loop");
        return -1;
    }
    const char *types = function->types + loop * operands;
    if (operands == 3 && types[0] == types[1] && types[1] == types[2])
        step->row = short_loop(function->name, types[0]);
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
    if (step->positions > MAX_RANK || step->batch < 0 || step->batch > step->rank || step->moved < 0 || step->moved > 1 || step->operands != 2 + (step->leaves_out && step->moved)) {
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
    if (step->operands < 2 || step->operands > MAX_OPERANDS || step->kind < LOOP || step->kind > LAW || (product && step->rank != 3)) {
        PyErr_SetString(PyExc_ValueError, "no such step");
        return -1;
    }
    if ((step->of = PyMem_Calloc(step->operands, sizeof(Operand))) == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (int k = 0; k < step->operands; k++) {
        Operand *operand = &step->of[step->kind == LOOP ? (k + step->operands - 1) % step->operands : k];
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
    int parsed = 1, fits = 1;
    switch (step->kind) {
    case CAST:
        parsed = PyArg_ParseTuple(detail, "iii", &step->from, &step->to, &step->size);
        break;
    case PHILOX:
    case BOX_MULLER:
        fits = step->rank == 1 && step->operands == (step->kind == PHILOX ? 7 : 4);
        break;
    case LAW:
        fits = step->rank == 1 && (step->operands == 4 || step->operands == 5);
        break;
    case ORDER: /* how many are wanted, in which order (see `order_of`), type numbers of elements and places */
        parsed = PyArg_ParseTuple(detail, "iiii", &step->size, &step->leaves_out, &step->from, &step->to);
        fits = step->rank && step->operands <= 3 && step->size > 0 && step->size <= MOST_ORDERED;
        break;
    case CHOLESKY:
    case TRIANGULAR:
    case SOLUTION:
    case FACTORS: /* type number, whether the diagonal is of ones */
        parsed = PyArg_ParseTuple(detail, "ii", &step->from, &step->size);
        break;
    case COPY:
    case SELECT:
        parsed = PyArg_ParseTuple(detail, "i", &step->size);
        fits = step->operands == (step->kind == COPY ? 2 : 4);
        break;
    case PLACED:
        parsed = placed_of(detail, step, bases) == 0;
        break;
    default:
        parsed = PyArg_ParseTuple(detail, "Oi", &ufunc, &loop) && loop_of(ufunc, loop, step->operands, step) == 0;
    }
    if (parsed && !fits)
        PyErr_SetString(PyExc_ValueError, "no such step");
    else if (parsed && prepare_step(step) < 0)
        PyErr_SetString(PyExc_NotImplementedError, "not of numbers of this type");
    return PyErr_Occurred() ? -1 : 0;
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
