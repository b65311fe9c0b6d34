/* Copies of large arrays by some threads, which are C's alone: Python's would wait for each other's lock to begin. They stay, and
   sleep until the next copy: to start one takes up to 50 µs, in which another copies half a megabyte. */

#include "_hot.h"
#include <string.h>

enum { MOST_PARTS = 16 };
#define PIECE ((size_t)256 << 10) /* bytes; whole pages, of which none is written by two */

/* One copy, of which each thread takes the next piece until none is left: one that begins late takes fewer. */
typedef struct {
    char *to;
    const char *from;
    size_t size, next;
} Copy;

static struct {
    PyThread_type_lock busy; /* held while there is a copy: who wants another one makes it alone */
    PyThread_type_lock turn; /* guards all that follows, and `next` of the copy */
    PyThread_type_lock done; /* released by the last thread that works on a copy that has no more pieces */
    PyThread_type_lock begin[MOST_PARTS]; /* released to wake a thread */
    char asleep[MOST_PARTS];
    size_t threads, working;
    Copy *copy; /* NULL: there is none, or none that a thread may still join */
} team;

static void copy_pieces(Copy *copy)
{
    for (;;) {
        PyThread_acquire_lock(team.turn, WAIT_LOCK);
        size_t start = copy->next;
        copy->next = start < copy->size ? start + PIECE : start;
        PyThread_release_lock(team.turn);
        if (start >= copy->size)
            return;
        memcpy(copy->to + start, copy->from + start, copy->size - start < PIECE ? copy->size - start : PIECE);
    }
}

/* What a thread does. */
static void help(void *given)
{
    size_t own = (size_t)(uintptr_t)given;
    for (;;) {
        PyThread_acquire_lock(team.begin[own], WAIT_LOCK);
        PyThread_acquire_lock(team.turn, WAIT_LOCK);
        Copy *copy = team.copy;
        int last = 0;
        if (copy != NULL) {
            team.working++;
            PyThread_release_lock(team.turn);
            copy_pieces(copy);
            PyThread_acquire_lock(team.turn, WAIT_LOCK);
            last = --team.working == 0 && team.copy == NULL;
        }
        team.asleep[own] = 1;
        PyThread_release_lock(team.turn);
        if (last)
            PyThread_release_lock(team.done);
    }
}

/* A lock that is held, or NULL. */
static PyThread_type_lock held_lock(void)
{
    PyThread_type_lock lock = PyThread_allocate_lock();
    if (lock != NULL)
        PyThread_acquire_lock(lock, WAIT_LOCK);
    return lock;
}

/* The locks; called with Python's lock. */
static int have_team(void)
{
    if (team.busy == NULL)
        team.busy = PyThread_allocate_lock();
    if (team.turn == NULL)
        team.turn = PyThread_allocate_lock();
    if (team.done == NULL)
        team.done = held_lock();
    return team.busy != NULL && team.turn != NULL && team.done != NULL;
}

/* Starts one more thread; 0 where there cannot be more. */
static int start_thread(void)
{
    size_t own = team.threads;
    if (own == MOST_PARTS || (team.begin[own] == NULL && (team.begin[own] = held_lock()) == NULL))
        return 0;
    team.asleep[own] = 1;
    if (PyThread_start_new_thread(help, (void *)(uintptr_t)own) == PYTHREAD_INVALID_THREAD_ID)
        return 0;
    team.threads++;
    return 1;
}

static void copy_parts(char *to, const char *from, size_t size, size_t count)
{
    Copy copy = {to, from, size, 0};
    if (count < 2 || !PyThread_acquire_lock(team.busy, NOWAIT_LOCK)) {
        memcpy(to, from, size);
        return;
    }
    PyThread_acquire_lock(team.turn, WAIT_LOCK);
    while (team.threads < count - 1 && start_thread())
        ;
    team.copy = &copy;
    for (size_t k = 0; k < count - 1 && k < team.threads; k++)
        if (team.asleep[k]) {
            team.asleep[k] = 0;
            PyThread_release_lock(team.begin[k]);
        }
    PyThread_release_lock(team.turn);
    copy_pieces(&copy);
    PyThread_acquire_lock(team.turn, WAIT_LOCK);
    team.copy = NULL;
    int wait = team.working > 0;
    PyThread_release_lock(team.turn);
    if (wait)
        PyThread_acquire_lock(team.done, WAIT_LOCK);
    PyThread_release_lock(team.busy);
}

/* forget_threads(): in the child of a fork, which has no threads but the one that forked, whatever locks the others held. */
PyObject *forget_threads(PyObject *module, PyObject *nothing)
{
    memset(&team, 0, sizeof team);
    return Py_NewRef(Py_None);
}

/* copy_in_parts(out, array, parts): of contiguous arrays of bytes. */
PyObject *copy_in_parts(PyObject *module, PyObject *args)
{
    Py_buffer out, array;
    Py_ssize_t parts;
    if (!PyArg_ParseTuple(args, "w*y*n", &out, &array, &parts))
        return NULL;
    int fits = out.len == array.len && 0 < parts && parts <= MOST_PARTS;
    if (fits && !have_team()) {
        fits = 0;
        PyErr_NoMemory();
    } else if (fits) {
        Py_BEGIN_ALLOW_THREADS
        copy_parts(out.buf, array.buf, (size_t)out.len, (size_t)parts);
        Py_END_ALLOW_THREADS
    } else
        PyErr_SetString(PyExc_ValueError, "copy_in_parts takes two arrays of one size, and 1 to 16 parts");
    PyBuffer_Release(&out);
    PyBuffer_Release(&array);
    return fits ? Py_NewRef(Py_None) : NULL;
}
