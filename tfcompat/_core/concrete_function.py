"""`ConcreteFunction`: one recording of a function."""

import copy

import jax

from tfcompat._core import caches, direct, dtypes, errors, failures, nest
from tfcompat._core.body import Body, call_spec, op_of
from tfcompat._core.context import state
from tfcompat._core.convert import convert
from tfcompat._core.core_types import Resource
from tfcompat._core.draws import DrawCell, Sites, Visit
from tfcompat._core.function_cast import tensor_of
from tfcompat._core.function_types import Encoder, rebuild, type_text
from tfcompat._core.graph import FuncGraph
from tfcompat._core.sizes import Resizing, Unresized, has_unknown
from tfcompat._core.specs import TensorSpec, TypeSpec, type_spec_from_value
from tfcompat._core.symbolic import UnshapedTensor
from tfcompat._core.tensor_base import TensorHandle
from tfcompat._core.trace import ValueDependent


class ConcreteFunction:
    """A function recorded for one signature; called with the tensors of that signature.

    Args:
      template: function that gives (args, kwargs) of specs, with which it is recorded again for other sizes.
    """

    def __init__(self, function, trace, placeholders, cells, outputs, structure, parameters, signature, template):
        self._function = function.weakly()
        self._name = function._name
        self._parameters = parameters
        self._signature = signature
        self._result, self._kept = structure
        self._placeholders = placeholders
        self._trace = trace
        self.graph = trace.graph = FuncGraph(trace.name, trace)
        self._outputs = outputs
        trace.function_outputs = outputs
        written = list(trace.written)
        body = Body(trace, [*outputs, *[trace.cells[c] for c in written]], len(outputs))
        self._use(body, bool(function._jit_compile))
        # Where the inputs come from: arguments, then variables, then captures.
        position = {id(t): i for i, t in enumerate([*placeholders, *trace.handles])}
        leaf_cells = {k: c for c, k in trace.cell_leaves.items()}
        given = {id(c): i for i, c in reversed(list(enumerate(cells)))}
        self._arguments, self._cells, self._captures = [], [], []
        for k in body.input_leaves:
            leaf = trace.leaves[k]
            if k in leaf_cells:
                self._cells.append(leaf_cells[k])
            elif id(leaf) in position:
                self._arguments.append(position[id(leaf)])
            else:
                self._captures.append(leaf)
        self._all = self._arguments == list(range(len(placeholders)))
        self._written = written
        self._draws = any(type(c) is DrawCell for c in self._cells)
        self._bound = given if any(id(c) in given for c in (*self._cells, *written)) else None
        self._template_of = template
        self._replaced = {}  # tensors in place of those it was recorded with
        self._reshaped = {}  # recordings for arguments of other shapes than those of the signature
        self._growing = None  # recordings for sizes that variables without a fixed shape have at a call
        if any([c.variable is not None and (v := c.variable()) is not None and not v._known for c in self._cells]):
            self._template = template()
            self._sizes_then = self._sizes_of(self._cells)
            self._follow_sizes()
        self._count = len(outputs)
        self._plain = len(self._kept) == 1 and type(self._kept[0]) is int and isinstance(self._result, TensorHandle)

    def _use(self, body, urgent):
        self._spec = direct.FunctionSpec(self._name, body, urgent)
        self._op = op_of(self._spec)
        self._plan = None  # of its direct calls

    def sized(self, leaves):
        """The recording for the sizes of these tensors."""
        return self

    def _call_flat(self, leaves, cells):
        """Calls it with the tensors of the arguments and the cells of variables among them."""
        own, written = self._cells, self._written
        if self._bound is not None:
            own, written = self._given(cells)
        if self._growing is not None and (grown := self._grown(own, leaves)) is not self:
            return grown._call_flat(leaves, cells)
        context = state.context
        ins = leaves if self._all else [leaves[i] for i in self._arguments]
        if context.trace is None:
            if context.tapes or context.segment.specs:
                for c in written:
                    c.before_write()
        elif self._draws:
            own, written = with_own_draws(own, written)
        if self._spec.hot is not None:
            results = direct.call(self, context, ins, own, written)
            if results is not None:
                return results[0] if self._plain else self._structured(results)
        ins = [*ins, *[c.read() for c in own], *self._captures]
        spec = self._spec
        if spec.coded or context.tapes or context.accumulators:
            results = call_spec(self._op, spec, ins)
        else:
            results = context.segment.record(spec, ins)
        if written:
            if context.tapes:
                context.segment.complete_tapes()
            for c, t in zip(written, results[self._count :], strict=True):
                t._gid = 0  # what is read from a variable is a use of the variable
                c.bind(t)
        return results[0] if self._plain else self._structured(results)

    def _given(self, cells):
        """The cells that a call reads and writes, where some are arguments."""
        return [[cells[self._bound[id(c)]] if id(c) in self._bound else c for c in own] for own in (self._cells, self._written)]

    def _grown(self, own, leaves):
        """The recording for the sizes that variables have now."""
        key = self._sizes_of(own)
        found = self._growing.get(key)
        if found is None:
            found = self._growing[key] = self._recorded_again(leaves)
            found._growing = self._growing
        return found

    def _follow_sizes(self):
        self._growing = caches.Bounded(1_000)
        self._growing[self._sizes_then] = self

    @staticmethod
    def _sizes_of(cells):
        return tuple([c._tensor._aval for c in cells if c.variable is not None])

    def _recorded_again(self, leaves):
        """A recording of the same function for the sizes that these tensors and the variables have now."""
        args, kwargs = self._template
        given = iter(leaves)
        args = [rebuild(a, given) for a in args]
        return self._function().record_sizes(args, {k: rebuild(kwargs[k], given) for k in sorted(kwargs)}, self._replaced)

    def instead(self, captures, cells=None):
        """The same function of other tensors than those that it captures (by their ids), and with other cells."""
        made = copy.copy(self)
        made._replaced = captures
        made._captures = [captures.get(id(t), t) for t in self._captures]
        if cells:
            made._cells, made._written = [[cells.get(c, c) for c in own] for own in (self._cells, self._written)]
        made._plan = None
        return made

    def _structured(self, results):
        flat = [results[k] if type(k) is int else k for k in self._kept]
        return nest.pack_sequence_as(self._result, flat, expand_composites=True)

    def __call__(self, *args, **kwargs):
        tensors, cells = self._bind(args, kwargs)
        for t, p in zip(tensors, self._placeholders, strict=True):
            if t._aval is not p._aval and not p.shape.is_compatible_with(t.shape):
                return self._for_shapes(tensors)._call_flat(tensors, cells)
        return self._call_flat(tensors, cells)

    def _for_shapes(self, leaves):
        """The recording for tensors of other shapes, which TensorFlow takes where the arguments are plain tensors."""
        key = tuple([t._aval for t in leaves])
        if key not in self._reshaped:
            self._template = self._template_of()
            self._reshaped[key] = self._recorded_again(leaves)
        return self._reshaped[key]

    def _bind(self, args, kwargs):
        names = [name for name, _, _ in self._parameters]
        specs, keywords = self._signature
        expected = [*specs, *keywords.values()]
        values = dict(zip(names, args, strict=False))
        try:
            if len(args) > len(names):
                raise TypeError("too many positional arguments")
            values.update(kwargs)
            given = []
            for name, spec in zip(names, expected, strict=True):
                if name not in values:
                    if nest.flatten(spec) and not any(isinstance(s, TypeSpec) for s in nest.flatten(spec)):
                        given.append(spec)
                        continue
                    raise TypeError(f"missing a required argument: '{name}'")
                value = values[name]
                if not any(isinstance(s, TensorSpec) for s in nest.flatten(spec)) and not hasattr(spec, "shape"):
                    fits = isinstance(value, Resource) and type_spec_from_value(value) == spec
                    if not (fits or value is spec or value == spec):
                        raise TypeError(f"Can not cast {value!r} to Literal[{spec!r}]")
                given.append(value)
            for name in kwargs:
                if name not in names:
                    raise TypeError(f"got an unexpected keyword argument '{name}'")
        except TypeError as error:
            flat = self._flat_call(args, kwargs)
            if flat is not None:
                return flat, ()
            raise self._unbound(error, args, kwargs) from None
        encoder = Encoder()
        for k, (value, spec) in enumerate(zip(given, expected, strict=True)):
            if isinstance(spec, TensorSpec) and not isinstance(value, TensorHandle):
                try:
                    given[k] = value = value._read() if hasattr(type(value), "_read") else convert(value, spec.dtype)
                except (TypeError, ValueError) as error:
                    raise self._unbound(error, args, kwargs) from None
            encoder.encode(value)
        if len(encoder.leaves) != len(self._placeholders):
            raise self._unbound(f"Can not cast {args} to {self._signature[0]}", args, kwargs)
        for i, (t, p) in enumerate(zip(encoder.leaves, self._placeholders, strict=True)):
            if t._aval.dtype is not p._aval.dtype:
                raise errors.InvalidArgumentError(
                    None, None, f"cannot compute __inference_{self._name} as input #{i}(zero-based) was expected to be a "
                    f"{_c_name(p)} tensor but is a {_c_name(t)} tensor [Op:__inference_{self._name}]",
                )  # fmt: skip
            if t._aval is not p._aval and not p.shape.is_compatible_with(t.shape):
                if self._flat_call(args, kwargs) is None:
                    raise self._unbound(f"Can not cast {_spec_text(t)} to {_spec_text(p)}", args, kwargs)
        return encoder.leaves, encoder.cells

    def _unbound(self, reason, args, kwargs):
        return TypeError(
            f"Binding inputs to tf.function failed due to `{reason}`. Received args: {args} and kwargs: {kwargs} for "
            f"signature: {self._signature_text()}.\nFallback to flat signature also failed due to: "
            f"{self._flat_complaint(args, kwargs)}"
        )

    def _flat_call(self, args, kwargs):
        names = [self._trace.argument_names[k] for k in range(len(self._placeholders))]
        if len(args) + len(kwargs) != len(names) or any(k not in names for k in kwargs):
            return None
        values = dict(zip(names, args, strict=False)) | kwargs
        if len(values) != len(names) or not all([isinstance(v, TensorHandle) for v in values.values()]):
            return None
        return [values[n] for n in names]

    def _flat_complaint(self, args, kwargs):
        names = [self._trace.argument_names[k] for k in range(len(self._placeholders))]
        text = f"{self._name}({', '.join(names)})"
        if len(args) > len(names):
            return f"{text} takes {len(names)} positional arguments, got {len(args)}."
        unexpected = [k for k in kwargs if k not in names]
        if unexpected and len(args) == len(names):
            return f"{text} got unexpected keyword arguments: {', '.join(sorted(unexpected))}."
        missing = sorted(n for n in names[len(args) :] if n not in kwargs)
        other = next(((i, v) for i, v in enumerate(args) if not isinstance(v, TensorHandle)), None)
        if not missing and other is not None:
            return f"{text}: expected argument #{other[0]}(zero-based) to be a Tensor; got {type(other[1]).__name__} ({other[1]})."
        return f"{text} missing required arguments: {', '.join(missing)}."

    # What it is

    @property
    def name(self):
        return f"__inference_{self._name}".encode()

    @property
    def structured_input_signature(self):
        """(args, kwargs) of TensorSpecs and Python values."""
        return self._signature

    @property
    def structured_outputs(self):
        """What it returns, as symbolic tensors."""
        return self._structured(self._outputs)

    @property
    def function_type(self):
        return FunctionType(self)

    @property
    def inputs(self):
        return [*self._placeholders, *self._captures]

    @property
    def outputs(self):
        return list(self._outputs)

    @property
    def captured_inputs(self):
        """The tensors and variables of outside that it uses."""
        return [*self.variables, *self._captures]

    @property
    def variables(self):
        """The variables it reads or writes."""
        alive = [c.variable() if c.variable is not None else None for c in self._trace.cells]
        return tuple([v for v in alive if v is not None])

    @property
    def trainable_variables(self):
        """Those of `variables` that are trainable."""
        return tuple([v for v in self.variables if v.trainable])

    @property
    def output_shapes(self):
        return nest.map_structure(lambda t: None if t is None else t.shape, self.structured_outputs)

    @property
    def output_dtypes(self):
        return nest.map_structure(lambda t: None if t is None else t.dtype, self.structured_outputs)

    def _output_text(self):
        return type_text(self.structured_outputs)

    def _signature_text(self):
        inside = ", ".join(f"{name}: {text}" for name, _, text in self._parameters)
        return f"({inside}) -> {self._output_text()}"

    def pretty_printed_signature(self, verbose=True):
        """The signature as text."""
        return repr(self.function_type) if verbose else self._signature_text()

    def __repr__(self):
        return f"<ConcreteFunction {self._signature_text()} at 0x{id(self):X}>"

    def __str__(self):
        return f"ConcreteFunction {self.function_type!r}"

    def _program_text(self, stage="hlo", device_name=None, platform_name=None):
        """The program as text: "jaxpr", "stablehlo", "hlo" or "optimized_hlo"."""
        structs = [a.struct for a in self._spec.input_avals]
        with jax.enable_x64(True):
            if stage == "jaxpr":
                return str(jax.make_jaxpr(self._spec.evaluate)(*structs))
            lowered = jax.jit(self._spec.evaluate).lower(*structs)
            if stage == "stablehlo":
                return lowered.as_text()
            if stage in ("hlo", "hlo_no_metadata"):
                return lowered.as_text(dialect="hlo")
            if stage.startswith("optimized_hlo"):
                return lowered.compile().as_text()
        raise ValueError(f"Invalid stage {stage!r}: use 'hlo', 'optimized_hlo', 'stablehlo' or 'jaxpr'.")


def with_own_draws(own, written):
    """The cells that a call reads and writes inside another function: each place of a call has draws of its own."""
    copies = {c: DrawCell(c.start, c.seeded) for c in own if type(c) is DrawCell}
    return [copies.get(c, c) for c in own], [copies.get(c, c) for c in written]


class OpenFunction(ConcreteFunction):
    """A recording in which sizes are not known: for the sizes of each call its nodes are inferred again."""

    def __init__(self, *recorded):
        super().__init__(*recorded)
        self._template = recorded[-1]()
        self._sizes = caches.Bounded(1_000)
        self._ranked = {self._ranks(self._placeholders): self}  # recordings for arguments of other ranks

    def instead(self, captures, cells=None):
        made = super().instead(captures, cells)
        made._sizes = caches.Bounded(1_000)
        made._ranked = {r: made if f is self else f.instead(captures, cells) for r, f in self._ranked.items()}
        return made

    @staticmethod
    def _ranks(tensors):
        return tuple([len(t._aval.shape) for t in tensors])

    def sized(self, leaves):
        ranks = self._ranks(leaves)
        found = self._ranked.get(ranks)
        if found is None:
            found = self._function().record_ranks(*self._template, ranks, self._replaced)
            if found is None:
                return self._with_known_sizes(leaves)
            self._ranked[ranks] = found
        return self._sized(leaves) if found is self else found.sized(leaves)

    def _sized(self, leaves):
        outer = state.trace.sizes if any([has_unknown(t) for t in leaves]) else None  # which stand-ins are those of leaves
        key = (outer, *[t._aval for t in leaves])
        found = self._sizes.get(key)
        if found is None:
            found = self._sizes[key] = self._resized(leaves, outer)
        return found

    def _resized(self, leaves, outer):
        body, sizes, refused = self._spec.body, self._trace.sizes, None
        if sizes is not None and not self._trace.staged:
            resizing = Resizing(sizes, outer)
            try:
                for p, t in zip(self._placeholders, leaves, strict=True):
                    resizing.learn(p._aval.shape, t._aval.shape)
                given = iter([leaves[i]._aval for i in self._arguments])
                rest = body.input_avals[len(self._arguments) :]
                body = body.resized(resizing, [*given, *rest])
                made = object.__new__(ConcreteFunction)
                made.__dict__.update(self.__dict__)
                made._use(body, self._spec.urgent)
                if self._growing is not None:
                    made._follow_sizes()
                return made
            except Unresized as error:
                refused = error.__cause__  # of an op that may not run: in a loop without iterations, say
            except (ValueError, errors.OpError):
                if outer is None:
                    raise
        return self._with_known_sizes(leaves, refused)

    def _with_known_sizes(self, leaves, refused=None):
        """A recording for exactly these sizes; `refused` is the error that an op has raised about them."""
        try:
            return self._recorded_again(leaves)
        except (ValueError, errors.OpError) as error:
            if refused is not None:
                raise refused from None
            own = failures.original(error)
            if self._trace.sizes is None or isinstance(own, errors.OpError) or not failures.of_library(own):
                raise
            # The function fits some sizes, but not these: that is found by a call, not while it is recorded.
            raise errors.InvalidArgumentError(None, None, str(own)) from None

    def _call_flat(self, leaves, cells):
        return self.sized(leaves)._call_flat(leaves, cells)


class FunctionType:
    """Parameters and results of a recording, for people to read."""

    def __init__(self, concrete):
        self._concrete = concrete

    def __repr__(self):
        c = self._concrete
        inputs = "\n".join(f"  {name} ({kind}): {text}" for name, kind, text in c._parameters) or "  None"
        captures = "\n".join(f"  {id(t)}: {TensorSpec(t.shape, t.dtype)!r}" for t in c.captured_inputs) or "  None"
        return f"Input Parameters:\n{inputs}\nOutput Type:\n  {c._output_text()}\nCaptures:\n{captures}"

    def __str__(self):
        return self._concrete._signature_text()


def _spec_text(tensor):
    return repr(TensorSpec(tensor.shape, tensor.dtype))


def _c_name(tensor):
    return dtypes.c_name(tensor._aval.dtype)


_BAD_RESULT = (
    "To be compatible with tf.function, Python functions must return zero or more Tensors or ExtensionTypes or None values; "
    "in compilation of {function}, found return value of type {kind}, which is not a Tensor or ExtensionType."
)


def returned(result, function):
    """(flat tensors, structure) of what a recorded function returned.

    The structure is (result, for each of its leaves: the number of its tensor, a tensor that is no symbolic one, or None).
    """
    flat = nest.flatten(result, expand_composites=True)
    tensors, kept = [], []
    for value in flat:
        if isinstance(value, Resource):
            if state.trace is not None:
                raise ValueDependent("Data sets, their iterators and optional values are used on the host.")
            kept.append(value)
            continue
        if value is None or type(value).__name__ == "Operation":
            kept.append(None)
            continue
        try:
            tensor = tensor_of(value)
        except (ValueError, TypeError):
            raise TypeError(_BAD_RESULT.format(function=function, kind=type(value).__name__)) from None
        segment = tensor._seg
        if segment is not None and segment.symbolic and not segment.encloses(state.trace):
            tensor = state.trace.within_reach(tensor)
            segment = tensor._seg
        if segment is None or not segment.symbolic:
            kept.append(tensor)  # known already: a constant, or a tensor of outside
            continue
        if tensor.dtype is dtypes.string:
            raise ValueDependent("Strings are host values.")
        if type(tensor) is UnshapedTensor:
            segment.stage()
        kept.append(len(tensors))
        tensors.append(tensor)
    return tensors, (result, kept)


class EagerFallback:
    """Stands for a recording of a function that cannot be recorded, because it needs values.

    Args:
      refused: what recording raised, where that may be the user's error: raised again unless the function runs eagerly.
      recorded: the Trace, where the function is recorded, but for some calls.
    """

    def __init__(self, function, args, kwargs, reason, refused=None, recorded=None):
        self._function = function.weakly()
        self._template = args, kwargs
        self._reason, self._refused = reason, refused
        self._sites = Sites(recorded)

    def __getattr__(self, name):
        if name.startswith("__") or not hasattr(ConcreteFunction, name):
            raise AttributeError(name)
        raise NotImplementedError(
            f"tf.function.get_concrete_function(...).{name}: this function is not recorded, but runs eagerly at each call: "
            f"{self._reason} Call it, or give it a signature in which sizes do not depend on values."
        )

    def sized(self, leaves):
        return self

    def _call_flat(self, leaves, cells):
        if state.trace is not None:
            raise ValueDependent(self._reason) from self._refused
        given, cells = iter(leaves), iter(cells) if cells else None
        args, kwargs = self._template
        args = [rebuild(a, given, cells) for a in args]
        return self(*args, **{k: rebuild(kwargs[k], given, cells) for k in sorted(kwargs)})

    def __call__(self, *args, **kwargs):
        function = self._function().python_function
        try:
            with Visit(self._sites):
                result = function(*args, **kwargs)
        except Exception:
            if self._refused is None:
                raise
            raise self._refused.with_traceback(None) from None
        self._refused = None
        _, (result, kept) = returned(result, function)
        return nest.pack_sequence_as(result, kept, expand_composites=True)
