"""The programs of `snippets`: one error each, or a few; a blank line ends a program, its first line is its name."""

PRELUDE = """
v = tf.Variable([1.0, 2.0, 3.0])
m = tf.Variable([[1.0, 2.0], [3.0, 4.0]])
n = tf.Variable([1, 2, 3])
x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
i = tf.constant([0, 1])
"""

AFTER = """
v.assign_add([1.0, 1.0, 1.0])
m.assign(m * 2.0)
n[0].assign(7)
_total = tf.reduce_sum(v) + tf.reduce_sum(x) + tf.reduce_sum(m)
total = float(_total)
"""

_TEXT = r"""
# mixed dtypes: int tensor and float tensor
x + i

# mixed dtypes: product with a variable
v * tf.constant([1, 2, 3])

# mixed dtypes: float64 and float32
tf.constant([1.0], tf.float64) - tf.constant([1.0])

# mixed dtypes: numpy float64 beside float32
y = x + np.ones((2, 2))

# mixed dtypes: numpy int64 beside float32
y = x * np.array([1, 2])

# mixed dtypes: a float beside an int tensor
i + 1.5

# mixed dtypes: a float before an int tensor
0.5 * i

# mixed dtypes: a complex number beside a float
x + 1j

# mixed dtypes: text beside a float
x + "a"

# mixed dtypes: None beside a tensor
x + None

# mixed dtypes: matmul
tf.matmul(x, tf.constant([[1, 2], [3, 4]]))

# mixed dtypes: matmul operator
x @ np.ones((2, 2))

# mixed dtypes: concat
tf.concat([x, tf.constant([[1, 2]])], 0)

# mixed dtypes: stack
tf.stack([tf.constant(1.0), tf.constant(1)])

# mixed dtypes: where
tf.where([True, False], tf.constant([1.0, 2.0]), tf.constant([1, 2]))

# mixed dtypes: maximum
tf.maximum(x, tf.constant(1))

# mixed dtypes: comparison
x < tf.constant(1)

# mixed dtypes: equality gives an error too
tf.equal(x, tf.constant([1, 2]))

# mixed dtypes: add_n
tf.add_n([x, tf.constant([[1, 2], [3, 4]])])

# mixed dtypes: assign
v.assign(tf.constant([1, 2, 3]))

# mixed dtypes: assign_add of ints
v.assign_add(tf.constant([1, 2, 3]))

# mixed dtypes: sliced assign
v[0].assign(tf.constant(1))

# mixed dtypes: pow
tf.pow(x, tf.constant(2))

# mixed dtypes: clip
tf.clip_by_value(x, tf.constant(0), tf.constant(1))

# not allowed: bool arithmetic
tf.constant([True]) + tf.constant([False])

# not allowed: square root of ints
tf.sqrt(i)

# not allowed: mean of bools
tf.reduce_mean(tf.constant([True, False]))

# not allowed: logical and of floats
tf.logical_and(x, x)

# not allowed: exp of text
tf.exp(tf.constant("a"))

# not allowed: a float as axis
tf.reduce_sum(x, axis=0.5)

# not allowed: text as a shape
tf.reshape(x, "a")

# not allowed: float indices
tf.gather(x, [0.0])

# not allowed: a tensor as condition that has no single value
if x > 0: y = 1

# not allowed: int of a matrix
int(x)

# not allowed: float of a vector
float(v)

# not allowed: iterate over a scalar
for _e in tf.constant(1.0): y = 1

# not allowed: length of a scalar
len(tf.constant(1.0))

# not allowed: item assignment on a tensor
x[0] = 1.0

# not allowed: item assignment on a variable
v[0] = 1.0

# not allowed: hash of a tensor
{x: 1}

# not allowed: missing attribute of a tensor
x.foo

# not allowed: a tensor where a pair is expected
tf.nest.assert_same_structure(x, (v, m))

# not allowed: missing attribute of a variable
v.foo

# not allowed: missing name of the module
tf.no_such_name

# not allowed: an unknown keyword
tf.reduce_sum(x, dim=1)

# not allowed: too many arguments
tf.zeros_like(x, tf.float32, None, None, None)

# not allowed: missing argument
tf.matmul(x)

# rank: matmul of a vector
tf.matmul(v, x)

# rank: matmul of vectors
tf.matmul(v, v)

# rank: transposition that does not fit
tf.transpose(x, [0, 1, 2])

# rank: transposition with an axis twice
tf.transpose(x, [0, 0])

# rank: axis out of range
tf.reduce_sum(x, axis=2)

# rank: negative axis out of range
tf.reduce_max(x, axis=-3)

# rank: argmax axis
tf.argmax(x, axis=5)

# rank: expand_dims
tf.expand_dims(x, 4)

# rank: squeeze a dimension of size 2
tf.squeeze(x, axis=0)

# rank: concat of a scalar
tf.concat([tf.constant(1.0), tf.constant(2.0)], 0)

# rank: concat axis
tf.concat([x, x], 2)

# rank: unstack axis
tf.unstack(x, axis=3)

# rank: tile
tf.tile(x, [2])

# rank: pad
tf.pad(x, [[1, 1]])

# rank: diag
tf.linalg.trace(v)

# rank: inverse of a vector
tf.linalg.inv(v)

# rank: too many indices
x[0, 0, 0]

# rank: too many ellipses
x[..., ...]

# shape: add
x + tf.ones((3, 2))

# shape: multiply by a variable
x * v

# shape: matmul
tf.matmul(x, tf.ones((3, 2)))

# shape: matmul operator
x @ tf.ones((3, 2))

# shape: batch matmul
tf.matmul(tf.ones((2, 2, 3)), tf.ones((3, 3, 2)))

# shape: reshape
tf.reshape(x, [3, 2])

# shape: reshape with two unknowns
tf.reshape(x, [-1, -1])

# shape: reshape that does not divide
tf.reshape(x, [3, -1])

# shape: concat
tf.concat([x, tf.ones((3, 3))], 0)

# shape: stack
tf.stack([x, tf.ones((3, 2))])

# shape: broadcast_to
tf.broadcast_to(v, [2, 2])

# shape: where
tf.where(tf.ones((3,), tf.bool), x, x)

# shape: split unevenly
tf.split(v, 2)

# shape: split by sizes
tf.split(v, [1, 1])

# shape: boolean mask
tf.boolean_mask(x, [True, False, True])

# shape: einsum
tf.einsum("ij,jk->ik", x, tf.ones((3, 2)))

# shape: einsum with an unknown label
tf.einsum("ij->ik", x)

# shape: tensordot
tf.tensordot(x, v, 1)

# shape: inverse of what is not square
tf.linalg.inv(tf.ones((2, 3)))

# shape: solve
tf.linalg.solve(x, tf.ones((3, 1)))

# shape: addition of variables
m + v

# shape: cross entropy
tf.nn.softmax_cross_entropy_with_logits(labels=x, logits=tf.ones((3, 2)))

# shape: sparse cross entropy
tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[0, 1, 0], logits=x)

# shape: bias
tf.nn.bias_add(x, v)

# shape: convolution
tf.nn.conv2d(tf.ones((1, 4, 4, 3)), tf.ones((3, 3, 2, 1)), 1, "SAME")

# shape: ensure_shape
tf.ensure_shape(x, [3, 2])

# shape: set_shape
x.set_shape([3, 2])

# shape: segment sum
tf.math.segment_sum(x, [0, 0, 1])

# shape: one that a number cannot have
tf.zeros([2, "a"])

# unknown dtype: a name
tf.constant([1.0], dtype="float31")

# unknown dtype: an object
tf.zeros([2], dtype=object())

# unknown dtype: cast
tf.cast(x, "no_type")

# unknown dtype: as_dtype
tf.as_dtype("foo")

# unknown dtype: an array of objects
tf.constant(np.array([object()]))

# unknown dtype: a Python object
tf.constant(object())

# unknown dtype: None
tf.constant(None)

# unknown dtype: a list with None
tf.constant([1.0, None])

# unknown dtype: a dictionary
tf.constant({"a": 1})

# unknown dtype: a set
tf.constant({1, 2})

# unknown dtype: text as a number
tf.constant("a", tf.float32)

# unknown dtype: a float as an int
tf.constant(1.5, tf.int32)

# unknown dtype: an int that is too large
tf.constant(2 ** 40, tf.int32)

# unknown dtype: an int that is too large for any
tf.constant(2 ** 70)

# unknown dtype: a negative number as unsigned
tf.constant(-1, tf.uint8)

# unknown dtype: numpy text
tf.constant(np.array(["a"]), tf.int32)

# unknown dtype: numbers and text
tf.constant([1, "a"])

# ragged: constant
tf.constant([[1.0, 2.0], [3.0]])

# ragged: deeper
tf.constant([[[1], [2]], [[3, 4], [5]]])

# ragged: a number beside a list
tf.constant([1.0, [2.0]])

# ragged: convert_to_tensor
tf.convert_to_tensor([[1, 2], [3]], tf.float32)

# ragged: a variable
w = tf.Variable([[1.0], [2.0, 3.0]])

# ragged: numpy arrays
tf.constant([np.ones(2), np.ones(3)])

# ragged: tensors
tf.convert_to_tensor([tf.ones(2), tf.ones(3)])

# ragged: as an operand
x + [[1.0, 2.0], [3.0]]

# ragged: assign
v.assign([[1.0], [2.0, 3.0]])

# ragged: a shape that does not fit
tf.constant([1.0, 2.0, 3.0], shape=[2, 2])

# index: a number out of range
x[2]

# index: a negative number out of range
x[-3]

# index: second dimension
x[0, 5]

# index: a computed number out of range
y = x[tf.reduce_sum(i) + 1]

# index: of a variable
v[3]

# index: a float
x[0.5]

# index: text
x["a"]

# index: a list
x[[0, 1]]

# index: None is a new axis
y = x[None].shape.rank

# index: a slice beyond the end is empty
y = x[5:]

# index: step zero
x[::0]

# index: a boolean mask
x[tf.constant([True, False, True])]

# index: gather
tf.gather(x, [0, 2])

# index: gather, negative
tf.gather(x, -1)

# index: gather, computed
tf.gather(x * 1.0, tf.cast(x[0], tf.int32) * 2)

# index: gather along an axis
tf.gather(x, [2], axis=1)

# index: gather, axis out of range
tf.gather(x, [0], axis=2)

# index: gather_nd
tf.gather_nd(x, [[0, 0], [2, 1]])

# index: gather_nd, too deep
tf.gather_nd(x, [[0, 0, 0]])

# index: scatter_nd
tf.scatter_nd([[4]], [1.0], [3])

# index: tensor_scatter_nd_update
tf.tensor_scatter_nd_update(v, [[3]], [9.0])

# index: scatter_update of a variable
v.scatter_update(tf.IndexedSlices([9.0], [3]))

# index: scatter_nd_add of a variable
v.scatter_nd_add([[5]], [9.0])

# index: sliced assign out of range
v[3].assign(9.0)

# index: embedding_lookup
tf.nn.embedding_lookup(m, [0, 2])

# index: one_hot ignores what is out of range
y = tf.one_hot([0, 5, -1], 2)

# index: labels out of range
tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[0, 2], logits=x)

# index: segment ids
tf.math.unsorted_segment_sum(x, [0, 3], 2)

# index: strided_slice
y = tf.strided_slice(v, [0], [9], [2])

# index: slice
tf.slice(x, [0, 1], [2, 2])

# index: slice, negative start
tf.slice(x, [-1, 0], [1, 1])

# index: reverse axis
tf.reverse(x, [2])

# index: top_k
tf.math.top_k(v, 4)

# index: range of another sign
y = tf.range(5, 0)

# index: range without a step
tf.range(0, 5, 0)

# assign: another shape
v.assign([1.0, 2.0])

# assign: a scalar
v.assign(1.0)

# assign: another rank
m.assign([1.0, 2.0, 3.0, 4.0])

# assign: add of another shape
v.assign_add([1.0, 2.0])

# assign: sub of a scalar
v.assign_sub(1.0)

# assign: None
v.assign(None)

# assign: text
v.assign("a")

# assign: floats to an int variable
n.assign([1.5, 2.5, 3.5])

# assign: a tensor of floats to an int variable
n.assign(tf.constant([1.5, 2.5, 3.5]))

# assign: a slice of another shape
m[0].assign([1.0, 2.0, 3.0])

# assign: a slice is broadcast
m[:, 0].assign(9.0)

# assign: an empty slice
v[5:].assign([])

# assign: scatter of another shape
m.scatter_update(tf.IndexedSlices([[1.0, 2.0, 3.0]], [0]))

# assign: the first of two fails
v.assign([1.0]); m.assign(x * 5.0)

# assign: the second of two fails
m.assign(x * 5.0); v.assign([1.0])

# assign: in a loop until it fails
for _k in range(5):
    v.assign_add([1.0, 1.0, 1.0])
    y = tf.gather(v, _k)
    m.assign_sub([[1.0, 1.0], [1.0, 1.0]])

# assign: a variable of unknown shape
w = tf.Variable([1.0, 2.0], shape=tf.TensorShape(None))
w.assign([[1.0], [2.0]])
w.assign(["a"])

# variable: no initial value
w = tf.Variable()

# variable: a shape that does not fit
w = tf.Variable([1.0, 2.0], shape=[3])

# variable: dtype that does not fit
w = tf.Variable([1.5], dtype=tf.int32)

# variable: constraint that cannot be called
w = tf.Variable(1.0, constraint=3)

# variable: hash
{v: 1}

# variable: bool of a vector
bool(v)

# variable: deleted name
del v
v.assign([1.0])
---
v = tf.Variable([0.0, 0.0, 0.0])

# tape: non-persistent, twice
with tf.GradientTape() as _tape:
    y = tf.reduce_sum(v * v)
a = _tape.gradient(y, v)
b = _tape.gradient(y, v)

# tape: gradient inside, then again
with tf.GradientTape() as _tape:
    y = tf.reduce_sum(v * v)
    a = _tape.gradient(y, v)
b = _tape.gradient(y, v)

# tape: output gradients of another shape
with tf.GradientTape() as _tape:
    y = v * v
a = _tape.gradient(y, v, output_gradients=tf.ones([2]))

# tape: output gradients of another dtype
with tf.GradientTape() as _tape:
    y = v * v
a = _tape.gradient(y, v, output_gradients=tf.ones([3], tf.float64))

# tape: too many output gradients
with tf.GradientTape() as _tape:
    y = v * v
a = _tape.gradient(y, v, output_gradients=[tf.ones([3]), tf.ones([3])])

# tape: output gradients that are broadcast
with tf.GradientTape() as _tape:
    y = v * v
a = _tape.gradient(y, v, output_gradients=tf.constant(2.0))

# tape: watch a number
with tf.GradientTape() as _tape:
    _tape.watch(1.0)

# tape: watch a list with text
with tf.GradientTape() as _tape:
    _tape.watch([x, "a"])

# tape: gradient of a number
with tf.GradientTape() as _tape:
    y = v * v
a = _tape.gradient(1.0, v)

# tape: gradient with regard to a number
with tf.GradientTape() as _tape:
    y = v * v
a = _tape.gradient(y, 1.0)

# tape: gradient with regard to None
with tf.GradientTape() as _tape:
    y = v * v
a = _tape.gradient(y, None)

# tape: not watched gives None
with tf.GradientTape() as _tape:
    y = tf.reduce_sum(x * x)
a = _tape.gradient(y, x) is None

# tape: unconnected as zero
with tf.GradientTape() as _tape:
    y = tf.reduce_sum(v * v)
a = _tape.gradient(y, m, unconnected_gradients="zero")

# tape: an unknown word for unconnected
with tf.GradientTape() as _tape:
    y = tf.reduce_sum(v * v)
a = _tape.gradient(y, m, unconnected_gradients="zeros")

# tape: stop_recording outside
_tape = tf.GradientTape()
with _tape.stop_recording(): y = 1

# tape: entered twice
_tape = tf.GradientTape()
with _tape:
    with _tape: y = 1

# tape: an error inside
with tf.GradientTape() as _tape:
    y = tf.reduce_sum(v * v)
    tf.matmul(v, v)
---
a = _tape.gradient(y, v)

# tape: a caught error inside
with tf.GradientTape() as _tape:
    y = tf.reduce_sum(v * v)
    try: tf.gather(v, 7)
    except tf.errors.InvalidArgumentError: y = y * 2.0
a = _tape.gradient(y, v)

# tape: an assign of the wrong shape inside
with tf.GradientTape() as _tape:
    y = tf.reduce_sum(v * v)
    v.assign([1.0])
---
a = _tape.gradient(y, v)

# tape: jacobian of a used tape
with tf.GradientTape() as _tape:
    y = v * v
a = _tape.jacobian(y, v)
b = _tape.jacobian(y, v)

# tape: batch_jacobian of vectors
with tf.GradientTape() as _tape:
    y = v * v
a = _tape.batch_jacobian(y, v)

# tape: a failing custom gradient
@tf.custom_gradient
def _f(t):
    def grad(dy): raise KeyError("mine")
    return t * 2.0, grad
with tf.GradientTape() as _tape:
    y = tf.reduce_sum(_f(v.value()) + v)
a = _tape.gradient(y, v)

# tape: custom gradient without a gradient
@tf.custom_gradient
def _f(t):
    return t * 2.0
with tf.GradientTape() as _tape:
    y = _f(v.value())

# tape: custom gradient with too many
@tf.custom_gradient
def _f(t):
    return t * 2.0, lambda dy: (dy, dy)
with tf.GradientTape() as _tape:
    y = tf.reduce_sum(_f(v * 1.0))
a = _tape.gradient(y, v)

# no value: numpy of a TensorSpec
tf.TensorSpec([2], tf.float32).numpy()

# no value: numpy of a failed computation
try: y = tf.gather(v, 9)
except tf.errors.InvalidArgumentError: pass
y.numpy()

# no value: a shape as a tensor
tf.convert_to_tensor(tf.TensorShape([None, 2]))

# no value: a symbolic Keras input
tf.zeros(tf.TensorShape(None))

# size: negative
tf.zeros([-1])

# size: negative, two dimensions
tf.ones([2, -3])

# size: fill
tf.fill([-1], 1.0)

# size: too many elements
tf.zeros([2 ** 40, 2 ** 40])

# size: a dimension that is no int64
tf.zeros([2 ** 63])

# size: more memory than there is
tf.zeros([2 ** 30, 2 ** 19])

# size: more memory than there is, computed
tf.zeros([2 ** 24, 1]) + tf.zeros([1, 2 ** 25])

# size: a broadcast larger than memory
tf.broadcast_to(1.0, [2 ** 30, 2 ** 19])

# size: eye
tf.eye(-2)

# size: random
tf.random.normal([-2])

# size: a float
tf.zeros(2.5)

# size: None
tf.zeros([None, 2])

# size: linspace
tf.linspace(0.0, 1.0, 0)

# size: repeat
tf.repeat(v, -1)

# size: tile by a negative number
tf.tile(v, [-1])

# size: reshape to negative
tf.reshape(v, [-3])

# size: range too large
tf.range(2 ** 60)

# size: an empty tensor is fine
y = tf.reduce_sum(tf.zeros([0, 3]), axis=0)

# size: the maximum of nothing
y = tf.reduce_max(tf.zeros([0]))

# size: argmax of nothing
tf.argmax(tf.zeros([0, 3]), axis=0)

# size: mean of nothing
y = tf.math.is_nan(tf.reduce_mean(tf.zeros([0])))

# cast: large floats to int32
y = tf.cast(tf.constant([1e20, -1e20]), tf.int32)

# cast: NaN and infinity to int32
y = tf.cast(tf.constant([float("nan"), float("inf"), float("-inf")]), tf.int32)

# cast: NaN and infinity to int64
y = tf.cast(tf.constant([float("nan"), float("inf"), float("-inf")]), tf.int64)

# cast: to uint8
y = tf.cast(tf.constant([0.5, 1.9, 250.7]), tf.uint8)

# cast: to bool
y = tf.cast(tf.constant([0.0, float("nan"), 2.0]), tf.bool)

# cast: text to a number
tf.cast(tf.constant(["1"]), tf.int32)

# cast: a number to text
tf.cast(x, tf.string)

# cast: int of NaN
int(tf.constant(float("nan")))

# cast: saturate
y = tf.saturate_cast(tf.constant([-5.0, 300.0]), tf.uint8)

# cast: complex to real drops a part
y = tf.cast(tf.constant([1.0 + 2.0j]), tf.float32)

# division: of ints by zero
n // 0

# division: remainder of ints
tf.constant([1, 2]) % tf.constant([1, 0])

# division: of floats by zero
y = tf.constant([1.0, -1.0]) / 0.0

# division: no NaN
y = tf.math.divide_no_nan(x, 0.0)

# division: computed zero
y = n // (n - 2)

# division: negative power of ints
tf.pow(tf.constant(2), tf.constant(-1))

# values: assert_equal
tf.debugging.assert_equal(v, [1.0, 2.0, 4.0])

# values: assert_positive with a message
tf.debugging.assert_positive(v - 2.0, message="mine")

# values: check_numerics
tf.debugging.check_numerics(tf.math.log(v - 2.0), "mine")

# values: Assert
tf.debugging.Assert(tf.reduce_all(v > 2.0), [v])

# values: assert_shapes
tf.debugging.assert_shapes([(x, ("N", 3))])

# values: assert_rank
tf.debugging.assert_rank(x, 3)

# values: assert_type
tf.debugging.assert_type(x, tf.int32)

# values: inverse of a singular matrix
tf.linalg.inv(tf.zeros((2, 2)))

# values: solve of a singular matrix
tf.linalg.solve(tf.ones((2, 2)), x)

# values: Cholesky of what is not positive definite
tf.linalg.cholesky(-tf.eye(2))

# values: logarithm of a negative number is no error
y = tf.math.is_nan(tf.math.log(tf.constant(-1.0)))

# values: one_hot depth
tf.one_hot([0], -1)

# values: random with min above max
tf.random.uniform([2], 5, 1, tf.int32)

# values: keep probability
tf.nn.dropout(x, 1.5)

# values: clip by norm
y = tf.clip_by_norm(v, 0.0)

# order: writes before the failure stay
v.assign_add([1.0, 1.0, 1.0])
y = tf.gather(x, 5)
v.assign_add([10.0, 10.0, 10.0])
---
z = v * 2.0

# order: the failure is caught and the loop goes on
k = 0
for _j in [0, 5, 1, 7]:
    try:
        v.assign_add([1.0, 1.0, 1.0])
        y = tf.gather(v * 1.0, tf.cast(tf.constant(float(_j)) * 1.0, tf.int32))
        m.assign_add([[1.0, 1.0], [1.0, 1.0]])
    except tf.errors.InvalidArgumentError:
        k += 1

# order: a hot loop fails at its last step
for _j in [0, 1, 2] * 4 + [9]:
    v.assign_add([1.0, 1.0, 1.0])
    y = tf.gather(v * 1.0, tf.cast(tf.constant(float(_j)) * 1.0, tf.int32))
    float(y)
    m.assign_add([[1.0, 1.0], [1.0, 1.0]])

# order: the inner error of a function
def _f(t):
    return tf.gather(t, 3)
def _g(t):
    v.assign(t * 2.0)
    return _f(t) + 1.0
y = _g(v)

# order: what depends on a failure
try: y = tf.gather(v, 4)
except tf.errors.InvalidArgumentError as _e: y = v + 1.0
z = y * 2.0

# order: an error between two reads
a = float(tf.reduce_sum(v))
tf.matmul(x, v)
---
b = float(tf.reduce_sum(v))

# order: a sliced assign after a failed one
m[2, 0].assign(5.0)
---
m[1, 0].assign(5.0)

# order: scatter, then a failing scatter
v.scatter_add(tf.IndexedSlices([1.0, 1.0], [0, 2]))
v.scatter_add(tf.IndexedSlices([1.0, 1.0], [0, 3]))

# order: an optimizer step with wrong shapes
_o = tf.optimizers.SGD(0.5)
_o.apply_gradients([(tf.ones([3]), v)])
_o.apply_gradients([(tf.ones([2]), v)])

# order: an optimizer without gradients
_o = tf.optimizers.SGD(0.5)
_o.apply_gradients([(None, v)])

# structure: nest of other lengths
tf.nest.map_structure(lambda a, b: a + b, [1, 2], [1])

# structure: nest of other types
tf.nest.assert_same_structure([1], {"a": 1})

# structure: pack with too few
tf.nest.pack_sequence_as([1, 2], [1])

# structure: TensorShape
tf.TensorShape([2, 3]).assert_is_compatible_with([3, 3])

# structure: TensorShape of text
tf.TensorShape(["a"])

# structure: merge_with
tf.TensorShape([2, None]).merge_with([3, 3])

# structure: IndexedSlices as a tensor
y = tf.convert_to_tensor(tf.IndexedSlices([[1.0]], [0]))

# structure: stack of nothing
tf.stack([])

# structure: concat of nothing
tf.concat([], 0)

# structure: add_n of nothing
tf.add_n([])

# structure: unknown device
with tf.device("/device:FOO:0"): y = x + 1.0

# structure: unknown GPU
tf.config.set_visible_devices([tf.config.list_physical_devices("CPU")[0]], "FOO")

# structure: numpy function of a tensor
y = np.mean(x)

# structure: in
1.0 in x

# structure: a tensor as a Python index
y = [10, 20, 30][tf.constant(1)]

# structure: a float tensor as a Python index
y = [10, 20, 30][tf.constant(1.0)]

# structure: range of a tensor
y = sum(range(tf.constant(4)))

# structure: a variable is not changed in place by an operator
v += 1.0
---
v -= 1.0

# structure: nor by products, quotients and powers
v *= 2.0
---
v /= 2.0

# structure: but other operators make a tensor of it
k = n
k //= 2
w = v
w **= 2.0

# structure: format of a matrix
f"{x:.2f}"

# numbers: NumPy's as operands, the same again and others
results = []
for number in (np.float32(2), np.float32("nan"), np.float64(2), np.int32(2), np.bool_(True)) * 3:
    results += [x * number, number - x, v + number, tf.maximum(x, number)]
f = [(r.dtype.name, str(r.numpy().tolist())) for r in results]
g = [(i + np.int32(3)).numpy().tolist(), (np.int32(3) // (i + 1)).dtype.name]
i + np.int32(3) + x

# numbers: elements of shapes
s = tf.shape(tf.zeros([2, 3, 4]))
parts = [s[0], s[-1], s[True * 1], s[np.int32(1)], s[-3]]
f = [(type(p.numpy()).__name__, p.shape.rank, int(p)) for p in parts]
y = tf.reshape(x, [s[0], -1]) + tf.cast(s[1], tf.float32)
s[3]

# assign: in loops, of pending tensors, numbers and slices
w = tf.Variable([0.0] * 5)
k = tf.Variable(0)
held = []
for step in range(30):
    k.assign_add(1)
    v.assign(v + 1.0)
    w[step % 5].assign(float(step))
    w[1:3].assign_add([1.0, 2.0])
    m.assign_sub(x)
    held.append((v.value(), w.read_value()))
f = [(float(a[1]), [float(e) for e in b]) for a, b in held]
u = v.assign_sub(v)
u.assign_add([1.0, 2.0, 3.0]).assign(u * 2.0)
k.assign_sub(np.int32(3))
f, g = int(k), u.numpy().tolist()
k.assign_add(1.5)

# assign: of another shape, after others
for _ in range(5):
    v.assign_add([1.0, 1.0, 1.0])
    m.assign(m * 2.0)
    n.assign(n)
v.assign_add([1.0, 2.0])
---
m.assign(tf.ones([3, 2]))
---
n.assign_sub(1)
---
v.assign(tf.constant([1, 2, 3]))
---
m[0].assign([1.0, 2.0, 3.0])
"""


def _parse(text):
    programs = {}
    for block in text.strip().split("\n\n"):
        name, source = block.split("\n", 1)
        assert name.startswith("# ") and name[2:] not in programs, name
        programs[name[2:]] = source
    return programs


SNIPPETS = _parse(_TEXT)
