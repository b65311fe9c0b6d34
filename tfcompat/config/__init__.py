"""tf.config: devices and how programs are run. Devices are JAX's, under TensorFlow's names."""

from tfcompat._core.context import settings as _settings
from tfcompat._core.function import (
    functions_run_eagerly as functions_run_eagerly,
    run_functions_eagerly as run_functions_eagerly,
)
from tfcompat._devices import (
    LogicalDevice as LogicalDevice,
    LogicalDeviceConfiguration as LogicalDeviceConfiguration,
    PhysicalDevice as PhysicalDevice,
    get_logical_device_configuration as get_logical_device_configuration,
    get_visible_devices as get_visible_devices,
    list_logical_devices as list_logical_devices,
    list_physical_devices as list_physical_devices,
    set_logical_device_configuration as set_logical_device_configuration,
    set_visible_devices as set_visible_devices,
)
from tfcompat.config import experimental as experimental, optimizer as optimizer, threading as threading


def get_soft_device_placement():
    """True: what a device cannot hold goes to another one."""
    return True


def set_soft_device_placement(enabled):
    """Accepted; placement is always soft.

    Args:
      enabled: a bool.
    """


experimental_run_functions_eagerly = run_functions_eagerly
experimental_functions_run_eagerly = functions_run_eagerly


def set_synchronous(value):
    _settings.synchronous = bool(value)
