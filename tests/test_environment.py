import re
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from defection_framing.settings import ROOT

CONDA_NAMES = {"pytorch": "torch"}


def ranges(lines):
    """Name -> range of versions; conda's names are put into PyPI's."""
    found = {}
    for line in lines:
        requirement = Requirement(line)
        name = canonicalize_name(requirement.name)
        found[CONDA_NAMES.get(name, name)] = requirement.specifier
    return found


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def declared(project):
    return ranges(project["dependencies"] + project["optional-dependencies"]["test"])


@pytest.fixture(scope="module")
def lock():
    text = (ROOT / "requirements.lock").read_text()
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    pins = [re.fullmatch(r"([A-Za-z0-9._-]+)==([0-9][A-Za-z0-9.]*)", line) for line in lines]
    # A path, an address or a local suffix such as +cpu would not install elsewhere.
    assert all(pins), [line for line, pin in zip(lines, pins, strict=True) if not pin]
    return {canonicalize_name(pin[1]): pin[2] for pin in pins}


def test_every_dependency_is_pinned_within_its_range(declared, lock):
    assert declared.keys() <= lock.keys()
    wrong = [n for n, allowed in declared.items() if not allowed.contains(lock[n])]
    assert wrong == []


def test_the_package_itself_is_not_in_the_lock(lock, project):
    assert project["name"] not in lock


def test_conda_has_the_same_dependencies_in_the_same_ranges(declared, project):
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    *conda, last = environment["dependencies"]
    from_pip = last["pip"]
    assert from_pip[-1] == "-e ."
    found = ranges([*conda, *from_pip[:-1]])
    assert found.pop("python") == SpecifierSet(project["requires-python"])
    assert found.pop("pip") == SpecifierSet("")
    assert found == declared
