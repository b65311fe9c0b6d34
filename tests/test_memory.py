"""Copies of large arrays, which some threads make together: complete, and independent of what they were made of."""

import numpy as np
import pytest

import tfcompat as tf
from tfcompat._core import memory

COUNTS = {"float32": 3_000_001, "int8": 9_000_001, "complex128": 600_001, "bool": 8_400_000}


@pytest.fixture
def started(monkeypatch):
    """The threads that were started; as on a machine with four processors."""
    found, start = [], memory._thread.start_new_thread

    def start_new_thread(*call):
        found.append(call)
        return start(*call)

    monkeypatch.setattr(memory, "_most_parts", lambda: 4)
    monkeypatch.setattr(memory._thread, "start_new_thread", start_new_thread)
    return found


def large(dtype, shape=None):
    return np.resize(np.arange(251), shape or COUNTS[dtype]).astype(dtype)


@pytest.mark.parametrize("dtype", COUNTS)
def test_a_large_array_is_copied_in_parts(started, dtype):
    array = large(dtype)
    out = np.zeros_like(array)
    memory.copy_into(out, array)
    assert len(started) == 3
    np.testing.assert_array_equal(out, array)


@pytest.mark.parametrize("shape", [(1, 3_000_001), (3_000_001, 1), (3, 1_000_000)])
def test_parts_are_of_the_elements_not_of_the_rows(started, shape):
    array = large("float32", shape)
    tensor = tf.constant(array)
    assert len(started) == 3
    np.testing.assert_array_equal(tensor.numpy(), array)
    assert len(started) == 6


def test_a_tensor_is_independent_of_the_array_it_was_made_of_and_of_those_it_gives(started):
    array = large("float32")
    tensor = tf.constant(array)
    array[:] = -1
    tensor.numpy()[:] = -2
    np.testing.assert_array_equal(tensor.numpy(), large("float32"))


@pytest.mark.parametrize(
    "array", [large("float32", (1000, 3000)).T, large("float32", (1000, 3000)).astype(">f4"), np.ones(3)]
)
def test_what_is_not_copied_byte_by_byte_is_left_to_numpy(started, array):
    tensor = tf.constant(array)
    assert not started
    np.testing.assert_array_equal(tensor.numpy(), array)


def test_where_no_more_threads_can_be_started_one_copies_all(started, monkeypatch):
    def refuse(*call):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(memory._thread, "start_new_thread", refuse)
    array = large("float32")
    np.testing.assert_array_equal(tf.constant(array).numpy(), array)
