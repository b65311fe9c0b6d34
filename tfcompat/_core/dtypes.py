"""`tf.DType` and its instances. There is one object per dtype, so `is` works and attributes are computed once."""

import builtins

import ml_dtypes
import numpy as np

_REF = 100  # distance between the enum value of a dtype and of its reference form, a leftover of TensorFlow 1
_BY_ENUM = {}
_FLAGS = (
    "is_bool",
    "is_complex",
    "is_floating",
    "is_integer",
    "is_numeric",
    "is_numpy_compatible",
    "is_quantized",
    "is_unsigned",
)


class DType:
    """Type of a tensor's elements.

    Attributes:
      name: such as "float32".
      as_datatype_enum: TensorFlow's number for the dtype.
      as_numpy_dtype: the NumPy type; `object` for strings. KeyError for `resource` and `variant`.
      np: the `np.dtype` object, or None for `resource` and `variant` (not in TensorFlow).
      size: bytes of an element; 0 where that is not fixed.
      is_bool, is_complex, is_floating, is_integer, is_unsigned, is_quantized: what kind it is. Quantized dtypes
        are not integer.
      is_numeric: whether TensorFlow calls it a number; False for the float8 and the 2- and 4-bit dtypes.
      is_numpy_compatible: whether NumPy arrays can hold it.
      base_dtype: the dtype without "_ref".

    Args:
      type_enum: TensorFlow's number for the dtype.
      handle_data: accepted.
    """

    # Slots, not properties: `t.dtype.name` and the like are read several times per recorded op.
    __slots__ = (
        "_type_enum",
        "as_datatype_enum",
        "as_numpy_dtype",
        "base_dtype",
        "c_name",
        "name",
        "np",
        "size",
        *_FLAGS,
    )

    def __new__(cls, type_enum, handle_data=None):
        if handle_data is not None:
            raise TypeError("handle_data must be of the type HandleData")
        found = _BY_ENUM.get(int(type_enum))
        if found is None:
            raise TypeError(f"{int(type_enum)} does not correspond to a valid tensorflow::DataType")
        return found

    def __setattr__(self, name, value):
        raise AttributeError(f"'DType' object has no attribute '{name}'" if name not in dir(self) else
                             f"can't set attribute '{name}'")  # fmt: skip

    def __getattr__(self, name):  # reached only for what has no value
        if name == "as_numpy_dtype":
            raise KeyError(self._type_enum)
        raise AttributeError(f"'DType' object has no attribute '{name}'")

    @property
    def _is_ref_dtype(self):
        return self._type_enum > _REF

    @property
    def _as_ref(self):
        return self if self._is_ref_dtype else _BY_ENUM[self._type_enum + _REF]

    @property
    def _handle_data(self):
        return None

    @property
    def real_dtype(self):
        """The dtype of the real part: float32 for complex64, float64 for complex128, itself otherwise."""
        if self.base_dtype is complex64:
            return float32
        return float64 if self.base_dtype is complex128 else self

    @property
    def min(self):
        """Smallest finite value; TypeError where there is none (bool, string, complex, quantized, handles)."""
        return self._limit("min", "minimum")

    @property
    def max(self):
        """Largest finite value; TypeError where there is none (bool, string, complex, quantized, handles)."""
        return self._limit("max", "maximum")

    def _limit(self, name, word):
        if self.is_quantized or self.is_bool or self.is_complex or self.base_dtype is string:
            kind = "quantized type" if self.is_quantized else "type"
            raise TypeError(f"Cannot find {word} value of {self} with {kind} {self.base_dtype}.")
        if self.np is None:
            raise TypeError(f"Cannot find {word} value of {self}.")
        info = ml_dtypes.finfo if self.is_floating else ml_dtypes.iinfo
        return getattr(info(self.as_numpy_dtype), name)

    @property
    def limits(self):
        """(0, largest intensity of an image of this dtype); ValueError where TensorFlow defines none."""
        if self.as_numpy_dtype not in _INTENSITY:
            raise ValueError(f"{self} does not have defined limits.")
        return 0, _INTENSITY[self.as_numpy_dtype]

    def is_compatible_with(self, other):
        """Whether a tensor of dtype `other` passes for this dtype: equal, or its reference form.

        Raises:
          TypeError: `other` is no dtype.
        """
        other = as_dtype(other)
        return self is other or self is other.base_dtype

    def is_subtype_of(self, other):
        """Whether `other` is the same dtype."""
        return self == other

    def most_specific_common_supertype(self, types):
        """This dtype if all of `types` equal it, else None."""
        return self if all(self == other for other in types) else None

    def experimental_as_proto(self):
        """Not available: there are no protocol buffers. Raises NotImplementedError."""
        raise NotImplementedError("tf.DType.experimental_as_proto: there are no protocol buffers; keep `dtype.name`")

    def __eq__(self, other):
        if self is other:
            return True
        if other is None or type(other) is DType:
            return False
        try:
            return self is as_dtype(other)
        except TypeError:
            return False

    def __ne__(self, other):
        return not self.__eq__(other)

    def __hash__(self):
        return self._type_enum

    def __int__(self):
        return self._type_enum

    def __repr__(self):
        return f"tf.{self.name}"

    def __str__(self):
        return f"<dtype: '{self.name}'>"

    def __reduce__(self):
        return as_dtype, (self.name,)


def _make(enum, name, numpy_type, kinds="", c_name=None, size=None):
    """Creates the dtype and its reference form. `kinds`: what is true of it, as words out of _FLAGS without "is_"."""
    base = None
    for shift, suffix in ((0, ""), (_REF, "_ref")):
        self = object.__new__(DType)
        known = None if numpy_type is None else np.dtype(numpy_type)
        values = {
            "_type_enum": enum + shift,
            "as_datatype_enum": enum + shift,
            "base_dtype": base or self,
            "c_name": (c_name or name) + suffix,
            "name": name + suffix,
            "np": known,
            "size": known.itemsize if size is None else size,
            **{flag: flag.removeprefix("is_") in kinds.split() for flag in _FLAGS},
            "is_numpy_compatible": known is not None,
        }
        if known is not None:
            values["as_numpy_dtype"] = numpy_type
        for slot, value in values.items():
            object.__setattr__(self, slot, value)
        _BY_ENUM[enum + shift] = self
        base = base or self
    return base


def _quantized(name, numpy_type):
    return np.dtype([(name, numpy_type)])  # how TensorFlow marks quantized arrays


float32 = _make(1, "float32", np.float32, "floating numeric", "float")
float64 = _make(2, "float64", np.float64, "floating numeric", "double")
int32 = _make(3, "int32", np.int32, "integer numeric")
uint8 = _make(4, "uint8", np.uint8, "integer unsigned numeric")
int16 = _make(5, "int16", np.int16, "integer numeric")
int8 = _make(6, "int8", np.int8, "integer numeric")
string = _make(7, "string", object, size=0)
complex64 = _make(8, "complex64", np.complex64, "complex numeric")
int64 = _make(9, "int64", np.int64, "integer numeric")
bool = _make(10, "bool", np.bool_, "bool")
qint8 = _make(11, "qint8", _quantized("qint8", np.int8), "quantized numeric")
quint8 = _make(12, "quint8", _quantized("quint8", np.uint8), "quantized numeric")
qint32 = _make(13, "qint32", _quantized("qint32", np.int32), "quantized numeric")
bfloat16 = _make(14, "bfloat16", ml_dtypes.bfloat16, "floating numeric")
qint16 = _make(15, "qint16", _quantized("qint16", np.int16), "quantized numeric")
quint16 = _make(16, "quint16", _quantized("quint16", np.uint16), "quantized numeric")
uint16 = _make(17, "uint16", np.uint16, "integer unsigned numeric")
complex128 = _make(18, "complex128", np.complex128, "complex numeric")
float16 = _make(19, "float16", np.float16, "floating numeric", "half")
resource = _make(20, "resource", None, size=0)
variant = _make(21, "variant", None, size=0)
uint32 = _make(22, "uint32", np.uint32, "integer unsigned numeric")
uint64 = _make(23, "uint64", np.uint64, "integer unsigned numeric")
float8_e5m2 = _make(24, "float8_e5m2", ml_dtypes.float8_e5m2, "floating")
float8_e4m3fn = _make(25, "float8_e4m3fn", ml_dtypes.float8_e4m3fn, "floating")
float8_e4m3fnuz = _make(26, "float8_e4m3fnuz", ml_dtypes.float8_e4m3fnuz, "floating")
float8_e4m3b11fnuz = _make(27, "float8_e4m3b11fnuz", ml_dtypes.float8_e4m3b11fnuz, "floating")
float8_e5m2fnuz = _make(28, "float8_e5m2fnuz", ml_dtypes.float8_e5m2fnuz, "floating")
int4 = _make(29, "int4", ml_dtypes.int4, "integer")
uint4 = _make(30, "uint4", ml_dtypes.uint4, "integer unsigned")
int2 = _make(31, "int2", ml_dtypes.int2, "integer")
uint2 = _make(32, "uint2", ml_dtypes.uint2, "integer unsigned")
float4_e2m1fn = _make(33, "float4_e2m1fn", ml_dtypes.float4_e2m1fn, "floating")

half = float16
double = float64

ALL = tuple(d for d in _BY_ENUM.values() if not d._is_ref_dtype)
QUANTIZED_DTYPES = frozenset(d for d in _BY_ENUM.values() if d.is_quantized)

_INTENSITY = {
    np.bool_: True,
    np.float32: 1,
    np.float64: 1,
    **{
        t: int(np.iinfo(t).max)
        for t in (np.uint8, np.uint16, np.uint32, np.uint64, np.int8, np.int16, np.int32, np.int64)
    },
}

# From scalar types. Strings come as str_, bytes_, object_ or NumPy's StringDType, structured dtypes are quantized ones.
_FROM_TYPE = {d.np if d.is_quantized else d.np.type: d for d in ALL if d.np is not None}
_FROM_TYPE |= {np.str_: string, np.bytes_: string, np.dtypes.StringDType(): string}
# C integer types that are aliases on one platform are types of their own on another.
for _alias in (np.intc, np.uintc, np.int_, np.uint, np.longlong, np.ulonglong):
    _FROM_TYPE.setdefault(_alias, _FROM_TYPE[np.dtype(f"{np.dtype(_alias).kind}{np.dtype(_alias).itemsize}").type])

_FROM_NUMPY = {d.np: d for d in ALL if d.np is not None}  # filled further as dtypes are met

_FROM_ANYTHING = {
    **_BY_ENUM,
    **{d.name: d for d in _BY_ENUM.values()},
    **{prefix + suffix: _BY_ENUM[d._type_enum + shift]
       for prefix, d in (("half", float16), ("float", float32), ("double", float64))
       for suffix, shift in (("", 0), ("_ref", _REF))},
    builtins.float: float32,
    builtins.bool: bool,
    builtins.object: string,
    **_FROM_TYPE,
}  # fmt: skip


def as_dtype(type_value):
    """`tf.as_dtype`: the DType for a DType, its name or enum value, a NumPy dtype or scalar type, float or bool.

    Objects with a NumPy `dtype`, such as arrays, are accepted too.

    Args:
      type_value: what stands for a dtype.

    Raises:
      TypeError: `type_value` stands for no dtype. `int`, `str` and `complex` are among these, as in TensorFlow.
    """
    if type(type_value) is DType:
        return type_value
    try:
        return _FROM_ANYTHING[type_value]
    except (KeyError, TypeError):  # TypeError: not hashable
        pass
    if isinstance(type_value, np.dtype):
        found = _FROM_TYPE.get(type_value.type)
    else:
        found = None
        try:
            found = _FROM_TYPE.get(np.dtype(type_value.dtype).type)
        except (AttributeError, TypeError):
            pass
    if found is None:
        raise TypeError(f"Cannot convert the argument `type_value`: {type_value!r} to a TensorFlow DType.")
    return found


def from_numpy(np_dtype):
    """The DType of an `np.dtype`: one dictionary look-up. TypeError if there is none."""
    found = _FROM_NUMPY.get(np_dtype)
    if found is None:
        found = as_dtype(np_dtype)
        if np_dtype.kind not in "SU":  # one dtype per length: they would pile up
            _FROM_NUMPY[np_dtype] = found
    return found


def c_name(dtype):
    """The name that TensorFlow's kernels use in messages: "float" for float32, "half" for float16."""
    return dtype.c_name
