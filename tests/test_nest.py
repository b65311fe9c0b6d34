"""`tf.nest` against TensorFlow, and what must hold of any structure."""

import collections
import gc
import weakref

import pytest
from hypothesis import given, strategies as st
from leaf_modules import differences
from oracle.leaves import Attrs, Masked, Pair

from tfcompat._core import data_structures, nest

pytestmark = pytest.mark.own_mode

leaves = st.integers() | st.none() | st.text(max_size=3)


def nodes(inner):
    fixed = st.lists(inner, max_size=3)
    mapping = st.dictionaries(st.text(max_size=2), inner, max_size=3)
    return st.one_of(
        fixed,
        fixed.map(tuple),
        mapping,
        mapping.map(collections.OrderedDict),
        st.builds(Pair, inner, inner),
        st.builds(Attrs, inner, inner),
        st.builds(Masked, st.booleans(), inner),
        fixed.map(collections.deque),
        fixed.map(data_structures.ListWrapper),
        mapping.map(data_structures._DictWrapper),
    )


structures = st.recursive(leaves, nodes, max_leaves=8)


def test_as_in_tensorflow():
    assert not (lines := differences("nest")), "\n".join(lines)


def same(a, b):
    """Equality that looks into the structures of these tests."""
    nest.assert_same_structure(a, b)
    return nest.flatten_with_tuple_paths(a) == nest.flatten_with_tuple_paths(b)


@given(structures)
def test_packing_what_was_flattened_gives_the_structure_back(structure):
    flat = nest.flatten(structure)
    packed = nest.pack_sequence_as(structure, flat)
    assert type(packed) is type(structure)
    assert same(packed, structure)
    assert nest.flatten(packed) == flat


@given(structures)
def test_leaves_are_no_structures(structure):
    assert not any(nest.is_nested(leaf) for leaf in nest.flatten(structure))
    assert nest.is_nested(structure) or nest.flatten(structure) == [structure]


@given(structures)
def test_mapping_keeps_the_structure(structure):
    count = iter(range(1000))
    numbered = nest.map_structure(lambda leaf: next(count), structure)
    assert nest.flatten(numbered) == list(range(len(nest.flatten(structure))))
    nest.assert_same_structure(structure, numbered)
    pairs = nest.map_structure(lambda a, b: f"{a}-{b}", structure, numbered)
    assert len(nest.flatten(pairs)) == len(nest.flatten(structure))


@given(structures, structures)
def test_structures_are_the_same_both_ways_or_neither(a, b):
    assert raised(nest.assert_same_structure, a, b) == raised(nest.assert_same_structure, b, a)
    if raised(nest.assert_same_structure, a, b) is None:
        assert len(nest.flatten(a)) == len(nest.flatten(b))
        assert list(nest.yield_flat_paths(a)) == list(nest.yield_flat_paths(b))


def raised(function, *args):
    try:
        function(*args)
    except (TypeError, ValueError) as error:
        return type(error)
    return None


@given(structures)
def test_a_structure_is_shallow_in_itself(structure):
    assert nest.flatten(structure) == [leaf for _, leaf in nest.flatten_with_tuple_paths(structure)]
    assert nest.flatten_up_to(structure, structure) == nest.flatten(structure)


@given(structures, st.lists(leaves, max_size=12))
def test_packing_takes_exactly_as_many_items_as_there_are_leaves(structure, items):
    fits = len(items) == len(nest.flatten(structure))
    assert (raised(nest.pack_sequence_as, structure, items) is None) == fits


def test_wrapped_containers_count_as_what_they_wrap():
    wrapped = data_structures.wrap_or_unwrap([1, {"b": 2, "a": (3,)}])
    nest.assert_same_structure(wrapped, [1, {"b": 2, "a": (3,)}])
    assert nest.flatten(wrapped) == [1, 3, 2]
    assert nest.map_structure(lambda x: x + 1, wrapped) == [2, {"b": 3, "a": (4,)}]
    pair = data_structures._wrap_tuple(Pair(1, 2))
    nest.assert_same_structure(pair, Pair(3, 4))
    assert type(nest.map_structure(lambda x: x, pair)) is Pair


class Proxy:
    """As wrapt's ObjectProxy: one class for whatever is in it."""

    def __init__(self, wrapped):
        self.__wrapped__ = wrapped

    @property
    def __class__(self):
        return type(self.__wrapped__)

    def __getattr__(self, name):
        return getattr(self.__wrapped__, name)

    def __len__(self):
        return len(self.__wrapped__)

    def __iter__(self):
        return iter(self.__wrapped__)

    def __getitem__(self, key):
        return self.__wrapped__[key]


def test_proxies_of_one_class_may_hold_different_things():
    assert nest.flatten([Proxy([1, 2]), Proxy({"b": 3, "a": 4})]) == [1, 2, 4, 3]
    leaf = Proxy(5)
    assert nest.flatten(leaf)[0] is leaf
    nest.assert_same_structure(Proxy((1, 2)), (3, 4))
    mapped = nest.map_structure(lambda x: x * 10, Proxy((1, 2)))
    assert isinstance(mapped, Proxy) or mapped == (10, 20)
    assert nest.flatten(mapped) == [10, 20]


def test_classes_made_in_a_loop_do_not_pile_up():
    for _ in range(nest._KINDS_LIMIT + 100):
        nest.flatten(type("Leaf", (), {})())
    assert len(nest._kinds) <= nest._KINDS_LIMIT + 1


def test_flattening_keeps_no_values():
    class Leaf:
        pass

    leaf = Leaf()
    watch = weakref.ref(leaf)
    nest.map_structure(lambda x: x, {"a": [leaf]})
    del leaf
    gc.collect()
    assert watch() is None


def test_parts_of_a_custom_class_must_be_a_tuple():
    class Wrong(Masked):
        def __tf_flatten__(self):
            return (), [self.value]

    with pytest.raises(AssertionError, match="__tf_flatten__ of Wrong"):
        nest.flatten(Wrong(True, 1))
