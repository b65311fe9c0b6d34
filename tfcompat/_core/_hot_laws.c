/* Random numbers by rejection: the twins of _random_rejection.py, which says what is drawn. Each number has blocks of Philox to itself;
   here one is drawn after the other. */

#include "_hot.h"
#include <math.h>
#include <string.h>

enum { RESERVED = 256, RESERVED_OF_SUMS = 42 };

/* Where the blocks of a number lie */
typedef struct {
    const uint32_t *key, *counter;
    uint64_t at;
} Stream;

static double unit(uint32_t high, uint32_t low)
{
    uint64_t bits = (uint64_t)(high & 0xFFFFF) << 32 | low | (uint64_t)1023 << 52;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value - 1;
}

/* The two uniform numbers of the next block */
static void next_two(Stream *stream, double *first, double *second)
{
    uint32_t w[4], *words[4] = {&w[0], &w[1], &w[2], &w[3]};
    philox_blocks(stream->key, stream->counter, &stream->at, 1, words);
    stream->at++;
    *first = unit(w[2], w[3]);
    *second = unit(w[0], w[1]);
}

static double poisson(Stream stream, double rate)
{
    double first, second;
    if (!isfinite(rate))
        return NAN;
    if (rate < 10) {
        double stop = exp(-rate), product = 1, result = 0;
        for (;; result += 2) {
            next_two(&stream, &first, &second);
            if ((product *= first) <= stop)
                return result;
            if ((product *= second) <= stop)
                return result + 1;
        }
    }
    double log_rate = log(rate), b = 0.931 + 2.53 * sqrt(rate), a = -0.059 + 0.02483 * b, inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
    for (;;) {
        next_two(&stream, &first, &second);
        double u = first - 0.5, us = 0.5 - fabs(u), k = floor((2 * a / us + b) * u + rate + 0.43);
        if (us >= 0.07 && second <= 0.9277 - 3.6224 / (b - 2))
            return k;
        if (k < 0 || (us < 0.013 && second > us))
            continue;
        if (log(second * inverse_alpha / (a / (us * us) + b)) <= -rate + k * log_rate - lgamma(k + 1))
            return k;
    }
}

/* The difference between log(k!) and Stirling's formula */
static double tail(double k)
{
    static const double tails[] = {
        0.0810614667953272, 0.0413406959554092, 0.0276779256849983, 0.02079067210376509, 0.0166446911898211,
        0.0138761288230707, 0.0118967099458917, 0.0104112652619720, 0.00925546218271273, 0.00833056343336287,
    };
    if (k <= 9)
        return tails[k > 0 ? (int)k : 0];
    double square = (k + 1) * (k + 1);
    return (1.0 / 12 - (1.0 / 360 - 1.0 / 1260 / square) / square) / (k + 1);
}

/* Where p is at most a half */
static double binomial_below(Stream stream, double n, double p)
{
    double first, second;
    if (n * p < 10) {
        double log_fail = log1p(-p), total = 0, result = 0;
        for (;; result += 2) {
            next_two(&stream, &first, &second);
            if ((total += ceil(log(first) / log_fail)) > n)
                return result;
            if ((total += ceil(log(second) / log_fail)) > n)
                return result + 1;
        }
    }
    double deviation = sqrt(n * p * (1 - p)), b = 1.15 + 2.53 * deviation, a = -0.0873 + 0.0248 * b + 0.01 * p, c = n * p + 0.5;
    double bound = 0.92 - 4.2 / b, odds = p / (1 - p), alpha = (2.83 + 5.1 / b) * deviation, mode = floor((n + 1) * p);
    for (;;) {
        next_two(&stream, &first, &second);
        double u = first - 0.5, us = 0.5 - fabs(u), k = floor((2 * a / us + b) * u + c);
        if (us >= 0.07 && second <= bound)
            return k;
        if (k < 0 || k > n)
            continue;
        double limit = (mode + 0.5) * log((mode + 1) / (odds * (n - mode + 1))) + (n + 1) * log((n - mode + 1) / (n - k + 1))
                       + (k + 0.5) * log(odds * (n - k + 1) / (k + 1)) + tail(mode) + tail(n - mode) - tail(k) - tail(n - k);
        if (log(second * alpha / (a / (us * us) + b)) <= limit)
            return k;
    }
}

static double binomial(Stream stream, uint64_t number, double n, double p)
{
    int flipped = p > 0.5;
    double q = flipped ? 1 - p : p;
    if (!(n > 0 && q > 0 && isfinite(n)))
        return n <= 0 || p <= 0 ? 0 : p >= 1 ? n : NAN;
    stream.at = number * (n * q < 10 ? RESERVED_OF_SUMS : RESERVED);
    double drawn = binomial_below(stream, n, q);
    return flipped ? n - drawn : drawn;
}

/* Poisson numbers of rates, or, where there are probabilities, binomial numbers of counts. */
void draw_law(const uint32_t *key, const uint32_t *counter, const double *first, const double *probs, Py_ssize_t count, double *drawn)
{
    for (Py_ssize_t i = 0; i < count; i++) {
        Stream stream = {key, counter, (uint64_t)i * RESERVED};
        drawn[i] = probs == NULL ? poisson(stream, first[i]) : binomial(stream, i, first[i], probs[i]);
    }
}

/* law(key, counter, rates or counts, [probabilities], drawn) */
PyObject *law(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    Py_buffer b[5];
    if (nargs != 4 && nargs != 5)
        return PyErr_Format(PyExc_TypeError, "law() takes four or five arrays");
    int got = get_buffers(args, b, (int)nargs, 1), last = (int)nargs - 1;
    if (got < nargs)
        return released(b, got, (int)nargs);
    int fits = b[0].len == 2 * sizeof(uint32_t) && b[1].len == 4 * sizeof(uint32_t);
    for (int k = 2; k < last; k++)
        fits = fits && b[k].len == b[last].len;
    if (fits) {
        Py_BEGIN_ALLOW_THREADS;
        draw_law(b[0].buf, b[1].buf, b[2].buf, nargs == 5 ? b[3].buf : NULL, b[last].len / (Py_ssize_t)sizeof(double), b[last].buf);
        Py_END_ALLOW_THREADS;
    } else
        PyErr_SetString(PyExc_ValueError, "arrays of other sizes");
    return released(b, got, (int)nargs);
}
