"""The ways to install (make, pip, conda) name the same packages, versions and Python."""

import re
import shlex
import sys
import tomllib

import pytest
import yaml
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

import pins
from sparcode_mini import lab
from sparcode_mini.cli import main

PROJECT = tomllib.loads((pins.ROOT / "pyproject.toml").read_text("utf-8"))["project"]
ENVIRONMENT = yaml.safe_load((pins.ROOT / "environment.yml").read_text("utf-8"))
README = (pins.ROOT / "README.md").read_text("utf-8")
PAGES = {
    name: (pins.ROOT / name).read_text("utf-8")
    for name in (
        "README.md",
        "CONTRIBUTING.md",
        "notebooks/installation.md",
        "notebooks/command_line.md",
        "notebooks/teaching.md",
    )
}
INSTALLATION = PAGES["notebooks/installation.md"]
WORKFLOW = yaml.safe_load((pins.ROOT / ".github/workflows/check.yml").read_text("utf-8"))
MAKEFILE = (pins.ROOT / "Makefile").read_text("utf-8")
INSTALL = (pins.ROOT / ".ci/install.sh").read_text("utf-8")
PYTHONS = SpecifierSet(PROJECT["requires-python"])
DECLARED = pins.declared("lab", "site", "test")


def code_of(markdown: str) -> list[str]:
    """The commands of a page: fenced blocks and inline code."""
    return re.findall(r"```.*?```|`[^`\n]+`", markdown, re.DOTALL)


def command_lines() -> list[str]:
    """The lines of all pages that call sparcode-mini."""
    blocks = [b for page in PAGES.values() for b in re.findall(r"```sh\n(.*?)```", page, re.DOTALL)]
    lines = [line.removeprefix(".venv/bin/") for block in blocks for line in block.splitlines()]
    return sorted({line for line in lines if line.startswith("sparcode-mini ")})


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


@pytest.mark.parametrize("extra", ["bench", "course"])
def test_what_is_installed_later_is_pinned(extra) -> None:
    for requirement in pins.declared(extra):
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
    for candidate in re.findall(r"(?:python|py -)(3\.\d+)", INSTALL + INSTALLATION):
        assert PYTHONS.contains(f"{candidate}.0"), candidate
    for page in (README, INSTALLATION, INSTALL):
        assert "Python 3.11 or" in page.replace("\n", " ")


def test_every_route_takes_torch_from_the_same_index() -> None:
    found = re.findall(r"https://download\.pytorch\.org/\S*?cpu\b", INSTALL + INSTALLATION)
    assert len(found) >= 2
    assert {f"--extra-index-url {url}" for url in found} == {
        ENVIRONMENT["dependencies"][-1]["pip"][0]
    }


def test_the_pages_name_real_commands() -> None:
    assert 'pip install -c constraints.txt -e ".[lab,test]"' in INSTALLATION
    assert "python -m sparcode_mini.lab" in INSTALLATION
    assert lab.START in README and lab.START in INSTALLATION
    targets = {name: make_targets(text) for name, text in PAGES.items()}
    assert {"lab", "test"} <= targets["README.md"]
    assert set().union(*targets.values()) <= make_targets_of_the_makefile()


def test_the_pages_name_real_subcommands(capsys) -> None:
    text = "\n".join(line for page in PAGES.values() for line in code_of(page))
    named = set(re.findall(r"\bsparcode-mini ([a-z]+)\b", text))
    assert {"train", "index", "recommend", "reproduce", "study", "doctor"} <= named
    known = re.search(r"\{([a-z,]+)\}", help_of(capsys))[1].split(",")
    assert named <= set(known)


@pytest.mark.parametrize("line", command_lines())
def test_the_pages_name_real_options(line, capsys) -> None:
    _, command, *rest = shlex.split(line, comments=True)
    text = help_of(capsys, command)
    assert [word for word in rest if word.startswith("--") and f"{word} " not in text] == []


def help_of(capsys, *command: str) -> str:
    with pytest.raises(SystemExit) as end:
        main([*command, "--help"])
    assert end.value.code == 0
    return capsys.readouterr().out.replace("]", " ").replace("\n", " ")


def make_targets(markdown: str) -> set[str]:
    return set(re.findall(r"\bmake ([a-z][a-z-]*)", "\n".join(code_of(markdown))))


def make_targets_of_the_makefile() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))


def test_the_workflow_runs_what_the_pages_say_on_every_python() -> None:
    jobs = WORKFLOW["jobs"]
    steps = {name: [s["run"] for s in job["steps"] if "run" in s] for name, job in jobs.items()}
    targets = {t for step in steps["make"] for t in re.findall(r"^make ([a-z-]+)", step)}
    assert {"install", "test"} <= targets <= make_targets_of_the_makefile()
    powershell = re.findall(r"```powershell\n(.*?)```", INSTALLATION, re.DOTALL)[0].splitlines()
    assert steps["windows"][0] == re.sub(r"^py -3\.\d+", "python", powershell[0])
    assert steps["windows"][1] == powershell[1]
    assert steps["windows"][2] == f"{powershell[2]} --help"
    for job in jobs.values():
        assert job["strategy"]["fail-fast"] is False
        versions = job["strategy"]["matrix"]["python"]
        assert all(PYTHONS.contains(f"{version}.0") for version in versions)
        assert f"Python {versions[0]} to {versions[-1]}" in README
    assert {"ubuntu-latest", "macos-14"} == set(jobs["make"]["strategy"]["matrix"]["os"])
    assert "macOS 14" in README
