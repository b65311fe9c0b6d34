"""tfcompat: TensorFlow 2's API on JAX.

    import tfcompat as tf

Code written for TensorFlow 2 runs unmodified, with no TensorFlow installed. `tfcompat.install()` makes
``import tensorflow`` mean this package; ``python -m tfcompat FILE`` runs scripts and notebooks that way.
"""

import logging as _logging

from tfcompat import __internal__ as __internal__
from tfcompat import _exit as _exit
from tfcompat import _install as _install
from tfcompat import autodiff as autodiff
from tfcompat import bitwise as bitwise
from tfcompat import compat as compat
from tfcompat import config as config
from tfcompat import debug as debug
from tfcompat import debugging as debugging
from tfcompat import distribute as distribute
from tfcompat import dtypes as dtypes
from tfcompat import errors as errors
from tfcompat import extras as extras
from tfcompat import linalg as linalg
from tfcompat import math as math
from tfcompat import nest as nest
from tfcompat import nn as nn
from tfcompat import ragged as ragged
from tfcompat import random as random
from tfcompat import sparse as sparse
from tfcompat import test as test
from tfcompat import types as types
from tfcompat import version as version
from tfcompat._array import (
    broadcast_to as broadcast_to,
)
from tfcompat._array import (
    concat as concat,
)
from tfcompat._array import (
    ensure_shape as ensure_shape,
)
from tfcompat._array import (
    expand_dims as expand_dims,
)
from tfcompat._array import (
    identity as identity,
)
from tfcompat._array import (
    identity_n as identity_n,
)
from tfcompat._array import (
    pad as pad,
)
from tfcompat._array import (
    parallel_stack as parallel_stack,
)
from tfcompat._array import (
    repeat as repeat,
)
from tfcompat._array import (
    reshape as reshape,
)
from tfcompat._array import (
    reverse as reverse,
)
from tfcompat._array import (
    reverse_sequence as reverse_sequence,
)
from tfcompat._array import (
    roll as roll,
)
from tfcompat._array import (
    split as split,
)
from tfcompat._array import (
    squeeze as squeeze,
)
from tfcompat._array import (
    stack as stack,
)
from tfcompat._array import (
    tile as tile,
)
from tfcompat._array import (
    transpose as transpose,
)
from tfcompat._array import (
    unstack as unstack,
)
from tfcompat._blocks import (
    batch_to_space as batch_to_space,
)
from tfcompat._blocks import (
    required_space_to_batch_paddings as required_space_to_batch_paddings,
)
from tfcompat._blocks import (
    space_to_batch as space_to_batch,
)
from tfcompat._blocks import (
    space_to_batch_nd as space_to_batch_nd,
)
from tfcompat._cast import (
    bitcast as bitcast,
)
from tfcompat._cast import (
    cast as cast,
)
from tfcompat._cast import (
    complex as complex,
)
from tfcompat._cast import (
    saturate_cast as saturate_cast,
)
from tfcompat._clip import (
    clip_by_global_norm as clip_by_global_norm,
)
from tfcompat._clip import (
    clip_by_norm as clip_by_norm,
)
from tfcompat._clip import (
    clip_by_value as clip_by_value,
)
from tfcompat._control import (
    cond as cond,
)
from tfcompat._control import (
    control_dependencies as control_dependencies,
)
from tfcompat._control import (
    device as device,
)
from tfcompat._control import (
    executing_eagerly as executing_eagerly,
)
from tfcompat._control import (
    get_current_name_scope as get_current_name_scope,
)
from tfcompat._control import (
    group as group,
)
from tfcompat._control import (
    init_scope as init_scope,
)
from tfcompat._control import (
    inside_function as inside_function,
)
from tfcompat._control import (
    no_op as no_op,
)
from tfcompat._control import (
    tuple as tuple,
)
from tfcompat._core.convert import (
    convert_to_tensor as convert_to_tensor,
)
from tfcompat._core.convert import (
    register_tensor_conversion_function as register_tensor_conversion_function,
)
from tfcompat._core.custom_gradient import (
    custom_gradient as custom_gradient,
)
from tfcompat._core.custom_gradient import (
    grad_pass_through as grad_pass_through,
)
from tfcompat._core.custom_gradient import (
    recompute_grad as recompute_grad,
)
from tfcompat._core.custom_gradient import (
    stop_gradient as stop_gradient,
)
from tfcompat._core.dtypes import (
    DType as DType,
)
from tfcompat._core.dtypes import (
    as_dtype as as_dtype,
)
from tfcompat._core.dtypes import (
    bfloat16 as bfloat16,
)
from tfcompat._core.dtypes import (
    bool as bool,
)
from tfcompat._core.dtypes import (
    complex64 as complex64,
)
from tfcompat._core.dtypes import (
    complex128 as complex128,
)
from tfcompat._core.dtypes import (
    double as double,
)
from tfcompat._core.dtypes import (
    float16 as float16,
)
from tfcompat._core.dtypes import (
    float32 as float32,
)
from tfcompat._core.dtypes import (
    float64 as float64,
)
from tfcompat._core.dtypes import (
    half as half,
)
from tfcompat._core.dtypes import (
    int8 as int8,
)
from tfcompat._core.dtypes import (
    int16 as int16,
)
from tfcompat._core.dtypes import (
    int32 as int32,
)
from tfcompat._core.dtypes import (
    int64 as int64,
)
from tfcompat._core.dtypes import (
    qint8 as qint8,
)
from tfcompat._core.dtypes import (
    qint16 as qint16,
)
from tfcompat._core.dtypes import (
    qint32 as qint32,
)
from tfcompat._core.dtypes import (
    quint8 as quint8,
)
from tfcompat._core.dtypes import (
    quint16 as quint16,
)
from tfcompat._core.dtypes import (
    resource as resource,
)
from tfcompat._core.dtypes import (
    string as string,
)
from tfcompat._core.dtypes import (
    uint8 as uint8,
)
from tfcompat._core.dtypes import (
    uint16 as uint16,
)
from tfcompat._core.dtypes import (
    uint32 as uint32,
)
from tfcompat._core.dtypes import (
    uint64 as uint64,
)
from tfcompat._core.dtypes import (
    variant as variant,
)
from tfcompat._core.indexed_slices import (
    IndexedSlices as IndexedSlices,
)
from tfcompat._core.module import (
    Module as Module,
)
from tfcompat._core.name_scope import (
    name_scope as name_scope,
)
from tfcompat._core.shapes import (
    TensorShape as TensorShape,
)
from tfcompat._core.shapes import (
    broadcast_static_shape as broadcast_static_shape,
)
from tfcompat._core.specs import (
    IndexedSlicesSpec as IndexedSlicesSpec,
)
from tfcompat._core.specs import (
    TensorSpec as TensorSpec,
)
from tfcompat._core.specs import (
    TypeSpec as TypeSpec,
)
from tfcompat._core.specs import (
    type_spec_from_value as type_spec_from_value,
)
from tfcompat._core.tape import (
    GradientTape as GradientTape,
)
from tfcompat._core.tape import (
    UnconnectedGradients as UnconnectedGradients,
)
from tfcompat._core.tensor import (
    Tensor as Tensor,
)
from tfcompat._core.variable import (
    Variable as Variable,
)
from tfcompat._core.variable import (
    VariableAggregation as VariableAggregation,
)
from tfcompat._core.variable import (
    VariableSynchronization as VariableSynchronization,
)
from tfcompat._creation import (
    constant as constant,
)
from tfcompat._creation import (
    fill as fill,
)
from tfcompat._creation import (
    get_static_value as get_static_value,
)
from tfcompat._creation import (
    is_tensor as is_tensor,
)
from tfcompat._creation import (
    linspace as linspace,
)
from tfcompat._creation import (
    one_hot as one_hot,
)
from tfcompat._creation import (
    ones as ones,
)
from tfcompat._creation import (
    ones_like as ones_like,
)
from tfcompat._creation import (
    range as range,
)
from tfcompat._creation import (
    rank as rank,
)
from tfcompat._creation import (
    shape as shape,
)
from tfcompat._creation import (
    shape_n as shape_n,
)
from tfcompat._creation import (
    size as size,
)
from tfcompat._creation import (
    zeros as zeros,
)
from tfcompat._creation import (
    zeros_like as zeros_like,
)
from tfcompat._decompositions import (
    eig as eig,
)
from tfcompat._decompositions import (
    eigvals as eigvals,
)
from tfcompat._diagonals import (
    eye as eye,
)
from tfcompat._elementwise import (
    abs as abs,
)
from tfcompat._elementwise import (
    acos as acos,
)
from tfcompat._elementwise import (
    acosh as acosh,
)
from tfcompat._elementwise import (
    add as add,
)
from tfcompat._elementwise import (
    asin as asin,
)
from tfcompat._elementwise import (
    asinh as asinh,
)
from tfcompat._elementwise import (
    atan as atan,
)
from tfcompat._elementwise import (
    atan2 as atan2,
)
from tfcompat._elementwise import (
    atanh as atanh,
)
from tfcompat._elementwise import (
    cos as cos,
)
from tfcompat._elementwise import (
    cosh as cosh,
)
from tfcompat._elementwise import (
    divide as divide,
)
from tfcompat._elementwise import (
    equal as equal,
)
from tfcompat._elementwise import (
    exp as exp,
)
from tfcompat._elementwise import (
    floor as floor,
)
from tfcompat._elementwise import (
    greater as greater,
)
from tfcompat._elementwise import (
    greater_equal as greater_equal,
)
from tfcompat._elementwise import (
    less as less,
)
from tfcompat._elementwise import (
    less_equal as less_equal,
)
from tfcompat._elementwise import (
    logical_and as logical_and,
)
from tfcompat._elementwise import (
    logical_not as logical_not,
)
from tfcompat._elementwise import (
    logical_or as logical_or,
)
from tfcompat._elementwise import (
    maximum as maximum,
)
from tfcompat._elementwise import (
    minimum as minimum,
)
from tfcompat._elementwise import (
    multiply as multiply,
)
from tfcompat._elementwise import (
    negative as negative,
)
from tfcompat._elementwise import (
    not_equal as not_equal,
)
from tfcompat._elementwise import (
    pow as pow,
)
from tfcompat._elementwise import (
    round as round,
)
from tfcompat._elementwise import (
    sigmoid as sigmoid,
)
from tfcompat._elementwise import (
    sign as sign,
)
from tfcompat._elementwise import (
    sin as sin,
)
from tfcompat._elementwise import (
    sinh as sinh,
)
from tfcompat._elementwise import (
    sqrt as sqrt,
)
from tfcompat._elementwise import (
    square as square,
)
from tfcompat._elementwise import (
    subtract as subtract,
)
from tfcompat._elementwise import (
    tan as tan,
)
from tfcompat._elementwise import (
    tanh as tanh,
)
from tfcompat._elementwise import (
    truediv as truediv,
)
from tfcompat._elementwise import (
    truncatediv as truncatediv,
)
from tfcompat._elementwise import (
    truncatemod as truncatemod,
)
from tfcompat._gather import (
    gather as gather,
)
from tfcompat._gather import (
    gather_nd as gather_nd,
)
from tfcompat._gather import (
    scatter_nd as scatter_nd,
)
from tfcompat._gather import (
    tensor_scatter_nd_add as tensor_scatter_nd_add,
)
from tfcompat._gather import (
    tensor_scatter_nd_max as tensor_scatter_nd_max,
)
from tfcompat._gather import (
    tensor_scatter_nd_min as tensor_scatter_nd_min,
)
from tfcompat._gather import (
    tensor_scatter_nd_sub as tensor_scatter_nd_sub,
)
from tfcompat._gather import (
    tensor_scatter_nd_update as tensor_scatter_nd_update,
)
from tfcompat._math import (
    add_n as add_n,
)
from tfcompat._math import (
    scalar_mul as scalar_mul,
)
from tfcompat._print import (
    print_ as print,  # noqa: F401
)
from tfcompat._products import (
    einsum as einsum,
)
from tfcompat._products import (
    matmul as matmul,
)
from tfcompat._products import (
    norm as norm,
)
from tfcompat._products import (
    tensordot as tensordot,
)
from tfcompat._reductions import (
    argmax as argmax,
)
from tfcompat._reductions import (
    argmin as argmin,
)
from tfcompat._reductions import (
    cumsum as cumsum,
)
from tfcompat._reductions import (
    reduce_all as reduce_all,
)
from tfcompat._reductions import (
    reduce_any as reduce_any,
)
from tfcompat._reductions import (
    reduce_logsumexp as reduce_logsumexp,
)
from tfcompat._reductions import (
    reduce_max as reduce_max,
)
from tfcompat._reductions import (
    reduce_mean as reduce_mean,
)
from tfcompat._reductions import (
    reduce_min as reduce_min,
)
from tfcompat._reductions import (
    reduce_prod as reduce_prod,
)
from tfcompat._reductions import (
    reduce_sum as reduce_sum,
)
from tfcompat._select import (
    argsort as argsort,
)
from tfcompat._select import (
    boolean_mask as boolean_mask,
)
from tfcompat._select import (
    broadcast_dynamic_shape as broadcast_dynamic_shape,
)
from tfcompat._select import (
    dynamic_partition as dynamic_partition,
)
from tfcompat._select import (
    dynamic_stitch as dynamic_stitch,
)
from tfcompat._select import (
    histogram_fixed_width as histogram_fixed_width,
)
from tfcompat._select import (
    histogram_fixed_width_bins as histogram_fixed_width_bins,
)
from tfcompat._select import (
    meshgrid as meshgrid,
)
from tfcompat._select import (
    searchsorted as searchsorted,
)
from tfcompat._select import (
    sequence_mask as sequence_mask,
)
from tfcompat._select import (
    sort as sort,
)
from tfcompat._select import (
    unique as unique,
)
from tfcompat._select import (
    unique_with_counts as unique_with_counts,
)
from tfcompat._select import (
    unravel_index as unravel_index,
)
from tfcompat._select import (
    where as where,
)
from tfcompat._slicing import (
    slice_ as slice,  # noqa: F401
)
from tfcompat._slicing import (
    strided_slice as strided_slice,
)
from tfcompat.compat.hook import install as install
from tfcompat.compat.hook import uninstall as uninstall
from tfcompat.debugging import (
    Assert as Assert,
)
from tfcompat.debugging import (
    assert_equal as assert_equal,
)
from tfcompat.debugging import (
    assert_greater as assert_greater,
)
from tfcompat.debugging import (
    assert_less as assert_less,
)
from tfcompat.debugging import (
    assert_rank as assert_rank,
)
from tfcompat.ragged import (
    RaggedTensor as RaggedTensor,
)
from tfcompat.sparse import (
    SparseTensor as SparseTensor,
)
from tfcompat.version import VERSION as __version__  # noqa: F401

newaxis = None
_KERAS = {
    "keras": ("keras", None),
    "losses": ("losses", None),
    "metrics": ("metrics", None),
    "optimizers": ("optimizers", None),
    "initializers": ("initializers", None),
    "constant_initializer": ("initializers", "Constant"),
    "ones_initializer": ("initializers", "Ones"),
    "zeros_initializer": ("initializers", "Zeros"),
    "random_normal_initializer": ("initializers", "RandomNormal"),
    "random_uniform_initializer": ("initializers", "RandomUniform"),
}


def get_logger():
    """The logger named "tensorflow"."""
    return _logging.getLogger("tensorflow")


def load_ipython_extension(ipython):
    """`%load_ext tfcompat`: makes `import tensorflow` mean tfcompat in this notebook."""
    from tfcompat.cli.ipython import load_ipython_extension as load

    load(ipython)


def __getattr__(name):
    if name in _KERAS:
        from tfcompat.keras import load

        module, member = _KERAS[name]
        found = load(module)
        found = found if member is None else getattr(found, member)
        globals()[name] = found
        return found
    from tfcompat._unsupported import missing

    raise missing(name)
