"""Programs over strings in functions (see `function_programs`)."""

from oracle.function_programs import plain, program, seen


@program
def strings_that_are_known(tf):
    @tf.function
    def constants(x):
        return tf.constant("a"), tf.constant(["b", "c"]), x + 1.0

    @tf.function
    def python(x):
        return "a", [b"b", "c"], x

    @tf.function
    def compared(x):
        return tf.equal(tf.constant(["a", "b"]), "a"), tf.constant("a") == tf.constant("b"), tf.not_equal(["a"], ["b"])

    @tf.function
    def chosen(x):
        return tf.where([True, False], ["a", "b"], ["c", "d"]), tf.gather(["a", "b", "c"], [2, 0]), tf.constant(["a", "b"])[1]

    @tf.function
    def shaped(x):
        s = tf.constant(["a", "b", "c", "d"])
        return tf.reshape(s, [2, 2]), tf.concat([s, s[:1]], 0), tf.stack(["a", "b"]), tf.shape(s), tf.size(s), tf.tile(s[:1], [2])

    @tf.function
    def text(x):
        return tf.as_string(3), tf.as_string([1.5, 2.0])

    return [seen(f, tf.constant(1.0)) for f in (constants, python, compared, chosen, shaped, text)]


@program
def strings_as_arguments(tf):
    @tf.function
    def passed(s):
        return s

    @tf.function
    def compared(s):
        return tf.equal(s, "a"), s == "b", s != "a"

    @tf.function
    def gathered(s):
        return tf.gather(s, [1, 0]), s[0], s[::-1], tf.reverse(s, [0])

    @tf.function
    def joined(s):
        return tf.concat([s, ["z"]], 0), tf.stack([s, s]), tf.reshape(s, [2, 1]), tf.expand_dims(s, 0), tf.shape(s), tf.identity(s)

    @tf.function
    def used(s, x):
        if tf.equal(s[0], "a"):
            return x * 2.0
        return x

    two, other = tf.constant(["a", "b"]), tf.constant(["c", "d"])
    found = [seen(f, t) for f in (passed, compared, gathered, joined) for t in (two, other)]
    found += [seen(used, t, tf.constant(3.0)) for t in (two, other)]
    return [*found, seen(passed, tf.constant(["c", "d", "e"])), passed.experimental_get_tracing_count(),
            seen(passed, "text"), seen(passed, "other"), passed.experimental_get_tracing_count()]  # fmt: skip


@program
def strings_of_numbers(tf):
    @tf.function
    def text(x):
        return tf.as_string(x), tf.as_string(x * 2.0, precision=2)

    @tf.function
    def whole(n):
        return tf.as_string(n), tf.as_string(n > 1)

    @tf.function
    def compared(n):
        return tf.equal(tf.as_string(n), "2")

    return [seen(text, tf.constant([1.5, -2.0])), seen(text, tf.constant([0.25, 7.0])), seen(whole, tf.constant([1, 2])),
            seen(compared, tf.constant([1, 2]))]  # fmt: skip


@program
def strings_in_branches(tf):
    @tf.function
    def branch(x):
        if x > 0.0:
            s = tf.constant("positive")
        else:
            s = tf.constant("negative")
        return s

    @tf.function
    def conditional(x):
        return tf.cond(x > 0.0, lambda: "a", lambda: "b")

    @tf.function
    def cased(n):
        return tf.switch_case(n, [lambda: tf.constant(["a"]), lambda: tf.constant(["b"])])

    @tf.function
    def looked_up(n):
        return tf.gather(["zero", "one", "two"], n)

    @tf.function
    def selected(x):
        return tf.where(x > 0.0, "yes", "no")

    @tf.function
    def looped(x):
        s = tf.constant("")
        for i in tf.range(3):
            if x > tf.cast(i, tf.float32):
                s = tf.as_string(i)
        return s

    floats, numbers = [tf.constant(1.5), tf.constant(-1.0)], [tf.constant(0), tf.constant(1)]
    found = [[seen(f, t) for t in floats] for f in (branch, conditional, selected, looped)]
    return [*found, *[[seen(f, t) for t in numbers] for f in (cased, looked_up)]]


@program
def strings_in_variables(tf):
    v = tf.Variable("start")

    @tf.function
    def read(x):
        return v.read_value(), x

    @tf.function
    def written(s):
        v.assign(s)
        return v.read_value()

    return [seen(read, tf.constant(1.0)), seen(written, tf.constant("next")), plain(v), seen(read, tf.constant(1.0))]


@program
def strings_printed(tf):
    import os
    import tempfile

    path = os.path.join(tempfile.mkdtemp(), "printed")

    @tf.function
    def f(s, x):
        tf.print("text", s, x, tf.constant(["a", "b"]), output_stream="file://" + path)
        tf.print(tf.as_string(x), tf.equal(s, "a"), output_stream="file://" + path)
        return x

    found = [seen(f, tf.constant("a"), tf.constant(1.0)), seen(f, tf.constant("b"), tf.constant(2.0))]
    with open(path, encoding="utf-8") as file:
        return [*found, file.read()]


@program
def strings_and_python_functions(tf):
    def upper(s):
        return s.numpy().upper() if hasattr(s, "numpy") else s.upper()

    @tf.function
    def f(s):
        return tf.py_function(upper, [s], tf.string)

    @tf.function
    def h(x):
        return tf.py_function(lambda t: str(float(t)), [x], tf.string)

    return [seen(f, tf.constant("abc")), seen(f, tf.constant("xyz")), seen(h, tf.constant(1.5))]


@program
def strings_and_gradients(tf):
    @tf.function
    def f(s, x):
        return s, x * x

    x = tf.constant(3.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        s, y = f(tf.constant("a"), x)
    g = tape.gradient(y, x)

    @tf.function
    def chosen(s, x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = x * x if tf.equal(s, "square") else x * 3.0
        return tape.gradient(y, x)

    return [plain(s), plain(y), plain(g), seen(chosen, tf.constant("square"), x), seen(chosen, tf.constant("line"), x)]


@program
def strings_of_signatures(tf):
    @tf.function(input_signature=[tf.TensorSpec([None], tf.string), tf.TensorSpec([], tf.float32)])
    def f(s, x):
        return tf.size(s), s[0], x

    return [seen(f, tf.constant(["a", "b"]), 1.0), seen(f, ["a"], 2.0), seen(f, [1], 2.0), f.experimental_get_tracing_count()]


@program
def strings_asserted(tf):
    @tf.function
    def f(s):
        tf.debugging.assert_equal(s, "a")
        return tf.constant(1)

    @tf.function
    def g(x):
        tf.debugging.assert_greater(x, 0.0, message="text")
        tf.Assert(x > 1.0, ["value", x])
        return x

    return [seen(f, tf.constant("a")), seen(f, tf.constant("b")), seen(g, tf.constant(2.0)), seen(g, tf.constant(0.5)),
            seen(g, tf.constant(-0.5))]  # fmt: skip
