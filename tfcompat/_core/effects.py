"""Python functions called by recorded functions: prints, `tf.py_function`, asserts that only Python can make.

Interpreted, the function is simply called; in a compiled program it is a callback, ordered with the others. What it raises
is kept and raised by the run's caller, when the node's code (its last result) is looked at.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental import io_callback

from tfcompat._core import errors
from tfcompat._core.avals import aval
from tfcompat._core.body import call_spec
from tfcompat._core.by_value import StageSpec
from tfcompat._core.context import state
from tfcompat._core.convert import convert
from tfcompat._core.entries import dense, record_python
from tfcompat._core.op import Op
from tfcompat._core.segment import Segment
from tfcompat._core.sizes import FROM, Misjudged
from tfcompat._core.symbolic import UnshapedTensor, aval_of_any, unshaped
from tfcompat._core.tensor_base import host_value

COST = 50e-6  # seconds of one call, for the decision when to compile


class EffectSpec(StageSpec):
    """A node that calls a Python function of NumPy arrays, and gives what it returns before the code.

    Args:
      output_avals: of the results. `shaped` may still change them while the function around is being recorded.
      eager: the same function for eager tensors, which gives a list of them; called where a function is run in stages.
      stateful: False where it is not called if nothing needs what it gives.
      pull: function of the lists of inputs and of gradients of the results that gives those of the differentiable inputs;
        None for no gradients.

    Attributes:
      guessed: numbers of the results that nothing is said of, and that are taken for scalars.
    """

    __slots__ = ("eager", "guessed", "pull", "unranked")

    def __init__(self, name, function, eager, input_avals, output_avals=(), pull=None, stateful=True):
        self._setup(name, input_avals, output_avals, True, COST, 1)
        self.function, self.eager, self.pull = function, eager, pull
        self.effect = self.stateful = stateful
        self.unranked, self.guessed = frozenset(range(len(output_avals))), frozenset()
        self.body = None
        self.depends = [0] * len(self.avals)
        if pull is not None:
            bits = sum(1 << i for i, a in enumerate(input_avals) if a.differentiable)
            self.depends = [bits if a.differentiable else 0 for a in self.avals]
        self._evaluate = self.run
        self.ruled = self.pure if pull is None else self.differentiable
        self._host = self._run_host

    def shaped(self, index, output_aval):
        """Says what result number `index` is."""
        avals = list(self.avals)
        avals[index] = output_aval
        self.avals, self.unranked = tuple(avals), self.unranked - {index}
        self.nbytes = sum(a.nbytes for a in avals)

    def guess(self, index):
        """Takes result number `index` for a scalar."""
        self.guessed |= {index}

    def resized(self, resizing, avals):
        return self.again(avals, [resizing.aval(a) for a in self.avals])

    def again(self, avals, learnt):
        """The same node where sizes are others; `learnt` are the avals of its results and of the code."""
        new = EffectSpec(self.name, self.function, self.eager, avals, learnt[:-1], self.pull, self.effect)
        new.unranked, new.guessed = self.unranked, self.guessed
        return new

    def stage(self, ins, inside):
        """Its results and the code for eager tensors, and what is learnt of sizes."""
        results = self.eager(*ins)
        if state.acted is not None:
            state.acted.append((self.name, results))
        if any([results[i]._aval.shape for i in self.guessed]):
            raise Misjudged("a result of a Python function is no scalar, and `set_shape` has not said what it is")
        for i, (t, a) in enumerate(zip(results, self.avals, strict=False)):
            shape = t._aval.shape
            _check(t._aval.np_dtype, shape, a, shape if i in self.unranked else [None if n >= FROM else n for n in a.shape])
        results = [*results, convert(np.int32(0))]
        return results, tuple([t._aval for t in results])

    def record(self, trace, ins):
        """Records it in a function. Returns the list of its results, and None for the code."""
        results = call_spec(_op_of(self), self, ins)
        return [*[unshaped(t, self, i) if i in self.unranked else t for i, t in enumerate(results)], None]

    def call(self, *arrays):
        """Calls the function; what it raises becomes a code."""
        wanted = self.avals[:-1]
        try:
            with _outside():
                results = self.function(*[np.asarray(a) for a in arrays])
                pairs = enumerate(zip(results or (), wanted, strict=True))
                results = [_fitting(r, a, i in self.unranked) for i, (r, a) in pairs]
        except Exception as error:  # noqa: BLE001 - raised where the code is looked at
            self.why = error
            return (*[np.zeros(a.shape, a.np_dtype) for a in wanted], np.int32(1))
        return (*results, np.int32(0))

    _run_host = call

    def run(self, *arrays):
        return list(io_callback(self.call, [a.struct for a in self.avals], *arrays, ordered=True))

    def pure(self, *arrays):
        """The same without order: what JAX differentiates cannot have effects."""
        arrays = [jax.lax.stop_gradient(a) for a in arrays]
        return list(jax.pure_callback(self.call, [a.struct for a in self.avals], *arrays))

    def differentiable(self, *arrays):
        """`pure` with the gradient that `pull` computes."""
        places = [i for i, a in enumerate(self.input_avals) if a.differentiable]

        def pulled(arrays, cotangents):
            with _outside():
                grads = self.pull([np.asarray(a) for a in arrays], [np.asarray(c) for c in cotangents])
            return [np.asarray(g) for g in grads]

        @jax.custom_vjp
        def function(*args):
            return tuple(self.pure(*args))

        def forward(*args):
            return function(*args), args

        def backward(args, cotangents):
            given = [jnp.zeros(a.shape, a.np_dtype) if c.dtype == jax.dtypes.float0 else c
                     for c, a in zip(cotangents[:-1], self.avals, strict=False)]  # fmt: skip
            found = jax.pure_callback(pulled, [self.input_avals[i].struct for i in places], args, given)
            grads = [None] * len(args)
            for i, g in zip(places, found, strict=True):
                grads[i] = g
            return tuple(grads)

        function.defvjp(forward, backward)
        return list(function(*arrays))

    def explain(self, *arrays):
        why, self.why = self.why, None
        if why is None and arrays:
            self.call(*arrays)
            why, self.why = self.why, None
        return why or RuntimeError(f"{self.name} failed")


class _outside:
    """A context in which nothing is recorded: callbacks run on whichever thread, maybe in the midst of a recording."""

    def __enter__(self):
        self._saved = state.segment, state.trace, state.tapes, state.accumulators
        state.segment, state.trace = Segment(), None
        state.tapes, state.accumulators = [], []

    def __exit__(self, *_):
        state.segment.close("callback")
        state.segment, state.trace, state.tapes, state.accumulators = self._saved


def _fitting(value, output_aval, unneeded):
    """A result of a Python function, checked against what was announced; of one that nothing needs the shape is unknown."""
    array = np.asarray(value)
    _check(array.dtype, array.shape, output_aval, array.shape if unneeded else output_aval.shape)
    return np.zeros(output_aval.shape, array.dtype) if unneeded else array


def _check(np_dtype, shape, said, sizes):
    """Raises InvalidArgumentError where a result is other than announced; `sizes` of None may be any."""
    text = None
    if np_dtype != said.np_dtype:
        text = f"The function returned {np_dtype.name}, but Tout announces {said.dtype.name}."
    elif len(shape) != len(sizes) or any([m is not None and n != m for n, m in zip(shape, sizes, strict=True)]):
        text = f"The function returned shape {list(shape)}, but was said to give {list(sizes)}."
    if text is not None:
        raise errors.InvalidArgumentError(None, None, text)


def record_effect(name, function, ins, dtypes=(), pull=None, eager=None, stateful=True):
    """Records a call of a Python function of NumPy arrays that acts on the outside.

    Args:
      dtypes: of the arrays that it returns, as a list.
      pull, eager, stateful: see `EffectSpec`.

    Returns:
      Tensors whose shapes are not known yet: each must be told its own, by `set_shape`, before ops take it.
    """

    def on_values(*tensors):
        return [convert(np.asarray(r)) for r in function(*[np.asarray(host_value(t)) for t in tensors]) or ()]

    unknown = [aval((), d.np) for d in dtypes]
    if any([isinstance(t, UnshapedTensor) for t in ins]):
        state.trace.stage()
    spec = EffectSpec(name, function, eager or on_values, [aval_of_any(t) for t in ins], unknown, pull, stateful)
    results = [unshaped(t, spec, i) for i, t in enumerate(call_spec(_op_of(spec), spec, ins))]
    if pull is not None and (state.tapes or state.accumulators):
        record_python(name, ins, results, functools.partial(_pulled, name, pull, ins, results))
    return results


def _pulled(name, pull, ins, outs, cotangents):
    """Records the gradient of a Python function, which is another one. Returns the cotangents of its inputs."""
    present = [k for k, c in enumerate(cotangents) if c is not None and outs[k].dtype.is_floating]
    wanted = [i for i, t in enumerate(ins) if t._aval.differentiable]
    grads = [None] * len(ins)
    if present and wanted:

        def back(*arrays):
            given = [None] * len(outs)
            for k, c in zip(present, arrays[len(ins) :], strict=True):
                given[k] = c
            return pull(list(arrays[: len(ins)]), given)

        given = [*ins, *[dense(cotangents[k]) for k in present]]
        for i, g in zip(wanted, record_effect(f"{name}Grad", back, given, [ins[i].dtype for i in wanted], stateful=False), strict=True):
            g.become(ins[i]._aval)
            grads[i] = g
    return grads


def repeated(name):
    """What a Python function has given to this call already, which is made once more, eagerly; None where it is to be called.

    Args:
      name: of the node that stands for it in the recorded function.
    """
    if not state.repeated:
        return None
    known, results = state.repeated.pop(0)
    if known == name:
        return results
    state.repeated = []  # the call takes another way
    return None


def _op_of(spec):
    op = Op(spec.name, spec.run, single=False, grad=None)
    op.infer = lambda key, ins, attrs, count: spec
    return op
