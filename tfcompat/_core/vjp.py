"""Derivatives of one op: a forward that also returns residuals, and a pullback over them, each a Spec.

JAX splits an op's vjp in two by public API: the function that `jax.vjp` returns is a pytree whose leaves are the
residuals. Most of them are the op's own inputs or outputs and cost nothing; the others become extra outputs that nobody
computes unless the pullback uses them. Cotangents follow TensorFlow's convention for complex numbers (the conjugate of
JAX's).
"""

import operator

import jax
import jax.numpy as jnp
from jax.extend import core as jex

from tfcompat._core import caches, generic
from tfcompat._core.inlined import as_inlined
from tfcompat._core.op import Op, trace
from tfcompat._core.spec import Spec


def keeper(places):
    """A function from (*inputs, *results) to the tuple of those at `places`, without a frame of its own."""
    if len(places) > 1:
        return operator.itemgetter(*places)
    return operator.itemgetter(slice(places[0], places[0] + 1) if places else slice(0))


class Derivative:
    """An op's forward Spec with residuals, and its pullbacks.

    Attributes:
      forward: Spec whose first `count` results are the op's own, the rest residuals.
      count: number of the op's own results.
      keep: function from (*inputs, *results) to what the pullback of all outputs needs, a tuple.
      kept: what that is, each ("in", i) or ("out", k).
      extras: whether some of it is no result of the op itself.
      flow: for each result the inputs that it depends on, as bits; None: all.
      reached: the results that depend on the inputs of `mask`; None: all.
      source: (op, Spec, avals, attributes, count, mask) it was made of.
      places: see `stretch.BlockDerivative`; None here.
      aside: how many residuals are for no pullback of JAX's, but results of each pullback as they are; the first ones.
    """

    source = places = None
    aside = 0

    def __init__(self, op, function, avals, mask, plain, rule, make_spec=Spec, flow=None, open=False):
        self.op = op
        self.kernel = op.kernel
        self.make_spec = make_spec
        self.rule = rule  # the declared gradient, or None
        self.open = open  # whether sizes are unknown
        self.function = function
        self.avals = avals
        self.mask = mask
        self.flow = flow
        self.reached = reached(flow, mask)
        self.wanted = [i for i, m in enumerate(mask) if m]
        self.plain = plain
        self.count = len(plain.avals)
        self.out_avals = plain.avals
        self.differentiable = [k for k, a in enumerate(plain.avals) if a.differentiable]
        self.pullbacks = caches.Bounded(64)
        self.forward = plain
        self.residuals = None
        self.without = set()  # inputs for which the declared gradient has None
        if rule is not None:
            self.residuals = [("in", i) for i in range(len(avals))] + [("out", k) for k in range(self.count)]
        else:
            self._split()
        # What a pullback of all outputs looks at: the rest need not be kept until then.
        whole = tuple(self.differentiable)
        self.whole, self.kept = self.pullback(whole)
        self.wanted = [i for i in self.wanted if i not in self.without]
        # Extra outputs are on no tape: where a pullback is differentiated again, it has to start from the inputs.
        self.extras = any(kind == "out" and i >= self.count for kind, i in self.kept)
        self.keep = keeper([i if kind == "in" else len(avals) + i for kind, i in self.kept])
        self.whole_spec = next(iter(self.whole.specs.values()))

    def _split(self):
        """Traces forward and pullback of JAX's vjp with regard to the wanted inputs."""
        structure = []

        def forward(*args):
            of_wanted, values = self._of_wanted(args)
            _, pull, outs = jax.vjp(of_wanted, *values, has_aux=True)
            leaves, tree = jax.tree_util.tree_flatten(pull)
            structure[:] = [tree]
            return [*outs, *leaves]

        closed = trace(self.op, forward, self.avals)
        self.tree = structure[0]
        outvars = list(closed.jaxpr.outvars)
        own, leaves = outvars[: self.count], outvars[self.count :]
        inputs = {id(v): i for i, v in enumerate(closed.jaxpr.invars)}
        results = {id(v): k for k, v in reversed(list(enumerate(own)))}
        extras = {}
        self.residuals, kept = [], list(own)
        for v in leaves:
            if id(v) in inputs:
                self.residuals.append(("in", inputs[id(v)]))
            elif id(v) in results:
                self.residuals.append(("out", results[id(v)]))
            else:
                if id(v) not in extras:
                    extras[id(v)] = len(kept)
                    kept.append(v)
                self.residuals.append(("out", extras[id(v)]))
        self.leaf_structs = [jax.ShapeDtypeStruct(v.aval.shape, v.aval.dtype) for v in leaves]
        if len(kept) > self.count:
            jaxpr = closed.jaxpr
            trimmed = jaxpr.replace(outvars=kept, debug_info=jaxpr.debug_info.with_unknown_names())
            self.forward = self.make_spec(self.op.kernel, jex.ClosedJaxpr(trimmed, closed.consts), False)
            self.forward.plain = self.plain
            self.forward.derivative = self, "forward"

    def _of_wanted(self, args, taps=None):
        """(Function of the wanted inputs to (differentiable results, all results), these inputs).

        Args:
          taps: see `rows.RowsDerivative`.
        """
        function, wanted, differentiable = self.function, self.wanted, self.differentiable

        def of_wanted(*values):
            full = list(args)
            for i, v in zip(wanted, values, strict=True):
                full[i] = v
            outs = function(*full)
            outs = list(outs) if isinstance(outs, (list, tuple)) else [outs]
            return [outs[k] for k in differentiable], outs

        return of_wanted, [args[i] for i in wanted]

    def pullback(self, present, restart=False, stacked=False):
        """A pullback of the outputs `present`.

        Args:
          present: the outputs that have a cotangent.
          restart: whether it starts from the op's inputs, whatever the forward has kept.
          stacked: whether cotangents have one more dimension in front, over which it is mapped.

        Returns:
          (Op of residuals and cotangents to the cotangents of the wanted inputs, residuals).
        """
        key = present, restart, stacked
        found = self.pullbacks.get(key)
        if found is None:
            if stacked:
                found = self._stacked(*self.pullback(present, restart))
            else:
                found = self._from_inputs(present) if restart else self._make_pullback(present)
            found[0].pulls = self, key
            self.pullbacks[key] = found
        return found

    def _stacked(self, pullback, residuals):
        def body(*args):
            count = len(args) - len(residuals)
            return jax.vmap(pullback.body, [None] * len(residuals) + [0] * count)(*args)

        return Op(pullback.kernel, body, grad=pullback.grad, single=False), residuals

    def _make_pullback(self, present):
        body = self._declared_gradient(present) if self.rule is not None else self._jax_gradient(present)
        residual_avals = [self._residual_aval(r) for r in self.residuals]
        cotangents = [self.out_avals[k] for k in present]
        pullback = Op(self.op.kernel + "Grad", body, grad=self.op.gradient_grad, single=False)
        closed = trace(pullback, body, [*residual_avals, *cotangents])
        # Residuals that the pullback does not look at need not be kept, unless a rule may look at them for other sizes.
        used = range(len(residual_avals)) if self.rule is not None and self.open else generic.looked_at(closed.jaxpr)
        keep = [i for i in range(len(residual_avals)) if i in used]
        if len(keep) < len(residual_avals):
            dropped = [i for i in range(len(residual_avals)) if i not in keep]

            def body_of_used(*args):
                args = list(args)
                for i in dropped:
                    a = residual_avals[i]
                    args.insert(i, jnp.zeros(a.shape, a.np_dtype))
                return body(*args)

            pullback = Op(pullback.kernel, body_of_used, grad=pullback.grad, single=False)
            jaxpr = closed.jaxpr
            invars = [v for i, v in enumerate(jaxpr.invars) if i not in dropped]
            debug_info = jaxpr.debug_info.with_unknown_names()
            trimmed = jaxpr.replace(invars=invars, eqns=generic.live_equations(jaxpr), debug_info=debug_info)
            closed = jex.ClosedJaxpr(trimmed, closed.consts)
        avals = [residual_avals[i] for i in keep] + cotangents
        pullback.specs[tuple(avals)] = spec = self.make_spec(pullback.kernel, closed, False)
        spec.origin = pullback, (), 0
        return pullback, [self.residuals[i] for i in keep]

    def _from_inputs(self, present):
        def body(*args):
            return self._pulled_from(args, present)

        return Op(self.op.kernel + "Grad", body, grad=self.op.gradient_grad, single=False), [("in", i) for i in range(len(self.avals))]

    def _pulled_from(self, args, present, taps=None):
        """The results of a pullback from the inputs, and cotangents, `args`."""
        count = len(self.avals)
        function, values = self._of_wanted(args[:count], taps)

        def of_present(*values):
            _, outs = function(*values)
            return [outs[k] for k in present], outs[self.count :]

        _, pull, aside = jax.vjp(of_present, *values, has_aux=True)
        return [*[conjugate(p) for p in pull([conjugate(c) for c in args[count:]])], *aside]

    def _residual_aval(self, residual):
        kind, i = residual
        return self.avals[i] if kind == "in" else self.forward.avals[i]

    def _jax_gradient(self, present):
        tree, count, aside = self.tree, len(self.residuals), self.aside
        differentiable, avals = self.differentiable, self.out_avals

        def body(*args):
            leaves, given = args[aside:count], dict(zip(present, args[count:], strict=True))
            cotangents = []
            for k in differentiable:
                a = avals[k]
                cotangents.append(conjugate(given[k]) if k in given else jnp.zeros(a.shape, a.np_dtype))
            pulled = jax.tree_util.tree_unflatten(tree, leaves)(cotangents)
            return [*[conjugate(p) for p in pulled], *args[:aside]]

        return body

    def _declared_gradient(self, present):
        op, count, n, wanted, avals = self.op, self.count, len(self.avals), self.wanted, self.avals
        floating = [i for i, a in enumerate(avals) if a.differentiable]
        rule, out_avals, without = self.rule, self.out_avals, self.without

        def body(*args):
            inputs, outs = args[:n], args[n : n + count]
            given = dict(zip(present, args[n + count :], strict=True))
            with as_inlined(op.body):
                g = [given[k] if k in given else jnp.zeros(a.shape, a.np_dtype) for k, a in enumerate(out_avals)]
                grads = rule(g[0] if op.single else g, outs[0] if op.single else list(outs), inputs)
                grads = list(grads) if isinstance(grads, (list, tuple)) else [grads]
                by_input = dict(zip(floating, grads, strict=True))
                without.update([i for i in floating if by_input[i] is None])
                return [
                    jnp.asarray(by_input[i], avals[i].np_dtype).reshape(avals[i].shape) for i in wanted if i not in without
                ]

        return body


class SizedDerivative:
    """A Derivative for given sizes, from one with symbolic dimensions; traced exactly only when that is needed."""

    source = places = None
    aside = 0

    def __init__(self, symbolic, sizes, exact, plain):
        self._exact, self._make_exact = None, exact
        self.op = symbolic.op
        self.differentiable, self.count, self.kept = symbolic.differentiable, symbolic.count, symbolic.kept
        self.mask, self.wanted, self.extras, self.keep = symbolic.mask, symbolic.wanted, symbolic.extras, symbolic.keep
        self.kernel, self.flow, self.reached = symbolic.kernel, symbolic.flow, symbolic.reached
        self.forward = plain
        if symbolic.forward is not symbolic.plain:
            name, form = plain.name, symbolic.forward
            self.forward = Spec.of_sizes(name, form, sizes, lambda: self.exact().forward.jaxpr, False)
            self.forward.plain = plain
            self.forward.derivative = self, "forward"
        name = symbolic.whole.kernel
        self.whole_spec = Spec.of_sizes(
            name, symbolic.whole_spec, sizes, lambda: self.exact().whole_spec.jaxpr, False
        )
        self.whole_spec.derivative = self, "whole_spec"

    def exact(self):
        if self._exact is None:
            self._exact = self._make_exact()
        return self._exact

    @property
    def whole(self):
        return self.exact().whole

    def pullback(self, *arguments):
        return self.exact().pullback(*arguments)


class Undefined:
    """Stands for the Derivative of an op that TensorFlow has no gradient of: to pull back through it raises."""

    flow = reached = source = places = None
    extras, kept, keep = False, (), keeper(())

    def __init__(self, error, spec, mask):
        self.error, self.forward, self.mask, self.count = error, spec, mask, len(spec.avals)
        self.wanted = [i for i, m in enumerate(mask) if m]
        self.differentiable = list(range(self.count))

    @property
    def whole_spec(self):
        raise self.error()

    def pullback(self, *_):
        raise self.error()


def reached(flow, mask):
    """The results that depend on inputs of `mask`; None where all do."""
    wanted = sum(1 << i for i, m in enumerate(mask) if m)
    return None if flow is None else [k for k, bits in enumerate(flow) if bits & wanted]


def conjugate(x):
    return jnp.conj(x) if jnp.issubdtype(x.dtype, jnp.complexfloating) else x

