/* Polls for arrays that are being computed: waits.py says when and why. */

#include "_hot.h"

#include <time.h>

#ifdef _WIN32
#include <windows.h>
#define yield_processor() SwitchToThread()
#else
#include <sched.h>
#define yield_processor() sched_yield()
#endif

static int64_t longest;    /* nanoseconds: of all polls for an array together, and of one of them */
static Py_ssize_t most;    /* waits in a row without polls */
static Py_ssize_t unpolled, intended; /* waits without polls since the last one with them, and how many there shall be */

static int64_t now(void)
{
    struct timespec time;
    return timespec_get(&time, TIME_UTC) ? time.tv_sec * INT64_C(1000000000) + time.tv_nsec : 0;
}

/* What a method says that says True or False, which stay; NULL where it raises. */
static PyObject *answer(PyObject *array, PyObject *method)
{
    PyObject *said = PyObject_CallMethodNoArgs(array, method);
    Py_XDECREF(said);
    return said;
}

/* `waits.poll` */
void poll_for(PyObject *array)
{
    if (unpolled < intended) {
        unpolled++;
        return;
    }
    unpolled = 0;
    for (int64_t began = now(), before = began, after; ; before = after) {
        if (answer(array, n_is_deleted) != Py_False || answer(array, n_is_ready) != Py_False) {
            PyErr_Clear(); /* who waits for it next says what is wrong */
            intended /= 2;
            return;
        }
        Py_BEGIN_ALLOW_THREADS
        yield_processor();
        Py_END_ALLOW_THREADS
        after = now();
        if (after - before > longest) {
            intended = 2 * intended + 1 < most ? 2 * intended + 1 : most;
            return;
        }
        if (after - began > longest)
            return;
    }
}

PyObject *poll(PyObject *module, PyObject *array)
{
    poll_for(array);
    Py_RETURN_NONE;
}

int setup_waiting(PyObject *parts)
{
    PyObject *nanoseconds = own(parts, "longest_polls"), *waits = own(parts, "most_unpolled");
    if (nanoseconds != NULL && waits != NULL) {
        longest = PyLong_AsLongLong(nanoseconds);
        most = PyLong_AsSsize_t(waits);
    }
    Py_XDECREF(nanoseconds);
    Py_XDECREF(waits);
    return PyErr_Occurred() ? -1 : 0;
}
