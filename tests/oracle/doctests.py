"""Runs the examples of TensorFlow's docstrings, which are not copied into this project: they are read where it is installed.

    python tests/oracle/doctests.py extract FILE         in an environment with TensorFlow: writes the examples
    python tests/oracle/doctests.py run FILE             runs them with tfcompat; exit status 1 if another set fails than listed
    python tests/oracle/doctests.py run FILE --record    writes the list of what fails, data/doctests.tsv
    python tests/oracle/doctests.py run FILE --module tensorflow --record    the same for what fails in TensorFlow itself

Every docstring runs in a process and a folder of its own. The list has a line for each docstring of which some examples
fail: symbol, their numbers, the reason. A symbol that tfcompat says it does not have is a reason by itself and found
automatically; others are written by hand and kept.
"""

import argparse
import ast
import builtins
import collections
import doctest
import importlib
import inspect
import json
import multiprocessing
import os
import pathlib
import random
import re
import sys
import tempfile

import numpy as np

FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL
LIST = pathlib.Path(__file__).parent / "data" / "doctests.tsv"
IN_TENSORFLOW = "fails in TensorFlow too"
NO_REASON = "?"
SEED = 87654321  # of the random streams, set before each docstring


# What TensorFlow says


def extract():
    """The examples of all public docstrings: a list of {symbol, names, examples}; run where TensorFlow is."""
    sys.path.insert(0, str(pathlib.Path(__file__).parent))
    import record_names
    import tensorflow as tf

    objects = {}  # id -> symbols
    for path, module in record_names.namespaces(tf):
        if not path.startswith("compat"):
            for name in record_names.public(module, path):
                symbol, value = f"{path}.{name}".lstrip("."), getattr(module, name)
                objects.setdefault(id(value), []).append(symbol)
                bases = [b for b in getattr(value, "__mro__", ()) if b.__module__.startswith("tensorflow")]
                for member in sorted({m for base in bases for m in vars(base)}):
                    if not re.match(r"_(?!_)|__(doc|module|dict|weakref|class\w*|init_subclass|subclasshook)__", member):
                        objects.setdefault((id(value), member), []).append(f"{symbol}.{member}")
    public = {key: min(symbols, key=lambda s: (s.count("."), s)) for key, symbols in objects.items()}
    found = {}
    for symbol in sorted(public.values()):
        value = tf
        for name in symbol.split("."):
            value = inspect.getattr_static(value, name) if inspect.isclass(value) else getattr(value, name)
        value = value.__func__ if isinstance(value, (staticmethod, classmethod)) else value
        text = value.__doc__ if inspect.isroutine(value) or inspect.isclass(value) or isinstance(value, property) else None
        examples = parse(text or "")
        key = json.dumps(examples)
        if examples and key not in found:
            owner = value.fget if isinstance(value, property) else inspect.unwrap(value)
            space = vars(sys.modules.get(getattr(owner, "__module__", None), builtins))
            names = {n: public[id(space[n])] for n in sorted(free_names(examples)) if space.get(n) is not None and id(space[n]) in public}
            found[key] = {"symbol": symbol, "names": names, "examples": examples}
    return list(found.values())


def parse(text):
    """[source, expected output, options] of each example; where doctest rejects the whole, of each paragraph."""
    parser = doctest.DocTestParser()
    try:
        examples = parser.get_examples(text)
    except ValueError:
        examples = []
        for paragraph in re.split(r"\n\s*\n", text):
            try:
                examples += parser.get_examples(paragraph)
            except ValueError:
                continue
    fence = re.compile(r"```\s*$")  # the end of a block of Markdown right behind the output
    return [[e.source, fence.sub("", e.want), {str(k): v for k, v in e.options.items()}] for e in examples]


def free_names(examples):
    used, bound = set(), set()
    for source, _, _ in examples:
        try:
            tree = ast.parse(source)
        except SyntaxError:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Name):
                (used if isinstance(node.ctx, ast.Load) else bound).add(node.id)
    return used - bound - {"tf", "np"} - set(dir(builtins))


# Comparing outputs

_FLOAT = re.compile(r"(?<![\w.])[-+]?(?:\d+\.\d*|\.\d+|\d+(?=e))(?:e[-+]?\d+)?(?![\w])")
_TENSOR = re.compile(r"<tf.Tensor.*?numpy=(.*?)>", re.DOTALL)
_ADDRESS = re.compile(r"at 0x[0-9a-f]+")


class Checker(doctest.OutputChecker):
    """The rule of TensorFlow's own test: floats to 1e-3, of a tensor only the value, `...` stands for anything."""

    def check_output(self, want, got, flags):
        if not want:
            return True
        want = _ADDRESS.sub("at ...", want)
        if _TENSOR.search(want):
            want, got = (_TENSOR.sub(r"\1", text) for text in (want, got))
        texts, floats = _FLOAT.split(want), _FLOAT.findall(want)
        if not super().check_output(re.sub(r"\.{4,}", "...", "...".join(t.strip(" ") for t in texts)), got, flags):
            return False
        printed = _FLOAT.findall(got)
        if "..." in want and len(printed) > len(floats):
            return True  # which of the numbers stand for the dots cannot be told
        wanted, given = ([float(text) for text in numbers] for numbers in (floats, printed))
        return len(wanted) == len(given) and bool(np.allclose(wanted, given, rtol=1e-3, atol=1e-3))


# Running


class _Runner(doctest.DocTestRunner):
    def __init__(self, report):
        super().__init__(checker=Checker(), verbose=False, optionflags=FLAGS)
        self.report = report

    def report_start(self, out, test, example):
        pass

    def report_success(self, out, test, example, got):
        self.report((example.number, "pass", ""))

    def report_failure(self, out, test, example, got):
        self.report((example.number, "fail", got))

    def report_unexpected_exception(self, out, test, example, exc_info):
        self.report((example.number, "error", f"{exc_info[0].__name__}: {exc_info[1]}"))


def run_docstring(module, doc, report):
    """Runs the examples of one docstring in the current process, in a new folder."""
    os.chdir(tempfile.mkdtemp())
    os.environ["TMPDIR"] = tempfile.tempdir = os.getcwd()
    random.seed(SEED)
    np.random.seed(SEED)  # noqa: NPY002 - the stream that the examples use
    module.random.set_seed(SEED)
    space = {"tf": module, "np": np, "os": os, "__name__": "__main__"}
    for name, symbol in doc["names"].items():
        try:
            space[name] = find(module, symbol)
        except AttributeError:
            pass
    examples = []
    for number, (source, want, options) in enumerate(doc["examples"]):
        source, want = (text.replace("/tmp/", os.getcwd() + "/") for text in (source, want))
        match = doctest.DocTestParser._EXCEPTION_RE.match(want)
        example = doctest.Example(source, want, match.group("msg") if match else None, number, 0,
                                  {int(k): v for k, v in options.items()})  # fmt: skip
        example.number = number
        examples.append(example)
    _Runner(report).run(doctest.DocTest(examples, space, doc["symbol"], None, 0, None), out=lambda text: None)


def find(module, symbol):
    for name in symbol.split("."):
        module = getattr(module, name)
    return module


def _forget_the_fork():
    """The parent has only imported tfcompat: no device is in use there, so this process may use them."""
    from tfcompat._core import failures
    from tfcompat._core.context import settings

    failures._forks.clear()
    settings.tier = "auto"


def _child(module, doc, pipe):
    if module.__name__ == "tfcompat":
        _forget_the_fork()
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    run_docstring(module, doc, pipe.send)
    pipe.send("done")
    os._exit(0)


def outcomes(module, doc, timeout=60):
    """(status, output) of each example: "pass", "fail", "error", "skip", or "timeout", "crash" and "not run" after them."""
    fork = multiprocessing.get_context("fork")
    mine, theirs = fork.Pipe(duplex=False)
    process = fork.Process(target=_child, args=(module, doc, theirs), daemon=True)
    process.start()
    theirs.close()
    found, end = {}, "timeout"
    try:
        while mine.poll(timeout):
            message = mine.recv()
            if message == "done":
                end = "skip"
                break
            found[message[0]] = message[1:]
    except EOFError:
        end = "crash"
    process.kill()
    process.join()
    after = max(found, default=-1) + 1
    status = {after: end} if end != "skip" else {}
    return [found.get(i, (status.get(i, "skip" if i < after or end == "skip" else "not run"), ""))
            for i in range(len(doc["examples"]))]  # fmt: skip


_MISSING = re.compile(r"\b(tf(?:\.\w+)+) is not (?:supported|offered)|No module named '(google)|type object '(\w+)' has no attribute '(\w+)'")


def reason_for(module, doc, statuses):
    """The first thing that is missing, as a reason for all that fails behind it; None where nothing is."""
    for symbol in doc["names"].values():
        try:
            find(module, symbol)
        except AttributeError:
            return f"needs tf.{symbol}"
    for status, text in statuses:
        if status in ("error", "fail") and (match := _MISSING.search(text)):
            symbol, package, cls, member = match.groups()
            return f"needs {symbol or package or f'tf.{cls}.{member}'}"
    return None


def read_list():
    """symbol -> (numbers of the failing examples, reason)."""
    if not LIST.exists():
        return {}
    rows = [line.split("\t") for line in LIST.read_text(encoding="utf-8").splitlines()]
    listed = collections.defaultdict(list)
    for symbol, numbers, reason in rows:
        listed[symbol].append(({int(n) for n in numbers.split()}, reason))
    return listed


def run(docs, module, only="", record=False, out=print):
    """Runs docstrings, prints what differs from the list and a summary; returns the exit status."""
    listed = read_list()
    upstream = module.__name__ == "tensorflow"
    new, lines, counts = {}, [], collections.Counter()
    for done, doc in enumerate(docs):
        symbol = doc["symbol"]
        known = listed.get(symbol, [])
        if not re.search(only, symbol):
            new[symbol] = known
            continue
        statuses = outcomes(module, doc)
        failing = {i for i, (status, _) in enumerate(statuses) if status not in ("pass", "skip")}
        there = {i for numbers, reason in known if reason == IN_TENSORFLOW for i in numbers}
        by_hand = [r for _, r in known if r not in (IN_TENSORFLOW, NO_REASON) and not r.startswith("needs ")]
        missing = reason_for(module, doc, statuses) if not upstream else None
        if upstream:
            new[symbol] = [(failing, IN_TENSORFLOW)] + [k for k in known if k[1] != IN_TENSORFLOW]
        else:
            reason = missing or " ".join(by_hand[:1]) or NO_REASON
            new[symbol] = [(there, IN_TENSORFLOW), (failing - there, reason)]
            wanted = {i for i, (_, want, _) in enumerate(doc["examples"]) if want} - there
            counts["asked"] += len(wanted)
            counts["pass"] += len(wanted - failing)
            counts["need"] += len(wanted & failing) if missing else 0
            before = {i for numbers, _ in known for i in numbers}
            for i in sorted((failing - there) ^ (before - there)):
                lines.append(f"tf.{symbol} [{i}] {': '.join(statuses[i]).strip()[:300]}" if i in failing
                             else f"tf.{symbol} [{i}] passes now")  # fmt: skip
        if (done + 1) % 100 == 0:
            out(f"{done + 1} of {len(docs)} docstrings", flush=True)
    if record:
        rows = [f"{symbol}\t{' '.join(map(str, sorted(numbers)))}\t{reason}"
                for symbol, parts in new.items() for numbers, reason in parts if numbers]  # fmt: skip
        LIST.write_text("\n".join(rows) + "\n", encoding="utf-8")
    if not upstream:
        out(*lines, sep="\n")
        apart = counts["asked"] - counts["need"]
        out(f"{counts['pass']} of {counts['asked']} examples with an output pass; {counts['need']} need what is missing; "
            f"of the others {100 * counts['pass'] / max(1, apart):.1f} % pass")  # fmt: skip
    unexplained = sum(len(numbers) for parts in new.values() for numbers, reason in parts if reason == NO_REASON)
    if unexplained:
        out(f"{unexplained} fail without a reason in {LIST.name}")
    return int(bool(unexplained or (lines and not record)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["extract", "run"])
    parser.add_argument("file", type=pathlib.Path, help="where the examples are")
    parser.add_argument("--module", default="tfcompat", help="what to run them with")
    parser.add_argument("--only", default="", help="symbols that match this regular expression")
    parser.add_argument("--record", action="store_true", help="write the list")
    options = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if options.what == "extract":
        docs = extract()
        options.file.write_text(json.dumps(docs), encoding="utf-8")
        print(f"{len(docs)} docstrings, {sum(len(d['examples']) for d in docs)} examples")
        return 0
    module = importlib.import_module(options.module)
    if options.module == "tfcompat":
        module.install()
    return run(json.loads(options.file.read_text(encoding="utf-8")), module, options.only, options.record)


if __name__ == "__main__":
    sys.exit(main())
