"""`tf.DType` and `tf.as_dtype` against TensorFlow."""

import ml_dtypes
import numpy as np
import pytest
from leaf_modules import differences
from oracle import leaves

import tfcompat as tf
from tfcompat._core import dtypes

pytestmark = pytest.mark.own_mode


def test_as_in_tensorflow():
    assert not (lines := differences("dtypes")), "\n".join(lines)


def test_kernel_names():
    known = leaves.load()["kernel names"]
    assert {name: dtypes.c_name(dtypes.as_dtype(name)) for name in known} == known


@pytest.mark.parametrize("dtype", dtypes.ALL, ids=repr)
def test_there_is_one_object_per_dtype(dtype):
    assert dtypes.DType(dtype.as_datatype_enum) is dtype
    assert dtypes.as_dtype(dtype.name) is dtype
    if dtype.np is not None:
        assert dtypes.from_numpy(dtype.np) is dtype
        assert dtype.np == np.dtype(dtype.as_numpy_dtype)


def test_from_numpy_knows_aliases_and_byte_orders():
    assert dtypes.from_numpy(np.dtype(np.longlong)) is dtypes.int64
    assert dtypes.from_numpy(np.dtype(">f4")) is dtypes.float32
    assert dtypes.from_numpy(np.dtype("S7")) is dtypes.from_numpy(np.dtype("U2")) is dtypes.string
    assert dtypes.from_numpy(np.dtype(ml_dtypes.bfloat16)) is dtypes.bfloat16


def test_from_numpy_does_not_collect_the_lengths_of_strings():
    before = len(dtypes._FROM_NUMPY)
    for length in range(100, 200):
        assert dtypes.from_numpy(np.dtype(f"S{length}")) is dtypes.string
    assert len(dtypes._FROM_NUMPY) == before


def test_from_numpy_of_what_is_no_dtype():
    with pytest.raises(TypeError, match="Cannot convert the argument"):
        dtypes.from_numpy(np.dtype("M8[s]"))


def test_a_dtype_cannot_be_changed():
    with pytest.raises(AttributeError):
        dtypes.float32.name = "other"
    assert dtypes.float32.name == "float32"


def test_protocol_buffers_are_refused():
    with pytest.raises(NotImplementedError, match="experimental_as_proto"):
        dtypes.float32.experimental_as_proto()


@pytest.mark.parametrize("name", ["bool", "int8", "uint64", "float16", "bfloat16", "float32", "float64", "complex128"])
def test_large_fills(name):
    """Those that are recorded, not made at once."""
    dtype = tf.as_dtype(name)
    for make, number in ((tf.zeros, 0), (tf.ones, 1)):
        made = make((300, 100), dtype)
        assert made.dtype is dtype
        np.testing.assert_array_equal(made.numpy(), np.full((300, 100), number, dtype.as_numpy_dtype))
    np.testing.assert_array_equal(tf.range(30_000).numpy(), np.arange(30_000, dtype=np.int32), strict=True)
