/* What the steps of plans do. Most are a function of a row, the last dimension, which is called for each of them. */

#include "_hot_plan.h"
#include <math.h>

/* Copies */

static void copy_dense(const Step *step, char **at)
{
    memcpy(at[0], at[1], step->n * step->size);
}

/* Rows of at most 128 bytes, all those of a dimension: each takes less time than a call. The last part may overlap the one before. */
static void copy_small(const Step *step, char **at)
{
    char *out = at[0], *in = at[1];
    npy_intp count = step->dims[step->rank - 2], to = step->of[0].strides[step->rank - 2], from = step->of[1].strides[step->rank - 2];
    size_t size = step->n * step->size;
#define IN_PARTS(width) \
    for (npy_intp i = 0; i < count; i++, out += to, in += from) { \
        for (size_t k = 0; k + width < size; k += width) \
            memcpy(out + k, in + k, width); \
        memcpy(out + size - width, in + size - width, width); \
    }
    if (size >= 16)
        IN_PARTS(16)
    else if (size >= 8)
        IN_PARTS(8)
    else if (size >= 4)
        IN_PARTS(4)
    else
        IN_PARTS(1)
}

static void copy_bytes(const Step *step, char **at)
{
    char *out = at[0], *in = at[1];
    for (npy_intp i = 0; i < step->n; i++, out += step->by[0], in += step->by[1])
        memcpy(out, in, step->size);
}

#define COPY_ROW(type) \
    static void copy_##type(const Step *step, char **at) \
    { \
        char *out = at[0], *in = at[1]; \
        npy_intp n = step->n, to = step->by[0], from = step->by[1]; \
        if (from == 0 && to == sizeof(type)) \
            for (npy_intp i = 0; i < n; i++) \
                ((type *)out)[i] = *(type *)in; \
        else \
            for (npy_intp i = 0; i < n; i++, out += to, in += from) \
                *(type *)out = *(type *)in; \
    }
COPY_ROW(npy_uint8)
COPY_ROW(npy_uint32)
COPY_ROW(npy_uint64)

static Row copy_of(const Step *step)
{
    int size = step->size;
    if (step->n == 1 || (step->by[0] == size && step->by[1] == size))
        return step->n > 1 ? copy_dense : size == 4 ? copy_npy_uint32 : size == 8 ? copy_npy_uint64 : size == 1 ? copy_npy_uint8 : copy_dense;
    return size == 4 ? copy_npy_uint32 : size == 8 ? copy_npy_uint64 : size == 1 ? copy_npy_uint8 : copy_bytes;
}

/* Choices: result, mask, what is taken where it is false, and where it is true */

#define SELECT_ROW(type, assign) \
    static void select_##type(const Step *step, char **at) \
    { \
        char *out = at[0], *mask = at[1], *no = at[2], *yes = at[3]; \
        const npy_intp *by = step->by; \
        for (npy_intp i = 0; i < step->n; i++, out += by[0], mask += by[1], no += by[2], yes += by[3]) \
            assign; \
    }
SELECT_ROW(npy_uint8, *(npy_uint8 *)out = *mask ? *(npy_uint8 *)yes : *(npy_uint8 *)no)
SELECT_ROW(npy_uint32, *(npy_uint32 *)out = *mask ? *(npy_uint32 *)yes : *(npy_uint32 *)no)
SELECT_ROW(npy_uint64, *(npy_uint64 *)out = *mask ? *(npy_uint64 *)yes : *(npy_uint64 *)no)
SELECT_ROW(bytes, memcpy(out, *mask ? yes : no, step->size))

/* The conversions of which C and NumPy think alike */
#define CONVERSIONS(X) \
    X(BOOL, npy_bool, INT32, npy_int32) X(BOOL, npy_bool, INT64, npy_int64) X(BOOL, npy_bool, FLOAT32, npy_float) \
    X(BOOL, npy_bool, FLOAT64, npy_double) X(INT32, npy_int32, FLOAT32, npy_float) X(INT32, npy_int32, FLOAT64, npy_double) \
    X(INT32, npy_int32, INT64, npy_int64) X(INT64, npy_int64, INT32, npy_int32) X(INT64, npy_int64, FLOAT32, npy_float) \
    X(UINT32, npy_uint32, UINT64, npy_uint64) X(UINT64, npy_uint64, UINT32, npy_uint32) X(INT32, npy_int32, UINT64, npy_uint64) \
    X(UINT32, npy_uint32, INT32, npy_int32) X(INT32, npy_int32, UINT32, npy_uint32) X(UINT32, npy_uint32, INT64, npy_int64) \
    X(BOOL, npy_bool, UINT64, npy_uint64) X(BOOL, npy_bool, UINT32, npy_uint32) \
    X(INT64, npy_int64, FLOAT64, npy_double) X(FLOAT32, npy_float, FLOAT64, npy_double) X(FLOAT64, npy_double, FLOAT32, npy_float)

/* Of floats: beyond the integers, and of NaN, the limits and 0, or (`lowest`) the lowest integer. */
#define TRUNCATIONS(X) \
    X(FLOAT32, npy_float, INT32, npy_int32) X(FLOAT32, npy_float, INT64, npy_int64) X(FLOAT64, npy_double, INT32, npy_int32) \
    X(FLOAT64, npy_double, INT64, npy_int64)

#define CONVERT(a, A, b, B) \
    static void a##_to_##b(char *out, char *in, npy_intp n, npy_intp to, npy_intp from, int lowest) \
    { \
        for (npy_intp i = 0; i < n; i++, out += to, in += from) \
            *(B *)out = (B) * (A *)in; \
    }
#define TRUNCATE(a, A, b, B) \
    static void a##_to_##b(char *out, char *in, npy_intp n, npy_intp to, npy_intp from, int lowest) \
    { \
        const B low = NPY_MIN_##b, beyond = lowest ? NPY_MIN_##b : NPY_MAX_##b; \
        for (npy_intp i = 0; i < n; i++, out += to, in += from) { \
            A x = *(A *)in; \
            *(B *)out = x != x ? (lowest ? low : 0) : x >= -(A)low ? beyond : x <= (A)low ? low : (B)x; \
        } \
    }
CONVERSIONS(CONVERT)
TRUNCATIONS(TRUNCATE)

/* 16-bit floats, rounded to the nearest, to the even one of two */

static npy_uint32 bits_of(float x)
{
    npy_uint32 bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static float with_bits(npy_uint32 bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static float from_half(npy_uint16 x)
{
    npy_uint32 sign = (npy_uint32)(x & 0x8000) << 16, exponent = x >> 10 & 31, fraction = x & 0x3ff;
    if (exponent == 0) /* multiples of 2^-24 */
        return with_bits(sign | bits_of((float)fraction * 0x1p-24f));
    return with_bits(sign | (exponent == 31 ? 0x7f800000 : (exponent + 112) << 23) | fraction << 13);
}

static npy_uint16 to_half(float x)
{
    npy_uint32 bits = bits_of(x), sign = bits >> 16 & 0x8000;
    bits &= 0x7fffffff;
    if (bits > 0x7f800000)
        return sign | 0x7e00;
    if (bits >= 0x477ff000) /* 65520 */
        return sign | 0x7c00;
    if (bits < 0x38800000) /* 2^-14 */
        return sign | (npy_uint16)rintf(with_bits(bits) * 0x1p24f);
    return sign | (bits - 0x38000000 + 0xfff + (bits >> 13 & 1)) >> 13;
}

static float from_bfloat(npy_uint16 x) { return with_bits((npy_uint32)x << 16); }

static npy_uint16 to_bfloat(float x)
{
    npy_uint32 bits = bits_of(x);
    return x != x ? (bits >> 16 & 0x8000) | 0x7fc0 : (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}

#define ROUND(function, A, B) \
    static void by_##function(char *out, char *in, npy_intp n, npy_intp to, npy_intp from, int lowest) \
    { \
        for (npy_intp i = 0; i < n; i++, out += to, in += from) \
            *(B *)out = function(*(A *)in); \
    }
ROUND(from_half, npy_uint16, float)
ROUND(to_half, float, npy_uint16)
ROUND(from_bfloat, npy_uint16, float)
ROUND(to_bfloat, float, npy_uint16)

/* Complex numbers are two floats; of real ones the second is 0. */
#define CONVERT_COMPLEX(a, A, b, B, imaginary) \
    static void a##_to_##b(char *out, char *in, npy_intp n, npy_intp to, npy_intp from, int lowest) \
    { \
        for (npy_intp i = 0; i < n; i++, out += to, in += from) { \
            ((B *)out)[0] = (B)((A *)in)[0]; \
            ((B *)out)[1] = imaginary; \
        } \
    }
#define TO_COMPLEX(X) \
    X(COMPLEX64, npy_float, COMPLEX128, npy_double, ((npy_float *)in)[1]) X(COMPLEX128, npy_double, COMPLEX64, npy_float, (npy_float)((npy_double *)in)[1]) \
    X(FLOAT32, npy_float, COMPLEX64, npy_float, 0) X(FLOAT64, npy_double, COMPLEX128, npy_double, 0) \
    X(FLOAT32, npy_float, COMPLEX128, npy_double, 0) X(FLOAT64, npy_double, COMPLEX64, npy_float, 0) \
    X(INT32, npy_int32, COMPLEX64, npy_float, 0) X(INT32, npy_int32, COMPLEX128, npy_double, 0)
TO_COMPLEX(CONVERT_COMPLEX)

static Cast cast_of(int source, int target)
{
    if (target == NPY_FLOAT32 && (source == NPY_HALF || source == BFLOAT16))
        return source == NPY_HALF ? by_from_half : by_from_bfloat;
    if (source == NPY_FLOAT32 && (target == NPY_HALF || target == BFLOAT16))
        return target == NPY_HALF ? by_to_half : by_to_bfloat;
#define FIND_CAST(a, A, b, B) \
    if (source == NPY_##a && target == NPY_##b) \
        return a##_to_##b;
    CONVERSIONS(FIND_CAST)
    TRUNCATIONS(FIND_CAST)
#define FIND_COMPLEX(a, A, b, B, imaginary) FIND_CAST(a, A, b, B)
    TO_COMPLEX(FIND_COMPLEX)
    return NULL;
}

static void cast_row(const Step *step, char **at)
{
    step->cast(at[0], at[1], step->n, step->by[0], step->by[1], step->size);
}

/* Loops of ufuncs */

static void loop_row(const Step *step, char **at)
{
    step->loop(at, &step->n, step->by, step->data);
}

/* NumPy's take 20 to 30 ns for a row of floats before they begin. These give the same: sums are added in NumPy's order. */
#define SHORT_LOOP(name, type, expression, reduced) \
    static void name##_##type(const Step *step, char **at) \
    { \
        char *first = at[0], *second = at[1], *out = at[2]; \
        npy_intp n = step->n, a = step->by[0], b = step->by[1], c = step->by[2]; \
        if (a == 0 && c == 0 && first == out) { \
            type x = *(type *)out; \
            reduced \
            *(type *)out = x; \
        } else \
            for (npy_intp i = 0; i < n; i++, first += a, second += b, out += c) { \
                type x = *(type *)first, y = *(type *)second; \
                *(type *)out = expression; \
            } \
    }
#define ONE_BY_ONE(type, expression) \
    for (npy_intp i = 0; i < n; i++, second += b) { \
        type y = *(type *)second; \
        x = expression; \
    }
#define SUM(type) \
    if (n < 8) { \
        type sum = -0.; \
        for (npy_intp i = 0; i < n; i++, second += b) \
            sum += *(type *)second; \
        x += sum; \
    } else { \
        type r[8]; \
        npy_intp i = 8; \
        for (int k = 0; k < 8; k++, second += b) \
            r[k] = *(type *)second; \
        for (; i < n - n % 8; i += 8) \
            for (int k = 0; k < 8; k++, second += b) \
                r[k] += *(type *)second; \
        type sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7])); \
        for (; i < n; i++, second += b) \
            sum += *(type *)second; \
        x += sum; \
    }
#define SHORT_LOOPS(type) \
    SHORT_LOOP(add, type, x + y, SUM(type)) \
    SHORT_LOOP(subtract, type, x - y, ONE_BY_ONE(type, x - y)) \
    SHORT_LOOP(multiply, type, x * y, ONE_BY_ONE(type, x * y)) \
    SHORT_LOOP(divide, type, x / y, ONE_BY_ONE(type, x / y)) \
    SHORT_LOOP(maximum, type, x > y || x != x ? x : y, ONE_BY_ONE(type, x > y || x != x ? x : y)) \
    SHORT_LOOP(minimum, type, x < y || x != x ? x : y, ONE_BY_ONE(type, x < y || x != x ? x : y))
SHORT_LOOPS(npy_float)
SHORT_LOOPS(npy_double)

/* What does the same as a ufunc's loop of numbers of one type for short rows, or NULL */
Row short_loop(const char *name, int type)
{
    static const struct {
        const char *name;
        Row single, wide;
    } loops[] = {
#define LISTED(name) {#name, name##_npy_float, name##_npy_double}
        LISTED(add), LISTED(subtract), LISTED(multiply), LISTED(divide), LISTED(maximum), LISTED(minimum),
    };
    for (size_t k = 0; k < Py_ARRAY_LENGTH(loops); k++)
        if (strcmp(loops[k].name, name) == 0)
            return type == NPY_FLOAT ? loops[k].single : type == NPY_DOUBLE ? loops[k].wide : NULL;
    return NULL;
}

/* Loops of bfloat16, which NumPy's ufuncs have none of: one number after the other, each result rounded */
#define BFLOAT_LOOP(name, expression) \
    static void bfloat_##name(char **args, const npy_intp *dims, const npy_intp *steps, void *data) \
    { \
        char *first = args[0], *second = args[1], *out = args[2]; \
        for (npy_intp i = 0; i < dims[0]; i++, first += steps[0], second += steps[1], out += steps[2]) { \
            float x = from_bfloat(*(npy_uint16 *)first), y = from_bfloat(*(npy_uint16 *)second); \
            *(npy_uint16 *)out = to_bfloat(expression); \
        } \
    }
BFLOAT_LOOP(add, x + y)
BFLOAT_LOOP(subtract, x - y)
BFLOAT_LOOP(multiply, x * y)
BFLOAT_LOOP(maximum, x > y || x != x ? x : y)
BFLOAT_LOOP(minimum, x < y || x != x ? x : y)

PyUFuncGenericFunction bfloat_loop(const char *name)
{
#define FIND_LOOP(which) \
    if (strcmp(name, #which) == 0) \
        return bfloat_##which;
    FIND_LOOP(add)
    FIND_LOOP(subtract)
    FIND_LOOP(multiply)
    FIND_LOOP(maximum)
    FIND_LOOP(minimum)
    return NULL;
}

/* Of windows: what is there is an operand. */
static void combine_row(const Step *step, char **at)
{
    char *there[3] = {at[0], at[1], at[0]};
    npy_intp apart[3] = {step->by[0], step->by[1], step->by[0]};
    step->loop(there, &step->n, apart, step->data);
}

/* Where the first `size` elements of a row's stable order are, and, in a third operand, what they are; by insertion: what is behind is
   dropped. Rising, where NaN is last, or falling, where NaN is as -infinity; or the greatest, or the least, first, where NaN is before all.
   Of a long row most elements are behind what has been found: these are looked at by vectors. */
#define ORDER_ROW(name, type, value, second_first, may_be_first) \
    static npy_intp name##_##type##_behind(const type *at, npy_intp n, type x) \
    { \
        npy_intp i = 0; \
        for (int any = 0; i + BLOCK <= n; i += BLOCK) { \
            for (int k = 0; k < BLOCK; k++) { \
                type y = at[i + k]; \
                any |= may_be_first; \
            } \
            if (any) \
                break; \
        } \
        return i; \
    } \
    static void name##_##type(const Step *step, char **at) \
    { \
        type kept[MOST_ORDERED]; \
        npy_int32 order[MOST_ORDERED]; \
        char *in = at[1], *out = at[0]; \
        int found = 0, long_row = step->n >= 4 * BLOCK && step->by[1] == sizeof(type); \
        for (npy_intp i = 0; i < step->n; i++, in += step->by[1]) { \
            if (long_row && found == step->size && i % BLOCK == 0) { \
                npy_intp behind = name##_##type##_behind((type *)in, step->n - i, kept[found - 1]); \
                i += behind; \
                in += behind * sizeof(type); \
                if (i == step->n) \
                    break; \
            } \
            type y = *(type *)in; \
            y = value; \
            type x; \
            if (found == step->size) { \
                x = kept[found - 1]; \
                if (!(second_first)) \
                    continue; \
            } \
            int place = found < step->size ? found++ : found - 1; \
            for (; place > 0; place--) { \
                x = kept[place - 1]; \
                if (!(second_first)) \
                    break; \
                kept[place] = x; \
                order[place] = order[place - 1]; \
            } \
            kept[place] = y; \
            order[place] = (npy_int32)i; \
        } \
        for (int k = 0; k < found; k++, out += step->by[0]) \
            if (step->to == NPY_INT64) \
                *(npy_int64 *)out = order[k]; \
            else \
                *(npy_int32 *)out = order[k]; \
        if (step->operands == 3) \
            for (int k = 0; k < found; k++) \
                *(type *)(at[2] + k * step->by[2]) = kept[k]; \
    }
enum { BLOCK = 16 };
#define ORDER_ROWS(type, value, nan_behind, nan_first) \
    ORDER_ROW(rising, type, y, y < x || nan_behind, (y < x) | nan_behind) \
    ORDER_ROW(falling, type, value, y > x, y > x) \
    ORDER_ROW(greatest, type, y, y > x || nan_first, (y > x) | nan_first) \
    ORDER_ROW(least, type, y, y < x || nan_first, (y < x) | nan_first)
ORDER_ROWS(npy_float, y != y ? -INFINITY : y, ((x != x) & (y == y)), ((y != y) & (x == x)))
ORDER_ROWS(npy_double, y != y ? -INFINITY : y, ((x != x) & (y == y)), ((y != y) & (x == x)))
ORDER_ROWS(npy_int32, y, 0, 0)
ORDER_ROWS(npy_int64, y, 0, 0)

static Row order_of(const Step *step)
{
#define FIND_ORDER(number, type) \
    if (step->from == number) { \
        const Row rows[] = {rising_##type, falling_##type, greatest_##type, least_##type}; \
        return step->leaves_out >= 0 && step->leaves_out < (int)Py_ARRAY_LENGTH(rows) ? rows[step->leaves_out] : NULL; \
    }
    FIND_ORDER(NPY_FLOAT32, npy_float)
    FIND_ORDER(NPY_FLOAT64, npy_double)
    FIND_ORDER(NPY_INT32, npy_int32)
    FIND_ORDER(NPY_INT64, npy_int64)
    return NULL;
}

/* first_places(x, out, order): where the first elements of each row of `x` are, as many as `out` has, in an order of `order_of`. */
PyObject *first_places(PyObject *module, PyObject *args)
{
    PyArrayObject *x, *out;
    int order;
    if (!PyArg_ParseTuple(args, "O!O!i", &PyArray_Type, &x, &PyArray_Type, &out, &order))
        return NULL;
    int last = PyArray_NDIM(x) - 1;
    npy_intp n = last < 0 ? 0 : PyArray_DIM(x, last), wanted = last < 0 || PyArray_NDIM(out) != last + 1 ? 0 : PyArray_DIM(out, last);
    Step step = {.kind = ORDER, .operands = 2, .size = (int)wanted, .from = PyArray_TYPE(x), .to = PyArray_TYPE(out), .leaves_out = order,
                 .n = n, .by = {PyArray_ITEMSIZE(out), PyArray_ITEMSIZE(x)}};
    Row row = order_of(&step);
    npy_intp rows = n == 0 ? 0 : PyArray_SIZE(x) / n;
    if (row == NULL || (step.to != NPY_INT32 && step.to != NPY_INT64) || wanted < 1 || wanted > n || wanted > MOST_ORDERED || n > NPY_MAX_INT32
        || PyArray_SIZE(out) != rows * wanted || !PyArray_ISCARRAY_RO(x) || !PyArray_ISCARRAY(out))
        return PyErr_Format(PyExc_ValueError, "first_places takes rows of numbers, and room for 1 to %d places of each", MOST_ORDERED);
    Py_BEGIN_ALLOW_THREADS
    char *at[] = {PyArray_BYTES(out), PyArray_BYTES(x)};
    for (npy_intp i = 0; i < rows; i++, at[0] += wanted * step.by[0], at[1] += n * step.by[1])
        row(&step, at);
    Py_END_ALLOW_THREADS
    return Py_NewRef(Py_None);
}

/* Runs the rows, or matrices, of the dimensions from `first` on. */
static void run_rows(const Step *step, char **at, int first)
{
    npy_intp place[MAX_RANK] = {0}, apart[MAX_OPERANDS];
    Row row = step->row;
    int operands = step->operands, inner = step->rank - 1 - step->core;
    if (inner < first) {
        row(step, at);
        return;
    }
    npy_intp count = step->dims[inner];
    for (int k = 0; k < operands; k++)
        apart[k] = step->of[k].strides[inner];
    for (;;) {
        for (npy_intp i = 0; i < count; i++) {
            row(step, at);
            for (int k = 0; k < operands; k++)
                at[k] += apart[k];
        }
        int d = inner - 1;
        if (d < first)
            return;
        for (int k = 0; k < operands; k++)
            at[k] -= apart[k] * count;
        for (; d >= first; d--) {
            for (int k = 0; k < operands; k++)
                at[k] += step->of[k].strides[d];
            if (++place[d] < step->dims[d])
                break;
            for (int k = 0; k < operands; k++)
                at[k] -= step->of[k].strides[d] * step->dims[d];
            place[d] = 0;
        }
        if (d < first)
            return;
    }
}

/* One window: where it begins are the numbers `there`. */
static void run_window(const Step *step, char **first, char **there)
{
    char *at[MAX_OPERANDS] = {first[0], first[1], first[2]};
    int inside = 1;
    npy_intp shift = 0;
    for (int k = 0; k < step->positions; k++) {
        const Position *position = &step->position[k];
        npy_int64 start = position->wide ? *(npy_int64 *)there[k] : *(npy_int32 *)there[k];
        npy_int64 nearest = start < 0 ? 0 : start > position->limit ? position->limit : start;
        inside &= start == nearest;
        shift += nearest * position->stride;
    }
    if (inside || !step->leaves_out) {
        at[step->moved] += shift;
        run_rows(step, at, step->batch);
    } else if (step->moved == 1) {
        Step filling = *step;
        Operand of[] = {step->of[0], step->of[2], step->of[2]};
        at[1] = at[2];
        filling.of = of;
        filling.by[1] = step->by[2];
        filling.row = filling.size == 4 ? copy_npy_uint32 : filling.size == 8 ? copy_npy_uint64 : copy_bytes;
        run_rows(&filling, at, step->batch);
    }
}

/* Windows whose places are data: slices, gather, scatter. */
static void run_placed(const Step *step, char **bases)
{
    npy_intp place[MAX_RANK] = {0}, apart[MAX_OPERANDS] = {0}, between[MAX_RANK] = {0};
    char *first[MAX_OPERANDS] = {NULL}, *there[MAX_RANK];
    int inner = step->batch - 1;
    npy_intp count = inner < 0 ? 1 : step->dims[inner];
    for (int k = 0; k < step->operands; k++) {
        first[k] = bases[step->of[k].base] + step->of[k].offset;
        if (inner >= 0)
            apart[k] = step->of[k].strides[inner];
    }
    for (int k = 0; k < step->positions; k++) {
        there[k] = bases[step->position[k].base] + step->position[k].offset;
        if (inner >= 0)
            between[k] = step->position[k].strides[inner];
    }
    for (;;) {
        for (npy_intp i = 0; i < count; i++) {
            run_window(step, first, there);
            for (int k = 0; k < step->operands; k++)
                first[k] += apart[k];
            for (int k = 0; k < step->positions; k++)
                there[k] += between[k];
        }
        for (int k = 0; k < step->operands; k++)
            first[k] -= apart[k] * count;
        for (int k = 0; k < step->positions; k++)
            there[k] -= between[k] * count;
        int d = inner - 1;
        for (; d >= 0; d--) {
            npy_intp by = ++place[d] < step->dims[d] ? 1 : 1 - step->dims[d];
            for (int k = 0; k < step->operands; k++)
                first[k] += step->of[k].strides[d] * by;
            for (int k = 0; k < step->positions; k++)
                there[k] += step->position[k].strides[d] * by;
            if (by == 1)
                break;
            place[d] = 0;
        }
        if (d < 0)
            return;
    }
}

/* Finds the function of a row. -1: there is none. */
int prepare_step(Step *step)
{
    int first = step->kind == PLACED ? step->batch : 0;
    step->core = step->kind < CHOLESKY || step->kind == LAW ? 1 : 2;
    step->n = step->rank > first ? step->dims[step->rank - 1] : 1;
    for (int k = 0; k < step->operands; k++)
        step->by[k] = step->rank > first ? step->of[k].strides[step->rank - 1] : 0;
    switch (step->kind) {
    case LOOP:
        if (step->row == NULL || step->n > SHORT)
            step->row = loop_row;
        break;
    case COPY:
        step->row = copy_of(step);
        if (step->row == copy_dense && step->rank > 1 && step->n * step->size <= 128) {
            step->row = copy_small;
            step->core = 2;
        }
        break;
    case SELECT:
        step->row = step->size == 4 ? select_npy_uint32 : step->size == 8 ? select_npy_uint64 : step->size == 1 ? select_npy_uint8 : select_bytes;
        break;
    case CAST:
        step->cast = cast_of(step->from, step->to);
        step->row = step->cast == NULL ? NULL : cast_row;
        break;
    case PLACED:
        step->row = step->loop == NULL ? copy_of(step) : combine_row;
        break;
    case ORDER:
        step->row = order_of(step);
        break;
    case CHOLESKY:
    case TRIANGULAR:
    case SOLUTION:
    case FACTORS:
        step->row = matrix_row(step);
        break;
    default:
        return 0;
    }
    return step->row == NULL ? -1 : 0;
}

void run_step(const Step *step, char **bases)
{
    char *at[MAX_OPERANDS];
    if (step->kind == PLACED) {
        run_placed(step, bases);
        return;
    }
    for (int k = 0; k < step->operands; k++)
        at[k] = bases[step->of[k].base] + step->of[k].offset;
    if (step->kind == PHILOX) { /* four words, key, counter, offsets */
        uint32_t *words[4] = {(uint32_t *)at[0], (uint32_t *)at[1], (uint32_t *)at[2], (uint32_t *)at[3]};
        philox_blocks((uint32_t *)at[4], (uint32_t *)at[5], (uint64_t *)at[6], step->dims[0], words);
    } else if (step->kind == BOX_MULLER) { /* sines, cosines, two words */
        box_muller32((uint32_t *)at[2], (uint32_t *)at[3], step->dims[0], (float *)at[0], (float *)at[1]);
    } else if (step->kind == LAW) { /* result, key, counter, one parameter or two */
        draw_law((uint32_t *)at[1], (uint32_t *)at[2], (double *)at[3], step->operands == 5 ? (double *)at[4] : NULL, step->dims[0], (double *)at[0]);
    } else if (step->kind == PRODUCT) { /* result [m, p], [m, n], [n, p] */
        const npy_intp *out = step->of[0].strides, *x = step->of[1].strides, *y = step->of[2].strides;
        npy_intp dims[4] = {1, step->dims[0], step->dims[1], step->dims[2]}, steps[9] = {0, 0, 0, x[0], x[1], y[0], y[1], out[0], out[1]};
        char *args[3] = {at[1], at[2], at[0]};
        step->loop(args, dims, steps, step->data);
    } else
        run_rows(step, at, 0);
}
