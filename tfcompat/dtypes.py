"""`tf.dtypes`: element types of tensors."""

from types import SimpleNamespace as _SimpleNamespace

from tfcompat._core import dtypes as _dtypes
from tfcompat._core.dtypes import QUANTIZED_DTYPES as QUANTIZED_DTYPES
from tfcompat._core.dtypes import DType as DType
from tfcompat._core.dtypes import as_dtype as as_dtype
from tfcompat._core.dtypes import bfloat16 as bfloat16
from tfcompat._core.dtypes import bool as bool
from tfcompat._core.dtypes import complex64 as complex64
from tfcompat._core.dtypes import complex128 as complex128
from tfcompat._core.dtypes import double as double
from tfcompat._core.dtypes import float16 as float16
from tfcompat._core.dtypes import float32 as float32
from tfcompat._core.dtypes import float64 as float64
from tfcompat._core.dtypes import half as half
from tfcompat._core.dtypes import int8 as int8
from tfcompat._core.dtypes import int16 as int16
from tfcompat._core.dtypes import int32 as int32
from tfcompat._core.dtypes import int64 as int64
from tfcompat._core.dtypes import qint8 as qint8
from tfcompat._core.dtypes import qint16 as qint16
from tfcompat._core.dtypes import qint32 as qint32
from tfcompat._core.dtypes import quint8 as quint8
from tfcompat._core.dtypes import quint16 as quint16
from tfcompat._core.dtypes import resource as resource
from tfcompat._core.dtypes import string as string
from tfcompat._core.dtypes import uint8 as uint8
from tfcompat._core.dtypes import uint16 as uint16
from tfcompat._core.dtypes import uint32 as uint32
from tfcompat._core.dtypes import uint64 as uint64
from tfcompat._core.dtypes import variant as variant

experimental = _SimpleNamespace(
    float4_e2m1fn=_dtypes.float4_e2m1fn,
    float8_e4m3b11fnuz=_dtypes.float8_e4m3b11fnuz,
    float8_e4m3fn=_dtypes.float8_e4m3fn,
    float8_e4m3fnuz=_dtypes.float8_e4m3fnuz,
    float8_e5m2=_dtypes.float8_e5m2,
    float8_e5m2fnuz=_dtypes.float8_e5m2fnuz,
    int2=_dtypes.int2,
    int4=_dtypes.int4,
    uint2=_dtypes.uint2,
    uint4=_dtypes.uint4,
)
