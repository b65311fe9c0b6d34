"""Waits for arrays begin with polls, unless the machine is busy."""

import threading
import time

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import tfcompat as tf
from tfcompat import debug, interop
from tfcompat._core import waits

pytestmark = pytest.mark.own_mode


class Pending:
    """Stands for an array that is ready after some polls, each of which takes a while."""

    def __init__(self, polls, seconds=0.0):
        self.left, self.seconds, self.polls = polls, seconds, 0

    def is_deleted(self):
        return False

    def is_ready(self):
        self.polls += 1
        if self.seconds:
            time.sleep(self.seconds)
        self.left -= 1
        return self.left < 0


@pytest.fixture(autouse=True)
def quiet():
    """As on a machine that has been quiet for long."""
    for _ in range(2 * waits.MOST + 20):
        waits.poll(Pending(0))


def polled(array):
    """How often a wait has looked at an array."""
    before = array.polls
    waits.poll(array)
    return array.polls - before


def test_an_array_is_looked_at_until_it_is_ready():
    assert polled(Pending(0)) == 1
    assert polled(Pending(7)) == 8


def test_polls_end_where_the_array_takes_long():
    pending = Pending(10**9)
    begin = time.perf_counter()
    assert polled(pending) > 1
    assert time.perf_counter() - begin < 1  # it does not wait for the array
    assert pending.left > 0


def test_slow_polls_are_made_more_and_more_seldom():
    slow = Pending(10**9, seconds=2e-9 * waits.LONGEST)
    assert [polled(slow) for _ in range(15)] == [1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1]


def test_polls_come_back_when_they_are_fast_again():
    slow = Pending(10**9, seconds=2e-9 * waits.LONGEST)
    for _ in range(7):
        polled(slow)
    assert [polled(Pending(0)) for _ in range(13)] == [0] * 7 + [1] + [0] * 3 + [1, 0]


def test_other_threads_go_on_during_polls():
    def is_let_in():
        turns, event = [], threading.Event()

        class Watched(Pending):
            def is_ready(self):
                return bool(turns)

        thread = threading.Thread(target=lambda: turns.append(event.wait()))
        thread.start()
        time.sleep(0.01)  # it waits by now
        event.set()
        waits.poll(Watched(0))  # a tenth of the time after which Python makes threads take turns
        seen = bool(turns)
        thread.join()
        return seen

    assert any([is_let_in() for _ in range(20)])


@pytest.mark.parametrize(
    "read",
    [lambda t: t.numpy(), lambda t: interop.block_until_ready(t).numpy(), lambda t: np.asarray(interop.to_jax(t))],
)
def test_what_is_read_is_complete(read):
    x = np.random.default_rng(0).standard_normal((700, 700)).astype(np.float32)
    with debug.mode("compiled"):
        product = read(tf.matmul(x, x))
    np.testing.assert_allclose(product, x @ x, rtol=1e-4, atol=1e-3)


def test_what_is_wrong_with_an_array_is_said_by_who_reads_it():
    array = jax.jit(lambda x: x + 1)(jnp.arange(3.0))
    tensor = interop.from_jax(array)
    array.delete()
    with pytest.raises(RuntimeError, match="deleted"):
        tensor.numpy()
