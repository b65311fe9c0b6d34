"""What programs with convolutions are rewritten to does the same, and is what is compiled."""

import jax
import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st
from jax import lax
from jax.extend import core as jex

import tfcompat as tf
from tfcompat import debug
from tfcompat._core import compile_cache, convolutions, interpret

pytestmark = pytest.mark.own_mode

_LAYOUTS = [("N{}C", "{}IO", "N{}C"), ("NC{}", "OI{}", "NC{}"), ("C{}N", "{}OI", "{}NC")]


@st.composite
def convolution(draw):
    """(function of image and filters, image, filters)."""
    n = draw(st.integers(1, 3))
    space = "DHW"[3 - n :]
    layouts = tuple([text.format(space) for text in draw(st.sampled_from(_LAYOUTS))])
    depth, grouped = draw(st.integers(1, 4)), draw(st.booleans())
    groups = depth if grouped else 1
    features = groups * draw(st.integers(1, 3))

    def numbers(least, most):
        return draw(st.lists(st.integers(least, most), min_size=n, max_size=n))

    image = dict(zip("NC" + space, [draw(st.integers(1, 2)), depth, *numbers(3, 7)], strict=True))
    filters = dict(zip("IO" + space, [depth // groups, features, *numbers(1, 3)], strict=True))
    strides, spread, dilation = numbers(1, 2), draw(st.sampled_from([[1] * n, numbers(1, 3)])), numbers(1, 2)
    padding = list(zip(numbers(-1, 3), numbers(-1, 3), strict=True))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    x, k = (
        rng.normal(size=[sizes[d] for d in layout]).astype("float32")
        for sizes, layout in zip((image, filters), layouts[:2], strict=True)
    )

    def function(x, k):
        return lax.conv_general_dilated(x, k, strides, padding, spread, dilation, layouts, groups)

    return function, x, k


@given(convolution())
@settings(max_examples=150, deadline=None)
def test_shifted_products_are_the_convolution(case):
    """Both are run by NumPy here, which knows nothing of the rewriting."""
    function, x, k = case
    try:
        closed = jax.make_jaxpr(function)(x, k)
    except (TypeError, ValueError):
        assume(False)  # a window that is larger than what there is
    made = jex.ClosedJaxpr(convolutions.rewritten(closed.jaxpr), closed.consts)
    assume(not convolutions.present(made.jaxpr))
    (expected,), (found,) = (interpret.host_function(c)(x, k) for c in (closed, made))
    assert found.shape == expected.shape and found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("several", [1, 2])
@pytest.mark.parametrize("strides", [(1, 1), (2, 1), (2, 2)])
@pytest.mark.parametrize("dilation", [(1, 1), (1, 2)])
@pytest.mark.parametrize("padding", ["SAME", "VALID", [(0, 1), (2, 0)]])
def test_gradients_of_depthwise_filters(several, strides, dilation, padding):
    rng = np.random.default_rng(0)
    x, k = (rng.normal(size=shape).astype("float32") for shape in ((2, 7, 6, 3), (3, 2, 1, 3 * several)))

    def function(x, k):
        return lax.conv_general_dilated(x, k, strides, padding, rhs_dilation=dilation, feature_group_count=3,
                                        dimension_numbers=("NHWC", "HWIO", "NHWC"))  # fmt: skip

    closed = jax.make_jaxpr(lambda x, k, g: jax.vjp(function, x, k)[1](g))(x, k, function(x, k))
    made = jex.ClosedJaxpr(convolutions.rewritten(closed.jaxpr), closed.consts)
    assert convolutions.present(closed.jaxpr) and not convolutions.present(made.jaxpr)
    g = rng.normal(size=function(x, k).shape).astype("float32")
    expected_both, found_both = interpret.host_function(closed)(x, k, g), jax.jit(jex.jaxpr_as_fun(made))(x, k, g)
    for expected, found in zip(expected_both, found_both, strict=True):
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("image", "filters", "strides", "rewritten"),
    [
        ((2, 9, 9, 1), (3, 3, 1, 8), 1, True),
        ((2, 9, 9, 3), (3, 3, 3, 8), 2, True),
        ((2, 9, 9, 8), (3, 3, 8, 8), 1, False),
        ((2, 9, 9, 3), (7, 7, 3, 8), 2, False),
    ],
)
def test_which_convolutions_are_rewritten(image, filters, strides, rewritten):
    x, k = np.ones(image, np.float32), np.ones(filters, np.float32)
    closed = jax.make_jaxpr(lambda x, k: lax.conv_general_dilated(
        x, k, (strides, strides), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")))(x, k)  # fmt: skip
    assert convolutions.present(closed.jaxpr)
    assert convolutions.present(convolutions.rewritten(closed.jaxpr)) is not rewritten


def test_inner_jaxprs_are_rewritten():
    def function(x, k):
        def body(carry, _):
            return lax.conv_general_dilated(carry, k, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")), None

        looped, _ = lax.scan(body, x, None, length=3)
        return lax.cond(looped[0, 0, 0, 0] > 0, lambda x: body(x, None)[0], lambda x: x, looped)

    x, k = np.ones((1, 5, 5, 1), np.float32), np.full((3, 3, 1, 1), 0.5, np.float32)
    closed = jax.make_jaxpr(function)(x, k)
    made = jex.ClosedJaxpr(convolutions.rewritten(closed.jaxpr), closed.consts)
    assert convolutions.present(closed.jaxpr) and not convolutions.present(made.jaxpr)
    np.testing.assert_allclose(jex.jaxpr_as_fun(made)(x, k)[0], function(x, k), rtol=1e-5)


@pytest.mark.parametrize("strides", [1, 2])
def test_compiled_layers_give_what_interpreted_ones_give(strides, monkeypatch):
    """A first layer, a depthwise one, one of many channels and a transposed one, with all their gradients."""
    programs, rewritten = [], convolutions.rewritten
    monkeypatch.setattr(convolutions, "rewritten", lambda jaxpr: programs.append(jaxpr) or rewritten(jaxpr))
    rng = np.random.default_rng(0)
    x = tf.constant(rng.normal(size=(2, 8, 8, 2)).astype("float32"))
    filters = [
        tf.Variable(rng.normal(size=shape).astype("float32") * 0.3)
        for shape in ((3, 3, 2, 6), (3, 3, 6, 2), (3, 3, 12, 8), (4, 4, 1, 8))
    ]

    def run(mode):
        with debug.mode(mode), tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.nn.conv2d(x, filters[0], 1, "SAME")
            y = tf.nn.depthwise_conv2d(y, filters[1], [1, strides, strides, 1], "SAME")
            y = tf.nn.conv2d(tf.tanh(y), filters[2], 1, "VALID")
            rows = y.shape[1] * strides
            y = tf.nn.conv2d_transpose(tf.tanh(y), filters[3], (2, rows, rows, 1), strides, "SAME")
            loss = tf.reduce_sum(tf.sin(y))
        with debug.mode(mode):
            return [loss.numpy(), *[g.numpy() for g in tape.gradient(loss, [x, *filters])]]

    for found, expected in zip(run("compiled"), run("interpreted"), strict=True):
        np.testing.assert_allclose(found, expected, rtol=2e-4, atol=2e-4)
    assert programs


@pytest.mark.parametrize("padding", [(-1, 1), (1, -1), (-1, -1), (-2, 0)])
@pytest.mark.parametrize("dilation", [1, 2])
def test_negative_padding(padding, dilation):
    """Compiled by XLA as it is, some of these give what lies behind the image in memory."""
    rng = np.random.default_rng(0)
    x, k = rng.normal(size=(2, 9, 8)).astype("float32"), rng.normal(size=(3, 8, 9)).astype("float32")

    def function(x, k):
        return lax.conv_general_dilated(x, k, (1,), [padding], (dilation,), dimension_numbers=("NWC", "WIO", "NWC"))

    closed = jax.make_jaxpr(function)(x, k)
    made = jax.jit(jex.jaxpr_as_fun(jex.ClosedJaxpr(convolutions.rewritten(closed.jaxpr), closed.consts)))
    np.testing.assert_allclose(made(x, k)[0], interpret.host_function(closed)(x, k)[0], rtol=1e-4, atol=1e-4)


def test_other_programs_are_compiled_as_they_are(monkeypatch):
    monkeypatch.setattr(convolutions, "rewritten", None)
    compiled = compile_cache.compile(lambda x: [x + 1.0], [jax.ShapeDtypeStruct((3,), np.float32)])
    assert np.asarray(compiled(np.zeros(3, np.float32))[0]).tolist() == [1.0, 1.0, 1.0]


def test_shifted_products_are_not_fused_into_others():
    """XLA would compute the first ones again for each product of the second ones."""

    def function(x, first, second):
        for k in (first, second):
            x = lax.neg(lax.conv_general_dilated(x, k, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")))
        return x

    shapes = (1, 5, 5, 1), (3, 3, 1, 2), (3, 3, 2, 8)
    closed = jax.make_jaxpr(function)(*[np.ones(shape, np.float32) for shape in shapes])
    kinds = [e.params.get("name", e.primitive.name) for e in convolutions.rewritten(closed.jaxpr).eqns]
    assert kinds == ["shifted_products", "neg", "conv_general_dilated", "neg"]
