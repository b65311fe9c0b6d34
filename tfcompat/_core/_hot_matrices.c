/* Decompositions of small matrices as steps of plans: what LAPACK computes, which takes a microsecond or two to be called. They
   round as it does, in the numbers' own precision; sums are in another order. */

#include "_hot_plan.h"
#include <math.h>

/* An element of an operand: its number, row and column */
#define ELEMENT(type, k, i, j) (*(type *)(at[k] + (i) * step->of[k].strides[step->rank - 2] + (j) * step->by[k]))

/* L with L L^T = the other operand, of which only the lower triangle is read. Where there is none all of it is NaN; a pivot that is
   NaN goes on, as in LAPACK. */
#define CHOLESKY_OF(type, root) \
    static void cholesky_##type(const Step *step, char **at) \
    { \
        type l[LARGEST_MATRIX][LARGEST_MATRIX]; \
        int n = (int)step->n, fails = 0; \
        for (int i = 0; i < n && !fails; i++) \
            for (int j = 0; j <= i; j++) { \
                type sum = ELEMENT(type, 1, i, j); \
                for (int k = 0; k < j; k++) \
                    sum -= l[i][k] * l[j][k]; \
                if (i == j && sum <= 0) \
                    fails = 1; \
                l[i][j] = i == j ? root(sum) : sum / l[j][j]; \
            } \
        for (int i = 0; i < n; i++) \
            for (int j = 0; j < n; j++) \
                ELEMENT(type, 0, i, j) = fails ? NAN : j <= i ? l[i][j] : 0; \
    }

/* X with A X = the second operand, where A is a lower triangle, the third. */
#define TRIANGULAR_SOLUTION(type) \
    static void triangular_##type(const Step *step, char **at) \
    { \
        type x[LARGEST_MATRIX][MOST_COLUMNS]; \
        int m = (int)step->n, n = (int)step->dims[step->rank - 2]; \
        for (int i = 0; i < n; i++) { \
            for (int c = 0; c < m; c++) \
                x[i][c] = ELEMENT(type, 1, i, c); \
            for (int k = 0; k < i; k++) { \
                type factor = ELEMENT(type, 2, i, k); \
                for (int c = 0; c < m; c++) \
                    x[i][c] -= factor * x[k][c]; \
            } \
            type pivot = step->size ? 1 : ELEMENT(type, 2, i, i); \
            for (int c = 0; c < m; c++) \
                ELEMENT(type, 0, i, c) = x[i][c] /= pivot; \
        } \
    }

/* X with A X = the third operand; the second becomes true where A, the fourth, is singular. X is NaN then. */
#define SOLUTION_OF(type, size) \
    static void solution_##type(const Step *step, char **at) \
    { \
        type f[LARGEST_MATRIX][LARGEST_MATRIX], x[LARGEST_MATRIX][MOST_COLUMNS]; \
        int m = (int)step->n, n = (int)step->dims[step->rank - 2], singular = 0, unknown = 0; \
        for (int i = 0; i < n; i++) { \
            for (int j = 0; j < n; j++) \
                f[i][j] = ELEMENT(type, 3, i, j); \
            for (int c = 0; c < m; c++) \
                x[i][c] = ELEMENT(type, 2, i, c); \
        } \
        for (int j = 0; j < n && !singular; j++) { \
            int p = j; \
            for (int i = j + 1; i < n; i++) \
                if (size(f[i][j]) > size(f[p][j])) \
                    p = i; \
            if (f[p][j] == 0) \
                singular = 1; \
            unknown |= f[p][j] != f[p][j]; \
            if (p != j) { \
                for (int k = 0; k < n; k++) { \
                    type other = f[p][k]; \
                    f[p][k] = f[j][k]; \
                    f[j][k] = other; \
                } \
                for (int c = 0; c < m; c++) { \
                    type other = x[p][c]; \
                    x[p][c] = x[j][c]; \
                    x[j][c] = other; \
                } \
            } \
            for (int i = j + 1; i < n && !singular; i++) { \
                type factor = f[i][j] / f[j][j]; \
                for (int k = j + 1; k < n; k++) \
                    f[i][k] -= factor * f[j][k]; \
                for (int c = 0; c < m; c++) \
                    x[i][c] -= factor * x[j][c]; \
            } \
        } \
        for (int i = n - 1; i >= 0; i--) { \
            for (int k = i + 1; k < n; k++) { \
                type factor = f[i][k]; \
                for (int c = 0; c < m; c++) \
                    x[i][c] -= factor * x[k][c]; \
            } \
            for (int c = 0; c < m; c++) \
                ELEMENT(type, 0, i, c) = x[i][c] = singular ? NAN : x[i][c] / f[i][i]; \
        } \
        if (singular || unknown) \
            *(npy_bool *)at[1] = 1; \
    }

/* The factors L and U, below and above the diagonal, of the other operand with its rows exchanged; the third gets the exchanges, the
   fourth the order that they make. Where all below is 0 nothing is exchanged nor divided, as in LAPACK. */
#define FACTORS_OF(type, size) \
    static void factors_##type(const Step *step, char **at) \
    { \
        type f[LARGEST_MATRIX][LARGEST_MATRIX]; \
        npy_int32 order[LARGEST_MATRIX]; \
        int n = (int)step->n; \
        for (int i = 0; i < n; i++) { \
            order[i] = i; \
            for (int j = 0; j < n; j++) \
                f[i][j] = ELEMENT(type, 1, i, j); \
        } \
        for (int j = 0; j < n; j++) { \
            int p = j; \
            for (int i = j + 1; i < n; i++) \
                if (size(f[i][j]) > size(f[p][j])) \
                    p = i; \
            ELEMENT(npy_int32, 2, j, 0) = p; \
            if (p != j) { \
                npy_int32 place = order[p]; \
                order[p] = order[j]; \
                order[j] = place; \
                for (int k = 0; k < n; k++) { \
                    type other = f[p][k]; \
                    f[p][k] = f[j][k]; \
                    f[j][k] = other; \
                } \
            } \
            for (int i = j + 1; i < n && f[j][j] != 0; i++) { \
                type factor = f[i][j] /= f[j][j]; \
                for (int k = j + 1; k < n; k++) \
                    f[i][k] -= factor * f[j][k]; \
            } \
        } \
        for (int i = 0; i < n; i++) { \
            ELEMENT(npy_int32, 3, i, 0) = order[i]; \
            for (int j = 0; j < n; j++) \
                ELEMENT(type, 0, i, j) = f[i][j]; \
        } \
    }

CHOLESKY_OF(npy_float, sqrtf)
CHOLESKY_OF(npy_double, sqrt)
TRIANGULAR_SOLUTION(npy_float)
TRIANGULAR_SOLUTION(npy_double)
SOLUTION_OF(npy_float, fabsf)
SOLUTION_OF(npy_double, fabs)
FACTORS_OF(npy_float, fabsf)
FACTORS_OF(npy_double, fabs)

/* The function of a matrix for steps of this kind; NULL: there is none. */
Row matrix_row(const Step *step)
{
    int wide = step->from == NPY_DOUBLE;
    if (step->rank < 2 || step->dims[step->rank - 2] > LARGEST_MATRIX || step->n > MOST_COLUMNS || (!wide && step->from != NPY_FLOAT))
        return NULL;
    switch (step->kind) {
    case CHOLESKY:
        return step->operands != 2 || step->n > LARGEST_MATRIX ? NULL : wide ? cholesky_npy_double : cholesky_npy_float;
    case TRIANGULAR:
        return step->operands != 3 ? NULL : wide ? triangular_npy_double : triangular_npy_float;
    case FACTORS:
        return step->operands != 4 || step->n > LARGEST_MATRIX ? NULL : wide ? factors_npy_double : factors_npy_float;
    default:
        return step->operands != 4 ? NULL : wide ? solution_npy_double : solution_npy_float;
    }
}
