"""`tf.TensorSpec` and its kin against TensorFlow, and how they meet values."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from leaf_modules import differences

from tfcompat._core import dtypes, nest, specs
from tfcompat._core.shapes import TensorShape

pytestmark = pytest.mark.own_mode


def test_as_in_tensorflow():
    assert not (lines := differences("specs")), "\n".join(lines)


class FakeTensor:
    def __init__(self, shape, dtype="float32"):
        self.shape, self.dtype = TensorShape(shape), dtypes.as_dtype(dtype)

    def set_shape(self, shape):
        self.shape = self.shape.merge_with(shape)


class FakeVariable(FakeTensor):
    trainable = False


@pytest.fixture
def fakes(monkeypatch):
    """The specs of this module describe FakeTensor and FakeVariable for the length of a test."""
    monkeypatch.setattr(specs, "_value_types", dict(specs._value_types))
    monkeypatch.setattr(specs, "_converters", list(specs._converters))
    specs.set_value_types(tensor=FakeTensor)
    specs.set_value_types(variable=FakeVariable)


def test_a_spec_of_a_tensor(fakes):
    tensor = FakeTensor([2, 3], "int32")
    assert specs.TensorSpec.from_tensor(tensor, "x") == specs.TensorSpec([2, 3], "int32", "x")
    assert specs.type_spec_from_value(tensor) == specs.TensorSpec([2, 3], "int32")
    assert specs.TensorSpec([None, 3], "int32").is_compatible_with(tensor)
    assert not specs.TensorSpec([None, 3]).is_compatible_with(tensor)
    assert specs.TensorSpec([1]).value_type is FakeTensor


def test_a_spec_of_a_variable(fakes):
    spec = specs.type_spec_from_value(FakeVariable([2]))
    assert spec == specs.VariableSpec([2], trainable=False)
    assert spec.value_type is FakeVariable
    assert spec.is_compatible_with(FakeVariable([2]))
    assert not spec.is_compatible_with(FakeVariable([3]))
    assert not spec.is_compatible_with(FakeTensor([2]))


def test_a_list_of_tensors_has_the_spec_of_the_stacked_tensor(fakes):
    tensors = [FakeTensor([3]), FakeTensor([4])]
    assert specs.type_spec_from_value(tensors) == specs.TensorSpec([2, None])


def test_what_can_be_converted_has_the_spec_of_the_tensor(fakes, monkeypatch):
    monkeypatch.setattr(specs, "_to_tensor", lambda value: FakeTensor(np.shape(value), "int32"))
    assert specs.type_spec_from_value([[1], [2]]) == specs.TensorSpec([2, 1], "int32")


def test_the_latest_converter_wins(fakes):
    specs.register_type_spec_from_value_converter(complex, lambda value: specs.TensorSpec([], "complex64"))
    specs.register_type_spec_from_value_converter(complex, lambda value: specs.TensorSpec([], "complex128"))
    assert specs.type_spec_from_value(1j).dtype is dtypes.complex128


def test_a_composite_is_made_of_a_list_of_tensors(fakes):
    spec = specs.IndexedSlicesSpec([None, 2], indices_dtype="int32", indices_shape=[3])
    values, indices = FakeTensor([3, 2]), FakeTensor([3], "int32")
    made = spec._from_tensor_list([values, indices])
    assert type(made) is spec.value_type and made.values is values and made.indices is indices
    assert spec.to_tensors(made) == [values, indices]
    again = spec.from_tensors(iter([values, indices]))
    assert again.indices is indices
    with pytest.raises(ValueError, match="item 0 .* is incompatible with the expected TypeSpec"):
        spec._from_tensor_list([FakeTensor([3, 1]), indices])
    with pytest.raises(ValueError, match="expects 2 items, but the provided tensor list has 1"):
        spec._from_tensor_list([values])


def test_composites_are_flattened_into_their_components(fakes):
    spec = specs.IndexedSlicesSpec([None, 2], indices_dtype="int32", indices_shape=[3])
    assert nest.flatten([spec, 1]) == [spec, 1]
    parts = [specs.TensorSpec([3, 2]), specs.TensorSpec([3], "int32"), 1]
    assert nest.flatten([spec, 1], expand_composites=True) == parts


def test_a_tensor_of_the_wrong_shape_does_not_fit(fakes):
    spec = specs.TensorSpec([2, None])
    tensor = FakeTensor([2, 3])
    assert spec.to_tensors(tensor) == [tensor]
    with pytest.raises(TypeError, match=r"Received tensor of shape \(3, 3\) instead of \(2, None\)"):
        spec.to_tensors(FakeTensor([3, 3]))


def test_protocol_buffers_are_refused():
    with pytest.raises(NotImplementedError, match="TensorSpec.experimental_as_proto"):
        specs.TensorSpec([1]).experimental_as_proto()


tensor_specs = st.builds(
    specs.TensorSpec,
    st.none() | st.lists(st.none() | st.integers(0, 3), max_size=3),
    st.sampled_from(["float32", "int32"]),
    st.sampled_from([None, "a"]),
)


@given(tensor_specs, st.lists(tensor_specs, max_size=3))
def test_a_common_supertype_is_one(spec, others):
    common = spec.most_specific_common_supertype(others)
    if common is not None:
        assert all(s.shape.is_subtype_of(common.shape) and s.dtype is common.dtype for s in (spec, *others))
    if all(other == spec for other in others):
        assert common == spec


@given(tensor_specs, tensor_specs)
def test_equal_specs_have_equal_hashes(a, b):
    if a == b:
        assert hash(a) == hash(b) and repr(a) == repr(b)
    assert (a != b) == (not a == b)
