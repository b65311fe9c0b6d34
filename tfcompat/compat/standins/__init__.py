"""Stand-ins for modules of TensorFlow that are private, or public and not offered, and that Keras imports by name.

`STANDINS` maps the name of each to the module here that takes its place. A function in a stand-in either does what
TensorFlow's does or raises NotImplementedError, saying what to use instead.
"""

_HERE = __name__

STANDINS = {
    # keras.ops.slice_update is this one XLA op.
    "tensorflow.compiler.tf2xla.python.xla": f"{_HERE}.xla",
    # Model.fit waits for pending work; clear_session drops caches.
    "tensorflow.python.eager.context": f"{_HERE}.eager_context",
    # Imported with the backend; used only when Keras lays variables out on a device mesh.
    "tensorflow.experimental.dtensor": f"{_HERE}.dtensor",
    # Imported with the backend; used to multiply two sparse matrices.
    "tensorflow.python.ops.linalg.sparse.sparse_csr_matrix_ops": f"{_HERE}.sparse_csr_matrix_ops",
    # keras.ops.isclose takes is_nan from here.
    "tensorflow.python.ops.math_ops": f"{_HERE}.math_ops",
    # Keras tells its tree utilities about the containers that tf.Module wraps lists and dicts in.
    "tensorflow.python.trackable.data_structures": "tfcompat._core.data_structures",
    # Model.compile asks whether ops have to be deterministic.
    "tensorflow.python.framework.config": f"{_HERE}.framework_config",
    # Exporting asks what is a tensor.
    "tensorflow.python.framework.tensor_util": f"{_HERE}.tensor_util",
    # Reading legacy HDF5 files asks for registered type specs.
    "tensorflow.python.framework.type_spec_registry": f"{_HERE}.type_spec_registry",
    # Sharding a tf.data dataset over processes asks for its batch size.
    "tensorflow.python.data.experimental.ops.distribute": f"{_HERE}.data_distribute",
}
