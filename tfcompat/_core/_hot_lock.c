/* The lock of a segment: threading's RLock, of which C code takes hold without calls of methods. Each run does so, and the code and
   data of a method that parses its arguments are in none of the processor's near caches after a large program. */

#include "_hot.h"

typedef struct {
    PyObject_HEAD
    PyThread_type_lock lock;
    unsigned long owner; /* the thread that has it, where count is not 0 */
    Py_ssize_t count;    /* how often that has it */
} Lock;

/* Takes the lock unless another thread has it. */
int try_lock(PyObject *self)
{
    Lock *lock = (Lock *)self;
    unsigned long thread = PyThread_get_thread_ident();
    if (lock->count && lock->owner == thread)
        lock->count++;
    else if (PyThread_acquire_lock(lock->lock, NOWAIT_LOCK)) {
        lock->owner = thread;
        lock->count = 1;
    } else
        return 0;
    return 1;
}

void unlock(PyObject *self)
{
    Lock *lock = (Lock *)self;
    if (--lock->count == 0)
        PyThread_release_lock(lock->lock);
}

static PyObject *lock_enter(PyObject *self, PyObject *unused)
{
    Lock *lock = (Lock *)self;
    while (!try_lock(self)) {
        PyLockStatus status;
        Py_BEGIN_ALLOW_THREADS
        status = PyThread_acquire_lock_timed(lock->lock, -1, 1);
        Py_END_ALLOW_THREADS
        if (status == PY_LOCK_ACQUIRED) {
            lock->owner = PyThread_get_thread_ident();
            lock->count = 1;
            break;
        }
        if (Py_MakePendingCalls() < 0) /* a signal came meanwhile */
            return NULL;
    }
    Py_RETURN_TRUE;
}

static PyObject *lock_exit(PyObject *self, PyObject *const *args, Py_ssize_t nargs)
{
    Lock *lock = (Lock *)self;
    if (!lock->count || lock->owner != PyThread_get_thread_ident())
        return PyErr_Format(PyExc_RuntimeError, "cannot release un-acquired lock");
    unlock(self);
    Py_RETURN_NONE;
}

static PyObject *lock_new(PyTypeObject *type, PyObject *args, PyObject *names)
{
    Lock *lock = (Lock *)type->tp_alloc(type, 0);
    if (lock != NULL && (lock->lock = PyThread_allocate_lock()) == NULL) {
        Py_DECREF(lock);
        return PyErr_NoMemory();
    }
    return (PyObject *)lock;
}

static void lock_dealloc(PyObject *self)
{
    Lock *lock = (Lock *)self;
    if (lock->lock != NULL) {
        if (lock->count)
            PyThread_release_lock(lock->lock);
        PyThread_free_lock(lock->lock);
    }
    Py_TYPE(self)->tp_free(self);
}

static PyMethodDef of_lock[] = {
    {"__enter__", lock_enter, METH_NOARGS, "Takes the lock, waiting for it where another thread has it."},
    {"__exit__", (PyCFunction)(void (*)(void))lock_exit, METH_FASTCALL, "Lets the lock go."},
    {NULL},
};

PyTypeObject LockType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "tfcompat._core._hot.Lock",
    .tp_basicsize = sizeof(Lock),
    .tp_dealloc = lock_dealloc,
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_methods = of_lock,
    .tp_new = lock_new,
};
