"""``tensorflow.python.data.experimental.ops.distribute``."""


def compute_batch_size(dataset):
    """Not offered.

    Raises:
      NotImplementedError: always.
    """
    raise NotImplementedError(
        "Sharding a dataset over processes is not offered by tfcompat. Give each process its own part of the data."
    )
