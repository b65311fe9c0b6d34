"""Programs over AutoGraph: which statements it converts, what it refuses (see `function_programs`)."""

import contextlib
import dataclasses
import functools
import io
import re

from oracle.function_flow import both, recorded
from oracle.function_programs import Pair, plain

SCALE = 10


def said(call, *args, **kwargs):
    """What a call gives, or the type of its error and its text without the way through the user's code."""
    try:
        return plain(call(*args, **kwargs))
    except Exception as error:  # noqa: BLE001 - type and text are what is compared
        if hasattr(error, "error_code"):  # what an op reports: the rest is about TensorFlow's nodes
            return type(error).__name__
        lines = [re.sub("id=[0-9]+", "id", line.strip()) for line in str(error).splitlines() if line.strip()]
        if lines and lines[0] == "in user code:":
            lines = [line for line in lines if not line.startswith(("File ", "in user code"))]
        text = re.sub(r'Tensor\("[^"]*"', 'Tensor("..."', lines[-1] if lines else "")
        text = re.sub(r"Loop var \S+|\S+ type should", "...", text)
        if not re.search("[a-z]{3}", text):  # the structure that was drawn under the text
            text = ""
        return f"{type(error).__name__}: {text[:160]}"


def each(wrap, functions, *numbers):
    """The results of functions of one number."""
    return [[said(wrap(f), n) for n in numbers] for f in functions]


@both
def comprehensions(tf, wrap):
    def over_tensor(x):
        return tf.add_n([row * 2 for row in x])

    def over_python(x):
        return [x[0] * i for i in range(3)], {i: x[1] + i for i in range(2)}, tuple(x[i] for i in (1, 0))

    def with_test(x):
        return [x[0] * i for i in range(4) if i % 2]

    def nested(x):
        return [[x[0] + i * j for i in range(2)] for j in range(2)]

    return [said(wrap(f), tf.constant([1, 2])) for f in (over_python, with_test, nested)] + (
        [said(wrap(over_tensor), tf.constant([1, 2]))] if wrap is tf.function else [])  # fmt: skip


@both
def generators_and_context_managers(tf, wrap):
    log = []

    @contextlib.contextmanager
    def noted(name):
        log.append(f"enter {name}")
        try:
            yield name
        finally:
            log.append(f"leave {name}")

    def numbers(x):
        for i in range(3):
            yield x * i

    def consumes(x):
        return sum(numbers(x))

    def within(x):
        with noted("a") as a, noted("b"):
            if x > 0:
                x = x * len(a)
        return x

    def stacked(x):
        with contextlib.ExitStack() as stack:
            stack.enter_context(noted("c"))
            while x < 5:
                x += 2
        return x

    one = tf.constant(1)
    return [said(wrap(consumes), one), said(wrap(within), one), said(wrap(stacked), one), log]


@recorded
def generator_as_function(tf, wrap):
    def numbers(x):
        for i in range(3):
            if x > 0:
                yield x * i

    return said(wrap(numbers), tf.constant(1))


@both
def exceptions(tf, wrap):
    def caught(x):
        try:
            if x > 0:
                y = x + 1
            else:
                y = x - 1
            raise KeyError("a")
        except KeyError as error:
            return y, str(error)
        finally:
            log.append("finally")

    def otherwise(x):
        try:
            y = {"a": x}["a"]
        except KeyError:
            y = x * 0
        else:
            y = y * 2
        return y

    def raised(x):
        if x.shape.rank == 0:
            raise ValueError("no scalars, please")
        return x

    class Own(Exception):
        def __init__(self, a, b):
            super().__init__(f"{a} and {b}")

    def own_error(x):
        raise Own(1, 2)

    def key_error(x):
        return {}["missing"]

    def stop(x):
        raise StopIteration("end")

    def not_implemented(x):
        raise NotImplementedError("later")

    def division(x):
        return x + 1 // 0

    def attribute(x):
        return x.nothing_like_that

    log = []
    functions = [caught, otherwise, raised, own_error, key_error, not_implemented, division]
    return [*each(wrap, functions, tf.constant(1)), log]


@recorded
def raise_in_branches(tf, wrap):
    def one_side(x):
        if x > 0:
            raise ValueError("positive")
        return x

    def assertion(x):
        assert x.dtype == tf.int32, "wanted int32"
        assert x.shape.rank == 1, f"wanted a vector, got rank {x.shape.rank}"
        return x

    return each(wrap, [one_side, assertion], tf.constant(1), tf.constant(-1))


@both
def nested_functions(tf, wrap):
    def closures(x):
        factor = 3

        def inner(y):
            if y > 0:
                return y * factor
            return y - factor

        return inner(x), inner(-x)

    def rebinding(x):
        count = 0

        def add():
            nonlocal count
            count += 1

        for _ in range(3):
            add()
        return x + count

    def lambdas(x):
        f = lambda y: y * 2 if y > 0 else -y  # noqa: E731
        return f(x), (lambda a, b=4: a + b)(x)

    def higher(x):
        return list(map(lambda y: y + 1 if y > 1 else y, [x, x + 1])), functools.reduce(lambda a, b: a + b, [x, x, x])  # noqa: C417

    def factorial(n, depth=5):
        if depth == 0:
            return n
        return depth * factorial(n, depth - 1)

    def stars(x):
        def total(first, *rest, **named):
            for r in rest:
                first = first + r
            for k in sorted(named):
                first = first * named[k]
            return first

        return total(x), total(x, 1, 2), total(*[x, x], a=2), total(x, b=3)

    numbers = tf.constant(1), tf.constant(-2)
    return each(wrap, [closures, rebinding, lambdas, higher, factorial, stars], *numbers)


@both
def globals_and_nonlocals(tf, wrap):
    global SCALE
    SCALE = 10
    state = 0

    def changes_global(x):
        global SCALE
        SCALE = SCALE + 1
        return x * SCALE

    def changes_nonlocal(x):
        nonlocal state
        state = state + 1
        if x > 0:
            y = x + state
        else:
            y = x - state
        return y

    f, g = wrap(changes_global), wrap(changes_nonlocal)
    found = [said(f, tf.constant(1)), said(f, tf.constant(2)), said(g, tf.constant(1)), said(g, tf.constant(-1))]
    return [*found, SCALE > 10, state > 0]


@recorded
def nonlocal_in_staged_code(tf, wrap):
    total = 0

    def f(x):
        nonlocal total
        total = tf.constant(0)
        for i in tf.range(3):
            total += i
        result = total
        total = 0
        return result + x

    def g(x):
        nonlocal total
        if x > 0:
            total = x
        else:
            total = -x
        return total + 1

    found = [said(wrap(f), tf.constant(1)), said(wrap(g), tf.constant(-4))]
    total = 0
    return found


def doubled(function):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs) * 2

    return wrapper


def with_factor(factor):
    def decorate(function):
        @functools.wraps(function)
        def wrapper(x):
            if x > 100:
                return x
            return function(x) * factor

        return wrapper

    return decorate


@both
def decorators(tf, wrap):
    @doubled
    def simple(x):
        if x > 0:
            return x
        return -x

    @with_factor(3)
    @doubled
    def stacked(x):
        if x > 0:
            return x
        return -x

    def calls(x):
        return simple(x) + stacked(x)

    return each(wrap, [simple, stacked, calls], tf.constant(1), tf.constant(-2), tf.constant(200))


@both
def classes(tf, wrap):
    class Base:
        bias = 1

        def __init__(self, k):
            self.k = k
            self.history = []

        @property
        def doubled(self):
            return self.k * 2

        @staticmethod
        def clipped(x):
            if x > 5:
                return x * 0 + 5
            return x

        @classmethod
        def biased(cls, x):
            if x > 0:
                return x + cls.bias
            return x - cls.bias

        def step(self, x):
            while x < 3:
                x += self.k
            return x

        def __call__(self, x):
            return self.step(x) + self.clipped(x)

    class Derived(Base):
        bias = 7

        def step(self, x):
            y = super().step(x) + self.doubled - self.doubled
            if y > 3:
                y = y * 10
            return y

        def state(self, x):
            self.last = x
            if x > 0:
                self.last = x * 2
            for i in tf.range(3):
                self.last += i
            result = self.last
            self.last = None
            return result

    b, d = Base(tf.constant(2)), Derived(tf.constant(-3) * 0 + 1)
    numbers = tf.constant(1), tf.constant(-2)
    functions = [b.step, d.step, b, d, b.clipped, Base.clipped, d.biased, Derived.biased, d.state]
    return each(wrap, functions, *numbers)


@both
def expressions(tf, wrap):
    def ternary(x):
        return (x if x > 0 else -x) + (1 if True else 2), x * 2 if x > 5 else (x * 3 if x > 0 else x * 4)

    def chained(x):
        return 0 < x < 5, 0 < x <= 1 or x == 7, not x > 0, x > 0 and x < 5 and x != 2

    def equality(x):
        return x == 1, x != 1, 1 == x

    def membership(x):
        return x.shape.rank in (0, 1), None is None

    def slices(x):
        y = tf.stack([x, x + 1, x + 2])
        return y[0], y[-1], y[1:], y[::2], y[tf.constant(1)]

    def augmented(x):
        y = x
        y += 1
        y *= 2
        y -= 3
        y **= 2
        y //= 2
        y %= 7
        return y

    def unpacked(x):
        a, (b, *c) = x, (x + 1, x + 2, x + 3)
        return a, b, c

    def deleted(x):
        y = x + 1
        z = {"a": y, "b": x}
        del z["a"]
        del y
        return z

    def formatted(x):
        text = f"{x.dtype.name} {x.shape} {1 + 1:03d}"
        return x if text == "int32 () 002" else x * 100

    functions = [ternary, chained, equality, membership, slices, augmented, unpacked, deleted, formatted]
    return each(wrap, functions, tf.constant(1), tf.constant(-2))


@recorded
def refused_statements(tf, wrap):
    def while_else(x):
        while x < 3:
            x += 1
        else:
            x += 100
        return x

    def deleted(x):
        if x > 0:
            y = x
            del y
        return x

    return each(wrap, [while_else, deleted], tf.constant(1), tf.constant(-2))


@both
def printing(tf, wrap):
    out = io.StringIO()

    def python_print(x):
        print("python", 1 + 1)
        return x

    f = wrap(python_print)
    with contextlib.redirect_stdout(out):
        f(tf.constant(1))
    return out.getvalue()


@both
def loop_state(tf, wrap):
    def dictionary(x):
        d = {"a": x, "b": x * 2}
        for i in tf.range(3):
            d = {"a": d["a"] + i, "b": d["b"] - d["a"]}
        return d

    def mutated(x):
        d = {"a": x}
        for i in tf.range(3):
            d["a"] += i
        return d

    def tuples(x):
        t = (x, (x + 1, x + 2))
        while t[0] < 5:
            t = (t[0] + 1, (t[1][0] * 2, t[1][1] - 1))
        return t

    def named(x):
        p = Pair(x, x + 1)
        for i in tf.range(2):
            p = Pair(p.b + i, p.a)
        return p

    def lists(x):
        items = [x, x + 1]
        for i in tf.range(3):
            items = [items[1], items[0] + i]
        return items

    def attributes(x):
        @dataclasses.dataclass
        class Box:
            value: object

        box = Box(x)
        for i in tf.range(3):
            box.value = box.value + i
        return box.value

    def elements(x):
        values = [x, x]
        i = 0
        for v in tf.range(4):
            values[i] = values[i] + v
        return values

    def python_number(x):
        n = 0
        f = 1.0
        for _ in tf.range(3):
            n += 1
            f = f * 2.0
        return n, f, x

    def iterated(x):
        for i in tf.range(4):
            j = i * x
        return i, j

    def nested(x):
        total = tf.constant(0)
        for i in tf.range(3):
            for j in tf.range(i + 1):
                if (i + j) % 2 == 0:
                    total += i * j + x
                else:
                    continue
            if total > 100:
                break
        return total

    def mixed(x):
        total = x
        for i in range(2):
            for j in tf.range(2):
                total += i + j
            while total > 50:
                total -= 10
        return total

    def zipped(x):
        total = x
        for a, b in zip([1, 2], [x, x + 1], strict=True):
            total += a * b
        for k, v in {"a": x, "b": 2}.items():
            total += len(k) * v
        for i, v in enumerate([x, x]):
            total += i * v
        return total

    functions = [
        dictionary,
        mutated,
        tuples,
        named,
        lists,
        attributes,
        elements,
        python_number,
        iterated,
        nested,
        mixed,
        zipped,
    ]
    return each(wrap, functions, tf.constant(1), tf.constant(3))


@both
def iteration_over_tensors(tf, wrap):
    def rows(x):
        total = tf.zeros([2], tf.int32)
        for row in x:
            total += row
        return total

    def stepped(x):
        total = 0
        for i in tf.range(10, 0, -3):
            total = total * 10 + i
        return total + x[0, 0]

    def bounded(x):
        total = 0
        for i in tf.range(x[0, 0], x[0, 0] + 7, 2):
            total += i
        return total

    def python_range(x):
        total = 0
        for i in range(x[1, 1]):
            total += i
        return total

    def floats(x):
        total = 0.0
        for i in tf.range(0.0, 1.0, 0.25):
            total += i
        return total

    def pairs(x):
        total = 0
        for a, b in x:
            total += a * b
        return total

    def empty(x):
        total = 5
        for _ in x[:0]:
            total += 1
        return total

    def backwards(x):
        total = 0
        for i in tf.range(3):
            total = total * 10 + x[2 - i, 0]
        return total

    x = tf.constant([[1, 2], [3, 4], [5, 6]])
    functions = [rows, stepped, bounded, python_range, floats, pairs, empty, backwards]
    return each(wrap, functions, x)
