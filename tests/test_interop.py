"""`tfcompat.interop`: arrays between tfcompat and JAX, JAX functions as ops, TensorFlow-style functions for JAX."""

import collections
import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from processes import ROOT, run_python

import tfcompat as tf
from tfcompat import debug
from tfcompat.interop import block_until_ready, call_jax, from_jax, jax_function, to_jax

Pair = collections.namedtuple("Pair", "x y")


def same(one, other, rtol=1e-6):
    np.testing.assert_allclose(np.asarray(one), np.asarray(other), rtol=rtol, atol=1e-6)


# arrays


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16", "int64", "uint8", "bool", "complex128"])
def test_arrays_go_there_and_back(dtype):
    tensor = tf.cast([[1, 0, 3], [2, 5, 0]], dtype)
    array = to_jax(tensor)
    assert isinstance(array, jax.Array) and array.dtype == tensor.dtype.as_numpy_dtype
    assert from_jax(array).dtype == tensor.dtype
    np.testing.assert_array_equal(np.asarray(array), tensor.numpy())
    assert to_jax(from_jax(array)) is array


@pytest.mark.parametrize("mode", ["deferred", "compiled"])
def test_waiting(mode):
    x, v = tf.constant(np.ones([64, 64], np.float32)), tf.Variable([1.0, 2.0])
    with debug.mode(mode):
        y, other = x @ x, x + 1
        assert y._value is None
        assert block_until_ready(y) is y
        assert y._value is not None and other._value is not None  # of one segment
        several = [x + 2, tf.square(x)]
        assert block_until_ready(several) is several and several[1]._value is not None
        v.assign(v * 2)
        structure = {"a": [tf.sqrt(x), v], "b": (np.ones(2), "text", None, tf.constant("s"))}
        assert block_until_ready(structure) is structure
        assert structure["a"][0]._value is not None and v.numpy().tolist() == [2, 4]
        with pytest.raises(tf.errors.InvalidArgumentError, match="99 is not in"):
            for factor in (1, 2, 3, 99):  # at a call site that has proven good a check is left to the run
                block_until_ready([tf.gather(x, tf.cast(x[0] * factor, tf.int32))])


def test_no_copies_where_none_is_needed():
    big = tf.constant(np.ones([300, 300], np.float32))
    array = to_jax(big)
    assert to_jax(big) is array  # what was handed over stays there
    assert np.shares_memory(np.asarray(array), np.asarray(from_jax(array)._value))


def test_structures():
    class Layer(tf.Module):
        def __init__(self):
            super().__init__()
            self.parts = [tf.Variable(1.0), {"b": tf.Variable([2, 3])}]

    arrays = to_jax({"pair": Pair(tf.ones([2]), 3), "parts": Layer().parts, "none": None})
    assert type(arrays["pair"]) is Pair and arrays["pair"].y.dtype == jnp.int32
    assert [type(part) for part in (arrays["parts"], arrays["parts"][1])] == [list, dict]
    assert arrays["none"] is None
    back = from_jax(arrays)
    assert isinstance(back["parts"][1]["b"], tf.Tensor) and back["pair"].x.shape == [2]


def test_what_cannot_become_an_array():
    with pytest.raises(TypeError, match="no arrays of dtype string"):
        to_jax(tf.constant(["a"]))
    with pytest.raises(TypeError, match="random keys; pass jax.random.key_data"):
        from_jax(jax.random.key(0))
    with pytest.raises(TypeError, match="is being traced by JAX"):
        jax.jit(from_jax)(jnp.ones(2))
    gone = jnp.ones(2)
    gone.delete()
    with pytest.raises(RuntimeError, match="deleted"):
        from_jax(gone)


def test_an_array_stays_what_it_was_when_a_variable_made_of_it_changes():
    array = jnp.arange(5000.0)
    v = tf.Variable(from_jax(array))
    taken = to_jax(v)
    with tf.debug.mode("compiled"):
        for _ in range(4):
            v.assign_add(tf.ones([5000]))
            v.numpy()
    same(array, np.arange(5000.0))
    same(taken, np.arange(5000.0))


def test_jax_numpy_makes_arrays_of_tensors():
    x = tf.constant([0.5, 1.5])
    same(jnp.asarray(x * 2) + 1, [2.0, 4.0])
    same(jnp.asarray(tf.Variable(x)), x)
    same(jnp.array(x, jnp.int32), [0, 1])
    same(jax.jit(lambda: jnp.asarray(x) * 2)(), [1.0, 3.0])


def test_dlpack_both_ways():
    x = tf.constant([[0.5, 1.5]]) * 2
    v = tf.Variable(x)
    for source in (x, v):
        exported = np.from_dlpack(source)
        same(exported, [[1.0, 3.0]])
        v.assign_add([[1.0, 1.0]])
        same(v, [[2.0, 4.0]])
        same(exported, [[1.0, 3.0]])
        v.assign(x)
    same(from_jax(jax.dlpack.from_dlpack(np.arange(6.0, dtype=np.float32))) + 1, np.arange(1, 7))


def test_dlpack_capsules():
    x = tf.constant([[0.5, 1.5]]) * 2
    back = tf.experimental.dlpack.from_dlpack(tf.experimental.dlpack.to_dlpack(x))
    assert back.dtype == x.dtype
    same(back, x)
    with pytest.raises(TypeError, match="must be a tensor, got int"):
        tf.experimental.dlpack.to_dlpack(3)
    with pytest.raises(TypeError, match="dtype string"):
        tf.experimental.dlpack.to_dlpack(tf.constant("a"))


# JAX functions as ops


def scaled(x, y, power=2):
    return {"value": jnp.sin(x) * y**power, "sum": x.sum()}


@pytest.mark.all_modes
def test_a_jax_function_is_an_op_with_gradients_of_any_order(mode):
    x, y = tf.constant([0.3, -0.7, 1.1]), tf.Variable([2.0, 3.0, -1.0])
    results = []
    for function in (lambda x, y: call_jax(scaled, x, y=y)["value"], lambda x, y: tf.sin(x) * y**2):
        with tf.GradientTape(persistent=True) as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                value = function(x, y)
            first = inner.gradient(value, [x, y])
        results.append([value, *first, *outer.gradient(first[0], [x, y]), outer.gradient(first[1], y)])
    for ours, theirs in zip(*results, strict=True):
        same(ours, theirs)


@pytest.mark.all_modes
def test_calls_are_recorded_with_what_is_around_them(mode):
    layer = jax.jit(lambda p, x: jax.nn.relu(x @ p["w"] + p["b"]))
    p = {"w": tf.Variable(tf.ones([3, 2])), "b": tf.Variable(tf.zeros([2]))}
    x = tf.constant([[0.5, 1.0, -1.0]])
    for _ in range(3):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(call_jax(layer, p, x * 2) ** 2)
        grads = tape.gradient(loss, p)
        for key in p:
            p[key].assign_sub(0.1 * grads[key])
    w, b = jnp.ones([3, 2]), jnp.zeros([2])
    for _ in range(3):
        gw, gb = jax.grad(lambda w, b: jnp.sum(layer({"w": w, "b": b}, to_jax(x) * 2) ** 2), (0, 1))(w, b)
        w, b = w - 0.1 * gw, b - 0.1 * gb
    same(p["w"], w, 1e-5)
    same(p["b"], b, 1e-5)


def test_a_function_is_traced_once_for_its_shapes():
    calls = []

    def function(x):
        calls.append(x.shape)
        return x + 1

    for _ in range(3):
        same(call_jax(function, tf.ones([2])), [2.0, 2.0])
    assert calls == [(2,)]
    call_jax(function, tf.ones([5]))
    assert calls == [(2,), (5,)]


def test_the_gradient_of_a_function_is_its_own():
    @jax.custom_vjp
    def strange(x):
        return x * 2

    strange.defvjp(lambda x: (x * 2, None), lambda _, g: (g * 100,))
    x = tf.constant(1.5)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = call_jax(strange, x)
    assert (y.numpy(), tape.gradient(y, x).numpy()) == (3.0, 100.0)


def test_what_a_function_makes_has_the_types_of_the_users_jax():
    assert call_jax(lambda: jnp.zeros(3)).dtype == tf.float32
    assert call_jax(lambda x: x * jnp.arange(3), tf.ones([3])).dtype == tf.float32
    assert call_jax(lambda x: x + jnp.zeros(3), tf.ones([3], tf.float64)).dtype == tf.float64
    with jax.enable_x64(True):
        assert call_jax(lambda: jnp.zeros(3)).dtype == tf.float64


def test_integers_have_no_gradient():
    x, i = tf.constant([1.0, 2.0]), tf.constant([1, 0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        tape.watch(i)
        y = call_jax(lambda x, i: x[i] * 3, x, i)
    by_x, by_i = tape.gradient(y, [x, i])
    same(by_x, [3.0, 3.0])
    assert by_i is None


def test_errors_of_a_function_are_its_own():
    def function(x):
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        call_jax(function, tf.ones([2]))
    with pytest.raises(TypeError, match="no arrays of dtype string"):
        call_jax(jnp.sin, tf.constant("a"))
    with pytest.raises(TypeError, match="incompatible shapes"):
        call_jax(jnp.add, tf.ones([2]), tf.ones([3]))


# TensorFlow-style functions for JAX


def loss(x, weights):
    hidden = tf.nn.relu(tf.matmul(x, weights["w"]) + weights["b"])
    return tf.reduce_mean(tf.square(hidden)) + tf.gather(weights["b"], 1)


def test_a_function_under_jaxs_transformations():
    pure = jax_function(loss)
    x = jnp.asarray([[0.5, -1.0], [2.0, 1.0]])
    weights = {"w": jnp.asarray([[1.0, -0.5], [0.25, 2.0]]), "b": jnp.asarray([0.1, 0.2])}
    tensors = {name: tf.constant(np.asarray(value)) for name, value in weights.items()}
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        expected = loss(tf.constant(np.asarray(x)), tensors)
    by_weights = tape.gradient(expected, tensors)
    for call in (pure, jax.jit(pure)):
        assert isinstance(call(x, weights), jax.Array)
        same(call(x, weights), expected)
    for transform in (lambda f: jax.grad(f, 1), lambda f: jax.jit(jax.grad(f, 1)), lambda f: jax.jacrev(f, 1)):
        jax.tree.map(same, transform(pure)(x, weights), by_weights)
    batched = jax.vmap(pure, (0, None))(x[:, None], weights)
    same(batched, [loss(tf.constant(np.asarray(row))[None], tensors) for row in x])
    hessian = jax.jacrev(jax.grad(pure, 1), 1)(x, weights)
    assert hessian["w"]["b"].shape == (2, 2, 2)


def test_other_arguments_are_left_as_they_are():
    seen = []

    def function(x, mode, factor=1):
        seen.append((mode, factor))
        return [x * factor, {"mode": x[0]}, None] if mode == "full" else x

    pure = jax_function(function)
    result = jax.jit(functools.partial(pure, mode="full", factor=3))(jnp.ones(2))
    same(result[0], [3.0, 3.0])
    assert seen == [("full", 3)] and result[2] is None and set(result[1]) == {"mode"}


def test_variables_are_constants_unless_listed():
    v = tf.Variable([2.0, 3.0])
    pure = jax.jit(jax_function(lambda x: x * v))
    same(pure(jnp.ones(2)), [2.0, 3.0])
    v.assign([5.0, 5.0])
    same(pure(jnp.ones(2)), [2.0, 3.0])  # as of the trace

    def step(x):
        v.assign_add(x)
        return tf.reduce_sum(v * v)

    lifted = jax_function(step, variables=[v])
    for call in (lifted, jax.jit(lifted)):
        result, (new,) = call([jnp.ones(2)], jnp.asarray([1.0, 2.0]))
        same(result, 13.0)
        same(new, [2.0, 3.0])
    (_, (new,)), (by_v,) = jax.value_and_grad(lifted, has_aux=True)([jnp.ones(2)], jnp.asarray([1.0, 2.0]))
    same(by_v, [4.0, 6.0])
    same(v, [5.0, 5.0])
    with pytest.raises(ValueError, match="assigns to the variable"):
        jax.jit(jax_function(step))(jnp.ones(2))
    same(v, [5.0, 5.0])
    with pytest.raises(ValueError, match=r"the value for 'Variable:0' is float32\[3\], the variable float32\[2\]"):
        lifted([jnp.ones(3)], jnp.ones(2))
    with pytest.raises(ValueError, match="2 values for 1 variables"):
        lifted([jnp.ones(2), jnp.ones(2)], jnp.ones(2))


def test_a_train_step_with_a_tape_and_an_optimizer():
    def make():
        w = tf.Variable([[1.0], [2.0]])
        optimizer = tf.optimizers.Adam(0.1)
        optimizer.build([w])

        def step(x, y):
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean((tf.matmul(x, w) - y) ** 2)
            optimizer.apply_gradients(zip(tape.gradient(loss, [w]), [w], strict=True))
            return loss

        return step, [w, *[v.value if hasattr(v, "path") else v for v in optimizer.variables]]

    x, y = np.asarray([[0.5, 1.0], [1.0, -1.0]], np.float32), np.asarray([[1.0], [0.0]], np.float32)
    step, variables = make()
    pure = jax.jit(jax_function(step, variables=variables))
    values = [jnp.asarray(to_jax(v)) for v in variables]
    losses = []
    for _ in range(3):
        value, values = pure(values, x, y)
        losses.append(float(value))
    step, variables = make()
    same(losses, [step(tf.constant(x), tf.constant(y)) for _ in range(3)], 1e-5)
    same(values[0], variables[0], 1e-5)


def test_reading_a_value_while_jax_traces_is_an_error_that_says_so():
    def branch(x):
        return x if x[0] > 0 else -x

    for function in (branch, lambda x: float(x[0]), lambda x: x.numpy(), lambda x: tf.boolean_mask(x, x > 0)):
        pure = jax_function(function)
        pure(jnp.ones(2))  # outside of transformations values are there
        for transform in (jax.jit, jax.vmap, lambda f: jax.grad(lambda x: f(x).sum())):
            with pytest.raises(TypeError, match="the value of a tensor is needed while the function is recorded"):
                transform(pure)(jnp.ones([2] if transform is not jax.vmap else [3, 2]))
    x = tf.constant([1.0])  # and everything is as before
    assert (x + 1).numpy() == 2


def test_tensors_that_leave_a_recording_cannot_be_read():
    leaked = []
    jax.jit(jax_function(lambda x: leaked.append(x * 2) or x))(jnp.ones(2))
    with pytest.raises(AttributeError, match="'SymbolicTensor' object has no attribute 'numpy'"):
        leaked[0].numpy()
    with pytest.raises(TypeError, match="is out of scope"):
        (leaked[0] + 1).numpy()


def test_derivatives_are_tensorflows():
    x = np.asarray([0.0, 6.0, 3.0], np.float32)  # relu6 at its corners, where JAX's own rules differ
    t = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(t)
        y = tf.reduce_sum(tf.nn.relu6(t)) + tf.reduce_max(tf.maximum(t, 3.0))
    same(jax.grad(jax_function(lambda x: tf.reduce_sum(tf.nn.relu6(x)) + tf.reduce_max(tf.maximum(x, 3.0))))(x),
         tape.gradient(y, t))  # fmt: skip

    @tf.custom_gradient
    def clipped(x):
        return x * 1, lambda g: tf.clip_by_value(g, -1.0, 1.0)

    same(jax.grad(jax_function(lambda x: tf.reduce_sum(clipped(x) * 5)))(x), np.ones(3))


def test_control_flow_by_tf_function():
    @tf.function
    def collatz(n):
        steps = 0
        while n != 1:
            if n % 2 == 0:
                n = n // 2
            else:
                n = 3 * n + 1
            steps += 1
        return steps

    pure = jax_function(collatz)
    assert int(jax.jit(pure)(jnp.asarray(27))) == 111
    np.testing.assert_array_equal(jax.vmap(pure)(jnp.asarray([1, 2, 7])), [0, 1, 16])


def test_wide_types_are_narrow_where_jax_has_none():
    pure = jax_function(lambda x: (tf.argmax(x), tf.cast(x, tf.float64) / 3))
    for call in (pure, jax.jit(pure)):
        index, third = call(jnp.asarray([1.0, 3.0]))
        assert (index.dtype, third.dtype) == (jnp.int32, jnp.float32)
        same(third, [1 / 3, 1.0])
    step = tf.Variable(5, dtype=tf.int64)
    result, (new,) = jax.jit(jax_function(lambda: step.assign_add(1) * 2, variables=[step]))([jnp.asarray(7)])
    assert (int(result), int(new), new.dtype) == (16, 8, jnp.int32)
    with jax.enable_x64(True):
        assert jax.jit(pure)(jnp.ones(2))[0].dtype == jnp.int64


def test_both_ways_at_once():
    inner = jax.jit(lambda x: jnp.cumsum(x) ** 2)
    pure = jax_function(lambda x: tf.reduce_sum(call_jax(inner, x)))
    direct = lambda x: (jnp.cumsum(x) ** 2).sum()  # noqa: E731
    x = jnp.asarray([0.5, -1.0, 2.0])
    same(jax.jit(jax.grad(pure))(x), jax.grad(direct)(x))
    y = tf.constant([0.5, -1.0, 2.0])
    with tf.GradientTape() as tape:
        tape.watch(y)
        value = call_jax(pure, y)
    same(tape.gradient(value, y), jax.grad(direct)(x))


def test_the_example():
    done = run_python(ROOT / "examples" / "jax_interop.py")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert float(lines[0].split()[-1]) < 0.1
    assert lines[1].endswith("[ 2.  -3.   0.5]")
    assert lines[2].endswith("(64, 3)") and lines[3].endswith("True")


@pytest.mark.all_modes
def test_arrays_that_share_a_tensors_memory_stay_as_they_are(mode):
    """Nobody writes into memory that `np.asarray` has handed out, in place or by donation."""
    v = tf.Variable(np.zeros(5000, "float32"))
    step = tf.function(lambda: v.assign_add(tf.ones(5000)))
    for k in range(4):
        array = np.asarray(v.value())
        assert not array.flags.writeable
        copy = array.copy()
        v[0].assign(k + 1.0)
        v.assign_add(tf.ones(5000))
        step()
        v.numpy()
        np.testing.assert_array_equal(array, copy)
    assert np.array(v.value()).flags.writeable and np.asarray(v).flags.writeable
