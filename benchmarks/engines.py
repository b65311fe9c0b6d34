"""The engines a case can be measured with, and the environment each of them starts in."""

import dataclasses
import os
import pathlib

ROOT = pathlib.Path(__file__).resolve().parent.parent


@dataclasses.dataclass(frozen=True)
class Engine:
    """`module` is what a case gets as `tf` (None: its hand-written JAX version); `mode` says what is done to it."""

    label: str
    module: str | None
    mode: str = "eager"

    @property
    def is_tensorflow(self):
        return self.module == "tensorflow"


ENGINES = {
    "tfcompat": Engine("tfcompat", "tfcompat"),
    "jax": Engine("JAX by hand", None),
    "tensorflow": Engine("TensorFlow", "tensorflow"),
    "tensorflow-function": Engine("tf.function", "tensorflow", "function"),
    "tensorflow-xla": Engine("tf.function, XLA", "tensorflow", "xla"),
    "tfcompat-xla": Engine("tfcompat, jit_compile", "tfcompat", "xla"),
    "tfcompat-compiled": Engine("tfcompat, all compiled", "tfcompat", "compiled"),
}


def environment(name, cache):
    """Environment variables for a process of engine `name` whose compile caches live in the folder `cache`.

    A cache that the user has filled, or a Keras backend that the user has chosen, must not decide what is measured.
    """
    unwanted = ("JAX_COMPILATION_CACHE_DIR", "TFCOMPAT_CACHE_DIR", "KERAS_BACKEND", "PYTHONSTARTUP",
                "PYTHONDONTWRITEBYTECODE")  # fmt: skip
    variables = {key: value for key, value in os.environ.items() if key not in unwanted}
    variables["XDG_CACHE_HOME"] = str(cache)
    if ENGINES[name].is_tensorflow:
        return {**variables, "TF_CPP_MIN_LOG_LEVEL": "3", "KERAS_BACKEND": "tensorflow"}
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    # tfcompat keeps its programs where TFCOMPAT_CACHE_DIR says; JAX itself has a disk cache only by this variable.
    folder = "TFCOMPAT_CACHE_DIR" if ENGINES[name].module else "JAX_COMPILATION_CACHE_DIR"
    return {**variables, "PYTHONPATH": path, folder: str(cache)}
