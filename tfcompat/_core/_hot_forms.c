/* Forms: what calls with arguments like these record; see forms.py and _hot_calls.c. */

#include "_hot.h"

#define FEW 8        /* operands of a node that needs no tuple of them */
#define FEW_TENSORS 64 /* registers that are on the stack */

/* One node of a form */
typedef struct {
    PyObject *op, *spec, *key, *attrs, *count;
    Py_ssize_t operands, first, results; /* `first`: the register of its first result */
    Py_ssize_t *from;                    /* the registers of its operands */
} Node;

/* What a call records. Registers hold the tensors among the arguments, constants, and the results of the nodes, in order. */
typedef struct {
    PyObject_HEAD
    Py_ssize_t inputs, registers, count, outputs;
    Node *nodes;
    Py_ssize_t *outs;    /* the registers of what is returned */
    PyObject *constants; /* a tuple of tensors with values */
    PyObject *values;    /* of tensors that are returned with copies of their values: their numbers come after the registers' */
    PyObject *make;      /* None: there is one output, which is returned; list, tuple, or a function of the outputs */
} Form;

static PyTypeObject FormType;

static void form_dealloc(PyObject *self)
{
    Form *form = (Form *)self;
    for (Py_ssize_t k = 0; form->nodes != NULL && k < form->count; k++) {
        Node *node = &form->nodes[k];
        Py_XDECREF(node->op);
        Py_XDECREF(node->spec);
        Py_XDECREF(node->key);
        Py_XDECREF(node->attrs);
        Py_XDECREF(node->count);
        PyMem_Free(node->from);
    }
    PyMem_Free(form->nodes);
    PyMem_Free(form->outs);
    Py_XDECREF(form->constants);
    Py_XDECREF(form->values);
    Py_XDECREF(form->make);
    PyObject_Free(self);
}

/* The ints of a tuple, each one of `limit` registers. */
static Py_ssize_t *registers_of(PyObject *numbers, Py_ssize_t limit)
{
    Py_ssize_t *found = PyMem_New(Py_ssize_t, PyTuple_GET_SIZE(numbers) + 1);
    for (Py_ssize_t k = 0; found != NULL && k < PyTuple_GET_SIZE(numbers); k++) {
        found[k] = PyLong_AsSsize_t(PyTuple_GET_ITEM(numbers, k));
        if (found[k] < 0 || found[k] >= limit) {
            PyMem_Free(found);
            return PyErr_Occurred() ? NULL : (PyErr_SetString(PyExc_ValueError, "there is no such register"), NULL);
        }
    }
    return found == NULL ? (PyErr_NoMemory(), NULL) : found;
}

/* form(inputs, constants, nodes, values, outputs, make): nodes are (op, spec, key, attributes, count, registers, number of results). */
PyObject *make_form(PyObject *module, PyObject *args)
{
    PyObject *constants, *nodes, *values, *outputs, *make;
    Py_ssize_t inputs;
    if (!PyArg_ParseTuple(args, "nO!O!O!O!O", &inputs, &PyTuple_Type, &constants, &PyTuple_Type, &nodes, &PyTuple_Type, &values, &PyTuple_Type, &outputs,
                          &make))
        return NULL;
    Form *form = PyObject_New(Form, &FormType);
    if (form == NULL)
        return NULL;
    form->inputs = inputs;
    form->constants = Py_NewRef(constants);
    form->values = Py_NewRef(values);
    form->make = Py_NewRef(make);
    form->registers = inputs + PyTuple_GET_SIZE(constants);
    form->outputs = PyTuple_GET_SIZE(outputs);
    form->outs = NULL;
    form->count = 0;
    if ((form->nodes = PyMem_Calloc(PyTuple_GET_SIZE(nodes) + 1, sizeof(Node))) == NULL) {
        PyErr_NoMemory();
        goto fail;
    }
    for (Py_ssize_t k = 0; k < PyTuple_GET_SIZE(nodes); k++) {
        PyObject *op, *spec, *key, *attrs, *count, *from;
        Py_ssize_t results;
        if (!PyArg_ParseTuple(PyTuple_GET_ITEM(nodes, k), "OOOOOO!n", &op, &spec, &key, &attrs, &count, &PyTuple_Type, &from, &results))
            goto fail;
        Node *node = &form->nodes[form->count++];
        node->op = Py_NewRef(op);
        node->spec = Py_NewRef(spec);
        node->key = Py_NewRef(key);
        node->attrs = Py_NewRef(attrs);
        node->count = Py_NewRef(count);
        node->operands = PyTuple_GET_SIZE(from);
        node->first = form->registers;
        node->results = results;
        if ((node->from = registers_of(from, form->registers)) == NULL)
            goto fail;
        form->registers += results;
    }
    if ((form->outs = registers_of(outputs, form->registers + PyTuple_GET_SIZE(values))) == NULL)
        goto fail;
    return (PyObject *)form;
fail:
    Py_DECREF(form);
    return NULL;
}

/* Records a form's nodes; their results go into the registers. */
static int record_nodes(PyObject *context, Form *form, PyObject **registers)
{
    for (Py_ssize_t k = 0; k < form->count; k++) {
        Node *node = &form->nodes[k];
        PyObject *few[FEW], *out = NULL, *ins = NULL;
        if (node->operands <= FEW) {
            for (Py_ssize_t i = 0; i < node->operands; i++)
                few[i] = registers[node->from[i]];
            out = record_plain(context, node->spec, few, node->operands);
            if (out == NULL)
                return -1;
        }
        if (out == NULL || out == Py_NotImplemented) {
            Py_XDECREF(out);
            if ((ins = PyTuple_New(node->operands)) == NULL)
                return -1;
            for (Py_ssize_t i = 0; i < node->operands; i++)
                PyTuple_SET_ITEM(ins, i, Py_NewRef(registers[node->from[i]]));
            out = record_call(context, node->op, node->spec, node->key, ins, node->attrs, node->count);
            Py_DECREF(ins);
            if (out == NULL)
                return -1;
        }
        if (!PyList_CheckExact(out)) {
            registers[node->first] = out;
            if (node->results != 1)
                return PyErr_Format(PyExc_SystemError, "%R gave one result of %zd", node->op, node->results), -1;
            continue;
        }
        Py_ssize_t given = PyList_GET_SIZE(out);
        for (Py_ssize_t i = 0; i < node->results && i < given; i++)
            registers[node->first + i] = Py_NewRef(PyList_GET_ITEM(out, i));
        Py_DECREF(out);
        if (given < node->results)
            return PyErr_Format(PyExc_SystemError, "%R gave %zd results of %zd", node->op, given, node->results), -1;
    }
    return 0;
}

/* What a register holds, or a new tensor with a copy of a value. */
static PyObject *output(Form *form, PyObject **registers, Py_ssize_t number)
{
    if (number < form->registers)
        return Py_NewRef(registers[number]);
    PyObject *known = PyTuple_GET_ITEM(form->values, number - form->registers), *value = PyObject_CallMethodNoArgs(FIELD(known, t_value), n_copy);
    PyObject *tensor = value == NULL ? NULL : new_tensor(FIELD(known, t_aval), value, Py_None, FIELD(known, t_slot));
    Py_XDECREF(value);
    return tensor;
}

/* What a call of this form gives for the tensors in `registers`, to which it adds what they own besides. */
static PyObject *fill(PyObject *context, Form *form, PyObject **registers)
{
    PyObject *result = NULL;
    for (Py_ssize_t k = 0; k < PyTuple_GET_SIZE(form->constants); k++) { /* a tensor for each call: leaves are as they are without forms */
        PyObject *constant = PyTuple_GET_ITEM(form->constants, k);
        registers[form->inputs + k] = new_tensor(FIELD(constant, t_aval), FIELD(constant, t_value), Py_None, FIELD(constant, t_slot));
        if (registers[form->inputs + k] == NULL)
            return NULL;
    }
    if (record_nodes(context, form, registers) < 0)
        return NULL;
    if (form->make == Py_None)
        return output(form, registers, form->outs[0]);
    if (form->make == (PyObject *)&PyList_Type)
        result = PyList_New(form->outputs);
    else
        result = PyTuple_New(form->outputs);
    for (Py_ssize_t k = 0; result != NULL && k < form->outputs; k++) {
        PyObject *out = output(form, registers, form->outs[k]);
        if (out == NULL)
            Py_CLEAR(result);
        else if (PyList_CheckExact(result))
            PyList_SET_ITEM(result, k, out);
        else
            PyTuple_SET_ITEM(result, k, out);
    }
    if (result != NULL && form->make != (PyObject *)&PyList_Type && form->make != (PyObject *)&PyTuple_Type)
        Py_SETREF(result, PyObject_CallObject(form->make, result));
    return result;
}

static PyTypeObject FormType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "tfcompat._core._hot.Form",
    .tp_basicsize = sizeof(Form),
    .tp_dealloc = form_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT,
};

/* What a call of this form gives for these tensors. NULL without an error: it is no form, or one of another number of tensors. */
PyObject *record_form(PyObject *context, PyObject *known, PyObject *const *tensors, Py_ssize_t count)
{
    Form *form = (Form *)known;
    if (Py_TYPE(known) != &FormType || form->inputs != count)
        return NULL;
    PyObject *few[FEW_TENSORS], **registers = form->registers <= FEW_TENSORS ? few : PyMem_New(PyObject *, form->registers), *result;
    if (registers == NULL)
        return PyErr_NoMemory();
    memcpy(registers, tensors, count * sizeof *registers);
    memset(registers + count, 0, (form->registers - count) * sizeof *registers);
    result = fill(context, form, registers);
    for (Py_ssize_t k = count; k < form->registers; k++)
        Py_XDECREF(registers[k]);
    if (registers != few)
        PyMem_Free(registers);
    return result;
}

int setup_forms(void) { return PyType_Ready(&FormType); }
