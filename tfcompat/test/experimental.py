"""tf.test.experimental: waiting for devices."""

import jax as _jax

from tfcompat._core.context import state as _state


def sync_devices():
    """Computes all that is pending in this thread and waits until the devices are done."""
    segment = _state.context.segment
    segment.close("sync_devices")
    if segment.unchecked is not None:
        segment.check_flags()
    # A CPU computes several programs at a time: that one is done says nothing about those before it. The latest comes last, so
    # that nothing is left to be looked at when the data have driven all else out of the processor's caches. (Not by
    # `is_ready`: of an array that is deleted meanwhile it ends the process.)
    for array in reversed(_jax.live_arrays()):
        if not array.is_deleted():
            array.block_until_ready()
