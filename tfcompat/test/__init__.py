"""tf.test: a TestCase with assertions on tensors, and questions about the platform."""

import unittest as _unittest

import jax as _jax

from tfcompat.test import experimental as experimental
from tfcompat.test._case import TestCase as TestCase
from tfcompat.test._gradients import compute_gradient as compute_gradient


def main(argv=None):
    """Runs the test cases of the calling module, as `unittest.main` does.

    Args:
      argv: the command line; default: `sys.argv`.
    """
    _unittest.main(argv=argv)


def is_gpu_available(cuda_only=False, min_cuda_compute_capability=None):
    """Whether JAX computes on a GPU.

    Args:
      cuda_only: accepted.
      min_cuda_compute_capability: accepted.
    """
    return _jax.default_backend() in ("gpu", "cuda", "rocm")


def gpu_device_name():
    """`/device:GPU:0` if there is a GPU, else the empty string."""
    return "/device:GPU:0" if is_gpu_available() else ""


def is_built_with_cuda():
    """Whether JAX computes on a CUDA GPU."""
    return is_gpu_available() and "cuda" in _jax.devices()[0].client.platform_version.lower()


def is_built_with_rocm():
    """Whether JAX computes on a ROCm GPU."""
    return is_gpu_available() and not is_built_with_cuda()


def is_built_with_gpu_support():
    """Whether JAX computes on a GPU."""
    return is_gpu_available()


def is_built_with_xla():
    """True: everything is compiled by XLA."""
    return True


def is_cpu_target_available(target):
    """True for "x86_64" or "aarch64", whichever this machine is.

    Args:
      target: the name of an architecture.
    """
    import platform

    return target == platform.machine()
