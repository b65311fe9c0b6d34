"""`tf.train.Checkpoint`: saves objects with their variables, and restores them."""

import copy
import inspect
import os

import numpy as np

from tfcompat._core import dtypes, errors
from tfcompat._core.auto_trackable import AutoTrackable
from tfcompat._core.context import state
from tfcompat._core.data_structures import NoDependency
from tfcompat._core.trace import Eager
from tfcompat._core.trackable import Trackable
from tfcompat._core.variable import Variable
from tfcompat.train import _bundle, _object_graph as object_graph
from tfcompat.train._protos import graph_from_bytes, graph_to_bytes
from tfcompat.train._restoration import Position, Restoration
from tfcompat.train._state import update_checkpoint_state
from tfcompat.train._status import CheckpointLoadStatus, InitializationOnlyStatus

_NOT_TRACKABLE = (
    "`Checkpoint` was expecting {name} to be a trackable object (an object derived from `Trackable`), got {value}. If you "
    "believe this object should be trackable (i.e. it is part of the TensorFlow Python API and manages state), please open "
    "an issue."
)
_TAKEN = "Cannot create a Checkpoint with keyword argument {name} if root.{name} already exists."
_SAVE_IN_FUNCTION = (
    "Calling tf.train.Checkpoint.save() from a function is not supported, as save() modifies saving metadata in ways not "
    "supported by TensorFlow Operations. Call it where the function is called."
)
_WRITE_IN_FUNCTION = (
    "tf.train.Checkpoint.write() in a function is not supported by tfcompat: call it where the function is called."
)
_WRONG_PATH = (
    "Error when restoring from checkpoint or SavedModel at {path}: {message}\nPlease double-check that the path is correct. "
    "You may be missing the checkpoint suffix (e.g. the '-1' in 'path/to/ckpt-1')."
)
_BY_NAME = (
    "tf.train.Checkpoint.restore: {path} was written by tf.compat.v1.train.Saver, which goes by the names of variables; "
    "tfcompat does not support it: read values with tf.train.load_variable, and assign them."
)


class CheckpointOptions:
    """How to write or read a checkpoint.

    Differs from TensorFlow: everything is written when `save` or `write` returns, by one thread, into one file.

    Args:
      experimental_io_device: not looked at.
      experimental_enable_async_checkpoint, enable_async: not looked at.
      experimental_write_callbacks: functions that are called after a checkpoint was written, with its path or without
        arguments.
      experimental_skip_slot_variables: whether `assert_consumed` overlooks variables of optimizers in checkpoints of Keras 2.
      experimental_sharding_callback: not offered.

    Raises:
      NotImplementedError: for a sharding callback.
    """

    __slots__ = (
        "experimental_io_device",
        "experimental_enable_async_checkpoint",
        "experimental_write_callbacks",
        "enable_async",
        "experimental_sharding_callback",
        "experimental_skip_slot_variables",
    )

    def __init__(
        self,
        experimental_io_device=None,
        experimental_enable_async_checkpoint=False,
        experimental_write_callbacks=None,
        enable_async=False,
        experimental_skip_slot_variables=False,
        experimental_sharding_callback=None,
    ):
        if experimental_sharding_callback is not None:
            raise NotImplementedError(
                "tf.train.CheckpointOptions: experimental_sharding_callback is not supported by tfcompat: leave it out."
            )
        for callback in experimental_write_callbacks or ():
            assert len(inspect.signature(callback).parameters) <= 1
        self.experimental_io_device = experimental_io_device
        self.enable_async = experimental_enable_async_checkpoint or enable_async
        self.experimental_enable_async_checkpoint = self.enable_async
        self.experimental_write_callbacks = experimental_write_callbacks
        self.experimental_sharding_callback = None
        self.experimental_skip_slot_variables = experimental_skip_slot_variables


def with_callback(options, callback):
    """A copy of options (or None) in which `callback` is called last."""
    options = CheckpointOptions() if options is None else copy.copy(options)
    options.experimental_write_callbacks = [*(options.experimental_write_callbacks or ()), callback]
    return options


class Checkpoint(AutoTrackable):
    """A group of objects whose values are saved to files, and restored from them.

    What is saved are the variables of these objects and of all that they track: variables, modules and containers in
    attributes of a `tf.Module`, layers and weights of Keras models, variables of optimizers. Files are those of
    TensorFlow, which can read them, and whose can be read. Restoring goes by the names of attributes; what is not there
    yet gets its value when it is made.

    Differs from TensorFlow: lists that were changed other than by appending are saved, too.

    Args:
      root: an object that is saved itself, and not as the value of an attribute.
      **kwargs: objects; each becomes an attribute.

    Raises:
      ValueError: a value is not trackable, or `root` has another attribute of that name.
    """

    def __init__(self, root=None, **kwargs):
        self._save_counter = None
        self._root = NoDependency(root)
        self._attached = NoDependency([])  # names and objects that are children of the root, as far as files are concerned
        if root is not None:
            _assert_trackable(root, "root")
            kwargs["root"] = root
            self._save_counter = NoDependency(root._lookup_dependency("save_counter"))
        for name, value in sorted(kwargs.items()):
            setattr(self, name, value)
            value = getattr(self, name)
            _assert_trackable(value, name)
            if root is not None:
                present = root._lookup_dependency(name)
                if present is None:
                    self._attached.append((name, value))
                elif present is not value:
                    raise ValueError(_TAKEN.format(name=name))

    @property
    def _view(self):
        return object_graph.View(self if self._root is None else self._root, self._attached)

    def _make_save_counter(self):
        if self._save_counter is None:
            with Eager():
                counter = Variable(0, trainable=False, name="save_counter", dtype=dtypes.int64)
                self._track_trackable(counter, "save_counter")
            self._save_counter = NoDependency(counter)
            if self._root is not None:
                self._attached.append(("save_counter", counter))
                self._root._handle_deferred_dependencies("save_counter", counter)

    @property
    def save_counter(self):
        """A variable with the number of the last save, which is saved, too."""
        self._make_save_counter()
        return self._save_counter

    def write(self, file_prefix, options=None):
        """Writes a checkpoint under the path given; no counting, and `tf.train.latest_checkpoint` does not see it.

        Args:
          file_prefix: what the files' names begin with.
          options: a `tf.train.CheckpointOptions`.

        Returns:
          `file_prefix`, a string.

        Raises:
          NotImplementedError: in a function.
        """
        if state.trace is not None:
            raise NotImplementedError(_WRITE_IN_FUNCTION)
        path = os.fspath(file_prefix)
        path = path.decode() if isinstance(path, bytes) else path
        nodes, arrays = object_graph.serialized(self._view)
        arrays[object_graph.GRAPH_KEY] = np.array(graph_to_bytes(nodes), object)
        _bundle.write(path, arrays)
        for callback in (options.experimental_write_callbacks if options is not None else None) or ():
            callback(path) if inspect.signature(callback).parameters else callback()
        return path

    def save(self, file_prefix, options=None):
        """Counts, and writes a checkpoint that is the latest one of its directory then.

        Args:
          file_prefix: what the files' names begin with; "-1", "-2" and so on follow.
          options: a `tf.train.CheckpointOptions`.

        Returns:
          The path, a string that `restore` takes.

        Raises:
          NotImplementedError: in a function.
        """
        if state.trace is not None:
            raise NotImplementedError(_SAVE_IN_FUNCTION)
        number = self.save_counter.assign_add(1).numpy()
        return self.write(f"{os.fspath(file_prefix)}-{number}", with_callback(options, _note_latest))

    def read(self, save_path, options=None):
        """Restores what `write` has written.

        Args:
          save_path: the path that was written to; None restores nothing.
          options: a `tf.train.CheckpointOptions`.

        Returns:
          A status object, see `restore`.

        Raises:
          NotFoundError: there is no such checkpoint.
        """
        if save_path is None:
            return InitializationOnlyStatus()
        reader = _bundle.Reader(os.fspath(save_path))
        if object_graph.GRAPH_KEY not in reader.entries:
            raise NotImplementedError(_BY_NAME.format(path=reader.prefix))
        nodes = graph_from_bytes(reader.read(object_graph.GRAPH_KEY)[()])
        restoration = Restoration(nodes, reader, options is not None and options.experimental_skip_slot_variables)
        view = self._view
        Position(restoration, 0).restore(view.root)
        numbers = {child.local_name: child.node_id for child in nodes[0].children}
        for name, trackable in self._attached:
            if name != "root" and name in numbers and restoration.objects.get(numbers[name]) is None:
                Position(restoration, numbers[name]).restore(trackable)
        return CheckpointLoadStatus(restoration, view)

    def restore(self, save_path, options=None):
        """Assigns the values of a checkpoint, now or, where an object is not there yet, when it is made.

        Args:
          save_path: a path that `save` or `tf.train.latest_checkpoint` gave; None restores nothing.
          options: a `tf.train.CheckpointOptions`.

        Returns:
          An object with the methods `assert_consumed`, `assert_existing_objects_matched`, `assert_nontrivial_match` (they
          raise AssertionError where not everything was matched) and `expect_partial` (no warning later if it never is).

        Raises:
          NotFoundError: there is no such checkpoint.
          DataLossError: a file is damaged.
          InvalidArgumentError: a variable has another dtype than the checkpoint's value.
          ValueError: a variable has another shape than the checkpoint's value.
        """
        if save_path is not None and os.path.isfile(os.path.join(save_path, "saved_model.pb")):
            save_path = os.path.join(save_path, "variables", "variables")
        try:
            status = self.read(save_path, options)
        except errors.NotFoundError as error:
            raise errors.NotFoundError(None, None, _WRONG_PATH.format(path=save_path, message=error.message)) from None
        self._make_save_counter()
        return status

    def sync(self):
        """Nothing to do: what `save` and `write` wrote is there when they return."""


def _assert_trackable(value, name):
    if not isinstance(value, Trackable):
        raise ValueError(_NOT_TRACKABLE.format(name=name, value=value))


def _note_latest(path):
    update_checkpoint_state(os.path.dirname(path), path, [path])
