"""Ctrl-C while recorded work runs is delivered when it has been run: half a run would leave variables without values.

Python delivers an interrupt between any two instructions, also between the return of a compiled program that has
consumed its inputs and the storing of its results. So while a segment runs the main thread's handler only counts; a
second Ctrl-C makes the interpreter stop after the node it is at, what remains stays pending. The handler takes the
place of Python's own at the first import, at the beginning of a notebook's cell, and where it has been taken away after
some runs (elsewhere it does what that one does); handlers of others are left alone.
"""

import signal
import threading

_MAIN = threading.main_thread().ident
_get_ident = threading.get_ident
LOOKED_AFTER = 128  # runs: asking for the handler can cost as much as a short run


class Held:
    """Whether interrupts are held back just now, how many there were meanwhile, and how many were delivered ever."""

    __slots__ = ("count", "delivered", "depth", "runs")

    def __init__(self):
        self.count = self.depth = self.delivered = self.runs = 0


held = Held()
_never = Held()  # of the threads that get no interrupts


def _handler(signum, frame):
    if held.depth:
        held.count += 1
    else:
        held.delivered += 1  # perhaps while an op was recorded
        signal.default_int_handler(signum, frame)


def hold():
    """Holds interrupts back until `release`. Returns whether this is the thread that gets them."""
    if _get_ident() != _MAIN:
        return False
    held.runs += 1
    if held.runs % LOOKED_AFTER == 0:
        watch()
    held.depth += 1
    return True


def watch():
    """Puts the handler in the place of Python's own, in the main thread."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler and threading.get_ident() == _MAIN:
        signal.signal(signal.SIGINT, _handler)


def of_this_thread():
    """What is held back of the calling thread's interrupts."""
    return held if _get_ident() == _MAIN else _never


def release():
    """Ends what `hold` began; raises KeyboardInterrupt if there was an interrupt."""
    held.depth -= 1
    if held.count and not held.depth:
        held.count = 0
        raise KeyboardInterrupt
