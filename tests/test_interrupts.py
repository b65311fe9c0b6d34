"""Ctrl-C at any point of recording and running leaves variables, pending work and later code in order."""

import pytest
from processes import run_code

pytestmark = pytest.mark.own_mode

_PRELUDE = """
    import signal, sys
    signal.signal(signal.SIGINT, signal.default_int_handler)  # it is ignored in what a shell starts in the background
    import numpy as np
    import tfcompat as tf
    from tfcompat import debug

    class At:
        '''Raises SIGINT at the n-th call or return of C code in tfcompat's own code.'''

        def __init__(self, n):
            self.n, self.seen = n, 0

        def __call__(self, frame, event, arg):
            name = frame.f_code.co_filename
            if event not in ("call", "c_return") or "tfcompat" not in name or getattr(arg, "__name__", "") == "append":
                return  # specialised code appends to lists without looking for signals
            self.seen += 1
            if self.seen == self.n:
                sys.setprofile(None)
                signal.raise_signal(signal.SIGINT)

        def run(self, function):
            sys.setprofile(self)
            try:
                function()
            except KeyboardInterrupt:
                return True
            finally:
                sys.setprofile(None)
            return False
"""


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("mode", ["deferred", "compiled", "sync"])
def test_at_any_point(mode):
    out = run_code(_PRELUDE + f"""
    v, w = tf.Variable(np.zeros(64, np.float32)), tf.Variable(np.zeros(40, np.float32))

    def step():
        y = v * 1.0 + 1.0
        v.assign(y)
        w.assign_add(tf.fill(tf.constant([40]), 1.0))  # Python code, not a call by form
        float(tf.reduce_sum(w) + tf.reduce_sum(v))

    with debug.mode({mode!r}):
        for _ in range(4):
            step()
        probe = At(-1)
        probe.run(step)
        raised, reached, total = 0, 0, probe.seen  # there are fewer points later, when what is known runs in C
        assert total > 50, total
        for n in range(1, total + 10):
            before = float(v[0])
            at = At(n)
            raised += at.run(step)
            reached += at.seen == n
            a, b = v.numpy(), w.numpy()
            assert (a == a[0]).all() and (b == b[0]).all(), (n, a, b)
            assert before <= b[0] <= a[0] <= before + 1, (n, before, a[0], b[0])  # v is written first
            w.assign(v[:40])
            step()
            assert v.numpy()[5] == w.numpy()[5] == a[0] + 1, n
    print(raised > reached // 2 > 10)
    """)
    assert out == "True\n"


def test_a_run_is_finished_first():
    out = run_code(_PRELUDE + """
    from tfcompat._core import program

    v = tf.Variable(np.ones(64, np.float32))

    def interrupted(times, compiled):
        real = program.failures.call if compiled else program.interpret

        def stub(*args):
            for _ in range(times):
                signal.raise_signal(signal.SIGINT)
            return real(*args)

        if compiled:
            program.failures.call = stub
        else:
            program.interpret = stub
        try:
            v.assign(v * 2.0)
            debug.flush()
        except KeyboardInterrupt:
            return True
        finally:
            if compiled:
                program.failures.call = real
            else:
                program.interpret = real

    for mode, times in (("interpreted", 1), ("compiled", 1), ("interpreted", 2)):
        with debug.mode(mode):
            v.assign(v * 1.0)
            debug.flush()
            assert interrupted(times, mode == "compiled")
            pending = v._cell._tensor._value is None
            print(mode, times, pending, v.numpy()[0])
    """)
    # A second Ctrl-C stops the interpreter; what it had not computed yet is computed when it is read.
    assert out.splitlines() == ["interpreted 1 False 2.0", "compiled 1 False 4.0", "interpreted 2 True 8.0"]


def test_the_rest_of_a_suspended_run_keeps_what_was_computed():
    out = run_code(_PRELUDE + """
    x = tf.constant(np.arange(4, dtype=np.float32))

    @tf.custom_gradient
    def identity(t):
        return t, lambda dy: dy

    from tfcompat._core import interpreter

    with debug.mode("interpreted"):
        a = x + 1.0
        b = a * 2.0
        c, d = tf.split(b - 1.0, 2)
        v = tf.Variable(c)
        v.assign_add(d)
        count = len(debug._current().specs)
        real = interpreter._free
        for stop in range(1, count):
            a = x + 1.0
            b = a * 2.0
            c, d = tf.split(b - 1.0, 2)
            v.assign(c * 1.0)
            v.assign_add(d)
            specs = debug._current().specs
            position = min(stop, len(specs) - 1)
            host = specs[position].host
            struck = []

            def strike(*args, host=host):
                if not struck:
                    struck.append(1)
                    signal.raise_signal(signal.SIGINT)
                    signal.raise_signal(signal.SIGINT)
                return host(*args)

            specs[position]._host = strike
            try:
                debug.flush()
                print("not interrupted")
            except KeyboardInterrupt:
                pass
            finally:
                specs[position]._host = host
            later = b + a
            assert later.numpy().tolist() == [3.0, 6.0, 9.0, 12.0], stop
            assert v.numpy().tolist() == [6.0, 10.0], (stop, v.numpy())
            assert a.numpy().tolist() == [1.0, 2.0, 3.0, 4.0] and d.numpy().tolist() == [5.0, 7.0]
    print("done")
    """)
    assert out == "done\n"


def test_a_handler_that_is_set_again_is_replaced_again():
    out = run_code(_PRELUDE + """
    v = tf.Variable(np.ones(64, np.float32))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for _ in range(130):
        float(v[0] + 1.0)
    print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)
    """)
    assert out == "False\n"


def test_in_a_notebook_from_the_beginning_of_each_cell():
    """Jupyter sets Python's own handler in front of each cell."""
    pytest.importorskip("IPython")
    out = run_code("""
    import signal
    from IPython.core.interactiveshell import InteractiveShell
    shell = InteractiveShell.instance()
    for code in ("import tfcompat as tf", "y = tf.ones(3).numpy()", "x = 1"):
        signal.signal(signal.SIGINT, signal.default_int_handler)
        shell.run_cell(code).raise_error()
        print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)
    """)
    assert out.splitlines() == ["False", "False", "False"]


def test_handlers_of_others_are_left_alone():
    out = run_code("""
    import signal
    def mine(signum, frame):
        print("mine")
    signal.signal(signal.SIGINT, mine)
    import tfcompat as tf
    float(tf.reduce_sum(tf.ones(3)))
    assert signal.getsignal(signal.SIGINT) is mine
    signal.raise_signal(signal.SIGINT)
    """)
    assert out == "mine\n"


def test_a_thread_is_not_stopped_by_interrupts_of_the_main_thread():
    out = run_code(_PRELUDE + """
    import threading, time

    done = []

    def work():
        v = tf.Variable(np.zeros(8, np.float32))
        for _ in range(300):
            v.assign(v + 1.0)
        done.append(v.numpy()[0])

    thread = threading.Thread(target=work)
    thread.start()
    hits = 0
    while thread.is_alive():
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            hits += 1
        time.sleep(0.001)
    thread.join()
    print(done, hits > 0)
    """)
    assert out == "[np.float32(300.0)] True\n"
