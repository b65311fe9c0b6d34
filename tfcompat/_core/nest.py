"""Nested structures: flatten, pack again, map, compare (`tf.nest`).

Nested are sequences other than text and bytes, mappings and their views (mappings in the order of their sorted keys),
named tuples, attrs classes, and classes with `__tf_flatten__` and `__tf_unflatten__`. With `expand_composites` so are
composite tensors (whatever has a `_type_spec`, such as `tf.IndexedSlices`) and their specs (`CompositeSpec`).
Everything else is a leaf ("atom" in messages): tensors, arrays, sets, dataclasses.
"""

import collections
from collections.abc import Mapping, MappingView, MutableMapping, Sequence

_LEAF, _SEQUENCE, _MAPPING, _ATTRS, _CUSTOM, _COMPOSITE, _SPEC = range(7)
_kinds = {}  # class -> kind
_KINDS_LIMIT = 10_000  # who makes classes in a loop must not fill memory; a cleared table only costs time
_EXPANDED = (_COMPOSITE, _SPEC)


class CompositeSpec:
    """Base of `TypeSpec`: has `_component_specs`, `_to_components(value)`, `_from_components(parts)`, `value_type`."""

    __slots__ = ()
    _is_leaf_of_nest = False  # True for specs of one tensor; a composite tensor's class may say so as well


def _kind(value):
    cls = type(value)
    found = _kinds.get(cls)
    if found is None:
        found = _find_kind(value, cls)
        if cls is value.__class__:  # a proxy takes after what is in it: one class, many kinds
            if len(_kinds) > _KINDS_LIMIT:
                _kinds.clear()
            _kinds[cls] = found
    return found


def _find_kind(value, cls):
    if isinstance(value, Mapping):
        return _MAPPING
    if isinstance(value, MappingView):
        return _SEQUENCE
    if hasattr(cls, "__attrs_attrs__"):
        return _ATTRS
    if hasattr(cls, "__tf_flatten__") and hasattr(cls, "__tf_unflatten__"):
        return _CUSTOM
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return _SEQUENCE
    if getattr(cls, "_is_leaf_of_nest", False):
        return _LEAF
    if hasattr(cls, "_type_spec"):
        return _COMPOSITE
    if isinstance(value, CompositeSpec):
        return _SPEC
    return _LEAF


def is_nested(seq):
    """`tf.nest.is_nested`: whether `seq` is a structure, not a leaf.

    Args:
      seq: anything.
    """
    return _LEAF < _kind(seq) < _COMPOSITE


def is_nested_or_composite(structure):
    """Whether `structure` is a structure, a composite tensor or the spec of one."""
    return _kind(structure) is not _LEAF


def is_mapping(value):
    """Whether `value` is a Mapping."""
    return _kind(value) is _MAPPING


def is_attrs(value):
    """Whether the class of `value` was made by attrs."""
    return _kind(value) is _ATTRS


def is_namedtuple(value, strict=False):
    """Whether `value` is a named tuple. `strict`: of a class that derives from tuple directly."""
    if not isinstance(value, tuple) or (strict and type(value).__base__ is not tuple):
        return False
    fields = getattr(value, "_fields", None)
    return isinstance(fields, Sequence) and all(isinstance(field, str) for field in fields)


def same_namedtuples(first, second):
    """Whether two named tuples have the same class name and fields."""
    return first._fields == second._fields and _plain_class(first).__name__ == _plain_class(second).__name__


def _plain_class(value):
    """The class of what is in a proxy or in a trackable tuple; else the class of `value`."""
    cls = type(value)
    if cls is not value.__class__ and hasattr(value, "__wrapped__"):
        return type(value.__wrapped__)
    return getattr(cls, "_wrapped_class", cls)


def _sorted_keys(mapping):
    try:
        return sorted(mapping.keys())
    except TypeError:
        raise TypeError("nest only supports dicts with sortable keys.") from None


def _children(value, kind):
    """The parts of a structure, in order."""
    if kind is _SEQUENCE:
        return value
    if kind is _MAPPING:
        return [value[key] for key in sorted(value.keys())]
    if kind is _ATTRS:
        return [getattr(value, a.name) for a in type(value).__attrs_attrs__]
    if kind is _CUSTOM:
        return _custom_parts(value)
    return [_composite_parts(value, kind)]


def _custom_parts(value):
    parts = value.__tf_flatten__()[1]
    assert isinstance(parts, tuple), f"__tf_flatten__ of {type(value).__name__} must return its parts as a tuple"
    return parts


def _composite_parts(value, kind):
    return value._component_specs if kind is _SPEC else value._type_spec._to_components(value)


def yield_sorted_items(structure):
    """List of (key, part) of a structure: index, key or field name; the class name for a composite tensor."""
    kind = _kind(structure)
    if kind is _MAPPING:
        return [(key, structure[key]) for key in _sorted_keys(structure)]
    if kind is _ATTRS:
        return [(a.name, getattr(structure, a.name)) for a in type(structure).__attrs_attrs__]
    if is_namedtuple(structure):
        return [(field, getattr(structure, field)) for field in structure._fields]
    if kind in _EXPANDED:
        spec = structure if kind is _SPEC else structure._type_spec
        return [(spec.value_type.__name__, _composite_parts(structure, kind))]
    return list(enumerate(_custom_parts(structure) if kind is _CUSTOM else structure))


def flatten(structure, expand_composites=False):
    """`tf.nest.flatten`: list of the leaves, mappings in the order of their sorted keys.

    Args:
      structure: a structure; a leaf gives a list of itself.
      expand_composites: whether composite tensors are structures of their components.

    Raises:
      TypeError: the keys of a mapping cannot be sorted.
    """
    cls = type(structure)
    if cls is list or cls is tuple:  # nothing but leaves of known classes: the usual case
        for value in structure:
            if _kinds.get(type(value)) is not _LEAF:
                break
        else:
            return list(structure)
    elif _kinds.get(cls) is _LEAF:
        return [structure]
    leaves = []
    _flatten_into(leaves, structure, _SPEC if expand_composites else _CUSTOM)
    return leaves


def _flatten_into(leaves, value, deepest):
    """Appends the leaves of `value`, where kinds beyond `deepest` are leaves."""
    kind = _kind(value)
    if kind is _LEAF or kind > deepest:
        leaves.append(value)
        return
    for part in _children(value, kind):
        _flatten_into(leaves, part, deepest)


def sequence_like(instance, args):
    """A structure like `instance`, one level deep, of the parts `args` (in the order of the sorted keys)."""
    kind = _kind(instance)
    if kind is _MAPPING:
        return _mapping_like(instance, args)
    if isinstance(instance, MappingView):
        return list(args)
    if kind is _ATTRS or is_namedtuple(instance):
        return _plain_class(instance)(*args)
    if kind in _EXPANDED:
        (components,) = args
        return (instance if kind is _SPEC else instance._type_spec)._from_components(components)
    if isinstance(instance, range):
        return list(args)
    if type(instance) is not instance.__class__ and hasattr(instance, "__wrapped__"):
        return type(instance)(sequence_like(instance.__wrapped__, args))
    if kind is _CUSTOM:
        return instance.__tf_unflatten__(instance.__tf_flatten__()[0], tuple(args))
    return type(instance)(args)


def _mapping_like(instance, args):
    values = dict(zip(_sorted_keys(instance), args, strict=False))
    cls = type(instance)
    if isinstance(instance, MutableMapping):
        result = cls(instance.default_factory) if cls is collections.defaultdict else cls()
        for key in instance:  # keeps the order of the keys
            result[key] = values[key]
        return result
    try:
        return cls((key, values[key]) for key in instance)
    except TypeError as error:
        raise TypeError(
            f"Error creating an object of type {cls} like {instance}. Note that it must accept a single positional "
            f"argument representing an iterable of key-value pairs, in addition to self. Cause: {error}"
        ) from None


def pack_sequence_as(structure, flat_sequence, expand_composites=False):
    """`tf.nest.pack_sequence_as`: a structure like `structure` whose leaves are the items of `flat_sequence`.

    Args:
      structure: the structure to copy; a leaf alone is one, too.
      flat_sequence: list of the new leaves.
      expand_composites: whether composite tensors (IndexedSlices, ...) count as structures of their parts.

    Raises:
      TypeError: `flat_sequence` is no sequence, or the keys of a mapping cannot be sorted.
      ValueError: there are more or fewer items than leaves.
    """
    if type(flat_sequence) is list and len(flat_sequence) == 1 and _kinds.get(type(structure)) is _LEAF:
        return flat_sequence[0]
    return _pack(structure, flat_sequence, expand_composites, sequence_like)


def _shortened(value):
    text = str(value)
    return text[:100] + (text[100:] and "...")


def _pack(structure, flat, expand_composites, like):
    nested = is_nested_or_composite if expand_composites else is_nested
    if not nested(flat):
        raise TypeError(
            f"Attempted to pack value:\n  {_shortened(flat)}\ninto a structure, but found incompatible type "
            f"`{type(flat)}` instead."
        )
    if not nested(structure):
        if len(flat) != 1:
            raise ValueError(
                f"The target structure is of type `{type(structure)}`\n  {_shortened(structure)}\nHowever the input "
                f"is a sequence ({type(flat)}) of length {len(flat)}.\n  {_shortened(flat)}\nnest cannot guarantee "
                "that it is safe to map one to the other."
            )
        return flat[0]
    try:
        used, parts = _packed_parts(structure, flat, 0, nested, like)
    except IndexError:
        used = None
    if used != len(flat):
        count = len(flatten(structure, expand_composites))
        if count != len(flat) or used is None:
            raise ValueError(
                f"Could not pack sequence. Structure had {count} atoms, but flat_sequence had {len(flat)} items.  "
                f"Structure: {structure}, flat_sequence: {flat}."
            )
    return like(structure, parts)


def _packed_parts(structure, flat, index, nested, like):
    parts = []
    kind = _kind(structure)
    if kind is _MAPPING:
        children = [structure[key] for key in _sorted_keys(structure)]
    else:
        children = _children(structure, kind)
    for part in children:
        if nested(part):
            index, inner = _packed_parts(part, flat, index, nested, like)
            parts.append(like(part, inner))
        else:
            parts.append(flat[index])
            index += 1
    return index, parts


def map_structure(func, *structure, **kwargs):
    """`tf.nest.map_structure`: the results of `func` on corresponding leaves, in a structure like the first.

    Args:
      func: called with one leaf of each structure.
      *structure: one or more structures that are the same.
      check_types: whether the classes of sequences must be the same as well (default True).
      expand_composites: whether composite tensors are structures of their components (default False).

    Raises:
      TypeError: `func` cannot be called, or classes differ.
      ValueError: no structure is given, the structures differ, or a keyword is unknown.
    """
    if not callable(func):
        raise TypeError(f"func must be callable, got: {func}")
    if not structure:
        raise ValueError("Must provide at least one structure")
    check_types = kwargs.pop("check_types", True)
    expand_composites = kwargs.pop("expand_composites", False)
    if kwargs:
        raise ValueError(
            f"Only valid keyword arguments are `check_types` and `expand_composites`, not: `{'`, `'.join(kwargs)}`"
        )
    first, *others = structure
    for other in others:
        assert_same_structure(first, other, check_types, expand_composites)
    leaves = [flatten(s, expand_composites) for s in structure]
    results = [func(*row) for row in zip(*leaves, strict=False)]
    return pack_sequence_as(first, results, expand_composites)


class _Dot:
    """Stands for a leaf in messages."""

    def __repr__(self):
        return "."


_DOT = _Dot()


def assert_same_structure(nest1, nest2, check_types=True, expand_composites=False):
    """`tf.nest.assert_same_structure`: raises unless two structures are nested in the same way.

    Args:
      nest1, nest2: structures or leaves.
      check_types: whether the classes of sequences and the keys of mappings are compared. Lists of any kind pass for
        each other, so do mappings, and named tuples of the same name and fields.
      expand_composites: whether composite tensors are structures; their specs must then be compatible.

    Raises:
      ValueError: they differ in depth, number of parts or keys.
      TypeError: the classes of two sequences differ.
    """
    found = _difference(nest1, nest2, check_types, _SPEC if expand_composites else _CUSTOM)
    if found is None:
        return
    error, text = found
    dots1, dots2 = (str(map_structure(lambda _: _DOT, nest)) for nest in (nest1, nest2))
    raise error(
        "The two structures don't have the same nested structure.\n\n"
        f"First structure: {_described(nest1)}\n\nSecond structure: {_described(nest2)}\n\n"
        f"More specifically: {text}\nEntire first structure:\n{dots1}\nEntire second structure:\n{dots2}"
    )


def _described(value):
    return f"type={type(value).__name__} str={value!s}"


def _class_name(cls):
    built_in = cls.__flags__ & (1 << 8)  # Py_TPFLAGS_IMMUTABLETYPE: classes of C carry their module in the name
    return f"{cls.__module__}.{cls.__name__}" if built_in and cls.__module__ != "builtins" else cls.__name__


def _difference(first, second, check_types, deepest):
    """None if two structures are the same, else (exception class, text of the first difference)."""
    kind1, kind2 = _kind(first), _kind(second)
    kind1, kind2 = (_LEAF if kind > deepest else kind for kind in (kind1, kind2))
    if kind1 is _LEAF and kind2 is _LEAF:
        return None
    if kind1 is _LEAF or kind2 is _LEAF:
        nested, leaf = (first, second) if kind2 is _LEAF else (second, first)
        return ValueError, (
            f'Substructure "{_described(nested)}" is a sequence, while substructure "{_described(leaf)}" is not'
        )
    if check_types:
        found = _type_difference(first, second, kind1, kind2)
        if found is not None:
            return found
    if _COMPOSITE in (kind1, kind2):
        spec1 = (first if kind1 is _SPEC else first._type_spec)._without_tensor_names()
        spec2 = (second if kind2 is _SPEC else second._type_spec)._without_tensor_names()
        if spec1.most_specific_common_supertype([spec2]) is None:
            return ValueError, f"Incompatible CompositeTensor TypeSpecs: {_described(spec1)} vs. {_described(spec2)}"
    parts1, parts2 = list(_children(first, kind1)), list(_children(second, kind2))
    for part1, part2 in zip(parts1, parts2, strict=False):
        found = _difference(part1, part2, check_types, deepest)
        if found is not None:
            return found
    if len(parts1) != len(parts2):
        return ValueError, (
            f"The two structures don't have the same number of elements. First structure: {_described(first)}. "
            f"Second structure: {_described(second)}"
        )
    return None


def _type_difference(first, second, kind1, kind2):
    class1, class2 = _plain_class(first), _plain_class(second)
    if is_namedtuple(first) and is_namedtuple(second):
        same = same_namedtuples(first, second)
    elif class1 is class2 or (isinstance(first, list) and isinstance(second, list)):
        same = True
    else:
        same = kind1 is kind2 is _MAPPING or (kind1 in _EXPANDED and kind2 in _EXPANDED)
    if not same:
        return TypeError, (
            f"The two namedtuples don't have the same sequence type. First structure {_described(first)} has type "
            f"{_class_name(class1)}, while second structure {_described(second)} has type {_class_name(class2)}"
        )
    if kind1 is _MAPPING and (len(first) != len(second) or any(key not in second for key in first)):
        return ValueError, (
            "The two dictionaries don't have the same set of keys. First structure has keys "
            f"{_described(list(first.keys()))}, while second structure has keys {_described(list(second.keys()))}"
        )
    return None


def assert_shallow_structure(shallow_tree, input_tree, check_types=True, expand_composites=False):
    """Raises unless `input_tree` is `shallow_tree` with structures in place of some of its leaves.

    Raises:
      TypeError: a sequence meets a leaf, or the classes of two sequences differ (if `check_types`).
      ValueError: two parts differ in length or keys, or composite tensors do not fit.
    """
    nested = is_nested_or_composite if expand_composites else is_nested
    if not nested(shallow_tree):
        return
    if not nested(input_tree):
        raise TypeError(
            f"If shallow structure is a sequence, input must also be a sequence. Input has type: {type(input_tree)}."
        )
    kind1, kind2 = _kind(shallow_tree), _kind(input_tree)
    mismatch = (
        "The two structures don't have the same sequence type. Input structure has type "
        f"{type(input_tree)}, while shallow structure has type {type(shallow_tree)}."
    )
    if check_types and not isinstance(input_tree, _plain_class(shallow_tree)):
        if is_namedtuple(shallow_tree) and is_namedtuple(input_tree):
            same = same_namedtuples(shallow_tree, input_tree)
        else:
            same = (
                (isinstance(shallow_tree, list) and isinstance(input_tree, list))
                or (kind1 in _EXPANDED and kind2 in _EXPANDED)
                or kind1 is kind2 is _MAPPING
            )
        if not same:
            raise TypeError(mismatch)
    if _COMPOSITE in (kind1, kind2):
        if kind1 not in _EXPANDED or kind2 not in _EXPANDED:
            raise TypeError(mismatch)
        spec1 = (shallow_tree if kind1 is _SPEC else shallow_tree._type_spec)._without_tensor_names()
        spec2 = (input_tree if kind2 is _SPEC else input_tree._type_spec)._without_tensor_names()
        if spec1.most_specific_common_supertype([spec2]) is None:
            raise ValueError(f"Incompatible CompositeTensor TypeSpecs: {spec1} vs. {spec2}")
    elif kind1 is _SPEC:
        if kind2 is not _SPEC:
            raise TypeError(
                "If shallow structure is a TypeSpec, input must also be a TypeSpec.  "
                f"Input has type: {type(input_tree)}."
            )
    branches1, branches2 = list(_children(shallow_tree, kind1)), list(_children(input_tree, kind2))
    if len(branches1) != len(branches2) and kind1 not in _EXPANDED:
        raise ValueError(
            "The two structures don't have the same sequence length. Input structure has length "
            f"{len(branches2)}, while shallow structure has length {len(branches1)}."
        )
    if kind1 is _MAPPING:
        absent = set(shallow_tree) - set(input_tree)
        if absent:
            raise ValueError(
                "The shallow_tree's keys are not a subset of the input_tree's keys. The shallow_tree has the "
                f"following keys that are not in the input_tree: {sorted(absent)}."
            )
    for branch1, branch2 in zip(branches1, branches2, strict=False):
        assert_shallow_structure(branch1, branch2, check_types, expand_composites)


def yield_flat_up_to(shallow_tree, input_tree, is_nested_fn, path=()):
    """Yields (path, part of `input_tree`) for each leaf of `shallow_tree`; a path is a tuple of keys."""
    if not is_nested_fn(shallow_tree):
        yield path, input_tree
        return
    parts = dict(yield_sorted_items(input_tree))
    for key, branch in yield_sorted_items(shallow_tree):
        yield from yield_flat_up_to(branch, parts[key], is_nested_fn, (*path, key))


def flatten_with_tuple_paths_up_to(shallow_tree, input_tree, check_types=True, expand_composites=False):
    """List of (path, part of `input_tree`) for each leaf of `shallow_tree`. Raises as `assert_shallow_structure`."""
    assert_shallow_structure(shallow_tree, input_tree, check_types, expand_composites)
    nested = is_nested_or_composite if expand_composites else is_nested
    return list(yield_flat_up_to(shallow_tree, input_tree, nested))


def flatten_up_to(shallow_tree, input_tree, check_types=True, expand_composites=False):
    """List of the parts of `input_tree` where `shallow_tree` has leaves. Raises as `assert_shallow_structure`."""
    return [
        part for _, part in flatten_with_tuple_paths_up_to(shallow_tree, input_tree, check_types, expand_composites)
    ]


def map_structure_with_tuple_paths_up_to(shallow_tree, func, *inputs, **kwargs):
    """`map_structure_up_to` where `func` gets the path first, and the keywords that are not known here."""
    if not inputs:
        raise ValueError("Cannot map over no sequences")
    check_types = kwargs.pop("check_types", True)
    expand_composites = kwargs.pop("expand_composites", False)
    flat = [flatten_with_tuple_paths_up_to(shallow_tree, tree, check_types, expand_composites) for tree in inputs]
    results = [func(row[0][0], *[part for _, part in row], **kwargs) for row in zip(*flat, strict=False)]
    return pack_sequence_as(shallow_tree, results, expand_composites)


def map_structure_up_to(shallow_tree, func, *inputs, **kwargs):
    """A structure like `shallow_tree` of what `func` makes of the corresponding parts of `inputs`.

    Keywords are `check_types` and `expand_composites`, as of `map_structure`.
    """
    return map_structure_with_tuple_paths_up_to(shallow_tree, lambda _, *parts: func(*parts), *inputs, **kwargs)


def map_structure_with_tuple_paths(func, *structure, **kwargs):
    """`map_structure` where `func` gets the path of the leaf first, as a tuple of keys."""
    return map_structure_with_tuple_paths_up_to(structure[0], func, *structure, **kwargs)


def map_structure_with_paths(func, *structure, **kwargs):
    """`map_structure` where `func` gets the path of the leaf first, its keys joined by "/"."""

    def joined(path, *parts, **others):
        return func("/".join(map(str, path)), *parts, **others)

    return map_structure_with_tuple_paths_up_to(structure[0], joined, *structure, **kwargs)


def yield_flat_paths(nest, expand_composites=False):
    """Yields the path of each leaf, a tuple of keys, in the order of `flatten`."""
    nested = is_nested_or_composite if expand_composites else is_nested
    for path, _ in yield_flat_up_to(nest, nest, nested):
        yield path


def flatten_with_tuple_paths(structure, expand_composites=False):
    """List of (path, leaf); a path is a tuple of keys."""
    paths = yield_flat_paths(structure, expand_composites)
    return list(zip(paths, flatten(structure, expand_composites), strict=True))


def flatten_with_joined_string_paths(structure, separator="/", expand_composites=False):
    """List of (path, leaf); a path is the keys as text, joined by `separator`."""
    return [
        (separator.join(map(str, path)), leaf) for path, leaf in flatten_with_tuple_paths(structure, expand_composites)
    ]


def flatten_dict_items(dictionary):
    """A dict whose keys and values are the leaves of the keys and values of `dictionary`.

    Raises:
      TypeError: `dictionary` is no mapping.
      ValueError: a key and its value have different numbers of leaves, or a leaf of keys occurs twice.
    """
    if not is_mapping(dictionary):
        raise TypeError(
            "FlattenDictItems: 'dict' must be a dictionary or collection.Mapping type object, "
            f"instead of '{_class_name(type(dictionary))}'."
        )
    result = {}
    for key, value in dictionary.items():
        keys, values = ([key], [value]) if not is_nested(key) else (flatten(key), flatten(value))
        if len(keys) != len(values):
            raise ValueError(
                f"Could not flatten dictionary. Key had {len(keys)} elements, but value had {len(values)} elements. "
                f"Key: {keys}, value: {values}."
            )
        for flat_key, flat_value in zip(keys, values, strict=True):
            if flat_key in result:
                raise ValueError(f"Cannot flatten dict because this key is not unique: {flat_key}")
            result[flat_key] = flat_value
    return result


def list_to_tuple(structure):
    """`structure` with tuples in place of lists, at every level."""

    def like(instance, args):
        return tuple(args) if isinstance(instance, list) else sequence_like(instance, args)

    return _pack(structure, flatten(structure), False, like)


def get_traverse_shallow_structure(traverse_fn, structure, expand_composites=False):
    """A shallow structure of bools, for `map_structure_up_to`, that ends where `traverse_fn` says so.

    Args:
      traverse_fn: takes a part of `structure`; returns a bool, or a structure like it, one level deep, of bools.

    Raises:
      TypeError: `traverse_fn` returned something else.
    """
    nested = is_nested_or_composite if expand_composites else is_nested
    wanted = traverse_fn(structure)
    if not nested(structure):
        if not isinstance(wanted, bool):
            raise TypeError(f"traverse_fn returned structure: {wanted} for non-structure: {structure}")
        return wanted
    branches = list(_children(structure, _kind(structure)))
    if isinstance(wanted, bool):
        if not wanted:
            return False
        flags = [True] * len(branches)
    elif not nested(wanted):
        raise TypeError(f"traverse_fn returned a non-bool scalar: {wanted} for input: {structure}")
    else:
        assert_shallow_structure(wanted, structure, expand_composites=expand_composites)
        flags = list(_children(wanted, _kind(wanted)))
    for flag in flags:
        if not isinstance(flag, bool):
            raise TypeError(
                f"traverse_fn didn't return a depth=1 structure of bools.  saw: {wanted}  for structure: {structure}"
            )
    inner = [
        get_traverse_shallow_structure(traverse_fn, branch, expand_composites) if flag else False
        for flag, branch in zip(flags, branches, strict=False)
    ]
    return sequence_like(structure, inner)
