"""`tf.function`: a Python function recorded once for each signature and called as one node."""

import functools
import inspect
import logging
import threading
import weakref

from tfcompat._core import errors, failures, nest
from tfcompat._core.avals import aval
from tfcompat._core.branching import HANDLE
from tfcompat._core.concrete_function import ConcreteFunction, EagerFallback, OpenFunction, returned
from tfcompat._core.context import state
from tfcompat._core.core_types import Resource
from tfcompat._core.covering import covering, narrowest, shape_key, tensor_shapes
from tfcompat._core.function_cast import CannotCast, as_leaf, as_leaves, cast
from tfcompat._core.function_types import Encoder, Signature, SpecLeaf, argument_names, rebuild, spec_of, type_text
from tfcompat._core.shapes import TensorShape
from tfcompat._core.sizes import NOT_ENOUGH, Sizes, has_unknown
from tfcompat._core.specs import TensorSpec, TypeSpec
from tfcompat._core.staged import StagedFunction
from tfcompat._core.tensor import Tensor
from tfcompat._core.tensor_base import TensorHandle
from tfcompat._core.trace import SINGLETON, Trace, ValueDependent

MAX_TRACES = 1000  # recordings that one function keeps; what is forgotten is recorded again
_RANKS = 2, 1, 3, 0, 4  # that are tried where a recording without a call does not say
_lock = threading.RLock()  # one thread records at a time
_convert_control_flow = None  # function(python function) -> converted one; set by set_autograph
_run_eagerly = False

_RETRACING = (
    "%d out of the last %d calls to %r triggered tf.function retracing. Tracing is expensive and the excessive number of "
    "tracings could be due to (1) creating @tf.function repeatedly in a loop, (2) passing tensors with different shapes, "
    "(3) passing Python objects instead of tensors. For (1), please define your @tf.function outside of the loop. For "
    "(2), @tf.function has reduce_retracing=True option that can avoid unnecessary retracing. For (3), please refer to "
    "https://www.tensorflow.org/guide/function#controlling_retracing and https://www.tensorflow.org/api_docs/python/tf/"
    "function for  more details."
)
_OF_RESOURCES = "Iterators over data sets and optional values among its arguments are used on the host."


def set_autograph(function):
    """Says how the control flow of Python functions is converted."""
    global _convert_control_flow
    _convert_control_flow = function


def run_functions_eagerly(run_eagerly):
    """Makes calls of tf.functions run their Python functions (True), or their recordings (False).

    Args:
      run_eagerly: a bool.
    """
    global _run_eagerly
    _run_eagerly = bool(run_eagerly)


def functions_run_eagerly():
    """Whether tf.functions run eagerly at present."""
    return _run_eagerly


class Traces:
    """The recordings of one function (of one object's method), and what is known from making them."""

    __slots__ = ("__weakref__", "all", "by_key", "calls", "count", "specs", "warned", "wide")

    def __init__(self):
        self.by_key = {}
        self.all = []
        self.count = 0
        self.calls = 0
        self.specs = []  # generalised signatures (reduce_retracing)
        self.wide = []  # (signature, recording) of those for unknown dimensions: a call that one covers records nothing
        self.warned = False


class Function:
    """A Python function that is recorded; what `tf.function` gives."""

    def __init__(self, python_function, name, input_signature=None, autograph=True, jit_compile=None,
                 reduce_retracing=False, experimental_autograph_options=None, owner=None, traces=None, signature=None):  # fmt: skip
        self._python_function = python_function
        self._name = name
        self._input_signature = input_signature
        self._autograph = autograph
        self._jit_compile = jit_compile
        self._reduce_retracing = reduce_retracing
        self._autograph_options = experimental_autograph_options
        self._owner = owner  # the object whose method it is
        self._traces = traces if traces is not None else Traces()
        self._signature = signature if signature is not None else Signature(python_function)
        self._methods = None  # id of an object -> (weak reference, Traces, weak reference to the bound Function)
        self._base = self if owner is None else None  # the function of the class
        if owner is None:
            try:
                functools.update_wrapper(self, python_function)
            except Exception:  # noqa: BLE001 - whatever a callable object's attributes raise
                pass
            self.__wrapped__ = python_function

    # Methods

    def __get__(self, instance, owner=None):
        if instance is None:
            return self
        methods = self._methods
        if methods is None:
            methods = self._methods = {}, Signature(self._python_function, skip_first=True)
        entry = methods[0].get(id(instance))
        if entry is None or entry[0]() is not instance:
            entry = methods[0][id(instance)] = self._method_entry(instance, methods[0])
        bound = entry[2]() if len(entry) > 2 else None
        if bound is None:
            bound = Function.__new__(Function)
            bound.__dict__.update(self.__dict__)
            bound._owner, bound._traces, bound._signature, bound._base = instance, entry[1], methods[1], self
            bound.__signature__ = methods[1].signature
            methods[0][id(instance)] = (*entry[:2], weakref.ref(bound))
        return bound

    @staticmethod
    def _method_entry(instance, entries):
        try:
            return weakref.ref(instance, functools.partial(_forget, entries, id(instance))), Traces()
        except TypeError:
            return lambda: instance, Traces()

    def weakly(self):
        """A function that gives this Function; a method's does not keep its object alive."""
        base, owner = self._base, None
        try:
            owner = weakref.ref(self._owner)
        except TypeError:  # no object, or one that has no weak references
            return lambda: self
        return lambda: base.__get__(owner())

    @property
    def python_function(self):
        """The function as it was before it was wrapped."""
        if self._owner is None:
            return self._python_function
        return self._python_function.__get__(self._owner)

    @property
    def name(self):
        return self._name

    @property
    def input_signature(self):
        """The fixed signature, or None."""
        return self._input_signature

    @property
    def function_spec(self):
        return self._signature

    @property
    def function_type(self):
        return self._signature.text

    def experimental_get_tracing_count(self):
        """How often it has been recorded."""
        return self._traces.count

    def pretty_printed_concrete_signatures(self, verbose=True):
        """The signatures recorded so far, as text."""
        return "\n\n".join([c.pretty_printed_signature(verbose) for c in self._traces.all if isinstance(c, ConcreteFunction)])

    def __call__(self, *args, **kwargs):
        if _run_eagerly:
            return self.python_function(*args, **kwargs)
        traces = self._traces
        if not kwargs and len(args) == self._signature.count:
            concrete = traces.by_key.get(tuple([t._aval if type(t) is Tensor else None for t in args]))
            if concrete is not None:
                if not traces.warned:
                    traces.calls += 1
                return concrete._call_flat(args, ())
        args, kwargs = self._canonical(args, kwargs)
        encoder, key = encode(args, kwargs)
        concrete = traces.by_key.get(key)
        if concrete is None:
            concrete = self._record(key, args, kwargs, encoder.leaves, encoder.cells)
        return concrete._call_flat(encoder.leaves, encoder.cells)

    def _canonical(self, args, kwargs):
        if self._input_signature is None:
            return self._signature.bind(args, kwargs)
        args, kwargs = self._signature.bind(args, kwargs, self._signature_text)
        return self._cast(args, kwargs), kwargs

    def _signature_text(self):
        parts = []
        for i, p in enumerate(self._signature.parameters):
            if i < len(self._input_signature):
                spec = self._input_signature[i]
                parts.append(f"{p.name}: {spec!r}" if isinstance(spec, TensorSpec) else f"{p.name}: {type_text(as_leaves(spec))}")
            else:
                parts.append(p.name)
        return f"({', '.join(parts)})"

    def _cast(self, args, kwargs):
        count = len(self._input_signature)
        try:
            found = [cast(s, a) for s, a in zip(self._input_signature, args, strict=False)]
        except CannotCast as error:
            raise TypeError(
                f"Binding inputs to tf.function failed due to `{error}`. Received args: {args} and kwargs: {kwargs} for "
                f"signature: {self._signature_text()}."
            ) from None
        return (*found, *args[count:])

    # Recording

    def _record(self, key, args, kwargs, leaves, cells):
        with _lock:
            traces = self._traces
            found = traces.by_key.get(key)
            if found is not None:
                return found
            wide = narrowest(traces.wide, key)
            if wide is not None:
                concrete = wide.sized(leaves) if _is_sized(leaves) else wide
                self._keep(key, concrete)
                return concrete
            exact, open_key, concrete, tensors = (args, kwargs, leaves), key, None, leaves
            covered = covering(traces.specs, key) if self._reduce_retracing else (None, True)
            shapes = self._open_shapes(leaves, covered[0])
            if shapes is not None:  # one recording for all sizes
                given = iter([SpecLeaf(TensorSpec(s, t._aval.dtype)) for s, t in zip(shapes, leaves, strict=True)])
                args = [rebuild(a, given) for a in args]
                kwargs = {k: rebuild(kwargs[k], given) for k in sorted(kwargs)}
                encoder, open_key = encode(args, kwargs)
                leaves, concrete = encoder.leaves, traces.by_key.get(open_key)
            if concrete is None:
                count = traces.count
                self._note_trace(covered[1])
                first = traces.count == 1 and not traces.all
                try:
                    ranks = [None if isinstance(t, SpecLeaf) else len(t._aval.shape) for t in tensors]
                    open_key, concrete = self._traced(open_key, (args, kwargs, leaves), key, exact, cells, first, ranks)
                except Exception:
                    traces.count = count  # what cannot be recorded counts as nothing
                    raise
                self._keep(open_key, concrete)
                if self._input_signature is None and not self._reduce_retracing and _is_open(leaves):
                    traces.wide.append((shape_key(key), concrete))
                traces.all.append(concrete)
                del traces.all[:-MAX_TRACES]
            if open_key != key:
                concrete = concrete.sized(tensors) if _is_sized(tensors) else concrete
                self._keep(key, concrete)
            return concrete

    def _traced(self, open_key, arguments, key, exact, cells, first, ranks):
        """(key, recording) of arguments; of the exact ones where those with unknown sizes cannot be recorded."""
        try:
            return open_key, self._ranked(arguments, cells, first, ranks)
        except Exception as error:
            if open_key == key or not _of_sizes(error):
                raise
        at_call = any([leaf.spec.shape.rank is None for leaf in arguments[2] if isinstance(leaf, SpecLeaf)])
        return key, self._trace(*exact, cells, may_create=first, at_call=at_call)

    def _ranked(self, arguments, cells, first, ranks):
        """A recording for arguments of these ranks; those that nothing is known of have one that does."""
        ranks = list(ranks)
        wanted = [r is None and leaf.spec.shape.rank is None for r, leaf in zip(ranks, arguments[2], strict=True)]
        for guess in _RANKS:
            try:
                guessed = [guess if w else r for w, r in zip(wanted, ranks, strict=True)]
                return self._trace(*arguments, cells, may_create=first, ranks=guessed)
            except Exception as error:
                refused = isinstance(error, errors.OperatorNotAllowedInGraphError)
                k, rank = getattr(failures.original(error), "of_rank", (-1, None))
                if 0 <= k < len(wanted) and wanted[k]:
                    ranks[k] = rank  # the function says it of its argument
                    return self._ranked(arguments, cells, first, ranks)
                if refused or guess == _RANKS[-1] or not any(wanted) or not (_of_sizes(error) or rank is not None):
                    raise
        return None

    def _keep(self, key, concrete):
        by_key = self._traces.by_key
        by_key[key] = concrete
        if len(by_key) > MAX_TRACES:
            by_key.pop(next(iter(by_key)))

    def _open_shapes(self, leaves, covered):
        """The shapes of the tensors where a signature with unknown sizes covers them, else None."""
        # What an iterator over a data set gives to a function that uses it has the shapes of the data set's spec.
        shapes = [t.spec.shape if isinstance(t, SpecLeaf) else t.__dict__.get("_static_shape", t.shape) for t in leaves]
        if self._input_signature is not None:
            own = [s.shape for s in nest.flatten(self._input_signature) if isinstance(s, TensorSpec)]
            shapes[: len(own)] = own
        elif covered is not None:
            wider = [TensorShape(s) for s in tensor_shapes(covered)]
            shapes = [c if s.is_fully_defined() else s for s, c in zip(shapes, wider, strict=True)]
        return None if all([s.is_fully_defined() for s in shapes]) else shapes

    def record_sizes(self, args, kwargs, instead):
        """A recording for these arguments that counts as none: a signature with unknown dimensions covers it.

        `instead` has tensors to use for those of a function around it that is over, by their ids.
        """
        encoder, _ = encode(args, kwargs)
        with _lock:
            return self._trace(args, kwargs, encoder.leaves, encoder.cells, may_create=False, at_call=True, instead=instead)

    def record_ranks(self, args, kwargs, ranks, instead):
        """The same for arguments of which not even the rank is known, where it is one of `ranks`; None where that fails."""
        encoder, _ = encode(args, kwargs)
        with _lock:
            try:
                return self._trace(args, kwargs, encoder.leaves, encoder.cells, may_create=False, ranks=ranks, instead=instead)
            except Exception as error:
                if not _of_sizes(error):
                    raise
                return None

    def _note_trace(self, new):
        """Counts the recording as TensorFlow counts traces, and warns when there are many."""
        traces = self._traces
        if self._input_signature is not None:
            traces.count = 1
            return
        traces.count += new
        if self._reduce_retracing:
            return
        if traces.count >= 6 and not traces.warned and traces.calls < 2 * traces.count:
            traces.warned = True
            logging.getLogger("tensorflow").warning(_RETRACING, 5, max(5, traces.calls + traces.count - 1), self)

    def _trace(self, args, kwargs, leaves, cells, may_create, per_shape=False, at_call=False, ranks=None, instead=None):
        resources = [c for c in cells if isinstance(c, Resource)]
        if not all([hasattr(c, "_stand_in") for c in resources]):
            if state.trace is not None:
                raise ValueDependent(_OF_RESOURCES)
            return EagerFallback(self, args, kwargs, _OF_RESOURCES)
        trace = Trace(self._name, state.trace)
        trace.may_create = may_create
        if instead:
            trace.instead = instead
        trace.stageable = True
        names = argument_names(self._signature.parameters, args, kwargs)
        specs = nest.flatten(self._input_signature or ())
        if len(specs) == len(names):
            names = [getattr(s, "name", None) or name for s, name in zip(specs, names, strict=True)]
        placeholders = []
        open_leaves = [leaf for leaf in leaves if isinstance(leaf, SpecLeaf) and not leaf.spec.shape.is_fully_defined()]
        unranked = [leaf for leaf in open_leaves if leaf.spec.shape.rank is None]
        trace.at_call = trace.at_call or at_call or bool(unranked)  # whether the rank fits is found by a call
        if open_leaves and not per_shape:
            trace.sizes = trace.sizes or Sizes()
        for i, (leaf, name) in enumerate(zip(leaves, names, strict=True)):
            shape, a = leaf.spec.shape if leaf in open_leaves else None, leaf._aval
            if shape is not None and not per_shape:
                a = aval(trace.sizes.shape(shape, ranks and ranks[i]), a.np_dtype)
            t = trace.placeholder(a, name)
            if shape is not None and not trace.sizes or leaf in unranked:
                t.__dict__["_static_shape"] = shape
            placeholders.append(t)
        trace.handles = [trace.placeholder(HANDLE) for _ in resources]
        trace.argument_values = [leaf if isinstance(leaf, TensorHandle) else None for leaf in leaves]
        given, given_cells = iter([_handle(t) for t in placeholders]), None
        if resources:
            handles = iter(trace.handles)
            given_cells = iter([c._stand_in(next(handles)) if isinstance(c, Resource) else c for c in cells])
        given_args = tuple([rebuild(a, given, given_cells) for a in args])
        given_kwargs = {k: rebuild(kwargs[k], given, given_cells) for k in sorted(kwargs)}
        function = self._converted()
        try:
            with trace:
                result = function(*given_args, **given_kwargs)
                if trace.created and not any(r() is not None for r in trace.created):
                    raise ValueError(SINGLETON)
                outputs, structure = returned(result, self._python_function)
        except ValueDependent as reason:
            if trace.sizes is not None and not per_shape and open_leaves and not unranked:
                return self._trace(args, kwargs, leaves, cells, may_create, per_shape=True, instead=instead)
            if state.trace is not None:
                raise
            return EagerFallback(self, args, kwargs, str(reason), reason.__cause__)
        except Exception as error:
            # Sizes that only a call has may be needed: then it is recorded for each, or runs eagerly.
            if trace.sizes is not None and open_leaves and not unranked and not per_shape and _of_sizes(error):
                return self._trace(args, kwargs, leaves, cells, may_create, per_shape=True, instead=instead)
            if not trace.guessed and not (trace.staged and _of_values(error)):
                raise
            if state.trace is not None:
                raise ValueDependent(str(error)) from error
            # Where numbers decide, the error of a call is the right one.
            return EagerFallback(self, args, kwargs, str(error), None if getattr(error, "of_sizes", trace.guessed) else error)
        if trace.created:  # recorded a second time, which finds the variables there: so does TensorFlow
            self._traces.count += 1
            return self._trace(args, kwargs, leaves, cells, may_create=False, ranks=ranks, instead=instead)
        inputs_text = self._input_text(args, kwargs)
        signature = tuple(_named_specs(args, iter(names))), {k: spec_of(v) for k, v in kwargs.items()}

        def template():
            specs = iter([t if isinstance(t, SpecLeaf) else SpecLeaf(TensorSpec(t.shape, t._aval.dtype)) for t in leaves])
            return [rebuild(a, specs) for a in args], {k: rebuild(kwargs[k], specs) for k in sorted(kwargs)}

        recorded = self, trace, placeholders, cells, outputs, structure, inputs_text, signature, template
        if trace.staged and not per_shape:
            return StagedFunction(*recorded)
        return OpenFunction(*recorded) if open_leaves else ConcreteFunction(*recorded)

    def _converted(self):
        """The Python function, its control flow converted."""
        function = self._python_function
        if self._autograph and _convert_control_flow is not None:
            function = _convert_control_flow(function, self._autograph_options)
        if self._owner is not None:
            owner = self._owner
            return lambda *args, **kwargs: function(owner, *args, **kwargs)
        return function

    def _input_text(self, args, kwargs):
        parts = []
        plain = [p for p in self._signature.parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        star = next((p.name for p in self._signature.parameters if p.kind is p.VAR_POSITIONAL), None)
        for i, a in enumerate(args):
            name = plain[i].name if i < len(plain) else f"{star}_{i - len(plain)}"
            parts.append((name, "POSITIONAL_OR_KEYWORD" if star is None else "POSITIONAL_ONLY", type_text(a)))
        parts += [(k, "KEYWORD_ONLY", type_text(v)) for k, v in kwargs.items()]
        return parts

    def get_concrete_function(self, *args, **kwargs):
        """The recording for these arguments: tensors, TensorSpecs, or Python values."""
        own = self._input_signature
        if own is not None and not args and not kwargs:
            args = own
        args, kwargs = nest.map_structure(as_leaf, (args, kwargs)) if args or kwargs else (args, kwargs)
        args, kwargs = self._canonical(args, kwargs)
        if own is not None:  # one recording for all arguments that fit
            args = (*nest.map_structure(as_leaf, tuple(own)), *args[len(own) :])
        encoder, key = encode(args, kwargs)
        concrete = self._traces.by_key.get(key)
        if concrete is None:
            concrete = self._record(key, args, kwargs, encoder.leaves, encoder.cells)
        return concrete

    def experimental_get_compiler_ir(self, *args, **kwargs):
        """A function from a stage ("hlo", "optimized_hlo", "jaxpr", ...) to the program for these arguments as text."""
        concrete = self.get_concrete_function(*args, **kwargs)
        return concrete._program_text

    def _list_all_concrete_functions(self):
        return list(self._traces.all)

    def _get_concrete_function_garbage_collected(self, *args, **kwargs):
        return self.get_concrete_function(*args, **kwargs)

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self


def _of_sizes(error):
    """Whether a function may raise this only because sizes are not known while it is recorded."""
    error = failures.original(error)
    if hasattr(error, "final"):
        return False
    return isinstance(error, (ValueError, errors.OpError, *NOT_ENOUGH)) or failures.of_library(error)


def _of_values(error):
    """Whether a function may raise this only because sizes that depend on values are not known while it is recorded."""
    error = failures.original(error)
    if isinstance(error, NOT_ENOUGH) or hasattr(error, "of_sizes"):
        return True
    return failures.of_library(error) and not isinstance(error, (TypeError, ValueError, errors.OpError))


def _forget(entries, key, _):
    entries.pop(key, None)


def encode(args, kwargs):
    """(Encoder with the tensors, key) of canonical arguments."""
    encoder = Encoder()
    key = tuple([encoder.encode(a) for a in args])
    if kwargs:
        key = (*key, "keywords", *[(k, encoder.encode(kwargs[k])) for k in sorted(kwargs)])
    return encoder, key


def _named_specs(args, names):
    for a in args:
        encoder = Encoder()
        encoder.encode(a)
        spec = spec_of(a)
        if isinstance(spec, TensorSpec):
            yield TensorSpec(spec.shape, spec.dtype, next(names))
        else:
            for _ in encoder.leaves:
                next(names)
            yield spec


def _handle(placeholder):
    """What a function is given: of a tensor of unknown rank a handle that `set_shape` may change."""
    if placeholder.shape.rank is not None:
        return placeholder
    handle = placeholder._seg.alias(placeholder)
    handle.__dict__.update(placeholder.__dict__)
    return handle


def _is_sized(leaves):
    return not any([isinstance(t, SpecLeaf) or has_unknown(t) for t in leaves])


def _is_open(leaves):
    return any([isinstance(t, SpecLeaf) and not t.spec.shape.is_fully_defined() for t in leaves])


def function(func=None, input_signature=None, autograph=True, jit_compile=None, reduce_retracing=False,
             experimental_implements=None, experimental_autograph_options=None, experimental_attributes=None,
             experimental_relax_shapes=None, experimental_compile=None, experimental_follow_type_hints=None):  # fmt: skip
    """Makes a Python function run as one recorded program.

    The function is called once for each signature of arguments, on symbolic tensors; what it does with them is recorded,
    and later calls run the recording. Side effects of Python itself happen while it is recorded only.

    Args:
      func: the function; without it, a decorator is returned.
      input_signature: sequence of nested TensorSpecs: arguments are cast to it, and there is one signature.
      autograph: whether `if`, `while`, `for` and the like that depend on tensors become part of the recording.
      jit_compile: True compiles at the first call. (Otherwise a function is interpreted until it has proven hot.)
      reduce_retracing: counts signatures that differ in sizes as one.
      experimental_implements, experimental_autograph_options, experimental_attributes: accepted.

    Returns:
      A callable with TensorFlow's methods (`get_concrete_function`, `experimental_get_tracing_count`, ...).

    Raises:
      TypeError: `func` is no callable, or `input_signature` holds anything but TensorSpecs.

    A function with unknown dimensions is recorded once; for the sizes of a call its nodes are inferred again, without
    Python.

    Differs from TensorFlow: where that does not work (an op that computes with sizes in Python), the function is recorded
    for each set of sizes, and where the rank is unknown for each rank (the tracing count is TensorFlow's all the same). One
    in which shapes depend on values is run in stages.
    """
    if experimental_relax_shapes is not None:
        reduce_retracing = bool(experimental_relax_shapes)
    if experimental_compile is not None:
        jit_compile = experimental_compile
    if input_signature is not None:
        input_signature = _checked_signature(input_signature)

    def decorate(inner):
        if isinstance(inner, (classmethod, staticmethod)):
            return type(inner)(decorate(inner.__func__))
        target = inner
        if isinstance(inner, Function):
            target = inner.python_function
        if not callable(target):
            raise TypeError(f"{inner!r} is not a callable object")
        name = getattr(target, "__name__", None) or type(target).__name__
        owner = None
        if inspect.ismethod(target):
            owner, target = target.__self__, target.__func__
        made = Function(target, name, input_signature, autograph, jit_compile, reduce_retracing,
                        experimental_autograph_options)  # fmt: skip
        return made if owner is None else made.__get__(owner)

    return decorate if func is None else decorate(func)


def _checked_signature(signature):
    if not isinstance(signature, (list, tuple)):
        raise TypeError(f"input_signature must be either a tuple or a list, got {type(signature)}.")
    flat = nest.flatten(signature)
    if any(not isinstance(s, TypeSpec) for s in flat):
        raise TypeError(
            "input_signature must be a possibly nested sequence of TensorSpec objects, got invalid args "
            f"{[s for s in flat if not isinstance(s, TypeSpec)]} with types "
            f"{[type(s) for s in flat if not isinstance(s, TypeSpec)]}."
        )
    return tuple(signature)
