"""What goes wrong while recorded work runs, though no op found fault with its operands: memory, and forks."""

import gc
import os
import weakref

import jax

from tfcompat._core import dtypes, errors
from tfcompat._core.avals import shape_text
from tfcompat._core.context import settings
from tfcompat._core.device import default_name

FORKED = (
    "This process was forked from one in which tfcompat had run: JAX's threads and devices are not there, so values "
    "computed on a device cannot be read or used here. Start processes with multiprocessing's \"spawn\" method instead."
)
_ADDRESSABLE = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 1 << 47
_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
_AUTOGRAPH = os.path.join(_PACKAGE, "autograph") + os.sep
_OTHERS = tuple([f"{os.sep}{name}{os.sep}" for name in ("jax", "jaxlib", "numpy", "opt_einsum")])  # libraries that are called
_forks = []  # not empty: this process is the child of one that had loaded tfcompat
cells = weakref.WeakSet()  # of all variables: to find those whose new value could not be computed


def trimmed(error):
    """An error about the user's code without the frames below the call and without JAX's note about its own frames."""
    if settings.traceback_filtering and (isinstance(error, errors.OpError) or hasattr(error, "from_tfcompat")):
        error.__notes__ = [note for note in getattr(error, "__notes__", ()) if "JAX has removed" not in note]
        return error.with_traceback(None)
    return error


def original(error):
    """The error as it came up, where AutoGraph raised another one that shows the way through the user's code."""
    before = error.__context__
    return before if hasattr(before, "ag_error_metadata") else error


def of_library(error):
    """Whether an error came up in this package: not in the code that calls it, nor in what that code calls besides."""
    frame, found = error.__traceback__, False
    while frame is not None:
        file = frame.tb_frame.f_code.co_filename
        if not any(part in file for part in _OTHERS):
            found = file.startswith(_PACKAGE) and not file.startswith(_AUTOGRAPH)
        frame = frame.tb_next
    return found


def check_memory(kernel, avals):
    """Raises ResourceExhaustedError where results are larger than this machine's memory."""
    for a in avals:
        if a.nbytes > _ADDRESSABLE:
            raise exhausted(kernel, a)


def exhausted(kernel, a):
    return errors.ResourceExhaustedError(
        None, None, f"OOM when allocating tensor with shape{shape_text(a.shape)} and type "
        f"{dtypes.c_name(a.dtype)} on {default_name()} by allocator cpu [Op:{kernel}] name: ",
    )  # fmt: skip


def translated(error, name):
    """ResourceExhaustedError for what NumPy and XLA raise when there is no memory; other errors as they are."""
    text = str(error)
    if isinstance(error, MemoryError) or isinstance(error, jax.errors.JaxRuntimeError) and "RESOURCE_EXHAUSTED" in text:
        return errors.ResourceExhaustedError(None, None, f"OOM when computing {name}: {text.partition(chr(10))[0]} [Op:{name}]")
    return error


def call(program, arguments, name):
    """Calls a compiled program. Where memory is short a second time, after what is no longer needed has been freed."""
    if _forks:
        check_fork()
    try:
        return program(*arguments)
    except (MemoryError, jax.errors.JaxRuntimeError) as error:
        if translated(error, name) is error or any(a.is_deleted() for a in arguments if isinstance(a, jax.Array)):
            raise
    gc.collect()
    try:
        return program(*arguments)
    except (MemoryError, jax.errors.JaxRuntimeError) as error:
        raise translated(error, name) from None


def all_cells():
    """The cells of all variables there are."""
    while True:
        try:
            return list(cells)
        except RuntimeError:  # another thread has made one meanwhile
            continue


def restore_variables(usable):
    """Variables whose new value could not be computed get back the one they had, if it is still there."""
    for cell in all_cells():
        if not usable(cell.eager) and cell.before is not None:
            old = cell.before()
            if old is not None and usable(old):
                cell.eager = old


def note_fork():
    """From now on nothing on a device can be used."""
    _forks.append(os.getpid())


def check_fork():
    if _forks:
        raise RuntimeError(FORKED)
