/* Copies of large arrays by some threads, which are C's alone: Python's would wait for each other's lock to begin. */

#include "_hot.h"
#include <string.h>

#define MOST_PARTS 16
#define PIECE ((size_t)256 << 10) /* bytes; whole pages, of which none is written by two */

/* One copy, of which each thread takes the next piece until none is left: one that begins late takes fewer. */
typedef struct {
    char *to;
    const char *from;
    size_t size, next;
    PyThread_type_lock turn;
} Copy;

typedef struct {
    Copy *copy;
    PyThread_type_lock done; /* NULL: there is no thread */
} Helper;

static void copy_pieces(Copy *copy)
{
    for (;;) {
        PyThread_acquire_lock(copy->turn, WAIT_LOCK);
        size_t start = copy->next;
        copy->next = start < copy->size ? start + PIECE : start;
        PyThread_release_lock(copy->turn);
        if (start >= copy->size)
            return;
        memcpy(copy->to + start, copy->from + start, copy->size - start < PIECE ? copy->size - start : PIECE);
    }
}

static void help(void *given)
{
    Helper *helper = given;
    copy_pieces(helper->copy);
    PyThread_release_lock(helper->done);
}

static void copy_parts(char *to, const char *from, size_t size, size_t count)
{
    Copy copy = {to, from, size, 0, PyThread_allocate_lock()};
    Helper helpers[MOST_PARTS];
    if (copy.turn == NULL) {
        memcpy(to, from, size);
        return;
    }
    for (size_t k = 1; k < count; k++) {
        helpers[k] = (Helper){&copy, PyThread_allocate_lock()};
        if (helpers[k].done == NULL)
            continue;
        PyThread_acquire_lock(helpers[k].done, WAIT_LOCK);
        if (PyThread_start_new_thread(help, &helpers[k]) == PYTHREAD_INVALID_THREAD_ID) { /* there cannot be more threads */
            PyThread_release_lock(helpers[k].done);
            PyThread_free_lock(helpers[k].done);
            helpers[k].done = NULL;
        }
    }
    copy_pieces(&copy);
    for (size_t k = 1; k < count; k++)
        if (helpers[k].done != NULL) {
            PyThread_acquire_lock(helpers[k].done, WAIT_LOCK);
            PyThread_release_lock(helpers[k].done);
            PyThread_free_lock(helpers[k].done);
        }
    PyThread_free_lock(copy.turn);
}

/* copy_in_parts(out, array, parts): of contiguous arrays of bytes. */
PyObject *copy_in_parts(PyObject *module, PyObject *args)
{
    Py_buffer out, array;
    Py_ssize_t parts;
    if (!PyArg_ParseTuple(args, "w*y*n", &out, &array, &parts))
        return NULL;
    int fits = out.len == array.len && 0 < parts && parts <= MOST_PARTS;
    if (fits) {
        Py_BEGIN_ALLOW_THREADS
        copy_parts(out.buf, array.buf, (size_t)out.len, (size_t)parts);
        Py_END_ALLOW_THREADS
    } else
        PyErr_SetString(PyExc_ValueError, "copy_in_parts takes two arrays of one size, and 1 to 16 parts");
    PyBuffer_Release(&out);
    PyBuffer_Release(&array);
    return fits ? Py_NewRef(Py_None) : NULL;
}
