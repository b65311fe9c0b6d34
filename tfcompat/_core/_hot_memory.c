/* Copies of large arrays by some threads, which are C's alone: Python's would wait for each other's lock to begin. */

#include "_hot.h"
#include <string.h>

#define MOST_PARTS 16
#define PAGE ((size_t)4096)

typedef struct {
    char *to;
    const char *from;
    size_t size;
    PyThread_type_lock done; /* NULL: there is no thread */
} Part;

static void copy_part(void *given)
{
    Part *part = given;
    memcpy(part->to, part->from, part->size);
    PyThread_release_lock(part->done);
}

static void copy_parts(char *to, const char *from, size_t size, size_t count)
{
    Part parts[MOST_PARTS];
    size_t step = (size / count + PAGE - 1) / PAGE * PAGE; /* no page is written by two */
    for (size_t k = count; k-- > 0;) {
        size_t start = k * step < size ? k * step : size;
        size_t end = k + 1 < count && start + step < size ? start + step : size;
        parts[k] = (Part){to + start, from + start, end - start, k > 0 ? PyThread_allocate_lock() : NULL};
        if (parts[k].done != NULL) {
            PyThread_acquire_lock(parts[k].done, WAIT_LOCK);
            if (PyThread_start_new_thread(copy_part, &parts[k]) != PYTHREAD_INVALID_THREAD_ID)
                continue;
            PyThread_release_lock(parts[k].done); /* there cannot be more threads */
            PyThread_free_lock(parts[k].done);
            parts[k].done = NULL;
        }
        memcpy(parts[k].to, parts[k].from, parts[k].size);
    }
    for (size_t k = 1; k < count; k++)
        if (parts[k].done != NULL) {
            PyThread_acquire_lock(parts[k].done, WAIT_LOCK);
            PyThread_release_lock(parts[k].done);
            PyThread_free_lock(parts[k].done);
        }
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
