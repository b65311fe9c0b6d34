"""Records TensorFlow's public names into the package: run it in an environment that has TensorFlow.

    python tests/oracle/record_names.py            writes tfcompat/_names.txt
    python tests/oracle/record_names.py --check    exit status 1 if the file does not hold what TensorFlow has

One line for each namespace (`math: abs acos ...`, `.` is `tf` itself) and one for each class (`Tensor(): device ...`).
Of a class, the names that its public bases do not have already. What is Keras's (`tf.keras`, `tf.losses`, ...) is not
recorded: tfcompat loads the same Keras.
"""

import os
import pathlib
import sys
import types

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

FILE = pathlib.Path(__file__).resolve().parent.parent.parent / "tfcompat" / "_names.txt"
KERAS = {"keras", "initializers", "losses", "metrics", "optimizers"}
CYCLES = {"compat.v1.compat", "compat.v1.raw_ops", "compat.v2"}  # the same names again
CONSTANTS = ["__version__", "__git_version__", "__compiler_version__", "__cxx11_abi_flag__", "__monolithic_build__"]


def public(module, path):
    skipped = KERAS if path == "" else set()
    return [name for name in dir(module) if not name.startswith("_") and name not in skipped]


def is_namespace(found):
    """Whether it is a module of the API; TensorFlow's own imports show through here and there."""
    return isinstance(found, types.ModuleType) and "/_api/v2/" in (getattr(found, "__file__", None) or "")


def namespaces(module, path=""):
    """(dotted path, module) of every public namespace; the root's path is empty."""
    yield path, module
    for name in public(module, path):
        child = f"{path}.{name}".lstrip(".")
        found = getattr(module, name)
        if is_namespace(found) and child not in CYCLES:
            yield from namespaces(found, child)


def members(cls, classes):
    """Public names of a class that none of its public bases has."""
    names = set()
    for base in cls.__mro__:
        if base is not cls and base in classes:
            break
        if base is not object and not base.__module__.startswith(("builtins", "enum", "abc", "typing", "google.")):
            names.update(name for name in vars(base) if not name.startswith("_"))
    inherited = {name for base in cls.__mro__[1:] if base in classes for name in dir(base)}
    return sorted(names - inherited)


def text():
    import tensorflow as tf

    spaces = dict(namespaces(tf))
    lines, classes, first = [], {}, {}
    for path, module in spaces.items():
        names = public(module, path)
        if path == "":
            names = sorted(CONSTANTS + names)
        values = {name: getattr(module, name) for name in names}
        names = [n for n, found in values.items() if is_namespace(found) or not isinstance(found, types.ModuleType)]
        lines.append(f"{path or '.'}: {' '.join(names)}")
        for name in names:
            found = getattr(module, name)
            if isinstance(found, type) and found.__module__.startswith("tensorflow"):
                classes.setdefault(found, []).append(f"{path}.{name}".lstrip("."))
    implementations = {tf.Tensor: type(tf.constant(0)), tf.Variable: type(tf.Variable(0))}
    for cls, paths in classes.items():
        paths = [p for p in paths if not p.startswith("compat.")]
        if paths:
            first[cls] = min(paths, key=lambda p: (p.count("."), p))
    for cls, path in sorted(first.items(), key=lambda item: item[1]):
        names = members(cls, set(first) - {cls})
        if cls in implementations:
            names = sorted({*names, *members(implementations[cls], set(first) - {cls})})
        if names:
            lines.append(f"{path}(): {' '.join(names)}")
    return f"# The public names of TensorFlow {tf.__version__}: tests/oracle/record_names.py\n" + "\n".join(lines) + "\n"


if __name__ == "__main__":
    if "--check" in sys.argv[1:]:
        sys.exit("the file differs" if FILE.read_text(encoding="utf-8") != text() else 0)
    FILE.write_text(text(), encoding="utf-8")
