"""JAX's devices under TensorFlow's names."""

import jax

_PREFIX = "/job:localhost/replica:0/task:0/device:"
_KINDS = {"cpu": "CPU", "gpu": "GPU", "cuda": "GPU", "rocm": "GPU", "tpu": "TPU"}
_CPU = _PREFIX + "CPU:0"


def full_name(jax_device, index=0):
    """`/job:localhost/.../device:GPU:0` of a JAX device."""
    return f"{_PREFIX}{_KINDS.get(jax_device.platform, jax_device.platform.upper())}:{index}"


def default_name():
    """Name of the device that computes by default."""
    backend = jax.default_backend()
    return _CPU if backend == "cpu" else f"{_PREFIX}{_KINDS.get(backend, backend.upper())}:0"


def name_of(value):
    """Name of the device that holds a payload; pending and host values are on the default one."""
    if isinstance(value, jax.Array):
        holder = next(iter(value.devices()))
        return full_name(holder, holder.local_hardware_id or 0)
    return default_name()
