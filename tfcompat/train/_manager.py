"""`tf.train.CheckpointManager`: saves again and again, and removes what has become old."""

import collections
import contextlib
import glob
import logging
import os
import time

from tfcompat.train._checkpoint import with_callback
from tfcompat.train._state import get_checkpoint_state, update_checkpoint_state

_logger = logging.getLogger("tensorflow")

_POSITIVE = "Expected a positive integer or `None` for `max_to_keep`, got {number}."
_NO_COUNTER = "`step_counter` should be passed if `checkpoint_interval` is not None."
_CLOCK = "time.time() returned a value {seconds:f} seconds behind the last preserved checkpoint timestamp."


class CheckpointManager:
    """Keeps the latest checkpoints in a directory.

    Args:
      checkpoint: the `tf.train.Checkpoint` to save and restore.
      directory: where the files are. One manager for one directory.
      max_to_keep: how many are kept; older ones are removed. None keeps all.
      keep_checkpoint_every_n_hours: of what would be removed, one for so many hours is kept.
      checkpoint_name: what the files' names begin with.
      step_counter: a variable that counts steps, for `checkpoint_interval`.
      checkpoint_interval: how many steps there are between two saves; `save` in between does nothing.
      init_fn: called by `restore_or_initialize` if there is no checkpoint.
      last_checkpoint_step: the step of the last save, as far as `checkpoint_interval` is concerned.

    Raises:
      ValueError: `max_to_keep` is not positive, or there is an interval without a counter.
    """

    def __init__(
        self,
        checkpoint,
        directory,
        max_to_keep,
        keep_checkpoint_every_n_hours=None,
        checkpoint_name="ckpt",
        step_counter=None,
        checkpoint_interval=None,
        init_fn=None,
        last_checkpoint_step=None,
    ):
        if max_to_keep is not None and max_to_keep <= 0:
            raise ValueError(_POSITIVE.format(number=max_to_keep))
        if checkpoint_interval is not None and step_counter is None:
            raise ValueError(_NO_COUNTER)
        self._checkpoint = checkpoint
        self._directory = os.fspath(directory)
        self._prefix = os.path.join(self._directory, checkpoint_name)
        self._max_to_keep = max_to_keep
        self._keep_checkpoint_every_n_hours = keep_checkpoint_every_n_hours
        self._step_counter = step_counter
        self._checkpoint_interval = checkpoint_interval
        self._last_checkpoint_step = last_checkpoint_step
        self._init_fn = init_fn
        self._latest_checkpoint = None
        self._maybe_delete = collections.OrderedDict()  # path -> when it was written
        self._take_over(get_checkpoint_state(self._directory), time.time())

    def _take_over(self, known, now):
        """Goes on where another manager of this directory has stopped."""
        self._last_preserved_timestamp = now - 1.0
        if known is None:
            return
        self._latest_checkpoint = known.model_checkpoint_path
        self._last_preserved_timestamp = known.last_preserved_timestamp
        if now < self._last_preserved_timestamp:
            _logger.warning(_CLOCK.format(seconds=self._last_preserved_timestamp - now))
            self._last_preserved_timestamp = now
        paths = known.all_model_checkpoint_paths
        times = known.all_model_checkpoint_timestamps or [self._last_preserved_timestamp] * len(paths)
        for path, written in zip(paths, times, strict=False):
            if min(written, now) > self._last_preserved_timestamp:
                self._maybe_delete[path] = min(written, now)

    @property
    def directory(self):
        """The directory given."""
        return self._directory

    @property
    def checkpoint_interval(self):
        """The interval given."""
        return self._checkpoint_interval

    @property
    def latest_checkpoint(self):
        """The path of the latest checkpoint, or None."""
        return self._latest_checkpoint

    @property
    def checkpoints(self):
        """A list of the paths that may be removed some day, the oldest first."""
        return list(self._maybe_delete)

    @property
    def checkpoint(self):
        """The `tf.train.Checkpoint` given."""
        return self._checkpoint

    def save(self, checkpoint_number=None, check_interval=True, options=None):
        """Saves, and removes what is too old.

        Args:
          checkpoint_number: the number in the path, an int, a variable or a tensor; the checkpoint's `save_counter` if not
            given.
          check_interval: whether `checkpoint_interval` counts.
          options: a `tf.train.CheckpointOptions`.

        Returns:
          The path; None if nothing was saved, as it was not time yet.
        """
        if self._checkpoint_interval is not None:
            step, last = self._step_counter.numpy(), self._last_checkpoint_step
            if last is not None and (step == last or check_interval and step < last + self._checkpoint_interval):
                return None
            self._last_checkpoint_step = step
        counter = self._checkpoint.save_counter
        counter.assign_add(1)
        number = int(counter if checkpoint_number is None else checkpoint_number)
        return self._checkpoint.write(f"{self._prefix}-{number}", with_callback(options, self._record_and_sweep))

    def _record_and_sweep(self, path):
        self._maybe_delete.pop(path, None)
        self._maybe_delete[path] = time.time()
        self._latest_checkpoint = path
        self._record()
        if self._max_to_keep and len(self._maybe_delete) > self._max_to_keep:
            self._sweep()
            self._record()

    def _record(self):
        """Writes the file "checkpoint"."""
        paths, times = zip(*self._maybe_delete.items(), strict=True)
        update_checkpoint_state(self._directory, self._latest_checkpoint, paths, times, self._last_preserved_timestamp)

    def _sweep(self):
        hours = self._keep_checkpoint_every_n_hours
        while len(self._maybe_delete) > self._max_to_keep:
            path, written = self._maybe_delete.popitem(last=False)
            if hours and written - hours * 3600.0 >= self._last_preserved_timestamp:
                self._last_preserved_timestamp = written
                continue
            for file in (f"{path}.index", *glob.glob(f"{glob.escape(path)}.data-?????-of-?????")):
                with contextlib.suppress(FileNotFoundError):  # somebody else was faster
                    os.remove(file)

    def restore_or_initialize(self):
        """Restores the latest checkpoint, or calls `init_fn` if there is none. Returns the path, or None."""
        if self._latest_checkpoint is not None:
            self._checkpoint.restore(self._latest_checkpoint)
            if self._checkpoint_interval is not None:
                self._last_checkpoint_step = self._step_counter.numpy()
            return self._latest_checkpoint
        if self._init_fn is not None:
            self._init_fn()
        return None

    def sync(self):
        """Nothing to do: what `save` wrote is there when it returns."""
        self._checkpoint.sync()
