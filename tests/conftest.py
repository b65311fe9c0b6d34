"""Every test runs in one of four ways of running recorded ops; all of them must give the same results.

`TFCOMPAT_TEST_MODE` chooses: ``deferred`` (what users get, the default), ``sync`` (every op at once), ``random``
(what is pending is run at random points, from a fixed seed) or ``compiled`` (nothing is interpreted). Tests marked
``all_modes`` run in all four by default, those marked ``own_mode`` are about the engine and choose for themselves.
"""

import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

MODES = ("deferred", "sync", "random", "compiled")
CHOSEN = os.environ.get("TFCOMPAT_TEST_MODE")
SEED = int(os.environ.get("TFCOMPAT_TEST_SEED", "0"))

if CHOSEN and CHOSEN not in MODES:
    raise pytest.UsageError(f"TFCOMPAT_TEST_MODE is {CHOSEN!r}, must be one of {', '.join(MODES)}")


def pytest_configure(config):
    config.addinivalue_line("markers", "all_modes: runs in all four modes unless TFCOMPAT_TEST_MODE chooses one")
    config.addinivalue_line("markers", "own_mode: about the engine itself, runs in no mode but its own")


def pytest_generate_tests(metafunc):
    if metafunc.definition.get_closest_marker("all_modes"):
        metafunc.parametrize("mode", [CHOSEN] if CHOSEN else MODES, indirect=True)


@pytest.fixture(autouse=True)
def mode(request):
    """The mode's name; the test runs in it."""
    if request.node.get_closest_marker("own_mode"):
        yield None
        return
    import tfcompat

    name = getattr(request, "param", CHOSEN or "deferred")
    with tfcompat.debug.mode(name, seed=SEED):
        yield name
