"""`tf.test.TestCase`."""

import collections.abc
import contextlib
import re
import tempfile
import unittest

import numpy as np

from tfcompat._core import errors, nest
from tfcompat._core.convert import convert
from tfcompat._core.core_types import CompositeTensor, TensorType


class TestCase(unittest.TestCase):
    """A `unittest.TestCase` whose assertions take tensors, arrays, lists and structures of them.

    Args:
      methodName: the test to run.
    """

    # Values

    def evaluate(self, tensors):
        """The NumPy values of a structure of tensors."""
        return nest.map_structure(self._value, tensors)

    def _value(self, x):
        if isinstance(x, CompositeTensor):
            x = convert(x)
        return x.numpy() if isinstance(x, TensorType) else x

    def _array(self, x):
        x = self._value(x)
        if isinstance(x, (list, tuple)):
            x = [self._array(v) for v in x]
        array = np.array(x)
        return array.astype(np.float32) if array.dtype.name == "bfloat16" else array

    @contextlib.contextmanager
    def session(self, graph=None, config=None, use_gpu=True, force_gpu=False):
        """A context for code of TensorFlow 1; there are no sessions, it yields None."""
        yield None

    cached_session = test_session = session

    def get_temp_dir(self):
        """A directory for this test's files, the same at each call; it is removed after the test."""
        if not hasattr(self, "_tempdir"):
            holder = tempfile.TemporaryDirectory()
            self.addCleanup(holder.cleanup)
            self._tempdir = holder.name
        return self._tempdir

    # Equality

    def assertAllEqual(self, a, b, msg=None):
        """Same shape and same elements (NaN equals NaN)."""
        a, b = self._array(a), self._array(b)
        self._assert_shapes(a, b, msg)
        same = a == b
        if a.dtype.kind in "fc" and b.dtype.kind in "fc":
            same = same | (np.isnan(a) & np.isnan(b))
        if not np.all(same):
            self._fail_at(a, b, ~np.asarray(same), "not equal", msg)

    def assertNotAllEqual(self, a, b, msg=None):
        """Some element differs, or the shapes do."""
        try:
            self.assertAllEqual(a, b)
        except AssertionError:
            return
        self.fail(self._formatMessage(msg, "The two values are equal at all elements."))

    def assertAllClose(self, a, b, rtol=1e-6, atol=1e-6, msg=None):
        """Same structure and |a - b| <= atol + rtol * |b| for all elements."""
        if isinstance(a, collections.abc.Mapping) or isinstance(b, collections.abc.Mapping):
            self.assertEqual(set(a), set(b), msg)
            for key in a:
                self.assertAllClose(a[key], b[key], rtol, atol, msg or f"at key {key!r}")
            return
        if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
            try:
                self._close(self._array(a), self._array(b), rtol, atol, msg)
            except ValueError:  # ragged: compare part by part
                self.assertEqual(len(a), len(b), msg)
                for i, (x, y) in enumerate(zip(a, b, strict=True)):
                    self.assertAllClose(x, y, rtol, atol, msg or f"at index {i}")
            return
        self._close(self._array(a), self._array(b), rtol, atol, msg)

    def _close(self, a, b, rtol, atol, msg):
        self._assert_shapes(a, b, msg)
        with np.errstate(all="ignore"):
            close = np.isclose(a, b, rtol=rtol, atol=atol, equal_nan=True)
        if not np.all(close):
            self._fail_at(a, b, ~close, f"not close (rtol={rtol}, atol={atol})", msg)

    def assertAllCloseAccordingToType(self, a, b, rtol=1e-6, atol=1e-6, float_rtol=1e-6, float_atol=1e-6,
                                      half_rtol=1e-3, half_atol=1e-3, bfloat16_rtol=1e-2, bfloat16_atol=1e-2,
                                      msg=None):  # fmt: skip
        """`assertAllClose` with the tolerance of the less precise of the two dtypes."""
        kinds = {getattr(getattr(v, "dtype", np.asarray(self._value(v)).dtype), "name", "") for v in (a, b)}
        if "float32" in kinds or "complex64" in kinds:
            rtol, atol = max(rtol, float_rtol), max(atol, float_atol)
        if "float16" in kinds:
            rtol, atol = max(rtol, half_rtol), max(atol, half_atol)
        if "bfloat16" in kinds:
            rtol, atol = max(rtol, bfloat16_rtol), max(atol, bfloat16_atol)
        self.assertAllClose(a, b, rtol, atol, msg)

    def assertNotAllClose(self, a, b, rtol=1e-6, atol=1e-6, msg=None):
        """Some element is not close."""
        try:
            self.assertAllClose(a, b, rtol, atol)
        except AssertionError:
            return
        self.fail(self._formatMessage(msg, "The two values are close at all elements."))

    def _assert_shapes(self, a, b, msg):
        if a.shape != b.shape:
            text = f"Shape mismatch: expected {a.shape}, got {b.shape}.\n{a!r}\n{b!r}"
            self.fail(self._formatMessage(msg, text))

    def _fail_at(self, a, b, where, what, msg):
        places = np.argwhere(where)[:10].tolist()
        shown = np.atleast_1d(where)
        rows = f"a there: {np.atleast_1d(a)[shown][:10]}, b there: {np.atleast_1d(b)[shown][:10]}"
        text = f"{int(np.sum(where))} of {a.size} elements are {what}; first places {places}; {rows}"
        self.fail(self._formatMessage(msg, text))

    # Ranges

    def _assert_all(self, a, good, text):
        a = self._array(a)
        if not np.all(good(a)):
            self.fail(f"{text}; got {a[~good(a)] if a.ndim else a}")

    def assertAllGreater(self, a, comparison_target):
        """All elements are > `comparison_target`."""
        self._assert_all(a, lambda x: x > comparison_target, f"All elements must be > {comparison_target}")

    def assertAllLess(self, a, comparison_target):
        """All elements are < `comparison_target`."""
        self._assert_all(a, lambda x: x < comparison_target, f"All elements must be < {comparison_target}")

    def assertAllGreaterEqual(self, a, comparison_target):
        """All elements are >= `comparison_target`."""
        self._assert_all(a, lambda x: x >= comparison_target, f"All elements must be >= {comparison_target}")

    def assertAllLessEqual(self, a, comparison_target):
        """All elements are <= `comparison_target`."""
        self._assert_all(a, lambda x: x <= comparison_target, f"All elements must be <= {comparison_target}")

    def assertAllInRange(self, target, lower_bound, upper_bound, open_lower_bound=False, open_upper_bound=False):
        """All elements lie between the bounds."""

        def good(x):
            above = x > lower_bound if open_lower_bound else x >= lower_bound
            return above & (x < upper_bound if open_upper_bound else x <= upper_bound)

        self._assert_all(target, good, f"All elements must lie in {lower_bound} .. {upper_bound}")

    def assertAllInSet(self, target, expected_set):
        """All elements are in `expected_set`."""
        self._assert_all(target, lambda x: np.isin(x, list(expected_set)), f"All elements must be in {expected_set}")

    def assertBetween(self, value, minv, maxv, msg=None):
        """minv <= value <= maxv."""
        if not minv <= value <= maxv:
            self.fail(self._formatMessage(msg, f"{value!r} is not between {minv!r} and {maxv!r}"))

    def assertNear(self, f1, f2, err, msg=None):
        """|f1 - f2| <= err, or both equal."""
        if not (f1 == f2 or abs(f1 - f2) <= err):
            self.fail(self._formatMessage(msg, f"{f1} and {f2} differ by more than {err}"))

    def assertArrayNear(self, farray1, farray2, err, msg=None):
        """Two sequences whose elements differ by at most `err`."""
        self.assertEqual(len(farray1), len(farray2), msg)
        for f1, f2 in zip(farray1, farray2, strict=True):
            self.assertNear(float(f1), float(f2), err, msg)

    def assertNDArrayNear(self, ndarray1, ndarray2, err, msg=None):
        """The 2-norm of the difference is at most `err`."""
        distance = np.linalg.norm(self._array(ndarray1) - self._array(ndarray2))
        self.assertLessEqual(distance, err, msg)

    # Shapes, dtypes, sizes

    def assertShapeEqual(self, input_a, input_b, msg=None):
        """Two arrays or tensors have the same shape."""
        a, b = (tuple(getattr(x.shape, "as_list", lambda x=x: x.shape)()) for x in (input_a, input_b))
        self.assertEqual(a, b, msg)

    def assertDTypeEqual(self, target, expected_dtype):
        """The dtype of a tensor or array is `expected_dtype`."""
        from tfcompat._core.dtypes import as_dtype

        self.assertEqual(as_dtype(np.asarray(target).dtype if not hasattr(target, "dtype") else target.dtype),
                         as_dtype(expected_dtype))  # fmt: skip

    def assertLen(self, container, expected_len, msg=None):
        """len(container) == expected_len."""
        if len(container) != expected_len:
            self.fail(self._formatMessage(msg, f"{container!r} has length {len(container)}, not {expected_len}"))

    def assertEmpty(self, container, msg=None):
        """The container holds nothing."""
        self.assertLen(container, 0, msg)

    def assertNotEmpty(self, container, msg=None):
        """The container holds something."""
        if not len(container):
            self.fail(self._formatMessage(msg, f"{container!r} is empty"))

    def assertItemsEqual(self, first, second, msg=None):
        """The same items, in any order."""
        self.assertCountEqual(first, second, msg)

    def assertStartsWith(self, actual, expected_start, msg=None):
        """A string begins with another."""
        if not actual.startswith(expected_start):
            self.fail(self._formatMessage(msg, f"{actual!r} does not start with {expected_start!r}"))

    def assertEndsWith(self, actual, expected_end, msg=None):
        """A string ends with another."""
        if not actual.endswith(expected_end):
            self.fail(self._formatMessage(msg, f"{actual!r} does not end with {expected_end!r}"))

    # Exceptions

    @contextlib.contextmanager
    def assertRaisesWithPredicateMatch(self, exception_type, expected_err_re_or_predicate):
        """The block raises `exception_type`, and its text matches the pattern (or the predicate holds for it)."""
        wanted = expected_err_re_or_predicate
        try:
            yield
        except exception_type as error:
            text = getattr(error, "message", None) or str(error)
            matches = wanted(error) if callable(wanted) else re.search(wanted, str(text))
            if not matches:
                raise AssertionError(f"Exception of type {type(error)} does not match: {error}") from error
        else:
            self.fail(f"{exception_type.__name__} was not raised")

    def assertRaisesOpError(self, expected_err_re_or_predicate):
        """The block raises a `tf.errors.OpError` whose message matches."""
        return self.assertRaisesWithPredicateMatch(errors.OpError, expected_err_re_or_predicate)

    def assertRaisesIncompatibleShapesError(self, exception_type=errors.InvalidArgumentError):
        """The block raises an error about shapes."""
        return self.assertRaisesWithPredicateMatch(exception_type, r"[Ii]ncompatible shapes|[Dd]imensions|shape")

    def assertDeviceEqual(self, device1, device2, msg=None):
        """Two device names are the same."""
        self.assertEqual(str(device1), str(device2), msg)
