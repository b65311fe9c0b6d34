"""`tfcompat.install`: `import tensorflow` means tfcompat, and nothing is loaded twice."""

import pytest
from processes import run_code, run_python


def test_tensorflow_is_tfcompat_under_every_name():
    run_code("""
        import sys
        import tfcompat
        tfcompat.install()
        tfcompat.install()
        assert len([f for f in sys.meta_path if type(f).__module__ == "tfcompat.compat.hook"]) == 2

        import tensorflow as tf
        import tensorflow.math as m
        import tensorflow.nn
        from tensorflow import math, Tensor
        from tensorflow.math import reduce_sum
        assert tf is tfcompat and m is math is tfcompat.math and tensorflow.nn is tfcompat.nn
        assert Tensor is tfcompat.Tensor and reduce_sum is tfcompat.reduce_sum
        assert tf.__spec__.name == "tfcompat" and m.__spec__.name == tfcompat.math.__name__
        assert tf.__version__ == "2.21.0"
        assert float(tf.reduce_sum(tf.ones([3]))) == 3.0
    """)


def test_keras_is_the_real_keras():
    run_code("""
        import tfcompat
        tfcompat.install()
        import tensorflow as tf
        import tensorflow.keras as k
        import tensorflow.keras.layers
        from tensorflow import keras
        from tensorflow.keras.layers import Dense
        from tensorflow.keras.models import Sequential
        import keras as real
        assert k is keras is tf.keras
        assert Dense is real.layers.Dense and Sequential is real.Sequential
        assert real.backend.backend() == "tensorflow"
    """)


def test_private_modules_that_keras_needs_are_stand_ins():
    run_code("""
        import importlib
        import tfcompat
        from tfcompat.compat.standins import STANDINS
        tfcompat.install()
        assert STANDINS
        for name in STANDINS:
            assert name.startswith("tensorflow.")
            assert importlib.import_module(name) is importlib.import_module(name)
        from tensorflow.python.eager import context
        import tensorflow.python.eager.context as again
        assert context is again
    """)


def test_op_determinism_can_be_taken_back():
    run_code("""
        import tfcompat
        from tfcompat._core.context import settings
        tfcompat.install()
        import tensorflow as tf
        from tensorflow.python.framework import config
        before = settings.tier
        x = tf.constant([1.0, 2.0]) * 3.0
        config.enable_op_determinism()
        assert config.is_op_determinism_enabled()
        y = x * 2.0
        config.disable_op_determinism()
        assert not config.is_op_determinism_enabled() and settings.tier == before
        assert y.numpy().tolist() == [6.0, 12.0]
    """)


@pytest.mark.parametrize("name", ["tensorflow.nosuch", "tensorflow._core", "tensorflow.cli", "tensorflow.math.nosuch"])
def test_unknown_names_are_import_errors(name):
    done = run_python("-c", f"import tfcompat; tfcompat.install()\nimport {name}")
    assert done.returncode == 1
    assert f"ModuleNotFoundError: No module named '{name}'" in done.stderr


def test_uninstall_takes_everything_back():
    run_code("""
        import sys
        import tfcompat
        from tfcompat.compat import hook
        before = list(sys.meta_path)
        tfcompat.install()
        import tensorflow.math
        from tensorflow.python.eager import context
        hook.uninstall()
        assert sys.meta_path == before and not hook.installed()
        assert not [name for name in sys.modules if name.partition(".")[0] == "tensorflow"]
        hook.uninstall()
        tfcompat.install()
        import tensorflow
        assert tensorflow is tfcompat
    """)


def test_the_real_tensorflow_is_never_replaced_behind_its_users_back(tmp_path):
    (tmp_path / "tensorflow.py").write_text("real = True\n")
    out = run_code(
        """
        import sys
        sys.path.insert(0, sys.argv[1])
        import tensorflow
        import tfcompat
        try:
            tfcompat.install()
        except RuntimeError as error:
            print(error)
        assert tensorflow.real and sys.modules["tensorflow"] is tensorflow
        """,
        tmp_path,
    )
    assert "real TensorFlow is already loaded" in out and str(tmp_path / "tensorflow.py") in out
    assert "python -m tfcompat" in out


def test_without_install_nothing_is_redirected():
    run_code("""
        import sys
        import tfcompat
        assert "tensorflow" not in sys.modules
        assert not [f for f in sys.meta_path if type(f).__module__.startswith("tfcompat")]
    """)
