"""Programs over AutoGraph: jumps, and what branches and loops refuse (see `function_programs`)."""

import tempfile

import numpy as np

from oracle.function_flow import recorded
from oracle.function_statements import each, said


@recorded
def jumps(tf, wrap):
    def return_in_while(x):
        while x < 10:
            x += 1
            if x == 5:
                return x * 100
        return x

    def return_in_for(x):
        for i in tf.range(10):
            if i == x:
                return i * 100
        return x

    def return_in_python_loop(x):
        for i in range(3):
            if i == 1:
                return x * i
        return x

    def break_in_while(x):
        while True:
            x += 1
            if x > 5:
                break
        return x

    def break_outer(x):
        for i in tf.range(4):
            for j in tf.range(4):
                if i * j > 3:
                    break
                x += 1
            if x > 12:
                break
        return x

    def continue_in_while(x):
        n = 0
        while n < 6:
            n += 1
            if n % 2 == 0:
                continue
            x += n
        return x

    def no_return(x):
        if x > 0:
            return x

    def both_return(x):
        if x > 0:
            return x, {"a": x}
        else:
            return -x, {"a": x * 2}

    def return_none(x):
        if x > 0:
            return None
        else:
            return None

    def different_structures(x):
        if x > 0:
            return x, x
        else:
            return x

    def late_return(x):
        if x > 100:
            return x
        x = x + 1
        if x > 1:
            return x * 2
        return x * 3

    functions = [return_in_while, return_in_for, return_in_python_loop, break_in_while, break_outer, continue_in_while,
                 no_return, both_return, return_none, different_structures, late_return]  # fmt: skip
    return each(wrap, functions, tf.constant(1), tf.constant(2))


@recorded
def loop_errors(tf, wrap):
    def dtype_changes(x):
        y = 1
        while x < 3:
            x += 1
            y = tf.constant(1.5)
        return y

    def shape_changes(x):
        y = tf.ones([1])
        while x < 3:
            x += 1
            y = tf.concat([y, y], 0)
        return y

    def structure_changes(x):
        y = (x, x)
        while x < 3:
            x += 1
            y = (x, x, x)
        return y

    def becomes_none(x):
        while x < 3:
            x += 1
        return x

    def starts_none(x):
        y = None
        while x < 3:
            x += 1
            y = x
        return y

    def string_state(x):
        while x < 3:
            x += 1
        return x

    def object_state(x):
        object()
        while x < 3:
            x += 1
            object()
        return x

    def undefined_after(x):
        while x < 3:
            x += 1
            y = x
        return y

    def undefined_in_for(x):
        for i in tf.range(x):
            y = i
        return y

    def vector_test(x):
        y = tf.stack([x, x])
        while y < 3:
            y += 1
        return y

    def test_changes(x):
        n = 0
        while n < 3:
            n = n + x
        return n

    def appended(x):
        items = []
        for i in tf.range(3):
            items.append(x + i)
        return items

    def leaked(x):
        kept = []
        for i in tf.range(3):
            kept.append(i)
        try:
            return kept[0] + x
        except ValueError as error:
            return len(type(error).__name__)

    functions = [dtype_changes, shape_changes, structure_changes, becomes_none, starts_none, string_state, object_state,
                 undefined_after, undefined_in_for, vector_test, test_changes, leaked]  # fmt: skip
    return each(wrap, functions, tf.constant(1), tf.constant(0))


@recorded
def branch_errors(tf, wrap):
    def undefined(x):
        if x > 0:
            y = x
        return y

    def undefined_used_later(x):
        if x > 0:
            pass
        else:
            pass
        return x

    def dtypes(x):
        if x > 0:
            y = 1
        else:
            y = 2.5
        return y

    def shapes(x):
        if x > 0:
            y = tf.ones([1])
        else:
            y = tf.ones([2])
        return tf.reduce_sum(y)

    def none(x):
        y = None
        if x > 0:
            y = x
        return y

    def objects(x):
        if x > 0:
            y = "a"
        else:
            y = "b"
        return y

    def same_objects(x):
        if x > 0:
            y, mode = x, "same"
        else:
            y, mode = -x, "same"
        return y if mode == "same" else x

    def different_objects(x):
        if x > 0:
            object()
        else:
            object()
        return x

    def vector(x):
        if tf.stack([x, x]) > 0:
            return x
        return -x

    def number(x):
        if x:
            return x
        return x - 1

    def floating(x):
        if tf.cast(x, tf.float32):
            return x
        return x - 1

    def lists(x):
        if x > 0:
            y = [x, x]
        else:
            y = [x]
        return y

    def mutated(x):
        items = []
        if x > 0:
            items.append(x)
        else:
            items.append(-x)
        return items[0]

    functions = [
        undefined,
        undefined_used_later,
        dtypes,
        shapes,
        none,
        objects,
        same_objects,
        different_objects,
        vector,
        number,
        floating,
        lists,
    ]
    return each(wrap, functions, tf.constant(1), tf.constant(-2))


@recorded
def error_texts(tf, wrap):
    """Whole texts of errors, with the lines of the user's code."""

    def inner(x):
        raise ValueError(f"{x.shape} is wrong")

    @tf.function
    def outer(x):
        if x[0] > 0:
            x = inner(x)
        return x

    @tf.function
    def raising(x):
        for _ in tf.range(3):
            raise ValueError("wrong")
        return x

    @tf.function
    def iterates(x):
        for v in x[0]:
            x += v
        return x

    found = []
    for f in (outer, raising):
        try:
            f(tf.constant([1.0, 2.0]))
        except Exception as error:  # noqa: BLE001 - the text is what is compared
            lines = str(error).splitlines()
            found.append(
                [type(error).__name__] + [line.rpartition(", ")[2] if "File" in line else line for line in lines]
            )
    return [*found, said(iterates, tf.constant([1.0]))[:60]]


@recorded
def texts_of_signatures(tf, wrap):
    def stars(x, y=1, *args, k=1, **others):
        return x * k

    def plain(x, y=2, **others):
        return x

    f, g = wrap(stars), wrap(plain)
    x = tf.constant([1.0, 2.0])
    f(x), f(x, 2, 3, k=tf.constant(2.0), z=x), g(x, y=4, z=5)
    called = g.get_concrete_function(tf.TensorSpec([2]), y=2)
    wrong = [lambda: called(x, y=3), lambda: called(), lambda: called(x, 2, 3)]
    return [f.pretty_printed_concrete_signatures(), g.pretty_printed_concrete_signatures(), *map(said, wrong)]


@recorded
def texts_of_signatures_that_do_not_fit(tf, wrap):
    def named(x, *, scale, bias=1.0):
        return x * scale + bias

    def stars(x, y=2, *args, k=None, **more):
        return x

    f, g = wrap(named), wrap(stars)
    x = tf.constant(1.0)
    found = []
    for call in (lambda: f(x), lambda: f(x, 2), lambda: g(), lambda: g(x, x=x)):
        try:
            found.append(call())
        except TypeError as error:
            found.append(str(error).rsplit(" for signature: ")[-1])
    return found


@recorded
def printed_values(tf, wrap):
    values = [np.array([1.5, 2.0]), np.float32(2.5), {"b": np.ones(2), "a": 1}, [np.int64(3), None], list(range(40)), "it's", 0.1]

    def show(x, path):
        tf.print(*values, x, [x, "a"], {"x": x, "n": (np.int64(1), 2)}, output_stream=path)

    found = []
    for call in (show, wrap(show)):
        with tempfile.NamedTemporaryFile("r") as file:
            call(tf.constant([1.0, 2.5]), f"file://{file.name}")
            found.append(file.read())
    return found
