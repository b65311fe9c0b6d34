"""tf.config.experimental: memory, determinism, synchronous execution."""

import jax as _jax

from tfcompat._core.context import settings as _settings
from tfcompat._core.segment import current as _current
from tfcompat._devices import (
    LogicalDeviceConfiguration as VirtualDeviceConfiguration,  # noqa: F401
    get_logical_device_configuration as _get_logical,
    get_visible_devices as get_visible_devices,
    list_logical_devices as list_logical_devices,
    list_physical_devices as list_physical_devices,
    set_logical_device_configuration as _set_logical,
    set_visible_devices as set_visible_devices,
)

get_virtual_device_configuration = _get_logical
set_virtual_device_configuration = _set_logical


def set_memory_growth(device, enable):
    """Accepted for GPUs (JAX's allocator is set by XLA_PYTHON_CLIENT_PREALLOCATE).

    Args:
      device: a PhysicalDevice.
      enable: a bool.

    Raises:
      ValueError: the device is no GPU.
    """
    if device.device_type == "CPU":
        raise ValueError("Cannot set memory growth on non-GPU and non-Pluggable devices")
    _growth[device] = bool(enable)


_growth = {}


def get_memory_growth(device):
    """What `set_memory_growth` set.

    Args:
      device: a PhysicalDevice.
    """
    if device.device_type == "CPU":
        raise ValueError("Cannot set memory growth on non-GPU and non-Pluggable devices")
    return _growth.get(device)


def get_memory_info(device):
    """Bytes in use and at most in use on `device` ("CPU:0", "GPU:0"), as {"current": ..., "peak": ...}.

    Args:
      device: a device's name.

    Raises:
      ValueError: an unknown device, or one that keeps no count.
    """
    kind, _, index = str(device).rpartition("/")[2].removeprefix("device:").partition(":")
    if kind.upper() == "CPU":
        return {"current": 0, "peak": 0}
    stats = _jax.devices(kind.lower())[int(index or 0)].memory_stats() or {}
    return {"current": stats.get("bytes_in_use", 0), "peak": stats.get("peak_bytes_in_use", 0)}


def get_memory_usage(device):
    """Bytes in use on `device`.

    Args:
      device: a device's name.

    Raises:
      ValueError: an unknown device, or one that keeps no count.
    """
    return get_memory_info(device)["current"]


def reset_memory_stats(device):
    """Not supported: JAX keeps no resettable peak.

    Args:
      device: a device's name.
    """
    raise NotImplementedError("tf.config.experimental.reset_memory_stats: read jax.Device.memory_stats() instead.")


def get_device_details(device):
    """A dict with what is known about a physical device; "device_name" for accelerators.

    Args:
      device: a PhysicalDevice.
    """
    if device.device_type == "CPU":
        return {}
    return {"device_name": _jax.devices()[0].device_kind}


def get_synchronous_execution():
    """Whether each op is run when it is called."""
    return _settings.synchronous


def set_synchronous_execution(enable):
    """With True every op is run when it is called, with False (the default here) when its value is needed.

    Args:
      enable: a bool; None is True.
    """
    _current().close("synchronous")
    _settings.synchronous = bool(enable)
    _settings.watchful = bool(enable) or bool(_current().cut_sites) or _settings.random_cuts is not None


def enable_op_determinism():
    """Makes results independent of where programs begin and end: each op is computed on its own, in one tier.

    The same function trained twice in a process then gives equal bits. It is slower than the default.
    """
    _current().close("determinism")
    _settings.determinism = True
    _settings.tier = "interpreted"


def get_device_policy():
    """"silent": operands are copied to where they are needed."""
    return "silent"


def set_device_policy(device_policy):
    """Accepted; operands are always copied to where they are needed.

    Args:
      device_policy: None, "silent", "warn" or "explicit".
    """


def enable_tensor_float_32_execution(enabled):
    """Accepted; use `jax.default_matmul_precision` to change the precision of matrix products.

    Args:
      enabled: a bool.
    """
    _tf32[0] = bool(enabled)


def tensor_float_32_execution_enabled():
    """What `enable_tensor_float_32_execution` set; True by default."""
    return _tf32[0]


_tf32 = [True]


def enable_mlir_bridge():
    """Accepted; has no meaning here."""


def disable_mlir_bridge():
    """Accepted; has no meaning here."""
