"""How Keras's optimizers apply gradients under any strategy."""

import operator
import weakref
from types import SimpleNamespace

import numpy as np

from tfcompat._core import nest
from tfcompat._core.core_types import CompositeTensor
from tfcompat._core.indexed_slices import IndexedSlices
from tfcompat._core.replay import Replay
from tfcompat._core.tensor import Tensor
from tfcompat._core.variable import Variable

_SCALARS = frozenset((float, int, bool, str, type(None)))
_UPDATES = 8  # of an optimizer that are told apart; one whose key changes all the time is not watched any more
_updates = weakref.WeakKeyDictionary()  # optimizer -> its latest _Update


class _Update:
    """The update of an optimizer's variables by gradients of certain dtypes and shapes, with certain hyperparameters."""

    def __init__(self, identities, scalars, number):
        self.identities, self.scalars, self.number = identities, scalars, number
        self.replay = Replay()

    def serves(self, identities, scalars):
        same = len(identities) == len(self.identities) and all(map(operator.is_, identities, self.identities))
        return same and scalars == self.scalars


def _maybe_merge_call(fn, strategy, *args, **kwargs):
    """Calls ``fn(strategy, *args, **kwargs)``: with one replica there is nothing to merge.

    An optimizer that is Keras's own is asked for its update twice. From then on the update is recorded without Keras's
    Python (`tfcompat._core.replay`), as long as hyperparameters, variables, dtypes and shapes stay the same.
    """
    optimizer = getattr(fn, "__self__", None)
    if optimizer is None or kwargs or not type(optimizer).__module__.startswith("keras.src.optimizers."):
        return fn(strategy, *args, **kwargs)
    arguments, identities = [], [strategy, fn.__func__, type(optimizer).update_step]
    scalars = []
    for value in vars(optimizer).values():
        if type(value) in _SCALARS:
            scalars.append(value)
        else:
            identities.append(value)
    leaves = nest.flatten(args)
    for leaf in leaves:
        if type(leaf) is Tensor:
            arguments.append(leaf)
            identities.append(leaf._aval)
        elif type(leaf) is IndexedSlices and _known_to_fit(leaf):
            arguments += [leaf.values, leaf.indices]
            identities += [IndexedSlices, leaf.values._aval, leaf.indices._aval]
            scalars.append(leaf.shape)
        elif isinstance(leaf, CompositeTensor):
            return fn(strategy, *args)
        else:
            (scalars if type(leaf) in _SCALARS else identities).append(leaf)
    update = _updates.get(optimizer)
    if update is None or not update.serves(identities, scalars):
        number = update.number + 1 if update else 0
        update = _updates[optimizer] = _Update(identities, scalars, number)
    if update.number > _UPDATES or "update_step" in vars(optimizer):
        return fn(strategy, *args)
    update.replay.call(lambda: fn(strategy, *args), arguments, lambda: _variables(optimizer, leaves))
    return None


def _known_to_fit(slices):
    """Whether indices are at hand and in range: a replay does not look at them, as the ops that it stands for do."""
    indices = slices.indices
    if not (type(slices.values) is type(indices) is Tensor and type(indices._value) is np.ndarray and slices.dense_shape is not None):
        return False
    return indices._value.size == 0 or 0 <= indices._value.min() <= indices._value.max() < slices.shape[0]


def _variables(optimizer, leaves):
    """The tf.Variables that an update may use: those given, and the optimizer's own, inside Keras's variables."""
    found = []
    for value in (*leaves, *optimizer.variables, *nest.flatten(list(vars(optimizer).values()))):
        inner = value if isinstance(value, Variable) else getattr(value, "value", None)
        if isinstance(inner, Variable):
            found.append(inner)
    return found


def strategy_supports_no_merge_call():
    """Whether the strategy in force can do without ``merge_call``: the default one can."""
    return True


interim = SimpleNamespace(maybe_merge_call=_maybe_merge_call)
