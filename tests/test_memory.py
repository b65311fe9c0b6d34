"""Memory for large arrays, and copies of them, which some threads make: complete, and independent of what they were made of."""

import concurrent.futures
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
from marks import IN_C

import tfcompat as tf
from tfcompat import debug
from tfcompat._core import memory, native

COUNTS = {"float32": 3_000_001, "int8": 9_000_001, "complex128": 600_001, "bool": 8_400_000}


@pytest.fixture(params=["in Python", pytest.param("in C", marks=IN_C)])
def parts(request, monkeypatch):
    """In how many parts each array was copied; as on a machine with four processors."""
    found, copy = [], memory._copy_in_parts if request.param == "in Python" else native.extension.copy_in_parts

    def copy_in_parts(out, array, count):
        found.append(count)
        copy(out, array, count)

    monkeypatch.setattr(memory, "_most_parts", lambda: 4)
    monkeypatch.setattr(memory, "copy_in_parts", copy_in_parts)
    return found


def large(dtype, shape=None):
    return np.resize(np.arange(251), shape or COUNTS[dtype]).astype(dtype)


@pytest.mark.parametrize("dtype", COUNTS)
def test_a_large_array_is_copied_in_parts(parts, dtype):
    array = large(dtype)
    out = np.zeros_like(array)
    memory.copy_into(out, array)
    assert parts == [4]
    np.testing.assert_array_equal(out, array)


@pytest.mark.parametrize("shape", [(1, 3_000_001), (3_000_001, 1), (3, 1_000_000)])
def test_parts_are_of_the_elements_not_of_the_rows(parts, shape):
    array = large("float32", shape)
    tensor = tf.constant(array)
    assert parts == [4]
    np.testing.assert_array_equal(tensor.numpy(), array)
    assert parts == [4, 4]


def test_a_tensor_is_independent_of_the_array_it_was_made_of_and_of_those_it_gives(parts):
    array = large("float32")
    tensor = tf.constant(array)
    array[:] = -1
    tensor.numpy()[:] = -2
    np.testing.assert_array_equal(tensor.numpy(), large("float32"))


@pytest.mark.parametrize(
    "array", [large("float32", (1000, 3000)).T, large("float32", (1000, 3000)).astype(">f4"), np.ones(3)]
)
def test_what_is_not_copied_byte_by_byte_is_left_to_numpy(parts, array):
    tensor = tf.constant(array)
    assert not parts
    np.testing.assert_array_equal(tensor.numpy(), array)


def test_where_no_more_threads_can_be_started_one_copies_all(monkeypatch):
    def refuse(*call):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(memory._thread, "start_new_thread", refuse)
    array = large("int8")
    out = np.zeros_like(array)
    memory._copy_in_parts(out, array, 4)
    np.testing.assert_array_equal(out, array)


@pytest.mark.parametrize("count", [1, 2, 3, 16])
@pytest.mark.parametrize("size", [0, 1, 4096, 4097, 3 * 4096, 100_001])
@IN_C
def test_parts_in_c_cover_all_bytes_and_no_more(size, count):
    array, out = large("uint8", (size,)), np.zeros(size + 2, np.uint8)
    native.extension.copy_in_parts(out[1:-1], array, count)
    np.testing.assert_array_equal(out, np.pad(array, 1))


@IN_C
def test_a_copy_in_c_refuses_what_does_not_fit():
    for sizes, count in (((3, 4), 2), ((4, 4), 0), ((4, 4), 17)):
        with pytest.raises(ValueError, match="two arrays of one size"):
            native.extension.copy_in_parts(*[np.zeros(size, np.uint8) for size in sizes], count)


@IN_C
def test_threads_that_copy_at_once_do_not_disturb_each_other():
    """One of them has the threads that stay; the others copy alone."""

    def copies(first):
        for k in range(first, first + 40):
            array, out = np.full(3 * 2**20 + k, k % 251, np.uint8), np.zeros(3 * 2**20 + k, np.uint8)
            native.extension.copy_in_parts(out, array, 2 + k % 5)
            if (out != array).any():
                return k
        return None

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert list(pool.map(copies, range(0, 160, 40))) == [None] * 4


_IN_A_CHILD = """
import os, numpy as np, tfcompat as tf
from tfcompat._core import memory
memory._most_parts = lambda: 4
array = np.arange(5_000_000, dtype="float32")
for generation in range(3):
    tensor = tf.constant(array + generation)
    assert (tensor.numpy() == array + generation).all()
    child = os.fork()
    if child:
        assert os.waitpid(child, 0)[1] == 0, generation
        os._exit(0)
"""


def test_a_child_of_a_fork_copies_too():
    done = subprocess.run([sys.executable, "-c", _IN_A_CHILD], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("shape", [(1000, 2000), (3_000_001,)])
@pytest.mark.parametrize("dtype", ["float32", "bool", "complex128"])
def test_a_large_aligned_array_takes_its_own_memory_and_no_other_meanwhile(shape, dtype):
    tracemalloc.start()
    try:
        arrays = [memory.empty_aligned(shape, np.dtype(dtype)) for _ in range(4)]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    for array in arrays:
        assert array.shape == shape and array.dtype == dtype
        assert array.flags.c_contiguous and array.ctypes.data % 64 == 0
    assert peak < 4 * arrays[0].nbytes + 20_000


def kept_by(tensor):
    """Bytes of the array whose memory a tensor's value lies in."""
    array = np.asarray(tensor)
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array.nbytes


@pytest.mark.own_mode
def test_a_small_scattered_part_does_not_keep_the_whole():
    """However it is taken; what is one piece, or much of the whole, is a view."""
    x, k = tf.constant(np.arange(600.0 * 400).reshape(600, 400)), 3
    with debug.mode("interpreted"):
        for part in (x[:, :10], x[:, k : k + 10], x[2:, :10], tf.slice(x, [1, 2], [500, 10]), x[::2, :9]):
            part.numpy()
            assert kept_by(part) < kept_by(x) / 16
        for part in (x[:2], x[k : k + 2], x[k], x[:, 1:], x[:, k : k + 300]):
            part.numpy()
            assert kept_by(part) >= kept_by(x)
