"""Broadcasting, indexing, reductions, convolutions and pools, for any shapes, against the rules in `reference`."""

import numpy as np
import pytest
import reference
from hypothesis import HealthCheck, assume, given, settings, strategies as st
from oracle import cases, harness, store
from oracle.table import Arg

import tfcompat as tf

few = settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
dims = st.integers(0, 4)
shapes = st.lists(dims, max_size=4).map(tuple)
seeds = st.integers(0, 2**31 - 1)


def numbers(shape, seed, dtype="float32"):
    """Small integers, exact in every dtype and every order of summation."""
    return np.random.RandomState(seed).randint(-4, 5, shape).astype(dtype)


# The rules are TensorFlow's


def _recorded(names):
    for area, area_cases in cases.AREAS.items():
        known = store.load(area)
        for case in area_cases:
            found = known.get(case.id)
            if case.op in names and found is not None and found.out and isinstance(case.args[0], Arg):
                yield case, found


def _arrays(case):
    values = [*case.args, *case.kwargs.values()]
    made = iter(range(len(values)))
    return [v.array(next(made)) if isinstance(v, Arg) else v for v in case.args]


_CONVOLUTIONS = {"tf.nn.conv1d", "tf.nn.conv2d", "tf.nn.conv3d", "tf.nn.depthwise_conv2d"}
_POOLS = {f"tf.nn.{kind}_pool{n}d" for kind in ("max", "avg") for n in (1, 2, 3)}


def _assert_close(got, want, tolerance, case):
    assert got.shape == want.shape, case.id
    np.testing.assert_allclose(np.asarray(got, float), want.value.astype(float), tolerance, tolerance, err_msg=case.id)


def test_the_rules_of_convolutions_are_tensorflows():
    count = derived = 0
    for case, want in _recorded(_CONVOLUTIONS):
        x, filters, strides, padding = _arrays(case)
        if x.ndim != filters.ndim or want.out[0].dtype in ("float16", "bfloat16"):
            continue
        options = strides, padding, case.kwargs.get("dilations", 1)
        if "depthwise" in case.op and np.max(strides) > 1 < np.max(options[2]):
            continue  # blocks of space, a rule of its own that the case itself holds
        compute = reference.depthwise if "depthwise" in case.op else reference.convolution
        _assert_close(compute(x, filters, *options), want.out[0], 1e-4, case)
        count += 1
        if len(want.grad) == 2:
            pull = reference.depthwise_gradients if "depthwise" in case.op else reference.convolution_gradients
            upstream = harness.weights(want.out[0].shape, want.out[0].dtype)
            for got, wanted in zip(pull(x, filters, upstream, *options), want.grad, strict=True):
                _assert_close(got, wanted, 1e-4, case)
            derived += 1
    assert count > 40 and derived > 30


def test_the_rules_of_transposed_convolutions_are_tensorflows():
    count = 0
    for case, want in _recorded({f"tf.nn.conv{n}d_transpose" for n in (1, 2, 3)}):
        names = ("input", "filters", "output_shape", "strides", "padding")
        given = {"padding": "SAME", **dict(zip(names, _arrays(case), strict=False)), **case.kwargs}
        if set(given) != set(names) or want.out[0].dtype != "float32" or not isinstance(given["output_shape"], list):
            continue
        x, filters = np.zeros(given["output_shape"]), given["filters"]
        got, _ = reference.convolution_gradients(x, filters, given["input"], given["strides"], given["padding"])
        _assert_close(got, want.out[0], 1e-4, case)
        count += 1
    assert count > 8


def test_the_rules_of_pools_are_tensorflows():
    count = derived = 0
    for case, want in _recorded(_POOLS):
        if case.args[0].gen == "special":
            continue  # what becomes of NaN is no rule
        x, size, strides, padding = _arrays(case)
        kind, dtype = "max" if "max" in case.op else "avg", want.out[0].dtype
        tolerance = 3e-2 if dtype in ("float16", "bfloat16") else 1e-5
        _assert_close(reference.pool(kind, x, size, strides, padding), want.out[0], tolerance, case)
        count += 1
        if len(want.grad) == 1:
            upstream = harness.weights(want.out[0].shape, dtype)
            _assert_close(reference.pool_gradient(kind, x, upstream, size, strides, padding), want.grad[0], tolerance, case)
            derived += 1
    assert count > 40 and derived > 30


def test_the_rules_of_reductions_are_tensorflows():
    count = 0
    for case, want in _recorded({f"tf{math}.{name}" for name in reference.REDUCTIONS for math in ("", ".math")}):
        axis = case.kwargs.get("axis")
        x = _arrays(case)[0]
        if set(case.kwargs) - {"axis", "keepdims"} or len(case.args) > 1 or x.dtype.kind not in "fiub":
            continue
        want = want.out[0]
        axes = axis if isinstance(axis, (list, tuple)) else [axis]
        if not all([type(a) in (int, type(None)) for a in axes]) or want.dtype == "bfloat16":
            continue
        with np.errstate(all="ignore"):
            axis = tuple(axis) if isinstance(axis, list) else axis
            got = reference.REDUCTIONS[case.op.split(".")[-1]](x.astype(want.dtype), axis, case.kwargs.get("keepdims", False))
        assert got.shape == want.shape, case.id
        tolerance = 1e-2 if want.dtype == "float16" else 1e-5
        np.testing.assert_allclose(got, want.value, tolerance, tolerance, err_msg=case.id)
        count += 1
    assert count > 150


# Broadcasting


BINARY = {
    "add": (np.add, lambda g, x, y: (g, g)),
    "subtract": (np.subtract, lambda g, x, y: (g, -g)),
    "multiply": (np.multiply, lambda g, x, y: (g * y, g * x)),
    "maximum": (np.maximum, lambda g, x, y: (np.where(x >= y, g, 0), np.where(x >= y, 0, g))),
    "minimum": (np.minimum, lambda g, x, y: (np.where(x <= y, g, 0), np.where(x <= y, 0, g))),
    "squared_difference": (lambda x, y: (x - y) ** 2, lambda g, x, y: (2 * g * (x - y), -2 * g * (x - y))),
}


@few
@given(shapes, shapes, st.sampled_from(sorted(BINARY)), seeds)
def test_broadcasting(one, two, name, seed):
    x, y = numbers(one, seed), numbers(two, seed + 1)
    op = getattr(tf.math, name)
    function, derivative = BINARY[name]
    try:
        want = function(x, y)
    except ValueError:
        with pytest.raises(tf.errors.InvalidArgumentError, match="Incompatible shapes"):
            op(tf.constant(x), tf.constant(y))
        return
    a, b = tf.constant(x), tf.constant(y)
    with tf.GradientTape() as tape:
        tape.watch((a, b))
        result = op(a, b)
    np.testing.assert_array_equal(result, want, strict=True)
    upstream = numbers(want.shape, seed + 2)
    found = tape.gradient(result, (a, b), output_gradients=tf.constant(upstream))
    for g, wanted, operand in zip(found, derivative(upstream, x, y), (x, y), strict=True):
        np.testing.assert_array_equal(g, reference.unbroadcast(np.broadcast_to(wanted, want.shape), operand.shape))
    assert tf.broadcast_static_shape(tf.TensorShape(one), tf.TensorShape(two)) == want.shape


@few
@given(shapes, shapes, shapes, seeds)
def test_where_broadcasts(condition, one, two, seed):
    c, x, y = numbers(condition, seed) > 0, numbers(one, seed + 1), numbers(two, seed + 2)
    try:
        want = np.where(c, x, y)
    except ValueError:
        with pytest.raises(tf.errors.InvalidArgumentError):
            tf.where(tf.constant(c), tf.constant(x), tf.constant(y))
        return
    np.testing.assert_array_equal(tf.where(c, tf.constant(x), tf.constant(y)), want, strict=True)


@few
@given(st.lists(st.integers(0, 3), max_size=3), st.lists(st.integers(0, 3), max_size=3), st.tuples(dims, dims, dims), seeds)
def test_products_broadcast_over_batches(one, two, sizes, seed):
    m, k, n = sizes
    x, y = numbers((*one, m, k), seed), numbers((*two, k, n), seed + 1)
    try:
        np.broadcast_shapes(one, two)
    except ValueError:
        with pytest.raises(tf.errors.InvalidArgumentError):
            tf.matmul(tf.constant(x), tf.constant(y))
        return
    np.testing.assert_array_equal(tf.matmul(tf.constant(x), tf.constant(y)), x @ y, strict=True)


# Indexing


@st.composite
def indexed(draw):
    """A shape and an index of it: positions, slices, new axes, an ellipsis."""
    shape = draw(st.lists(st.integers(1, 4), min_size=1, max_size=4).map(tuple))
    taken = draw(st.integers(0, len(shape)))
    bound = st.one_of(st.none(), st.integers(-6, 6))
    steps = st.one_of(st.none(), st.sampled_from([1, 2, 3, -1, -2]))
    items = []
    gap = draw(st.booleans())
    split = draw(st.integers(0, taken)) if gap else taken
    for i in range(taken):
        n = shape[i] if i < split or not gap else shape[len(shape) - taken + i]
        kind = draw(st.sampled_from(["position", "slice", "tensor"]))
        position = draw(st.integers(-n, n - 1))
        items.append(slice(draw(bound), draw(bound), draw(steps)) if kind == "slice" else position)
        if kind == "tensor":
            items[-1] = np.int64(position)
    if gap:
        items.insert(split, Ellipsis)
    for _ in range(draw(st.integers(0, 2))):
        items.insert(draw(st.integers(0, len(items))), None)
    return shape, tuple(items)


def as_tensors(index):
    return tuple(tf.constant(item) if isinstance(item, np.integer) else item for item in index)


@few
@given(indexed(), seeds, st.booleans())
def test_getitem(indexing, seed, tensors):
    shape, index = indexing
    x = numbers(shape, seed)
    want = x[tuple(int(i) if isinstance(i, np.integer) else i for i in index)]
    value = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(value)
        got = value[as_tensors(index) if tensors else index]
    np.testing.assert_array_equal(got, want)
    assert got.shape == want.shape
    upstream = numbers(want.shape, seed + 1)
    expected = np.zeros(shape, np.float32)
    expected[index] = upstream
    gradient = tape.gradient(got, value, output_gradients=tf.constant(upstream))
    np.testing.assert_array_equal(gradient, expected)


@few
@given(indexed(), seeds)
def test_sliced_assign(indexing, seed):
    shape, index = indexing
    x = numbers(shape, seed)
    variable = tf.Variable(x)
    before = variable[index].numpy()
    part = numbers(np.shape(before), seed + 1)
    variable[index].assign(part)
    x[index] = part
    np.testing.assert_array_equal(variable, x)


@few
@given(st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple), st.integers(0, 2), st.integers(-9, 9))
def test_positions_out_of_range(shape, axis, position):
    assume(axis < len(shape))
    index = (slice(None),) * axis + (position,)
    x = tf.zeros(shape)
    if -shape[axis] <= position < shape[axis]:
        assert x[index].shape == shape[:axis] + shape[axis + 1 :]
    else:
        with pytest.raises(tf.errors.InvalidArgumentError, match="out of bounds"):
            x[index]
        with pytest.raises(tf.errors.InvalidArgumentError, match="out of bounds"):
            x[as_tensors((*index[:-1], np.int64(position)))]


@few
@given(st.lists(st.integers(0, 4), min_size=1, max_size=3).map(tuple), st.integers(1, 3), seeds)
def test_masks(shape, rank, seed):
    assume(rank <= len(shape))
    x = numbers(shape, seed)
    mask = numbers(shape[:rank], seed + 1) > 0
    np.testing.assert_array_equal(tf.constant(x)[mask], x[mask])
    np.testing.assert_array_equal(tf.boolean_mask(x, tf.constant(mask)), x[mask])


@few
@given(st.lists(st.integers(1, 4), min_size=1, max_size=3).map(tuple), shapes, st.integers(-3, 2), seeds)
def test_gather(shape, indices, axis, seed):
    assume(-len(shape) <= axis < len(shape))
    x = numbers(shape, seed)
    where = np.random.RandomState(seed).randint(0, shape[axis], indices)
    np.testing.assert_array_equal(tf.gather(tf.constant(x), where, axis=axis), np.take(x, where, axis))


# Reductions


DTYPES = ("float32", "float64", "int32", "int64", "uint8", "int16")


@few
@given(shapes, st.sampled_from(sorted(reference.REDUCTIONS)), st.data(), st.booleans(), st.sampled_from(DTYPES), seeds)
def test_reductions(shape, name, data, keepdims, dtype, seed):
    x = numbers(shape, seed).astype(dtype)
    if name in ("reduce_any", "reduce_all"):
        x = x > 0
    axes = data.draw(st.one_of(st.none(), st.sets(st.sampled_from(range(len(shape)))) if shape else st.just(set())))
    signs = data.draw(st.lists(st.booleans(), min_size=len(shape), max_size=len(shape)))
    axis = None if axes is None else [a - len(shape) if signs[a] else a for a in sorted(axes)]
    with np.errstate(all="ignore"):
        want = reference.REDUCTIONS[name](x, None if axis is None else tuple(axis), keepdims)
    got = getattr(tf, name)(tf.constant(x), axis=axis, keepdims=keepdims)
    np.testing.assert_allclose(got, want, 1e-6)
    assert got.numpy().dtype == want.dtype
    assert got.shape == want.shape


@few
@given(shapes, st.integers(-6, 6), st.sampled_from(["cumsum", "cumprod"]), st.booleans(), st.booleans(), seeds)
def test_scans(shape, axis, name, exclusive, reverse, seed):
    x = numbers(shape, seed)
    op = getattr(tf.math, name)
    if not -len(shape) <= axis < len(shape):
        with pytest.raises(tf.errors.InvalidArgumentError):
            op(tf.constant(x), axis)
        return
    along = x[(slice(None),) * (axis % len(shape)) + (slice(None, None, -1),)] if reverse else x
    want = (np.cumsum if name == "cumsum" else np.cumprod)(along, axis)
    if exclusive:
        start = np.full_like(np.take(want, [], axis), 0)
        start = np.full([1 if d == axis % len(shape) else n for d, n in enumerate(shape)], name == "cumprod", "float32")
        want = np.take(np.concatenate([start, want], axis), range(shape[axis]), axis)
    want = want[(slice(None),) * (axis % len(shape)) + (slice(None, None, -1),)] if reverse else want
    np.testing.assert_array_equal(op(tf.constant(x), axis, exclusive=exclusive, reverse=reverse), want)


# Convolutions and pools


@st.composite
def windows(draw, n, dilated=False, explicit=True):
    """(spatial sizes, window, strides, padding, dilations)."""
    sizes = [draw(st.integers(1, 6)) for _ in range(n)]
    window = [draw(st.integers(1, 3)) for _ in range(n)]
    strides = [draw(st.integers(1, 3)) for _ in range(n)]
    dilations = [draw(st.integers(1, 2)) if dilated else 1 for _ in range(n)]
    kinds = ["SAME", "VALID", "EXPLICIT"] if explicit else ["SAME", "VALID"]
    padding = draw(st.sampled_from(kinds))
    if padding == "EXPLICIT":
        # A pool's padding is smaller than its window.
        pads = [[draw(st.integers(0, w - 1)), draw(st.integers(0, w - 1))] for w in window]
        padding = [[0, 0], *pads, [0, 0]]
    return sizes, window, strides, padding, dilations


def first(array):
    """[batch, *spatial, channels] with the channels in front of the spatial dimensions."""
    return np.moveaxis(array, -1, 1)


_FORMATS = {1: ("NWC", "NCW"), 2: ("NHWC", "NCHW"), 3: ("NDHWC", "NCDHW")}


def channels_first(value, n):
    """A list with an entry for each dimension, as channels in front have it; anything else as it is."""
    return [value[0], value[-1], *value[1:-1]] if isinstance(value, list) and len(value) == n + 2 else value


def derivatives(function, operands, upstream):
    """What a function of tensors gives, and the gradients of its operands."""
    tensors = [tf.constant(np.ascontiguousarray(x)) for x in operands]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        result = function(*tensors)
    return result, tape.gradient(result, tensors, output_gradients=tf.constant(upstream))


@settings(few, max_examples=60)
@given(st.integers(1, 3).flatmap(lambda n: windows(n, dilated=True, explicit=n == 2)), st.integers(0, 2),
       st.integers(1, 2), st.integers(1, 2), st.integers(1, 2), st.booleans(), seeds)  # fmt: skip
def test_convolutions(drawn, batch, channels, groups, outs, in_front, seed):
    sizes, window, strides, padding, dilations = drawn
    n = len(sizes)
    x = numbers((batch, *sizes, channels * groups), seed)
    filters = numbers((*window, channels, outs * groups), seed + 1)
    op = getattr(tf.nn, f"conv{n}d")

    def convolve(x, filters):
        options = strides, padding, dilations
        if n == 3:
            options = [1, *strides, 1], padding, [1, *dilations, 1]
        steps, pads, rates = [channels_first(v, n) if in_front else v for v in options]
        return op(x, filters, steps, pads, _FORMATS[n][in_front], rates)

    place = first if in_front else np.asarray
    spatial = reference.result_shape(sizes, window, strides, padding, dilations)
    if None in spatial:
        with pytest.raises(tf.errors.InvalidArgumentError, match="would be negative"):
            convolve(tf.constant(place(x)), tf.constant(filters))
        return
    upstream = numbers((batch, *spatial, outs * groups), seed + 2)
    got, found = derivatives(convolve, (place(x), filters), place(upstream))
    np.testing.assert_array_equal(got, place(reference.convolution(x, filters, strides, padding, dilations)))
    dx, dfilters = reference.convolution_gradients(x, filters, upstream, strides, padding, dilations)
    assert [g.shape for g in found] == [place(x).shape, filters.shape]
    np.testing.assert_array_equal(found[0], place(dx))
    np.testing.assert_array_equal(found[1], dfilters)


@settings(few, max_examples=60)
@given(st.integers(1, 3).flatmap(lambda n: windows(n, dilated=n == 2, explicit=n == 2)), st.integers(1, 2),
       st.integers(1, 2), st.integers(1, 2), st.booleans(), seeds)  # fmt: skip
def test_transposed_convolutions(drawn, batch, ins, outs, in_front, seed):
    """`sizes` are those of the result here: the transposed convolution of what a convolution would make of it."""
    sizes, window, strides, padding, dilations = drawn
    n = len(sizes)
    spatial = reference.result_shape(sizes, window, strides, padding, dilations)
    assume(None not in spatial and 0 not in spatial)
    x, filters = numbers((batch, *spatial, ins), seed), numbers((*window, outs, ins), seed + 1)
    shape, place = (batch, *sizes, outs), first if in_front else np.asarray
    more = {"dilations": dilations} if n == 2 else {}

    def transpose(x, filters):
        pads = channels_first(padding, n) if in_front else padding
        wanted = channels_first(list(shape), n) if in_front else list(shape)
        return getattr(tf.nn, f"conv{n}d_transpose")(x, filters, wanted, strides, pads, _FORMATS[n][in_front], **more)

    upstream = numbers(shape, seed + 2)
    got, (dx, dfilters) = derivatives(transpose, (place(x), filters), place(upstream))
    want, of_filters = reference.convolution_gradients(upstream, filters, x, strides, padding, dilations)
    np.testing.assert_array_equal(got, place(want))
    np.testing.assert_array_equal(dx, place(reference.convolution(upstream, filters, strides, padding, dilations)))
    np.testing.assert_array_equal(dfilters, of_filters)


@settings(few, max_examples=40)
@given(windows(2, dilated=True), st.integers(1, 2), st.integers(1, 3), st.integers(1, 2), st.booleans(), seeds)
def test_depthwise_convolutions(drawn, batch, channels, multiplier, in_front, seed):
    sizes, window, strides, padding, dilations = drawn
    strides = [1, 1, 1, 1] if max(dilations) > 1 else [1, strides[0], strides[0], 1]
    x = numbers((batch, *sizes, channels), seed)
    filters = numbers((*window, channels, multiplier), seed + 1)
    spatial = reference.result_shape(sizes, window, strides, padding, dilations)
    assume(None not in spatial)
    place = first if in_front else np.asarray

    def convolve(x, filters):
        steps, pads = [channels_first(v, 2) if in_front else v for v in (strides, padding)]
        return tf.nn.depthwise_conv2d(x, filters, steps, pads, _FORMATS[2][in_front], dilations)

    upstream = numbers((batch, *spatial, channels * multiplier), seed + 2)
    got, found = derivatives(convolve, (place(x), filters), place(upstream))
    np.testing.assert_array_equal(got, place(reference.depthwise(x, filters, strides, padding, dilations)))
    dx, dfilters = reference.depthwise_gradients(x, filters, upstream, strides, padding, dilations)
    np.testing.assert_array_equal(found[0], place(dx))
    np.testing.assert_array_equal(found[1], dfilters)


@settings(few, max_examples=30)
@given(windows(2), st.integers(1, 3), st.integers(1, 2), st.sampled_from(["SAME", "VALID"]), seeds)
def test_atrous_convolutions(drawn, rate, channels, padding, seed):
    sizes, window, *_ = drawn
    x, filters = numbers((2, *sizes, channels), seed), numbers((*window, channels, 2), seed + 1)
    spatial = reference.result_shape(sizes, window, 1, padding, rate)
    assume(None not in spatial and 0 not in spatial)
    got = tf.nn.atrous_conv2d(tf.constant(x), tf.constant(filters), rate, padding)
    np.testing.assert_array_equal(got, reference.convolution(x, filters, 1, padding, rate))


@few
@given(st.sampled_from(["max", "avg"]), st.integers(1, 3), st.data(), st.integers(0, 2), st.integers(1, 2), st.booleans(), seeds)
def test_pools(kind, n, data, batch, channels, in_front, seed):
    sizes, window, strides, padding, _ = data.draw(windows(n, explicit=kind == "max" and n < 3))
    x = numbers((batch, *sizes, channels), seed)
    op = getattr(tf.nn, f"{kind}_pool{n}d")
    place = first if in_front else np.asarray

    def pool(x):
        pads = channels_first(padding, n) if in_front else padding
        return op(x, window, strides, pads, _FORMATS[n][in_front])

    spatial = reference.result_shape(sizes, window, strides, padding)
    if None in spatial:
        with pytest.raises(tf.errors.InvalidArgumentError, match="would be negative"):
            pool(tf.constant(place(x)))
        return
    upstream = numbers((batch, *spatial, channels), seed + 1)
    got, (gradient,) = derivatives(pool, (place(x),), place(upstream))
    assert got.shape == place(upstream).shape
    np.testing.assert_allclose(got, place(reference.pool(kind, x, window, strides, padding)), 1e-6)
    want = reference.pool_gradient(kind, x, upstream, window, strides, padding)
    np.testing.assert_allclose(gradient, place(want), 1e-5, 1e-5)


@settings(few, max_examples=60)
@given(st.sampled_from(["max", "avg"]), st.integers(1, 3), st.data(), seeds)
def test_dilated_pools(kind, n, data, seed):
    sizes, window, strides, padding, dilations = data.draw(windows(n, dilated=True, explicit=False))
    strides = [1] * n if max(dilations) > 1 else [min(pair) for pair in zip(strides, window, strict=True)]
    padding = "VALID" if max(dilations) > 1 else padding
    x = numbers((2, *sizes, 2), seed)
    spatial = reference.result_shape(sizes, window, strides, padding, dilations)
    assume(None not in spatial and 0 not in spatial)
    upstream = numbers((2, *spatial, 2), seed + 1)
    options = window, strides, padding, dilations
    got, (gradient,) = derivatives(
        lambda x: tf.nn.pool(x, window, kind.upper(), strides, padding, dilations=dilations), (x,), upstream
    )
    np.testing.assert_allclose(got, reference.pool(kind, x, *options), 1e-6)
    np.testing.assert_allclose(gradient, reference.pool_gradient(kind, x, upstream, *options), 1e-5, 1e-5)
