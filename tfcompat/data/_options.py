"""`tf.data.Options`: settings of pipelines. They are kept and checked; elements are the same with all of them."""

import enum


class AutotuneAlgorithm(enum.Enum):
    """How parallelism would be tuned."""

    DEFAULT = 0
    HILL_CLIMB = 1
    GRADIENT_DESCENT = 2
    MAX_PARALLELISM = 3
    STAGE_BASED = 4


class AutoShardPolicy(enum.IntEnum):
    """How a data set would be shared out among workers."""

    OFF = -1
    AUTO = 0
    FILE = 1
    DATA = 2
    HINT = 3


class ExternalStatePolicy(enum.Enum):
    """What becomes of state outside of a data set when its iterator is saved."""

    WARN = 0
    IGNORE = 1
    FAIL = 2


class _Settings:
    """Named settings with a type each, that are None (or a default) until they are set."""

    def __init__(self):
        object.__setattr__(self, "_values", {})
        object.__setattr__(self, "_mutable", True)

    def __eq__(self, other):
        if not isinstance(other, self.__class__):
            return NotImplemented
        names = self._names()
        return all([getattr(self, name) == getattr(other, name) for name in names])

    def __ne__(self, other):
        return not self == other

    __hash__ = None

    @classmethod
    def _names(cls):
        return [name for name, value in vars(cls).items() if isinstance(value, _setting)]

    def __setattr__(self, name, value):
        if not self._mutable:
            raise ValueError(
                "Mutating `tf.data.Options()` returned by `tf.data.Dataset.options()` has no effect. Use "
                "`tf.data.Dataset.with_options(options)` to set or update dataset options."
            )
        if not isinstance(getattr(type(self), name, None), property):
            raise AttributeError(f"Cannot set the property {name} on {type(self).__name__}.")
        object.__setattr__(self, name, value)

    def _fixed(self):
        for value in self._values.values():
            if isinstance(value, _Settings):
                value._fixed()
        object.__setattr__(self, "_mutable", False)
        return self

    def _joined(self, other):
        """These settings, with those of `other` that are set in their place."""
        made = type(self)()
        for name in {**self._values, **other._values}:
            first, second = self._values.get(name), other._values.get(name)
            if isinstance(first, _Settings) and isinstance(second, _Settings):
                made._values[name] = first._joined(second)
            else:
                made._values[name] = first if second is None else second
        return made


class _setting(property):  # noqa: N801 - used like property
    """A setting of a type.

    Args:
      kind: the type of its values.
      text: what it says.
      default: function that gives what it is before it is set.
    """

    def __init__(self, kind, text, default=lambda: None):
        super().__init__(self._get, self._set, doc=text)
        self._kind, self._default = kind, default

    def __set_name__(self, owner, name):
        self._name = name

    def _get(self, settings):
        values = settings._values
        if self._name not in values:
            found = self._default()
            if found is None:
                return None
            values[self._name] = found
        return values[self._name]

    def _set(self, settings, value):
        if not isinstance(value, self._kind):
            raise TypeError(f'Property "{self._name}" must be of type {self._kind}, got: {value} (type: {type(value)})')
        settings._values[self._name] = value


class AutotuneOptions(_Settings):
    """How a pipeline would be tuned; kept, without effect."""

    enabled = _setting(bool, "Whether it is tuned.")
    cpu_budget = _setting(int, "For how many cores.")
    ram_budget = _setting(int, "For how many bytes.")
    autotune_algorithm = _setting(AutotuneAlgorithm, "By which algorithm.")
    initial_parallelism = _setting(int, "From how many parallel calls on.")
    min_parallelism = _setting(int, "With how many parallel calls at least.")


class DistributeOptions(_Settings):
    """How a data set would be spread over workers; kept, without effect."""

    auto_shard_policy = _setting(AutoShardPolicy, "How it is shared out.", lambda: AutoShardPolicy.AUTO)
    num_devices = _setting(int, "Over how many devices.")


class OptimizationOptions(_Settings):
    """Which rewrites a pipeline would undergo; kept, without effect."""

    apply_default_optimizations = _setting(bool, "Whether the default ones.")
    filter_fusion = _setting(bool, "Whether filters become one.")
    filter_parallelization = _setting(bool, "Whether filters run in parallel.")
    inject_prefetch = _setting(bool, "Whether a prefetch is added at the end.")
    seq_interleave_prefetch = _setting(bool, "Whether interleave fetches ahead.")
    map_and_batch_fusion = _setting(bool, "Whether map and batch become one.")
    map_and_filter_fusion = _setting(bool, "Whether map and filter become one.")
    map_fusion = _setting(bool, "Whether maps become one.")
    map_parallelization = _setting(bool, "Whether maps run in parallel.")
    noop_elimination = _setting(bool, "Whether what does nothing is left out.")
    parallel_batch = _setting(bool, "Whether batches are copied in parallel.")
    shuffle_and_repeat_fusion = _setting(bool, "Whether shuffle and repeat become one.")


class ServiceOptions(_Settings):
    """Settings of a data service; kept, without effect."""

    pinned = _setting(bool, "Whether data are put in pinned memory.")


class ThreadingOptions(_Settings):
    """How many threads a pipeline would use; kept, without effect."""

    max_intra_op_parallelism = _setting(int, "The most threads of an op.")
    private_threadpool_size = _setting(int, "The number of threads of a pool of its own.")


class Options(_Settings):
    """Settings of a data set, given to it by `with_options`. They are kept; elements are the same with all of them."""

    autotune = _setting(AutotuneOptions, "How it is tuned.", AutotuneOptions)
    deterministic = _setting(bool, "Whether the order of elements is fixed. It always is.")
    experimental_deterministic = _setting(bool, "The older name of `deterministic`.")
    experimental_distribute = _setting(DistributeOptions, "How it is spread over workers.", DistributeOptions)
    experimental_external_state_policy = _setting(ExternalStatePolicy, "What becomes of state outside of it.")
    experimental_optimization = _setting(OptimizationOptions, "Which rewrites it undergoes.", OptimizationOptions)
    experimental_slack = _setting(bool, "Whether the last prefetch waits a little.")
    experimental_symbolic_checkpoint = _setting(bool, "How its iterators are saved.")
    experimental_service = _setting(ServiceOptions, "Settings of a data service.", ServiceOptions)
    experimental_threading = _setting(ThreadingOptions, "The older name of `threading`.")
    experimental_warm_start = _setting(bool, "Whether elements are made before they are asked for.")
    dataset_name = _setting(str, "A name, for debugging.")
    framework_type = _setting(list, "The libraries that made it.")
    threading = _setting(ThreadingOptions, "How many threads it uses.", ThreadingOptions)

    def merge(self, options):
        """New Options: these, with those of `options` that are set in their place.

        Args:
          options: Options.
        """
        return self._joined(options)


def merged_options(nodes):
    """The Options along a data set's nodes, the last one first in importance."""
    found = Options()
    for node in nodes:
        given = getattr(node, "options", None)
        if given is not None:
            found = found.merge(given)
    return found._fixed()
