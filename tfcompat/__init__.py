"""tfcompat: TensorFlow 2's API on JAX.

    import tfcompat as tf

Code written for TensorFlow 2 runs unmodified, with no TensorFlow installed. `tfcompat.install()` makes
``import tensorflow`` mean this package; ``python -m tfcompat FILE`` runs scripts and notebooks that way.
"""

import logging as _logging
import sys as _sys

import tfcompat._pause  # noqa: F401 - imports JAX and the engine
from tfcompat import (
    __internal__ as __internal__,
    _calls as _calls,
    _exit as _exit,
    _fork as _fork,
    _install as _install,
    _lazy as _lazy,
    _notebook as _notebook,
    _unsupported as _unsupported,
    autodiff as autodiff,
    autograph as autograph,
    bitwise as bitwise,
    compat as compat,
    config as config,
    data as data,
    debug as debug,
    debugging as debugging,
    distribute as distribute,
    dtypes as dtypes,
    errors as errors,
    extras as extras,
    interop as interop,
    linalg as linalg,
    math as math,
    nest as nest,
    nn as nn,
    ragged as ragged,
    random as random,
    sparse as sparse,
    test as test,
    types as types,
    version as version,
)
from tfcompat._array import (
    broadcast_to as broadcast_to,
    concat as concat,
    ensure_shape as ensure_shape,
    expand_dims as expand_dims,
    identity as identity,
    identity_n as identity_n,
    pad as pad,
    parallel_stack as parallel_stack,
    repeat as repeat,
    reshape as reshape,
    squeeze as squeeze,
    stack as stack,
    tile as tile,
    transpose as transpose,
)
from tfcompat._blocks import (
    batch_to_space as batch_to_space,
    required_space_to_batch_paddings as required_space_to_batch_paddings,
    space_to_batch as space_to_batch,
    space_to_batch_nd as space_to_batch_nd,
)
from tfcompat._cast import (
    cast as cast,
    complex as complex,
    saturate_cast as saturate_cast,
)
from tfcompat._clip import (
    clip_by_global_norm as clip_by_global_norm,
    clip_by_norm as clip_by_norm,
    clip_by_value as clip_by_value,
)
from tfcompat._control import (
    case as case,
    cond as cond,
    control_dependencies as control_dependencies,
    device as device,
    executing_eagerly as executing_eagerly,
    get_current_name_scope as get_current_name_scope,
    group as group,
    init_scope as init_scope,
    inside_function as inside_function,
    no_op as no_op,
    switch_case as switch_case,
    tuple as tuple,
)
from tfcompat._core.convert import (
    convert_to_tensor as convert_to_tensor,
    register_tensor_conversion_function as register_tensor_conversion_function,
)
from tfcompat._core.creators import (
    variable_creator_scope as variable_creator_scope,
)
from tfcompat._core.custom_gradient import (
    custom_gradient as custom_gradient,
    grad_pass_through as grad_pass_through,
    recompute_grad as recompute_grad,
    stop_gradient as stop_gradient,
)
from tfcompat._core.dtypes import (
    DType as DType,
    as_dtype as as_dtype,
    bfloat16 as bfloat16,
    bool as bool,
    complex64 as complex64,
    complex128 as complex128,
    double as double,
    float16 as float16,
    float32 as float32,
    float64 as float64,
    half as half,
    int8 as int8,
    int16 as int16,
    int32 as int32,
    int64 as int64,
    qint8 as qint8,
    qint16 as qint16,
    qint32 as qint32,
    quint8 as quint8,
    quint16 as quint16,
    resource as resource,
    string as string,
    uint8 as uint8,
    uint16 as uint16,
    uint32 as uint32,
    uint64 as uint64,
    variant as variant,
)
from tfcompat._core.graph import (
    Graph as Graph,
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
    broadcast_static_shape as broadcast_static_shape,
)
from tfcompat._core.specs import (
    IndexedSlicesSpec as IndexedSlicesSpec,
    TensorSpec as TensorSpec,
    TypeSpec as TypeSpec,
    type_spec_from_value as type_spec_from_value,
)
from tfcompat._core.symbolic import (
    Operation as Operation,
)
from tfcompat._core.tape import (
    GradientTape as GradientTape,
    UnconnectedGradients as UnconnectedGradients,
)
from tfcompat._core.tensor import (
    Tensor as Tensor,
)
from tfcompat._core.variable import (
    Variable as Variable,
    VariableAggregation as VariableAggregation,
    VariableSynchronization as VariableSynchronization,
)
from tfcompat._creation import (
    constant as constant,
    fill as fill,
    get_static_value as get_static_value,
    is_tensor as is_tensor,
    linspace as linspace,
    one_hot as one_hot,
    ones as ones,
    ones_like as ones_like,
    range as range,
    rank as rank,
    shape as shape,
    shape_n as shape_n,
    size as size,
    zeros as zeros,
    zeros_like as zeros_like,
)
from tfcompat._critical_section import CriticalSection as CriticalSection
from tfcompat._decompositions import (
    eig as eig,
    eigvals as eigvals,
)
from tfcompat._diagonals import (
    eye as eye,
)
from tfcompat._elementwise import (
    abs as abs,
    acos as acos,
    acosh as acosh,
    add as add,
    asin as asin,
    asinh as asinh,
    atan as atan,
    atan2 as atan2,
    atanh as atanh,
    cos as cos,
    cosh as cosh,
    divide as divide,
    equal as equal,
    exp as exp,
    floor as floor,
    greater as greater,
    greater_equal as greater_equal,
    less as less,
    less_equal as less_equal,
    logical_and as logical_and,
    logical_not as logical_not,
    logical_or as logical_or,
    maximum as maximum,
    minimum as minimum,
    multiply as multiply,
    negative as negative,
    not_equal as not_equal,
    pow as pow,
    round as round,
    sigmoid as sigmoid,
    sign as sign,
    sin as sin,
    sinh as sinh,
    sqrt as sqrt,
    square as square,
    subtract as subtract,
    tan as tan,
    tanh as tanh,
    truediv as truediv,
    truncatediv as truncatediv,
    truncatemod as truncatemod,
)
from tfcompat._function import (
    function as function,
)
from tfcompat._gather import (
    gather as gather,
    gather_nd as gather_nd,
    scatter_nd as scatter_nd,
    tensor_scatter_nd_add as tensor_scatter_nd_add,
    tensor_scatter_nd_max as tensor_scatter_nd_max,
    tensor_scatter_nd_min as tensor_scatter_nd_min,
    tensor_scatter_nd_sub as tensor_scatter_nd_sub,
    tensor_scatter_nd_update as tensor_scatter_nd_update,
)
from tfcompat._gradients import (
    gradients as gradients,
    hessians as hessians,
)
from tfcompat._initializers import (
    Constant as constant_initializer,  # noqa: F401
    Ones as ones_initializer,  # noqa: F401
    RandomNormal as random_normal_initializer,  # noqa: F401
    RandomUniform as random_uniform_initializer,  # noqa: F401
    Zeros as zeros_initializer,  # noqa: F401
)
from tfcompat._map_fn import (
    foldl as foldl,
    foldr as foldr,
    map_fn as map_fn,
    scan as scan,
    vectorized_map as vectorized_map,
)
from tfcompat._math import (
    add_n as add_n,
    scalar_mul as scalar_mul,
)
from tfcompat._optional import (
    OptionalSpec as OptionalSpec,
)
from tfcompat._partitions import (
    dynamic_partition as dynamic_partition,
    dynamic_stitch as dynamic_stitch,
    histogram_fixed_width as histogram_fixed_width,
    histogram_fixed_width_bins as histogram_fixed_width_bins,
    unravel_index as unravel_index,
)
from tfcompat._print import (
    print_ as print,  # noqa: F401
)
from tfcompat._products import (
    einsum as einsum,
    matmul as matmul,
    norm as norm,
    tensordot as tensordot,
)
from tfcompat._py_function import (
    numpy_function as numpy_function,
    py_function as py_function,
)
from tfcompat._reductions import (
    argmax as argmax,
    argmin as argmin,
    cumsum as cumsum,
    reduce_all as reduce_all,
    reduce_any as reduce_any,
    reduce_logsumexp as reduce_logsumexp,
    reduce_max as reduce_max,
    reduce_mean as reduce_mean,
    reduce_min as reduce_min,
    reduce_prod as reduce_prod,
    reduce_sum as reduce_sum,
)
from tfcompat._reverse import (
    reverse as reverse,
    reverse_sequence as reverse_sequence,
    roll as roll,
)
from tfcompat._select import (
    argsort as argsort,
    bitcast as bitcast,
    boolean_mask as boolean_mask,
    broadcast_dynamic_shape as broadcast_dynamic_shape,
    meshgrid as meshgrid,
    searchsorted as searchsorted,
    sequence_mask as sequence_mask,
    sort as sort,
    unique as unique,
    unique_with_counts as unique_with_counts,
    where as where,
)
from tfcompat._slicing import (
    slice_ as slice,  # noqa: F401
    strided_slice as strided_slice,
)
from tfcompat._split import (
    split as split,
    unstack as unstack,
)
from tfcompat._tensor_array import (
    TensorArray as TensorArray,
)
from tfcompat._while_loop import (
    while_loop as while_loop,
)
from tfcompat.compat.hook import install as install, uninstall as uninstall
from tfcompat.debugging import (
    Assert as Assert,
    assert_equal as assert_equal,
    assert_greater as assert_greater,
    assert_less as assert_less,
    assert_rank as assert_rank,
)
from tfcompat.ragged import (
    RaggedTensor as RaggedTensor,
)
from tfcompat.sparse import (
    SparseTensor as SparseTensor,
)
from tfcompat.version import (
    COMPILER_VERSION as __compiler_version__,  # noqa: F401
    GIT_VERSION as __git_version__,  # noqa: F401
    VERSION as __version__,  # noqa: F401
)

newaxis = None
_KERAS = {"keras", "losses", "metrics", "optimizers", "initializers"}


def get_logger():
    """The logger named "tensorflow"."""
    return _logging.getLogger("tensorflow")


def load_ipython_extension(ipython):
    """`%load_ext tfcompat`: makes `import tensorflow` mean tfcompat in this notebook."""
    from tfcompat.cli.ipython import load_ipython_extension as load

    load(ipython)


_later, __dir__ = _lazy.names(
    __name__,
    {
        "_as_string": "as_string",
        "_device_spec": "DeviceSpec",
        "_fft": "fftnd ifftnd irfftnd rfftnd",
        "_matrix_functions": "matrix_square_root",
        "_nn_transposes": "conv",
        "_nn_windows": "extract_volume_patches",
        "_random_laws": "random_index_shuffle",
        "_rare": "AggregationMethod approx_top_k guarantee_const is_symbolic_tensor realdiv timestamp",
    },
)


def __getattr__(name):
    if name in _KERAS:
        from tfcompat.keras import load

        found = globals()[name] = load(name)
        return found
    return _later(name)


compat.v2 = _sys.modules[__name__]
_unsupported.answer_for(compat.v2)
