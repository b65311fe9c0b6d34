"""tf.test.experimental: waiting for devices."""

import jax as _jax

from tfcompat._core.segment import current as _current


def sync_devices():
    """Computes all that is pending in this thread and waits until the devices are done."""
    segment = _current()
    segment.close("sync_devices")
    segment.check_flags()
    # A CPU computes several programs at a time: that one is done says nothing about those before it.
    _jax.block_until_ready([a for a in _jax.live_arrays() if not a.is_deleted()])
