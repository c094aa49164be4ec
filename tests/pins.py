"""The versions that constraints.txt pins: everything that the project's extras bring in.

    python tests/pins.py [--write]

Prints them, or writes them to constraints.txt. Run it on Linux, in a fresh `make install PINS=0` to
which `pip install -e ".[course]"` was added.
"""

import argparse
import sys
import tomllib
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
HEAD = """\
# Exact versions of everything that `pip install -e ".[lab,site,test,course]"` brings, for an
# environment that still works in a year. Written by `make pins`; used by the Makefile,
# environment.yml and by
#     pip install -c constraints.txt -e ".[lab,site,test,course]"
# A line here installs nothing by itself. torch has no "+cpu": the CPU build satisfies it too.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Print or write the pins."""
    parser = argparse.ArgumentParser(description="The installed versions of all dependencies.")
    parser.add_argument("--write", action="store_true", help="write constraints.txt")
    options = parser.parse_args(argv)
    peers = {canonicalize_name(r.name) for r in declared("bench")}  # installed by `make bench` only
    kept = {name: version for name, version in pinned().items() if name in peers}
    everything = declared("lab", "site", "test", "course")
    versions = sorted({**kept, **installed(everything)}.items())
    text = HEAD + "".join(f"{name}=={version}\n" for name, version in versions)
    if options.write:
        (ROOT / "constraints.txt").write_text(text, "utf-8")
    else:
        print(text, end="")
    return 0


def declared(*extras: str) -> list[Requirement]:
    """The project's requirements in pyproject.toml, with those of the named extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    lines = list(project["dependencies"])
    for extra in extras:
        lines += project["optional-dependencies"][extra]
    return [Requirement(line) for line in lines]


def pinned() -> dict[str, str]:
    """The versions of constraints.txt by normalised name."""
    requirements = [
        Requirement(line)
        for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    return {
        canonicalize_name(requirement.name): str(requirement.specifier).removeprefix("==")
        for requirement in requirements
    }


def installed(requirements: Iterable[Requirement] | None = None) -> dict[str, str]:
    """Public versions of the requirements and of all that they need here, by normalised name."""
    wanted = declared("lab", "site", "test") if requirements is None else requirements
    todo = [(r, "") for r in wanted]
    seen: set[tuple[str, str]] = set()
    versions: dict[str, str] = {}
    while todo:
        requirement, parent_extra = todo.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": parent_extra}):
            continue
        name = canonicalize_name(requirement.name)
        distribution = metadata.distribution(name)
        versions[name] = Version(distribution.version).public
        for extra in {"", *requirement.extras} - {e for n, e in seen if n == name}:
            seen.add((name, extra))
            todo += [(Requirement(line), extra) for line in distribution.requires or []]
    return versions


if __name__ == "__main__":
    sys.exit(main())
