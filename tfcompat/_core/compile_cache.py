"""Compiling with XLA, through a disk cache of executables in the user's cache directory.

JAX's own persistent cache is switched on by a global setting, which importing tfcompat must not touch; so executables
are serialised here, by `jax.experimental.serialize_executable`. The key is the program's StableHLO, the versions of jax
and of this format, the platform and the compiler options.

`TFCOMPAT_CACHE_DIR` names the directory ("" or "off": no cache; default: `tfcompat` in `$XDG_CACHE_HOME` or
`~/.cache`). The cache holds at most `TFCOMPAT_CACHE_MB` megabytes (default 512): the files not used for longest go
first. Where the directory cannot be written, or a file cannot be read, programs are compiled as if there was none.
"""

import hashlib
import os
import pickle
import time

import jax
from jax.extend import core as jex

from tfcompat._core import chains, convolutions, diagonals, elementary, factors, movements, overlaps, truths
from tfcompat._core.failures import check_fork
from tfcompat._core.stats import stats

_FORMAT = 3
_WORTH_KEEPING = 0.02  # seconds of compile time below which reading it back gains nothing
_directory = None  # the cache directory; False: none


def directory():
    """The cache directory, or None when the cache is off."""
    global _directory
    if _directory is None:
        named = os.environ.get("TFCOMPAT_CACHE_DIR")
        if named is None:
            base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
            named = os.path.join(base, "tfcompat")
        _directory = False if named in ("", "off") else named
    return _directory or None


def compile(function, structs, single=False, donate_argnums=()):
    """An ahead-of-time compiled executable of `function`, which returns a list, for arguments of the given structs.

    Args:
      single: whether it is to give the one array that the list has, without a list.
    """

    def trace(function):
        def result(*arguments):
            results = function(*arguments)
            return results[0] if single else results

        # Unused arguments are kept: without them programs that ignore different arguments would have the same text.
        return jax.jit(result, donate_argnums=donate_argnums, keep_unused=True).trace(*structs)

    check_fork()
    with jax.enable_x64(True):
        traced = trace(function)
        jaxpr, options = traced.jaxpr.jaxpr, None
        if diagonals.present(jaxpr):
            jaxpr = diagonals.rewritten(jaxpr)
        if jax.default_backend() == "cpu":
            if convolutions.present(jaxpr):
                jaxpr, options = convolutions.rewritten(jaxpr), convolutions.OPTIONS
            for forms in (overlaps, elementary, factors, movements, truths, chains):
                if forms.present(jaxpr):
                    jaxpr = forms.rewritten(jaxpr)
        if jaxpr is not traced.jaxpr.jaxpr:
            traced = trace(jex.jaxpr_as_fun(jex.ClosedJaxpr(jaxpr, traced.jaxpr.consts)))
        lowered = traced.lower()
        folder = directory()
        # What JAX's own disk cache gives back cannot be serialised again; where it is on, it does the job.
        if folder is None or jax.config.jax_compilation_cache_dir:
            return lowered.compile(options)
        text = lowered.as_text()  # carries the shapes, dtypes and donations, but no locations
        if "callback" in text:  # a program that calls back into Python belongs to this process
            return lowered.compile(options)
        path = os.path.join(folder, _key(text, lowered, options))
        found = _read(path)
        if found is not None:
            stats.cache_hits += 1
            return found
        start = time.perf_counter()
        compiled = lowered.compile(options)
        if time.perf_counter() - start > _WORTH_KEEPING:
            _write(folder, path, compiled)
        return compiled


def _key(text, lowered, options):
    parts = (text, jax.__version__, _FORMAT, jax.default_backend(), str(jax.devices()[0].device_kind),
             sorted((options or {}).items()), _host_features(),
             str(lowered.in_tree), str(lowered.out_tree))  # fmt: skip
    return hashlib.sha256(repr(parts).encode()).hexdigest() + ".xla"


_features = None


def _host_features():
    """What this processor can do: an executable made for another one could crash here."""
    global _features
    if _features is None:
        _features = ""
        try:
            with open("/proc/cpuinfo", encoding="utf-8") as f:
                lines = f.read(8192).split("\n")
            _features = next((line for line in lines if line.startswith(("flags", "Features"))), "")
        except OSError:
            pass
    return _features


def _read(path):
    try:
        with open(path, "rb") as f:
            payload, in_tree, out_tree = pickle.load(f)
        from jax.experimental.serialize_executable import deserialize_and_load

        loaded = deserialize_and_load(payload, in_tree, out_tree)
        os.utime(path)
        return loaded
    except FileNotFoundError:
        return None
    except Exception:  # noqa: BLE001 - whatever a damaged or foreign file raises, compiling is always possible
        return None


def _write(folder, path, compiled):
    try:
        from jax.experimental.serialize_executable import serialize

        os.makedirs(folder, exist_ok=True)
        temporary = f"{path}.{os.getpid()}"
        with open(temporary, "wb") as f:
            pickle.dump(serialize(compiled), f)
        os.replace(temporary, path)
        _prune(folder)
    except Exception:  # noqa: BLE001 - a cache that cannot be written is no error
        return


def _prune(folder):
    limit = float(os.environ.get("TFCOMPAT_CACHE_MB", "512")) * 2**20
    files = []
    with os.scandir(folder) as entries:
        for entry in entries:
            status = entry.stat()
            files.append((status.st_mtime, status.st_size, entry.path))
    total = sum(size for _, size, _ in files)
    for _, size, path in sorted(files):
        if total <= limit:
            break
        os.remove(path)
        total -= size
