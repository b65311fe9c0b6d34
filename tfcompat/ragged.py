"""`tf.RaggedTensor`: not offered by this version; the name is there for ``isinstance``."""

from tfcompat._core.core_types import CompositeTensor


class RaggedTensor(CompositeTensor):
    """Not offered: it has no public constructor in TensorFlow either, and nothing here makes one.

    Differs from TensorFlow: the name is there for `isinstance` alone. Use padded tensors and tf.sequence_mask.
    """

    def __init__(self, *args, **kwargs):
        raise NotImplementedError(
            "tf.RaggedTensor is not offered by this version of tfcompat. Pad the rows to one length and mask them."
        )
