"""Every test runs in one of four ways of running recorded ops; all of them must give the same results.

`TFCOMPAT_TEST_MODE` chooses: ``deferred`` (what users get, the default), ``sync`` (every op at once), ``random``
(what is pending is run at random points, from a fixed seed) or ``compiled`` (nothing is interpreted). Tests marked
``all_modes`` run in all four by default, those marked ``own_mode`` are about the engine and choose for themselves.
"""

import gc
import os
import pathlib
import sys

import hypothesis
import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

MODES = ("deferred", "sync", "random", "compiled")
CHOSEN = os.environ.get("TFCOMPAT_TEST_MODE")
SEED = int(os.environ.get("TFCOMPAT_TEST_SEED", "0"))

if CHOSEN and CHOSEN not in MODES:
    raise pytest.UsageError(f"TFCOMPAT_TEST_MODE is {CHOSEN!r}, must be one of {', '.join(MODES)}")


# Not `watchful`, which stays on where another thread may need it.
DEFAULTS = {"determinism": False, "random_cuts": None, "synchronous": False, "tier": "auto", "traceback_filtering": True}


def pytest_configure(config):
    config.addinivalue_line("markers", "all_modes: runs in all four modes unless TFCOMPAT_TEST_MODE chooses one")
    # Inputs that are slow to make are so because of a collection of garbage, or of a busy machine.
    hypothesis.settings.register_profile("tfcompat", suppress_health_check=[hypothesis.HealthCheck.too_slow], deadline=None)
    hypothesis.settings.load_profile("tfcompat")
    config.addinivalue_line("markers", "own_mode: about the engine itself, runs in no mode but its own")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Marks what `slow.txt` lists."""
    lines = pathlib.Path(__file__).with_name("slow.txt").read_text(encoding="utf-8").splitlines()
    listed = {line for line in lines if not line.startswith("#")}
    for item in items:
        if item.nodeid in listed:
            item.add_marker("slow")


def pytest_collection_finish(session):
    """A collection looks at every object: some million cases of tables, and JAX, that stay anyway, are left out."""
    import tfcompat  # noqa: F401

    gc.collect()
    gc.freeze()


@pytest.fixture
def small_heap():
    """For tests that collect garbage again and again: what earlier tests left is not looked at."""
    gc.collect()
    gc.freeze()


def pytest_generate_tests(metafunc):
    if metafunc.definition.get_closest_marker("all_modes"):
        metafunc.parametrize("mode", [CHOSEN] if CHOSEN else MODES, indirect=True)


@pytest.fixture(autouse=True)
def nothing_left_behind():
    """A tape, an observer or a setting that a test leaves behind would change what later ones see."""
    yield
    import tfcompat
    from tfcompat._core.context import settings, state

    tfcompat.debug.flush()
    context = state.context
    left = {name: getattr(context, name) for name in context.__slots__ if name != "segment"}
    assert not any(left.values()), left
    kept = {name: getattr(settings, name) for name in DEFAULTS}
    assert kept == DEFAULTS, kept


@pytest.fixture(autouse=True)
def mode(request, nothing_left_behind):
    """The mode's name; the test runs in it."""
    if request.node.get_closest_marker("own_mode"):
        yield None
        return
    import tfcompat

    name = getattr(request, "param", CHOSEN or "deferred")
    with tfcompat.debug.mode(name, seed=SEED):
        yield name
