"""The house rules that can be checked by reading the source: imports go one way, and nothing global is touched."""

import ast
import pathlib

import pytest
from processes import run_code

PACKAGE = pathlib.Path(__file__).resolve().parent.parent / "tfcompat"

# Imports go from a higher layer to the same or a lower one. What is not named here is a namespace file, tf.X.
LAYERS = ["leaves", "engine", "namespaces", "containers", "keras and compat", "top"]
LEAVES = {"errors", "dtypes", "shapes", "nest", "callsite", "context"}
CONTAINERS = {"sparse", "ragged", "strings", "data", "io", "train", "distribute", "saved_model", "summary", "lookup"}
KERAS_AND_COMPAT = {"keras", "optimizers", "losses", "metrics", "initializers", "compat"}
TOP = {"", "cli", "__main__"}

CORE_MAY_IMPORT = {"jax", "numpy", "ml_dtypes", "scipy"}  # scipy.special comes along with JAX


def module_name(path):
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in PACKAGE.rglob("*.py")}
TREES = {name: ast.parse(path.read_text(), str(path)) for name, path in MODULES.items()}


def layer(module):
    first, _, rest = module.partition(".")
    if first == "_core":
        return 0 if rest in LEAVES else 1
    if first in TOP:
        return 5
    return 4 if first in KERAS_AND_COMPAT else 3 if first in CONTAINERS else 2


def imports(module):
    """Every import statement of a module, inside functions too, as (dotted name, line)."""
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}:{node.lineno}: relative import"
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def own_imports(module):
    """The modules of the package that a module imports."""
    for name, line in imports(module):
        root, _, rest = name.partition(".")
        if root == "tfcompat":
            while rest and rest not in MODULES:
                rest = rest.rpartition(".")[0]
            # `from tfcompat._core import x` needs the package itself only where x is no module of it
            yield rest, line


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_go_one_way(module):
    for imported, line in own_imports(module):
        assert layer(imported) <= layer(module), (
            f"{module}:{line} ({LAYERS[layer(module)]}) imports {imported or 'tfcompat'} ({LAYERS[layer(imported)]})"
        )


def test_no_import_cycles():
    graph = {module: {imported for imported, _ in own_imports(module)} - {module} for module in MODULES}
    done, path = set(), []

    def visit(module):
        assert module not in path, "import cycle: " + " -> ".join([*path[path.index(module) :], module])
        if module not in done:
            path.append(module)
            for imported in sorted(graph[module]):
                visit(imported)
            done.add(path.pop())

    for module in sorted(graph):
        visit(module)


@pytest.mark.parametrize("module", sorted(MODULES))
def test_only_public_jax(module):
    for name, line in imports(module):
        assert not name.startswith("jax._src") and name.partition(".")[0] != "jaxlib", f"{module}:{line}: {name}"
    for node in ast.walk(TREES[module]):
        assert not (isinstance(node, ast.Attribute) and node.attr == "_src"), f"{module}:{node.lineno}: _src"


@pytest.mark.parametrize("module", sorted(name for name in MODULES if name.partition(".")[0] == "_core"))
def test_the_engine_imports_jax_and_numpy_only(module):
    import sys

    for name, line in imports(module):
        root = name.partition(".")[0]
        assert root in CORE_MAY_IMPORT | {"tfcompat"} or root in sys.stdlib_module_names, f"{module}:{line}: {name}"


@pytest.mark.parametrize("module", sorted(MODULES))
def test_no_global_jax_setting_is_written(module):
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.Call):
            assert not ast.unparse(node.func).endswith("config.update"), f"{module}:{node.lineno}"
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if hasattr(node, "target") else []
        for target in targets:
            text = ast.unparse(target)
            assert not text.startswith(("jax.config.", "os.environ['JAX", "os.environ['XLA")), f"{module}:{node.lineno}"


def test_importing_changes_nothing_and_loads_nothing_heavy():
    out = run_code("""
        import os, sys
        import jax
        settings, environment, loaded = dict(jax.config.values), dict(os.environ), set(sys.modules)
        finders = list(sys.meta_path)
        import tfcompat
        assert dict(jax.config.values) == settings
        assert dict(os.environ) == environment
        assert sys.meta_path == finders
        print(*sorted({name.partition(".")[0] for name in set(sys.modules) - loaded}))
    """)
    loaded = set(out.split())
    assert "tfcompat" in loaded
    assert not loaded & {"keras", "scipy", "IPython", "matplotlib", "tensorflow", "optree", "h5py", "rich"}


def test_what_an_import_finds_is_garbage_when_it_is_garbage():
    """Imports keep the collector from looking at what is there; a full collection looks at everything."""
    printed = run_code(
        """
        import gc, weakref

        class Knot:
            def __init__(self):
                self.itself = self

        before, collected = Knot(), []
        weakref.finalize(before, collected.append, "before")
        import tfcompat as tf
        between = Knot()
        weakref.finalize(between, collected.append, "between")
        print(gc.get_freeze_count() > 50_000, gc.isenabled())
        tf.optimizers
        del before, between
        gc.collect()
        print(sorted(collected), gc.get_freeze_count() < 1_000)  # Python 3.12 has some hundred of its own
        """
    )
    assert printed.splitlines() == ["True True", "['before', 'between'] True"]


def test_objects_that_somebody_froze_stay_frozen():
    printed = run_code("import gc; gc.freeze(); n = gc.get_freeze_count(); import tfcompat; gc.collect(); print(gc.get_freeze_count() > n / 2)")
    assert printed == "True\n"


@pytest.mark.parametrize("first", ["import tfcompat as tf", "", "import tfcompat as tf; tf.optimizers"])
def test_finalizers_have_their_modules_at_the_end(first):
    printed = run_code(
        f"""
        import os
        {first}

        class Holder:
            def __del__(self):
                print(os.path.basename("a/last words"))

        def user():
            return held  # its globals and it hold each other

        held = Holder()
        import tfcompat as tf
        tf.losses
        """
    )
    assert printed == "last words\n"
