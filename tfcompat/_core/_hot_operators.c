/* Operators, and what becomes of operands that are no tensors: numbers beside a tensor, variables, keys of raw arguments. */

#include "_hot.h"

/* A tensor of a NumPy number of the dtype of `aval`; NULL without an error: it is of another one, or nothing of the kind. */
static PyObject *numpy_scalar(PyObject *aval, PyObject *number)
{
    PyTypeObject *kinds[] = {&PyFloat_Type, &PyLong_Type, &PyBool_Type, &PyComplex_Type};
    for (size_t k = 0; k < Py_ARRAY_LENGTH(kinds); k++) {
        PyObject *kind = PyDict_GetItemWithError(FIELD(aval, a_scalars), (PyObject *)kinds[k]);
        if (kind == NULL && PyErr_Occurred())
            return NULL;
        if (kind != NULL && PyTuple_CheckExact(kind) && PyTuple_GET_ITEM(kind, 1) == (PyObject *)Py_TYPE(number))
            return new_tensor(PyTuple_GET_ITEM(kind, 0), number, Py_None, plain);
    }
    return NULL;
}

/* A tensor of a number beside `tensor`: `convert.fast_scalar`. NULL without an error: not for it. */
PyObject *scalar_beside(PyObject *tensor, PyObject *number)
{
    PyObject *aval = FIELD(tensor, t_aval);
    if (Py_TYPE(aval) != Aval)
        return NULL;
    PyObject *kind = PyDict_GetItemWithError(FIELD(aval, a_scalars), (PyObject *)Py_TYPE(number));
    if (kind == NULL)
        return PyErr_Occurred() ? NULL : numpy_scalar(aval, number);
    if (!PyTuple_CheckExact(kind) || PyTuple_GET_SIZE(kind) != 4)
        return NULL;
    int fits = PyObject_RichCompareBool(PyTuple_GET_ITEM(kind, 2), number, Py_LE);
    if (fits == 1)
        fits = PyObject_RichCompareBool(number, PyTuple_GET_ITEM(kind, 3), Py_LE);
    if (fits != 1)
        return NULL;
    PyObject *value = PyObject_CallOneArg(PyTuple_GET_ITEM(kind, 1), number);
    PyObject *made = value == NULL ? NULL : new_tensor(PyTuple_GET_ITEM(kind, 0), value, Py_None, plain_static);
    Py_XDECREF(value);
    return made;
}

/* `beside(first, annotations, values)`; see convert.py. */
PyObject *beside(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    if (nargs != 3 || Py_TYPE(args[0]) != Tensor || !PyList_CheckExact(args[1])
        || !(PyTuple_CheckExact(args[2]) || PyList_CheckExact(args[2])) || PyList_GET_SIZE(args[1]) != PySequence_Fast_GET_SIZE(args[2]))
        return PyErr_Format(PyExc_TypeError, "beside() takes a tensor, a list of annotations and as many values");
    Py_ssize_t count = PySequence_Fast_GET_SIZE(args[2]);
    PyObject *letter = NULL, *made = PyList_New(count);
    for (Py_ssize_t k = 0; made != NULL && k < count; k++) {
        PyObject *value = PySequence_Fast_GET_ITEM(args[2], k), *own, *tensor = NULL;
        if (Py_TYPE(value) == Tensor)
            tensor = Py_NewRef(value);
        else {
            if (letter == NULL && (letter = PyObject_GetAttr(PyList_GET_ITEM(args[1], 0), n_letter)) == NULL)
                goto fail;
            if ((own = PyObject_GetAttr(PyList_GET_ITEM(args[1], k), n_letter)) == NULL)
                goto fail;
            int same = PyObject_RichCompareBool(own, letter, Py_EQ);
            Py_DECREF(own);
            if (same < 0 || (same && (tensor = scalar_beside(args[0], value)) == NULL && PyErr_Occurred()))
                goto fail;
        }
        if (tensor == NULL) {
            Py_SETREF(made, Py_NewRef(Py_None));
            break;
        }
        PyList_SET_ITEM(made, k, tensor);
    }
    Py_XDECREF(letter);
    return made;
fail:
    Py_XDECREF(letter);
    Py_XDECREF(made);
    return NULL;
}

/* `plain_ints(values)`; see attributes.py. */
PyObject *plain_ints(PyObject *module, PyObject *values)
{
    int plain = PyList_CheckExact(values) || PyTuple_CheckExact(values);
    for (Py_ssize_t i = 0; plain && i < PySequence_Fast_GET_SIZE(values); i++)
        plain = PyLong_CheckExact(PySequence_Fast_GET_ITEM(values, i));
    return plain ? PySequence_Tuple(values) : Py_NewRef(Py_None);
}

/* Operators: what `_forward` and `_reflected` of _operators.py make, for a tensor or variable and another, or a number. */

/* An operand as a tensor; NULL without an error where it is for `otherwise`. */
PyObject *operand(PyObject *context, PyObject *value)
{
    if (Py_TYPE(value) == Tensor)
        return Py_NewRef(value);
    return Py_TYPE(value) == Variable ? read_variable(context, value) : NULL;
}

static PyObject *operate(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *names)
{
    Operator *operator = (Operator *)self;
    PyObject *context = NULL, *x = NULL, *y = NULL, *key = NULL, *ins = NULL, *out = NULL;
    if (PyVectorcall_NARGS(nargsf) != 2 || names != NULL)
        return PyObject_Vectorcall(operator->otherwise, args, nargsf, names);
    if ((context = current_context()) == NULL)
        return NULL;
    if ((x = operand(context, args[0])) == NULL)
        goto otherwise;
    if ((y = operand(context, args[1])) == NULL && (PyErr_Occurred() || (y = scalar_beside(x, args[1])) == NULL))
        goto otherwise;
    if (operator->reflected) {
        PyObject *left = y;
        y = x;
        x = left;
    }
    if (operator->spec != NULL && FIELD(x, t_aval) == operator->last[0] && FIELD(y, t_aval) == operator->last[1]) {
        PyObject *known = Py_NewRef(operator->spec), *both[2] = {x, y};
        out = record_plain(context, known, both, 2);
        Py_DECREF(known);
        if (out != Py_NotImplemented)
            goto done;
        Py_CLEAR(out);
    }
    if ((key = PyTuple_Pack(2, FIELD(x, t_aval), FIELD(y, t_aval))) == NULL)
        goto done;
    PyObject *spec = PyDict_GetItemWithError(operator->specs, key);
    if (spec == NULL)
        goto otherwise;
    Py_XSETREF(operator->last[0], Py_NewRef(FIELD(x, t_aval)));
    Py_XSETREF(operator->last[1], Py_NewRef(FIELD(y, t_aval)));
    Py_XSETREF(operator->spec, Py_NewRef(spec));
    if ((ins = PyTuple_Pack(2, x, y)) == NULL)
        goto done;
    int special = is_special(spec, ins);
    if (special > 0)
        goto otherwise;
    if (special == 0) {
        Py_INCREF(spec);
        out = dispatch(context, operator->op, spec, ins, operator->attrs, zero);
        Py_DECREF(spec);
    }
done:
    Py_DECREF(context);
    Py_XDECREF(x);
    Py_XDECREF(y);
    Py_XDECREF(key);
    Py_XDECREF(ins);
    return out;
otherwise:
    if (!PyErr_Occurred())
        out = PyObject_Vectorcall(operator->otherwise, args, nargsf, names);
    goto done;
}

static PyObject *operator_bound(PyObject *self, PyObject *instance, PyObject *owner)
{
    return instance == NULL || instance == Py_None ? Py_NewRef(self) : PyMethod_New(self, instance);
}

static PyObject *operator_attribute(PyObject *self, PyObject *name)
{
    return PyObject_GetAttr(((Operator *)self)->otherwise, name);
}

static int operator_traverse(PyObject *self, visitproc visit, void *arg)
{
    Operator *operator = (Operator *)self;
    Py_VISIT(operator->op);
    Py_VISIT(operator->specs);
    Py_VISIT(operator->attrs);
    Py_VISIT(operator->otherwise);
    Py_VISIT(operator->last[0]);
    Py_VISIT(operator->last[1]);
    Py_VISIT(operator->spec);
    return 0;
}

static int operator_clear(PyObject *self)
{
    Operator *operator = (Operator *)self;
    Py_CLEAR(operator->op);
    Py_CLEAR(operator->specs);
    Py_CLEAR(operator->attrs);
    Py_CLEAR(operator->otherwise);
    Py_CLEAR(operator->last[0]);
    Py_CLEAR(operator->last[1]);
    Py_CLEAR(operator->spec);
    return 0;
}

static void operator_dealloc(PyObject *self)
{
    PyObject_GC_UnTrack(self);
    operator_clear(self);
    Py_TYPE(self)->tp_free(self);
}

static PyTypeObject OperatorType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "tfcompat._core._hot.Operator",
    .tp_basicsize = sizeof(Operator),
    .tp_dealloc = operator_dealloc,
    .tp_vectorcall_offset = offsetof(Operator, vectorcall),
    .tp_call = PyVectorcall_Call,
    .tp_getattro = operator_attribute,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_METHOD_DESCRIPTOR,
    .tp_traverse = operator_traverse,
    .tp_clear = operator_clear,
    .tp_descr_get = operator_bound,
};

/* A method that records `op`, and calls `otherwise` where the operands are not usual. */
PyObject *new_operator(vectorcallfunc function, PyObject *op, PyObject *attrs, PyObject *otherwise)
{
    PyObject *specs = op == Py_None ? PyDict_New() : PyObject_GetAttr(op, n_specs);
    if (specs == NULL || !PyDict_Check(specs)) {
        Py_XDECREF(specs);
        return PyErr_Occurred() ? NULL : PyErr_Format(PyExc_TypeError, "specs is no dict");
    }
    Operator *made = PyObject_GC_New(Operator, &OperatorType);
    if (made == NULL) {
        Py_DECREF(specs);
        return NULL;
    }
    made->vectorcall = function;
    made->op = Py_NewRef(op);
    made->specs = specs;
    made->attrs = Py_NewRef(attrs);
    made->otherwise = Py_NewRef(otherwise);
    made->last[0] = made->last[1] = made->spec = NULL;
    made->reflected = 0;
    PyObject_GC_Track((PyObject *)made);
    return (PyObject *)made;
}

/* operator(op, attrs, otherwise, reflected) */
PyObject *make_operator(PyObject *module, PyObject *args)
{
    PyObject *op, *attrs, *otherwise;
    int reflected;
    if (!PyArg_ParseTuple(args, "OO!Op", &op, &PyTuple_Type, &attrs, &otherwise, &reflected))
        return NULL;
    PyObject *made = new_operator(operate, op, attrs, otherwise);
    if (made != NULL)
        ((Operator *)made)->reflected = reflected;
    return made;
}

int setup_operators(void) { return PyType_Ready(&OperatorType); }
