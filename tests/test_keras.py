"""Keras on tfcompat, tf.Module and tf.distribute give what they give on TensorFlow (recorded)."""

import json
import pathlib

import pytest
from oracle import keras_functional, keras_training  # noqa: F401 - they add programs
from oracle.keras_programs import PROGRAMS
from processes import run_code, run_python

import tfcompat as tf

RECORDED = json.loads((pathlib.Path(__file__).parent / "oracle/data/keras.json").read_text(encoding="utf-8"))


def _assert_same(got, expected, where):
    if isinstance(expected, dict):
        assert list(got) == list(expected), where
        for key, value in expected.items():
            _assert_same(got[key], value, f"{where}[{key!r}]")
    elif isinstance(expected, list):
        assert len(got) == len(expected), where
        for index, value in enumerate(expected):
            _assert_same(got[index], value, f"{where}[{index}]")
    elif isinstance(expected, str):
        assert got == expected, where
    elif expected is None:
        assert got is None, where
    else:
        # A few steps of training magnify differences in the last bit of one multiplication.
        assert got == pytest.approx(expected, rel=2e-5, abs=2e-6), where


# Keras's Variable.__array__ has no copy argument, which NumPy 2 warns of under TensorFlow too.
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning")
@pytest.mark.parametrize("name", PROGRAMS)
def test_program(name):
    tf.keras.backend.clear_session()
    result = json.loads(json.dumps(PROGRAMS[name](tf)))
    _assert_same(result, RECORDED[name], name)


def test_every_record_belongs_to_a_program():
    assert set(RECORDED) == set(PROGRAMS)


def test_keras_is_loaded_on_first_use_and_for_itself_only():
    printed = run_code(
        """
        import os, sys
        import tfcompat as tf
        tf.Variable(1.0).assign_add(2.0).numpy()
        print("keras" in sys.modules)
        optimizers = tf.optimizers
        print(optimizers.__name__, "tensorflow" in sys.modules, os.environ["KERAS_BACKEND"])
        import keras
        print(keras.backend.backend(), keras.optimizers.SGD is tf.optimizers.SGD)
        print(tf.keras.layers.Dense(1)(tf.ones((1, 1))).shape)
        try:
            import tensorflow
        except ImportError as error:
            print(error)
        """,
        KERAS_BACKEND="jax",
    )
    assert printed.splitlines() == [
        "False",
        "keras._tf_keras.keras.optimizers False jax",
        "tensorflow True",
        "(1, 1)",
        "No module named 'tensorflow'",
    ]


def test_libraries_for_pictures_and_files_are_loaded_on_first_use(tmp_path):
    printed = run_code(
        """
        import sys
        import tfcompat as tf
        model = tf.keras.Sequential([tf.keras.layers.Input((2,)), tf.keras.layers.Dense(1)])
        libraries = "IPython", "h5py", "matplotlib", "psutil", "rich"
        print([name for name in libraries if name in sys.modules])
        model.summary(print_fn=lambda text: print("Total params: 3" in text))
        model.save("a.keras")
        model.save_weights("a.weights.h5")
        model.load_weights("a.weights.h5")
        print([name for name in libraries if name in sys.modules])
        import keras, h5py, rich
        print(keras.src.legacy.saving.legacy_h5_format.h5py.File is h5py.File)
        print(keras.src.utils.summary_utils.rich.table.Table.__name__)
        """,
        cwd=tmp_path,
    )
    assert printed.splitlines() == ["[]", "True", "['h5py', 'psutil', 'rich']", "True", "Table"]


def test_import_forms():
    printed = run_code(
        """
        from tfcompat.keras import layers
        from tfcompat.keras.optimizers import SGD
        import tfcompat.keras.losses as losses
        import tfcompat as tf
        print(layers.Dense is tf.keras.layers.Dense, SGD is tf.optimizers.SGD, losses.MSE is tf.losses.MSE)
        print(tf.keras.__name__)
        """
    )
    assert printed.splitlines() == ["True True True", "keras._tf_keras.keras"]


def test_import_forms_as_tensorflow():
    printed = run_code(
        """
        import tfcompat
        tfcompat.install()
        import keras
        import tensorflow as tf
        from tensorflow import keras as tf_keras
        from tensorflow.keras.layers import Dense
        import tensorflow.keras.optimizers as optimizers
        print(keras.backend.backend(), tf is tfcompat, Dense is keras.layers.Dense, tf_keras is tf.keras)
        print(optimizers.SGD is tf.optimizers.SGD)
        """
    )
    assert printed.splitlines() == ["tensorflow True True True", "True"]


def test_keras_imported_before_with_another_backend():
    done = run_python("-c", "import keras; import tfcompat as tf; tf.optimizers.SGD(0.1)", KERAS_BACKEND="jax")
    assert done.returncode == 1
    assert "ImportError: tf.optimizers is Keras on its tensorflow backend, but Keras is already imported" in done.stderr


def test_keras_missing():
    done = run_python("-c", "import sys; sys.modules['keras'] = None; import tfcompat as tf; tf.losses.MSE")
    assert done.returncode == 1
    assert "pip install keras" in done.stderr


@pytest.mark.own_mode
@pytest.mark.parametrize("tier", ["deferred", "compiled"])
@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_training_step_is_recorded_alike_each_time(name, tier):
    """Optimizer, loss and layers read nothing and make no new structure once two steps have been seen."""
    x = tf.constant([[1.0, -1.0], [0.5, 2.0]])
    model = tf.keras.Sequential([tf.keras.layers.Dense(3, activation="relu"), tf.keras.layers.Dense(1)])
    optimizer = getattr(tf.optimizers, name)(0.01)
    loss_of = tf.losses.MeanSquaredError()

    def step():
        with tf.GradientTape() as tape:
            loss = loss_of(tf.ones((2, 1)), model(x, training=True))
        optimizer.apply_gradients(
            zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables, strict=True)
        )

    with tf.debug.mode(tier):
        for _ in range(4):
            step()
        before = tf.debug.stats()
        with tf.debug.no_reads():
            for _ in range(10):
                step()
        after = tf.debug.stats()
        assert int(optimizer.iterations) == 14
    assert [after[key] - before[key] for key in ("traces", "structures", "compiles", "segments")] == [0, 0, 0, 10]
