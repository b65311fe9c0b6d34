/* Random numbers of small arrays in C: what random_state.py computes by some hundred NumPy calls, to the last bit. */

#include "_hot.h"
#include <math.h>
#include <string.h>

static Py_buffer constants; /* of random_state.CONSTANTS */

/* Gets buffers of arguments, the last `outputs` of them to write into. Returns how many it got. */
int get_buffers(PyObject *const *args, Py_buffer *buffers, int count, int outputs)
{
    for (int k = 0; k < count; k++)
        if (PyObject_GetBuffer(args[k], &buffers[k], k < count - outputs ? PyBUF_C_CONTIGUOUS : PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE) < 0)
            return k;
    return count;
}

PyObject *released(Py_buffer *buffers, int got, int wanted)
{
    for (int k = 0; k < got; k++)
        PyBuffer_Release(&buffers[k]);
    return got == wanted && !PyErr_Occurred() ? Py_NewRef(Py_None) : NULL;
}

/* Blocks of Philox 4x32-10 at the counter + each of the offsets. */
void philox_blocks(const uint32_t *key, const uint32_t *counter, const uint64_t *offsets, Py_ssize_t count, uint32_t **words)
{
    uint64_t start[2] = {counter[0] | (uint64_t)counter[1] << 32, counter[2] | (uint64_t)counter[3] << 32};
    for (Py_ssize_t i = 0; i < count; i++) {
        uint64_t low = start[0] + offsets[i], high = start[1] + (low < offsets[i]);
        uint32_t c0 = (uint32_t)low, c1 = low >> 32, c2 = (uint32_t)high, c3 = high >> 32, k0 = key[0], k1 = key[1];
        for (int round = 0; round < 10; round++, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
            uint64_t first = (uint64_t)c0 * 0xD2511F53u, second = (uint64_t)c2 * 0xCD9E8D57u;
            c0 = (uint32_t)(second >> 32) ^ c1 ^ k0;
            c1 = (uint32_t)second;
            c2 = (uint32_t)(first >> 32) ^ c3 ^ k1;
            c3 = (uint32_t)first;
        }
        words[0][i] = c0;
        words[1][i] = c1;
        words[2][i] = c2;
        words[3][i] = c3;
    }
}

/* philox(key, counter, offsets, *words): the twin of `random_state._blocks`. */
PyObject *philox(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    enum { KEY, COUNTER, OFFSETS, WORDS, ALL = WORDS + 4 };
    Py_buffer b[ALL];
    if (nargs != ALL)
        return PyErr_Format(PyExc_TypeError, "philox() takes %d arrays", ALL);
    int got = get_buffers(args, b, ALL, 4);
    if (got < ALL)
        return released(b, got, ALL);
    Py_ssize_t count = b[OFFSETS].len / sizeof(uint64_t);
    int fits = b[KEY].len == 2 * sizeof(uint32_t) && b[COUNTER].len == 4 * sizeof(uint32_t);
    for (int k = 0; k < 4; k++)
        fits = fits && b[WORDS + k].len == count * (Py_ssize_t)sizeof(uint32_t);
    if (!fits) {
        PyErr_SetString(PyExc_ValueError, "arrays of other sizes");
        return released(b, got, ALL);
    }
    uint32_t *words[4] = {b[WORDS].buf, b[WORDS + 1].buf, b[WORDS + 2].buf, b[WORDS + 3].buf};
    philox_blocks(b[KEY].buf, b[COUNTER].buf, b[OFFSETS].buf, count, words);
    return released(b, got, ALL);
}

static float unit(uint32_t word)
{
    uint32_t bits = (word & 0x7FFFFF) | 127u << 23;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value - 1.0f;
}

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static float chosen(float value, float other, uint32_t mask)
{
    uint32_t bits = bits_of(value) ^ ((bits_of(value) ^ bits_of(other)) & mask);
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Normal numbers from two words each. In loops without branches, which depend on random bits and are mispredicted, and which compilers
   make vectors of. */
void box_muller32(const uint32_t *first, const uint32_t *second, Py_ssize_t count, float *sines, float *cosines)
{
    enum { BLOCK = 16 };
    const double *inverse = constants.buf, *logs = inverse + 16, *log_terms = logs + 16, *sine_terms = log_terms + 3,
                 *cosine_terms = sine_terms + 3;
    const double ln2 = cosine_terms[5], two_over_pi = cosine_terms[6], half_pi = cosine_terms[7];
    for (Py_ssize_t start = 0; start < count; start += BLOCK) {
        int size = (int)(count - start < BLOCK ? count - start : BLOCK);
        uint32_t words[2][BLOCK] = {{0}};
        double r[BLOCK], y[BLOCK];
        float radius[BLOCK], sine[BLOCK], cosine[BLOCK];
        memcpy(words[0], first + start, size * sizeof **words);
        memcpy(words[1], second + start, size * sizeof **words);
        for (int i = 0; i < BLOCK; i++) {
            float value = unit(words[0][i]), z;
            value = value > 1e-7f ? value : 1e-7f;
            uint32_t bits = bits_of(value), shifted = bits - 0x3F330000u, rest = bits - (shifted & 0xFF800000u);
            int index = shifted >> 19 & 15;
            memcpy(&z, &rest, sizeof z);
            r[i] = z * inverse[index] - 1.0;
            y[i] = logs[index] + ((int32_t)shifted >> 23) * ln2;
        }
        for (int i = 0; i < BLOCK; i++) {
            double r2 = r[i] * r[i], log = (log_terms[0] * r2 + (log_terms[1] * r[i] + log_terms[2])) * r2 + (y[i] + r[i]);
            radius[i] = -2.0f * (float)log;
        }
        for (int i = 0; i < BLOCK; i++) {
            double x = (float)(6.283185307179586 * unit(words[1][i]));
            int32_t n = ((int32_t)(x * two_over_pi) + 0x800000) >> 24;
            x -= n * half_pi;
            double x2 = x * x, x4 = x2 * x2;
            x *= 1 - ((n + 1) & 2); /* in the second and third quadrant negated */
            double x3 = x2 * x, s = x3 * sine_terms[0] + x + x3 * x2 * (sine_terms[1] + x2 * sine_terms[2]);
            double c = x2 * cosine_terms[1] + cosine_terms[0] + x4 * cosine_terms[2] + x4 * x2 * (cosine_terms[3] + x2 * cosine_terms[4]);
            c *= 1 - (n & 2);
            uint32_t odd = -(uint32_t)(n & 1);
            sine[i] = chosen((float)s, (float)c, odd);
            cosine[i] = chosen((float)c, (float)s, odd);
        }
        for (int i = 0; i < size; i++) {
            float length = sqrtf(radius[i]);
            sines[start + i] = sine[i] * length;
            cosines[start + i] = cosine[i] * length;
        }
    }
}

/* box_muller(first, second, sines, cosines): the twin of `random_state._box_muller32`. */
PyObject *box_muller(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    Py_buffer b[4];
    if (nargs != 4)
        return PyErr_Format(PyExc_TypeError, "box_muller() takes 4 arrays");
    int got = get_buffers(args, b, 4, 2);
    if (got < 4)
        return released(b, got, 4);
    if (b[0].len != b[1].len || b[0].len != b[2].len || b[0].len != b[3].len) {
        PyErr_SetString(PyExc_ValueError, "arrays of other sizes");
        return released(b, got, 4);
    }
    box_muller32(b[0].buf, b[1].buf, b[0].len / (Py_ssize_t)sizeof(uint32_t), b[2].buf, b[3].buf);
    return released(b, got, 4);
}

/* permutation(words, order): swaps the place i with one of those from it on, for each of the words: `random_state.permutation`. */
PyObject *permutation(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    Py_buffer b[2];
    if (nargs != 2)
        return PyErr_Format(PyExc_TypeError, "permutation() takes 2 arrays");
    int got = get_buffers(args, b, 2, 1);
    if (got < 2)
        return released(b, got, 2);
    Py_ssize_t count = b[0].len / (Py_ssize_t)sizeof(uint32_t), size = b[1].len / (Py_ssize_t)sizeof(int32_t);
    if (count >= size)
        PyErr_SetString(PyExc_ValueError, "arrays of other sizes");
    const uint32_t *words = b[0].buf;
    int32_t *order = b[1].buf;
    for (Py_ssize_t i = 0; i < count && count < size; i++) {
        Py_ssize_t j = i + words[i] % (uint32_t)(size - i);
        int32_t here = order[i];
        order[i] = order[j];
        order[j] = here;
    }
    return released(b, got, 2);
}

/* The bits of x turned to the left within `half` bits. */
static inline uint64_t turned(uint64_t x, int by, int half, uint64_t mask)
{
    return (x << by | x >> (half - by)) & mask;
}

static inline uint64_t mixed(uint64_t x, int half, uint64_t mask)
{
    return (turned(x, 1, half, mask) & turned(x, 8, half, mask)) ^ turned(x, 2, half, mask);
}

/* The image of an index under a keyed permutation of 0 to `limit`; `keys` has room for those of all rounds. */
static uint64_t index_image(uint64_t index, uint64_t limit, uint64_t *keys, Py_ssize_t rounds)
{
    int bits = 0;
    while (bits < 64 && (uint64_t)1 << bits < limit)
        bits++;
    int half = ((bits > 16 ? bits : 16) + 1) >> 1;
    uint64_t mask = ((uint64_t)1 << half) - 1, pattern = 0x7369F885192C0EF5u & mask, constant = 0xFFFFFFFCu & mask;
    for (int i = 0; i < 3; i++)
        keys[i] &= mask;
    for (Py_ssize_t i = 3; i < rounds + rounds % 2; i++, pattern >>= 1)
        keys[i] = constant ^ (pattern & 1) ^ keys[i - 3] ^ turned(keys[i - 1], half - 3, half, mask) ^ turned(keys[i - 1], half - 4, half, mask);
    do {
        uint64_t left = index >> half, right = index & mask;
        for (Py_ssize_t i = 0; i < rounds; i += 2) {
            left ^= mixed(right, half, mask) ^ keys[i];
            right ^= mixed(left, half, mask) ^ keys[i + 1];
        }
        index = left << half | right;
    } while (index > limit);
    return limit ? index : 0;
}

/* index_images(index, *keys, limit, images, rounds): the twin of the functions of `_random_laws._walked`. */
PyObject *index_images(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    enum { INDEX, KEYS, LIMIT = KEYS + 3, IMAGES, ALL };
    Py_buffer b[ALL];
    if (nargs != ALL + 1)
        return PyErr_Format(PyExc_TypeError, "index_images() takes %d arrays and a number", ALL);
    Py_ssize_t rounds = PyLong_AsSsize_t(args[ALL]);
    if (rounds == -1 && PyErr_Occurred())
        return NULL;
    int got = get_buffers(args, b, ALL, 1);
    if (got < ALL)
        return released(b, got, ALL);
    uint64_t *keys = PyMem_New(uint64_t, (rounds > 3 ? rounds : 3) + 1);
    int fits = keys != NULL;
    for (int k = 1; k < ALL && fits; k++)
        if (b[k].len != b[0].len) {
            PyErr_SetString(PyExc_ValueError, "arrays of other sizes");
            fits = 0;
        }
    if (keys == NULL)
        PyErr_NoMemory();
    Py_ssize_t count = fits ? b[INDEX].len / (Py_ssize_t)sizeof(uint64_t) : 0;
    Py_BEGIN_ALLOW_THREADS;
    for (Py_ssize_t i = 0; i < count; i++) {
        for (int k = 0; k < 3; k++)
            keys[k] = ((uint64_t *)b[KEYS + k].buf)[i];
        ((uint64_t *)b[IMAGES].buf)[i] = index_image(((uint64_t *)b[INDEX].buf)[i], ((uint64_t *)b[LIMIT].buf)[i], keys, rounds);
    }
    Py_END_ALLOW_THREADS;
    PyMem_Free(keys);
    return released(b, got, ALL);
}

/* random_constants(vector): takes random_state.CONSTANTS. */
PyObject *random_constants(PyObject *module, PyObject *vector)
{
    if (constants.obj != NULL)
        PyBuffer_Release(&constants);
    if (PyObject_GetBuffer(vector, &constants, PyBUF_C_CONTIGUOUS) < 0)
        return NULL;
    if (constants.len != 46 * sizeof(double))
        return PyErr_Format(PyExc_ValueError, "46 constants are wanted");
    Py_RETURN_NONE;
}
