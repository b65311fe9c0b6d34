"""Conversion of Python functions, by diastatic-malt, to code that calls `_operators.py`."""

import ast
import functools
import importlib.util  # noqa: F401 - malt uses it without importing it
import inspect
import logging
import os
import sys
import traceback
import types

from malt.converters import (
    asserts,
    break_statements,
    call_trees,
    conditional_expressions,
    continue_statements,
    control_flow,
    directives as directive_calls,
    functions,
    logical_expressions,
    return_statements,
    variables,
)
from malt.core import config, config_lib, converter, unsupported_features_checker
from malt.impl import api as malt_api, conversion as malt_conversion
from malt.lang import directives
from malt.pyct import error_utils, inspect_utils

from tfcompat._core import callsite, errors
from tfcompat._core.context import state
from tfcompat._core.function import Function
from tfcompat._core.trace import ValueDependent
from tfcompat.autograph import (
    _builtins,
    _graph_walk,
    _operators,
    _sources,
    _status,
    _templates,
    _visits,
    experimental,
)

for _part in (_graph_walk, _sources, _templates, _visits):
    _part.install()
# malt knows the calls that say something about a loop by these objects.
directives.set_loop_options, directives.UNSPECIFIED = experimental.set_loop_options, experimental.UNSPECIFIED
_RULES = tuple(config_lib.DoNotConvert(m) for m in (
    "tfcompat", "jax", "jaxlib", "scipy", "functools", "contextlib", "typing", "math", "logging", "os", "random", "time", "enum",
    "tqdm", "matplotlib", "PIL", "pandas", "h5py", "weakref", "threading", "itertools", "operator", "dataclasses", "absl", "sys",
    "warnings", "abc", "string", "json", "pathlib", "tensorflow",
))  # fmt: skip
config.CONVERSION_RULES = _RULES + config.CONVERSION_RULES
_COULD_NOT = (
    "AutoGraph could not transform %s and will run it as-is.\nCause: %s\nTo silence this warning, decorate the function with "
    "@tf.autograph.experimental.do_not_convert"
)


_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_LIBRARIES = tuple([f"{os.sep}site-packages{os.sep}{name}{os.sep}" for name in ("jax", "malt")])


class StagingError(RuntimeError):
    """An error of a type that cannot be made again with another message."""


def _hidden(filename):
    """Whether a frame is none of the user's."""
    return filename.startswith((_PACKAGE, "<tfcompat")) or any(part in filename for part in _LIBRARIES)


class _Metadata(error_utils.ErrorMetadataBase):
    """Where in the user's code an error came from."""

    def __init__(self, *args):
        super().__init__(*args)
        self.translated_stack = tuple([f for f in self.translated_stack if f.is_converted or not _hidden(f.filename)])

    def create_exception(self, source_error):
        kind = type(source_error)
        if issubclass(kind, errors.OpError):
            return kind(source_error.node_def, source_error.op, self.get_message())
        known = kind in (errors.OperatorNotAllowedInGraphError, errors.InaccessibleTensorError)
        if known or issubclass(kind, NotImplementedError):  # a name of TensorFlow that is not there, for instance
            return kind(self.get_message())
        made = super().create_exception(source_error)
        if made is not None:
            return made
        if isinstance(source_error, (KeyError, ValueError, TypeError)):
            for base in (KeyError, ValueError, TypeError):
                if isinstance(source_error, base):
                    return base(self.get_message())
        return StagingError(self.get_message())


def _returns_early(node):
    """Whether a function in this code returns anywhere but in its last statement."""
    found = list(ast.walk(node))
    last = {id(n.body[-1]) for n in found if isinstance(n, ast.FunctionDef)}
    return any([isinstance(n, ast.Return) and id(n) not in last for n in found])


class _Transpiler(malt_api.PyToPy):
    """malt's converter with operators and a cache of its own."""

    def transform_ast(self, node, ctx):
        """Applies malt's passes in malt's order, but those that have nothing to do: each analyses the code anew."""
        unsupported_features_checker.verify(node)
        kinds, early = {type(n) for n in ast.walk(node)}, _returns_early(node)
        jumps = early or not kinds.isdisjoint({ast.Break, ast.Continue})
        flow = jumps or not kinds.isdisjoint({ast.If, ast.While, ast.For})
        if flow:
            node = self.initial_analysis(node, ctx)
            node = functions.FunctionTransformer(ctx).visit(node)
            node = directive_calls.transform(node, ctx)
        else:
            node = functions.transform(node, ctx)
        if ast.Break in kinds:
            node = break_statements.transform(node, ctx)
        if ctx.user.options.uses(converter.Feature.ASSERT_STATEMENTS) and ast.Assert in kinds:
            node = asserts.transform(node, ctx)
        if not kinds.isdisjoint({ast.Break, ast.Continue}):
            node = continue_statements.transform(node, ctx)
        if early:
            node = return_statements.transform(node, ctx)
        node = call_trees.transform(node, ctx)
        if flow:
            node = control_flow.transform(node, ctx)
        if ast.IfExp in kinds:
            node = conditional_expressions.transform(node, ctx)
        if jumps or not kinds.isdisjoint({ast.BoolOp, ast.Not, ast.Compare}):
            node = logical_expressions.transform(node, ctx)
        return variables.transform(node, ctx) if flow else node

    def get_transformed_name(self, node):
        return "tf__" + super(malt_api.PyToPy, self).get_transformed_name(node)

    def get_extra_locals(self):
        if self._extra_locals is None:
            base = super().get_extra_locals()["ag__"]
            module = types.ModuleType("ag__")
            module.__dict__.update(base.__dict__)
            module.__dict__.update(_operators.OPERATORS)
            module.converted_call = converted_call
            self._extra_locals = {"ag__": module}
        return self._extra_locals


_transpiler = _Transpiler()
_OPTIONS = converter.ConversionOptions(recursive=True, user_requested=True)
_called = converter.ConversionOptions(recursive=True, user_requested=False)


def _transform(function, options):
    found, module, source_map = _transpiler.transform(function, converter.ProgramContext(options=options))
    found.ag_module, found.ag_source_map = module, source_map
    for place, origin in source_map.items():
        callsite.origins[place.filename, place.lineno] = origin.loc.filename, origin.loc.lineno
    return found


def _note(error, function):
    """Adds this function's line to the error's way through the user's code."""
    before = getattr(error, "ag_error_metadata", None)
    frames = traceback.extract_tb(sys.exc_info()[2])[1:]
    text = None if before is not None else f"{type(error).__name__}: {error}"
    try:
        error.ag_error_metadata = _Metadata(frames, before, text, function.ag_source_map, __file__)
    except (AttributeError, IndexError, TypeError):
        return


def _skip(error):
    return isinstance(error, ValueDependent)


def converted(python_function, options=None):
    """The function to record for a `tf.function`; errors in it say where in the user's code they come from."""
    if getattr(python_function, "autograph_info__", None) is not None:
        return python_function
    features = tuple(options) if isinstance(options, (list, tuple, set)) else (options,) if options is not None else ()
    wanted = _with_features(features, True)

    def call(*args, **kwargs):
        try:
            return converted_call(python_function, args, kwargs, None, wanted)
        except Exception as error:
            metadata = getattr(error, "ag_error_metadata", None)
            if metadata is None or state.trace is None or state.trace.root().parent is not None or _skip(error):
                raise
            raise metadata.to_exception(error) from None

    return call


def _with_features(features, requested):
    known = {f.name: f for f in converter.Feature}
    wanted = tuple(known[f.name] for f in features if f.name in ("ASSERT_STATEMENTS", "EQUALITY_OPERATORS"))
    return converter.ConversionOptions(recursive=True, user_requested=requested, optional_features=wanted or None)


def to_graph(entity, recursive, features):
    if isinstance(entity, Function):
        entity = entity.python_function
    options = converter.ConversionOptions(recursive=recursive, user_requested=True, optional_features=None)
    try:
        return _transform(entity, options)
    except Exception as error:
        raise ValueError(f"AutoGraph could not convert {entity}: {error}") from error


def _warn(function, cause):
    logging.getLogger("tensorflow").warning(_COULD_NOT, function, cause)


_as_is = set()  # code objects that could not be converted; the warning has been given


def converted_call(f, args, kwargs, caller_fn_scope=None, options=None):
    """Calls `f`, converted if it is the user's own Python code."""
    kwargs = kwargs or {}
    if options is None:
        options = caller_fn_scope.callopts if caller_fn_scope is not None else _called
    if _status.is_off() and not options.user_requested:
        return f(*args, **kwargs)
    if isinstance(f, Function) or malt_api.is_autograph_artifact(f):
        return f(*args, **kwargs)
    if isinstance(f, functools.partial):
        return converted_call(f.func, (*f.args, *args), {**f.keywords, **kwargs}, caller_fn_scope, options)
    special = _builtins.special(f)
    if special is not None:
        return special(*args, **kwargs)
    if inspect_utils.isbuiltin(f):
        if f is super or f in (locals, globals, eval):
            return malt_api.converted_call(f, args, kwargs or None, caller_fn_scope, options)
        return _builtins.overload(f)(*args, **kwargs)
    if isinstance(f, type):
        return f(*args, **kwargs)
    if malt_conversion.is_unsupported(f) or not options.user_requested and malt_conversion.is_allowlisted(f):
        return f(*args, **kwargs)
    if not options.internal_convert_user_code:
        return f(*args, **kwargs)
    if inspect.isfunction(f):
        target, given = f, args
    elif inspect.ismethod(f):
        target, given = f.__func__, (f.__self__, *args)
    else:
        target, given = type(f).__call__, (f, *args)
    code = getattr(target, "__code__", None)
    if code is None or code.co_filename == "<string>" or code in _as_is:
        return f(*args, **kwargs)
    try:
        function = _transform(target, options)
    except Exception as error:  # noqa: BLE001 - whatever the converter cannot do, the function runs as it is
        _as_is.add(code)
        _warn(f, error)
        return f(*args, **kwargs)
    try:
        return function(*given, **kwargs)
    except Exception as error:
        if not _skip(error):
            _note(error, function)
        raise


_builtins.set_converted_call(converted_call)
