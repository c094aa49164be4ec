"""The ways to install (make, pip, conda) name the same packages, versions and Python."""

import re
import sys
import tomllib

import pytest
import yaml
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

import pins
from sparcode_mini import lab

PROJECT = tomllib.loads((pins.ROOT / "pyproject.toml").read_text("utf-8"))["project"]
ENVIRONMENT = yaml.safe_load((pins.ROOT / "environment.yml").read_text("utf-8"))
README = (pins.ROOT / "README.md").read_text("utf-8")
MAKEFILE = (pins.ROOT / "Makefile").read_text("utf-8")
INSTALL = (pins.ROOT / ".ci/install.sh").read_text("utf-8")
PYTHONS = SpecifierSet(PROJECT["requires-python"])
DECLARED = pins.declared("lab", "site", "test")


@pytest.mark.parametrize("requirement", DECLARED, ids=lambda requirement: requirement.name)
def test_each_requirement_is_pinned_within_its_bounds(requirement) -> None:
    version = pins.pinned()[canonicalize_name(requirement.name)]
    assert requirement.specifier.contains(version), f"{requirement} against {version}"
    bounds = {specifier.operator for specifier in requirement.specifier}
    assert bounds == {">="}, "a lower bound only, so that the package doesn't age with the course"


def test_pins_are_exact_public_and_sorted() -> None:
    names = list(pins.pinned())
    assert names == sorted(names)
    for name, version in pins.pinned().items():
        assert str(Version(version)) == version, name
        assert Version(version).local is None, f"{name}: no other machine has this build"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems need a few other packages")
def test_what_is_installed_is_pinned() -> None:
    installed, pinned = pins.installed(), pins.pinned()
    if any(
        installed[canonicalize_name(r.name)] != pinned[canonicalize_name(r.name)] for r in DECLARED
    ):
        pytest.skip("installed without the pins (PINS=0)")
    assert installed.keys() <= pinned.keys(), "run `make pins` in a fresh .venv"
    assert {name: pinned[name] for name in installed} == installed


def test_optional_groups_do_not_repeat_each_other() -> None:
    names = [canonicalize_name(requirement.name) for requirement in DECLARED]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("extra", ["duckdb", "milvus", "speed", "shards", "dask"])
def test_whoever_tests_has_the_engines(extra) -> None:
    assert {str(r) for r in pins.declared(extra)} <= {str(r) for r in DECLARED}


def test_the_peers_of_the_benchmarks_are_pinned() -> None:
    for requirement in pins.declared("bench"):
        assert requirement.specifier.contains(pins.pinned()[canonicalize_name(requirement.name)])


def test_conda_installs_the_project_with_the_pins() -> None:
    *packages, pip = ENVIRONMENT["dependencies"]
    assert pip["pip"][-2:] == ["-c constraints.txt", "-e .[lab,test]"]
    assert [re.split("[=<>]", package)[0] for package in packages] == ["python", "pip"]
    assert canonicalize_name(PROJECT["name"]) == ENVIRONMENT["name"]


def test_every_route_takes_a_supported_python() -> None:
    conda = ENVIRONMENT["dependencies"][0].removeprefix("python=")
    assert PYTHONS.contains(f"{conda}.0")
    assert str(PYTHONS) == ">=3.11"
    assert "sys.version_info < (3, 11)" in INSTALL
    for candidate in re.findall(r"python(3\.\d+)", INSTALL + README):
        assert PYTHONS.contains(f"{candidate}.0"), candidate
    assert "Python 3.11 or newer" in README


def test_every_route_takes_torch_from_the_same_index() -> None:
    found = re.findall(r"https://download\.pytorch\.org/\S*?cpu\b", INSTALL + README)
    assert len(found) >= 2
    assert {f"--extra-index-url {url}" for url in found} == {
        ENVIRONMENT["dependencies"][-1]["pip"][0]
    }


def test_the_readme_names_real_commands() -> None:
    assert 'pip install -c constraints.txt -e ".[lab,test]"' in README
    assert "python -m sparcode_mini.lab" in README
    assert lab.START in README
    targets = set(re.findall(r"\bmake ([a-z][a-z-]*)", "\n".join(code_of(README))))
    assert {"lab", "test"} <= targets
    assert targets <= set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))


def code_of(markdown: str) -> list[str]:
    """The commands of a page: fenced blocks and inline code."""
    return re.findall(r"```.*?```|`[^`\n]+`", markdown, re.DOTALL)


def test_the_readme_speaks_of_files_that_exist() -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)]+)\)", README)
    for link in links:
        assert (pins.ROOT / link.partition("#")[0]).exists(), link
