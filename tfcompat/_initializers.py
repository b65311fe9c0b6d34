"""`tf.zeros_initializer` and its kin: callables from a shape to the first value of a variable.

They are not Keras's initializers of similar names (`tf.initializers`), which draw other numbers.
"""

import numpy as np

from tfcompat import random as _random
from tfcompat._core import dtypes
from tfcompat._creation import constant, ones, zeros

_PARTITION = ("partition_shape", "partition_offset")


class _Initializer:
    """What they have in common: a configuration, and the arguments for the parts of a partitioned variable."""

    _partitions = True

    def get_config(self):
        """The arguments that make this initializer, as a dict."""
        return {}

    @classmethod
    def from_config(cls, config):
        """The initializer that `get_config` described; an entry "dtype" is ignored.

        Args:
          config: a dict of constructor arguments.
        """
        return cls(**{name: value for name, value in config.items() if name != "dtype"})

    def _shape(self, shape, kwargs):
        """The shape to fill: a part's, where one is asked for."""
        for name in kwargs:
            if name not in _PARTITION:
                raise TypeError(f"Keyword argument should be one of {list(_PARTITION)}. Received: {name}")
            if not self._partitions:
                raise ValueError(f"{type(self).__name__} initializer doesn't support partition-related arguments")
        return kwargs.get(_PARTITION[0], shape)


def _numeric(dtype):
    dtype = dtypes.as_dtype(dtype)
    if not (dtype.is_floating or dtype.is_integer or dtype.is_complex or dtype.is_bool):
        raise ValueError(f"Argument `dtype` expected to be numeric or boolean. Received {dtype}.")
    return dtype


class Zeros(_Initializer):
    """Zeros of any numeric dtype or bool."""

    def __call__(self, shape, dtype=dtypes.float32, **kwargs):
        return zeros(self._shape(shape, kwargs), _numeric(dtype))


class Ones(_Initializer):
    """Ones of any numeric dtype or bool."""

    def __call__(self, shape, dtype=dtypes.float32, **kwargs):
        return ones(self._shape(shape, kwargs), _numeric(dtype))


class Constant(_Initializer):
    """A given value: a scalar for all elements, or a list or array with as many elements as the shape has.

    Args:
      value: Python scalar, list, tuple or NumPy array.
      support_partition: accept the arguments for parts of a variable; each part then gets `value` itself.

    Raises:
      TypeError: `value` is of another type; when called, it does not fit the shape or the dtype.
    """

    def __init__(self, value=0, support_partition=False):
        if not (np.isscalar(value) or isinstance(value, (list, tuple, np.ndarray))):
            raise TypeError(
                f"Invalid type for initial value: {type(value).__name__}. Expected Python scalar, list or tuple of "
                "values, or numpy.ndarray."
            )
        self.value = value
        self.support_partition = self._partitions = support_partition

    def __call__(self, shape, dtype=None, **kwargs):
        self._shape(shape, kwargs)
        return constant(self.value, dtype=None if dtype is None else dtypes.as_dtype(dtype), shape=shape)

    def get_config(self):
        """The value, as a dict."""
        return {"value": self.value}


class RandomUniform(_Initializer):
    """Uniformly distributed numbers of [minval, maxval), floating or integer.

    Args:
      minval, maxval: the bounds, Python numbers or scalar tensors.
      seed: an integer for the same numbers in each call; without it they come from `tf.random`'s streams.

    Raises:
      ValueError: (when called) a dtype that is neither floating nor integer.
      TypeError: (when called) an unknown keyword.
    """

    def __init__(self, minval=-0.05, maxval=0.05, seed=None):
        self.minval = minval
        self.maxval = maxval
        self.seed = seed

    def __call__(self, shape, dtype=dtypes.float32, **kwargs):
        shape, dtype = self._shape(shape, kwargs), dtypes.as_dtype(dtype)
        if not (dtype.is_floating or dtype.is_integer):
            raise ValueError(f"Argument `dtype` expected to be numeric or boolean. Received {dtype}.")
        if self.seed is None:
            return _random.uniform(shape, self.minval, self.maxval, dtype)
        return _random.stateless_uniform(shape, [self.seed, 0], self.minval, self.maxval, dtype)

    def get_config(self):
        """Bounds and seed, as a dict."""
        return {"minval": self.minval, "maxval": self.maxval, "seed": self.seed}


class RandomNormal(_Initializer):
    """Normally distributed numbers, floating.

    Args:
      mean, stddev: of the distribution, Python numbers or scalar tensors.
      seed: an integer for the same numbers in each call; without it they come from `tf.random`'s streams.

    Raises:
      ValueError: (when called) a dtype that is not floating.
      TypeError: (when called) an unknown keyword.
    """

    def __init__(self, mean=0.0, stddev=0.05, seed=None):
        self.mean = mean
        self.stddev = stddev
        self.seed = seed

    def __call__(self, shape, dtype=dtypes.float32, **kwargs):
        shape, dtype = self._shape(shape, kwargs), dtypes.as_dtype(dtype)
        if not dtype.is_floating:
            raise ValueError(f"Argument `dtype` is expected to be floating point. Received: {dtype}.")
        if self.seed is None:
            return _random.normal(shape, self.mean, self.stddev, dtype)
        return _random.stateless_normal(shape, [self.seed, 0], self.mean, self.stddev, dtype)

    def get_config(self):
        """Mean, standard deviation and seed, as a dict."""
        return {"mean": self.mean, "stddev": self.stddev, "seed": self.seed}
