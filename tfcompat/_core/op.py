"""How an op is declared, and what is inferred from the declaration.

    @op("Sum", T=NUMBERS)
    def reduce_sum(input_tensor: T, axis: Axes = None, keepdims: Bool = False):
        '''Sum over `axis`.'''
        return jnp.sum(input_tensor, axis, keepdims=keepdims)

The signature is TensorFlow's (a last `name=None` is added where it is missing). Annotations tell data from attributes:
`T`, `U`, ... are tensors (one letter, one dtype), `Many` a list of tensors, the rest attributes that are made hashable.
The body is pure JAX: it gets arrays for data and canonical attributes, may raise TensorFlow's errors about shapes, and
is traced once for each (attributes, avals). From that one jaxpr come result shapes, host form, compiled form, gradient.
"""

import functools
import inspect
import itertools
import types

import jax
import numpy as np
from jax.extend import core as jex

from tfcompat._core import (
    attributes,
    caches,
    costs,
    dtypes,
    errors,
    failures,
    generic,
    interpret,
    program as _program,  # it registers itself as what runs closed segments
    segment as segments,
    sizes,
)
from tfcompat._core.avals import aval, aval_of
from tfcompat._core.callsite import call_site, describe
from tfcompat._core.context import settings, state
from tfcompat._core.convert import convert, convert_first, convert_group, convert_many, convert_operands, convert_pair
from tfcompat._core.stats import stats
from tfcompat._core.tensor import Tensor
from tfcompat._core.tensor_base import HOST_TYPES, PLAIN, STATIC, host_value

_serials = itertools.count(1)
STATIC_SIZE = 64  # elements; integer arithmetic on constants up to this size is done at once

REGISTRY = {}  # kernel name -> Op


class Data:
    """Annotation of a tensor argument. Arguments with the same letter have the same dtype.

    Args:
      letter: name of the dtype variable.
      default: dtype that Python data gets when no tensor decides it.
      only: the one dtype that the argument takes (Python data that does not fit it raises TypeError).
    """

    many = False

    def __init__(self, letter, default=None, only=None):
        self.letter = letter
        self.default = default
        self.only = only


class Many(Data):
    """Annotation of a list of tensors, all of the dtype `letter`."""

    many = True


T, U, V = Data("T"), Data("U"), Data("V")
Index = Data("Tidx", dtypes.int32)


class Spec:
    """One op at one set of attributes and input avals: result avals, jaxpr, host function, static costs."""

    __slots__ = ("_evaluate", "_host", "_host_in_place", "_jaxpr", "_looked_at", "_trace", "avals", "checked",
                 "compile_cost", "cost", "derivative", "derivatives", "equations", "id", "inplace", "name", "nbytes", "origin",
                 "plain", "single", "special", "static")  # fmt: skip

    effect = False  # True where running it acts on the outside
    urgent = False  # True where it is compiled the first time it runs
    coded = False  # True where its last result is an error code, 0 for none
    function = False  # True for the call of a function, of which all results are computed
    depends = None  # for each result the set of inputs it has a gradient for, as bits; None: for all

    def __init__(self, name, jaxpr, single, inplace=None):
        stats.traces += 1
        self.id = next(_serials)
        self.name = name
        self._jaxpr = jaxpr
        self.avals = tuple([aval(v.aval.shape, v.aval.dtype) for v in jaxpr.jaxpr.outvars])
        self.single = single
        self.inplace = inplace
        self._host = self._host_in_place = self._evaluate = self._trace = self._looked_at = None
        self.origin = None  # (op, attributes, count) it was inferred from
        self.derivative = None  # (Derivative, which of its Specs), where it belongs to one
        self.nbytes = sum(a.nbytes for a in self.avals)
        moved, self.equations, kernels = costs.work(jaxpr.jaxpr)
        self.cost = costs.interpreting(moved, self.equations)
        self.compile_cost = costs.compiling(self.equations, kernels)
        self.static = self.special = self.checked = False
        self.derivatives = {}  # which inputs are watched -> vjp.Derivative, or False where none is needed

    @classmethod
    def of_sizes(cls, name, form, sizes, trace, single, inplace=None):
        """A Spec for given sizes from a symbolic trace; `trace` gives the exact jaxpr when it is compiled."""
        self = cls.__new__(cls)
        self.id = next(_serials)
        self.name, self.single, self.inplace = name, single, inplace
        self._jaxpr, self._trace = None, trace
        self._looked_at = form.looked_at
        self.avals = form.at(sizes)
        self._host = functools.partial(form.host, sizes)
        self._host_in_place = self._evaluate = self.origin = self.derivative = None
        self.nbytes = sum(a.nbytes for a in self.avals)
        self.equations, self.cost, self.compile_cost = form.equations, form.cost(sizes), form.compile_cost
        self.static = self.special = self.checked = False
        self.derivatives = {}
        return self

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
            return getattr(resizing.derivative(derivative), which)
        op, attrs, count = self.origin
        attrs = (avals[0].shape,) if op is RESIZE else resizing.attribute(attrs)
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


class Check:
    """A condition on values that the op raises about.

    Args:
      bad: JAX function of the op's data and attributes (same signature as the op) to a boolean, true where it fails.
      message: function of the NumPy values and attributes to the error's text.
      error: exception class (node_def, op, message).
      immediate: True for asserts and solvers: in eager code the pending work is always run for them.
      dtypes: where given, the op is checked only if its first operand has one of these dtypes.
    """

    def __init__(self, bad, message, error=errors.InvalidArgumentError, immediate=False, dtypes=None):
        self.bad = bad
        self.dtypes = dtypes
        self.message = message
        self.error = error
        self.immediate = immediate


class Op:
    """A declared primitive. Its caches are bounded; losing an entry costs a trace."""

    folded = False  # True where it stands for a stretch of nodes, and knows its derivatives (stretch.py)
    gradient_only = ()  # positions of inputs that are not looked at: the gradient goes to them alone
    only = None  # the one Spec of an op that was made for certain inputs
    places = None  # of a pullback: which of its results each wanted input gets; None: one each

    def __init__(self, kernel, body, parameters=None, dtypes=None, grad=True, check=None, inplace=None, static=True,
                 single=True, complain=None, strings=None):  # fmt: skip
        self.kernel = kernel
        self.body = body
        self.parameters = parameters
        self.dtypes = dtypes or {}
        self.grad = grad
        self.check = check
        self.inplace = inplace
        self.static = static
        self.single = single
        self.complain = complain
        self.strings = strings
        self.specs = caches.Bounded(20_000)
        self.taped_forms = caches.Bounded(2_000)  # the same for derivatives
        self.forms = caches.Bounded(2_000)  # pattern -> number of exact traces, a generic.GenericSpec, or False
        self.checker = None if check is None else Op(kernel + ".check", check.bad, parameters)
        self.annotations = [a for _, a in parameters or () if not isinstance(a, Data)]
        self.hot_sites = caches.Bounded(1_000)
        self.pulls = None  # (Derivative, arguments of its `pullback`) of a pullback
        self.alone = None  # for a node that stands alone: function from its Spec to its Op
        self.agree = None  # (shapes, *attrs) -> labels for `sizes.agreeing`; set by the op's module
        self.sparse_grad = None  # (ins, attrs, mask) -> a pullback that gives IndexedSlices, or None; set by the op's module

    def __repr__(self):
        return f"<op {self.kernel}>"

    def function(self, attrs, count):
        """The body as a function of the data alone, flat."""
        if self.parameters is None:
            return self.body
        return lambda *data: self.body(*arrange(self.parameters, data, attrs, count))

    def spec(self, ins, attrs=(), count=0):
        """The Spec for these inputs. Raises TensorFlow's error where dtypes or shapes do not fit."""
        key = (*[t._aval for t in ins], *attrs)
        return self.specs.get(key) or self.infer(key, ins, attrs, count)

    def infer(self, key, ins, attrs, count):
        full = (*[t._aval for t in ins], *attrs)
        if len(key) < len(full):  # all attributes have their defaults
            spec = self.specs[key] = self.specs.get(full) or self.infer(full, ins, attrs, count)
            return spec
        if state.trace is None or state.trace.at_call:
            check_dtypes(self, ins)
            return self.infer_shapes(key, ins, attrs, count)
        # While a function is recorded, what does not fit is TypeError and ValueError, as where graphs are built.
        try:
            check_dtypes(self, ins)
        except errors.InvalidArgumentError as error:
            raise TypeError(error.message) from None
        try:
            return self.infer_shapes(key, ins, attrs, count)
        except errors.InvalidArgumentError as error:
            raise ValueError(error.message) from None

    def infer_shapes(self, key, ins, attrs, count):
        """The Spec for these inputs, whose dtypes fit."""
        avals = [t._aval for t in ins]
        pattern = generic.Pattern(avals, attrs, self.annotations, count)
        form = self.forms.get(pattern.key, 0)

        def exact():
            return trace(self, self.function(attrs, count), avals)

        if isinstance(form, generic.GenericSpec):
            spec = Spec.of_sizes(self.kernel, form, pattern.sizes, exact, self.single, self.inplace)
        else:
            jaxpr = exact()
            spec = Spec(self.kernel, jaxpr, self.single, self.inplace)
            if form is not False and pattern.sizes:
                self.forms[pattern.key] = form + 1
                if form >= generic.EXACT_TRACES:
                    self.forms[pattern.key] = self.generic_spec(pattern, jaxpr)
        if state.trace is None or state.trace.sizes is None:
            failures.check_memory(self.kernel, spec.avals)
        small = all(a.size <= STATIC_SIZE and (a.np_dtype.kind in "iub") for a in (*spec.avals, *(t._aval for t in ins)))
        spec.static = self.static and small
        spec.checked = self.check is not None and (self.check.dtypes is None or ins[0]._aval.dtype in self.check.dtypes)
        spec.special = spec.static or spec.checked
        spec.origin = self, attrs, count
        self.specs[key] = spec
        return spec

    def generic_spec(self, pattern, exact):
        """The symbolic trace of a pattern, or False where there is none that does what `exact` does."""
        try:
            form = generic.Form(pattern)
            closed = trace(self, self.function(form.attrs, pattern.key[2]), form.avals)
            return generic.GenericSpec(closed, form.names) if generic.same_program(closed, exact) else False
        except Exception:  # noqa: BLE001 - sizes that cannot be compared symbolically raise many things
            return False


def arrange(parameters, data, attrs, count):
    """Arguments of an op's body in the order of its signature."""
    data, attrs = iter(data), iter(attrs)
    arguments = []
    for _, annotation in parameters:
        if isinstance(annotation, Data):
            arguments.append([next(data) for _ in range(count)] if annotation.many else next(data))
        else:
            arguments.append(next(attrs))
    return arguments


def trace(op, function, avals):
    """`jax.make_jaxpr`, with JAX's complaints about shapes turned into TensorFlow's exception type."""
    try:
        with jax.enable_x64(True):
            return jax.make_jaxpr(function)(*[a.struct for a in avals])
    except errors.OpError:
        raise
    except (TypeError, ValueError, ZeroDivisionError, IndexError, NotImplementedError) as error:
        if getattr(error, "from_tfcompat", False):
            raise
        shapes = ", ".join(str(list(a.shape)) for a in avals)
        text = str(error).split("\n")[0]
        raise errors.InvalidArgumentError(
            None, None, f"{op.kernel}: incompatible inputs of shapes {shapes}: {text} [Op:{op.kernel}]"
        ) from None


def mismatch(kernel, position, expected, dtype):
    return errors.InvalidArgumentError(
        None, None, f"cannot compute {kernel} as input #{position}(zero-based) was expected to be a "
        f"{dtypes.c_name(expected)} tensor but is a {dtypes.c_name(dtype)} tensor [Op:{kernel}] name: ",
    )  # fmt: skip


# The order in which TensorFlow lists dtypes
_LISTED = [dtypes.c_name(d) for d in (
    dtypes.bfloat16, dtypes.half, dtypes.float32, dtypes.float64, dtypes.uint8, dtypes.uint16, dtypes.uint32,
    dtypes.uint64, dtypes.int8, dtypes.int16, dtypes.int32, dtypes.int64, dtypes.complex64, dtypes.complex128,
)]  # fmt: skip


def check_dtypes(op, ins):
    """Raises unless inputs that share a dtype variable agree and the op takes that dtype."""
    if op.parameters is None:
        return
    if op.complain is not None:
        op.complain(*[t._aval.dtype for t in ins])
    data = [a for _, a in op.parameters if isinstance(a, Data)]
    seen = {a.letter: a.only for a in data if a.only is not None}
    extra = len(ins) - len(data)
    letters = [a.letter for a in data for _ in range(1 + extra if a.many else 1)]
    for position, (letter, t) in enumerate(zip(letters, ins, strict=False)):
        dtype = t._aval.dtype
        expected = seen.setdefault(letter, dtype)
        if expected is not dtype:
            raise mismatch(op.kernel, position, expected, dtype)
        allowed = op.dtypes.get(letter)
        if allowed is not None and dtype not in allowed:
            names = ", ".join(sorted(map(dtypes.c_name, allowed), key=lambda name: (_LISTED.index(name) if name in _LISTED else 99, name)))
            raise errors.InvalidArgumentError(
                None, None,
                f"Value for attr '{letter}' of {dtypes.c_name(dtype)} is not in the list of allowed values: {names}"
                f"\n\t; NodeDef: {op.kernel}; [Op:{op.kernel}] name: ",
            )  # fmt: skip


def call(op, key, ins, attrs, count=0, spec=None):
    """Records one call of an op. The general path: inference, static arithmetic, checks of values, tapes.

    Args:
      spec: what `op.specs` has for `key`, where the caller has looked.

    Returns:
      The result Tensor, or the list of results of an op that has several.
    """
    if spec is None:
        spec = op.specs.get(key)
    if spec is None:
        if op.strings is not None and ins and ins[0]._aval.dtype is dtypes.string:
            return call_on_strings(op, ins)
        try:
            spec = op.infer(key, ins, attrs, count)
        except Exception as error:
            open_sizes = state.trace is not None and state.trace.sizes is not None and not isinstance(error, sizes.NOT_ENOUGH)
            assumed = assume(op, ins, attrs, count) if open_sizes else None
            if assumed is None:
                raise failures.trimmed(error)  # noqa: B904 - it is the same error
            ins = assumed
            key = (*[t._aval for t in ins], *attrs)
            spec = op.spec(ins, attrs, count)
    if spec.special:
        if spec.checked:
            check_values(op, key, ins, attrs, count)
        at_once = spec.static and all([t._slot == STATIC for t in ins])
        if at_once and (not settings.synchronous or state.trace is not None):
            with np.errstate(all="ignore"):
                results = spec.host(*[t._value for t in ins])
            tensors = [Tensor(a, value, None, STATIC) for a, value in zip(spec.avals, results, strict=True)]
            return tensors[0] if spec.single else tensors
    context = state.context
    if context.tapes or context.accumulators:
        return _taped_call(context, op, spec, ins, attrs, count)
    return context.segment.record(spec, ins)


def assume(op, ins, attrs, count):
    """The inputs with stand-ins for unknown sizes that fit, or None."""
    avals = [t._aval for t in ins]
    unknown = state.trace.sizes
    if not any([unknown.unknown(d) for a in avals for d in a.shape]):
        return None
    for shapes in itertools.islice(sizes.assumptions(op, avals, attrs, unknown), sizes.MAX_TRIES):
        tried = [sizes.Operand(aval(s, a.np_dtype)) for s, a in zip(shapes, avals, strict=True)]
        try:
            op.spec(tried, attrs, count)
        except (TypeError, ValueError, errors.OpError, *sizes.NOT_ENOUGH):
            continue
        return [sizes.resized(t, s) for t, s in zip(ins, shapes, strict=True)]
    return None


def call_on_strings(op, ins):
    """An op on strings, which are host values always: computed at once."""
    for position, t in enumerate(ins):
        if t._aval.dtype is not dtypes.string:
            raise mismatch(op.kernel, position, dtypes.string, t._aval.dtype)
    result = op.strings(*[np.asarray(host_value(t)) for t in ins])
    return Tensor(aval_of(result), result, None, PLAIN)


_taped_call = None  # tape.record; set by tape, which imports this module


def set_taped_call(function):
    global _taped_call
    _taped_call = function


def invoke(op, ins, attrs=(), count=0):
    """Calls an op on tensors that are converted already."""
    return call(op, (*[t._aval for t in ins], *attrs), ins, attrs, count)


def op(kernel, *, grad=True, check=None, inplace=None, static=True, single=True, convert="group", complain=None,
       strings=None, **letters):  # fmt: skip
    """Declares an op; see the module's docstring.

    Args:
      kernel: TensorFlow's name of the kernel, for messages.
      grad: True: JAX's vjp. None: not differentiable, gradients are None. Or a function
        `(g, out, *data, **attributes)` -> cotangent(s) of the floating data, in order (a tuple where there are several;
        `g` and `out` are lists where the op has several results), written in JAX.
      check: a Check on values.
      inplace: index of the operand that the op updates; the interpreter may overwrite it when nobody else holds it.
      static: False for what must never be evaluated while recording (random draws).
      single: False where the body returns a list.
      convert: how data that is not yet a tensor becomes one: "group" (where arguments share a dtype, a tensor among
        them decides it), "first" (the first operand decides, the second follows if it can), "operands" (like "first"
        where the first operand is a tensor, else "group").
      strings: function of NumPy arrays of bytes that computes the op at once where its data are strings.
      complain: function of the data's dtypes that raises where they do not fit, before the general checks.
      **letters: the dtypes that each dtype variable takes (default: any).
    """

    def declare(body):
        signature = inspect.signature(body)
        parameters = [(p.name, p.annotation) for p in signature.parameters.values() if p.name != "name"]
        declared = Op(kernel, body, parameters, letters, grad, check, inplace, static, single, complain, strings)
        REGISTRY[kernel] = declared
        public = make_public(declared, body, signature, CONVERSIONS[convert])
        return public

    return declare


def dispatch(op, error, arguments):
    """What an op gives of arguments that are no tensors, by the `__tf_dispatch__(kernel, arguments)` of one of their types.

    Raises:
      error: none of them has such a method, or all return NotImplemented.
    """
    for value in arguments.values():
        handler = getattr(type(value), "__tf_dispatch__", None)
        result = NotImplemented if handler is None else handler(op.kernel, arguments)
        if result is not NotImplemented:
            return result
    raise error


CONVERSIONS = {"group": convert_group, "first": convert_first, "operands": convert_operands}


def make_public(declared, body, signature, convert_data=convert_group):
    """The function that users call. Its code is generated at the first call: at import it would cost 0.2 ms an op."""
    parameters = list(signature.parameters.values())
    if not any(p.name == "name" for p in parameters):
        parameters.append(inspect.Parameter("name", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None))
    names = {"Tensor": Tensor, "state": state, "op": declared, "specs_get": declared.specs.get, "call": call,
             "convert": convert, "convert_group": convert_data, "convert_many": convert_many,
             "dispatch": dispatch}  # fmt: skip
    public = types.FunctionType(_UNMADE, names, body.__name__)

    def make(args, kwargs):
        made = generate(body.__name__, parameters, names)
        public.__defaults__ = made.__defaults__
        public.__code__ = made.__code__  # the other threads' calls follow from here on
        try:
            return public(*args, **kwargs)
        except Exception as error:
            raise failures.trimmed(error)  # noqa: B904 - the same error, without the frames of a first call

    names["make"] = make
    public.__doc__ = body.__doc__
    public.__module__ = body.__module__
    public.__qualname__ = body.__name__
    public.__signature__ = signature.replace(
        parameters=[p.replace(annotation=inspect.Parameter.empty) for p in parameters]
    )
    public.op = declared
    return public


_UNMADE = (lambda *args, **kwargs: make(args, kwargs)).__code__  # noqa: F821 - a name of each op's own globals


def generate(name, parameters, names):
    """Generates an op's function: converts data, canonicalises attributes, looks the spec up, records.

    Where all attributes have their defaults, and these are True, False and None, the key is the avals alone.
    """
    header, lines, canonical, data, attrs, usual, many = [], [], [], [], [], [], None
    names["record_taped"] = _taped_call
    for p in parameters:
        if p.default is inspect.Parameter.empty:
            header.append(p.name)
        else:
            names[f"default_{p.name}"] = p.default
            header.append(f"{p.name}=default_{p.name}")
        if p.name == "name":
            continue
        if isinstance(p.annotation, Data):
            data.append((p.name, p.annotation))
            many = p.name if p.annotation.many else many
        else:
            names[f"canon_{p.name}"] = p.annotation.canonical
            fast = p.annotation.fast.format(x=p.name)
            canonical.append(f"if not ({fast}): {p.name} = canon_{p.name}({p.name}, '{p.name}')")
            attrs.append(p.name)
            if p.default is None or type(p.default) is bool:
                usual.append((p.name, p.default))
    single = [name for name, a in data if not a.many]
    names["annotations"] = [a for _, a in data]
    joined = ", ".join(name for name, _ in data)
    if many:
        conversion = f"({joined},) = convert_many(op, annotations, ({joined},), {[n for n, _ in data]})"
        flat = ", ".join(f"*{n}" if n == many else n for n, _ in data)
        count = f"len({many})"
    elif data:
        if names["convert_group"] is convert_group and len(data) == 2 and data[0][1] is data[1][1] and data[0][1].only is None:
            names["convert_group"] = convert_pair
        test = " or ".join(f"type({n}) is not Tensor" for n in single)
        conversion = f"if {test}: ({joined},) = convert_group(op, annotations, ({joined},), {[n for n, _ in data]})"
        flat, count = joined, "0"
    else:
        flat, count = "", "0"
    if data:
        arguments = ", ".join(f"{p.name}={p.name}" for p in parameters)
        lines[:0] = ["try:", f"    {conversion}", "except (TypeError, ValueError) as error:",
                     f"    return dispatch(op, error, dict({arguments}))"]  # fmt: skip
    ins = f"({flat},)" if flat else "()"
    attributes_text = f"({', '.join(attrs)},)" if attrs else "()"
    avals = ", ".join(
        [f"*[t._aval for t in {n}]" if n == many else f"{n}._aval" for n, _ in data] + attrs + ([count] if many else [])
    )
    if usual and not many and len(usual) == len(attrs):
        test = " and ".join(f"{n} is {value}" for n, value in usual)
        own = ", ".join(f"{n}._aval" for n, _ in data)
        lines.append(f"if {test}: key = ({own},)")
        lines += ["else:", *[f"    {line}" for line in canonical], f"    key = ({avals},)"]
    else:
        lines += [*canonical, f"key = ({avals},)" if avals else "key = ()"]
    lines += [
        "spec = specs_get(key)",
        "context = state.context",
        "if spec is None or spec.special:",
        f"    return call(op, key, {ins}, {attributes_text}, {count}, spec)",
        "if context.tapes or context.accumulators:",
        f"    return record_taped(context, op, spec, {ins}, {attributes_text}, {count})",
        f"return context.segment.record(spec, {ins})",
    ]
    source = f"def {name}({', '.join(header)}):\n" + "".join(f"    {line}\n" for line in lines)
    exec(compile(source, f"<tfcompat op {name}>", "exec"), names)
    return names[name]


class Flag:
    """An error flag of a recorded check: the tensor that is true when it failed, and how to say so."""

    index = 0  # which result of the node it is

    __slots__ = ("attrs", "check", "count", "op", "position", "site", "tensor")

    def __init__(self, op, attrs, count, tensor, position, site):
        self.op, self.check, self.attrs, self.count = op, op.check, attrs, count
        self.tensor, self.position, self.site = tensor, position, site

    def moved(self, by):
        return Flag(self.op, self.attrs, self.count, self.tensor, self.position + by, self.site)

    def resized(self, resizing, avals):
        """The flag of the same check where sizes are others."""
        return Flag(self.op, resizing.attribute(self.attrs), self.count, self.tensor, self.position, self.site)

    def error(self, *values):
        self.op.hot_sites[self.site] = "failed"
        text = values_message(self.op, values, self.attrs, self.count) if values else f"{self.op.kernel}: bad value"
        return self.check.error(None, None, f"{text} (called at {describe(self.site)}) [Op:{self.op.kernel}] name: ")


def values_message(op, values, attrs, count):
    return op.check.message(*arrange(op.parameters, [np.asarray(v) for v in values], attrs, count))


def check_values(op, key, ins, attrs, count):
    """Raises at once where the operands are at hand; at a call site that has proven good, records a flag instead."""
    symbolic = state.trace is not None
    checker = op.checker
    spec = checker.specs.get(key) or checker.infer(key, ins, attrs, count)
    looked_at = spec.looked_at
    site = None
    seen = not (symbolic and any([sizes.has_unknown(t) for t in ins]))  # sizes are operands of a check, too
    seen = seen and all([type(v := ins[i]._value) in HOST_TYPES or at_hand(v) for i in looked_at])
    if (symbolic or not op.check.immediate) and not seen:
        site = call_site()
        if symbolic or op.hot_sites.get(site) == "good":
            segment = segments.current()
            flag = segment.record(spec, ins)
            if flag._value is None:
                segment.flags.append(Flag(op, attrs, count, flag, len(segment.specs) - 1, site))
            if flag._value is None or not np.any(flag._value):
                return  # recorded, or run at once and found good
    # A large operand of which only the shape matters is not read: an array with a NumPy view cannot be donated.
    values = []
    for i, t in enumerate(ins):
        value = t._value if i in looked_at else stand_in(t._aval)
        values.append(value if type(value) in HOST_TYPES else host_value(t))
    if any([ins[i]._aval.differentiable for i in looked_at]):
        with np.errstate(all="ignore"):
            failed = spec.host(*values)[0]
    else:
        failed = spec.host(*values)[0]  # comparisons of integers warn of nothing
    failed = bool(failed) if failed.ndim == 0 else bool(failed.any())
    if failed:
        if site is not None:
            op.hot_sites[site] = "failed"
        text = values_message(op, values, attrs, count)
        raise op.check.error(None, None, f"{text} [Op:{op.kernel}] name: ")
    if site is not None and op.hot_sites.get(site) is None:
        op.hot_sites[site] = "good"


def at_hand(value):
    """Whether a payload can be looked at for nothing: it is there, and in the memory of this machine."""
    return value is not None and (not isinstance(value, jax.Array) or not _program.has_accelerator())


@functools.lru_cache(1024)
def stand_in(a):
    """An array of an aval's shape and dtype that takes no memory."""
    return np.broadcast_to(np.zeros((), a.np_dtype), a.shape)


Axes, Axis, Bool = attributes.Axes, attributes.Axis, attributes.Bool
Int, Float, Str = attributes.Int, attributes.Float, attributes.Str
Shape, Ints, Dtype, Any = attributes.Shape, attributes.Ints, attributes.Dtype, attributes.Any

RESIZE = Op("EnsureShape", sizes.resize_body, [("x", T), ("shape", Any)])
sizes.set_op(RESIZE, invoke)
