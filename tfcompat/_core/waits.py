"""Waits for arrays that are being computed.

A thread that sleeps until an array is there is woken by the one that has computed it, which on a virtual machine takes 10 to 20
microseconds where a processor has gone idle meanwhile, as far as timings tell: the same is lost where one of XLA's threads is woken at
the beginning of a program. So a wait begins with polls: the thread looks whether the array is ready and, if not, gives its processor to
whoever else can use it, for half a millisecond at most; then it sleeps. A sum of 2e6 numbers and the wait for it take 250 instead of
275 microseconds on two virtual processors.

On a machine that is busy, who gives its processor away may have it back after several milliseconds, where one who sleeps is woken in
time. Polls are left out for a while after that, for longer each time it happens again.
"""

import os
import time

import jax
import numpy as np

from tfcompat._core.failures import check_fork, translated

LONGEST = 500_000  # nanoseconds: of all polls for an array together, and of one of them on a machine that is not busy
MOST = 1000  # waits in a row without polls

_yield = getattr(os, "sched_yield", lambda: time.sleep(0))
_unpolled = _intended = 0  # waits without polls since the last one with them, and how many there shall be


def poll(array):
    """Waits for an array while that is the faster way: it may still not be there. One of NumPy's is."""
    global _unpolled, _intended
    if _unpolled < _intended:
        _unpolled += 1
        return
    _unpolled = 0
    began = before = time.perf_counter_ns()
    while _is_pending(array):
        _yield()
        after = time.perf_counter_ns()
        if after - before > LONGEST:
            _intended = min(2 * _intended + 1, MOST)
            return
        if after - began > LONGEST:
            return
        before = after
    _intended //= 2


def _is_pending(array):
    """Whether an array is being computed. To ask one that is deleted whether it is ready would end the process."""
    return hasattr(array, "is_ready") and not array.is_deleted() and not array.is_ready()


def to_host(array):
    """A payload as a NumPy array; shared memory on the CPU."""
    check_fork()
    try:
        poll(array)
        return np.asarray(array)
    except jax.errors.JaxRuntimeError as error:
        raise translated(error, "a value that is read") from None


def wait_for(array):
    """Waits until a JAX array has been computed."""
    check_fork()
    try:
        poll(array)
        array.block_until_ready()
    except jax.errors.JaxRuntimeError as error:
        raise translated(error, "a value that is waited for") from None
