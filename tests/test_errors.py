"""`tf.errors` against TensorFlow."""

import warnings

import pytest
from leaf_modules import differences
from processes import run_code

from tfcompat._core import errors

pytestmark = pytest.mark.own_mode


def test_as_in_tensorflow():
    assert not (lines := differences("errors")), "\n".join(lines)


def test_a_class_without_a_code_warns_and_gives_an_error():
    with pytest.warns(UserWarning, match="Unknown class exception"):
        found = errors.error_code_from_exception_type(ValueError)
    assert isinstance(found, errors.UnknownError)


@pytest.mark.parametrize("code", range(1, 17))
def test_from_code(code):
    error = errors.from_code(code, "text")
    assert error.error_code == code and error.message == "text"
    assert type(error) is errors.exception_type_from_error_code(code)


def test_from_an_unknown_code():
    with pytest.warns(UserWarning, match="Unknown error code: 99"):
        error = errors.from_code(99, "text")
    assert type(error) is errors.UnknownError and str(error) == "text"


def test_leaves_load_without_jax():
    with warnings.catch_warnings():
        loaded = run_code("""
            import importlib.util, pathlib, sys
            spec = importlib.util.find_spec("tfcompat")
            package = type(sys)("tfcompat")  # the modules alone, without what tfcompat/__init__.py loads
            package.__path__ = list(spec.submodule_search_locations)
            sys.modules["tfcompat"] = package
            import tfcompat._core.errors, tfcompat._core.dtypes, tfcompat._core.shapes, tfcompat._core.nest
            import tfcompat._core.specs
            print("jax" in sys.modules)
        """)
    assert loaded == "False\n"
