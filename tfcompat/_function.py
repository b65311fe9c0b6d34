"""`tf.function` and its switches."""

from tfcompat._core import function as _core_function
from tfcompat._core.function import function as function


def _convert(python_function, options):
    from tfcompat.autograph import _conversion

    return _conversion.converted(python_function, options)


_core_function.set_autograph(_convert)
