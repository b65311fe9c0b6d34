/* Functions of numbers as ufuncs, computed in double. Of 32 bits all bits of what they give are right, but for one number in some
   thousand. At limits the zeta and polygamma functions are TensorFlow's: see _incomplete_gamma.py. SciPy takes 60 to 260 ms to be imported, and for digamma of what is negative 1 µs a number. */

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

/* The sum of (q + k)^-x, where x > 1, by Euler and Maclaurin's formula (23.1.30) from a number on from which it converges. */
static double sum_of_powers(double x, double q)
{
    static const double terms[] = { /* B(2j) / (2j)! */
        1. / 12, -1. / 720, 1. / 30240, -1. / 1209600, 1. / 47900160, -691. / 1307674368000., 1. / 74724249600., -3617. / 10670622842880000.,
        43867. / 5109094217170944000., -174611. / 802857662698291200000.,
    };
    double sum = 0, power = pow(q, -x);
    for (; q < 10 + x; q += 1, power = pow(q, -x)) {
        sum += power;
        if (fabs(power) < 1e-17 * fabs(sum))
            return sum;
    }
    double rest = power * (q / (x - 1) + 0.5), factor = x * power / q, square = 1 / (q * q);
    for (int j = 0; j < (int)Py_ARRAY_LENGTH(terms); j++, factor *= (x + 2 * j - 1) * (x + 2 * j) * square)
        rest += factor * terms[j];
    return sum + rest;
}

static double zeta(double x, double q)
{
    if (!(x > 1))
        return x == 1 ? INFINITY : NAN;
    if (isinf(x))
        return q > 1 ? 0 : q == 1 ? 1 : q < 1 ? INFINITY : q;
    if (q == INFINITY)
        return 0;
    if (!(q <= 0))
        return q > 0 ? sum_of_powers(x, q) : q;
    int even = fmod(x, 2) == 0;
    if (q == floor(q))
        return even ? INFINITY : NAN;
    if (x != floor(x))
        return NAN;
    if (q > -1000) /* what cancels and what is left is TensorFlow's */
        return sum_of_powers(x, q);
    double rest = q - floor(q), below = sum_of_powers(x, 1 - rest) - sum_of_powers(x, 1 - q); /* the sizes of what is negative */
    return sum_of_powers(x, rest) + (even ? below : -below);
}

/* The n-th derivative of digamma (6.4.10) is the product of the two, each rounded to what the result is. */
static void polygamma_parts(double n, double x, double *factorial, double *sum)
{
    *factorial = 1;
    if (x <= 0 && x == floor(x))
        *sum = n > 0 && (fmod(n, 2) == 1 || isinf(n)) ? INFINITY : NAN;
    else if (n == 0)
        *sum = digamma(x);
    else if (!(n > 0) || n != floor(n))
        *sum = NAN;
    else {
        *factorial = tgamma(n + 1);
        *sum = x == INFINITY ? 0 : zeta(n + 1, x) * (fmod(n, 2) == 0 ? -1 : 1);
    }
}

#define OF_TWO(name, type, expression) \
    static void name##_##type(char **args, const npy_intp *count, const npy_intp *steps, void *data) \
    { \
        char *first = args[0], *second = args[1], *out = args[2]; \
        for (npy_intp i = 0; i < *count; i++, first += steps[0], second += steps[1], out += steps[2]) { \
            double x = *(type *)first, y = *(type *)second, z, w; \
            (void)z, (void)w; \
            *(type *)out = (type)(expression); \
        } \
    }
OF_TWO(zetas, float, zeta(x, y))
OF_TWO(zetas, double, zeta(x, y))
OF_TWO(polygammas, float, (polygamma_parts(x, y, &z, &w), (float)z * (float)w))
OF_TWO(polygammas, double, (polygamma_parts(x, y, &z, &w), z * w))
static PyUFuncGenericFunction of_zetas[] = {zetas_float, zetas_double}, of_polygammas[] = {polygammas_float, polygammas_double};

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
    static const char singles[] = {NPY_FLOAT, NPY_FLOAT}, pairs[] = {NPY_FLOAT, NPY_FLOAT, NPY_FLOAT, NPY_DOUBLE, NPY_DOUBLE, NPY_DOUBLE};
    const struct {
        const char *name;
        PyUFuncGenericFunction *loops;
        int operands;
    } functions[] = {
        {"digamma", of_digammas, 1}, {"lgamma", of_lgammas, 1}, {"erf", of_erfs, 1}, {"erfc", of_erfcs, 1},
        {"zeta", of_zetas, 2}, {"polygamma", of_polygammas, 2},
    };
    for (size_t k = 0; k < Py_ARRAY_LENGTH(functions); k++) {
        PyObject *made = PyUFunc_FromFuncAndData(functions[k].loops, NULL, functions[k].operands == 1 ? singles : pairs, functions[k].operands,
                                                 functions[k].operands, 1, PyUFunc_None, functions[k].name, "", 0);
        if (made == NULL || PyModule_AddObject(module, functions[k].name, made) < 0) {
            Py_XDECREF(made);
            return -1;
        }
    }
    return 0;
}
