"""How Keras's optimizers apply gradients under any strategy."""

from types import SimpleNamespace


def _maybe_merge_call(fn, strategy, *args, **kwargs):
    """Calls ``fn(strategy, *args, **kwargs)``: with one replica there is nothing to merge."""
    return fn(strategy, *args, **kwargs)


def strategy_supports_no_merge_call():
    """Whether the strategy in force can do without ``merge_call``: the default one can."""
    return True


interim = SimpleNamespace(maybe_merge_call=_maybe_merge_call)
