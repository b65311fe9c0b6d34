"""Tracing op bodies without the jitted functions of jax.numpy.

Operators and functions of jax.numpy are jitted each for itself. Inside of a trace each of them is traced, once for each set
of shapes: `x == 0` takes 1 ms, what it records 0.05. A body that is `inlined` calls what is inside of them.
"""

import contextlib
import functools

import jax


def inlined(body):
    """An op's body, or its gradient, that is traced so. It must hold no loop and no branch of lax: these would be unrolled."""

    @functools.wraps(body)
    def traced(*args, **kwargs):
        with jax.disable_jit():
            return body(*args, **kwargs)

    traced.inlined = True
    return traced


def as_inlined(body):
    """A context in which what belongs to a body, its gradient, is traced as the body is."""
    return jax.disable_jit() if getattr(body, "inlined", False) else contextlib.nullcontext()


def apart(function):
    """A jitted function that is one equation wherever it is called."""

    @functools.wraps(function)
    def call(*args):
        with jax.disable_jit(False):
            return function(*args)

    return call
