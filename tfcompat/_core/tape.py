"""`tf.GradientTape`: a list of the nodes recorded while it was active that touch something watched.

`gradient` walks the list in reverse and records more nodes: pullbacks, which are ops like any other. So forward,
backward and update land in one program, and an outer tape sees the backward nodes too.
"""

import collections
import enum
import itertools
import logging
import operator
import types
import weakref

from tfcompat._core import errors, folding, jacobian, nest
from tfcompat._core.avals import shape_text
from tfcompat._core.cells import cell_of, dtype_of
from tfcompat._core.context import paused as paused, state
from tfcompat._core.convert import convert, variable_types
from tfcompat._core.dtypes import c_name
from tfcompat._core.entries import accumulate, gid_of, identify
from tfcompat._core.tape_errors import (
    NEVER_ENTERED,
    NEVER_STARTED,
    NO_BATCH,
    NO_TARGET,
    NON_PERSISTENT,
    NOT_RECORDING,
    NOT_TENSOR,
    ONE_BY_ONE,
    PERSISTENT_INSIDE,
    SEED_DTYPE,
    SEED_ELEMENTS,
    SEED_SHAPE,
    STILL_RECORDING,
    UNCONNECTED,
    WATCH_DTYPE,
)  # fmt: skip
from tfcompat._core.tensor import Tensor
from tfcompat._core.tensor_base import TensorHandle
from tfcompat._core.walk import GRADIENT, identity_of, tensor_of, zeros_for

levels = itertools.count(1)


class UnconnectedGradients(enum.Enum):
    """What `gradient` gives for sources that the target does not depend on: None or zeros."""

    NONE = "none"
    ZERO = "zero"


def unconnected_kind(value):
    if value is UnconnectedGradients.NONE:
        return value
    try:
        return UnconnectedGradients(value)
    except ValueError:
        raise ValueError(UNCONNECTED.format(value=value)) from None


class GradientTape:
    """Records operations for automatic differentiation.

    Args:
      persistent: whether `gradient` may be called more than once.
      watch_accessed_variables: whether trainable variables are watched when they are read.
    """

    # A training step makes a tape, enters and leaves it: each line here is part of every step.
    _recording = False
    _alive = False  # entered, and not used up by `gradient`
    _fresh = False
    _outermost = False
    _level = 0  # when it was entered, among tapes and accumulators
    _variables = types.MappingProxyType({})  # gid -> cell of those that were read
    # What was recorded, and the gids that are followed, as far as it is known: the rest has only been noted.
    _made, _followed = (), frozenset()
    _noted = ()  # positions of nodes in the segment
    _watches = _watched_at = ()  # tensors that are to be followed, each after so many nodes have been noted

    def __init__(self, persistent=False, watch_accessed_variables=True):
        self._persistent = persistent
        self._watch_accessed = watch_accessed_variables

    def __enter__(self):
        self._push()
        return self

    def __exit__(self, kind, value, traceback):
        if self._recording:
            self._pop()

    def _push(self):
        if self._recording:
            raise ValueError(STILL_RECORDING)
        context = state.context
        self._segment = segment = context.segment
        if not self._alive:
            self._made, self._followed, self._variables = [], set(), {}
            self._noted, self._watches, self._watched_at = [], [], []
            self._alive = self._fresh = True
            self._serial = segment.serial  # of the segment that holds the tape's nodes, if a single one does
        else:
            self._entries  # noqa: B018 - nodes that are noted are of one segment
            self._fresh = False
        segment.tapes.append(weakref.ref(self))
        self._outermost = not context.tapes
        self._level = next(levels)
        context.tapes = [*context.tapes, self]
        self._recording = True

    def _pop(self):
        if not self._recording:
            raise ValueError(NOT_RECORDING)
        context = state.context
        context.tapes = [tape for tape in context.tapes if tape is not self]
        self._recording = False

    # A walk back that is known needs no entries (folding.py): they are made when somebody asks for them, or when the
    # segment is run.

    @property
    def _entries(self):
        """The entries of what was recorded; see entries.py."""
        if self._noted or self._watches:
            self._complete()
        return self._made

    @property
    def _watched(self):
        """The gids of all that is followed."""
        if self._noted or self._watches:
            self._complete()
        return self._followed

    def _complete(self):
        if self._noted:
            self._segment.complete_tapes()
        if self._watches:
            self._followed.update([t._gid for t in self._watches])
            self._watches, self._watched_at = [], []

    def _take_notes(self):
        """What has been watched, as a list of (position of the next node, tensor); nothing is noted any more."""
        noted, watches = self._noted, zip(self._watched_at, self._watches, strict=True)
        self._noted, self._watches, self._watched_at = [], [], []
        end = noted[-1] + 1
        return [(noted[n] if n < len(noted) else end, tensor) for n, tensor in watches]

    def _watch_until(self, position, watches):
        """Follows what was watched before the node at `position` was recorded."""
        while watches and watches[0][0] <= position:
            self._followed.add(watches.pop(0)[1]._gid)

    def _watch(self, tensor):
        gid_of(tensor)
        self._watches.append(tensor)
        self._watched_at.append(len(self._noted))

    def _variable_read(self, cell, tensor, wanted=False):
        """Follows a variable that is read, if it shall; `tensor` is what it holds.

        Its tensors go by the variable's own gid: each read of it is a use of the variable.
        """
        gid = cell.gid
        if gid not in self._variables:
            if not (wanted or self._watch_accessed and cell.trainable):
                return
            self._variables[gid] = cell
            if tensor._gid in (0, gid):
                identify(tensor, gid)
                self._watches.append(tensor)
                self._watched_at.append(len(self._noted))
                return
            self._watched.add(gid)
        if not tensor._gid:
            identify(tensor, gid)
        elif tensor._gid not in self._watched:  # somebody watches this tensor by itself
            self._entries.append((None, [gid], (tensor._gid,), list, None, 0))
            self._watched.add(tensor._gid)

    def watch(self, tensor):
        """Makes the tape follow `tensor`: a Tensor, Variable, or a nested structure of them.

        Raises:
          ValueError: it is something else.
        """
        if type(tensor) is Tensor and tensor._aval.differentiable and self._alive:  # the usual case
            self._watch(tensor)
            return
        for t in nest.flatten(tensor, expand_composites=True):
            cell = t.__dict__.get("_cell") if hasattr(t, "__dict__") else None  # not one that a Keras variable wraps
            if cell is None and not isinstance(t, TensorHandle):
                raise ValueError(NOT_TENSOR.format(value=t, kind=type(t)))
            dtype = dtype_of(t)
            if not (dtype.is_floating or dtype.is_complex):
                warn(WATCH_DTYPE.format(dtype=dtype), 5)
            if not self._alive:
                raise AttributeError(NEVER_ENTERED)
            if cell is not None:
                self._variable_read(cell, cell._tensor, wanted=True)
            else:
                self._watch(t if type(t) is Tensor else convert(t))  # of a variable's slice the tensor that it stands for

    def stop_recording(self):
        """A context in which this tape records nothing."""
        return _Stopped(self)

    def reset(self):
        """Forgets everything recorded so far, as if the `with` block began here."""
        self._pop()
        self._alive = False
        self._push()

    def watched_variables(self):
        """The variables that the tape watches, in the order in which they were made."""
        found = [self._variables[gid].variable() for gid in sorted(self._variables)]
        return tuple([v for v in found if v is not None])

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
          RuntimeError: a non-persistent tape is used a second time.
          TypeError: `target` is None.
          ValueError: a wrong `unconnected_gradients`.
          InvalidArgumentError: an output gradient that does not fit its target.
        """
        if not self._alive:
            raise RuntimeError(NON_PERSISTENT)
        if target is None:
            if self._recording:
                self._leave()
            raise TypeError(NO_TARGET)
        targets = [target] if type(target) is Tensor else nest.flatten(target)
        # The usual case: a list of variables.
        flat_sources = sources if type(sources) is list and variable_types.issuperset(map(type, sources)) else nest.flatten(sources)
        given = output_gradients
        if given is None and all([type(t) is Tensor or type(t) in variable_types for t in targets]) and (
            flat_sources is sources or all([type(t) is Tensor or type(t) in variable_types for t in flat_sources])
        ):  # nothing to look into
            flat = self._differentiate(targets, flat_sources, [None] * len(targets), unconnected_gradients, known=True)
        elif any([hasattr(type(s), "_gradient_parts") for s in (*targets, *flat_sources)]):
            flat = self._of_composites(targets, flat_sources, given, unconnected_gradients)
        else:
            flat = self._differentiate(targets, flat_sources, self._seeds_of(targets, given), unconnected_gradients)
        if flat_sources is sources or type(sources) is list and len(sources) == len(flat) and all(map(operator.is_, sources, flat_sources)):
            return flat  # nothing is nested
        return nest.pack_sequence_as(sources, flat)

    def _of_composites(self, targets, sources, given, unconnected_gradients):
        """The gradient where operators that consist of tensors are among targets and sources."""
        targets = [p for t in targets for p in _parts(t)]
        of_sources = [_parts(s) for s in sources]
        given = [p for g in nest.flatten(given) for p in _parts(g)] if given is not None else [None] * len(targets)
        seeds = [None if g is None else self._seed(t, convert(g)) for t, g in zip(targets, given, strict=True)]
        flat = iter(self._differentiate(targets, [p for parts in of_sources for p in parts], seeds, unconnected_gradients))
        found = []
        for source, parts in zip(sources, of_sources, strict=True):
            of_parts = [next(flat) for _ in parts]
            if not hasattr(type(source), "_gradient_parts"):
                found += of_parts
            elif all([g is None for g in of_parts]):
                found.append(None)
            else:
                of_parts = [zeros_for(p) if g is None else g for p, g in zip(parts, of_parts, strict=True)]
                found.append(nest.pack_sequence_as(source, of_parts, expand_composites=True))
        return found

    def _seeds_of(self, targets, given):
        """The cotangents of `targets`, None where no output gradient is given."""
        if given is None:
            return [None] * len(targets)
        found = [self._seed(t, convert(g)) for t, g in zip(targets, nest.flatten(given), strict=False)]
        return found + [None] * (len(targets) - len(found))

    def _seed(self, target, seed):
        """An output gradient as the cotangent of `target`. Whether another shape will do depends on what made the target."""
        if seed._aval.shape == tensor_of(target)._aval.shape:
            return seed_like(target, seed)
        gid = identity_of(target)
        maker = next((entry[0] for entry in self._entries if entry[0] is not None and gid in entry[2]), None)
        op = getattr(maker, "op", None)
        if maker is None or op is not None and op.parameters is None:  # a source, or what a call gave
            return seed_like(target, seed, "broadcast")
        return seed_like(target, seed, None if op is None else op.seeds)

    def _leave(self):
        """Ends the recording for `gradient` inside the block, which a persistent tape goes on with."""
        if not self._persistent:
            self._pop()
        else:
            warn(PERSISTENT_INSIDE, 1)

    def _differentiate(self, targets, sources, seeds, unconnected_gradients, kind=GRADIENT, known=False):
        """Cotangents of `sources`, a list.

        Args:
          kind: the Walk.
          known: all targets and sources are tensors and variables.
        """
        if self._recording:
            self._leave()
        if not known:
            for t in (*targets, *sources):
                check_identity(t)
        unconnected = unconnected_gradients
        if unconnected is not UnconnectedGradients.NONE:
            unconnected = unconnected_kind(unconnected)
        context = state.context
        if context.tracer is not None:
            context.tracer.walk(self, targets, sources, kind.seeds(targets, seeds), kind.stacked)
        segment = context.segment
        uncut = segment.begin_call()
        try:
            flat = self._walk_back(context, targets, sources, seeds, kind)
        finally:
            segment.uncut = uncut
        if unconnected is UnconnectedGradients.ZERO:
            flat = [kind.zeros(s, targets) if g is None else g for g, s in zip(flat, sources, strict=True)]
        return flat

    def _walk_back(self, context, targets, sources, seeds, kind):
        plan = folding.find(self, targets, sources, seeds, kind, context)
        entries = watched = None
        if plan is None:
            entries, watched = self._entries, self._watched
        outs = None if plan is None else plan.record(context)
        if not self._persistent:
            self._made, self._followed, self._noted, self._watches, self._watched_at, self._alive = (), frozenset(), (), (), (), False
        if plan is not None:
            return outs
        # Where the tape is used up, each entry goes when it has been walked over, and its residuals with it.
        return kind.back(entries, watched, targets, sources, seeds, consume=not self._persistent)

    def jacobian(self, target, sources, unconnected_gradients=UnconnectedGradients.NONE, parallel_iterations=None,
                 experimental_use_pfor=True):  # fmt: skip
        """Derivatives of every element of `target` with regard to every element of `sources`, in one vectorised walk.

        Args:
          target: the Tensor or Variable to differentiate.
          sources: nested structure of Tensors or Variables.
          unconnected_gradients: what sources get that `target` does not depend on: "none" (None) or "zero".
          parallel_iterations: accepted; the walk is over all elements at once.
          experimental_use_pfor: False is accepted for persistent tapes alone, and changes nothing else.

        Returns:
          A structure like `sources` of Tensors of shape `target.shape + source.shape` (dense ones always), or None.

        Raises:
          RuntimeError: a non-persistent tape is used a second time, or with `experimental_use_pfor=False`.
        """
        self._check_vectorised(experimental_use_pfor, "jacobian")
        flat_sources = [sources] if type(sources) is Tensor else nest.flatten(sources)
        target.shape  # noqa: B018 - what has none is no target
        known = type(target) is Tensor and all([type(s) is Tensor for s in flat_sources])
        flat = self._differentiate([target], flat_sources, [None], unconnected_gradients, jacobian.JACOBIAN, known)
        if type(sources) is Tensor:
            return flat[0]
        return nest.pack_sequence_as(sources, flat)

    def batch_jacobian(self, target, source, unconnected_gradients=UnconnectedGradients.NONE, parallel_iterations=None,
                       experimental_use_pfor=True):  # fmt: skip
        """The jacobian of each `target[i]` with regard to `source[i]`, which must not depend on other rows.

        Args:
          target: Tensor of shape [b, y1, ..., yn].
          source: Tensor or Variable of shape [b, x1, ..., xm].
          unconnected_gradients, parallel_iterations, experimental_use_pfor: as for `jacobian`.

        Returns:
          Tensor of shape [b, y1, ..., yn, x1, ..., xm]; zeros where `target` does not depend on `source`.

        Raises:
          RuntimeError: as for `jacobian`.
          ValueError: a rank below 2, or another first dimension.
        """
        self._check_vectorised(experimental_use_pfor, "batch_jacobian")
        shape, of_source = target.shape.with_rank_at_least(2), source.shape.with_rank_at_least(2)
        if not shape.dims[0].is_compatible_with(of_source.dims[0]):
            raise ValueError(NO_BATCH.format(target=shape, source=of_source))
        kind = jacobian.BATCH_JACOBIAN
        (found,) = self._differentiate([target], [source], [None], unconnected_gradients, kind)
        return kind.zeros(source, [target]) if found is None else found

    def _check_vectorised(self, vectorised, what):
        if not self._alive:
            raise RuntimeError(NON_PERSISTENT)
        if not vectorised and not self._persistent:
            raise RuntimeError(ONE_BY_ONE.format(what=what))


def _parts(value):
    return value._gradient_parts() if hasattr(type(value), "_gradient_parts") else [value]


def seed_like(target, seed, taken="broadcast"):
    """An output gradient as the cotangent of `target`; `taken`: see `Op.seeds`."""
    wanted, given = tensor_of(target)._aval, seed._aval
    if given.dtype is not wanted.dtype:
        text = SEED_DTYPE.format(c_name(given.dtype), c_name(wanted.dtype))
        raise errors.InvalidArgumentError(None, None, text)
    if given.shape == wanted.shape:
        return seed
    if callable(taken) and given.size == wanted.size:
        return taken(seed, wanted.shape)
    if taken != "broadcast":
        text = SEED_ELEMENTS.format(given.size, wanted.size)
        raise errors.InvalidArgumentError(None, None, text)
    pairs = zip(reversed(given.shape), reversed(wanted.shape), strict=False)
    if len(given.shape) > len(wanted.shape) or any(m not in (1, n) for m, n in pairs):
        text = SEED_SHAPE.format(shape_text(given.shape), shape_text(wanted.shape))
        raise errors.InvalidArgumentError(None, None, text)
    return accumulate(zeros_for(target), seed)


def check_identity(value):
    """Raises what TensorFlow raises about a source or target that is no tensor."""
    if cell_of(value) is None and not isinstance(value, TensorHandle):
        if value is None or isinstance(value, str):
            raise TypeError(f"Cannot convert the argument `type_value`: {value!r} to a TensorFlow DType.")
        raise without_identity(value, "_id" if hasattr(value, "dtype") else "dtype")


def without_identity(value, attribute="_id"):
    """What TensorFlow raises about something that is no tensor."""
    kind = type(value)
    name = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"
    return AttributeError(f"'{name}' object has no attribute '{attribute}'")


class _Stopped:
    def __init__(self, tape):
        self._tape = tape

    def __enter__(self):
        if not self._tape._alive:
            raise RuntimeError(NEVER_STARTED)
        self._tape._pop()

    def __exit__(self, *_):
        self._tape._push()


_logged = collections.Counter()


def warn(text, times):
    """Logs a warning as TensorFlow does: the first few `times` only."""
    _logged[text] += 1
    if _logged[text] <= times:
        logging.getLogger("tensorflow").warning(text)
