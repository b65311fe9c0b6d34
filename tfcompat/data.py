"""`tf.data`: not offered by this version; `Iterator` is there for ``isinstance``, which Keras asks in `train_on_batch`."""


class Iterator:
    """Not offered: nothing here makes one."""
