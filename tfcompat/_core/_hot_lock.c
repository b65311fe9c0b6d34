/* The lock of a segment: threading's RLock, of which C code takes hold without calls of methods, and, as long as no thread has to wait,
   without the system: what it says of itself is under the GIL. Each run takes it, and the code and data of a method that parses its
   arguments, or of a semaphore, are in none of the processor's near caches after a large program. */

#include "_hot.h"

typedef struct {
    PyObject_HEAD
    unsigned long owner; /* the thread that has it, where count is not 0 */
    Py_ssize_t count;    /* how often that has it */
    PyThread_type_lock gate; /* closed, but for a moment when the lock is let go while threads wait */
    Py_ssize_t waiting;  /* threads that wait at the gate */
    int open;
} Lock;

/* Takes the lock unless another thread has it. */
int try_lock(PyObject *self)
{
    Lock *lock = (Lock *)self;
    unsigned long thread = PyThread_get_thread_ident();
    if (lock->count && lock->owner != thread)
        return 0;
    lock->owner = thread;
    lock->count++;
    return 1;
}

void unlock(PyObject *self)
{
    Lock *lock = (Lock *)self;
    if (--lock->count == 0 && lock->waiting && !lock->open) {
        lock->open = 1;
        PyThread_release_lock(lock->gate);
    }
}

static PyObject *lock_enter(PyObject *self, PyObject *unused)
{
    Lock *lock = (Lock *)self;
    while (!try_lock(self)) {
        PyLockStatus status;
        lock->waiting++;
        Py_BEGIN_ALLOW_THREADS
        status = PyThread_acquire_lock_timed(lock->gate, -1, 1);
        Py_END_ALLOW_THREADS
        lock->waiting--;
        if (status == PY_LOCK_ACQUIRED)
            lock->open = 0; /* one thread at a time: the next comes through when this one lets the lock go */
        else if (Py_MakePendingCalls() < 0) /* a signal came meanwhile */
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
    if (lock == NULL)
        return NULL;
    if ((lock->gate = PyThread_allocate_lock()) == NULL) {
        Py_DECREF(lock);
        return PyErr_NoMemory();
    }
    PyThread_acquire_lock(lock->gate, NOWAIT_LOCK);
    return (PyObject *)lock;
}

static void lock_dealloc(PyObject *self)
{
    Lock *lock = (Lock *)self;
    if (lock->gate != NULL) {
        if (!lock->open)
            PyThread_release_lock(lock->gate);
        PyThread_free_lock(lock->gate);
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
