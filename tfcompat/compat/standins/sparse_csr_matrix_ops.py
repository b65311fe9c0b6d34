"""``tensorflow.python.ops.linalg.sparse.sparse_csr_matrix_ops``: products of two sparse matrices, not offered."""


def _not_offered(name):
    def function(*args, **kwargs):
        raise NotImplementedError(f"{name} is not offered by tfcompat. Make one operand dense: tf.sparse.to_dense(x).")

    function.__name__ = function.__qualname__ = name
    return function


sparse_tensor_to_csr_sparse_matrix = _not_offered("sparse_tensor_to_csr_sparse_matrix")
sparse_matrix_sparse_mat_mul = _not_offered("sparse_matrix_sparse_mat_mul")
csr_sparse_matrix_to_sparse_tensor = _not_offered("csr_sparse_matrix_to_sparse_tensor")
