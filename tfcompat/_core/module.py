"""`tf.Module`: a named container whose variables and submodules are found by looking at its attributes."""

import functools
import re

from tfcompat._core import nest
from tfcompat._core.auto_trackable import AutoTrackable
from tfcompat._core.name_scope import name_scope
from tfcompat._core.variable import Variable

_INVALID_NAME = (
    "{name!r} is not a valid module name. Module names must be valid Python identifiers (e.g. a valid class name)."
)
_NOT_FLATTENED = "Error processing property {key!r} of {value!r}"

_WORD_START = re.compile(r"((?<=[a-z0-9])[A-Z]|(?!^)[A-Z](?=[a-z]))")
_IDENTIFIER = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*\Z")


class Module(AutoTrackable):
    """Base class of objects that own variables and other modules.

    Variables, modules and (nested) lists, tuples and dicts of them are found where they were assigned to attributes.

    Args:
      name: a Python identifier; the class name in snake case if not given.

    Raises:
      ValueError: if `name` is no identifier.
    """

    # Bookkeeping of Trackable, whose targets are reached by other attributes.
    _TF_MODULE_IGNORED_PROPERTIES = frozenset(
        (
            "_self_unconditional_checkpoint_dependencies",
            "_self_unconditional_dependency_names",
            "_self_unconditional_deferred_dependencies",
        )
    )

    def __init__(self, name=None):
        if name is None:
            name = _snake_case(type(self).__name__)
        elif not _IDENTIFIER.match(name):
            raise ValueError(_INVALID_NAME.format(name=name))
        self._name = name
        with name_scope(name) as full_name:
            self._name_scope = name_scope(full_name)

    @property
    def name(self):
        """The module's own name, without the scopes it was made in."""
        return self._name

    @property
    def name_scope(self):
        """The `tf.name_scope` of this module; it can be entered any number of times."""
        return self._name_scope

    @property
    def variables(self):
        """Tuple of the variables of this module, by attribute name, then of its submodules, breadth first."""
        return tuple(self._flatten(predicate=_is_variable, expand_composites=True))

    @property
    def trainable_variables(self):
        """Those of `variables` that are trainable."""
        return tuple(self._flatten(predicate=_is_trainable, expand_composites=True))

    @property
    def non_trainable_variables(self):
        """Those of `variables` that are not trainable."""
        return tuple(self._flatten(predicate=_is_not_trainable, expand_composites=True))

    @property
    def submodules(self):
        """Tuple of the modules below this one."""
        return tuple(self._flatten(predicate=_is_module))

    def _flatten(
        self,
        recursive=True,
        predicate=None,
        attribute_traversal_key=None,
        with_path=False,
        expand_composites=False,
    ):
        """Yields the leaves of this module's attributes, then of its submodules'.

        Args:
          recursive: whether to go into submodules.
          predicate: yields only leaves for which it is true; all if None.
          attribute_traversal_key: `key` of the sort that orders attribute names.
          with_path: yields (path, leaf) pairs, and a leaf once for each of its paths; otherwise each leaf once.
          expand_composites: whether tensors made of several tensors give these as leaves.

        Raises:
          ValueError: if an attribute holds a dict whose keys cannot be sorted.
        """
        walk = _Walk(recursive, predicate or _anything, attribute_traversal_key, with_path, expand_composites)
        return walk.leaves(self, ())

    @classmethod
    def with_name_scope(cls, method):
        """Decorates a method so that it runs inside the module's name scope."""

        @functools.wraps(method)
        def scoped(self, *args, **kwargs):
            with self.name_scope:
                return method(self, *args, **kwargs)

        return scoped


class _Walk:
    """One traversal of a module's attributes."""

    def __init__(self, recursive, predicate, attribute_key, with_path, expand_composites):
        self.recursive = recursive
        self.predicate = predicate
        self.attribute_key = attribute_key
        self.with_path = with_path
        self.expand_composites = expand_composites
        self.seen = None
        self.above = []  # the modules between the root and the current one

    def leaves(self, module, module_path):
        if self.seen is None:
            self.seen = {id(module)}
        attributes = vars(module)
        inner = []
        # With paths a module is visited once for each path to it, so cycles have to be broken here.
        descend = self.recursive and id(module) not in self.above
        for key in sorted(attributes, key=self.attribute_key):
            if key in module._TF_MODULE_IGNORED_PROPERTIES:
                continue
            try:
                found = nest.flatten_with_tuple_paths(attributes[key], expand_composites=self.expand_composites)
            except Exception as error:
                raise ValueError(_NOT_FLATTENED.format(key=key, value=attributes[key])) from error
            for inner_path, leaf in found:
                path = (key, *inner_path)
                if not self.with_path:
                    if id(leaf) in self.seen:
                        continue
                    self.seen.add(id(leaf))
                if self.predicate(leaf):
                    yield (module_path + path, leaf) if self.with_path else leaf
                if descend and isinstance(leaf, Module):
                    inner.append((module_path + path, leaf))
        self.above.append(id(module))
        for path, submodule in inner:
            yield from self.leaves(submodule, path)
        self.above.pop()


def _anything(leaf):
    return True


def _is_variable(leaf):
    return isinstance(leaf, Variable)


def _is_trainable(leaf):
    return isinstance(leaf, Variable) and leaf.trainable


def _is_not_trainable(leaf):
    return isinstance(leaf, Variable) and not leaf.trainable


def _is_module(leaf):
    return isinstance(leaf, Module)


def _snake_case(name):
    return _WORD_START.sub(r"_\1", name).lower()
