"""tf.test.experimental: waiting for devices."""

import jax as _jax

from tfcompat._core.segment import current as _current


def sync_devices():
    """Computes all that is pending in this thread and waits until the devices are done."""
    segment = _current()
    segment.close("sync_devices")
    segment.check_flags()
    with _jax.enable_x64(True):
        _jax.block_until_ready(_jax.device_put(0.0))
