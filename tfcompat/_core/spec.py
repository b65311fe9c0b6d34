"""What is inferred of an op at one set of attributes and input avals, and the ways to run it."""

import functools
import itertools

import jax
import numpy as np
from jax.extend import core as jex

from tfcompat._core import costs, failures, generic, interpret, plans, sizes
from tfcompat._core.avals import aval
from tfcompat._core.stats import stats

serials = itertools.count(1)


class Spec:
    """One op at one set of attributes and input avals: result avals, jaxpr, host function, static costs."""

    __slots__ = ("_evaluate", "_host", "_host_in_place", "_jaxpr", "_looked_at", "_reshapes", "_trace", "avals", "checked",
                 "compile_cost", "cost", "derivative", "derivatives", "equations", "id", "inplace", "judging", "latest", "name", "nbytes", "origin",
                 "plain", "single", "special", "static", "taped")  # fmt: skip

    effect = False  # True where running it acts on the outside
    staged = False  # True where a call of a function stops at it (staged.py)
    unranked = ()  # numbers of the results of which not even the rank is known
    urgent = False  # True where it is compiled the first time it runs
    coded = False  # True where its last result is an error code, 0 for none
    function = False  # True for the call of a function, of which all results are computed
    depends = None  # for each result the set of inputs it has a gradient for, as bits; None: for all

    def __init__(self, name, jaxpr, single, inplace=None):
        stats.traces += 1
        self.id = next(serials)
        self.name = name
        self._jaxpr = jaxpr
        self.avals = tuple([aval(v.aval.shape, v.aval.dtype) for v in jaxpr.jaxpr.outvars])
        self.single = single
        self.inplace = inplace
        self._host = self._host_in_place = self._evaluate = self._trace = self._looked_at = self._reshapes = None
        self.origin = None  # (op, attributes, count) it was inferred from
        self.derivative = None  # (Derivative, which of its Specs), where it belongs to one
        self.nbytes = sum(a.nbytes for a in self.avals)
        self._count()
        self.static = self.special = self.checked = False
        self.derivatives = {}  # which inputs are watched -> vjp.Derivative, or False where none is needed
        self.taped = None  # (Spec recorded under tapes the last time, op, attributes, count); see entries.py
        self.judging = None  # what _hot_checks.c needs of the op's check

    @classmethod
    def of_sizes(cls, name, form, sizes, trace, single, inplace=None):
        """A Spec for given sizes from a symbolic trace; `trace` gives the exact jaxpr when it is compiled."""
        self = cls.__new__(cls)
        self.id = next(serials)
        self.name, self.single, self.inplace = name, single, inplace
        self._jaxpr, self._trace = None, trace
        self._looked_at, self._reshapes = form.looked_at, form.reshapes
        self.avals = form.at(sizes)
        self._host = functools.partial(form.host, sizes)
        self._host_in_place = self._evaluate = self.origin = self.derivative = None
        self.nbytes = sum(a.nbytes for a in self.avals)
        self.equations, self.cost, self.compile_cost = form.equations, form.cost(sizes), form.compile_cost
        self.static = self.special = self.checked = False
        self.derivatives = {}
        self.taped = self.judging = None
        return self

    def _count(self):
        """The static costs, from the exact jaxpr."""
        moved, self.equations, kernels = costs.work(self.jaxpr.jaxpr)
        self.cost = costs.interpreting(moved, self.equations, plans.covers(self.jaxpr.jaxpr))
        self.compile_cost = costs.compiling(self.equations, kernels)

    def become_exact(self):
        """Has a Spec of a symbolic trace what others have from their exact ones: a plan, and costs. Returns whether it was one."""
        if type(self._host) is not functools.partial:
            return False
        self._host = self._host_in_place = None
        self._count()
        return True

    @property
    def jaxpr(self):
        if self._jaxpr is None:
            stats.traces += 1
            self._jaxpr = self._trace()
        return self._jaxpr

    @property
    def looked_at(self):
        """Positions of the inputs whose values matter; of the others the op uses the shape at most."""
        if self._looked_at is None:
            self._looked_at = generic.looked_at(self.jaxpr.jaxpr)
        return self._looked_at

    @property
    def reshapes(self):
        """Whether it only gives its operand another shape."""
        if self._reshapes is None:
            self._reshapes = generic.reshapes(self.jaxpr.jaxpr)
        return self._reshapes

    @property
    def host(self):
        """The op as a function from NumPy arrays to a tuple of NumPy arrays."""
        if self._host is None:
            try:
                self._host = interpret.host_function(self.jaxpr)
            except interpret.NoHostForm:
                self._host = native_function(self.jaxpr)
        return self._host

    @property
    def host_in_place(self):
        """Like `host`, but writes into the operand `inplace`."""
        if self._host_in_place is None and getattr(self.host, "planned", False):
            self._host_in_place = self.host  # to copy a small array takes less than NumPy to write into it
        if self._host_in_place is None:
            try:
                self._host_in_place = interpret.host_function(self.jaxpr, overwrite=(self.inplace,))
            except interpret.NoHostForm:
                self._host_in_place = self.host
        return self._host_in_place

    @property
    def evaluate(self):
        """The op as a JAX function from arrays to a list of arrays."""
        if self._evaluate is None:
            self._evaluate = jex.jaxpr_as_fun(self.jaxpr)
        return self._evaluate

    def resized(self, resizing, avals):
        """The Spec of the same node where sizes are others, for inputs of the avals `avals`."""
        if self.derivative is not None:
            derivative, which = self.derivative
            found = resizing.derivative(derivative)
            if found.kept != derivative.kept:
                raise sizes.Unresized("a derivative needs other values for these sizes")
            return getattr(found, which)
        op, attrs, count = self.origin
        attrs = op.attributes_at(resizing, attrs, avals)
        return resizing.op(op).spec([sizes.Operand(a) for a in avals], attrs, count)


def native_function(jaxpr):
    """A host function that runs the op as a compiled program of its own."""
    from tfcompat._core import compile_cache

    structs = [jax.ShapeDtypeStruct(v.aval.shape, v.aval.dtype) for v in jaxpr.jaxpr.invars]
    compiled = []

    def run(*arrays):
        if not compiled:
            stats.compiles += 1
            compiled.append(compile_cache.compile(jex.jaxpr_as_fun(jaxpr), structs))
        with jax.enable_x64(True):
            failures.check_fork()
            return tuple([np.asarray(a) for a in compiled[0](*arrays)])

    return run
