"""The dtypes that TensorFlow lists where an op refuses one, in its order, from `_dtypes.txt`: read when something is refused."""

import functools
import pathlib
import re

from tfcompat._core import dtypes, errors
from tfcompat._core.recorded_data import recording
from tfcompat._core.refusals import mistyped

# The order in which most ops list dtypes
_ORDER = [d.name for d in (
    dtypes.bfloat16, dtypes.half, dtypes.float32, dtypes.float64, dtypes.uint8, dtypes.uint16, dtypes.uint32,
    dtypes.uint64, dtypes.int8, dtypes.int16, dtypes.int32, dtypes.int64, dtypes.complex64, dtypes.complex128,
)]  # fmt: skip


def _place(dtype):
    return _ORDER.index(dtype.name) if dtype.name in _ORDER else len(_ORDER), dtype.name


@functools.cache
def _recorded():
    """{(kernel, attribute): (name of the first input of that dtype, dtypes)}."""
    found = {}
    text = (pathlib.Path(__file__).parent.parent / "_dtypes.txt").read_text(encoding="utf-8")
    for line in text.splitlines()[1:]:
        names, _, kernels = line.partition(": ")
        listed = [dtypes.as_dtype(name) for name in names.split()]
        for kernel, attribute, name in re.findall(r"(\w+)\.(\w+)\((\w+)\)", kernels):
            found[kernel, attribute] = name, listed
    return found


def _no_kernel(kernel, attribute, refused, allowed):
    kinds = "".join(f"  device='CPU'; {attribute} in [DT_{dtypes.c_name(d).upper()}]\n" for d in sorted(allowed, key=_place))
    node = f"{{{{node {kernel}}}}} = {kernel}[{attribute}=DT_{dtypes.c_name(refused).upper()}]"
    text = f"Could not find device for node: {node}\nAll kernels registered for op {kernel}:\n{kinds} [Op:{kernel}] name: "
    return errors.NotFoundError(None, None, text)


def refusal(kernel, attribute, refused, allowed, name=None):
    """TensorFlow's error of an op that does not take a dtype.

    Args:
      allowed: the dtypes that it takes here; a set has the order of most ops.
      name: the input's name here; None where no input has the attribute's dtype.
    """
    kernel = kernel.partition(".")[0]  # what is behind a point tells kernels of ours apart
    name, listed = _recorded().get((kernel, attribute), (name, None))
    if listed is not None and (not listed or refused in listed) and not recording():  # TensorFlow has no kernel for it
        return _no_kernel(kernel, attribute, refused, allowed)
    if not listed or refused in listed:
        listed = allowed if isinstance(allowed, tuple) else sorted(allowed, key=_place)
    return mistyped(
        f"Value for attr '{attribute}' of {dtypes.c_name(refused)} is not in the list of allowed values: "
        f"{', '.join(map(dtypes.c_name, listed))}\n\t; NodeDef: {kernel}; [Op:{kernel}] name: ",
        name and f"Value passed to parameter '{name}' has DataType {refused.name} not in list of allowed values: "
                 f"{', '.join([d.name for d in listed])}",
    )  # fmt: skip
