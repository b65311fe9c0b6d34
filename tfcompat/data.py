"""`tf.data`: not offered by this version; `Iterator` is there for ``isinstance``, which Keras asks in `train_on_batch`."""


class Iterator:
    """Not offered: nothing here makes one.

    Differs from TensorFlow: the name is there for `isinstance` alone. Iterate over NumPy arrays.
    """
