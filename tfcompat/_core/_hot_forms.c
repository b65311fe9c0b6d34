/* Calls by form: what a function records, for arguments like these, was learnt from an earlier call; see forms.py.

   A Call stands for a Python function. From its arguments it makes a key: the avals of tensors, and of all else the value. A key that
   is known gives a Form, the nodes that the function records. All other calls are calls of the function. */

#include "_hot.h"

#define MAX_PARTS 64   /* parts of a key: long lists are data, which a key should not hold */
#define MAX_FORMS 1024 /* keys of one function */
#define MAX_TENSORS 64
#define FEW 8 /* operands of a node that needs no tuple of them */

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

/* A function that is called by form */
typedef struct {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    PyObject *function, *forms;
    PyObject *last, *last_form; /* the key that came last and its form: most keys are those of the call before */
    int generated; /* whether the function is one that forms.py has generated, beside the one that calls this */
} Call;

static PyTypeObject FormType, CallType;
static PyObject *learn, *tags[6];
enum { OF_TRUE, OF_FALSE, OF_FLOAT, OF_LIST, OF_TUPLE, OF_DTYPE };

/* Forms */

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

/* What a call of this form gives for these tensors, which `registers` owns. */
static PyObject *by_form(PyObject *context, Form *form, PyObject **registers)
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

/* Keys */

typedef struct {
    PyObject *context;
    Py_ssize_t parts, count;
    PyObject *part[MAX_PARTS], *tensors[MAX_TENSORS];
} Arguments;

static void drop(Arguments *arguments)
{
    for (Py_ssize_t k = 0; k < arguments->parts; k++)
        Py_DECREF(arguments->part[k]);
    for (Py_ssize_t k = 0; k < arguments->count; k++)
        Py_DECREF(arguments->tensors[k]);
}

/* Puts a part, which it takes over, at the end. 1, 0 where there are too many, or -1. */
static int put(Arguments *arguments, PyObject *part)
{
    if (part == NULL)
        return -1;
    if (arguments->parts == MAX_PARTS) {
        Py_DECREF(part);
        return 0;
    }
    arguments->part[arguments->parts++] = part;
    return 1;
}

static int put_tensor(Arguments *arguments, PyObject *tensor)
{
    if (tensor == NULL)
        return -1;
    if (arguments->count == MAX_TENSORS) {
        Py_DECREF(tensor);
        return 0;
    }
    arguments->tensors[arguments->count++] = tensor;
    return put(arguments, Py_NewRef(FIELD(tensor, t_aval)));
}

/* Adds a value; what is equal without being the same (1, 1.0, True) has a tag before it. 1, 0 where it is not for a key, or -1. */
static int add(Arguments *arguments, PyObject *value, int depth)
{
    PyTypeObject *type = Py_TYPE(value);
    if (type == Tensor)
        return put_tensor(arguments, Py_NewRef(value));
    if (value == Py_None || type == &PyLong_Type || type == &PyUnicode_Type)
        return put(arguments, Py_NewRef(value));
    if (type == &PyBool_Type)
        return put(arguments, Py_NewRef(tags[value == Py_True ? OF_TRUE : OF_FALSE]));
    if (type == &PyFloat_Type) {
        double number = PyFloat_AS_DOUBLE(value);
        long long bits;
        memcpy(&bits, &number, sizeof bits);
        int done = put(arguments, Py_NewRef(tags[OF_FLOAT]));
        return done > 0 ? put(arguments, PyLong_FromLongLong(bits)) : done;
    }
    if (type == DType) {
        int done = put(arguments, Py_NewRef(tags[OF_DTYPE]));
        return done > 0 ? put(arguments, PyLong_FromVoidPtr(value)) : done;
    }
    if (type == Variable) {
        PyObject *tensor = read_variable(arguments->context, value);
        if (tensor != NULL && Py_TYPE(tensor) != Tensor) {
            Py_DECREF(tensor);
            return 0;
        }
        return put_tensor(arguments, tensor);
    }
    if ((type != &PyList_Type && type != &PyTuple_Type) || depth > 8)
        return 0;
    int done = put(arguments, Py_NewRef(tags[type == &PyList_Type ? OF_LIST : OF_TUPLE]));
    if (done > 0)
        done = put(arguments, PyLong_FromSsize_t(PySequence_Fast_GET_SIZE(value)));
    for (Py_ssize_t k = 0; done > 0 && k < PySequence_Fast_GET_SIZE(value); k++) { /* to read a variable may call back */
        PyObject *item = Py_NewRef(PySequence_Fast_GET_ITEM(value, k));
        done = add(arguments, item, depth + 1);
        Py_DECREF(item);
    }
    return done;
}

/* The key of all parts, which it takes over. */
static PyObject *key_of(Arguments *arguments)
{
    PyObject *key = PyTuple_New(arguments->parts);
    if (key == NULL)
        return NULL;
    for (Py_ssize_t k = 0; k < arguments->parts; k++)
        PyTuple_SET_ITEM(key, k, arguments->part[k]);
    arguments->parts = 0;
    return key;
}

/* Whether all parts are those of a key. */
static int are_same(const Arguments *arguments, PyObject *key)
{
    if (key == NULL || PyTuple_GET_SIZE(key) != arguments->parts)
        return 0;
    for (Py_ssize_t k = 0; k < arguments->parts; k++) {
        PyObject *part = arguments->part[k], *known = PyTuple_GET_ITEM(key, k);
        if (part != known && !(PyLong_CheckExact(part) && PyLong_CheckExact(known) && PyObject_RichCompareBool(part, known, Py_EQ) == 1))
            return 0;
    }
    return 1;
}

/* Calls */

/* Calls the function itself. Of the two generated frames of an op an error's traceback shows one. */
static PyObject *call_function(Call *call, PyObject *const *args, size_t nargsf, PyObject *names)
{
    PyObject *result = PyObject_Vectorcall(call->function, args, nargsf, names), *kind, *error, *traceback;
    if (result != NULL || !call->generated)
        return result;
    PyErr_Fetch(&kind, &error, &traceback);
    if (traceback != NULL && PyTraceBack_Check(traceback))
        Py_SETREF(traceback, Py_XNewRef((PyObject *)((PyTracebackObject *)traceback)->tb_next));
    PyErr_Restore(kind, error, traceback);
    return NULL;
}

/* A call with a key that has no form: the second one is learnt from. */
static PyObject *call_first(Call *call, PyObject *key, PyObject *const *args, size_t nargsf)
{
    PyObject *known = PyDict_GetItemWithError(call->forms, key);
    int seen = known != NULL && PyLong_CheckExact(known);
    PyObject *result = PyErr_Occurred() ? NULL : call_function(call, args, nargsf, NULL);
    if (result == NULL || (known != NULL && !seen))
        return result; /* there is none, or it raises */
    PyObject *entry = NULL, *values = NULL;
    if (!seen)
        entry = Py_NewRef(zero);
    else if ((values = PyTuple_New(PyVectorcall_NARGS(nargsf))) != NULL) {
        for (Py_ssize_t k = 0; k < PyVectorcall_NARGS(nargsf); k++)
            PyTuple_SET_ITEM(values, k, Py_NewRef(args[k]));
        entry = PyObject_CallFunctionObjArgs(learn, call->function, values, NULL);
        Py_DECREF(values);
    }
    if (entry != NULL && PyDict_GET_SIZE(call->forms) >= MAX_FORMS)
        PyDict_Clear(call->forms);
    if (entry == NULL || PyDict_SetItem(call->forms, key, entry) < 0)
        Py_CLEAR(result);
    Py_XDECREF(entry);
    return result;
}

static PyObject *call_form(Arguments *arguments, Form *form)
{
    Py_ssize_t count = form->registers;
    PyObject *few[MAX_TENSORS], **registers = count <= MAX_TENSORS ? few : PyMem_New(PyObject *, count), *result;
    if (registers == NULL)
        return PyErr_NoMemory();
    memcpy(registers, arguments->tensors, arguments->count * sizeof *registers);
    memset(registers + arguments->count, 0, (count - arguments->count) * sizeof *registers);
    result = by_form(arguments->context, form, registers);
    for (Py_ssize_t k = arguments->count; k < count; k++)
        Py_XDECREF(registers[k]);
    if (registers != few)
        PyMem_Free(registers);
    return result;
}

static PyObject *call_by_form(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *names)
{
    Call *call = (Call *)self;
    Arguments arguments; /* a kilobyte, of which most is not used */
    arguments.parts = arguments.count = 0;
    if ((arguments.context = current_context()) == NULL)
        return NULL;
    PyObject *key = NULL, *result = NULL;
    int usual = names == NULL && FIELD(arguments.context, c_trace) == Py_None;
    for (Py_ssize_t k = 0; usual > 0 && k < PyVectorcall_NARGS(nargsf); k++)
        usual = add(&arguments, args[k], 0);
    if (usual == 0)
        result = call_function(call, args, nargsf, names);
    else if (usual > 0) {
        PyObject *form = are_same(&arguments, call->last) ? Py_NewRef(call->last_form) : NULL;
        if (form == NULL && (key = key_of(&arguments)) != NULL) {
            form = Py_XNewRef(PyDict_GetItemWithError(call->forms, key));
            if (form != NULL && Py_TYPE(form) == &FormType && ((Form *)form)->inputs == arguments.count) {
                Py_XSETREF(call->last, Py_NewRef(key));
                Py_XSETREF(call->last_form, Py_NewRef(form));
            } else
                Py_CLEAR(form);
        }
        if (form != NULL) {
            result = call_form(&arguments, (Form *)form);
            Py_DECREF(form);
        } else if (!PyErr_Occurred())
            result = call_first(call, key, args, nargsf);
    }
    Py_XDECREF(key);
    drop(&arguments);
    Py_DECREF(arguments.context);
    return result;
}

static int call_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(((Call *)self)->function);
    Py_VISIT(((Call *)self)->forms);
    Py_VISIT(((Call *)self)->last);
    Py_VISIT(((Call *)self)->last_form);
    return 0;
}

static int call_clear(PyObject *self)
{
    Py_CLEAR(((Call *)self)->function);
    Py_CLEAR(((Call *)self)->forms);
    Py_CLEAR(((Call *)self)->last);
    Py_CLEAR(((Call *)self)->last_form);
    return 0;
}

static void call_dealloc(PyObject *self)
{
    PyObject_GC_UnTrack(self);
    call_clear(self);
    Py_TYPE(self)->tp_free(self);
}

static PyTypeObject CallType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "tfcompat._core._hot.Call",
    .tp_basicsize = sizeof(Call),
    .tp_dealloc = call_dealloc,
    .tp_vectorcall_offset = offsetof(Call, vectorcall),
    .tp_call = PyVectorcall_Call,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL,
    .tp_traverse = call_traverse,
    .tp_clear = call_clear,
};

/* by_form(function, generated) */
PyObject *make_call(PyObject *module, PyObject *args)
{
    PyObject *function;
    int generated;
    if (!PyArg_ParseTuple(args, "Op", &function, &generated))
        return NULL;
    PyObject *forms = PyDict_New();
    Call *made = forms == NULL ? NULL : PyObject_GC_New(Call, &CallType);
    if (made == NULL) {
        Py_XDECREF(forms);
        return NULL;
    }
    made->vectorcall = call_by_form;
    made->function = Py_NewRef(function);
    made->forms = forms;
    made->last = made->last_form = NULL;
    made->generated = generated;
    PyObject_GC_Track((PyObject *)made);
    return (PyObject *)made;
}

int setup_forms(PyObject *parts)
{
    for (size_t k = 0; k < Py_ARRAY_LENGTH(tags); k++)
        if (tags[k] == NULL && (tags[k] = PyObject_CallNoArgs((PyObject *)&PyBaseObject_Type)) == NULL)
            return -1;
    return (learn = own(parts, "learn")) == NULL || PyType_Ready(&FormType) < 0 || PyType_Ready(&CallType) < 0 ? -1 : 0;
}
