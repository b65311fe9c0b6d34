"""The derivatives of a loop whose number of iterations is known only when it has run.

Going forward the loop keeps its carried values at every `stride`-th iteration, in a few slots; when those are full,
every other one is dropped and the stride doubled. Going backward, the iterations after a checkpoint are run again, their
values kept in the same manner, and pulled back one by one from the last to the first. Up to SLOTS iterations nothing is
computed more than once more; up to SLOTS**2 each iteration is run about twice more, whatever the number; memory is
2 * SLOTS times that of the carried values. (Griewank and Walther's checkpointing with two levels.)

JAX cannot differentiate such a walk back, so for second and higher derivatives it is written once more as a loop over
blocks of BLOCK iterations, each started from the beginning, which is a loop that this module differentiates: n
iterations cost n**2 / (2 * BLOCK) more.
"""

import jax
import jax.numpy as jnp

SLOTS = 64
BLOCK = 64
BLOCK_SLOTS = 16  # a loop over blocks carries the gradients of all that the loop looks at


def _floats(arrays):
    return [i for i, x in enumerate(arrays) if jnp.issubdtype(x.dtype, jnp.inexact)]


def _empty(state, count):
    return [jnp.zeros((count, *x.shape), x.dtype) for x in state]


def _halve(slots):
    """Every other slot, moved together."""
    return [jnp.concatenate([s[::2], jnp.zeros_like(s[: len(s) // 2])]) for s in slots]


def _keep(slots, stride, n, state):
    """Notes the state before iteration `n`, if it is one of those that are kept."""
    count = len(slots[0])
    full = n == count * stride
    slots, stride = jax.lax.cond(full, lambda: (_halve(slots), stride * 2), lambda: (slots, stride))
    slots = jax.lax.cond(
        n % stride == 0,
        lambda: [s.at[n // stride].set(x) for s, x in zip(slots, state, strict=True)],
        lambda: slots,
    )
    return slots, stride


def _run(going, step, initial, count):
    """The loop, with checkpoints. Returns (final state, (iterations, slots, stride))."""

    def body(loop):
        state, n, slots, stride = loop
        slots, stride = _keep(slots, stride, n, state)
        return tuple(step(state)), n + 1, slots, stride

    start = tuple(initial), jnp.int32(0), _empty(initial, count), jnp.int32(1)
    final, *checkpoints = jax.lax.while_loop(lambda loop: going(loop[0]), body, start)
    return final, tuple(checkpoints)


def differentiable_while(going, step, initial, outer, count=SLOTS):
    """`lax.while_loop` that JAX can differentiate in reverse, any number of times.

    Args:
      going, step: functions of (state, outer); they use no other arrays.
      initial: the state before the loop, a tuple of arrays.
      outer: arrays that do not change.
      count: number of slots.
    """

    @jax.custom_vjp
    def loop(initial, outer):
        return jax.lax.while_loop(lambda s: going(s, outer), lambda s: tuple(step(s, outer)), initial)

    @jax.custom_vjp
    def loop_kept(initial, outer):
        return _run(lambda s: going(s, outer), lambda s: step(s, outer), initial, count)

    @jax.custom_vjp
    def pull(initial, outer, checkpoints, given):
        return _pulled(step, outer, checkpoints, given)

    def forward(initial, outer):
        final, checkpoints = loop_kept(initial, outer)
        return final, (initial, outer, checkpoints)

    def forward_kept(initial, outer):
        final, checkpoints = loop_kept(initial, outer)
        return (final, checkpoints), (initial, outer, checkpoints)

    def backward(kept, cotangents):
        initial, outer, checkpoints = kept
        given = [cotangents[i] for i in _floats(initial)]
        of_initial, of_outer = pull(initial, outer, checkpoints, given)
        return _spread(of_initial, initial), _spread(of_outer, outer)

    def forward_pull(*args):
        return pull(*args), args

    def backward_pull(args, cotangents):
        initial, outer, (n, *_), given = args
        floats, outer_floats = _floats(initial), _floats(outer)

        def again(values, outer_values, given):
            return _pulled_by_blocks(step, _put(initial, floats, values), _put(outer, outer_floats, outer_values), n, given)

        values, outer_values = [initial[i] for i in floats], [outer[i] for i in outer_floats]
        _, back = jax.vjp(again, values, outer_values, given)
        of_values, of_outer_values, of_given = back(cotangents)
        # The checkpoints follow from the rest: nothing depends on them by themselves.
        return _spread(of_values, initial), _spread(of_outer_values, outer), None, of_given

    loop.defvjp(forward, backward)
    loop_kept.defvjp(forward_kept, lambda kept, cotangents: backward(kept, cotangents[0]))
    pull.defvjp(forward_pull, backward_pull)
    return loop(tuple(initial), tuple(outer))


def _put(arrays, places, values):
    full = list(arrays)
    for i, v in zip(places, values, strict=True):
        full[i] = v
    return tuple(full)


def _spread(cotangents, arrays):
    """Cotangents of the floats among `arrays`; of the others None."""
    found = [None] * len(arrays)
    for i, c in zip(_floats(arrays), cotangents, strict=True):
        found[i] = c
    return tuple(found)


def _step_back(step, state, outer, given, total):
    """One iteration back from `state`, the values before it: (cotangents of its floats, total of the outer ones)."""
    floats, outer_floats = _floats(state), _floats(outer)

    def of_floats(values, outer_values):
        outs = step(_put(state, floats, values), _put(outer, outer_floats, outer_values))
        return [outs[i] for i in floats]

    _, back = jax.vjp(of_floats, [state[i] for i in floats], [outer[i] for i in outer_floats])
    pulled, of_outer = back(given)
    return pulled, [a + b for a, b in zip(total, of_outer, strict=True)]


def _nothing(outer):
    return [jnp.zeros(outer[i].shape, outer[i].dtype) for i in _floats(outer)]


def _at(slots, place):
    return tuple([s[place] for s in slots])


def _pulled(step, outer, checkpoints, given):
    """Cotangents of the floats of the initial state and of the outer arrays, from those of the final state."""
    n, slots, stride = checkpoints

    def segment_back(start, count, given, total):
        """`count` iterations back, whose first one starts from the state `start`."""

        def going(loop):
            return loop[1] < count

        def advance(loop):
            state, k, inner, inner_stride = loop
            inner, inner_stride = _keep(inner, inner_stride, k, state)
            return tuple(step(state, outer)), k + 1, inner, inner_stride

        first = start, jnp.int32(0), _empty(start, len(slots[0])), jnp.int32(1)
        _, _, inner, inner_stride = jax.lax.while_loop(going, advance, first)

        def one(loop):
            k, given, total = loop
            k = k - 1
            base = k // inner_stride
            state, _ = jax.lax.while_loop(
                lambda s: s[1] < k,
                lambda s: (tuple(step(s[0], outer)), s[1] + 1),
                (_at(inner, base), base * inner_stride),
            )
            return k, *_step_back(step, state, outer, given, total)

        return jax.lax.while_loop(lambda loop: loop[0] > 0, one, (count, given, total))[1:]

    def outer_step(loop):
        end, given, total = loop
        base = (end - 1) // stride
        first = base * stride
        return first, *segment_back(_at(slots, base), end - first, given, total)

    return jax.lax.while_loop(lambda loop: loop[0] > 0, outer_step, (n, list(given), _nothing(outer)))[1:]


def _pulled_by_blocks(step, initial, outer, n, given):
    """What `_pulled` computes, so that JAX can differentiate it."""
    count, width = len(given), len(initial)

    def going(loop, around):
        return loop[0] > 0

    def block_back(loop, around):
        end, *carried = loop
        initial, outer, n = around[:width], around[width:-1], around[-1]
        first = (end - 1) * BLOCK
        start = _advanced(step, initial, outer, first)
        floats, outer_floats = _floats(initial), _floats(outer)

        def block(values, outer_values):
            at, around = _put(start, floats, values), _put(outer, outer_floats, outer_values)

            def one(state, k):
                return jax.lax.cond(first + k < n, lambda s: tuple(step(s, around)), lambda s: s, state), None

            final, _ = jax.lax.scan(one, at, jnp.arange(BLOCK, dtype=jnp.int32))
            return [final[i] for i in floats]

        _, back = jax.vjp(block, [start[i] for i in floats], [outer[i] for i in outer_floats])
        pulled, of_outer = back(carried[:count])
        return end - 1, *pulled, *[a + b for a, b in zip(carried[count:], of_outer, strict=True)]

    blocks = (n + BLOCK - 1) // BLOCK
    state = blocks, *given, *_nothing(outer)
    _, *carried = differentiable_while(going, block_back, state, (*initial, *outer, n), BLOCK_SLOTS)
    return carried[:count], carried[count:]


def _advanced(step, initial, outer, count):
    """The state after `count` iterations."""

    def going(loop, around):
        return loop[0] < around[-1]

    def one(loop, around):
        return loop[0] + 1, *step(loop[1:], around[:-1])

    _, *state = differentiable_while(going, one, (jnp.int32(0), *initial), (*outer, count))
    return tuple(state)
