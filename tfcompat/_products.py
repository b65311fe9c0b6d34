"""Matrix products and contractions of `tf.linalg`, and norms."""

import functools
import re

import jax.numpy as jnp
import numpy as np
from jax import lax

from tfcompat import _elementwise as e
from tfcompat._core import dtypes as d
from tfcompat._core.avals import shape_text
from tfcompat._core.convert import convert
from tfcompat._core.forms import by_form
from tfcompat._core.indexed_slices import IndexedSlices
from tfcompat._core.inlined import inlined
from tfcompat._core.op import Any, Bool, Dtype, Many, Str, T, op
from tfcompat._core.refusals import plain
from tfcompat._core.tensor import Tensor
from tfcompat._core.tensor_base import host_value
from tfcompat._declare import FLOATS, INEXACT, NUMBERS, axes_of, conj, for_shapes, invalid, kept, not_allowed, unequal

MULTIPLIABLE = (d.int32, d.int64, *INEXACT)

# Matrix products


def _last_two(x):
    return jnp.swapaxes(x, -1, -2)


def broadcast_batch(a, b, kernel):
    """Both with the same leading dimensions."""
    batch_a, batch_b = a.shape[:-2], b.shape[:-2]
    if batch_a == batch_b:
        return a, b
    try:
        batch = jnp.broadcast_shapes(batch_a, batch_b)
    except ValueError:
        raise invalid(f"In[0] and In[1] must have compatible batch dimensions: {shape_text(a.shape)} vs. "
                      f"{shape_text(b.shape)}", kernel,
                      while_recording=for_shapes(unequal(batch_a, batch_b), kernel, a, b)) from None  # fmt: skip
    return jnp.broadcast_to(a, (*batch, *a.shape[-2:])), jnp.broadcast_to(b, (*batch, *b.shape[-2:]))


def multiply_matrices(a, b, flip_a=False, flip_b=False, dtype=None):
    """The product of (stacks of) matrices, with TensorFlow's errors; each may be transposed first."""
    batched = a.ndim > 2 or b.ndim > 2
    kernel = "BatchMatMulV2" if batched else "MatMul"
    for i, x in enumerate((a, b)):
        if x.ndim < 2:
            text = f"Shape must be {'at least ' if batched else ''}rank 2 but is rank {x.ndim}"
            if batched:
                shown = f"In[{i}] ndims must be >= 2: {x.ndim}"
            elif a.ndim == b.ndim:
                shown = f"In[0] and In[1] ndims must be == 2: {a.ndim}"
            else:
                shown = f"In[0] and In[1] has different ndims: {shape_text(a.shape)} vs. {shape_text(b.shape)}"
            raise invalid(shown, kernel, while_recording=for_shapes(text, kernel, a, b))
    if a.shape[-2 if flip_a else -1] != b.shape[-1 if flip_b else -2]:
        n, m = a.shape[-2 if flip_a else -1], b.shape[-1 if flip_b else -2]
        raise invalid(f"Matrix size-incompatible: In[0]: {shape_text(a.shape)}, In[1]: {shape_text(b.shape)}", kernel,
                      while_recording=for_shapes(f"Dimensions must be equal, but are {n} and {m}", kernel, a, b))  # fmt: skip
    if batched and b.ndim == 2 and not flip_a:
        return lax.dot_general(a, b, (((a.ndim - 1,), (1 if flip_b else 0,)), ((), ())), preferred_element_type=dtype)
    a, b = broadcast_batch(a, b, kernel)
    n = a.ndim
    batch = tuple(range(n - 2))
    contracted = ((n - 2 if flip_a else n - 1,), (n - 1 if flip_b else n - 2,))
    return lax.dot_general(a, b, (contracted, (batch, batch)), preferred_element_type=dtype)


@op("MatMul", convert="first")
@inlined
def matmul(a: T, b: T, transpose_a: Bool = False, transpose_b: Bool = False, adjoint_a: Bool = False,
           adjoint_b: Bool = False, a_is_sparse: Bool = False, b_is_sparse: Bool = False, output_type: Dtype = None,
           grad_a: Bool = False, grad_b: Bool = False):  # fmt: skip
    """The product of two matrices, or of stacks of them (leading dimensions broadcast).

    Args:
      a: tensor of rank 2 or more and of type float, int32, int64 or complex.
      b: tensor of a's dtype.
      transpose_a, transpose_b: whether to transpose the last two dimensions first.
      adjoint_a, adjoint_b: whether to transpose and conjugate them first.
      a_is_sparse, b_is_sparse: accepted; they change nothing.
      output_type: dtype of the result, where it is wider than the operands' (int32 of int8).

    Raises:
      InvalidArgumentError: shapes or dtypes that do not fit.
      ValueError: both transposed and adjoint.
    """
    for letter, transposed, adjoint in (("a", transpose_a, adjoint_a), ("b", transpose_b, adjoint_b)):
        if transposed and adjoint:
            raise plain(ValueError(
                f"Only one of `transpose_{letter}` and `adjoint_{letter}` can be True. Received "
                f"`transpose_{letter}`=True, `adjoint_{letter}`=True."
            ))  # fmt: skip
    dtype = a.dtype if output_type is None else output_type.np
    if output_type is None and d.from_numpy(a.dtype) not in MULTIPLIABLE:
        raise not_allowed("T", a.dtype, MULTIPLIABLE, "MatMul")
    a = conj(a) if adjoint_a else a
    b = conj(b) if adjoint_b else b
    return multiply_matrices(a, b, transpose_a or adjoint_a, transpose_b or adjoint_b, dtype)


def _matrix_labels(shapes, transpose_a, transpose_b, adjoint_a, adjoint_b, *_):
    """Which sizes of a product's operands are the same: what is contracted, and leading ones counted from the last."""
    flips = transpose_a or adjoint_a, transpose_b or adjoint_b
    ends = [["row", "sum"][:: -1 if flips[0] else 1], ["sum", "column"][:: -1 if flips[1] else 1]]
    return [[*range(len(s) - 2, 0, -1), *names][-len(s) :] for s, names in zip(shapes, ends, strict=True)]


matmul.op.agree = _matrix_labels


@op("MatVec", convert="first", T=MULTIPLIABLE)
@inlined
def matvec(a: T, b: T, transpose_a: Bool = False, adjoint_a: Bool = False, a_is_sparse: Bool = False,
           b_is_sparse: Bool = False):  # fmt: skip
    """The product of a matrix and a vector, or of stacks of them. See `matmul`."""
    a = conj(a) if adjoint_a else a
    return multiply_matrices(a, b[..., None], transpose_a or adjoint_a, False, a.dtype)[..., 0]


def _vector_labels(shapes, transpose_a, adjoint_a, *_):
    matrix, vector = _matrix_labels([shapes[0], (*shapes[1], 1)], transpose_a, False, adjoint_a, False)
    return [matrix, vector[:-1]]


matvec.op.agree = _vector_labels


# Contractions


@op("Tensordot", convert="first", T=MULTIPLIABLE)
@inlined
def _tensordot(a: T, b: T, axes_a: Any, axes_b: Any):
    if any(a.shape[i] != b.shape[j] for i, j in zip(axes_a, axes_b, strict=True)):
        rows = [n for i, n in enumerate(a.shape) if i not in axes_a]
        columns = [n for i, n in enumerate(b.shape) if i not in axes_b]
        left = [_product(rows), _product(a.shape[i] for i in axes_a)]
        right = [_product(b.shape[i] for i in axes_b), _product(columns)]
        text = f"Dimensions must be equal, but are {left[1]} and {right[0]}"
        raise invalid(f"Matrix size-incompatible: In[0]: {shape_text(left)}, In[1]: {shape_text(right)}", "MatMul",
                      while_recording=for_shapes(text, "MatMul", left, right))  # fmt: skip
    return lax.dot_general(a, b, ((axes_a, axes_b), ((), ())), preferred_element_type=a.dtype)


def _tensordot_labels(shapes, axes_a, axes_b):
    return [
        [("sum", axes.index(i)) if i in axes else (k, i) for i in range(len(shape))]
        for k, (shape, axes) in enumerate(zip(shapes, (axes_a, axes_b), strict=True))
    ]


_tensordot.op.agree = _tensordot_labels


def _product(sizes):
    result = 1
    for n in sizes:
        result *= n
    return result


def _axis_list(axes):
    axes = host_value(axes).tolist() if isinstance(axes, Tensor) else axes
    return [int(i) for i in axes] if isinstance(axes, (list, tuple, range, np.ndarray)) else [int(axes)]


@by_form
def tensordot(a, b, axes, name=None):
    """Sums products over pairs of axes.

    Args:
      a, b: numeric tensors of one dtype.
      axes: an int n (the last n axes of `a` with the first n of `b`), or two lists of axes.

    Raises:
      IndexError: axes that do not exist. ValueError: lists of different lengths.
      InvalidArgumentError: sizes or dtypes that differ.
    """
    a, b = convert(a), convert(b)
    axes = host_value(axes).tolist() if isinstance(axes, Tensor) else axes
    rank_a, rank_b = len(a._aval.shape), len(b._aval.shape)
    if type(axes) is int and 0 <= axes <= min(rank_a, rank_b):
        return _tensordot(a, b, *_last_and_first(axes, rank_a))
    if isinstance(axes, (int, np.integer)):
        if axes < 0:
            raise ValueError(f"`axes` must be at least 0. Received: {axes}.")
        if axes > rank_a:
            raise ValueError(
                f"`axes` must not be larger than the number of dimensions of tensor {a}.  Received {axes}, vs tensor "
                f"dimensions {rank_a}."
            )
        axes_a, axes_b = range(rank_a - axes, rank_a), range(axes)
    else:
        if len(axes) != 2:
            raise ValueError(f"`axes` must be an integer or have length 2. Received {axes}.")
        axes_a, axes_b = map(_axis_list, axes)
        if len(axes_a) != len(axes_b):
            raise ValueError(
                f"Different number of contraction axes `a` and `b`, {len(axes_a)} != {len(axes_b)}."
            )
    for x, found in ((a, axes_a), (b, axes_b)):
        rank = len(x._aval.shape)
        if any(not -rank <= i < rank for i in found):
            raise IndexError(f"Axes {list(found)} are out of range for a tensor of {rank} dimensions.")
    return _tensordot(a, b, tuple(i % rank_a for i in axes_a), tuple(i % rank_b for i in axes_b))


@functools.cache
def _last_and_first(n, rank):
    return tuple(range(rank - n, rank)), tuple(range(n))


@op("Einsum", T=NUMBERS)
@inlined
def _einsum(inputs: Many("T"), equation: Str):
    equation = _checked_equation(equation, [x.shape for x in inputs])
    return jnp.einsum(equation, *inputs, preferred_element_type=inputs[0].dtype)


@by_form
def einsum(equation, *inputs, **kwargs):
    """Sums products of tensors as `equation` says, such as "ij,jk->ik"; "..." stands for leading dimensions.

    Args:
      equation: labels of each input, and of the output (default: the labels that occur once, in order).
      *inputs: tensors of one dtype.
      **kwargs: `optimize` and `name`, both accepted.

    Raises:
      ValueError: the equation is malformed or does not fit the number of inputs.
      InvalidArgumentError: sizes or dtypes that differ.
    """
    unknown = set(kwargs) - {"name", "optimize"}
    if unknown:
        raise TypeError(f"Invalid keyword arguments for this function: {', '.join(sorted(unknown))}. Valid keyword "
                        "arguments are 'name' and 'optimize'.")  # fmt: skip
    for x in inputs:
        x.shape  # noqa: B018 - a list has none, which is the error there
    return _einsum([convert(x) for x in inputs], equation)


def _checked_equation(equation, shapes):
    """An equation without blanks that fits inputs of these shapes."""
    text = equation.replace(" ", "")
    terms, _, output = text.partition("->")
    terms = terms.split(",")
    if not re.fullmatch(r"(\.\.\.|[A-Za-z,])*(->(\.\.\.|[A-Za-z])*)?", text):
        raise plain(ValueError(f"Subscripts have incorrect format: {text}"))
    if len(terms) != len(shapes):
        raise plain(ValueError(f'Got {len(shapes)} inputs for equation "{equation}", expecting {len(terms)}'))
    sizes = {}
    for number, (term, shape) in enumerate(zip(terms, shapes, strict=True)):
        for where, label in _labels(term, len(shape), number):
            n = shape[where]
            if sizes.setdefault(label, n) != n:
                recorded = for_shapes(f"Dimensions must be equal, but are {sizes[label]} and {n}", "Einsum", *shapes)
                raise invalid(f"Expected dimension {sizes[label]} at axis {where} of the input shaped "
                              f"{shape_text(shape)} but got dimension {n}", "Einsum", while_recording=recorded)  # fmt: skip
    if "->" in text:
        plain_labels = output.replace("...", "")
        for label in plain_labels:
            if label not in sizes:
                raise plain(ValueError(f"Output subscripts contain the label {label} not present in the input subscripts."))
        if len(set(plain_labels)) < len(plain_labels):
            raise plain(ValueError(f"Output subscripts contain a label appearing more than once: {equation}"))
    return text


def _axis_labels(shapes, equation):
    """For each input the label of each axis; that of one under "..." is its place from the end."""
    found = []
    for term, shape in zip(equation.replace(" ", "").partition("->")[0].split(","), shapes, strict=False):
        rank = len(shape)
        named = dict(_labels(term, rank, len(found)))
        after = len(term.partition("...")[2])
        found.append([named.get(i, rank - after - i) for i in range(rank)])
    return found + [[(k, i) for i in range(len(s))] for k, s in enumerate(shapes[len(found) :])]


_einsum.op.agree = _axis_labels


def _labels(term, rank, number):
    """(axis, label) of each label of the input of this number; axes after "..." count from the end."""
    before, dots, after = term.partition("...")
    count = len(before) + len(after)
    if rank < count or (not dots and rank != count):
        raise invalid(f"Expected input {number} to have rank {'at least ' if dots else ''}{count} but got: {rank}", "Einsum")
    return [*enumerate(before), *((rank - len(after) + i, label) for i, label in enumerate(after))]


# Norms

_VECTOR_NORMS = ("euclidean", 1, 2, np.inf)
_MATRIX_NORMS = ("euclidean", "fro", 1, 2, np.inf)


def _euclidean(x, axes):
    if not jnp.issubdtype(x.dtype, jnp.inexact):
        raise not_allowed("T", x.dtype, INEXACT, "Sqrt")
    return lax.sqrt(jnp.sum(x * conj(x), axes, dtype=x.dtype))


@op("Norm", T=NUMBERS)
@inlined
def _norm(tensor: T, ord: Any, axis: Any, keepdims: Bool):
    x = tensor
    axes = axes_of("Sum", x, axis)
    matrix = isinstance(axis, tuple) and len(axis) == 2
    if ord in ("fro", "euclidean") or (ord == 2 and not matrix):
        result = kept(_euclidean(x, axes), axes)
    elif matrix and ord == 2:
        moved = jnp.moveaxis(x, axes, (-2, -1))
        largest = jnp.max(jnp.linalg.svd(moved, compute_uv=False), -1, initial=-np.inf).astype(x.real.dtype)
        result = kept(largest, axes)
    else:
        # JAX's derivative of abs is 1 at 0, TensorFlow's 0.
        size = x * lax.stop_gradient(lax.sign(x)) if jnp.issubdtype(x.dtype, jnp.floating) else lax.abs(x)
        if matrix:
            sum_axis, max_axis = axes if ord == 1 else axes[::-1]
            result = lax.reduce_max(kept(jnp.sum(size, sum_axis, dtype=size.dtype), (sum_axis,)), (max_axis,))
            result = kept(result, (max_axis,))
        elif ord == 1:
            result = kept(jnp.sum(size, axes, dtype=size.dtype), axes)
        elif ord == np.inf:
            result = kept(lax.reduce_max(size, axes), axes)
        else:
            power = jnp.asarray(ord, size.dtype)
            total = kept(jnp.sum(lax.pow(size, power), axes, dtype=size.dtype), axes)
            result = lax.pow(total, jnp.asarray(1 / ord, size.dtype))
    return result if keepdims else lax.squeeze(result, axes)


@by_form
def norm(tensor, ord="euclidean", axis=None, keepdims=None, name=None):
    """The norm of a vector (all elements, or along one axis) or of a matrix (along two).

    Args:
      tensor: numeric tensor.
      ord: "euclidean" (default), 1, 2, inf or a positive number for vectors; "euclidean", "fro", 1, 2 or inf for
        matrices (2: the largest singular value).
      axis: None, an int, or a pair of ints.
      keepdims: whether the axes stay, with size 1.

    Raises:
      ValueError: an `ord` or `axis` that is not supported. TypeError: booleans, or a root of integers.
    """
    tensor = convert(tensor)
    pair = isinstance(axis, (tuple, list))
    if pair and len(axis) == 2:
        axis = tuple(axis)
    numbers = axis if pair else () if axis is None else (axis,)
    if not all([isinstance(i, int) for i in numbers]) or pair and (len(axis) != 2 or axis[0] == axis[1]):
        raise ValueError(f"'axis' must be None, an integer, or a tuple of 2 unique integers, got {axis}")
    if pair:
        if ord not in _MATRIX_NORMS:
            raise ValueError(
                f"'ord' must be a supported matrix norm in ['euclidean', 'fro', 1, 2, inf], got {ord}"
            )
    else:
        axis = None if axis is None else int(axis)
        if isinstance(ord, str) and ord not in _VECTOR_NORMS or not isinstance(ord, str) and ord <= 0:
            raise ValueError(f"'ord' must be a supported vector norm, got {ord}")
        if ord not in _VECTOR_NORMS and tensor.dtype.is_unsigned:
            raise not_allowed("T", tensor.dtype.np, tuple(t for t in NUMBERS if not t.is_unsigned), "Abs")
        if ord not in _VECTOR_NORMS and tensor.dtype.is_integer:
            raise TypeError(f"Cannot convert {1 / ord} to EagerTensor of dtype {tensor.dtype.name}")
    if ord in ("euclidean", "fro", 2) and (tensor.dtype is d.bool or tensor.dtype is d.string):
        raise TypeError(f"Expected numeric or variant tensor, got dtype {tensor.dtype!r}.")
    return _norm(tensor, ord, axis, bool(keepdims))


@by_form
def normalize(tensor, ord="euclidean", axis=None, name=None):
    """`tensor` divided by its norm along `axis`, and that norm. See `norm`."""
    t = convert(tensor)
    size = norm(t, ord, axis, True)
    if size.dtype is not t.dtype:
        from tfcompat._cast import cast

        size = cast(size, t.dtype)
    return e.divide(t, size), size


@op("GlobalNorm", T=FLOATS)
@inlined
def _global_norm(values: Many("T")):
    total = 0
    for x in values:
        total = jnp.sum(x * x, dtype=x.dtype) / 2 + total
    return lax.sqrt(total * 2)


def global_norm(t_list, name=None):
    """sqrt(sum of norm(t) ** 2) over a list of tensors; entries that are None do not count.

    Args:
      t_list: a list of tensors, IndexedSlices and None.

    Raises:
      TypeError: `t_list` is no sequence.
    """
    if not isinstance(t_list, (list, tuple)):
        raise TypeError(f"`t_list` should be a sequence of tensors. Received {type(t_list)}.")
    values = [convert(t.values if isinstance(t, IndexedSlices) else t) for t in t_list if t is not None]
    if not values:
        return convert(0.0)
    return _global_norm(values)
