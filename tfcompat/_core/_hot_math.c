/* Functions of one number as ufuncs, of 32 bits, computed in double: all bits of what they give are right, but for one number in some
   thousand. SciPy takes 60 to 260 ms to be imported, and for digamma of what is negative 1 µs a number. */

#include "_hot.h"
#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#include <numpy/arrayobject.h>
#include <numpy/ufuncobject.h>
#include <math.h>

static const double PI = 3.14159265358979323846;

/* Two and two of x, x + 1, ... x + 9 multiplied: (x + k) (x + 9 - k) = x (x + 9) + k (9 - k). */
typedef struct {
    double first, ab, cd, sums; /* the pair of x; the products of two and two others; 1 / a + ... 1 / d without its denominator ab cd */
} Ten;

static Ten ten_from(double x)
{
    double t = x * (x + 9), a = t + 8, b = t + 14, c = t + 18, d = t + 20, ab = a * b, cd = c * d;
    return (Ten){t, ab, cd, (a + b) * cd + (c + d) * ab};
}

/* Where x > 0: ten steps of digamma(x + 1) = digamma(x) + 1 / x (Abramowitz and Stegun 6.3.5) and from 10 on the asymptotic
   series (6.3.18), whose first term that is left out is below 5e-17. */
static double digamma_above(double x)
{
    double steps = 0;
    if (x < 10) {
        Ten ten = ten_from(x);
        steps = (2 * x + 9) * (1 / ten.first + ten.sums / (ten.ab * ten.cd));
        x += 10;
    }
    double z = 1 / (x * x);
    double series = z * (1. / 12 - z * (1. / 120 - z * (1. / 252 - z * (1. / 240 - z * (1. / 132 - z * (691. / 32760 - z / 12))))));
    return log(x) - 0.5 / x - series - steps;
}

/* Below 0 by reflection (6.3.7); the tangent goes round once in 1. */
static double digamma(double x)
{
    if (x > 0)
        return digamma_above(x);
    double rest = x - rint(x);
    if (rest == 0) /* a pole, at which it jumps from one infinity to the other */
        return NAN;
    return digamma_above(1 - x) - PI / tan(PI * rest);
}

/* Where x > 0: as above, by 6.1.15 and 6.1.41. */
static double log_gamma_above(double x)
{
    double steps = 0;
    if (x < 10) {
        Ten ten = ten_from(x);
        steps = log(ten.first * ten.ab * ten.cd);
        x += 10;
    }
    double y = 1 / x, z = y * y;
    double series = y * (1. / 12 - z * (1. / 360 - z * (1. / 1260 - z * (1. / 1680 - z * (1. / 1188 - z * (691. / 360360 - z / 156))))));
    return (x - 0.5) * log(x) - x + 0.91893853320467274178 + series - steps;
}

/* Below 0 by reflection (6.1.17). Near its roots, where the terms cancel, the C library's, which takes two to three times as long. */
static double log_gamma(double x)
{
    double rest = x - rint(x), result;
    if (isinf(x) || (x <= 0 && rest == 0))
        return INFINITY;
    result = x > 0 ? log_gamma_above(x) : log(PI / fabs(x * sin(PI * rest))) - log_gamma_above(-x);
    return fabs(result) < 1e-5 ? lgamma(x) : result;
}

#define OF_SINGLES(loop, function) \
    static void loop(char **args, const npy_intp *count, const npy_intp *steps, void *data) \
    { \
        char *in = args[0], *out = args[1]; \
        for (npy_intp i = 0; i < *count; i++, in += steps[0], out += steps[1]) \
            *(float *)out = (float)function(*(float *)in); \
    } \
    static PyUFuncGenericFunction of_##loop[] = {loop};
OF_SINGLES(digammas, digamma)
OF_SINGLES(lgammas, log_gamma)
OF_SINGLES(erfs, erf)
OF_SINGLES(erfcs, erfc)

int add_ufuncs(PyObject *module)
{
    import_array1(-1);
    import_umath1(-1);
    static const char singles[] = {NPY_FLOAT, NPY_FLOAT};
    const struct {
        const char *name;
        PyUFuncGenericFunction *loops;
    } functions[] = {{"digamma", of_digammas}, {"lgamma", of_lgammas}, {"erf", of_erfs}, {"erfc", of_erfcs}};
    for (size_t k = 0; k < Py_ARRAY_LENGTH(functions); k++) {
        PyObject *made = PyUFunc_FromFuncAndData(functions[k].loops, NULL, singles, 1, 1, 1, PyUFunc_None, functions[k].name, "", 0);
        if (made == NULL || PyModule_AddObject(module, functions[k].name, made) < 0) {
            Py_XDECREF(made);
            return -1;
        }
    }
    return 0;
}
