"""`tf.CriticalSection`: a lock around a function."""

import threading

from tfcompat._core import nest
from tfcompat._core.convert import convert


class CriticalSection:
    """Runs functions one at a time: a thread that calls `execute` waits for the others.

    Differs from TensorFlow: a `tf.function` holds the section while it is recorded, not while it runs; a function that is
    executed may execute others in the same section, where TensorFlow waits for ever.

    Args:
      name: accepted.
      shared_name: sections of one name are one.
      critical_section_def: not supported, as in TensorFlow.
      import_scope: accepted.

    Raises:
      ValueError: `critical_section_def` is given. TypeError: `shared_name` is no text.
    """

    def __init__(self, name=None, shared_name=None, critical_section_def=None, import_scope=None):
        if critical_section_def:
            raise ValueError("Argument `critical_section_def` is not supported.")
        if shared_name is not None and not isinstance(shared_name, str):
            raise TypeError(f"Expected string for argument 'shared_name' not {shared_name!r}")
        self._lock = threading.RLock() if shared_name is None else _shared.setdefault(shared_name, threading.RLock())

    @property
    def name(self):
        """Not there in eager execution: an AttributeError."""
        raise AttributeError("Tensor.op is undefined when eager execution is enabled.")

    def execute(self, fn, exclusive_resource_access=True, name=None):
        """Calls `fn()` while no other thread is in the section.

        Args:
          fn: a function without arguments.
          exclusive_resource_access: accepted.
          name: accepted.

        Returns:
          What `fn` returns, a structure of tensors, or None.
        """
        with self._lock:
            found = fn()
            return None if found is None else nest.map_structure(convert, found)


_shared = {}  # name -> lock
