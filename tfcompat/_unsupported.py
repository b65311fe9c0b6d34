"""What TensorFlow offers and tfcompat does not: asking for it says so, and what to use instead.

`_names.txt` holds every public name of TensorFlow, read when somebody first asks for a name that is not there. A name in
it raises UnsupportedSymbol; a namespace in it that tfcompat does not have is a placeholder module, so that
`tf.image.resize` is answered like `tf.while_loop`. Any other name is an AttributeError, as in TensorFlow.
"""

import functools
import importlib
import importlib.util
import pathlib
import sys
from types import ModuleType

_OURS = __name__.partition(".")[0]

_FILES = "read files with Python or NumPy, and make tensors of the results"
_IMAGES = "use jax.image and jax.numpy with tfcompat.interop.call_jax"
_RESIZE = "use jax.image.resize with tfcompat.interop.call_jax"
_PICTURES = "read and write images with Pillow or keras.utils.load_img, and make tensors of NumPy arrays"
_FFT = "use jax.numpy.fft with tfcompat.interop.call_jax"
_SIGNALS = "use jax.scipy.signal with tfcompat.interop.call_jax"
_WINDOWS = "make the window with NumPy (numpy.hanning, numpy.kaiser) or scipy.signal.windows"
_PROTOCOL_BUFFERS = "keep data where Python reads them (numpy.savez, Parquet, HDF5); there are no protocol buffers here"
_DATA_FILES = "read the file in a Python generator, or with NumPy or pandas, and use tf.data.Dataset.from_generator or from_tensor_slices"
_SAVED_DATA = "save arrays with numpy.savez, and use tf.data.Dataset.from_tensor_slices"
_TEXT = "use Python's strings, and make tensors of the results"
_SPARSE = "use dense tensors, tf.gather and tf.math.segment_sum"
_RAGGED = "use padded tensors and tf.sequence_mask"
_SHARDING = "use jax.sharding through tfcompat.interop"
_CLUSTERS = "use jax.distributed and jax.sharding"
_NO_LIBRARY = "write the operation in JAX and call it with tfcompat.interop.call_jax"
_NO_GRAPHS = "call the Python function that made it; there are no GraphDefs"
_STRUCTURES = "use a named tuple or a dict of tensors, which functions and tf.nest take"
_DISPATCH = "write a function that asks for the type, or give the class __add__ and its kin"
_QUANTIZED = "round with tf.round and let gradients through with tf.custom_gradient, or quantize a Keras model"
_CANDIDATES = "use tf.nn.embedding_lookup on padded ids, and tf.reduce_sum with a mask"

# What to use instead of a symbol, or of what is below a namespace or class.
INSTEAD = {
    "image": _IMAGES,
    **dict.fromkeys([f"image.{name}" for name in (
        "decode_bmp", "decode_gif", "decode_image", "decode_jpeg", "decode_jxl", "decode_png", "decode_webp",
        "decode_and_crop_jpeg", "encode_jpeg", "encode_png", "extract_jpeg_shape", "is_jpeg")], _PICTURES),
    "image.resize": _RESIZE,
    "image.resize_with_pad": f"{_RESIZE}, and tf.pad",
    "image.resize_with_crop_or_pad": "slice, and pad with tf.pad",
    "image.convert_image_dtype": "use tf.cast, and divide by the largest integer",
    "image.flip_left_right": "use tf.reverse(image, [-2])",
    "image.flip_up_down": "use tf.reverse(image, [-3])",
    "image.random_flip_left_right": 'use keras.layers.RandomFlip("horizontal")',
    "image.random_flip_up_down": 'use keras.layers.RandomFlip("vertical")',
    "image.random_crop": "use keras.layers.RandomCrop, or a slice at tf.random.uniform's positions",
    "image.central_crop": "use keras.layers.CenterCrop, or a slice",
    "image.crop_to_bounding_box": "use a slice, image[..., y : y + height, x : x + width, :]",
    "image.pad_to_bounding_box": "use tf.pad",
    "image.random_brightness": "use keras.layers.RandomBrightness",
    "image.random_contrast": "use keras.layers.RandomContrast",
    "image.rgb_to_grayscale": "use keras.ops.image.rgb_to_grayscale",
    "image.sobel_edges": "use tf.nn.depthwise_conv2d with Sobel's filters",
    "image.extract_patches": "use keras.ops.image.extract_patches",
    "image.per_image_standardization": "use tf.nn.moments over the image",
    "signal": _SIGNALS,
    **dict.fromkeys([f"signal.{kind}{name}" for kind in ("", "i", "r", "ir") for name in ("fft", "fft2d", "fft3d", "fftnd")], _FFT),
    **dict.fromkeys(["signal.fftshift", "signal.ifftshift"], _FFT),
    **dict.fromkeys([f"signal.{name}_window" for name in (
        "hamming", "hann", "kaiser", "kaiser_bessel_derived", "vorbis")], _WINDOWS),
    **dict.fromkeys(["signal.dct", "signal.idct"], "use jax.scipy.fft with tfcompat.interop.call_jax"),
    "signal.frame": "use tf.gather(x, starts[:, None] + tf.range(length), axis=-1)",
    "sparse": _SPARSE,
    "SparseTensor": _SPARSE,
    "SparseTensorSpec": _SPARSE,
    "nn.embedding_lookup_sparse": _CANDIDATES,
    "nn.safe_embedding_lookup_sparse": _CANDIDATES,
    "edit_distance": "compute it in Python, row by row",
    "ragged": _RAGGED,
    "RaggedTensor": _RAGGED,
    "RaggedTensorSpec": _RAGGED,
    "ragged_fill_empty_rows": _RAGGED,
    "ragged_fill_empty_rows_grad": _RAGGED,
    "experimental.DynamicRaggedShape": _RAGGED,
    "experimental.RowPartition": _RAGGED,
    "strings": _TEXT,
    "fingerprint": "use hashlib on the bytes of tensor.numpy()",
    "sets": "use Python's sets, or numpy.intersect1d and its kin",
    "queue": "use Python's queue and collections.deque",
    "lookup": "use a Python dict; for tensors of small integers tf.gather",
    "audio": "use scipy.io.wavfile or Python's wave",
    "io": _FILES,
    "io.gfile": "use Python's open, os and pathlib",
    **dict.fromkeys([f"io.{name}" for name in (
        "decode_bmp", "decode_gif", "decode_image", "decode_jpeg", "decode_jxl", "decode_png", "decode_webp",
        "decode_and_crop_jpeg", "encode_jpeg", "encode_png", "extract_jpeg_shape", "is_jpeg")], _PICTURES),
    **dict.fromkeys([f"io.{name}" for name in (
        "FixedLenFeature", "FixedLenSequenceFeature", "RaggedFeature", "SparseFeature", "VarLenFeature", "TFRecordOptions",
        "TFRecordWriter", "decode_json_example", "decode_proto", "encode_proto", "parse_example", "parse_sequence_example",
        "parse_single_example", "parse_single_sequence_example")], _PROTOCOL_BUFFERS),
    "io.serialize_tensor": "use numpy.save",
    "io.parse_tensor": "use numpy.load",
    "io.decode_raw": "use numpy.frombuffer",
    "io.decode_csv": "use Python's csv, or numpy.loadtxt",
    "data": "use another method of tf.data.Dataset, or a Python generator with Dataset.from_generator",
    "data.TFRecordDataset": _PROTOCOL_BUFFERS,
    "data.experimental.TFRecordWriter": _PROTOCOL_BUFFERS,
    "data.experimental.parse_example_dataset": _PROTOCOL_BUFFERS,
    "data.experimental.make_batched_features_dataset": _PROTOCOL_BUFFERS,
    **dict.fromkeys([f"data.{name}" for name in (
        "TextLineDataset", "FixedLengthRecordDataset", "experimental.CsvDataset", "experimental.SqlDataset",
        "experimental.make_csv_dataset")], _DATA_FILES),
    **dict.fromkeys([f"data.experimental.{name}" for name in ("save", "load", "snapshot", "distributed_save")], _SAVED_DATA),
    "data.experimental.service": "make elements in the process that uses them",
    "train": "use tf.train.Checkpoint and tf.train.CheckpointManager, and tf.train.list_variables to look into files",
    "train.experimental": "leave it out; a checkpoint has one file of data",
    **dict.fromkeys([f"train.{name}" for name in (
        "BytesList", "Example", "Feature", "FeatureList", "FeatureLists", "Features", "FloatList", "Int64List",
        "SequenceExample")], _PROTOCOL_BUFFERS),
    **dict.fromkeys([f"train.{name}" for name in ("ClusterDef", "ClusterSpec", "JobDef", "ServerDef")], _CLUSTERS),
    "train.Coordinator": "use Python's threading and concurrent.futures",
    "train.ExponentialMovingAverage": "use the argument use_ema of Keras's optimizers, or variables of your own",
    "saved_model": "save a model with keras's save, variables with tf.train.Checkpoint",
    "summary": "use a Keras callback, or a logging package that does not need TensorFlow",
    "profiler": "use jax.profiler, which also sees what tfcompat runs",
    "distribute": _SHARDING,
    "distribute.OneDeviceStrategy": "use tf.device with the default strategy, tf.distribute.get_strategy()",
    "distribute.cluster_resolver": _CLUSTERS,
    "distribute.coordinator": _CLUSTERS,
    "distribute.Server": _CLUSTERS,
    "config.experimental_connect_to_cluster": _CLUSTERS,
    "config.experimental_connect_to_host": _CLUSTERS,
    "config.experimental.ClusterDeviceFilters": _CLUSTERS,
    "tpu": "install jax[tpu]; what runs on a TPU needs no other code",
    "experimental.dtensor": _SHARDING,
    "experimental.numpy": "use NumPy for host data and tf.* for tensors",
    "experimental.numpy.experimental_enable_numpy_behavior": (
        "convert dtypes with tf.cast; x.T, x.reshape and their kin are functions of tf"
    ),
    **dict.fromkeys([f"experimental.{name}" for name in (
        "ExtensionType", "BatchableExtensionType", "ExtensionTypeBatchEncoder", "ExtensionTypeSpec", "StructuredTensor",
        "extension_type")], _STRUCTURES),
    **dict.fromkeys([f"experimental.{name}" for name in (
        "dispatch_for_api", "dispatch_for_binary_elementwise_apis", "dispatch_for_binary_elementwise_assert_apis",
        "dispatch_for_unary_elementwise_apis", "unregister_dispatch_for")], _DISPATCH),
    "feature_column": "use keras.layers.Normalization, CategoryEncoding and Embedding",
    "quantization": _QUANTIZED,
    "lite": "export with jax.export",
    "mlir": "look at tfcompat.debug.last_program, or export with jax.export",
    "xla": "leave it out; what is run often is compiled by XLA anyway",
    "raw_ops": "use the public function that does the same",
    "conv2d_backprop_filter_v2": "use a GradientTape around tf.nn.conv2d",
    "conv2d_backprop_input_v2": "use tf.nn.conv2d_transpose",
    "nondifferentiable_batch_function": "collect inputs in Python and call the function with a batch",
    "debugging.experimental": "use tfcompat.debug.trace, tfcompat.debug.explain, or tf.debugging.enable_check_numerics",
    "test.Benchmark": "use timeit, and tf.test.experimental.sync_devices to wait for what was computed",
    "test.benchmark_config": "leave it out; there are no sessions to configure",
    "test.create_local_cluster": _CLUSTERS,
    "test.assert_equal_graph_def": _NO_GRAPHS,
    "compat.v1": "use the TensorFlow 2 name; sessions, placeholders and TensorFlow 1's variables are not offered",
    "compat.v1.train": "use tf.optimizers, and save variables with tf.train.Checkpoint",
    "compat.v1.logging": 'use Python\'s logging.getLogger("tensorflow")',
    "compat.v1.placeholder": "make the value an argument of a tf.function",
    "compat.v1.Session": "call the Python functions; what is run often is compiled",
    "compat.v1.disable_eager_execution": "put the code into a tf.function",
    "compat.v1.disable_v2_behavior": "leave it out; eager code and tf.function are what there is",
    "compat.v1.enable_eager_execution": "leave it out; code is eager",
    "compat.v1.enable_v2_behavior": "leave it out; that is how it is",
    "compat.v1.get_variable": "use tf.Variable, kept in a tf.Module or a Keras layer",
    "compat.v1.variable_scope": "keep variables in a tf.Module or a Keras layer",
    "compat.v1.global_variables_initializer": "leave it out; variables have their values when they are made",
    "graph_util": _NO_GRAPHS,
    "import_graph_def": _NO_GRAPHS,
    "sysconfig": "leave it out; there is no TensorFlow library to link with",
    "load_op_library": _NO_LIBRARY,
    "load_library": _NO_LIBRARY,
    "RegisterGradient": "use tf.custom_gradient",
    "no_gradient": "use tf.stop_gradient",
    "make_tensor_proto": "use tensor.numpy(); there are no protocol buffers here",
    "make_ndarray": "use tensor.numpy(); there are no protocol buffers here",
    "nn.RNNCellDeviceWrapper": "leave it out; JAX places what runs",
    "nn.RNNCellDropoutWrapper": "use the arguments dropout and recurrent_dropout of Keras's cells",
    "nn.RNNCellResidualWrapper": "write a Keras layer that adds the cell's input to its output",
}  # fmt: skip

# What namespaces have beside TensorFlow's names.
OWN = frozenset(["config.set_synchronous", "version.TFCOMPAT_VERSION"])

ELSE = "compute it with other functions of tf, or in JAX with tfcompat.interop.call_jax"


class UnsupportedSymbol(NotImplementedError, AttributeError):
    """A symbol of TensorFlow that tfcompat does not have. (Also an AttributeError, so `hasattr` works.)"""


class UnsupportedImport(NotImplementedError, ImportError):
    """The same for an import of such a symbol. (Also an ImportError, so that `except ImportError` works.)"""


@functools.cache
def names():
    """TensorFlow's public names: a frozenset for each namespace ("" is `tf`) and each class ("Tensor()")."""
    found = {}
    text = pathlib.Path(__file__).with_name("_names.txt").read_text(encoding="utf-8")
    for line in text.splitlines()[1:]:
        path, _, members = line.partition(": ")
        found["" if path == "." else path] = frozenset(members.split())
    return found


def text(symbol):
    """The sentence about a symbol (without "tf.") that is not there."""
    parent = symbol
    while parent and parent not in INSTEAD:
        parent = parent.rpartition(".")[0]
    return f"tf.{symbol} is not supported by tfcompat: {INSTEAD.get(parent, ELSE)}."


def is_listed(symbol):
    """Whether TensorFlow has this name, without "tf."."""
    parent, _, name = symbol.rpartition(".")
    return name in names().get(parent, ())


class Placeholder(ModuleType):
    """A namespace of TensorFlow of which tfcompat has nothing: each of its names raises UnsupportedSymbol."""

    __path__ = ()

    def __init__(self, path):
        super().__init__(f"{_OURS}.{path}", f"tf.{path}, of which tfcompat has nothing.")
        self.__getattr__ = functools.partial(missing_from, path)

    def __repr__(self):
        return f"<module '{self.__name__}' (not supported)>"


@functools.cache
def placeholder(path):
    """The placeholder for a namespace; the same object each time."""
    return Placeholder(path)


def missing_from(path, name):
    """`__getattr__` of the namespace `path`: what stands for a name that is not defined in it.

    Raises:
      UnsupportedSymbol: TensorFlow has the name.
      AttributeError: it has not.
    """
    symbol = f"{path}.{name}" if path else name
    module = sys.modules.get(f"{_OURS}.{path}" if path else _OURS)
    if not name.startswith("__") and symbol in names():
        # A namespace that is not imported along with tfcompat is loaded when it is first asked for.
        fullname = f"{_OURS}.{symbol}"
        if getattr(module, "__path__", None) and importlib.util.find_spec(fullname) is not None:
            found = importlib.import_module(fullname)
            answer_for(found)
            return found
        return placeholder(symbol)
    if is_listed(symbol):
        error = UnsupportedSymbol(text(symbol))
        error.name = None  # else Python adds a guess at what was meant
        raise error
    shown = "tensorflow" if not path else f"tensorflow._api.v2.{path}" if path in names() else module.__name__
    raise AttributeError(f"module '{shown}' has no attribute '{name}'", name=name, obj=module)


def shown(path, names_there):
    """What `dir` lists of the names in the namespace `path`: not what its code imports."""
    known = names().get(path) if path else None
    return sorted(n for n in names_there if known is None or n[0] == "_" or n in known or f"{path}.{n}" in OWN)


def answer_for(module):
    """Gives a namespace of tfcompat, and those inside it, a `__getattr__` for the names that are missing in it, and a `__dir__`."""
    path = module.__name__.partition(".")[2]
    for name, child in list(vars(module).items()):
        if isinstance(child, ModuleType) and child.__name__ == f"{module.__name__}.{name}" and name[0] != "_":
            answer_for(child)
    vars(module).setdefault("__getattr__", functools.partial(missing_from, path))
    vars(module).setdefault("__dir__", lambda: shown(path, vars(module)))
