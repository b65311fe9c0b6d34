"""What declarations of ops share: dtype sets, broadcasting with TensorFlow's error, rows for elementwise ops."""

import functools
import sys

import jax.numpy as jnp
import numpy as np
from jax import lax

from tfcompat._core import dtypes as d, errors, listed_dtypes
from tfcompat._core.avals import shape_text
from tfcompat._core.convert import convert
from tfcompat._core.inlined import inlined
from tfcompat._core.op import Data, T, op
from tfcompat._core.refusals import unfit

# Dtype sets, as TensorFlow's kernels have them

FLOATS = (d.bfloat16, d.float16, d.float32, d.float64)
WIDE_FLOATS = (d.float32, d.float64)
COMPLEX = (d.complex64, d.complex128)
INEXACT = (*FLOATS, *COMPLEX)
SIGNED = (d.int8, d.int16, d.int32, d.int64)
UNSIGNED = (d.uint8, d.uint16, d.uint32, d.uint64)
INTEGERS = (*SIGNED, *UNSIGNED)
REAL = (*FLOATS, *INTEGERS)
NUMBERS = (*REAL, *COMPLEX)
INDEX = (d.int32, d.int64)

Bools = Data("T", only=d.bool)


def invalid(text, kernel, name="", while_recording=None):
    """TensorFlow's error of an op whose arguments do not fit, where shape inference finds it; functions may have another text."""
    return unfit(f"{text} [Op:{kernel}] name: {name}", while_recording=while_recording)


def for_shapes(text, kernel, *inputs, computed=None, partial=None):
    """A text of shape inference.

    Args:
      inputs: arrays, or shapes.
      computed: {position: numbers} of the inputs whose values it has looked at.
      partial: the same of those that it has read as shapes; None is unknown.
    """
    shapes = ", ".join([shape_text(getattr(a, "shape", a)) for a in inputs])
    looked = [f" and with {how} {', '.join(f'input[{i}] = {shown(v)}' for i, v in values.items())}" for how, values, shown in (
        ("computed input tensors:", computed, lambda v: f"<{' '.join(map(str, v))}>"),
        ("input tensors computed as partial shapes:", partial, shape_text),
    ) if values]  # fmt: skip
    return f"{text} for '{kernel}' with input shapes: {shapes}{''.join(looked)}."


def check_new_axis(input, axis):
    """Raises where a new dimension cannot come to stand at `axis`."""
    if not -input.ndim - 1 <= axis <= input.ndim:
        text = f"dim {axis} not in the interval [{-input.ndim - 1}, {input.ndim}]."
        raise invalid(f"Tried to expand dim index {axis} for tensor with {input.ndim} dimensions.", "ExpandDims",
                      while_recording=for_shapes(text, "ExpandDims", input, (), computed={1: [axis]}))  # fmt: skip


def refused(text, kernel, name=""):
    """TensorFlow's error of an op whose arguments do not fit, where only its kernel finds it."""
    return errors.invalid_argument(f"{text} [Op:{kernel}] name: {name}")


def too_small(attribute, value, minimum, kernel):
    """TensorFlow's error of an attribute that is less than its minimum."""
    text = f"Value for attr '{attribute}' of {value} must be at least minimum {minimum}\n\t; NodeDef: {{{{node {kernel}}}}}"
    return invalid(text, kernel)


def not_allowed(attribute, dtype, types, kernel):
    """TensorFlow's error of a dtype that a kernel does not take."""
    return listed_dtypes.refusal(kernel, attribute, d.from_numpy(dtype), types)


@functools.cache
def default(number, dtype):
    """The default of an op's argument as a tensor: the same one at each call, so it is converted once, and one leaf."""
    return convert(number, dtype)


def is_complex(x):
    return jnp.issubdtype(x.dtype, jnp.complexfloating)


def is_float(x):
    return jnp.issubdtype(x.dtype, jnp.floating)


def conj(x):
    return lax.conj(x) if is_complex(x) else x


def fitting(kernel, *arrays):
    """The arrays; raises unless their shapes can be broadcast together."""
    for other in arrays[1:]:
        pairs = zip(arrays[0].shape[::-1], other.shape[::-1], strict=False)
        if any(m != n and m != 1 and n != 1 for m, n in pairs):
            text = f"Incompatible shapes: {shape_text(arrays[0].shape)} vs. {shape_text(other.shape)}"
            raise invalid(text, kernel, while_recording=for_shapes(unequal(arrays[0].shape, other.shape), kernel, *arrays))
    return arrays


def unequal(shape, other):
    """What functions say of shapes that cannot be broadcast together."""
    rank = max(len(shape), len(other))
    pairs = zip((1,) * (rank - len(shape)) + shape, (1,) * (rank - len(other)) + other, strict=True)
    m, n = next((m, n) for m, n in pairs if m != n and m != 1 and n != 1)
    return f"Dimensions must be equal, but are {m} and {n}"


def unequal_shapes(shape, other):
    """What functions say of two shapes that have to be one; None is any size."""
    if len(shape) != len(other):
        return f"Shapes must be equal rank, but are {len(shape)} and {len(other)}"
    k = next(k for k, (n, m) in enumerate(zip(shape, other, strict=True)) if n != m and n is not None)
    shapes = f"Shapes are {shape_text(shape)} and {shape_text(other)}."
    return f"Dimension {k} in both shapes must be equal, but are {shape[k]} and {other[k]}. {shapes}"


def unequal_start(shape, start):
    """What functions say of a shape that has to begin with another."""
    if len(shape) < len(start):
        return f"Shape must be at least rank {len(start)} but is rank {len(shape)}"
    n, m = next((n, m) for n, m in zip(shape, start, strict=False) if n != m)
    return f"Dimensions must be equal, but are {n} and {m}"


def aligned(kernel, *arrays):
    """The arrays with equal ranks (scalars stay), so that lax's elementwise functions take them.

    Raises:
      InvalidArgumentError: two shapes cannot be broadcast together.
    """
    shapes = [a.shape for a in arrays]
    if all(s == shapes[0] for s in shapes):
        return arrays
    fitting(kernel, *arrays)
    rank = max(map(len, shapes))
    return [a if a.ndim in (0, rank) else lax.expand_dims(a, range(rank - a.ndim)) for a in arrays]


def sum_to(g, like):
    """A cotangent summed over the dimensions that were broadcast."""
    shape = like.shape
    if g.shape == shape:
        return g
    extra = g.ndim - len(shape)
    axes = tuple(i for i in range(g.ndim) if i < extra or (shape[i - extra] == 1 and g.shape[i] != 1))
    return lax.reshape(jnp.sum(g, axes, dtype=g.dtype), shape)


def where(condition, x, y):
    """`jnp.where` in the dtype of whichever of `x` and `y` is an array."""
    dtype = x.dtype if hasattr(x, "dtype") else y.dtype
    x, y = [lax.convert_element_type(v, dtype) if hasattr(v, "dtype") else np.asarray(v, dtype) for v in (x, y)]
    shape = lax.broadcast_shapes(*{condition.shape, x.shape, y.shape})
    return lax.select(*[broadcast(v, shape) for v in (condition, x, y)])


def broadcast(x, shape):
    """`jnp.broadcast_to`."""
    return x if x.shape == shape else lax.broadcast_in_dim(x, shape, range(len(shape) - len(x.shape), len(shape)))


# Elementwise ops whose gradients TensorFlow computes with kernels that take one shape alone
_ONE_SHAPE = {"Reciprocal", "Sqrt", "Rsqrt", "Sigmoid", "Tanh", "DivNoNan", "FloorMod"}


def declare(name, doc, body, kernel, **options):
    """`op` for a body without a `def` statement of its own. It belongs to the module that declares it, where pickle looks for it."""
    frame = sys._getframe(1)
    while frame.f_globals is globals():
        frame = frame.f_back
    body.__module__ = frame.f_globals["__name__"]
    body.__name__ = body.__qualname__ = name
    body.__doc__ = doc
    function = op(kernel, **options)(inlined(body))
    if kernel not in _ONE_SHAPE:  # an output gradient of another shape is broadcast, by the multiplication that the gradient is
        function.op.seeds = "broadcast"
    return function


def named(types):
    """How docstrings name a set of dtypes: the usual ones in one word, others one by one."""
    types, words = list(types), []
    for word, group in (("floating", FLOATS), ("integer", INTEGERS), ("complex", COMPLEX)):
        if set(group) <= set(types):
            words.append(word)
            types = [t for t in types if t not in group]
    words += [t.name for t in types]
    return ", ".join(words[:-1]) + " or " * (len(words) > 1) + words[-1]


def described(doc, types, *operands):
    """The docstring of an elementwise op: `doc`, and what follows from the dtypes and the number of operands."""
    if len(operands) == 1:
        kinds, wrong = f"a tensor, {named(types)}", "another dtype"
    else:
        kinds = f"tensors of one dtype, {named(types)}, whose shapes broadcast"
        wrong = "another dtype, two dtypes, or shapes that do not broadcast"
    return f"{doc}\n\nArgs:\n  {', '.join(operands)}: {kinds}.\n\nRaises:\n  InvalidArgumentError: {wrong}."


def unary(name, kernel, types, function, derivative, doc, grad=None):
    """Declares an elementwise function.

    Args:
      derivative: function of (x, y = function(x)); True: JAX's; None: not differentiable; False: see `op`.
      grad: the whole gradient, function of (g, y, x), instead.
    """
    if callable(derivative):

        def grad(g, y, x):
            return g * conj(derivative(x, y))

    def body(x: T):
        return function(x)

    return declare(name, described(doc, types, "x"), body, kernel, T=types, grad=grad or derivative)


def binary(name, kernel, types, function, grad, doc, **options):
    """Declares an elementwise function of two broadcast operands.

    Args:
      grad: function of (g, out, x, y) to the two cotangents before they are summed over broadcast dimensions; True:
        JAX's; None: not differentiable; False: see `op`.
    """
    declared = grad
    if callable(grad):

        def declared(g, out, x, y):
            g, out, a, b = aligned(kernel, g, out, x, y)
            gx, gy = grad(g, out, a, b)
            return sum_to(gx, x), sum_to(gy, y)

    def body(x: T, y: T):
        return function(*aligned(kernel, x, y))

    if "strings" in options:
        of_strings = options["strings"]
        options["strings"] = lambda x, y: of_strings(*fitting(kernel, x, y))
    return declare(name, described(doc, types, "x", "y"), body, kernel, T=types, grad=declared, **options)


def axes_of(kernel, x, axis):
    """The axes that a reduction is over, as a tuple of non-negative ints. None means all."""
    rank = x.ndim
    if axis is None:
        return tuple(range(rank))
    found = []
    for a in (axis,) if isinstance(axis, (int, np.integer)) else axis:
        if not -rank <= a < rank:
            text = f"Invalid reduction dimension {a} for input with {rank} dimensions."
            given = (axis,) if isinstance(axis, (int, np.integer)) else axis
            axes = () if axis is given[0] else (len(given),)
            raise invalid(f"Invalid reduction dimension ({a} for input with {rank} dimension(s)", kernel,
                          while_recording=for_shapes(text, kernel, x, axes, computed={1: given}))  # fmt: skip
        if a % rank in found:
            raise refused(f"Invalid reduction arguments: Axes contains duplicate dimension: {a % rank}", kernel)
        found.append(a % rank)
    return tuple(found)


def kept(x, axes):
    """A reduction's result with the reduced axes put back as size 1."""
    return lax.expand_dims(x, sorted(axes)) if axes else x
