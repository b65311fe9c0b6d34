/* Functions of the API, called by form: what a function records, for arguments like these, was learnt from an earlier call; see forms.py.

   A Function stands for one of Python. From its arguments it makes a key: the avals of tensors, and of all else the value. A key that is
   known gives a Form, the nodes that the function records. All other calls are calls of the function. */

#include "_hot.h"

#define MAX_ARGUMENTS 32 /* parameters of one function, of calls with keywords */
#define MAX_PARTS 64     /* parts of a key: long lists are data, which a key should not hold */
#define MAX_FORMS 1024   /* keys of one function */
#define MAX_TENSORS 64

static PyObject *learn, *reword, *tags[7];
enum { OF_TRUE, OF_FALSE, OF_FLOAT, OF_LIST, OF_TUPLE, OF_DTYPE, OF_VARIABLE };

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
        int done = tensor == NULL ? -1 : put(arguments, Py_NewRef(tags[OF_VARIABLE]));
        if (done > 0)
            return put_tensor(arguments, tensor);
        Py_XDECREF(tensor);
        return done;
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

/* The key of all parts. */
static PyObject *key_of(const Arguments *arguments)
{
    PyObject *key = PyTuple_New(arguments->parts);
    for (Py_ssize_t k = 0; key != NULL && k < arguments->parts; k++)
        PyTuple_SET_ITEM(key, k, Py_NewRef(arguments->part[k]));
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

typedef struct {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    PyObject *make, *function;          /* what makes the function of Python, and that, once it is needed */
    PyObject *names, *defaults;         /* tuples: parameters that may be given by keyword, and the defaults of the last of them */
    PyObject *forms, *last, *last_form; /* key -> Form; the key that came last and its form: most keys are those of the call before */
    PyObject *dict, *weak;
} Function;

/* The function of Python, as a new reference. */
static PyObject *python_function(Function *self)
{
    if (self->function == NULL) {
        PyObject *made = PyObject_CallNoArgs(self->make);
        if (made == NULL || self->function != NULL) /* another thread was first */
            Py_XDECREF(made);
        else
            self->function = made;
    }
    return Py_XNewRef(self->function);
}

/* Puts arguments in the order of the parameters. Their number, or -1 without an error where that is up to Python. */
static Py_ssize_t bind(Function *self, PyObject *const *args, Py_ssize_t count, PyObject *keywords, PyObject **bound)
{
    Py_ssize_t named = PyTuple_GET_SIZE(self->names), required = named - PyTuple_GET_SIZE(self->defaults), given = count;
    if (named > MAX_ARGUMENTS || count > named)
        return -1;
    for (Py_ssize_t k = 0; k < named; k++)
        bound[k] = k < count ? args[k] : NULL;
    for (Py_ssize_t k = 0; k < PyTuple_GET_SIZE(keywords); k++) {
        PyObject *keyword = PyTuple_GET_ITEM(keywords, k); /* names in code are interned */
        Py_ssize_t place = count;
        while (place < named && PyTuple_GET_ITEM(self->names, place) != keyword)
            place++;
        if (place == named || bound[place] != NULL)
            return -1;
        bound[place] = args[count + k];
        given = place < given ? given : place + 1;
    }
    for (Py_ssize_t k = count; k < given; k++) {
        if (bound[k] == NULL && k < required)
            return -1;
        if (bound[k] == NULL)
            bound[k] = PyTuple_GET_ITEM(self->defaults, k - required);
    }
    return given;
}

/* A call with a key that has no form: the second one is learnt from. */
static PyObject *call_first(Function *self, PyObject *function, PyObject *key, PyObject *const *args, Py_ssize_t count)
{
    if (self->forms == NULL && (self->forms = PyDict_New()) == NULL)
        return NULL;
    PyObject *known = PyDict_GetItemWithError(self->forms, key);
    int seen = known != NULL && PyLong_CheckExact(known);
    PyObject *result = PyErr_Occurred() ? NULL : PyObject_Vectorcall(function, args, count, NULL);
    if (result == NULL || (known != NULL && !seen))
        return result; /* there is none, or it raises */
    PyObject *entry = NULL, *values = NULL;
    if (!seen)
        entry = Py_NewRef(zero);
    else if ((values = PyTuple_New(count)) != NULL) {
        for (Py_ssize_t k = 0; k < count; k++)
            PyTuple_SET_ITEM(values, k, Py_NewRef(args[k]));
        entry = PyObject_CallFunctionObjArgs(learn, function, values, NULL);
        Py_DECREF(values);
    }
    if (entry != NULL && PyDict_GET_SIZE(self->forms) >= MAX_FORMS)
        PyDict_Clear(self->forms);
    if (entry == NULL || PyDict_SetItem(self->forms, key, entry) < 0)
        Py_CLEAR(result);
    Py_XDECREF(entry);
    return result;
}

/* A call by form. NULL without an error: there is none; `key` is then what calls like this have. */
static PyObject *call_known(Function *self, const Arguments *arguments, PyObject **key)
{
    PyObject *form = are_same(arguments, self->last) ? Py_NewRef(self->last_form) : NULL, *result = NULL;
    if (form == NULL) {
        if ((*key = key_of(arguments)) == NULL)
            return NULL;
        form = self->forms == NULL ? NULL : Py_XNewRef(PyDict_GetItemWithError(self->forms, *key));
        if (form == NULL || PyLong_CheckExact(form) || form == Py_None) {
            Py_XDECREF(form);
            return NULL;
        }
        Py_XSETREF(self->last, Py_NewRef(*key));
        Py_XSETREF(self->last_form, Py_NewRef(form));
    }
    result = record_form(arguments->context, form, arguments->tensors, arguments->count);
    Py_DECREF(form);
    return result;
}

/* After a TypeError that no line of Python has raised: where the call does not fit, it gets TensorFlow's text (misfits.py). */
static void reword_misfit(PyObject *self, Py_ssize_t count, PyObject *keywords)
{
    PyObject *kind, *error, *traceback;
    PyErr_Fetch(&kind, &error, &traceback);
    PyErr_NormalizeException(&kind, &error, &traceback);
    if (traceback == NULL) {
        PyObject *done = PyObject_CallFunction(reword, "OOnO", self, error, count, keywords == NULL ? Py_None : keywords);
        if (done == NULL)
            PyErr_WriteUnraisable(self);
        Py_XDECREF(done);
    }
    PyErr_Restore(kind, error, traceback);
}

static PyObject *call(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *keywords)
{
    PyObject *bound[MAX_ARGUMENTS], *const *given = args, *key = NULL, *result = NULL, *function = NULL;
    Py_ssize_t count = PyVectorcall_NARGS(nargsf);
    Arguments arguments; /* a kilobyte, of which most is not used */
    arguments.parts = arguments.count = 0;
    if ((arguments.context = current_context()) == NULL)
        return NULL;
    if (keywords != NULL) {
        count = bind((Function *)self, args, count, keywords, bound);
        given = bound;
    }
    int usual = count >= 0 && FIELD(arguments.context, c_trace) == Py_None;
    for (Py_ssize_t k = 0; usual > 0 && k < count; k++)
        usual = add(&arguments, given[k], 0);
    if (usual > 0)
        result = call_known((Function *)self, &arguments, &key);
    if (result == NULL && !PyErr_Occurred() && (function = python_function((Function *)self)) != NULL)
        result = key != NULL ? call_first((Function *)self, function, key, given, count) : PyObject_Vectorcall(function, args, nargsf, keywords);
    if (result == NULL && PyErr_ExceptionMatches(PyExc_TypeError))
        reword_misfit(self, PyVectorcall_NARGS(nargsf), keywords);
    Py_XDECREF(function);
    Py_XDECREF(key);
    drop(&arguments);
    Py_DECREF(arguments.context);
    return result;
}

/* A call of what waits: of a tensor, or a list of them, here. */
static PyObject *call_waiting(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *keywords)
{
    if (PyVectorcall_NARGS(nargsf) == 1 && keywords == NULL) {
        int ready = are_ready(args[0]);
        if (ready != 0)
            return ready < 0 ? NULL : Py_NewRef(args[0]);
    }
    return PyObject_Vectorcall(((Function *)self)->function, args, nargsf, keywords);
}

/* What Python asks a function for */

static PyObject *function_bound(PyObject *self, PyObject *instance, PyObject *owner)
{
    return instance == NULL || instance == Py_None ? Py_NewRef(self) : PyMethod_New(self, instance);
}

static PyObject *function_repr(PyObject *self)
{
    PyObject *name = PyObject_GetAttrString(self, "__qualname__");
    PyObject *text = name == NULL ? NULL : PyUnicode_FromFormat("<function %S at %p>", name, self);
    Py_XDECREF(name);
    return text;
}

/* Pickle and copy take a function by its name. */
static PyObject *function_reduce(PyObject *self, PyObject *unused) { return PyObject_GetAttrString(self, "__qualname__"); }

static PyObject *function_class(PyObject *self, void *unused) { return Py_NewRef((PyObject *)&PyFunction_Type); }

static PyObject *function_attribute(PyObject *self, void *name)
{
    PyObject *function = python_function((Function *)self), *value = function == NULL ? NULL : PyObject_GetAttrString(function, name);
    Py_XDECREF(function);
    return value;
}

static int function_traverse(PyObject *self, visitproc visit, void *arg)
{
    Function *function = (Function *)self;
    Py_VISIT(function->make);
    Py_VISIT(function->function);
    Py_VISIT(function->names);
    Py_VISIT(function->defaults);
    Py_VISIT(function->forms);
    Py_VISIT(function->last);
    Py_VISIT(function->last_form);
    Py_VISIT(function->dict);
    return 0;
}

static int function_clear(PyObject *self)
{
    Function *function = (Function *)self;
    Py_CLEAR(function->make);
    Py_CLEAR(function->function);
    Py_CLEAR(function->names);
    Py_CLEAR(function->defaults);
    Py_CLEAR(function->forms);
    Py_CLEAR(function->last);
    Py_CLEAR(function->last_form);
    Py_CLEAR(function->dict);
    return 0;
}

static void function_dealloc(PyObject *self)
{
    PyObject_GC_UnTrack(self);
    if (((Function *)self)->weak != NULL)
        PyObject_ClearWeakRefs(self);
    function_clear(self);
    Py_TYPE(self)->tp_free(self);
}

static PyMethodDef function_methods[] = {
    {"__reduce__", function_reduce, METH_NOARGS, "Its name, for pickle and copy."},
    {NULL},
};

static PyGetSetDef function_attributes[] = {
    {"__class__", function_class, NULL, "It is a function for all that ask.", NULL},
    {"__dict__", PyObject_GenericGetDict, PyObject_GenericSetDict, NULL, NULL},
    {"__annotations__", function_attribute, NULL, NULL, "__annotations__"},
    {"__closure__", function_attribute, NULL, NULL, "__closure__"},
    {"__code__", function_attribute, NULL, NULL, "__code__"},
    {"__defaults__", function_attribute, NULL, NULL, "__defaults__"},
    {"__globals__", function_attribute, NULL, NULL, "__globals__"},
    {"__kwdefaults__", function_attribute, NULL, NULL, "__kwdefaults__"},
    {NULL},
};

static PyTypeObject FunctionType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "tfcompat._core._hot.function",
    .tp_basicsize = sizeof(Function),
    .tp_dealloc = function_dealloc,
    .tp_vectorcall_offset = offsetof(Function, vectorcall),
    .tp_repr = function_repr,
    .tp_call = PyVectorcall_Call,
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL | Py_TPFLAGS_METHOD_DESCRIPTOR,
    .tp_traverse = function_traverse,
    .tp_clear = function_clear,
    .tp_weaklistoffset = offsetof(Function, weak),
    .tp_methods = function_methods,
    .tp_getset = function_attributes,
    .tp_descr_get = function_bound,
    .tp_dictoffset = offsetof(Function, dict),
};

/* function(make, names, defaults): see `forms.public`. */
PyObject *make_function(PyObject *module, PyObject *args)
{
    PyObject *make, *names, *defaults;
    if (!PyArg_ParseTuple(args, "OO!O!", &make, &PyTuple_Type, &names, &PyTuple_Type, &defaults))
        return NULL;
    if (PyTuple_GET_SIZE(defaults) > PyTuple_GET_SIZE(names))
        return PyErr_Format(PyExc_ValueError, "there are more defaults than parameters");
    Function *made = (Function *)PyType_GenericAlloc(&FunctionType, 0); /* all else is NULL */
    if (made == NULL)
        return NULL;
    made->vectorcall = call;
    made->make = Py_NewRef(make);
    made->names = Py_NewRef(names);
    made->defaults = Py_NewRef(defaults);
    return (PyObject *)made;
}

/* waiting(function): `interop.block_until_ready`. */
PyObject *make_waiting(PyObject *module, PyObject *function)
{
    Function *made = (Function *)PyType_GenericAlloc(&FunctionType, 0);
    if (made != NULL) {
        made->vectorcall = call_waiting;
        made->function = Py_NewRef(function);
    }
    return (PyObject *)made;
}

int setup_calls(PyObject *parts)
{
    for (size_t k = 0; k < Py_ARRAY_LENGTH(tags); k++)
        if (tags[k] == NULL && (tags[k] = PyObject_CallNoArgs((PyObject *)&PyBaseObject_Type)) == NULL)
            return -1;
    return (learn = own(parts, "learn")) == NULL || (reword = own(parts, "reword")) == NULL ? -1 : 0;
}

int setup_functions(void) { return PyType_Ready(&FunctionType); }
