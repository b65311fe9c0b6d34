"""``tf.train``: checkpoints, the files that objects with variables are saved to and restored from."""

from tfcompat import _lazy

__getattr__, __dir__ = _lazy.names(
    __name__,
    {
        "train._reader": "list_variables load_checkpoint load_variable",
        "train._state": "checkpoints_iterator get_checkpoint_state latest_checkpoint",
        "train._checkpoint": "Checkpoint CheckpointOptions",
        "train._manager": "CheckpointManager",
    },
)
