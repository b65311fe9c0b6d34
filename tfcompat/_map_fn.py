"""`tf.map_fn`, `tf.scan`, `tf.foldl`, `tf.foldr`, `tf.vectorized_map`."""

from tfcompat._array import concat, expand_dims, stack
from tfcompat._core import dtypes, errors, nest
from tfcompat._core.body import Body, call_spec, op_of
from tfcompat._core.context import state
from tfcompat._core.convert import convert
from tfcompat._core.sizes import each
from tfcompat._core.specs import TensorSpec
from tfcompat._core.trace import Trace, ValueDependent
from tfcompat._core.vectorized import VectorizedSpec
from tfcompat._creation import zeros
from tfcompat._loop_variables import as_tensor, element_aval, staged_loop
from tfcompat._split import unstack
from tfcompat._tensor_array import TensorArray
from tfcompat._while_loop import LoopVariable, without_gradient

_NO_FIRST = "Tried to read from index 0 but array size is: 0"


def _elements(elems, scalars):
    if isinstance(elems, TensorArray):
        elems = elems.stack()
    flat = [as_tensor(e) for e in nest.flatten(elems)]
    if not flat:
        raise ValueError(f"elems must be a Tensor or (possibly nested) sequence of Tensors. Got {elems}, which does not contain any "
                         "Tensors.")  # fmt: skip
    for t in flat:
        if not t._aval.shape:
            raise scalars
    count = flat[0]._aval.shape[0]
    for t in flat:
        if t._aval.shape[0] != count:
            raise ValueError(f"Dimensions {count} and {t._aval.shape[0]} are not compatible")
    return flat, count


def map_fn(fn, elems, dtype=None, parallel_iterations=None, back_prop=True, swap_memory=False, infer_shape=True, name=None,
           fn_output_signature=None):  # fmt: skip
    """Applies `fn` to the elements of `elems` along their first dimension and stacks what it returns.

    Args:
      fn: function of one element (in the structure of `elems`).
      elems: tensor, or nested structure of tensors with the same first dimension.
      dtype, fn_output_signature: dtype (or TensorSpec, or a structure of them) of what `fn` returns, where that is not of
        the structure and dtypes of `elems`.
      back_prop: False stops gradients, in functions.
      parallel_iterations, swap_memory, infer_shape: accepted.

    Raises:
      TypeError: `fn` is no function.
      ValueError: `elems` holds scalars, or sizes that differ; the results have another structure or shape than announced.
      InvalidArgumentError: a result of another dtype than announced.
    """
    if not callable(fn):
        raise TypeError(f"The provided function {fn.__name__} is not callable. fn={fn}.")
    signature = fn_output_signature if fn_output_signature is not None else dtype
    flat, count = _elements(elems, ValueError("Elements in elems must be 1+ dimensional Tensors, not scalars"))
    announced = [t.dtype for t in flat] if signature is None else nest.flatten(signature)
    announced = [s if isinstance(s, TensorSpec) else TensorSpec(None, s) for s in announced]
    structure = elems if signature is None else signature

    def results(values):
        leaves = nest.flatten(values)
        if len(leaves) != len(announced):
            nest.assert_same_structure(structure, values)
        arrays = [TensorArray(spec.dtype, 0, element_shape=spec.shape) for spec in announced]
        return [a.accepted(as_tensor(v)) for a, v in zip(arrays, leaves, strict=True)]

    if state.trace is None:
        rows = list(zip(*[unstack(t) for t in flat], strict=True))
        if not rows:
            shapes = [[] if s.shape.rank is None else [d or 0 for d in s.shape.as_list()] for s in announced]
            return nest.pack_sequence_as(
                structure, [zeros([0, *d], s.dtype) for d, s in zip(shapes, announced, strict=True)]
            )
        columns = list(zip(*[results(fn(nest.pack_sequence_as(elems, list(row)))) for row in rows], strict=True))
        stacked = [stack(list(c)) for c in columns]
    else:
        collected = []

        def body(index, slices, values):
            collected.extend(results(fn(nest.pack_sequence_as(elems, slices))))
            return values

        _, stacked = staged_loop([], body, length=count, sequences=flat, collected=collected, name="map")
    result = nest.pack_sequence_as(structure, list(stacked))
    return result if back_prop else without_gradient(result)


def scan(fn, elems, initializer=None, parallel_iterations=10, back_prop=True, swap_memory=False, infer_shape=True,
         reverse=False, name=None):  # fmt: skip
    """Folds `fn(accumulator, element)` over the elements, and stacks all accumulators.

    Args:
      fn: function of the accumulator and one element that returns the next accumulator.
      elems: tensor, or structure of tensors with the same first dimension.
      initializer: the first accumulator; default the first element.
      reverse: whether to go from the last element to the first (results stay at their elements' places).

    Raises:
      TypeError: `fn` is no function.
    """
    if not callable(fn):
        raise TypeError(f"{fn.__name__} is not callable.")
    _, stacked = _fold(fn, elems, initializer, reverse, True)
    return stacked if back_prop else without_gradient(stacked)


def foldl(fn, elems, initializer=None, parallel_iterations=10, back_prop=True, swap_memory=False, name=None):
    """Folds `fn(accumulator, element)` over the elements from the first to the last. See `scan`."""
    if not callable(fn):
        raise TypeError(f"{fn.__name__} is not callable. fn={fn}.")
    folded = _fold(fn, elems, initializer, False, False)[0]
    return folded if back_prop else without_gradient(folded)


def foldr(fn, elems, initializer=None, parallel_iterations=10, back_prop=True, swap_memory=False, name=None):
    """Folds `fn(accumulator, element)` over the elements from the last to the first. See `scan`."""
    if not callable(fn):
        raise TypeError(f"{fn.__name__} is not callable. fn={fn}.")
    folded = _fold(fn, elems, initializer, True, False)[0]
    return folded if back_prop else without_gradient(folded)


def _refuse_fold(structure, result, calls, position):
    """Raises what the loop behind a fold says of a result of another structure; it has counters beside it."""
    counter = TensorSpec([], dtypes.int32)
    specs = nest.map_structure(lambda t: TensorSpec(t.shape, t.dtype), structure)
    nest.assert_same_structure([counter, [counter, specs]], [calls, [position, result]], check_types=False)


def _fold(fn, elems, initializer, backwards, keep):
    flat, count = _elements(elems, IndexError("tuple index out of range"))
    first = None
    if initializer is None:
        place = count - 1 if backwards else 0
        if count == 0 and state.trace is None:
            text = "Reading from negative indices (index -1) is not allowed." if backwards else _NO_FIRST
            raise errors.OutOfRangeError(None, None, text)
        if count == 0:
            raise errors.invalid_argument(f"Trying to access element {place} in a list with 0 elements.")
        accumulator = nest.pack_sequence_as(elems, [t[place] for t in flat])
        first = nest.flatten(accumulator)
        flat = [t[:-1] if backwards else t[1:] for t in flat]
        count -= 1
    else:
        accumulator = nest.map_structure(as_tensor, initializer)
    structure = accumulator

    whole = structure if initializer is not None else elems
    calls, length = 0, count

    def step(values, row):
        nonlocal calls
        calls += 1
        result = fn(values, nest.pack_sequence_as(elems, row))
        try:
            nest.assert_same_structure(whole, result, check_types=False)
        except (TypeError, ValueError):
            if not keep and state.trace is None:
                _refuse_fold(structure, result, calls, length - calls if backwards else convert(calls + (first is not None)))
            raise
        return nest.pack_sequence_as(structure, [as_tensor(v) for v in nest.flatten(result)])

    if state.trace is None:
        order = range(count - 1, -1, -1) if backwards else range(count)
        rows = list(zip(*[unstack(t) for t in flat], strict=True)) if count else []
        kept = []
        for i in order:
            accumulator = step(accumulator, list(rows[i]))
            kept.append(nest.flatten(accumulator))
        if not keep:
            return accumulator, None
        kept = [first, *kept] if first is not None else kept
        kept = kept[::-1] if backwards else kept
        if not kept:
            empty = [zeros([0, *t._aval.shape], t.dtype) for t in nest.flatten(accumulator)]
            return accumulator, nest.pack_sequence_as(structure, empty)
        return accumulator, nest.pack_sequence_as(structure, [stack(list(c)) for c in zip(*kept, strict=True)])
    collected = []

    def body(index, slices, values):
        result = step(values[0], slices)
        if keep:
            collected.extend(nest.flatten(result))
        return [result]

    after, columns = staged_loop([accumulator], body, length=count, sequences=flat, reverse=backwards,
                                 collected=collected if keep else None, slot=LoopVariable, name="scan")  # fmt: skip
    if not keep:
        return after[0], None
    if first is not None:
        columns = [
            concat([c, expand_dims(f, 0)] if backwards else [expand_dims(f, 0), c], 0)
            for f, c in zip(first, columns, strict=True)
        ]
    return after[0], nest.pack_sequence_as(structure, list(columns))


def vectorized_map(fn, elems, fallback_to_while_loop=True, warn=True):
    """Applies `fn` to all elements along the first dimension at once, by `jax.vmap`.

    Args:
      fn: function of one element (in the structure of `elems`); it is recorded once.
      elems: tensor, or nested structure of tensors, whose first dimensions are equal or 1.
      fallback_to_while_loop: accepted; what cannot be vectorised is mapped one by one.

    Returns:
      What `fn` returns, each tensor with a new first dimension.
    """
    flat = [as_tensor(e) for e in nest.flatten(elems)]
    sizes = {t._aval.shape[0] for t in flat}
    count = max(sizes)
    if sizes - {1, count}:
        raise errors.InvalidArgumentError(
            None, None, f"elements in elems must have the same first dimension or 1; got {sorted(sizes)}."
        )
    trace = Trace("vectorized_map", state.trace, "body")
    slices = [trace.placeholder(element_aval(t)) for t in flat]
    try:
        with trace:
            result = fn(nest.pack_sequence_as(elems, slices))
            leaves = nest.flatten(result, expand_composites=True)
            tensors = [as_tensor(v) for v in leaves]
    except ValueDependent:
        return _one_by_one(fn, elems, flat, count)
    if trace.written or trace.effects:
        return _one_by_one(fn, elems, flat, count)
    body = Body(trace, tensors)
    ins, axes = [], []
    leaf_cells = {k: c for c, k in trace.cell_leaves.items()}
    position = {id(t): i for i, t in enumerate(slices)}
    for k in body.input_leaves:
        leaf = trace.leaves[k]
        if k in leaf_cells:
            ins.append(leaf_cells[k].read())
            axes.append(None)
        elif id(leaf) in position:
            t = flat[position[id(leaf)]]
            single = t._aval.shape[0] == 1 and count > 1
            ins.append(t[0] if single else t)
            axes.append(None if single else 0)
        else:
            ins.append(leaf)
            axes.append(None)
    spec = VectorizedSpec(body, tuple(axes), count, [t._aval for t in ins])
    outs = call_spec(op_of(spec), spec, ins)
    return nest.pack_sequence_as(result, outs, expand_composites=True)


def _one_by_one(fn, elems, flat, count):
    rows = []
    for i in each(count):
        rows.append(fn(nest.pack_sequence_as(elems, [t[i if t._aval.shape[0] > 1 else 0] for t in flat])))
    columns = [stack([as_tensor(v) for v in c]) for c in zip(*[nest.flatten(r) for r in rows], strict=True)]
    return nest.pack_sequence_as(rows[0], columns)

