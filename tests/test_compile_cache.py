"""Executables on disk: found again by another process, bounded, and nothing fails where they cannot be kept."""

import os

import pytest
from processes import run_code, run_python

pytestmark = pytest.mark.own_mode

_OWN_CACHE = {"JAX_COMPILATION_CACHE_DIR": "", "JAX_ENABLE_COMPILATION_CACHE": "false"}
_CODE = """
    import numpy as np
    import tfcompat as tf
    from tfcompat import debug
    with debug.mode("compiled"):
        x = tf.constant(np.ones((8, 8), np.float32))
        for width in (8, 16, 32):
            w = tf.ones((8, width))
            print(float(tf.reduce_sum(tf.tanh(x @ w) @ tf.transpose(w))))
    print(debug.stats()["cache_hits"])
"""
_VALUES = ["512.0", "1024.0", "2048.0"]


def programs(folder):
    return sorted(name for name in os.listdir(folder) if name.endswith(".xla"))


def test_another_process_finds_them(tmp_path):
    first = run_code(_CODE, TFCOMPAT_CACHE_DIR=str(tmp_path / "deep" / "cache"), **_OWN_CACHE).split()
    kept = programs(tmp_path / "deep" / "cache")
    second = run_code(_CODE, TFCOMPAT_CACHE_DIR=str(tmp_path / "deep" / "cache"), **_OWN_CACHE).split()
    assert first == [*_VALUES, "0"]
    assert second[:3] == _VALUES and int(second[3]) >= 3
    assert len(kept) >= 3 and programs(tmp_path / "deep" / "cache") == kept


def test_off(tmp_path):
    out = run_code(_CODE, TFCOMPAT_CACHE_DIR="", XDG_CACHE_HOME=str(tmp_path), **_OWN_CACHE).split()
    assert out == [*_VALUES, "0"]
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("obstacle", ["file", "read only", "damaged"])
def test_a_folder_that_cannot_be_used(tmp_path, obstacle):
    folder = tmp_path / "cache"
    if obstacle == "file":
        folder.write_text("not a folder")
    elif obstacle == "read only":
        folder.mkdir(mode=0o500)
    else:
        run_code(_CODE, TFCOMPAT_CACHE_DIR=str(folder), **_OWN_CACHE)
        for name in programs(folder):
            (folder / name).write_bytes(b"\\x80\\x04nonsense")
    done = run_python("-W", "error", "-c", "\n".join(line[4:] for line in _CODE.splitlines()),
                      TFCOMPAT_CACHE_DIR=str(folder), **_OWN_CACHE)  # fmt: skip
    assert done.stdout.split() == [*_VALUES, "0"], done.stderr
    assert done.stderr == ""


def test_it_is_bounded(tmp_path):
    run_code(_CODE, TFCOMPAT_CACHE_DIR=str(tmp_path), **_OWN_CACHE)
    sizes = {name: (tmp_path / name).stat().st_size for name in programs(tmp_path)}
    for age, name in enumerate(sizes):
        os.utime(tmp_path / name, (1_000_000_000 - age, 1_000_000_000 - age))
    limit = (max(sizes.values()) * 2.5) / 2**20
    other = _CODE.replace("tanh", "sin")
    run_code(other, TFCOMPAT_CACHE_DIR=str(tmp_path), TFCOMPAT_CACHE_MB=str(limit), **_OWN_CACHE)
    kept = {name: (tmp_path / name).stat().st_size for name in programs(tmp_path)}
    assert kept and sum(kept.values()) <= limit * 2**20
    assert not set(kept).issuperset(sizes)  # the oldest went
