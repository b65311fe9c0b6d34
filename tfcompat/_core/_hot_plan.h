/* The steps of plans: made by _hot_plan.c, gone through by _hot_steps.c. */

#ifndef TFCOMPAT_HOT_PLAN_H
#define TFCOMPAT_HOT_PLAN_H

#include "_hot.h"
#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#define PY_ARRAY_UNIQUE_SYMBOL tfcompat_hot_plans
#define PY_UFUNC_UNIQUE_SYMBOL tfcompat_hot_ufuncs
#ifndef IMPORTS_NUMPY
#define NO_IMPORT_ARRAY
#define NO_IMPORT_UFUNC
#endif
#include <numpy/arrayobject.h>
#include <numpy/ufuncobject.h>

enum { MAX_RANK = 6, MAX_OPERANDS = 7, MAX_ARGUMENTS = 1000, MOST_ORDERED = 128, SHORT = 16, LARGEST_MATRIX = 16, MOST_COLUMNS = 64 };
enum { BFLOAT16 = -1 }; /* in casts, for the number that it is given when it is registered with NumPy; as a loop, for ours of it */
enum { LOOP, COPY, SELECT, CAST, PRODUCT, PLACED, PHILOX, BOX_MULLER, ORDER, CHOLESKY, TRIANGULAR, SOLUTION, FACTORS, LAW };

typedef struct {
    int base; /* number of an argument, of a result, of the constants, of the scratch memory */
    npy_intp offset, strides[MAX_RANK];
} Operand;

/* Where a window begins in one dimension: the number that lies there, between 0 and the limit. */
typedef struct {
    int base, wide;
    npy_intp offset, strides[MAX_RANK], limit, stride;
} Position;

typedef struct Step Step;
typedef void (*Row)(const Step *step, char **at);
typedef void (*Cast)(char *out, char *in, npy_intp n, npy_intp to, npy_intp from, int lowest);

struct Step {
    int kind, rank, operands, size, from, to;
    /* of windows whose place is data: the number of dimensions that count windows, the operand that they are part of,
       whether those that are not inside are left out (of what is written) or filled (with the last operand) */
    int batch, moved, leaves_out, positions;
    Position *position;
    npy_intp dims[MAX_RANK];
    Operand *of; /* the result first, but of loops last, as ufuncs have it */
    PyUFuncGenericFunction loop;
    void *data;
    /* What is done at once: the last dimension, of matrices the last two, with the strides of the operands in the last */
    Row row;
    int core;
    npy_intp n, by[MAX_OPERANDS];
    Cast cast;
};

/* _hot_steps.c */
int prepare_step(Step *step);
void run_step(const Step *step, char **bases);
Row short_loop(const char *name, int type);
PyUFuncGenericFunction bfloat_loop(const char *name);

/* _hot_matrices.c */
Row matrix_row(const Step *step);

#endif
