"""What is said in one place about the package holds in the others."""

import importlib.metadata
import pathlib
import re
import tomllib

import pytest
from packaging.requirements import Requirement

import tfcompat
from tfcompat.version import TFCOMPAT_VERSION

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
README = (ROOT / "README.md").read_text()


def test_the_build_finds_the_version():
    assert PROJECT["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "tfcompat.version.TFCOMPAT_VERSION"}
    assert importlib.metadata.version("tfcompat") == TFCOMPAT_VERSION
    assert f"## {TFCOMPAT_VERSION}" in (ROOT / "CHANGELOG.md").read_text()
    assert tfcompat.__version__ == "2.21.0"


@pytest.mark.parametrize("text", PROJECT["project"]["dependencies"])
def test_what_runs_here_is_inside_the_declared_ranges(text):
    requirement = Requirement(text)
    assert requirement.specifier.contains(importlib.metadata.version(requirement.name))


def test_ci_runs_the_readmes_test_command():
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    [command] = [line for block in blocks for line in block.splitlines() if "pytest" in line]
    install, test = command.split(" && ")
    ci = (ROOT / ".ci" / "run").read_text().splitlines()
    assert test in ci
    assert [line for line in ci if line.startswith(install.replace("pip install", "pip install --quiet"))]


def test_tests_turn_warnings_into_errors():
    assert PROJECT["tool"]["pytest"]["ini_options"]["filterwarnings"][0] == "error"



def test_the_extension_is_built_of_all_its_files():
    """It is optional: without one of them the package would be Python alone, and nothing would say so."""
    parts = re.search(r"PARTS = \((.*?)\)", (ROOT / "setup.py").read_text(), re.DOTALL)[1]
    files = [path.stem.removeprefix("_hot") for path in (ROOT / "tfcompat" / "_core").glob("_hot*.c")]
    assert sorted(re.findall(r'"(\w*)"', parts)) == sorted(files)
