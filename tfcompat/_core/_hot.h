/* What the files of the C extension share: the classes, whose fields are read at the offsets of their slots, and names. */

#ifndef TFCOMPAT_HOT_H
#define TFCOMPAT_HOT_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <structmember.h>

#ifdef __GNUC__
#pragma GCC visibility push(hidden)
#endif

#define FIELD(object, offset) (*(PyObject **)((char *)(object) + (offset)))

/* Classes that are told apart */
#define TYPES(X) \
    X(Tensor) X(Segment) X(Spec) X(Variable) X(UnreadVariable) X(Cell) X(Aval) X(GradientTape) X(ForwardAccumulator) X(Plan) X(Structure) X(DType) X(Flag) X(Judged)

/* Slots: where their offset is, class, name */
#define SLOTS(X) \
    X(t_aval, Tensor, _aval) X(t_value, Tensor, _value) X(t_seg, Tensor, _seg) X(t_slot, Tensor, _slot) X(t_gid, Tensor, _gid) \
    X(s_specs, Segment, specs) X(s_wires, Segment, wires) X(s_refs, Segment, refs) X(s_leaves, Segment, leaves) \
    X(s_index, Segment, indexed) X(s_nbytes, Segment, nbytes) X(s_defers, Segment, defers) X(s_serial, Segment, serial) \
    X(s_watcher, Segment, watcher) X(s_unchecked, Segment, unchecked) X(s_aliases, Segment, aliases) \
    X(s_flags, Segment, flags) X(s_writes, Segment, writes) X(s_tapes, Segment, tapes) X(s_known, Segment, known) \
    X(s_gids, Segment, gids) X(s_interrupts, Segment, interrupts) X(s_foresees, Segment, foresees) X(s_cut_sites, Segment, cut_sites) X(s_uncut, Segment, uncut) X(s_lock, Segment, lock) \
    X(p_avals, Spec, avals) X(p_nbytes, Spec, nbytes) X(p_single, Spec, single) X(p_special, Spec, special) \
    X(p_checked, Spec, checked) X(p_taped, Spec, taped) X(p_derivatives, Spec, derivatives) X(p_latest, Spec, latest) X(c_segment, Context, segment) X(c_tapes, Context, tapes) \
    X(c_accumulators, Context, accumulators) X(c_tracer, Context, tracer) X(c_trace, Context, trace) X(c_sites, Context, sites) \
    X(c_no_reads, Context, no_reads) X(v_held, Cell, held) X(v_lease, Cell, lease) X(v_gid, Cell, gid) \
    X(v_trainable, Cell, trainable) X(v_written, Cell, written) X(v_before, Cell, before) X(a_scalars, Aval, scalars) X(a_shape, Aval, shape) X(d_enum, DType, _type_enum) X(g_watchful, Settings, watchful) \
    X(g_tier, Settings, tier) X(g_nodes, Settings, max_nodes) X(g_bytes, Settings, max_bytes) X(plan_structure, Plan, structure) X(r_programs, Structure, programs) X(r_specs, Structure, specs) X(r_wires, Structure, wires) X(r_runs, Structure, runs) \
    X(r_small, Structure, small) X(r_acts, Structure, acts) X(r_interpreted, Structure, interpreted) X(r_forgotten, Structure, forgotten) X(r_last, Structure, last) \
    X(r_gain, Structure, gain) X(r_lost, Structure, lost) X(r_lone, Structure, lone) X(r_urgent, Structure, urgent) X(r_seen, Structure, seen) \
    X(r_compile_cost, Structure, compile_cost) X(r_holds_strings, Structure, holds_strings) X(p_judging, Spec, judging) X(p_reshapes, Spec, _reshapes) \
    X(f_position, Flag, position) X(f_index, Flag, index) X(f_stateful, Flag, stateful) X(f_ahead, Flag, ahead) X(f_op, Flag, op) X(f_check, Flag, check) \
    X(f_attrs, Flag, attrs) X(f_count, Flag, count) X(f_tensor, Flag, tensor) X(f_site, Flag, site) \
    X(j_host, Judged, host) X(m_call, Program, call) \
    X(m_arguments, Program, arguments) X(m_layout, Program, layout) X(d_packed, Arguments, packed) X(d_constants, Arguments, constants) \
    X(k_wide, Packed, wide) X(k_dtype, Packed, dtype) \
    X(k_entries, Packed, entries) X(k_last, Packed, last) X(k_size, Packed, size) X(h_delivered, Held, delivered) X(h_depth, Held, depth) \
    X(h_count, Held, count) X(h_runs, Held, runs) \
    X(n_segments, Stats, segments) X(n_interpreted, Stats, interpreted) X(n_ops, Stats, ops) X(n_compiled_runs, Stats, compiled_runs) \
    X(n_donated, Stats, donated) X(n_in_place, Stats, in_place)

/* Names of attributes and methods: n_..., the name */
#define NAMES(X) \
    X(context, context) X(close, close) X(dict, __dict__) X(limit, limit) X(host, host) X(host_in_place, host_in_place) X(avals, avals) X(nbytes, nbytes) X(single, single) X(special, special) X(taped, taped) X(leaf, _leaf) \
    X(after, _after_record) X(fresh, _fresh) X(noted, _noted) \
    X(variables, _variables) X(variable_read, _variable_read) X(cell, _cell) X(read, _read) X(watch_accessed, _watch_accessed) \
    X(watches, _watches) X(watched_at, _watched_at) X(specs, specs) X(otherwise, otherwise) X(record, record) X(made, _made) \
    X(followed, _followed) X(outermost, _outermost) X(serial, _serial) X(recording, _recording) X(pack, pack) X(again, _again) X(look, _look) X(array, __array__) X(give_back, give_back) X(copy, copy) \
    X(complete, _complete) X(sparse_grad, sparse_grad) X(forward, forward) \
    X(keep, keep) X(key, key) X(jvp, jvp) X(grad, grad) X(tangents, _tangents) X(gone, _gone) X(of_cells, _of_cells) \
    X(level, _level) X(folded, folded) X(only, only) X(letter, letter) X(checked, checked) \
    X(immediate, immediate) X(leaf_index, leaf_index) X(seed, seed) X(new_pair, new_pair) X(any, any) X(wait, block_until_ready) X(is_ready, is_ready) X(is_deleted, is_deleted) X(reshape, reshape) X(reshapes, reshapes) X(holds, holds)

#define DECLARE_TYPE(name) extern PyTypeObject *name;
#define DECLARE_OFFSET(place, owner, name) extern Py_ssize_t place;
#define DECLARE_NAME(place, name) extern PyObject *n_##place;
TYPES(DECLARE_TYPE)
SLOTS(DECLARE_OFFSET)
NAMES(DECLARE_NAME)

/* plain, plain_static: the `_slot` of tensors with a value, and of those of Python data */
extern PyObject *state, *settings, *failure, *zero, *plain, *plain_static;

/* A method of two arguments, see `hot.operator` and `hot.subscript`; `otherwise` does what is not usual. */
typedef struct {
    PyObject_HEAD
    vectorcallfunc vectorcall;
    PyObject *op, *specs, *attrs, *otherwise;
    PyObject *last[2], *spec; /* avals of the operands that came last, or aval and pattern, and their Spec */
    int reflected;
} Operator;

/* _hot.c */
PyObject *own(PyObject *parts, const char *name);
int put_methods(PyTypeObject *type, PyMethodDef *definitions, size_t count);
int usual_segment(PyObject *segment);
PyObject *new_tensor(PyObject *aval, PyObject *value, PyObject *segment, PyObject *slot);
PyObject *wire_to(PyObject *segment, PyObject *tensor);
PyObject *leaf_wire(PyObject *segment, PyObject *tensor);
PyObject *current_context(void);
PyObject *record_of(PyObject *segment, PyObject *spec, PyObject *const *ins, Py_ssize_t count);
PyObject *record(PyObject *segment, PyObject *spec, PyObject *ins);
PyObject *record_plain(PyObject *context, PyObject *spec, PyObject *const *ins, Py_ssize_t count);
int is_special(PyObject *spec, PyObject *ins);
PyObject *dispatch(PyObject *context, PyObject *op, PyObject *spec, PyObject *ins, PyObject *attrs, PyObject *count);
PyObject *record_call(PyObject *context, PyObject *op, PyObject *spec, PyObject *key, PyObject *ins, PyObject *attrs, PyObject *count);

/* _hot_checks.c */
PyObject *call_site(void);
int setup_checks(PyObject *parts);
PyObject *record_checked(PyObject *context, PyObject *op, PyObject *spec, PyObject *key, PyObject *ins, PyObject *attrs, PyObject *count);

/* _hot_calls.c */
int setup_calls(PyObject *parts);
int setup_functions(void);
PyObject *make_function(PyObject *module, PyObject *args);
PyObject *make_waiting(PyObject *module, PyObject *function);

/* _hot_forms.c */
int setup_forms(void);
PyObject *make_form(PyObject *module, PyObject *args);
PyObject *record_form(PyObject *context, PyObject *known, PyObject *const *tensors, Py_ssize_t count);

/* _hot_interpret.c */
int setup_interpreting(PyObject *parts);
int have_host_values(PyObject *leaves);
int is_true(PyObject *verdict);
PyObject *enter_quietly(void);
int leave_quietly(PyObject *context);
PyObject *find_steps(PyObject *structure, PyObject *first, PyObject *flags, PyObject **tensors, Py_ssize_t alive, Py_ssize_t results, double *lost);
int run_steps(PyObject *known, PyObject *specs, PyObject *flags, PyObject *leaves, PyObject **values, Py_ssize_t slots);
int lose(PyObject *structure, double seconds);

/* _hot_index.c */
int setup_indexing(void);
PyObject *make_parser(PyObject *module, PyObject *otherwise);
PyObject *make_subscript(PyObject *module, PyObject *args);
PyObject *make_putting(PyObject *module, PyObject *args);

/* _hot_tapes.c */
int setup_tapes(PyObject *parts);
PyObject *record_entry(PyObject *context, PyObject *op, PyObject *spec, PyObject *ins);
int read_forward(PyObject *accumulator, PyObject *cell, PyObject *tensor);
PyObject *record_forward(PyObject *context, PyObject *op, PyObject *spec, PyObject *ins);
PyObject *noted_key(PyObject *module, PyObject *const *args, Py_ssize_t nargs);

/* _hot_lock.c */
extern PyTypeObject LockType;
int try_lock(PyObject *lock);
void unlock(PyObject *lock);

/* _hot_pack.c */
int setup_packing(void);
PyObject *pack(PyObject *packed, PyObject *leaves);
int holds(PyObject *packed, PyObject *leaves);
PyObject *key_and_counter(PyObject *module, PyObject *const *args, Py_ssize_t nargs);
PyObject *fresh_draw(PyObject *module, PyObject *seed);
PyObject *seed_pair(PyObject *module, PyObject *seed);
PyObject *setup_draws(PyObject *module, PyObject *args);

/* _hot_memory.c */
PyObject *copy_in_parts(PyObject *module, PyObject *args);
PyObject *first_places(PyObject *module, PyObject *args);
PyObject *unique_numbers(PyObject *module, PyObject *args);
PyObject *forget_threads(PyObject *module, PyObject *nothing);

/* _hot_plan.c */
int setup_plans(void);
PyObject *make_plan(PyObject *module, PyObject *args);

/* _hot_math.c */
int add_ufuncs(PyObject *module);

/* _hot_run.c: types of host values, and what is held back of Ctrl-C */
extern PyObject *host_types, *held, *stats, *forks;
int add_to(PyObject *object, Py_ssize_t offset, Py_ssize_t number);
int setup_running(PyObject *parts);
PyObject *segment_settle(PyObject *segment, PyObject *tensor);

/* _hot_wait.c */
void poll_for(PyObject *array);
PyObject *poll(PyObject *module, PyObject *array);
int setup_waiting(PyObject *parts);

/* _hot_values.c */
int setup_values(PyObject *parts);
PyObject *referred(PyObject *reference);
void fulfil(PyObject *tensor, PyObject *value);
PyObject *payload(PyObject *module, PyObject *tensor);
PyObject *host_value(PyObject *module, PyObject *tensor);
int are_ready(PyObject *structure);
int is_set(PyObject *value);
PyObject *living(PyObject *module, PyObject *const *args, Py_ssize_t nargs);
PyObject *give(PyObject *module, PyObject *const *args, Py_ssize_t nargs);

/* _hot_operators.c */
int setup_operators(void);
PyObject *new_operator(vectorcallfunc function, PyObject *op, PyObject *attrs, PyObject *otherwise);
PyObject *scalar_beside(PyObject *tensor, PyObject *number);
PyObject *operand(PyObject *context, PyObject *value);
PyObject *beside(PyObject *module, PyObject *const *args, Py_ssize_t nargs);
PyObject *plain_ints(PyObject *module, PyObject *values);
PyObject *make_operator(PyObject *module, PyObject *args);

/* _hot_variables.c */
int setup_variables(void);
PyObject *read_variable(PyObject *context, PyObject *variable);
PyObject *make_updating(PyObject *module, PyObject *args);
PyObject *make_assigning(PyObject *module, PyObject *otherwise);
PyObject *make_changing(PyObject *module, PyObject *otherwise);

/* _hot_random.c */
void philox_blocks(const uint32_t *key, const uint32_t *counter, const uint64_t *offsets, Py_ssize_t count, uint32_t **words);
void box_muller32(const uint32_t *first, const uint32_t *second, Py_ssize_t count, float *sines, float *cosines);
PyObject *philox(PyObject *module, PyObject *const *args, Py_ssize_t nargs);
int get_buffers(PyObject *const *args, Py_buffer *buffers, int count, int outputs);
PyObject *released(Py_buffer *buffers, int got, int wanted);
PyObject *box_muller(PyObject *module, PyObject *const *args, Py_ssize_t nargs);
PyObject *permutation(PyObject *module, PyObject *const *args, Py_ssize_t nargs);
PyObject *index_images(PyObject *module, PyObject *const *args, Py_ssize_t nargs);

/* _hot_schur.c */
PyObject *schur_function(PyObject *module, PyObject *args);

/* _hot_laws.c */
void draw_law(const uint32_t *key, const uint32_t *counter, const double *first, const double *probs, Py_ssize_t count, double *drawn);
PyObject *law(PyObject *module, PyObject *const *args, Py_ssize_t nargs);
PyObject *random_constants(PyObject *module, PyObject *vector);

#endif
