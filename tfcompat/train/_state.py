"""The text file "checkpoint" of a directory, which says which checkpoints there are and which is the latest."""

import ast
import logging
import os
import re
import time

from tfcompat.train._bundle import replacing

_logger = logging.getLogger("tensorflow")

_INVALID = "Invalid checkpoint state loaded from {directory}"
_CONFLICT = "Save path '{path}' conflicts with path used for checkpoint state.  Please use a different save path."
_BLANK = re.compile(r"(?:\s+|#[^\n]*)*")
_FIELD = re.compile(r"""(\w+)\s*:\s*("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|[-+.\w]+)\s*[,;]?""")
_TEXTS = {"model_checkpoint_path", "all_model_checkpoint_paths"}
_NUMBERS = {"all_model_checkpoint_timestamps", "last_preserved_timestamp"}


class CheckpointState:
    """What the file says. `str` is its text.

    Args:
      model_checkpoint_path: the latest checkpoint.
      all_model_checkpoint_paths: list of those that are there, the latest last.
      all_model_checkpoint_timestamps: list of when they were written.
      last_preserved_timestamp: when the last one that is kept for good was written.
    """

    def __init__(
        self,
        model_checkpoint_path="",
        all_model_checkpoint_paths=(),
        all_model_checkpoint_timestamps=(),
        last_preserved_timestamp=0.0,
    ):
        self.model_checkpoint_path = model_checkpoint_path
        self.all_model_checkpoint_paths = list(all_model_checkpoint_paths)
        self.all_model_checkpoint_timestamps = list(all_model_checkpoint_timestamps)
        self.last_preserved_timestamp = last_preserved_timestamp

    def __str__(self):
        lines = [f'model_checkpoint_path: "{_escaped(self.model_checkpoint_path)}"']
        lines += [f'all_model_checkpoint_paths: "{_escaped(path)}"' for path in self.all_model_checkpoint_paths]
        lines += [f"all_model_checkpoint_timestamps: {_number(written)}" for written in self.all_model_checkpoint_timestamps]
        if self.last_preserved_timestamp:
            lines.append(f"last_preserved_timestamp: {_number(self.last_preserved_timestamp)}")
        return "".join(f"{line}\n" for line in lines)

    __repr__ = __str__

    @classmethod
    def from_text(cls, text):
        """The state of a file's text. Raises ValueError if it is another file's."""
        found, at = cls(), _BLANK.match(text).end()
        while at < len(text):
            match = _FIELD.match(text, at)
            if match is None or match[1] not in _TEXTS | _NUMBERS:
                raise ValueError(f"not a checkpoint state: {text[at : at + 80].strip()!r}")
            name, value = match[1], _unescaped(match[2]) if match[1] in _TEXTS else float(match[2])
            if name.startswith("all_"):
                getattr(found, name).append(value)
            else:
                setattr(found, name, value)
            at = _BLANK.match(text, match.end()).end()
        return found


def _number(value):
    return repr(int(value) if float(value).is_integer() else value)


_SPECIAL = {chr(code): f"\\{code:03o}" for code in (*range(32), 127)}
_SPECIAL |= {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\", '"': '\\"', "'": "\\'"}


def _escaped(text):
    return "".join(_SPECIAL.get(character, character) for character in text)


def _unescaped(literal):
    if not literal.startswith(('"', "'")):
        raise ValueError(f"not a string: {literal}")
    octets = (f"\\{octet:03o}" if octet > 127 else chr(octet) for octet in literal.encode())
    return ast.literal_eval(f"b{''.join(octets)}").decode()


def _file(directory, latest_filename):
    return os.path.join(directory, latest_filename or "checkpoint")


def update_checkpoint_state(directory, latest, paths, timestamps=(), last_preserved_timestamp=0.0):
    """Writes the file, with paths relative to the directory."""
    paths = [*paths] if paths and paths[-1] == latest else [*paths, latest]
    relative = [_relative(path, directory) for path in paths]
    found = CheckpointState(_relative(latest, directory), relative, timestamps, last_preserved_timestamp)
    file = _file(directory, None)
    if file == found.model_checkpoint_path:
        raise RuntimeError(_CONFLICT.format(path=latest))
    with replacing(file) as out:
        out.write(str(found).encode())


def _relative(path, directory):
    return os.path.relpath(path, directory or ".") if os.path.isabs(path) or not os.path.isabs(directory) else path


def get_checkpoint_state(checkpoint_dir, latest_filename=None):
    """What the file "checkpoint" of a directory says.

    Args:
      checkpoint_dir: the directory.
      latest_filename: the name of the file, if it is another one.

    Returns:
      An object with attributes `model_checkpoint_path` (the latest one), `all_model_checkpoint_paths`,
      `all_model_checkpoint_timestamps` and `last_preserved_timestamp`; None if there is no such file, or it cannot be read.

    Raises:
      ValueError: the file does not say which one is the latest.
    """
    directory = os.fspath(checkpoint_dir)
    file = _file(directory, latest_filename)
    try:
        with open(file, encoding="utf-8") as source:
            found = CheckpointState.from_text(source.read())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        _logger.warning(f"{type(error).__name__}: {error}")
        _logger.warning(f"{file}: Checkpoint ignored")
        return None
    if not found.model_checkpoint_path:
        raise ValueError(_INVALID.format(directory=directory))
    found.model_checkpoint_path = os.path.join(directory, found.model_checkpoint_path)
    found.all_model_checkpoint_paths = [os.path.join(directory, path) for path in found.all_model_checkpoint_paths]
    return found


def latest_checkpoint(checkpoint_dir, latest_filename=None):
    """The path of the latest checkpoint in a directory, for `tf.train.Checkpoint.restore`; None if there is none.

    Args:
      checkpoint_dir: the directory.
      latest_filename: the name of the file that says it, if it is not "checkpoint".
    """
    found = get_checkpoint_state(checkpoint_dir, latest_filename)
    if found is None:
        return None
    path = found.model_checkpoint_path
    if os.path.exists(f"{path}.index") or os.path.exists(path):
        return path
    _logger.error(f"Couldn't match files for checkpoint {path}")
    return None


def checkpoints_iterator(checkpoint_dir, min_interval_secs=0, timeout=None, timeout_fn=None):
    """Yields the path of each new checkpoint in a directory, waiting for it.

    Args:
      checkpoint_dir: the directory.
      min_interval_secs: the time between two yields, at least.
      timeout: how many seconds to wait for a new one; None is forever.
      timeout_fn: asked when time is out: whether to stop. Without it the iteration stops then.
    """
    known = None
    while True:
        found = _wait_for_other(checkpoint_dir, known, timeout)
        if found is not None:
            known, start = found, time.time()
            yield found
            time.sleep(max(0, start + min_interval_secs - time.time()))
        elif timeout_fn is None:
            return
        if timeout_fn is not None and timeout_fn():
            return


def _wait_for_other(directory, known, timeout, pause=1):
    end = None if timeout is None else time.time() + timeout
    while True:
        found = latest_checkpoint(directory)
        if found is not None and found != known:
            return found
        if end is not None and time.time() + pause > end:
            return None
        time.sleep(pause)
