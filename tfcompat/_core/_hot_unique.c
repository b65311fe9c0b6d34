/* The different elements of a vector, by a table of those that have come. */

#include "_hot_plan.h"

enum { IN_CACHE = 14, AHEAD = 12 };

typedef struct {
    npy_uint64 key;
    npy_int64 number; /* counted from 1; 0: the entry is free */
} Entry;

typedef struct {
    Entry *entries;
    int bits; /* there are two to this power of them */
    npy_int64 count;
} Table;

static npy_uint64 place_of(const Table *table, npy_uint64 key)
{
    return key * 0x9E3779B97F4A7C15u >> (64 - table->bits);
}

static Entry *entry_of(const Table *table, npy_uint64 key)
{
    npy_uint64 mask = ((npy_uint64)1 << table->bits) - 1, at = place_of(table, key);
    while (table->entries[at].number && table->entries[at].key != key)
        at = (at + 1) & mask;
    return table->entries + at;
}

static int enlarge(Table *table, int bits)
{
    Table larger = {calloc((size_t)1 << bits, sizeof(Entry)), bits, table->count};
    if (larger.entries == NULL)
        return 0;
    if (table->entries != NULL)
        for (npy_int64 i = 0; i < (npy_int64)1 << table->bits; i++)
            if (table->entries[i].number)
                *entry_of(&larger, table->entries[i].key) = table->entries[i];
    free(table->entries);
    *table = larger;
    return 1;
}

static npy_uint64 bits_of(double y)
{
    npy_uint64 bits;
    y += 0.0; /* -0.0 + 0.0 is 0.0 */
    memcpy(&bits, &y, sizeof y);
    return bits;
}

/* For each element which of the different ones it is, and where each of these is first; how many there are, or -1: no memory.
   NaN differs from itself, so it has no entry. */
#define NUMBER(type, index, key_of) \
    static npy_int64 number_##type##_##index(const type *x, npy_intp n, index *numbers, npy_int64 *first, index *counts) \
    { \
        Table table = {NULL, 0, 0}; \
        if (!enlarge(&table, 10)) \
            return -1; \
        npy_int64 found = 0; \
        for (npy_intp i = 0; i < n; i++) { \
            if (table.bits > IN_CACHE && i + AHEAD < n) \
                NPY_PREFETCH(table.entries + place_of(&table, key_of(x[i + AHEAD])), 0, 1); \
            type y = x[i]; \
            if (y == y) { \
                npy_uint64 key = key_of(y); \
                Entry *entry = entry_of(&table, key); \
                if (entry->number) { \
                    numbers[i] = (index)(entry->number - 1); \
                    if (counts != NULL) \
                        counts[entry->number - 1]++; \
                    continue; \
                } \
                *entry = (Entry){key, found + 1}; \
                if (++table.count * 2 > (npy_int64)1 << table.bits && !enlarge(&table, table.bits + 2)) { \
                    free(table.entries); \
                    return -1; \
                } \
            } \
            first[found] = i; \
            if (counts != NULL) \
                counts[found] = 1; \
            numbers[i] = (index)found++; \
        } \
        free(table.entries); \
        return found; \
    }
#define NUMBERS(type, key_of) NUMBER(type, npy_int32, key_of) NUMBER(type, npy_int64, key_of)
NUMBERS(npy_uint8, (npy_uint64))
NUMBERS(npy_uint16, (npy_uint64))
NUMBERS(npy_uint32, (npy_uint64))
NUMBERS(npy_uint64, (npy_uint64))
NUMBERS(npy_float, bits_of)
NUMBERS(npy_double, bits_of)

/* unique_numbers(x, numbers, first, [counts]) -> count, of contiguous vectors: see above, and how often each of them occurs. */
PyObject *unique_numbers(PyObject *module, PyObject *args)
{
    PyArrayObject *x, *numbers, *first, *counts = NULL;
    if (!PyArg_ParseTuple(args, "O!O!O!|O!", &PyArray_Type, &x, &PyArray_Type, &numbers, &PyArray_Type, &first, &PyArray_Type, &counts))
        return NULL;
    npy_intp n = PyArray_SIZE(x), size = PyArray_ITEMSIZE(x);
    int real = PyArray_ISFLOAT(x), to = PyArray_TYPE(numbers), fits = PyArray_ISCARRAY_RO(x) && PyArray_TYPE(first) == NPY_INT64;
    PyArrayObject *written[] = {numbers, first, counts};
    for (int k = 0; k < 3; k++)
        fits = fits && (written[k] == NULL || (PyArray_SIZE(written[k]) == n && PyArray_ISCARRAY(written[k])));
    if (!fits || (to != NPY_INT32 && to != NPY_INT64) || (counts != NULL && PyArray_TYPE(counts) != to)
        || !(PyArray_ISINTEGER(x) || PyArray_ISBOOL(x) || (real && (size == 4 || size == 8))))
        return PyErr_Format(PyExc_ValueError, "unique_numbers takes contiguous vectors of integers, float32 or float64, and room for as many");
    npy_int64 found = -1, *places = PyArray_DATA(first);
    const void *from = PyArray_DATA(x);
    void *into = PyArray_DATA(numbers), *often = counts == NULL ? NULL : PyArray_DATA(counts);
    Py_BEGIN_ALLOW_THREADS
#define FIND(type) \
    found = to == NPY_INT64 ? number_##type##_npy_int64(from, n, into, places, often) : number_##type##_npy_int32(from, n, into, places, often)
    if (real && size == 4)
        FIND(npy_float);
    else if (real)
        FIND(npy_double);
    else if (size == 1)
        FIND(npy_uint8);
    else if (size == 2)
        FIND(npy_uint16);
    else if (size == 4)
        FIND(npy_uint32);
    else
        FIND(npy_uint64);
    Py_END_ALLOW_THREADS
    return found < 0 ? PyErr_NoMemory() : PyLong_FromLongLong(found);
}
