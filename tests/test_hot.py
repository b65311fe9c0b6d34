"""The C form of the hot path records what the Python form records."""

import importlib.util
import json
import os
import threading
import time

import numpy as np
import pytest
from processes import run_code

from tfcompat._core import hot, native

pytestmark = pytest.mark.own_mode

# What is recorded, read and raised by a program that goes through the operators, the ops' functions, variables and tapes.
PROGRAM = '''
import gc, json
import numpy as np
import tfcompat as tf
from tfcompat._core import segment as segments
from tfcompat._core.context import settings, state

log = []

def pending():
    s = state.segment
    names = [spec.name for spec in s.specs]
    log.append([names, [list(w) for w in s.wires], len(s.refs), len(s.leaves), s.nbytes, sorted(s.gids)])

def tried(f):
    try:
        r = f()
        log.append(repr(r))
    except Exception as error:
        log.append([type(error).__name__, str(error)])

x, y = tf.constant([[1.0, 2.0], [3.0, 4.0]]), tf.constant([[0.5, -1.0], [2.0, 0.25]])
v, w, n = tf.Variable(x), tf.Variable(y), tf.Variable(3, dtype=tf.int32)
frozen = tf.Variable(y, trainable=False)
half = tf.constant([1.5, 2.5], tf.float16)
boolean = tf.constant([True, False])
boolean_as_ints = tf.cast(boolean, tf.int32)

# Operators: tensors, variables, Python and NumPy numbers on either side
kept = []
for f in (
    lambda: x + y, lambda: x - 2, lambda: 2 - x, lambda: x * 0.5, lambda: 3 * x, lambda: x / 2.5, lambda: 1 / x, lambda: x // 2,
    lambda: 7.0 % x, lambda: x ** 2, lambda: x ** 1.5, lambda: 2 ** x, lambda: x @ v, lambda: v @ x, lambda: v + w, lambda: v * 2,
    lambda: 2.0 * v, lambda: -x, lambda: abs(y), lambda: x > y, lambda: x <= 2, lambda: 2 > x, lambda: x == y, lambda: x != 2.0,
    lambda: n + 1, lambda: 1 + n, lambda: n * n, lambda: half * 2, lambda: np.float32(2) * x, lambda: x * np.ones((2, 2), "float32"),
    lambda: boolean & boolean, lambda: boolean * boolean, lambda: x + [1.0, 2.0], lambda: True + n, lambda: v[0] + x, lambda: x + v[1],
    lambda: frozen + x, lambda: x.__add__(y), lambda: tf.Tensor.__sub__(x, y), lambda: tf.Tensor.__rsub__(x, 1.0),
    lambda: tf.add(x, 1), lambda: tf.nn.relu(v), lambda: tf.reduce_sum(x, axis=0), lambda: tf.reduce_mean(v), lambda: tf.split(x, 2),
    lambda: tf.concat([x, v], 0), lambda: x[0, 1:], lambda: tf.unstack(v), lambda: tf.clip_by_value(x, 1, 2.5),
    lambda: tf.clip_by_value(half, 2, 2), lambda: tf.clip_by_value(x, y, 3.0), lambda: tf.clip_by_value(x, np.float32(1), 2),
    lambda: tf.clip_by_value(x, 0.0, float("nan")), lambda: tf.linalg.band_part(x, 1, 0), lambda: tf.linalg.band_part(x, -1, 0),
    lambda: tf.logical_and(x > 1, boolean), lambda: tf.logical_not(boolean), lambda: tf.gather(n + boolean_as_ints, [0]),
):
    kept.append(f())
pending()
log.append([np.asarray(t).tolist() for k in kept for t in (k if isinstance(k, list) else [k])])
kept.clear()

# Indexing: what C knows and what it leaves to Python, of new patterns and known ones
from tfcompat import _index_patterns
t3, column, scalar = tf.constant(np.arange(60.0, dtype="float32").reshape(3, 4, 5)), tf.constant([[1], [2]]), tf.constant(1.0)
deep = tf.ones([1] * 9 + [2])
indices = (
    0, -1, 2, 3, -4, True, None, ..., (), (1, 2), (1, 2, 3), (1, 2, 3, 4), (0, -1, ...), (..., 1), (1, ..., 2), (..., ...), (None, 1, None),
    (..., None), slice(None), slice(1, None), slice(None, 2), slice(-2, None), slice(None, -1), slice(-9, 9), slice(5, None), slice(2, 1),
    slice(1, 2, 1), slice(None, None, 2), slice(None, None, -1), slice(None, None, 0), slice(0, 3), slice(0, 2**70), slice(-(2**70), None), 2**70,
    (slice(1, 2), slice(1, 3), slice(2, 4)), (slice(None), 1), (slice(None), slice(1, None), None, 0), [0, 1], [[0, 1]], "a", 1.0, np.int64(1),
    np.array(1), tf.constant(1), tf.constant(1) + 1, (0, tf.constant(-1)), slice(tf.constant(1), None), (slice(None), [True, False, True, True]),
    slice(True, None), slice(None, None, True), slice("a", None), (None,) * 15 + (1,), (None,) * 17 + (1,), {1: 2},
)
for _ in range(2):
    for index in indices:
        for value in (t3, column, scalar, v, deep, tf.constant(["a", "b", "c"]), t3 * 2):
            tried(lambda: value[index])
        tried(lambda: v[index].assign(tf.zeros_like(v[index])).numpy().tolist())
    for shape in ((3, 4), (1, 2), (0, 4), ()):
        for index in indices:
            tried(lambda: _index_patterns.parse(shape, index if type(index) is tuple else (index,)))
tried(lambda: tf.Tensor.__getitem__(t3))
tried(lambda: t3.__getitem__(1)[0, 0])
tried(lambda: tf.range(3000.0)[2000:2002] + tf.range(3000.0)[2047])
pending()
log.append(float(tf.reduce_sum(v[1:, 0] * t3[0, :1, 1])))
with tf.GradientTape() as tape:
    loss = tf.reduce_sum(v[1:] * v[0, 1])
log.append(tape.gradient(loss, v).numpy().tolist())

# Checks of values: known to be good, new, pending at a call site that has proven good, and one that fails then
places = tf.Variable([0, 1, 1])
def looked_up(scale, watched=False):
    with tf.GradientTape() as tape:
        found = tf.gather(v, places * scale) if watched else tf.gather(x, places * scale)
        rest = tf.constant([7, 8, 9]) % (places * scale + 1) + tf.gather(n + tf.zeros(3, tf.int32), [1, 2, 0])
        again = tf.gather(v, kept_places)
    segment = state.segment
    log.append([[s.name for s in segment.specs], [list(w) for w in segment.wires], [[f.op.kernel, f.position] for f in segment.flags]])
    return found, rest, tape.gradient(found, v), again
kept_places = tf.constant([1, 0]) + places[:2] * 0
for k in range(4):
    for watched in (False, True):
        found, rest, gradient, again = looked_up(1, watched)
        log.append([found.numpy().tolist(), rest.numpy().tolist(), again.numpy().tolist()])
        if gradient is not None:
            log.append([gradient.values.numpy().tolist(), gradient.indices.numpy().tolist()])
tried(lambda: looked_up(5)[0].numpy())
tried(lambda: looked_up(-1)[1].numpy())
tried(lambda: [k.numpy().tolist() for k in looked_up(1)[:2]])
for k in range(3):
    tried(lambda: tf.gather(x, [0, 1]).numpy().tolist())
    tried(lambda: tf.gather(x, [0, 2]).numpy().tolist())
    tried(lambda: tf.debugging.check_numerics(x / (y + 1), "bad").numpy().tolist())

# Operands that are leaves in other shapes: the leaf is looked at, and no flag is recorded
rows, other = tf.constant([1, 0]), tf.Variable([0, 1, 1])
for k in range(3):
    found = [
        tf.gather_nd(x, rows[:, None]), tf.gather_nd(x, tf.expand_dims(tf.reshape(rows, [1, 2]), 2)), tf.gather(x, other[None]),
        tf.tensor_scatter_nd_update(x, tf.reshape(rows, [2, 1]), y), tf.gather(x, tf.unstack(rows)[0][None]),
    ]
    segment = state.segment
    log.append([[s.name for s in segment.specs], [list(w) for w in segment.wires], [[f.op.kernel, f.position] for f in segment.flags]])
    log.append([f.numpy().tolist() for f in found])
    other.assign([1, 1, 0])
    tried(lambda: tf.gather_nd(x, tf.constant([0, 2])[:, None]))
    tried(lambda: tf.gather(x, tf.Variable([0, 5])[None]))
    tried(lambda: tf.gather(x, tf.zeros_like(tf.constant([7, 8]))).numpy().tolist())
pending()

# What is refused
for f in (
    lambda: x + tf.constant(1), lambda: n + 1.5, lambda: n + 2**40, lambda: x + "a", lambda: x @ tf.ones([3, 3]), lambda: x + None,
    lambda: half + x, lambda: x + tf.ones([3]), lambda: boolean + 1, lambda: x.__add__(), lambda: tf.Tensor.__add__(x, y, x),
    lambda: tf.clip_by_value(x, "a", 1.0), lambda: tf.clip_by_value(n, 0.5, 2), lambda: tf.clip_by_value(n, 0, 2**40),
    lambda: tf.maximum(x), lambda: {1} + x, lambda: tf.constant(5) // 0, lambda: tf.constant([5]) % tf.constant([0]), lambda: x & y,
):
    tried(f)
from tfcompat._core import attributes
for given in (1, [1, 2], (3,), [1, True], [[1]], [], (), [2**70], [np.int32(1)], {1: 2}, [1.0], "ab", None):
    log.append(repr(attributes.plain_ints(given)))
class Other:
    def __radd__(self, other): return "other"
    def __rmatmul__(self, other): return "other"
tried(lambda: x + Other())
tried(lambda: x @ Other())

# A constant's failure, and what depends on it
pending()

# Tapes: known walks are noted, new ones entered; variables read for the first time, rebound, frozen, watched by hand
def step(tape_arguments={}, twice=False, inner=False):
    with tf.GradientTape(**tape_arguments) as tape:
        if inner:
            with tf.GradientTape() as second:
                h = tf.nn.relu(x @ v + w) * 2
            g = second.gradient(h, [v, w])
            loss = tf.reduce_sum(g[0] * v)
        else:
            h = tf.nn.relu(x @ v + w)
            loss = tf.reduce_mean(tf.square(h - y) * frozen)
    log.append([len(tape._noted), len(tape._watches), [c.variable().shape.as_list() for c in tape._variables.values()]])
    pending()
    out = tape.gradient(loss, [v, w, frozen])
    if twice:
        out += tape.gradient(loss, [w])
    log.append([None if g is None else g.numpy().tolist() for g in out])

for k in range(5):
    step()
    step({"persistent": True}, twice=True)
    step(inner=True)
for k in range(4):
    with tf.GradientTape() as tape:
        tape.watch([x, frozen])
        z = tf.reduce_sum(x * frozen * 2)
        v.assign_add(0.5 * x)
        z = z + tf.reduce_sum(v * x)
        with tape.stop_recording():
            z2 = z * v
    log.append([g.numpy().tolist() for g in tape.gradient(z, [x, frozen, v])])
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(w)
        z = tf.reduce_sum(v * w)
    log.append([g if g is None else g.numpy().tolist() for g in tape.gradient(z, [v, w])])
    with tf.GradientTape() as tape:
        tape.watch(x)
        z = tf.tanh(x @ v)
    log.append(tape.jacobian(z, x).numpy().tolist())
    with tf.autodiff.ForwardAccumulator(v, x) as accumulator:
        z = tf.reduce_sum(v * v * 3)
    log.append(accumulator.jvp(z).numpy().tolist())

# Accumulators: alone, around and inside tapes, two of them, of variables that are rebound, of tensors that nobody keeps
def product(inside=False, outside=False, second=False, rebind=False):
    with tf.GradientTape(persistent=True) as outer:
        with tf.autodiff.ForwardAccumulator([v, x], [x, v]) as first:
            with tf.GradientTape(persistent=True) as tape:
                h = tf.tanh(x @ v) * w + frozen
                if rebind:
                    v.assign(tf.sin(v))
                    h = h * v + tf.cast(n, tf.float32)
                z = tf.reduce_sum(tf.reduce_max(h, axis=0) ** 2) + tf.add_n(tf.unstack(h))[0]
                parts = tf.split(h, 2)
            g = tape.gradient(z, [v, w, x]) if inside else []
    out = [z, h, *[t for t in g if t is not None], *parts, v, x]
    return first.jvp(out) + (outer.gradient(z, [v, w]) if outside else []) + [len(first._tangents)]

for k in range(4):
    for options in ({}, {"inside": True}, {"outside": True}, {"inside": True, "outside": True}, {"rebind": True, "inside": True}):
        log.append([t if t is None or isinstance(t, int) else t.numpy().tolist() for t in product(**options)])
    with tf.autodiff.ForwardAccumulator(v, x) as one:
        with tf.autodiff.ForwardAccumulator(v, y) as two:
            z = tf.exp(v * v) / 2
        log.append([one.jvp(z).numpy().tolist(), one.jvp(two.jvp(z)).numpy().tolist(), one.jvp(w)])
    pending()
v.assign(x)

# An error in the middle of a noted stretch takes its note back
for k in range(3):
    with tf.GradientTape() as tape:
        z = v * 2
        tried(lambda: z @ tf.ones([3, 3]))
        z = tf.reduce_sum(z * v)
    log.append(tape.gradient(z, v).numpy().tolist())

# Limits, aliases, functions, threads
limit, settings.max_nodes = settings.max_nodes, 20
z = x
for k in range(50):
    z = z * 0.9 + 0.1
    if k % 10 == 0:
        pending()
log.append(z.numpy().tolist())

# ... at each node of a call that is checked, good or bad
order, bad = tf.Variable([1, 0]), tf.Variable([1, 2])
for before in range(6):
    state.segment.cut_sites.clear()
    z = x
    for k in range(before):
        z = z + 1.0
    def looked_up():
        global z
        for k in range(9):
            z = tf.gather(z, (bad if k == 6 and before > 2 else order) * 1)
            log.append(len(state.segment.specs))
    tried(looked_up)
    tried(lambda: z.numpy().tolist())
settings.max_nodes = limit
a = tf.identity(v) + 1
copy = v.value()
pending()
v.assign(a)
log.append([copy.numpy().tolist(), v.numpy().tolist()])
f = tf.function(lambda t: t * v + 2 - w)
log.append([f(x).numpy().tolist() for _ in range(3)])
with tf.debug.no_reads():
    z = x + y
log.append(z.numpy().tolist())
print(json.dumps(log))
'''

# Runs of hot programs, and all that may happen in one: what is counted, given, kept pending and raised.
RUNS = '''
import json, signal, threading
import numpy as np
import tfcompat as tf
from tfcompat import debug
from tfcompat._core import costs, program as programs
from tfcompat._core.context import settings, state

costs.DISPATCH = -1e9  # what comes a second time is compiled
log = []
before = debug.stats()

def counted():
    global before
    now = debug.stats()
    log.append({k: now[k] - before[k] for k in ("ops", "segments", "structures", "interpreted", "compiled_runs", "compiles", "donated")})
    before = now

def pending():
    s = state.segment
    log.append([[spec.name for spec in s.specs], len(s.refs), len(s.leaves), s.nbytes, len(s.leaf_index()), len(s.tapes)])

def tried(f):
    try:
        log.append(repr(f()))
    except BaseException as error:
        log.append([type(error).__name__, str(error).splitlines()[:1]])

rng = np.random.default_rng(0)
x, w = tf.constant(rng.normal(size=(96, 96)), tf.float32), tf.Variable(rng.normal(size=(96, 96)) / 10, dtype=tf.float32)

def layers(scale=0.5):
    y = x
    for _ in range(6):
        y = tf.tanh(y @ w * scale)
    return y

# A chain, its intermediate results now and then, other numbers, gradients, jacobians
kept = []
for k in range(90):
    y = layers(0.5 + k % 3)
    if k % 20 == 9:
        kept.append((y * 2.0, y))
    log.append(float(tf.reduce_sum(y)))
    if k % 20 == 13:
        log.append([float(t[0, 0]) for pair in kept for t in pair])
        kept.clear()
counted()
for k in range(60):
    with tf.GradientTape(persistent=k % 7 == 0) as tape:
        loss = tf.reduce_sum(layers() ** 2)
    g = tape.gradient(loss, w)
    log.append(float(tf.reduce_sum(g)))
    if k % 7 == 0:
        log.append(float(tape.gradient(loss, w)[1, 2]))
    if k % 10 == 5:
        w.assign_sub(0.01 * g)
pending()
counted()
# More leaves than are looked through, some of them twice, between reads and beside a tape
parts = [x[:2] * float(k) for k in range(24)]
tf.test.experimental.sync_devices()
for k in range(40):
    few = k % 12
    total = parts[0]
    for j, part in enumerate(parts[:few] + parts[: 2 * few : 2]):
        total = total + part
        if j == few:
            pending()
    with tf.GradientTape() as tape:
        tape.watch(parts)
        many = tf.reduce_sum(tf.concat(parts, 0) * tf.concat(parts[::-1], 0)) + parts[3][0, 0]
    g = tape.gradient(many, parts[k % 5])
    log.append([float(t) for t in (total[0, 0], many, g[0, 0])])
counted()
row = x[:1]
for k in range(60):
    with tf.GradientTape() as tape:
        tape.watch(row)
        y = tf.tanh(row @ w) * tf.cast(k, tf.float32)
    log.append(float(np.asarray(tape.jacobian(y, row))[0, 1, 0, 2]))
counted()

# A host array that is new each time, 64 bits, and a tensor of another thread
for k in range(40):
    log.append(float(tf.reduce_sum(tf.constant(np.full((96, 96), k, "float32")) @ w)))
    log.append(float(tf.reduce_sum(tf.cast(layers(), tf.float64) * float(k))))
counted()
for k in range(40):
    y, seen = layers(), []
    reader = threading.Thread(target=lambda: seen.append(float(y[3, 3].numpy())))
    if k % 4 == 0:
        reader.start()
        reader.join()
        log.append(seen)
    log.append(float(y[2, 2]))
pending()

# Something records while a run is under way
kept.clear()
class Records:
    def __del__(self):
        kept.append(tf.tanh(x @ w))
for k in range(40):
    y = layers()
    y.note = Records()
    total = tf.reduce_sum(y)
    del y
    log.append(float(total))
    log.append([float(t[0, 1]) for t in kept])
    kept.clear()

# What a program raises: once for want of memory, always, and Ctrl-C
def run():
    y = layers(0.5)
    return float(tf.reduce_sum(y)), float(y[0, 0])
for k in range(40):
    run()
todo = []
def meddle():
    for structure in programs._structures.values():
        for program in structure.programs:
            def calls(*arguments, call=program.call):
                if todo:
                    todo.pop()()
                return call(*arguments)
            program.call = calls
meddle()
def no_memory():
    raise MemoryError("none")
for k in range(6):
    tried(run)
todo[:] = [no_memory]
tried(run)
todo[:] = [no_memory] * 8
tried(run)
todo.clear()
y = layers(0.5)
todo[:] = [lambda: signal.raise_signal(signal.SIGINT)]
tried(lambda: float(tf.reduce_sum(y)))
log.append(float(tf.reduce_sum(y)))
tried(run)
pending()

# Updates take over the arrays of variables: held by nobody else, by somebody, read by NumPy, and where memory is short
v = tf.Variable(rng.normal(size=(96, 96)) / 10, dtype=tf.float32)
def update(rate=0.01):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ v) ** 2)
    v.assign_sub(rate * tape.gradient(loss, v))
    return float(loss)
for k in range(48):
    log.append(update())
counted()
handles, views = [], []
for k in range(48):
    if k % 5 == 1:
        handles.append(v.value())
    if k % 5 == 3:
        views.append(v.numpy())
    log.append(update(0.01 + k % 3))
log.append([float(h[2, 3]) for h in handles] + [float(a[2, 3]) for a in views])
counted()
meddle()
for k in range(6):
    todo[:] = [no_memory] * (0, 1, 8)[k % 3]
    tried(update)
    todo.clear()
    log.append(float(v[1, 1]))
for k in range(20):
    log.append(update())
counted()

# No reads, other tiers, the long way
with debug.no_reads():
    tried(run)
for tier in ("interpreted", "compiled", "sync"):
    with debug.mode(tier):
        log.append([round(n, 2) for n in run()])
log.append(debug.explain().count("compiled") > 3)
state.segment.close("flush")
state.segment.close("flush", regular=False)
state.segment.close(why="flush")
tried(lambda: state.segment.close())
tried(lambda: state.segment.close("flush", True, 3))
print(json.dumps(log))
'''

# Runs that are interpreted until they are compiled: at the same run, whatever is alive, and with the checks that they have.
COLD = '''
import json
import numpy as np
import tfcompat as tf
from tfcompat import debug
from tfcompat._core import costs

costs.COMPILE_BASE = 3e-3
log = []
x = tf.constant(np.linspace(-1, 1, 96 * 96).reshape(96, 96), tf.float32)  # too large for plans, which only C goes through
number = tf.Variable(0)

def counted():
    log.append([debug.stats()[k] for k in ("ops", "segments", "structures", "interpreted", "compiled_runs", "prefix_runs", "compiles", "replays")])

def tried(f):
    try:
        return f()
    except tf.errors.OpError as error:
        return [type(error).__name__, error.message.split(" (called at")[0]]

def chain(k, count):
    y, kept = x + float(k), []
    for _ in range(count):
        y = tf.nn.relu(y) - 0.5
        kept.append(y)
    return kept[: k % 3], float(y[1, 1])

for count in (3, 8, 20):
    for k in range(120):
        kept, last = chain(k, count)
        log.append([last, *[float(t[2, 2]) for t in kept]])
        counted()

def picked(positions):
    i = number + positions  # pending: a flag is recorded
    y = tf.gather(x, i)
    z = tf.gather_nd(y, tf.expand_dims(i, 1)) * 2.0
    return [float(z[0, 0]), float(y[-1, -1])]

for k in range(260):
    log.append(tried(lambda: picked([k % 2, 1, 0] if k != 249 else [0, 1, 96 + k])))
    counted()
print(json.dumps(log))
'''


@pytest.mark.parametrize("program", [PROGRAM, RUNS, COLD], ids=["records", "runs", "cold"])
def test_both_forms_do_the_same(program):
    logs = [json.loads(run_code(program, TFCOMPAT_PURE_PYTHON=pure)) for pure in ("0", "1")]
    for k, (a, b) in enumerate(zip(*logs, strict=True)):
        assert a == b, k

DRAWS = '''
import hashlib
import tfcompat as tf

tf.random.set_seed(3)
generator = tf.random.Generator.from_seed(2**62)
for shape in ([1], [2], [3], [8, 8], [1000], [4, 333], [0], [70001]):
    drawn = [f(shape) for f in (tf.random.normal, tf.random.uniform, tf.random.truncated_normal, generator.normal)]
    drawn += [tf.random.stateless_normal(shape, seed) for seed in ([1, 2], [2**40, -7])]
    drawn += [tf.random.normal(shape, dtype=dtype) for dtype in (tf.float64, tf.float16)]
    drawn += [tf.random.uniform(shape, -5, 1000, tf.int32), tf.random.normal(shape, seed=7)]
    print(shape, [hashlib.sha256(t.numpy().tobytes()).hexdigest() for t in drawn])
'''


def test_both_forms_draw_the_same_bits():
    assert run_code(DRAWS, TFCOMPAT_PURE_PYTHON="0") == run_code(DRAWS, TFCOMPAT_PURE_PYTHON="1")


def test_arrays_of_other_sizes_are_refused():
    extension = native.extension
    if extension is None:
        assert importlib.util.find_spec("tfcompat._core._hot") is None or os.environ.get("TFCOMPAT_PURE_PYTHON")
        return
    words = [np.zeros(3, np.uint32) for _ in range(4)]
    with pytest.raises(ValueError, match="sizes"):
        extension.philox(np.zeros(2, np.uint32), np.zeros(4, np.uint32), np.zeros(2, np.uint64), *words)
    with pytest.raises(ValueError, match="sizes"):
        extension.box_muller(*words[:2], np.zeros(3, np.float32), np.zeros(2, np.float32))
    with pytest.raises((BufferError, ValueError)):
        extension.box_muller(*words[:3], np.frombuffer(bytes(12), np.float32))
    with pytest.raises(TypeError):
        extension.philox(words[0])


def test_the_c_form_is_in_place_where_it_was_built():
    built = importlib.util.find_spec("tfcompat._core._hot") is not None and not int(os.environ.get("TFCOMPAT_PURE_PYTHON") or 0)
    import tfcompat as tf

    assert (type(tf.Tensor.__add__).__name__ == "Operator") == built
    assert (type(hot.recorded).__name__ == "builtin_function_or_method") == built


def test_operators_look_like_methods():
    import tfcompat as tf

    x = tf.constant(2.0)
    assert tf.Tensor.__add__.__name__ == "__add__"
    assert x.__mul__(3).numpy() == 6
    assert [m(x).numpy() for m in (tf.constant(5.0).__sub__, tf.constant(5.0).__rsub__)] == [3, -3]
    with pytest.raises(TypeError):
        x.__add__(x, x)
    with pytest.raises(AttributeError):
        tf.Tensor.__add__.no_such_attribute  # noqa: B018


def test_threads_record_by_turns():
    """Each in its own segment, whichever of them recorded last, by operators, by form and by indices."""
    import tfcompat as tf
    from tfcompat._core.context import state

    x, turn, found = tf.constant([[1.0, 2.0]]), threading.Barrier(2), []

    def record(k):
        for _ in range(8):
            turn.wait()
            results = x * 2.0, tf.nn.softmax(x), x[0], tf.concat([x, x], 0)
            turn.wait()
            found.append(all(t._seg is state.segment for t in results))
            tf.test.experimental.sync_devices()
            found.append(float(results[0][0, 1]) == 4)

    threads = [threading.Thread(target=record, args=(k,)) for k in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 32


def test_one_thread_at_a_time_has_the_lock_of_a_segment():
    """Taken more than once by the same thread; whoever waits gets it."""
    from tfcompat._core.segment import Segment

    lock, inside, found = Segment().lock, [], []

    def work(k):
        for _ in range(200):
            with lock, lock:
                inside.append(k)
                time.sleep(0)  # lets another thread run
                with lock:
                    found.append(inside[:] == [k])
                inside.clear()

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found == [True] * 800
    with pytest.raises(RuntimeError, match="un-acquired"):
        lock.__exit__(None, None, None)


def test_operators_and_operands_by_turns():
    """What an operator did the last time is not done to operands of other shapes and dtypes."""
    import tfcompat as tf

    operands = [tf.constant(v) for v in (3.0, [1.0, 2.0], [[1.0], [2.0]], 3, [1, 2])]
    for _ in range(4):
        for a in operands:
            for b in operands:
                if a.dtype is b.dtype:
                    np.testing.assert_array_equal((a + 1) * b - a, (a.numpy() + 1) * b.numpy() - a.numpy())
                else:
                    with pytest.raises(tf.errors.InvalidArgumentError):
                        a * b


def test_indices_by_turns():
    import tfcompat as tf

    tensors = [tf.constant(np.arange(12.0).reshape(shape)) for shape in ((3, 4), (4, 3), (2, 3, 2))]
    for k in range(12):
        for t in tensors:
            n = k % t.shape[0]
            results = t[n], t[n:], t[k % 2, 1:], t[k % 2, -1], t[None, n]
            for result, index in zip(results, (n, slice(n, None), (k % 2, slice(1, None)), (k % 2, -1), (None, n)), strict=True):
                np.testing.assert_array_equal(result, t.numpy()[index])
    with tf.GradientTape() as tape:
        tape.watch(tensors[0])
        y = tensors[0][1] * 2.0 + tensors[0][2]
    np.testing.assert_array_equal(tape.gradient(y, tensors[0]), [[0] * 4, [2] * 4, [1] * 4])
