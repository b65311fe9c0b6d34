/* What the files of the C extension share. */

#ifndef TFCOMPAT_HOT_H
#define TFCOMPAT_HOT_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

#ifdef __GNUC__
#pragma GCC visibility push(hidden)
#endif

#define FIELD(object, offset) (*(PyObject **)((char *)(object) + (offset)))

/* Classes, which are Python's: their fields are read at the offsets of their slots, which `setup` looks up. */
extern PyTypeObject *Tensor, *Segment, *Plan, *Structure;
extern PyObject *state, *settings, *failure, *zero, *plain;

/* Offsets: of Tensor, Segment, Context, Settings, Plan, Structure, Program, Arguments, Packed, Held, Stats */
extern Py_ssize_t t_value, t_seg, t_slot;
extern Py_ssize_t s_specs, s_wires, s_refs, s_leaves, s_index, s_nbytes, s_defers, s_serial, s_watcher, s_unchecked, s_aliases, s_flags,
    s_writes, s_tapes, s_known, s_gids, s_interrupts, s_foresees, s_lock;
extern Py_ssize_t c_segment, c_tracer, c_no_reads, g_tier;
extern Py_ssize_t plan_structure, r_programs, r_runs, r_small, r_forgotten, m_call, m_arguments, m_position, d_donated, d_kept, d_packed,
    k_wide, h_delivered, n_segments, n_ops, n_compiled_runs;

extern PyObject *n_context, *n_noted, *n_recording, *n_pack, *n_again, *n_acquire, *n_release; /* names */

PyObject *own(PyObject *parts, const char *name);
int put_methods(PyTypeObject *type, PyMethodDef *definitions, size_t count);

/* _hot_run.c */
int setup_running(PyObject *parts);
PyObject *living(PyObject *module, PyObject *const *args, Py_ssize_t nargs);
PyObject *give(PyObject *module, PyObject *const *args, Py_ssize_t nargs);

#endif
