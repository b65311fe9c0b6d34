"""`tf.TensorShape` and `Dimension` against TensorFlow, and what must hold of any shapes."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from leaf_modules import differences

from tfcompat._core.shapes import TensorShape, broadcast_dims, broadcast_static_shape

pytestmark = pytest.mark.own_mode

sizes = st.none() | st.integers(0, 4)
shapes = st.builds(TensorShape, st.none() | st.lists(sizes, max_size=4))
known = st.lists(st.integers(0, 4), max_size=4).map(tuple)


def test_as_in_tensorflow():
    assert not (lines := differences("shapes")), "\n".join(lines)


def merged(a, b):
    """`a.merge_with(b)`, or None if they contradict each other."""
    try:
        return a.merge_with(b)
    except ValueError:
        return None


@given(shapes, shapes)
def test_merging_works_exactly_for_compatible_shapes(a, b):
    assert (merged(a, b) is not None) == a.is_compatible_with(b) == b.is_compatible_with(a)
    assert merged(a, b) == merged(b, a)


@given(shapes)
def test_merging_with_itself_or_the_unknown_changes_nothing(a):
    assert a.merge_with(a) == a
    assert a.merge_with(None) == a == TensorShape(None).merge_with(a)


@given(shapes, shapes)
def test_a_merged_shape_says_at_least_as_much_as_either(a, b):
    both = merged(a, b)
    if both is not None:
        assert both.is_subtype_of(a) and both.is_subtype_of(b)


@given(shapes, shapes, shapes)
def test_merging_is_associative(a, b, c):
    ab, bc = merged(a, b), merged(b, c)
    if ab is not None and bc is not None:
        assert merged(ab, c) == merged(a, bc)


@given(shapes, shapes)
def test_what_shapes_have_in_common_fits_both(a, b):
    common = a.most_specific_compatible_shape(b)
    assert a.is_subtype_of(common) and b.is_subtype_of(common)
    assert common == a.most_specific_common_supertype([b])


@given(shapes, shapes, shapes)
def test_being_a_subtype_is_transitive(a, b, c):
    if a.is_subtype_of(b) and b.is_subtype_of(c):
        assert a.is_subtype_of(c)


@given(shapes, shapes)
def test_equal_shapes_have_equal_hashes(a, b):
    if a == b:
        assert hash(a) == hash(b) and repr(a) == repr(b)


@given(known, known)
def test_broadcasting_agrees_with_numpy(a, b):
    try:
        expected = np.broadcast_shapes(a, b)
    except ValueError:
        assert broadcast_dims(a, b) is None
        with pytest.raises(ValueError, match="Incompatible shapes for broadcasting"):
            broadcast_static_shape(TensorShape(a), TensorShape(b))
        return
    assert broadcast_dims(a, b) == expected
    assert broadcast_static_shape(TensorShape(a), TensorShape(b)) == expected


@given(known, known, st.data())
def test_broadcasting_of_partly_known_shapes_contradicts_no_known_ones(a, b, data):
    result = broadcast_dims(a, b)
    if result is None:
        return
    hidden = [TensorShape([None if data.draw(st.booleans()) else size for size in dims]) for dims in (a, b)]
    # An unknown size is taken to fit: it is 1 or the other size.
    assert broadcast_static_shape(*hidden).rank == len(result)
    assert broadcast_static_shape(*hidden).is_compatible_with(result)


@given(known)
def test_the_quick_constructor_makes_the_same_shape(dims):
    quick = TensorShape._fast(dims)
    assert quick == TensorShape(dims) and hash(quick) == hash(TensorShape(list(dims)))


def test_protocol_buffers_are_refused():
    with pytest.raises(NotImplementedError, match="as_list"):
        TensorShape([1]).as_proto()
