"""`tf.GradientTape`: a list of the nodes recorded while it was active that touch something watched.

`gradient` walks the list in reverse and records more nodes: pullbacks, which are ops like any other. So forward,
backward and update land in one program, and an outer tape sees the backward nodes too.
"""

import enum
import itertools

from tfcompat._core import errors, folding, generic, nest
from tfcompat._core.avals import shape_text
from tfcompat._core.cells import cell_of, dtype_of
from tfcompat._core.context import state
from tfcompat._core.convert import convert
from tfcompat._core.dtypes import c_name
from tfcompat._core.indexed_slices import IndexedSlices
from tfcompat._core.op import T, arrange, invoke, op, set_taped_call, trace
from tfcompat._core.tape_errors import (
    NON_PERSISTENT,
    NOT_TENSOR,
    PERSISTENT_INSIDE,
    SEED_DTYPE,
    SEED_SHAPE,
    STRING_SOURCE,
    TARGET_DTYPE,
    UNCONNECTED,
    WATCH_DTYPE,
)  # fmt: skip
from tfcompat._core.tensor import Tensor
from tfcompat._core.tensor_base import TensorHandle
from tfcompat._core.vjp import Derivative, SizedDerivative

_gids = itertools.count(1)


class UnconnectedGradients(enum.Enum):
    """What `gradient` gives for sources that the target does not depend on: None or zeros."""

    NONE = "none"
    ZERO = "zero"


def unconnected_kind(value):
    try:
        return UnconnectedGradients(value)
    except ValueError:
        raise ValueError(UNCONNECTED.format(value=value)) from None


# An entry is one recorded node as tapes see it, a plain tuple, as each op recorded makes one:
#   (derivative, in_gids, out_gids, kept, ins, slot)
# `derivative` knows the pullback, which wants the tensors `kept` (and, where it is to be differentiated again, all `ins`).
# Where it is None, `kept` is a function from the cotangents of the results (None where there is none) to those of the
# inputs. `slot` is where the segment has the first result.


def pull_back(derivative, kept, ins, cotangents):
    """Cotangents of the inputs in `derivative.wanted`, from those of the results (None where there is none)."""
    context = state.context
    recorded = context.tapes or context.accumulators
    if len(cotangents) == 1 and not (recorded and derivative.extras):
        # The usual case: one result, and its whole pullback is known.
        cotangent = cotangents[0]
        ins = (*kept, cotangent if type(cotangent) is Tensor else dense(cotangent))
        if recorded:
            return invoke(derivative.whole, ins)
        return context.segment.record(derivative.whole_spec, ins)
    present = tuple([k for k in derivative.differentiable if cotangents[k] is not None])
    given = [dense(cotangents[k]) for k in present]
    if recorded and derivative.extras:
        return invoke(derivative.from_inputs(present), (*ins, *given))
    pullback, residuals = derivative.pullback(present)
    kept = dict(zip(derivative.kept, kept, strict=True))
    return invoke(pullback, (*[kept[r] for r in residuals], *given))


def gid_of(tensor):
    """The identity of a tensor on tapes."""
    if not tensor._gid:
        tensor._gid = next(_gids)
    return tensor._gid


@op("AddN", static=False)
def _accumulate(a: T, b: T):
    return a + b


@op("OnesLike", static=False)
def _ones_like(x: T):
    import jax.numpy as jnp

    return jnp.ones_like(x)


@op("ZerosLike", static=False)
def _zeros_like(x: T):
    import jax.numpy as jnp

    return jnp.zeros_like(x)


def record_taped(context, op, spec, ins, attrs, count):
    """Records a node while tapes or forward accumulators are active, and its entry on the tapes that watch an input."""
    tapes = context.tapes
    if tapes and tapes[0]._fresh:
        # Rule: a step's program starts at the first node inside an outermost tape, when the last tape is surely dead.
        tapes[0]._fresh = False
        if tapes[0]._outermost:
            context.segment.close("tape")
            tapes[0]._serial = context.segment.serial
    if context.accumulators:
        return _forward_record(op, spec, ins, attrs, count)
    # Every op of a forward pass comes through here: one tape and one or two inputs are written out.
    if len(tapes) == 1:
        watched = tapes[0]._watched
        if len(ins) == 2:
            x, y = ins
            in_gids = x._gid, y._gid
            mask = in_gids[0] in watched, in_gids[1] in watched
        elif len(ins) == 1:
            in_gids = (ins[0]._gid,)
            mask = (in_gids[0] in watched,)
        else:
            in_gids = [t._gid for t in ins]
            mask = tuple([gid in watched for gid in in_gids])
    else:
        in_gids = [t._gid for t in ins]
        mask = tuple([any([gid in tape._watched for tape in tapes]) for gid in in_gids])
    derivative = spec.derivatives.get(mask)
    if derivative is None:
        derivative = spec.derivatives[mask] = make_derivative(op, spec, ins, attrs, count, mask)
    if derivative is False:
        return context.segment.record(spec, ins)
    results = context.segment.record(derivative.forward, ins)
    if derivative.forward.single:
        gid = results._gid = next(_gids)
        out_gids = (gid,)
        slot = results._slot
        kept = derivative.keep((*ins, results))
    else:
        own = results[: derivative.count]
        out_gids = tuple([gid_of(t) for t in own])
        slot = own[0]._slot
        kept = derivative.keep((*ins, *results))
        results = own[0] if spec.single else own
    entry = (derivative, in_gids, out_gids, kept, ins if derivative.extras else None, slot)
    if op.sparse_grad is not None:
        pull = op.sparse_grad(ins, attrs, derivative.mask)
        if pull is not None:
            entry = (None, in_gids, out_gids, pull, None, 0)
    if len(tapes) == 1:
        tapes[0]._entries.append(entry)
        watched.update(out_gids)
    else:
        for tape in tapes:
            if not tape._watched.isdisjoint(in_gids):
                tape._entries.append(entry)
                tape._watched.update(out_gids)
    return results


_forward_record = None  # forward.record; set by forward, which imports this module


def set_forward_record(function):
    global _forward_record
    _forward_record = function


def make_derivative(op, spec, ins, attrs, count, mask):
    """The Derivative of an op for these inputs; from the third set of shapes on without tracing.

    Returns False where no watched input has a derivative.
    """
    mask = tuple([m and t._aval.differentiable for m, t in zip(mask, ins, strict=True)])
    if op.grad is None or True not in mask or not any([a.differentiable for a in spec.avals]):
        return False

    def rule_of(attrs):
        def rule(g, out, data):
            return op.grad(g, out, *(data if op.parameters is None else arrange(op.parameters, data, attrs, count)))

        return rule if callable(op.grad) else None

    pattern = generic.Pattern([t._aval for t in ins], attrs, op.annotations, count)
    key = (pattern.key, mask)
    form = op.taped_forms.get(key, 0)

    def exact():
        return Derivative(op, op.function(attrs, count), ins, mask, spec, rule_of(attrs))

    if isinstance(form, Derivative):
        return SizedDerivative(form, pattern.sizes, exact, spec)
    derivative = exact()
    if form is not False and pattern.sizes:
        op.taped_forms[key] = form + 1
        if form >= generic.EXACT_TRACES:
            op.taped_forms[key] = symbolic_derivative(op, pattern, mask, rule_of, derivative)
    return derivative


def symbolic_derivative(op, pattern, mask, rule_of, exact):
    """A Derivative with symbolic dimensions, or False where it would not do what `exact` does."""
    try:
        form = generic.Form(pattern)

        def make_spec(name, closed, single):
            return generic.GenericSpec(closed, form.names)

        ins = [generic.SymbolicTensor(a) for a in form.avals]
        function = op.function(form.attrs, pattern.key[2])
        plain = make_spec(op.kernel, trace(op, function, form.avals), op.single)
        symbolic = Derivative(op, function, ins, mask, plain, rule_of(form.attrs), make_spec)
        same = symbolic.kept == exact.kept and generic.same_program(symbolic.whole_spec.closed, exact.whole_spec.jaxpr)
        return symbolic if same else False
    except Exception:  # noqa: BLE001 - sizes that cannot be compared symbolically raise many things
        return False


def record_python(ins, outs, pull):
    """Puts a node whose pullback is a Python function of tensors on the active tapes (custom gradients)."""
    in_gids = [t._gid for t in ins]
    for tape in state.tapes:
        if not tape._watched.isdisjoint(in_gids):
            out_gids = tuple([gid_of(t) for t in outs])
            tape._entries.append((None, in_gids, out_gids, pull, None, 0))
            tape._watched.update(out_gids)


def dense(cotangent):
    return cotangent if isinstance(cotangent, TensorHandle) else convert(cotangent)


def add_cotangents(a, b):
    if isinstance(a, IndexedSlices) and isinstance(b, IndexedSlices):
        return a.concatenated(b)
    return _accumulate(dense(a), dense(b))


class GradientTape:
    """Records operations for automatic differentiation.

    Args:
      persistent: whether `gradient` may be called more than once.
      watch_accessed_variables: whether trainable variables are watched when they are read.
    """

    def __init__(self, persistent=False, watch_accessed_variables=True):
        self._persistent = persistent
        self._watch_accessed = watch_accessed_variables
        self._recording = False
        self._used = False
        self._started = False
        self._fresh = False
        self._outermost = False
        self._clear()

    def _clear(self):
        self._entries = []
        self._watched = set()
        self._variables = {}  # variable gid -> cell, in the order they were watched

    def __enter__(self):
        self._push()
        return self

    def __exit__(self, kind, value, traceback):
        if self._recording:
            self._pop()

    def _push(self, existing=False):
        if self._recording:
            raise ValueError("Tape is still recording, This can happen if you try to re-enter an already-active tape.")
        if not self._started or not existing:
            if not existing and self._started:
                self._clear()
                self._used = False
            self._started = True
            self._serial = state.segment.serial  # of the segment that holds the tape's nodes, if a single one does
        self._fresh = not existing
        self._outermost = not state.tapes
        state.tapes = [*state.tapes, self]
        self._recording = True

    def _pop(self):
        if not self._recording:
            raise ValueError("Tape is not recording.")
        state.tapes = [tape for tape in state.tapes if tape is not self]
        self._recording = False

    def _variable_read(self, cell):
        if cell.gid in self._watched or (self._watch_accessed and cell.trainable):
            self._watch_cell(cell)

    def _watch_cell(self, cell):
        """Follows a variable. Its tensors go by the variable's own gid: each read of it is a use of the variable."""
        tensor, watched = cell._tensor, self._watched
        if not cell.gid:
            cell.gid = next(_gids)
        if cell.gid not in self._variables:
            if not tensor._aval.differentiable:
                return
            self._variables[cell.gid] = cell
            watched.add(cell.gid)
        if not tensor._gid:
            tensor._gid = cell.gid
        elif tensor._gid not in watched:  # somebody watches this tensor by itself
            self._entries.append((None, [cell.gid], (tensor._gid,), list, None, 0))
            watched.add(tensor._gid)

    def watch(self, tensor):
        """Makes the tape follow `tensor`: a Tensor, Variable, or a nested structure of them."""
        for t in nest.flatten(tensor, expand_composites=True):
            cell = cell_of(t)
            if cell is None and not isinstance(t, TensorHandle):
                raise ValueError(NOT_TENSOR.format(value=t, kind=type(t)))
            dtype = dtype_of(t)
            if not (dtype.is_floating or dtype.is_complex):
                warnings_once(WATCH_DTYPE.format(dtype=dtype))
            if cell is not None:
                self._watch_cell(cell)
            else:
                self._watched.add(gid_of(t))

    def stop_recording(self):
        """A context in which this tape records nothing."""
        return _Stopped(self)

    def reset(self):
        """Forgets everything recorded so far, as if the `with` block began here."""
        recording = self._recording
        if recording:
            self._pop()
        self._clear()
        self._used = False
        if recording:
            self._push(existing=True)

    def watched_variables(self):
        """The variables that the tape watches, in the order in which it met them."""
        found = [cell.variable() for cell in self._variables.values()]
        return tuple(v for v in found if v is not None)

    def gradient(self, target, sources, output_gradients=None, unconnected_gradients=UnconnectedGradients.NONE):
        """Derivatives of the sum of `target` with regard to `sources`.

        Args:
          target: Tensor or nested structure of tensors to differentiate.
          sources: nested structure of Tensors or Variables.
          output_gradients: cotangents, one for each target; default ones.
          unconnected_gradients: what sources get that `target` does not depend on: "none" (None) or "zero".

        Returns:
          A structure like `sources` of Tensors, IndexedSlices or None.

        Raises:
          RuntimeError: a non-persistent tape is used a second time, or inside its own context.
          ValueError: a wrong `unconnected_gradients`.
        """
        if self._used:
            raise RuntimeError(NON_PERSISTENT)
        if self._recording:
            if not self._persistent:
                self._pop()
            else:
                warnings_once(PERSISTENT_INSIDE)
        if target is None:
            raise TypeError("Argument `target` should be a list or nested structure of Tensors, Variables or "
                            "CompositeTensors to be differentiated, but received None.")  # fmt: skip
        unconnected = unconnected_kind(unconnected_gradients)
        targets = []
        for t in nest.flatten(target):
            dtype = dtype_of(t)
            if not (dtype.is_floating or dtype.is_complex):
                warnings_once(TARGET_DTYPE.format(dtype=dtype))
            targets.append(t)
        flat_sources = nest.flatten(sources)
        for s in flat_sources:
            dtype = dtype_of(s)
            if dtype is not None and not (dtype.is_floating or dtype.is_complex):
                if not dtype.is_integer and not dtype.is_bool:
                    raise ValueError(STRING_SOURCE.format(dtype=dtype))
                warnings_once(TARGET_DTYPE.format(dtype=dtype).replace("target", "source"))
            elif dtype is None:
                kind = TypeError if s is None else AttributeError  # what TensorFlow's code happens to raise
                raise kind(NOT_TENSOR.format(value=s, kind=type(s)))
        given = None if output_gradients is None else nest.flatten(output_gradients)
        entries = self._entries
        if not self._persistent:
            self._entries = []
        context, known = state.context, None
        if given is None and not context.tapes and not context.accumulators:
            known = folding.find(self, entries, targets, flat_sources, context)
        if type(known) is folding.Plan:
            flat = known.record(context.segment)
        else:
            flat = self._walk(entries, targets, flat_sources, given)
            if known is not None:
                known.finish(flat)
        if not self._persistent:
            self._clear()
            self._used = True
        if unconnected is UnconnectedGradients.ZERO:
            flat = [_zeros_for(s) if g is None else g for g, s in zip(flat, flat_sources, strict=True)]
        return nest.pack_sequence_as(sources, flat)

    def _walk(self, entries, targets, sources, given):
        cotangents = {}
        for i, t in enumerate(targets):
            gid = target_gid(t, self)
            dtype = dtype_of(t)
            if not gid or not (dtype.is_floating or dtype.is_complex):
                continue
            if given is not None and given[i] is not None:
                seed = convert(given[i])
                if seed._aval.dtype is not dtype:
                    raise errors.InvalidArgumentError(None, None, SEED_DTYPE.format(
                        c_name(seed._aval.dtype), c_name(dtype)))  # fmt: skip
                if seed._aval.shape != dense(t)._aval.shape:
                    seed = _match(seed, dense(t))
            else:
                seed = _ones_like(dense(t))
            old = cotangents.get(gid)
            cotangents[gid] = seed if old is None else add_cotangents(old, seed)
        wanted = {source_gid(s) for s in sources}
        get = cotangents.get
        for position in range(len(entries) - 1, -1, -1):
            derivative, in_gids, out_gids, kept, ins, _ = entries[position]
            found = [get(g) for g in out_gids]
            if found[0] is None and (len(found) == 1 or not any([c is not None for c in found])):
                continue
            for gid in out_gids:
                if gid not in wanted:
                    cotangents.pop(gid, None)
            if derivative is not None:
                in_gids = [in_gids[i] for i in derivative.wanted]
                pulled = pull_back(derivative, kept, ins, found)
            else:
                pulled = kept(found)
            for gid, cotangent in zip(in_gids, pulled, strict=True):
                if gid and cotangent is not None:
                    old = get(gid)
                    cotangents[gid] = cotangent if old is None else add_cotangents(old, cotangent)
        watched = self._watched
        return [cotangents.get(g) if (g := source_gid(s)) and g in watched else None for s in sources]

    def jacobian(self, target, sources, unconnected_gradients=UnconnectedGradients.NONE, parallel_iterations=None,
                 experimental_use_pfor=True):  # fmt: skip
        raise NotImplementedError("tf.GradientTape.jacobian: call `gradient` for each element of the target instead.")

    def batch_jacobian(self, target, source, unconnected_gradients=UnconnectedGradients.NONE, parallel_iterations=None,
                       experimental_use_pfor=True):  # fmt: skip
        raise NotImplementedError("tf.GradientTape.batch_jacobian: call `gradient` for each element instead.")


def source_gid(source):
    cell = cell_of(source)
    if cell is not None:
        return cell.gid
    return getattr(source, "_gid", 0)


def target_gid(target, tape):
    """A target is a tensor, or a variable: the tensor it holds, or the variable itself when it is a source too."""
    cell = cell_of(target)
    return cell.gid if cell is not None else target._gid


def _zeros_for(source):
    cell = cell_of(source)
    return _zeros_like(cell._tensor if cell is not None else source)


def _match(seed, target):
    """An output gradient of another shape than its target: broadcast where that is possible, as the kernels do."""
    shapes = seed._aval.shape, target._aval.shape
    if any(a not in (1, b) for a, b in zip(reversed(shapes[0]), reversed(shapes[1]), strict=False)):
        raise errors.InvalidArgumentError(None, None, SEED_SHAPE.format(*map(shape_text, shapes)))
    return _accumulate(_zeros_like(target), seed)


class _Stopped:
    def __init__(self, tape):
        self._tape = tape

    def __enter__(self):
        if not self._tape._recording:
            raise RuntimeError("Trying to stop recording a tape which is not recording.")
        self._tape._pop()

    def __exit__(self, *_):
        self._tape._push(existing=True)


class _Paused:
    """No tape of this thread records inside."""

    def __enter__(self):
        self._tapes, state.tapes = state.tapes, []

    def __exit__(self, *_):
        state.tapes = self._tapes


def paused():
    return _Paused()


def warnings_once(text):
    import logging

    logging.getLogger("tensorflow").warning(text)


set_taped_call(record_taped)
