"""JAX's devices as TensorFlow lists them."""

import collections as _collections

import jax as _jax

PhysicalDevice = _collections.namedtuple("PhysicalDevice", ["name", "device_type"])
PhysicalDevice.__doc__ = """A device of this machine.

Args:
  name: such as "/physical_device:GPU:0".
  device_type: "CPU", "GPU" or "TPU".
"""
LogicalDevice = _collections.namedtuple("LogicalDevice", ["name", "device_type"])
LogicalDevice.__doc__ = """A device as programs name it.

Args:
  name: such as "/device:GPU:0".
  device_type: "CPU", "GPU" or "TPU".
"""

LogicalDeviceConfiguration = _collections.namedtuple(
    "LogicalDeviceConfiguration",
    ["memory_limit", "experimental_priority", "experimental_device_ordinal"],
    defaults=[None, None, None],
)
LogicalDeviceConfiguration.__doc__ = """What a logical device is to be.

Args:
  memory_limit: its memory in MB. JAX's allocator is told by XLA_PYTHON_CLIENT_MEM_FRACTION in the environment instead.
  experimental_priority, experimental_device_ordinal: ints; accepted.
"""

_configurations = {}  # PhysicalDevice -> the list that set_logical_device_configuration was given
_visible = {}  # device type -> list of PhysicalDevice that set_visible_devices left


def _count(kind):
    backend = _jax.default_backend()
    if kind == "CPU":
        return 1 if backend != "cpu" else len(_jax.devices("cpu"))
    accelerator = {"gpu": "GPU", "cuda": "GPU", "rocm": "GPU", "tpu": "TPU"}.get(backend)
    return len(_jax.devices()) if kind == accelerator else 0


def list_physical_devices(device_type=None):
    """The devices of this machine.

    Args:
      device_type: "CPU", "GPU", "TPU", or None for all.

    Returns:
      A list of PhysicalDevice(name, device_type).
    """
    kinds = ["CPU", "GPU", "TPU"] if device_type is None else [device_type]
    return [PhysicalDevice(f"/physical_device:{kind}:{i}", kind) for kind in kinds for i in range(_count(kind))]


def get_visible_devices(device_type=None):
    """The physical devices that programs may use.

    Args:
      device_type: "CPU", "GPU", "TPU", or None for all.
    """
    return [
        d for d in list_physical_devices(device_type) if d.device_type not in _visible or d in _visible[d.device_type]
    ]


def set_visible_devices(devices, device_type=None):
    """Limits which devices are listed as logical ones; computation goes to JAX's default device either way.

    Args:
      devices: a PhysicalDevice, or a list of them.
      device_type: the type that is limited; None for all.

    Raises:
      ValueError: an unknown device.
    """
    known = list_physical_devices()
    for d in devices:
        if d not in known or device_type not in (None, d.device_type):
            raise ValueError(f"Unrecognized device: {d!r}")
    for kind in [device_type] if device_type else ["CPU", "GPU", "TPU"]:
        _visible[kind] = [d for d in devices if d.device_type == kind]


def list_logical_devices(device_type=None):
    """The visible devices as programs name them: LogicalDevice("/device:CPU:0", "CPU"), ...

    Args:
      device_type: "CPU", "GPU", "TPU", or None for all.
    """
    return [
        LogicalDevice(d.name.replace("/physical_device", "/device"), d.device_type)
        for d in get_visible_devices(device_type)
    ]


def get_logical_device_configuration(device):
    """The configurations that `device` was given, or None.

    Args:
      device: a PhysicalDevice.

    Raises:
      ValueError: an unknown device.
    """
    _check_known(device)
    return _configurations.get(device)


def set_logical_device_configuration(device, logical_devices):
    """Notes a configuration: one logical device for each physical one is all there can be.

    Args:
      device: a PhysicalDevice.
      logical_devices: a list of at most one LogicalDeviceConfiguration; its memory limit has no effect.

    Raises:
      ValueError: an unknown device, or a limit or priority for a CPU. NotImplementedError: several logical devices.
    """
    _check_known(device)
    if device.device_type == "CPU":
        for given in logical_devices:
            if given.memory_limit is not None:
                raise ValueError("Setting memory limit on CPU virtual devices is currently not supported")
            for field in ("experimental_priority", "experimental_device_ordinal"):
                if getattr(given, field) is not None:
                    raise ValueError(f"Setting {field} on CPU virtual  devices is currently not supported")
    if len(logical_devices) > 1:
        raise NotImplementedError(
            "tf.config.set_logical_device_configuration with several devices: set XLA_FLAGS="
            "--xla_force_host_platform_device_count=N in the environment, which gives N CPUs."
        )
    _configurations[device] = list(logical_devices)


def _check_known(device):
    if device not in list_physical_devices():
        raise ValueError(f"Unrecognized device: {device!r}")
