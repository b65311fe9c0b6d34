"""``tf.distribute``: the default strategy, which runs everything once.

Code that is written for any strategy (Keras's optimizers, training loops with ``strategy.run``) asks here which one is
in force and gets the default: one replica, no communication. The strategies that spread work raise NotImplementedError.
"""

import contextlib
import enum
import threading

from tfcompat._core import nest
from tfcompat.distribute import experimental as experimental

_NOT_OFFERED = (
    "tf.distribute.{name} is not offered by tfcompat, which runs on one device. Use the default strategy, "
    "tf.distribute.get_strategy(): it has the same methods."
)
_ONLY_DEFAULT = "tf.distribute.experimental_set_strategy: tfcompat has only the default strategy, got {strategy!r}."


class ReduceOp(enum.Enum):
    """How values of several replicas become one."""

    SUM = "SUM"
    MEAN = "MEAN"


class _Position(threading.local):
    """Where a thread is: in a replica, or (inside ``merge_call``) across replicas."""

    across = False


_position = _Position()


@contextlib.contextmanager
def _across_replicas():
    before, _position.across = _position.across, True
    try:
        yield
    finally:
        _position.across = before


class StrategyExtended:
    """``strategy.extended``: what libraries, rather than users, call.

    Args:
      strategy: the Strategy that it belongs to.
    """

    def __init__(self, strategy):
        self._strategy = strategy

    def colocate_vars_with(self, colocate_with_variable):
        """A context in which new variables live where the given one does; one device has one place."""
        return contextlib.nullcontext()

    def variable_created_in_scope(self, v):
        """Whether `v` belongs to this strategy: with the default one every variable does."""
        return True

    def update(self, var, fn, args=(), kwargs=None, group=True):
        """Calls ``fn(var, *args, **kwargs)``.

        Returns:
          The result; with ``group=False`` each leaf of it in a tuple, one entry a replica.
        """
        result = fn(var, *args, **(kwargs or {}))
        return result if group else _one_each(result)

    def reduce_to(self, reduce_op, value, destinations, options=None):
        """`value` itself: it is the only one."""
        ReduceOp(_upper(reduce_op))
        return value

    def batch_reduce_to(self, reduce_op, value_destination_pairs, options=None):
        """The values themselves."""
        ReduceOp(_upper(reduce_op))
        return [value for value, _ in value_destination_pairs]

    def broadcast_to(self, tensor, destinations):
        """`tensor` itself."""
        return tensor

    def read_var(self, v):
        """The value of `v`."""
        return v.read_value()

    def value_container(self, value):
        """The distributed value that `value` is part of: itself."""
        return value

    @property
    def should_checkpoint(self):
        """True: this process writes checkpoints."""
        return True

    @property
    def should_save_summary(self):
        """True: this process writes summaries."""
        return True


class Strategy:
    """A way to spread a computation over devices. Its only kind here is the default one, `get_strategy()`.

    Args:
      extended: accepted.
    """

    def __init__(self, extended=None):
        raise NotImplementedError(_NOT_OFFERED.format(name=type(self).__name__))

    @property
    def extended(self):
        """The `StrategyExtended` of this strategy."""
        return self._extended

    @property
    def num_replicas_in_sync(self):
        """How many times a step is computed at once: 1."""
        return 1

    @property
    def cluster_resolver(self):
        """None: there is one process."""
        return None

    def scope(self):
        """A context in which variables belong to this strategy; gives the strategy."""
        return contextlib.nullcontext(self)

    def run(self, fn, args=(), kwargs=None, options=None):
        """Calls ``fn(*args, **kwargs)`` in the one replica.

        Raises:
          TypeError: if `fn` cannot be called.
        """
        return fn(*args, **(kwargs or {}))

    def reduce(self, reduce_op, value, axis):
        """Makes one value of those of all replicas.

        Args:
          reduce_op: a `ReduceOp` or its name.
          value: the value of the one replica, possibly nested.
          axis: the axis to reduce over as well, or None.
        """
        mean = ReduceOp(_upper(reduce_op)) is ReduceOp.MEAN
        if axis is None:
            return value
        from tfcompat import math

        one = math.reduce_mean if mean else math.reduce_sum
        return nest.map_structure(lambda tensor: one(tensor, axis=axis), value)

    def gather(self, value, axis):
        """`value` itself."""
        return value

    def experimental_local_results(self, value):
        """A tuple of the values of the replicas of this process."""
        return (value,)

    def experimental_distribute_dataset(self, dataset, options=None):
        """The dataset itself."""
        return dataset

    def distribute_datasets_from_function(self, dataset_fn, options=None):
        """What `dataset_fn` makes of the `InputContext` of the one pipeline."""
        return dataset_fn(InputContext())

    def experimental_distribute_values_from_function(self, value_fn):
        """What `value_fn` makes of the `experimental.ValueContext` of the one replica."""
        return value_fn(experimental.ValueContext())


class _DefaultDistributionStrategy(Strategy):
    def __init__(self):
        self._extended = StrategyExtended(self)


class ReplicaContext:
    """What code that runs in a replica can ask for.

    Args:
      strategy: the strategy that runs the replica.
      replica_id_in_sync_group: the number of the replica.
    """

    def __init__(self, strategy, replica_id_in_sync_group):
        self._strategy = strategy
        self._replica_id = replica_id_in_sync_group

    @property
    def strategy(self):
        """The strategy that runs the replica."""
        return self._strategy

    @property
    def num_replicas_in_sync(self):
        """How many replicas there are: 1."""
        return self._strategy.num_replicas_in_sync

    @property
    def replica_id_in_sync_group(self):
        """The number of the replica."""
        return self._replica_id

    def merge_call(self, merge_fn, args=(), kwargs=None):
        """Calls ``merge_fn(strategy, *args, **kwargs)`` across replicas."""
        with _across_replicas():
            return merge_fn(self._strategy, *args, **(kwargs or {}))

    def all_reduce(self, reduce_op, value, options=None):
        """The values of all replicas made one: of one replica, `value` itself."""
        if not isinstance(reduce_op, ReduceOp):
            ReduceOp(_upper(reduce_op))
        return value

    def all_gather(self, value, axis, options=None):
        """The values of all replicas side by side: `value` itself."""
        return value


class InputContext:
    """Tells an input function which part of the data is its own.

    Args:
      num_input_pipelines: in how many parts the data are read.
      input_pipeline_id: which of them.
      num_replicas_in_sync: over how many replicas a batch is spread.
    """

    def __init__(self, num_input_pipelines=1, input_pipeline_id=0, num_replicas_in_sync=1):
        self.num_input_pipelines = num_input_pipelines
        self.input_pipeline_id = input_pipeline_id
        self.num_replicas_in_sync = num_replicas_in_sync

    def get_per_replica_batch_size(self, global_batch_size):
        """The share of one replica.

        Raises:
          ValueError: if the batch cannot be shared out evenly.
        """
        if global_batch_size % self.num_replicas_in_sync:
            raise ValueError(
                f"The `global_batch_size` {global_batch_size} is not divisible by `num_replicas_in_sync` "
                f"{self.num_replicas_in_sync}."
            )
        return global_batch_size // self.num_replicas_in_sync

    def __repr__(self):
        return (
            f"tf.distribute.InputContext(input pipeline id {self.input_pipeline_id}, total: {self.num_input_pipelines})"
        )


class DistributedValues:
    """Base class of values that differ between replicas. There are none with one replica."""


class DistributedDataset:
    """Base class of datasets spread over replicas. There are none with one replica."""


class DistributedIterator:
    """Base class of iterators over a `DistributedDataset`."""


class MirroredStrategy(Strategy):
    """Not offered."""


class MultiWorkerMirroredStrategy(Strategy):
    """Not offered."""


class OneDeviceStrategy(Strategy):
    """Not offered: use `tf.device` with the default strategy."""


class ParameterServerStrategy(Strategy):
    """Not offered."""


class TPUStrategy(Strategy):
    """Not offered."""


def get_strategy():
    """The strategy in force: always the default one."""
    return _DEFAULT


def has_strategy():
    """Whether another strategy than the default one is in force: never."""
    return False


def get_replica_context():
    """The `ReplicaContext` of the running code; None across replicas."""
    return None if _position.across else _DEFAULT_REPLICA


def in_cross_replica_context():
    """Whether the code runs across replicas, as the function given to ``merge_call`` does."""
    return _position.across


def experimental_set_strategy(strategy):
    """Sets the strategy of the process: None or the default one.

    Args:
      strategy: a Strategy or None.

    Raises:
      NotImplementedError: for any other strategy.
    """
    if strategy not in (None, _DEFAULT):
        raise NotImplementedError(_ONLY_DEFAULT.format(strategy=strategy))


def _upper(reduce_op):
    return reduce_op.upper() if isinstance(reduce_op, str) else reduce_op


def _one_each(result):
    if result is None:
        return (None,)
    return nest.map_structure(lambda leaf: (leaf,), result)


_DEFAULT = _DefaultDistributionStrategy()
_DEFAULT_REPLICA = ReplicaContext(_DEFAULT, 0)
