"""The derivative of a loop whose number of iterations is known only when it has run.

Going forward the loop keeps its carried values at every `stride`-th iteration, in SLOTS slots; when those are full,
every other one is dropped and the stride doubled. Going backward, the iterations after a checkpoint are run again, their
values kept in the same manner, and pulled back one by one from the last to the first. Up to SLOTS iterations nothing is
computed more than once more; up to SLOTS**2 each iteration is run about twice more, whatever the number; memory is
2 * SLOTS times that of the carried values. (Griewank and Walther's checkpointing with two levels.)
"""

import jax
import jax.numpy as jnp

SLOTS = 64


def _inexact(x):
    return jnp.issubdtype(x.dtype, jnp.inexact)


def _empty(state):
    return [jnp.zeros((SLOTS, *x.shape), x.dtype) for x in state]


def _halve(slots):
    """Every other slot, moved together."""
    return [jnp.concatenate([s[::2], jnp.zeros_like(s[: SLOTS // 2])]) for s in slots]


def _run(going, step, initial):
    """The loop, with checkpoints. Returns (final state, iterations, slots, stride)."""

    def test(loop):
        return going(loop[0])

    def body(loop):
        state, n, slots, stride = loop
        full = n == SLOTS * stride
        slots, stride = jax.lax.cond(full, lambda: (_halve(slots), stride * 2), lambda: (slots, stride))
        slots = jax.lax.cond(
            n % stride == 0,
            lambda: [s.at[n // stride].set(x) for s, x in zip(slots, state, strict=True)],
            lambda: slots,
        )
        return tuple(step(state)), n + 1, slots, stride

    return jax.lax.while_loop(test, body, (tuple(initial), jnp.int32(0), _empty(initial), jnp.int32(1)))


def differentiable_while(initial, outer, spec):
    """`lax.while_loop` that JAX can differentiate in reverse.

    Args:
      initial: the state before the loop, (iterations, code, *carried arrays).
      outer: the arrays from outside.
      spec: the loop (`loops.LoopSpec`).
    """

    def functions(outer):
        def test(state):
            n, code, *carry = state
            go = spec.test.run(*spec._pick(spec.test_places, outer, [n, *carry]))[0].reshape(())
            go = go & (code == 0)
            return go if spec.limit is None else go & (n < spec.limit)

        def step(state):
            n, code, *carry = state
            outs = spec.body.run(*spec._pick(spec.places, outer, [n, *carry]), ruled=True)
            if spec.body.coded:
                code = code | outs.pop()
            return (n + 1, code, *outs)

        return test, step

    @jax.custom_vjp
    def loop(initial, outer):
        test, step = functions(outer)
        return jax.lax.while_loop(test, step, tuple(initial))

    def forward(initial, outer):
        final, n, slots, stride = _run(*functions(outer), initial)
        return final, (outer, n, slots, stride)

    def backward(kept, cotangents):
        outer, n, slots, stride = kept
        _, step = functions(outer)
        return _backward(step, functions, outer, n, slots, stride, cotangents)

    loop.defvjp(forward, backward)
    return loop(tuple(initial), tuple(outer))


def _backward(step, functions, outer, n, slots, stride, cotangents):
    """Cotangents of the initial state and of the outer arrays."""
    floats = [i for i, s in enumerate(slots) if _inexact(s)]
    outer_floats = [i for i, x in enumerate(outer) if _inexact(x)]
    fixed = list(outer)

    def pull(state, given, total):
        """One iteration back from `state`, the values before it."""

        def of_floats(values, outer_values):
            full = list(state)
            for i, v in zip(floats, values, strict=True):
                full[i] = v
            around = list(fixed)
            for i, v in zip(outer_floats, outer_values, strict=True):
                around[i] = v
            outs = functions(tuple(around))[1](tuple(full))
            return [outs[i] for i in floats]

        _, back = jax.vjp(of_floats, [state[i] for i in floats], [outer[i] for i in outer_floats])
        pulled, of_outer = back(given)
        return pulled, [a + b for a, b in zip(total, of_outer, strict=True)]

    def at(slots, place):
        return tuple([s[place] for s in slots])

    def segment_back(start, count, given, total):
        """`count` iterations back, whose first one starts from the state `start`."""

        def advance(loop):
            state, k, inner, inner_stride = loop
            full = k == SLOTS * inner_stride
            inner, inner_stride = jax.lax.cond(
                full, lambda: (_halve(inner), inner_stride * 2), lambda: (inner, inner_stride)
            )
            inner = jax.lax.cond(
                k % inner_stride == 0,
                lambda: [s.at[k // inner_stride].set(x) for s, x in zip(inner, state, strict=True)],
                lambda: inner,
            )
            return tuple(step(state)), k + 1, inner, inner_stride

        _, _, inner, inner_stride = jax.lax.while_loop(
            lambda loop: loop[1] < count, advance, (start, jnp.int32(0), _empty(start), jnp.int32(1))
        )

        def one(loop):
            k, given, total = loop
            k = k - 1
            base = k // inner_stride
            state, _ = jax.lax.while_loop(
                lambda s: s[1] < k, lambda s: (tuple(step(s[0])), s[1] + 1), (at(inner, base), base * inner_stride)
            )
            given, total = pull(state, given, total)
            return k, given, total

        _, given, total = jax.lax.while_loop(lambda loop: loop[0] > 0, one, (count, given, total))
        return given, total

    def outer_step(loop):
        end, given, total = loop
        base = (end - 1) // stride
        first = base * stride
        given, total = segment_back(at(slots, base), end - first, given, total)
        return first, given, total

    given = [cotangents[i] for i in floats]
    total = [jnp.zeros(outer[i].shape, outer[i].dtype) for i in outer_floats]
    _, given, total = jax.lax.while_loop(lambda loop: loop[0] > 0, outer_step, (n, given, total))
    of_initial, of_outer = [None] * len(slots), [None] * len(outer)
    for i, g in zip(floats, given, strict=True):
        of_initial[i] = g
    for i, g in zip(outer_floats, total, strict=True):
        of_outer[i] = g
    return tuple(of_initial), tuple(of_outer)
