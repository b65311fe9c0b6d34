"""``tf.experimental.dtensor``: not offered; the names are what Keras's distribution API would use."""

UNSHARDED = "unsharded"

_NOT_OFFERED = (
    "tf.experimental.dtensor.{name} is not offered by tfcompat, which keeps each variable on one device. Use Keras "
    "without a keras.distribution scope."
)


def create_distributed_mesh(mesh_dims, local_devices=None, device_type=None, mesh_name="", use_xla_spmd=False):
    """Not offered.

    Raises:
      NotImplementedError: always.
    """
    raise NotImplementedError(_NOT_OFFERED.format(name="create_distributed_mesh"))


class Layout:
    """Not offered: making one raises NotImplementedError."""

    def __init__(self, sharding_specs, mesh):
        raise NotImplementedError(_NOT_OFFERED.format(name="Layout"))
