"""Gradients of linear operators with regard to the variables that they are made of."""

import numpy as np

from .shared import kind_of_error, program

DENSE = [[4.0, 1.0, 0.5], [1.0, 3.0, 0.25], [0.5, 0.25, 2.0]]
METHODS = {
    "matmul": lambda operator, x: operator.matmul(x),
    "matmul_adjoint": lambda operator, x: operator.matmul(x, adjoint=True),
    "solve": lambda operator, x: operator.solve(x),
    "to_dense": lambda operator, x: operator.to_dense(),
    "diag_part": lambda operator, x: operator.diag_part(),
    "trace": lambda operator, x: operator.trace(),
    "determinant": lambda operator, x: operator.determinant(),
    "log_abs_determinant": lambda operator, x: operator.log_abs_determinant(),
    "add_to_tensor": lambda operator, x: operator.add_to_tensor(0.5 * x @ np.ones([2, 3], np.float32)),
    "inverse": lambda operator, x: operator.inverse().to_dense(),
    "cond": lambda operator, x: operator.cond(),
    "matmul_of_itself": lambda operator, x: operator.matmul(operator).to_dense(),
}


def operators(tf):
    """By name: a function of variables to an operator, and their values."""
    linalg = tf.linalg
    positive = {"is_self_adjoint": True, "is_positive_definite": True, "is_non_singular": True}

    def full(v):
        return linalg.LinearOperatorFullMatrix(v, is_non_singular=True)

    def diag(v):
        return linalg.LinearOperatorDiag(v, is_non_singular=True)

    return {
        "full": (full, DENSE),
        "diag": (diag, [1.0, 2.0, 3.0]),
        "lower_triangular": (linalg.LinearOperatorLowerTriangular, DENSE),
        "scaled_identity": (lambda v: linalg.LinearOperatorScaledIdentity(3, v), 2.0),
        "tridiag": (lambda v: linalg.LinearOperatorTridiag(v, "compact"), [[1.0, 2.0, 0.0], [4.0, 5.0, 6.0], [0.0, 1.0, 0.5]]),
        "toeplitz": (linalg.LinearOperatorToeplitz, [4.0, 1.0, 0.5], [4.0, 2.0, 0.25]),
        "circulant": (lambda v: linalg.LinearOperatorCirculant(v, input_output_dtype=tf.float32), [4.0, 1.0, 1.0]),
        "householder": (linalg.LinearOperatorHouseholder, [1.0, 2.0, 2.0]),
        "low_rank_update": (lambda d, u, w: linalg.LinearOperatorLowRankUpdate(
            linalg.LinearOperatorDiag(d, **positive), u, w, is_diag_update_positive=True, **positive),
            [4.0, 5.0, 6.0], [[1.0, 0.0], [0.5, 1.0], [0.0, 0.25]], [0.5, 2.0]),
        "composition": (lambda d, m: linalg.LinearOperatorComposition([diag(d), full(m)]), [1.0, 2.0, 3.0], DENSE),
        "adjoint": (lambda m: linalg.LinearOperatorAdjoint(full(m)), DENSE),
        "inversion": (lambda m: linalg.LinearOperatorInversion(full(m)), DENSE),
        "kronecker": (lambda d, m: linalg.LinearOperatorKronecker([diag(d), full(m)]), [1.5], DENSE),
        "block_diag": (lambda d, m: linalg.LinearOperatorBlockDiag([diag(d), full(m)]), [1.5], [[4.0, 1.0], [1.0, 3.0]]),
    }  # fmt: skip


def _gradients(tf, method, inside):
    """Sums of the gradients, or None, for operators made before the tape is opened, or `inside` of it."""
    x = tf.constant([[1.0, -0.5], [0.25, 2.0], [1.5, 0.75]])
    found = {}
    for name, (make, *values) in operators(tf).items():
        variables = [tf.Variable(v) for v in values]

        def run(make=make, variables=variables):
            operator = None if inside else make(*variables)
            with tf.GradientTape() as tape:
                y = method(make(*variables) if operator is None else operator, x)
            gradients = tape.gradient(y, variables)
            return [None if g is None else tf.reduce_sum(g) for g in gradients]

        error = kind_of_error(run)
        found[name] = run() if error == "nothing raised" else error
    return found


def _declare(name, method):
    def run(tf):
        return [_gradients(tf, method, inside) for inside in (False, True)]

    run.__name__, run.__module__ = name, __name__
    program(run)


for _name, _method in METHODS.items():
    _declare(_name, _method)
