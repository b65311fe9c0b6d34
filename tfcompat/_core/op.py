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

import inspect

import jax
import numpy as np

from tfcompat._core import (
    attributes,
    caches,
    dtypes,
    errors,
    failures,
    generic,
    listed_dtypes,
    program as program,  # it registers itself as what runs closed segments
    sizes,
)
from tfcompat._core.avals import aval, aval_of
from tfcompat._core.checks import Check as Check, call_judged, check_values
from tfcompat._core.context import settings, state
from tfcompat._core.convert import convert, convert_first, convert_group, convert_many, convert_operands, convert_pair
from tfcompat._core.forms import compiled, made_by_form
from tfcompat._core.parameters import Data, Index as Index, Many as Many, T, U as U, V as V, arrange
from tfcompat._core.refusals import mistyped, unfit
from tfcompat._core.spec import Spec
from tfcompat._core.tensor import Tensor
from tfcompat._core.tensor_base import PLAIN, STATIC, host_value

STATIC_SIZE = 64  # elements; integer arithmetic on constants up to this size is done at once

REGISTRY = {}  # kernel name -> Op


class Unregistered:
    """The gradient of an op of which TensorFlow has none: to ask for it is an error."""

    def __init__(self, kernel):
        self.kernel = kernel

    def __call__(self, *_, **__):
        """Called where the derivative of a function with such an op in it is made."""
        raise LookupError(_UNDEFINED.format(kernel=self.kernel))

    def error(self):
        return LookupError(f"gradient registry has no entry for: {self.kernel}")


_UNDEFINED = (
    "No gradient defined for operation'{kernel}' (op type: {kernel}). In general every operation must have an associated "
    "`@tf.RegisterGradient` for correct autodiff, which this op is lacking. If you want to pretend this operation is a constant "
    "in your program, you may insert `tf.stop_gradient`. This can be useful to silence the error in cases where you know gradients "
    "are not needed, e.g. the forward pass of tf.custom_gradient. Please see more details in "
    "https://www.tensorflow.org/api_docs/python/tf/custom_gradient."
)


class Op:
    """A declared primitive. Its caches are bounded; losing an entry costs a trace."""

    folded = False  # True where it stands for a stretch of nodes, and knows its derivatives (stretch.py)
    gradient_only = ()  # positions of inputs that are not looked at: the gradient goes to them alone
    # What becomes of output gradients of another shape: "broadcast", a function of one and the shape, None: they are refused.
    seeds = None
    rows = None  # of a pullback: what makes slices of its own gradients (rows.PulledRows)
    only = None  # the one Spec of an op that was made for certain inputs
    places = None  # of a pullback: which of its results each wanted input gets (`entries.placed`); None: one each

    def __init__(self, kernel, body, parameters=None, dtypes=None, grad=True, check=None, inplace=None, static=True,
                 single=True, complain=None, strings=None, once=None):  # fmt: skip
        self.kernel = kernel
        self.body = body
        self.parameters = parameters
        self.dtypes = dtypes or {}
        self.grad = Unregistered(kernel) if grad is False else grad
        self.gradient_grad = True if once is None else Unregistered(once)
        self.check = check
        self.inplace = inplace
        self.static = static
        self.single = single
        self.complain = complain
        self.strings = strings
        self.specs = caches.Bounded(20_000)
        self.taped_forms = caches.Bounded(2_000)  # the same for derivatives
        self.forms = caches.Bounded(2_000)  # pattern -> what exact traces do, a generic.GenericSpec, or None
        self.checker = None if check is None or check.bad is None else Op(kernel + ".check", check.bad, parameters)
        self.annotations = [a for _, a in parameters or () if not isinstance(a, Data)]
        self.hot_sites = caches.Bounded(1_000)
        self.moved = caches.Bounded(1_000)  # of calls on strings, where an op moves elements: their key -> that of the same on numbers
        self.otherwise = call  # what records a call where there is no Spec yet, or a special one
        self.pulls = None  # (Derivative, arguments of its `pullback`) of a pullback
        self.alone = None  # for a node that stands alone: function from its Spec to its Op
        # (shapes, *attrs) -> for each shape a label for each axis: sizes agree where labels do. None: those at one place,
        # counted from the last axis or from the first. Set by the op's module.
        self.agree = None
        # (ins, attrs, mask) -> a pullback that gives IndexedSlices, or None. They are of the first input, at the positions
        # that the second one holds. Set by the op's module.
        self.sparse_grad = None
        self.slices_grad = None  # rows.Passing, where slices of the result may be slices of inputs

    def __repr__(self):
        return f"<op {self.kernel}>"

    def attributes_at(self, resizing, attrs, avals):
        """The attributes of a call where sizes are others, for inputs of the avals `avals`."""
        return resizing.attribute(attrs)

    def taking(self, places, count):
        """The pullback as one of `count` residuals, of which it takes those at `places`."""
        op = Op(self.kernel, lambda *args: self.body(*[args[i] for i in places], *args[count:]), single=False)
        op.places = self.places
        return op

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
        """The Spec for these inputs, traced."""
        full = (*[t._aval for t in ins], *attrs)
        if len(key) < len(full):  # all attributes have their defaults
            spec = self.specs[key] = self.specs.get(full) or self.infer(full, ins, attrs, count)
            return spec
        check_dtypes(self, ins)
        avals = [t._aval for t in ins]
        pattern = generic.Pattern(avals, attrs, self.annotations, count)
        form = self.forms.get(pattern.key, ())

        def exact():
            return trace(self, self.function(attrs, count), avals)

        seen = None if isinstance(form, generic.GenericSpec) or not pattern.sizes else form
        if seen is not None and len(seen) == generic.EXACT_TRACES:
            form = self.generic_spec(pattern, seen)
        if isinstance(form, generic.GenericSpec):
            spec = Spec.of_sizes(self.kernel, form, pattern.sizes, exact, self.single, self.inplace)
        else:
            jaxpr = exact()
            spec = Spec(self.kernel, jaxpr, self.single, self.inplace)
            if type(form) is tuple:
                form = (*form, generic.program(jaxpr))
        if seen is not None:
            self.forms[pattern.key] = form
        if state.trace is None or state.trace.sizes is None:
            failures.check_memory(self.kernel, spec.avals)
        small = all(a.size <= STATIC_SIZE and (a.np_dtype.kind in "iub") for a in (*spec.avals, *(t._aval for t in ins)))
        spec.static = self.static and small
        spec.checked = self.check is not None and (self.check.dtypes is None or ins[0]._aval.dtype in self.check.dtypes)
        spec.special = spec.static or spec.checked
        spec.origin = self, attrs, count
        self.specs[key] = spec
        return spec

    def generic_spec(self, pattern, seen):
        """The symbolic trace of a pattern, or None where there is none that does what exact ones, of which `seen` tells, do."""
        try:
            form = generic.Form(pattern)
            closed = trace(self, self.function(form.attrs, pattern.key[2]), form.avals)
            return generic.GenericSpec(closed, form.names) if {generic.program(closed)} == set(seen) else None
        except Exception:  # noqa: BLE001 - sizes that cannot be compared symbolically raise many things
            return None


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
        raise unfit(f"{op.kernel}: incompatible inputs of shapes {shapes}: {text} [Op:{op.kernel}]") from None


def mismatch(kernel, position, expected, dtype, while_recording=None):
    return mistyped(
        f"cannot compute {kernel} as input #{position}(zero-based) was expected to be a "
        f"{dtypes.c_name(expected)} tensor but is a {dtypes.c_name(dtype)} tensor [Op:{kernel}] name: ",
        while_recording,
    )


def _mismatch_while_recording(op, position, expected, ins):
    """What functions say of two dtypes where an op takes one: they know the names of its inputs."""
    data = [(name, a) for name, a in op.parameters if isinstance(a, Data)]
    extra = len(ins) - len(data)
    places = [pair for pair in data for _ in range(1 + extra if pair[1].many else 1)]
    name, annotation = places[position]
    if annotation.many:
        kinds = ", ".join([t._aval.dtype.name for t, (n, _) in zip(ins, places, strict=True) if n == name])
        return f"Tensors in list passed to '{name}' of '{op.kernel}' Op have types [{kinds}] that don't all match."
    text = f"Input '{name}' of '{op.kernel}' Op has type {ins[position]._aval.dtype.name} that does not match "
    if annotation.only is not None:
        return f"{text}expected type of {expected.name}."
    first = next(n for n, a in places if a.letter == annotation.letter)
    return f"{text}type {expected.name} of argument '{first}'."


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
            raise mismatch(op.kernel, position, expected, dtype, _mismatch_while_recording(op, position, expected, ins))
        allowed = op.dtypes.get(letter)
        if allowed is not None and dtype not in allowed:
            name = next(n for n, a in op.parameters if isinstance(a, Data) and a.letter == letter)
            raise listed_dtypes.refusal(op.kernel, letter, dtype, set(allowed), name)


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
                if open_sizes and sizes.among(ins, attrs):
                    error.of_sizes = sizes.among((), attrs)  # a call may have others: see `function`
                raise failures.trimmed(error)  # noqa: B904 - it is the same error
            ins = assumed
            key = (*[t._aval for t in ins], *attrs)
            spec = op.spec(ins, attrs, count)
    return _call(op, key, spec, ins, attrs, count)


def _call(op, key, spec, ins, attrs, count):
    """The rest of `call`. A frame of its own: errors that JAX catches while an op is traced keep the frames below alive for a while."""
    if spec.checked and op.check.bad is None:
        try:
            results = call_judged(op, key, spec, ins, attrs, count, _recorded)
        except errors.OpError as error:
            raise failures.trimmed(error)  # noqa: B904 - it is the same error
        return results if len(results) > 1 else results[0]
    if spec.special:
        fails = spec.checked and check_values(op, key, ins, attrs, count)
        at_once = spec.static and not fails and all([t._slot == STATIC for t in ins])
        at_once = at_once and (state.trace is None or not sizes.among((), attrs))
        if at_once and (not settings.synchronous or state.trace is not None):
            with np.errstate(all="ignore"):
                results = spec.host(*[t._value for t in ins])
            tensors = [Tensor(a, value, None, STATIC) for a, value in zip(spec.avals, results, strict=True)]
            return tensors[0] if spec.single else tensors
    context = state.context
    segment = context.segment
    results = _recorded(context, op, spec, ins, attrs, count)
    if spec.checked and op.check.immediate and context.trace is None and segment.flags and getattr(segment.flags[-1], "op", None) is op:
        try:
            segment.close("check")
        except errors.OpError as error:
            raise failures.trimmed(error)  # noqa: B904 - it is the same error
    return results


def _recorded(context, op, spec, ins, attrs, count):
    if context.tapes or context.accumulators:
        return _taped_call(context, op, spec, ins, attrs, count)
    return context.segment.record(spec, ins)


def assume(op, ins, attrs, count):
    """The inputs with stand-ins for unknown sizes that fit, or None."""
    if not sizes.among(ins, attrs):
        return None

    def results(shapes):
        tried = [sizes.Operand(aval(s, t._aval.np_dtype)) for s, t in zip(shapes, ins, strict=True)]
        try:
            return op.spec(tried, attrs, count).avals
        except (TypeError, ValueError, errors.OpError, *sizes.NOT_ENOUGH):
            return None

    return sizes.assumed(ins, attrs, op.agree, results)


def call_on_strings(op, ins):
    """An op on strings, which are host values always: computed at once."""
    if op.complain is not None:
        op.complain(*[t._aval.dtype for t in ins])
    for position, t in enumerate(ins):
        if t._aval.dtype is not dtypes.string:
            raise mismatch(op.kernel, position, dtypes.string, t._aval.dtype)
    result = op.strings(*[np.asarray(host_value(t)) for t in ins])
    return Tensor(aval_of(result), result, None, PLAIN)


_taped_call = None  # tape.record; set by tape, which imports this module


def set_taped_call(function):
    global _taped_call
    _taped_call = function


def recorded(op, key, ins, attrs, count):
    """Records one call of an op on tensors: what every op's function ends with. In C where that could be built (hot.py).

    Args:
      key: what `op.specs` may have a Spec for.

    Returns:
      What `call` returns.
    """
    spec = op.specs.get(key)
    if spec is None or spec.special:
        return op.otherwise(op, key, ins, attrs, count, spec)
    context = state.context
    if context.tapes or context.accumulators:
        return _taped_call(context, op, spec, ins, attrs, count)
    return context.segment.record(spec, ins)


def invoke(op, ins, attrs=(), count=0):
    """Calls an op on tensors that are converted already."""
    return call(op, (*[t._aval for t in ins], *attrs), ins, attrs, count)


def op(kernel, *, grad=True, check=None, inplace=None, static=True, single=True, convert="group", complain=None,
       strings=None, once=None, **letters):  # fmt: skip
    """Declares an op; see the module's docstring.

    Args:
      kernel: TensorFlow's name of the kernel, for messages.
      grad: True: JAX's vjp. None: not differentiable, gradients are None. False: TensorFlow has no gradient of it, and a walk
        back that comes to it raises LookupError. Or a function
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
      once: the kernel of the gradient, where TensorFlow has none of that.
      **letters: the dtypes that each dtype variable takes (default: any).
    """

    def declare(body):
        signature = inspect.signature(body)
        parameters = [(p.name, p.annotation) for p in signature.parameters.values() if p.name != "name"]
        declared = Op(kernel, body, parameters, letters, grad, check, inplace, static, single, complain, strings, once)
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
    """The function that users call."""
    parameters = list(signature.parameters.values())
    if not any(p.name == "name" for p in parameters):
        parameters.append(inspect.Parameter("name", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=None))
    names = {"Tensor": Tensor, "op": declared, "convert": convert, "convert_group": convert_data, "convert_many": convert_many,
             "dispatch": dispatch}  # fmt: skip
    public = made_by_form(body.__name__, names, lambda: generate(body.__name__, parameters, names), parameters)
    public.__name__ = body.__name__
    public.__doc__ = body.__doc__
    public.__module__ = body.__module__
    public.__qualname__ = body.__name__
    public.__signature__ = signature.replace(
        parameters=[p.replace(annotation=inspect.Parameter.empty) for p in parameters]
    )
    public.op = declared
    return public


def generate(name, parameters, names):
    """Generates an op's function: converts data, canonicalises attributes, looks the spec up, records.

    Where all attributes have their defaults, and these are True, False and None, the key is the avals alone.
    """
    header, lines, canonical, data, attrs, usual, many = [], [], [], [], [], [], None
    names["recorded"] = recorded
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
    lines.append(f"return recorded(op, key, {ins}, {attributes_text}, {count})")
    return compiled(name, ", ".join(header), lines, names)


Axes, Axis, Bool = attributes.Axes, attributes.Axis, attributes.Bool
Int, Float, Str = attributes.Int, attributes.Float, attributes.Str
Shape, Size, Ints, Dtype, Any = attributes.Shape, attributes.Size, attributes.Ints, attributes.Dtype, attributes.Any

class Resize(Op):
    def attributes_at(self, resizing, attrs, avals):
        own = avals[0].shape
        if len(own) != len(attrs[0]):
            return (own,)
        return (tuple([self.size(resizing, n, now) for n, now in zip(attrs[0], own, strict=True)]),)

    @staticmethod
    def size(resizing, assumed, now):
        return resizing.assumed(assumed, now)


class Broadcast(Resize):
    @staticmethod
    def size(resizing, assumed, now):
        return resizing.size(assumed) if now == 1 else resizing.assumed(assumed, now)


RESIZE = Resize("EnsureShape", sizes.resize_body, [("x", T), ("shape", attributes.Sizes)])
BROADCAST = Broadcast("BroadcastTo", sizes.resize_body, [("x", T), ("shape", attributes.Sizes)])
sizes.set_ops(RESIZE, BROADCAST, invoke)
