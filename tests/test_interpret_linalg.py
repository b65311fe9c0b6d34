"""Decompositions of matrices in NumPy's place: what XLA gives, for stacks of matrices too."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from marks import IN_C
from xla_reference import check_all, run

from tfcompat._core.interpret import NoHostForm, host_function
from tfcompat._decompositions import _solution as solution
from tfcompat._matrix_functions import _logarithms as logarithms, _roots as roots

DTYPES = ("float32", "float64", "complex64", "complex128")


def matrices(shape, dtype, seed=0):
    """Random ones that are far from singular."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=shape)
    if dtype.startswith("c"):
        x = x + 1j * rng.normal(size=shape)
    return (x + 3 * np.eye(*shape[-2:])).astype(dtype)


def positive(x):
    return x @ np.conj(np.swapaxes(x, -1, -2))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(4, 4), (2, 3, 3, 3)])
def test_decompositions_and_solutions(shape, dtype):
    a, b = matrices(shape, dtype), matrices(shape, dtype, seed=1)

    def triangular(left, lower, transpose, conjugate, unit):
        return lambda a, b: lax.linalg.triangular_solve(
            a, b, left_side=left, lower=lower, transpose_a=transpose, conjugate_a=conjugate, unit_diagonal=unit
        )

    check_all(
        (lambda a: lax.linalg.cholesky(a, symmetrize_input=False), [positive(a)], 64),
        (lax.linalg.lu, [a], 64),
        (jnp.linalg.solve, [a, b], 512),
        (jnp.linalg.det, [a], 256),
        *[(triangular(*flags), [a, b], 512) for flags in itertools.product([False, True], repeat=5)],
        near=64 * np.finfo(dtype).eps,
    )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(4, 4), (2, 5, 3), (3, 5), (1, 1)])
@pytest.mark.parametrize("complete", [False, True])
def test_orthogonal_factors(shape, dtype, complete):
    mode = "complete" if complete else "reduced"
    x = matrices(shape, dtype)
    check_all((lambda a: jnp.linalg.qr(a, mode=mode), [x], 64), (lambda a: jnp.linalg.qr(a, mode=mode), [np.zeros_like(x)], 0),
              near=64 * np.finfo(dtype).eps)  # fmt: skip


def test_oblong_and_singular():
    check_all(
        (lax.linalg.lu, [matrices((5, 3), "float32")], 64),
        (lax.linalg.lu, [matrices((2, 3, 5), "float32")], 64),
        (lax.linalg.lu, [np.zeros((3, 3), "float32")], 0),
        (lambda a: lax.linalg.cholesky(a, symmetrize_input=False), [np.array([[1.0, 2], [2, 1]], "float32")], 0),
        near=1e-6,
    )


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_solution_and_whether_a_matrix_is_singular(dtype):
    one, stack = matrices((4, 4), dtype), matrices((2, 3, 4, 4), dtype)
    sides = matrices((2, 3, 4, 5), dtype, seed=1)
    check_all(
        (solution, [one, sides[0, 0]], 512),
        (solution, [stack, sides], 512),
        (solution, [one, sides[0, 0, :, :0]], 0),
        (solution, [stack[:0], sides[:0]], 0),
        (solution, [one[:0, :0], sides[0, 0, :0]], 0),
        near=64 * np.finfo(dtype).eps,
    )
    whole = np.ones((2, 4, 4), dtype)
    for value in (0, np.nan):
        whole[1] = np.diag([1, 2, value, 4])
        for matrix, side in ((whole[1], sides[0, 0]), (np.stack([one, whole[1]]), sides[0, :2])):
            for function in (host_function(jax.make_jaxpr(solution)(matrix, side)), jax.jit(solution)):
                assert run(function, matrix, side)[1]
    side = np.full((4, 2), np.nan, dtype)
    assert not run(host_function(jax.make_jaxpr(solution)(one, side)), one, side)[1]


def test_matrices_without_elements():
    for shape in ((0, 0), (0, 2, 2), (0, 3)):
        check_all((lax.linalg.lu, [np.ones(shape, "float32")], 1))
    with pytest.raises(NoHostForm):
        host_function(jax.make_jaxpr(lax.linalg.lu)(np.ones((3, 0), "float32")))


def test_a_choice_by_platform_is_the_one_of_a_cpu():
    def function(x):
        return lax.platform_dependent(x, cpu=lambda x: x + 1, tpu=lambda x: x + 2, default=lambda x: x + 3)

    x = np.ones(3, "float32")
    (result,) = run(host_function(jax.make_jaxpr(function)(x)), x)
    assert result.tolist() == [2, 2, 2]


@IN_C
@pytest.mark.parametrize("shape", [(1, 1), (3, 3), (2, 4, 4), (0, 2, 2), (40, 40)])
@pytest.mark.parametrize("function, dtypes", [(roots, DTYPES), (logarithms, DTYPES[2:])])
def test_functions_of_matrices(function, dtypes, shape):
    check_all(*[(function, [matrices(shape, dtype) * scale], 8) for dtype in dtypes for scale in (1, 100)], near=1e-12)


@IN_C
@pytest.mark.parametrize("function, dtypes", [(roots, DTYPES[1::2]), (logarithms, DTYPES[3:])])
def test_functions_of_matrices_that_may_have_none(function, dtypes):
    given = [np.zeros((2, 2)), np.diag([1, 0, 0]), -np.eye(2), np.diag([1, np.nan]), np.diag([np.inf, 1]), np.eye(2), np.eye(3) * 1e-200,
             np.array([[0, 1], [0, 0]]), np.array([[1, 2], [2, 4]]), np.array([[-1, 0], [3, 4]])]  # fmt: skip
    check_all(*[(function, [x.astype(dtype)], 8) for x in given for dtype in dtypes], near=1e-14)
