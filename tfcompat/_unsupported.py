"""What TensorFlow offers at the top level and tfcompat does not: asking for it says so."""


class UnsupportedSymbol(NotImplementedError, AttributeError):
    """A symbol of TensorFlow that tfcompat does not have. (Also an AttributeError, so `hasattr` works.)"""


INSTEAD = {
    "function": "call the Python function without the decorator; it is recorded and compiled all the same",
    "while_loop": "write a Python loop",
    "data": "iterate over NumPy arrays",
    "Graph": "write eager code",
    "train": "save variables with numpy.savez",
    "raw_ops": "use the public function of the same name",
    "gradients": "use tf.GradientTape",
    "hessians": "use nested tf.GradientTapes",
    "map_fn": "use tf.stack of a list comprehension",
    "vectorized_map": "use tf.stack of a list comprehension",
    "scan": "write a Python loop",
    "foldl": "write a Python loop",
    "foldr": "write a Python loop",
    "TensorArray": "use a Python list and tf.stack",
    "py_function": "call the Python function; code runs eagerly",
    "numpy_function": "call the Python function; code runs eagerly",
    "switch_case": "use a Python list of functions",
    "case": "use Python's if",
}
SYMBOLS = frozenset(
    "AggregationMethod CriticalSection DeviceSpec Graph NoneTensorSpec Operation OptionalSpec RaggedTensorSpec "
    "RegisterGradient SparseTensorSpec TensorArray TensorArraySpec approx_top_k as_string audio autograph "
    "case check_pinned conv conv2d_backprop_filter_v2 conv2d_backprop_input_v2 data dtensor edit_distance "
    "experimental extract_volume_patches feature_column fftnd fingerprint foldl foldr function "
    "gradients graph_util guarantee_const hessians ifftnd image import_graph_def io "
    "irfftnd is_symbolic_tensor lite load_library load_op_library lookup make_ndarray make_tensor_proto "
    "map_fn matrix_square_root mlir no_gradient nondifferentiable_batch_function numpy_function profiler py_function "
    "quantization queue ragged_fill_empty_rows ragged_fill_empty_rows_grad random_index_shuffle raw_ops realdiv rfftnd "
    "saved_model scan security sets signal strings summary switch_case "
    "sysconfig timestamp tools tpu train variable_creator_scope vectorized_map while_loop "
    "xla "
    .split()
)


def missing(name):
    """The error for a name that the tfcompat module does not have."""
    if name not in SYMBOLS:
        return AttributeError(f"module 'tfcompat' has no attribute '{name}'")
    hint = INSTEAD.get(name)
    return UnsupportedSymbol(f"tf.{name} is not supported by tfcompat" + (f": {hint}." if hint else "."))
