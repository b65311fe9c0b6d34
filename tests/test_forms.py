"""Functions called by form record what they record when they are called as they are."""

import ast
import copy
import gc
import inspect
import pickle
import pydoc
import weakref

import numpy as np
import processes
import pytest
from marks import IN_C

import tfcompat as tf
from tfcompat._core import forms, native
from tfcompat._core.context import state

pytestmark = pytest.mark.own_mode

x = tf.constant(np.arange(12, dtype="float32").reshape(3, 4))
y = tf.constant(x.numpy() * 2 - 3)
whole = tf.constant([3, 1, 2])


def called(function, *args, times=4, **kwargs):
    """What each of some calls gives, as NumPy."""
    return [np.asarray(function(*args, **kwargs)) for _ in range(times)]


def has_form(function, *args):
    """Whether there is a form of calls of a public function with these positional arguments."""
    bound = inspect.signature(function).bind(*args)
    bound.apply_defaults()
    function(*args)  # its code is made at the first call
    return forms.learn(function, [*bound.args]) is not None


CALLS = {
    "one node": lambda: tf.add(x, y),
    "one operand twice": lambda: tf.add_n([x, x]),
    "a number": lambda: tf.maximum(x, 2.5),
    "numbers": lambda: tf.clip_by_value(x, 1, 7.5),
    "a list of tensors": lambda: tf.stack([x, y], axis=1),
    "a list of numbers": lambda: tf.add(x, [1.0, 2.0, 3.0, 4.0]),
    "several results": lambda: tf.split(x, 2, axis=1)[1],
    "a named tuple": lambda: tf.math.top_k(x, 2).indices,
    "a tuple": lambda: tf.nn.moments(x, [0])[1],
    "several nodes": lambda: tf.nn.softmax(x, axis=0),
    "words": lambda: tf.einsum("ij,kj->ik", x, y),
    "nested lists": lambda: tf.pad(x, [[0, 1], [2, 0]], constant_values=5),
    "a dtype": lambda: tf.one_hot(whole, 4, dtype=tf.float64),
    "a checked value": lambda: tf.gather(x, whole - 1),
    "keywords": lambda: tf.meshgrid(whole, whole, indexing="ij")[0],
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_later_calls_record_what_the_first_one_does(call):
    def recorded():
        segment = state.context.segment
        tf.test.experimental.sync_devices()
        result = call() + call()
        names = [spec.name for spec in segment.specs], [list(w) for w in segment.wires], len(segment.leaves)
        return names, result.numpy().tolist()

    first, *others = [recorded() for _ in range(5)]
    assert all(other == first for other in others)


@IN_C
def test_what_has_a_form():
    v = tf.Variable(x)
    assert has_form(tf.add, x, 1.0) and has_form(tf.stack, [x, v]) and has_form(tf.nn.softmax, v)
    assert has_form(tf.gather, x, whole - 1)
    assert not has_form(tf.where, x > 1)  # its shape is that of values
    assert not has_form(tf.repeat, x, whole, 0)
    assert not has_form(tf.fill, whole, 1.0)
    assert not has_form(tf.add, 1, 2)  # no node
    assert has_form(tf.linalg.inv, tf.eye(3))  # without the verdict among its results


@pytest.mark.parametrize(
    "values",
    [(1, 1.0, True), (0.0, -0.0), (False, 0), (float("nan"), 1.0), (2, 3), (1.5, 2.5), ([1.0] * 4, [2.0] * 4)],
    ids=str,
)
def test_what_differs_has_a_form_of_its_own(values):
    def tried(function, value):
        try:
            result = function(value)
        except (TypeError, ValueError, tf.errors.InvalidArgumentError) as error:
            return type(error).__name__
        return result.dtype.name, result.numpy().tobytes()

    for function in (lambda value: tf.divide(x, value), lambda value: tf.equal(value, value), lambda value: tf.fill([2], value)):
        alone = {}
        for round in range(4):
            for k, value in enumerate(values):
                assert tried(function, value) == alone.setdefault(k, tried(function, value)), (round, value)
    assert tf.divide(1.0, tf.constant(-0.0)).numpy() == -np.inf


def test_zeros_keep_their_signs():
    for _ in range(4):
        assert np.signbit(called(tf.fill, [2], -0.0)).all() and not np.signbit(called(tf.fill, [2], 0.0)).any()


def test_each_call_gives_an_array_of_its_own():
    """Of what is known without a value: one is written to in place, the others are as they were."""
    for function, args in ((tf.ones, ((2, 3),)), (tf.zeros_like, (x,)), (tf.zeros, ([2], tf.string)), (tf.ones, ((300, 300),))):
        made = [function(*args) for _ in range(4)]
        assert len({id(t) for t in made}) == 4
        variable = tf.Variable(made[2])
        first = made[0].numpy()
        variable[:1].assign(variable[:1] + ("a" if first.dtype == object else 5))
        made[3].numpy()[...] = 7 if first.dtype != object else b"b"
        del made[3]
        assert all(np.array_equal(t.numpy(), first) for t in [*made, function(*args)])
        assert not np.array_equal(variable.numpy(), first)
    with tf.GradientTape(persistent=True) as tape:
        one, other = tf.ones([2]), tf.ones([2])
        tape.watch(one)
        product = tf.reduce_sum(one * other * 3.0)
    assert tape.gradient(product, one).numpy().tolist() == [3, 3]
    assert tape.gradient(product, other) is None


def test_values_are_read_anew():
    for n in (1, 2, 3, 4, 5):
        assert tf.fill(tf.constant([n]), 1.0).shape == [n]
        assert tf.repeat(tf.constant([1, 2]), tf.constant([n, 1])).shape == [n + 1]
        assert tf.reshape(tf.range(n * 2), tf.constant([2, n])).shape == [2, n]
        assert tf.where(tf.constant([True] * n + [False] * (6 - n))).shape == [n, 1]
        assert tf.reduce_sum(tf.ones([2, 3]), tf.constant(n % 2)).shape == [3 - n % 2 if n % 2 == 0 else 2]


def test_variables_are_read_anew():
    v = tf.Variable([1.0, 2.0])
    for n in range(5):
        v.assign_add([1.0, 1.0])
        np.testing.assert_array_equal(tf.stack([v, v])[1], [2.0 + n, 3.0 + n])
        with tf.GradientTape() as tape:
            result = tf.reduce_sum(tf.multiply(v, 3.0))
        assert [t.ref() for t in tape.watched_variables()] == [v.ref()]
        np.testing.assert_array_equal(tape.gradient(result, v), [3.0, 3.0])


def test_gradients_go_through_all_nodes():
    for _ in range(5):
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as tape:
                tape.watch(x)
                value = tf.reduce_sum(tf.clip_by_value(tf.concat([x, x * x], 0), 1.5, 30.0))
            gradient = tape.gradient(value, x)
        inside = (x.numpy() > 1.5) * 1.0, (x.numpy() ** 2 > 1.5) & (x.numpy() ** 2 < 30)
        np.testing.assert_allclose(gradient, inside[0] + inside[1] * 2 * x.numpy())
        np.testing.assert_allclose(outer.gradient(gradient, x), inside[1] * 2.0)


def test_errors_are_raised_each_time():
    for _ in range(5):
        with pytest.raises(tf.errors.InvalidArgumentError, match="Incompatible shapes"):
            tf.add(x, [1.0, 2.0])
        with pytest.raises(ValueError, match="not in range"):
            tf.stack([x, x], axis=5)
        with pytest.raises(tf.errors.InvalidArgumentError, match="is not in"):
            tf.gather(x, [0, 7]).numpy()
        with pytest.raises(TypeError, match="unexpected keyword|got an unexpected"):
            tf.stack([x], wrong=1)


SINGULAR = {
    "inv": lambda m: [tf.linalg.inv(m)],
    "solve": lambda m: [tf.linalg.solve(m, tf.ones((3, 2)))],
    "lu": lambda m: [*tf.linalg.lu(m)],
}


@pytest.mark.parametrize("name", SINGULAR)
def test_what_tells_whether_a_matrix_is_singular(name):
    """It is recorded where the matrix was found good, else run when it is called."""
    function = SINGULAR[name]
    good, bad = tf.constant(np.eye(3, dtype="float32") + 1), tf.constant(np.zeros((3, 3), "float32"))
    expected, frames = [np.asarray(t) for t in function(good)], set()
    for _ in range(4):
        function(good)
    for _ in range(5):
        function(good)
        results = function(good)
        assert all(t._value is None for t in results) and len(results) == len(expected)
        for result, value in zip(results, expected, strict=True):
            np.testing.assert_array_equal(result, value)
        with pytest.raises(tf.errors.InvalidArgumentError, match="invertible") as caught:
            function(bad)
        frames.add(len(caught.traceback))
        if name != "lu":
            other = tf.constant(good.numpy())
            with tf.GradientTape() as tape:
                tape.watch([good, other])
                total = tf.add_n([tf.reduce_sum(t) for m in (good, other) for t in function(m)])
            a, b = tape.gradient(total, [good, other])
            np.testing.assert_array_equal(a, b)
    assert len(frames) == 1


def test_functions_stay_functions():
    for function in (tf.stack, tf.add, tf.nn.conv2d, tf.einsum):
        assert inspect.isfunction(function) and inspect.isroutine(function)
        assert function.__doc__ and function.__module__.startswith("tfcompat")
        assert repr(function).startswith(f"<function {function.__name__} at 0x")
        assert pickle.loads(pickle.dumps(function)) is function and copy.deepcopy(function) is function
        assert weakref.ref(function)() is function
        assert pydoc.plain(pydoc.render_doc(function)).splitlines()[2].startswith(f"{function.__name__}(")
    assert list(inspect.signature(tf.stack).parameters) == ["values", "axis", "name"]
    assert str(inspect.signature(tf.einsum)) == "(equation, *inputs, **kwargs)"
    tf.reduce_sum(x)
    assert tf.reduce_sum.__code__.co_name == "reduce_sum" and tf.reduce_sum.__defaults__ == (None, False, None)
    bound = type("Bound", (), {"double": tf.add_n, "absolute": staticmethod(tf.abs)})()
    assert bound.double.__self__ is bound and bound.absolute is tf.abs


@pytest.mark.parametrize("times", [1, 4])
def test_arguments_by_name(times):
    total = x.numpy().sum(1, keepdims=True)
    for _ in range(times):
        np.testing.assert_array_equal(tf.reduce_sum(x, 1, True), total)
        np.testing.assert_array_equal(tf.reduce_sum(x, keepdims=True, axis=1), total)
        np.testing.assert_array_equal(tf.reduce_sum(axis=1, input_tensor=x, keepdims=True, name="total"), total)
        np.testing.assert_array_equal(tf.reduce_sum(x, **{"".join(["ax", "is"]): 1, "keepdims": True}), total)
        assert tf.reduce_sum(x, keepdims=True).shape == (1, 1) and tf.reduce_sum(x).shape == ()
        np.testing.assert_array_equal(tf.stack(axis=1, values=[x, y]), np.stack([x, y], 1))
        np.testing.assert_array_equal(tf.einsum("ij->j", x, optimize="greedy"), x.numpy().sum(0))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: tf.maximum(x), "maximum() missing 1 required positional argument: 'y'"),
        (lambda: tf.maximum(y=x), "maximum() missing 1 required positional argument: 'x'"),
        (lambda: tf.maximum(x, y, None, x), "maximum() takes from 2 to 3 positional arguments but 4 were given"),
        (lambda: tf.maximum(x, y, other=1), "maximum() got an unexpected keyword argument 'other'"),
        (lambda: tf.maximum(x, y, x=1), "maximum() got multiple values for argument 'x'"),
        (lambda: tf.nn.relu(x, features=x), "relu() got multiple values for argument 'features'"),
    ],
)
def test_wrong_arguments(call, text):
    """Of functions for which Python speaks in TensorFlow, too; for the others see test_calls.py."""
    for _ in range(4):
        with pytest.raises(TypeError) as caught:
            call()
        assert str(caught.value) == text


def test_errors_of_first_calls_show_no_other_frames():
    """Where functions are made by Python, a first call shows frames of that."""
    text = """
import traceback, tfcompat as tf
for _ in range(2):
    try:
        tf.math.squared_difference([1.0, 2.0], [1.0, 2.0, 3.0])
    except tf.errors.InvalidArgumentError as error:
        print([frame.filename for frame in traceback.extract_tb(error.__traceback__)])
"""
    first, last = processes.run_code(text).splitlines()
    first, last = ast.literal_eval(first), ast.literal_eval(last)
    assert last[0] == "<string>" and 3 <= len(last) <= 4
    assert native.extension is None or first == last


def test_forms_keep_no_argument():
    a, b = tf.constant([1.0, 2.0]) * 2.0, tf.constant([3.0, 4.0]) * 2.0
    for _ in range(4):
        tf.stack([a, b]).numpy()
        tf.add(a, b).numpy()
    seen = weakref.ref(a), weakref.ref(b)
    del a, b
    gc.collect()
    assert seen[0]() is None and seen[1]() is None


def test_constants_are_no_sources():
    """A number that a form holds as a tensor is one tensor for many calls; a tape takes it for none of its sources."""
    for _ in range(5):
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(x)
            doubled, tripled = tf.multiply(x, 2.0), tf.multiply(x, 3.0)
        assert tape.gradient(doubled, x).numpy().max() == 2 and tape.gradient(tripled, x).numpy().max() == 3


def test_many_forms():
    for n in range(3000):
        assert tf.maximum(x, float(n)).numpy().max() == max(n, 11)
    long = list(range(500))
    for _ in range(4):
        assert tf.gather(tf.range(500), long).numpy().tolist() == long


def test_inside_functions():
    @tf.function
    def f(a):
        return tf.stack([a, tf.fill([2], 3.0)]), tf.concat([a, a], 0)

    for _ in range(4):
        stacked, joined = f(tf.constant([1.0, 2.0]))
        assert stacked.numpy().tolist() == [[1, 2], [3, 3]] and joined.numpy().tolist() == [1, 2, 1, 2]
