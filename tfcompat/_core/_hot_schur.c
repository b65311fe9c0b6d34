/* Functions of a matrix by its Schur decomposition: square roots and logarithms of complex triangles, which _matrix_functions.py
   says in JAX. */

#include "_hot.h"
#include <math.h>

enum { MOST_ROOTS = 60 };

typedef struct {
    double re, im;
} Complex;

static Complex plus(Complex x, Complex y)
{
    return (Complex){x.re + y.re, x.im + y.im};
}

static Complex minus(Complex x, Complex y)
{
    return (Complex){x.re - y.re, x.im - y.im};
}

static Complex times(Complex x, Complex y)
{
    return (Complex){x.re * y.re - x.im * y.im, x.re * y.im + x.im * y.re};
}

static Complex over(Complex x, Complex y)
{
    if (fabs(y.re) >= fabs(y.im)) {
        double ratio = y.im / y.re, whole = y.re + y.im * ratio;
        return (Complex){(x.re + x.im * ratio) / whole, (x.im - x.re * ratio) / whole};
    }
    double ratio = y.re / y.im, whole = y.re * ratio + y.im;
    return (Complex){(x.re * ratio + x.im) / whole, (x.im * ratio - x.re) / whole};
}

static Complex root_of(Complex x)
{
    if (x.re == 0 && x.im == 0)
        return x;
    double size = sqrt((fabs(x.re) + hypot(x.re, x.im)) / 2);
    return x.re >= 0 ? (Complex){size, x.im / (2 * size)} : (Complex){fabs(x.im) / (2 * size), copysign(size, x.im)};
}

/* Triangles are in columns */
#define AT(x, i, j) (x)[(i) + (j) * n]

/* The square root of a triangle, in its place. Of singular ones some elements are 0 / 0, which is 0 where there is any root to be
   given, and NaN for a logarithm. */
static void take_root(Complex *x, Py_ssize_t n, int any)
{
    for (Py_ssize_t j = 0; j < n; j++) {
        AT(x, j, j) = root_of(AT(x, j, j));
        for (Py_ssize_t i = j - 1; i >= 0; i--) {
            Complex rest = AT(x, i, j);
            for (Py_ssize_t k = i + 1; k < j; k++)
                rest = minus(rest, times(AT(x, i, k), AT(x, k, j)));
            AT(x, i, j) = any && rest.re == 0 && rest.im == 0 ? rest : over(rest, plus(AT(x, i, i), AT(x, j, j)));
        }
    }
}

/* Whether a triangle is further from the identity than `near`; NaN is not. */
static int is_far(const Complex *x, Py_ssize_t n, double near)
{
    int far = 0;
    for (Py_ssize_t j = 0; j < n; j++) {
        double sum = hypot(AT(x, j, j).re - 1, AT(x, j, j).im);
        for (Py_ssize_t i = 0; i < j; i++)
            sum += hypot(AT(x, i, j).re, AT(x, i, j).im);
        if (sum != sum)
            return 0;
        far |= sum > near;
    }
    return far;
}

/* The logarithm of a triangle, in its place; `rule` has the nodes of a quadrature and then its weights, for an interval of length 2. */
static void take_log(Complex *x, Complex *part, Complex *total, Py_ssize_t n, const double *rule, Py_ssize_t nodes, double near)
{
    int count = 0;
    for (; count < MOST_ROOTS && is_far(x, n, near); count++)
        take_root(x, n, 0);
    for (Py_ssize_t j = 0; j < n; j++)
        AT(x, j, j).re -= 1;
    for (Py_ssize_t node = 0; node < nodes; node++) {
        double at = (rule[node] + 1) / 2, weight = ldexp(rule[nodes + node] / 2, count);
        for (Py_ssize_t j = 0; j < n; j++)
            for (Py_ssize_t i = j; i >= 0; i--) {
                Complex rest = AT(x, i, j), pivot = AT(x, i, i);
                for (Py_ssize_t k = i + 1; k <= j; k++) {
                    Complex product = times(AT(x, i, k), AT(part, k, j));
                    rest = minus(rest, (Complex){at * product.re, at * product.im});
                }
                AT(part, i, j) = rest = over(rest, (Complex){1 + at * pivot.re, at * pivot.im});
                AT(total, i, j) = plus(AT(total, i, j), (Complex){weight * rest.re, weight * rest.im});
            }
    }
}

/* schur_function(triangle, basis, result, rule, near): the logarithm where there is a rule, else the square root. All but the result
   are in columns. Returns the largest imaginary part of the result, and the largest absolute value; NaN where one is. */
PyObject *schur_function(PyObject *module, PyObject *args)
{
    Py_buffer triangle, basis, result, rule;
    double near, imaginary = 0, largest = 0;
    if (!PyArg_ParseTuple(args, "y*y*w*y*d", &triangle, &basis, &result, &rule, &near))
        return NULL;
    Py_ssize_t n = 0, size = result.len / (Py_ssize_t)sizeof(Complex), nodes = rule.len / (Py_ssize_t)(2 * sizeof(double));
    while (n * n < size)
        n++;
    int fits = n * n == size && triangle.len == result.len && basis.len == result.len;
    Complex *room = fits ? PyMem_Calloc(4 * size + 1, sizeof(Complex)) : NULL;
    if (room != NULL) {
        Complex *x = room, *total = x + size, *part = total + size, *product = part + size;
        const Complex *vectors = basis.buf;
        for (Py_ssize_t j = 0; j < n; j++)
            for (Py_ssize_t i = 0; i <= j; i++)
                AT(x, i, j) = AT((const Complex *)triangle.buf, i, j);
        if (nodes)
            take_log(x, part, total, n, rule.buf, nodes, near);
        else
            take_root(total = x, n, 1);
        for (Py_ssize_t j = 0; j < n; j++)
            for (Py_ssize_t k = 0; k < n; k++)
                for (Py_ssize_t i = 0; i < n; i++)
                    AT(product, i, j) = plus(AT(product, i, j), times(AT(vectors, i, k), AT(total, k, j)));
        for (Py_ssize_t i = 0; i < n; i++)
            for (Py_ssize_t j = 0; j < n; j++) {
                Complex sum = {0, 0};
                for (Py_ssize_t k = 0; k < n; k++)
                    sum = plus(sum, times(AT(product, i, k), (Complex){AT(vectors, j, k).re, -AT(vectors, j, k).im}));
                ((Complex *)result.buf)[i * n + j] = sum;
                double both = hypot(sum.re, sum.im);
                largest = both > largest || both != both ? both : largest;
                imaginary = fabs(sum.im) > imaginary || sum.im != sum.im ? fabs(sum.im) : imaginary;
            }
        PyMem_Free(room);
    } else if (fits)
        PyErr_NoMemory();
    else
        PyErr_SetString(PyExc_ValueError, "matrices of different sizes");
    PyBuffer_Release(&triangle);
    PyBuffer_Release(&basis);
    PyBuffer_Release(&result);
    PyBuffer_Release(&rule);
    return room == NULL ? NULL : Py_BuildValue("dd", imaginary, largest);
}
