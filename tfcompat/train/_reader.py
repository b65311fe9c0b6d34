"""Reading single tensors of a checkpoint."""

import os

from tfcompat.train._bundle import Reader
from tfcompat.train._restoration import c_name
from tfcompat.train._state import latest_checkpoint

_NO_STATE = "Couldn't find 'checkpoint' file or checkpoints in given directory {directory}"


class CheckpointReader:
    """Gives the tensors of a checkpoint. `tf.train.load_checkpoint` makes one.

    Args:
      bundle: a Reader.
    """

    def __init__(self, bundle):
        self._bundle = bundle

    def get_variable_to_shape_map(self):
        """A dict from key to shape, a list."""
        return {key: list(entry.shape) for key, entry in self._bundle.entries.items()}

    def get_variable_to_dtype_map(self):
        """A dict from key to DType."""
        return {key: self._bundle.dtype(key) for key in self._bundle.entries}

    def has_tensor(self, tensor_str):
        """Whether there is a tensor of this name."""
        return tensor_str in self._bundle.entries

    def get_tensor(self, tensor_str):
        """The tensor of this name, a NumPy array (of rank 0: a scalar, or bytes).

        Raises:
          NotFoundError: there is none.
          DataLossError: a file is damaged.
        """
        return self._bundle.read(tensor_str)[()]

    def debug_string(self):
        """Bytes: a line for each tensor."""
        lines = (
            f"{key} (DT_{c_name(self._bundle.dtype(key)).upper()}) [{','.join(map(str, entry.shape))}]\n"
            for key, entry in self._bundle.entries.items()
        )
        return "".join(lines).encode()


def load_checkpoint(ckpt_dir_or_file):
    """An object that gives the tensors of a checkpoint.

    Args:
      ckpt_dir_or_file: a checkpoint's path, or a directory, whose latest one is taken.

    Returns:
      A reader with methods `get_variable_to_shape_map`, `get_variable_to_dtype_map`, `has_tensor` and `get_tensor`.

    Raises:
      NotFoundError: there is no such checkpoint.
      ValueError: the directory has none.
    """
    path = os.fspath(ckpt_dir_or_file)
    if os.path.isdir(path):
        path = latest_checkpoint(path)
        if path is None:
            raise ValueError(_NO_STATE.format(directory=ckpt_dir_or_file))
    return CheckpointReader(Reader(path))


def load_variable(ckpt_dir_or_file, name):
    """The value of a variable in a checkpoint, a NumPy array.

    Args:
      ckpt_dir_or_file: a checkpoint's path, or a directory, whose latest one is taken.
      name: the key, such as "model/kernel/.ATTRIBUTES/VARIABLE_VALUE".

    Raises:
      NotFoundError: there is no such checkpoint, or no variable of that name in it.
      ValueError: the directory has no checkpoint.
    """
    return load_checkpoint(ckpt_dir_or_file).get_tensor(name.removesuffix(":0"))


def list_variables(ckpt_dir_or_file):
    """The names and shapes of what is in a checkpoint: a list of (key, list of sizes), sorted.

    Args:
      ckpt_dir_or_file: a checkpoint's path, or a directory, whose latest one is taken.

    Raises:
      NotFoundError: there is no such checkpoint.
      ValueError: the directory has none.
    """
    return sorted(load_checkpoint(ckpt_dir_or_file).get_variable_to_shape_map().items())
