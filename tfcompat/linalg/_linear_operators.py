"""All linear operators, imported on first use."""

# ruff: noqa: F401

from tfcompat.linalg._linear_operator import LinearOperator
from tfcompat.linalg._linear_operator_bands import (
    LinearOperatorCirculant,
    LinearOperatorCirculant2D,
    LinearOperatorCirculant3D,
    LinearOperatorToeplitz,
    LinearOperatorTridiag,
)
from tfcompat.linalg._linear_operator_blocks import LinearOperatorBlockDiag, LinearOperatorBlockLowerTriangular
from tfcompat.linalg._linear_operator_combined import (
    LinearOperatorAdjoint,
    LinearOperatorComposition,
    LinearOperatorInversion,
    LinearOperatorKronecker,
)
from tfcompat.linalg._linear_operator_dense import (
    LinearOperatorDiag,
    LinearOperatorFullMatrix,
    LinearOperatorIdentity,
    LinearOperatorLowerTriangular,
    LinearOperatorScaledIdentity,
    LinearOperatorZeros,
)
from tfcompat.linalg._linear_operator_structured import (
    LinearOperatorHouseholder,
    LinearOperatorLowRankUpdate,
    LinearOperatorPermutation,
)
