"""Put the bundle together: wheels, starters, lessons, site, a page of sizes, checksums."""

import argparse
import hashlib
import shutil
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from string import Template

from sparcode_mini.course.bundle import content, wheels
from sparcode_mini.course.bundle.systems import SYSTEMS
from sparcode_mini.course.laptops import check_laptop
from sparcode_mini.course.parts import ROOT
from sparcode_mini.tools.files import atomic_write
from sparcode_mini.tools.folders import claim
from sparcode_mini.tools.progress import progress

TEXTS = Path("assets") / "course" / "bundle"
SUMS = "SHA256SUMS"
PYTHON = ".".join(map(str, check_laptop.STICK))
OUT = Path("build") / "course" / "bundle"


def write(
    out: Path, root: Path, systems: Sequence[str] = tuple(SYSTEMS), python: str = PYTHON
) -> None:
    """Write the bundle; wheels that are there from before are not fetched again.

    Args:
        out: the folder of the bundle.
        root: the project's folder.
        systems: names of SYSTEMS.
        python: version of the laptops' Python, such as "3.12".

    Raises:
        ValueError: a package can't be had, `root` is not the project's folder, or `out` holds
            files of others or of further systems.
    """
    claim(out)
    _refuse_others(out, systems)
    scripts = {name: Template(_read(root, SYSTEMS[name].script)) for name in systems}
    page = Template(_read(root, "README.txt"))
    for name in systems:
        system, folder = SYSTEMS[name], out / name
        index = wheels.torch_index(system)
        pins = wheels.resolve(system, root, python, index)
        paths = wheels.fetch(pins, system, python, index, folder / "wheels")
        take_uv(next(path for path in paths if path.name.startswith("uv-")), folder / system.uv)
        write_starter(out, name, scripts[name], python)
    project = out / "project"
    if project.exists():
        shutil.rmtree(project)
    content.copy_project(root, project)
    content.copy_check(out)
    content.build_site(project, out / "site")
    text = page.substitute(sizes=table(out, systems), python=_minor(python))
    atomic_write(out / "README.txt", text.encode("utf-8"))
    write_sums(out)


def take_uv(wheel: Path, target: Path) -> None:
    """Take uv's program out of its wheel, so that a laptop needs nothing to begin with.

    Raises:
        ValueError: the wheel has no such program.
    """
    with zipfile.ZipFile(wheel) as archive:
        inside = [name for name in archive.namelist() if name.endswith(f"/scripts/{target.name}")]
        if not inside:
            raise ValueError(f"{wheel.name} has no {target.name}; another version of uv will have")
        atomic_write(target, archive.read(inside[0]))
    target.chmod(0o755)


def write_starter(out: Path, name: str, script: Template, python: str) -> None:
    """Write the program that a student starts."""
    system = SYSTEMS[name]
    text = script.substitute(system=name, python=_minor(python), extras=",".join(wheels.EXTRAS))
    ends = "\r\n" if system.starter.endswith(".cmd") else "\n"
    path = atomic_write(out / system.starter, text.replace("\n", ends).encode("utf-8"))
    path.chmod(0o755)


def table(out: Path, systems: Sequence[str]) -> str:
    """Return the sizes of the folders, one a line."""
    rows = [(_size(out / name), name, SYSTEMS[name].title) for name in systems]
    rows += [(_size(out / "project"), "project", "program and lessons")]
    rows += [(_size(out / "site"), "site", "the lessons as pages, without installation")]
    rows += [(sum(row[0] for row in rows), "all", "")]
    return "\n".join(
        f"{size / 1e6:8,.0f} MB  {name:<8} {title}".rstrip() for size, name, title in rows
    )


def write_sums(out: Path) -> None:
    """Write the checksums of all files, as `sha256sum -c` reads them."""
    paths = sorted(p for p in out.rglob("*") if p.is_file() and p.name != SUMS)
    lines = []
    for path in progress(paths, desc="checksums"):
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        lines.append(f"{digest}  {path.relative_to(out).as_posix()}\n")
    atomic_write(out / SUMS, "".join(lines).encode("utf-8"))


def main(argv: Sequence[str] | None = None) -> int:
    """Make the bundle and print its sizes.

    Args:
        argv: command-line arguments without the program's name; None takes those of the process.

    Returns:
        0.

    Raises:
        ValueError: as `write`.
    """
    options = _parser().parse_args(argv)
    systems = options.system or list(SYSTEMS)
    start = time.perf_counter()
    write(options.out, options.root, systems, options.python)
    print(table(options.out, systems))
    print(f"{options.out}: {time.perf_counter() - start:.0f} s")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sparcode_mini.course.bundle",
        description="Make a folder for a USB stick, from which laptops install without a network.",
    )
    parser.add_argument(
        "--system", action="append", choices=list(SYSTEMS), help="may be repeated (default: all)"
    )
    text = "of the laptops (default: %(default)s, the one that the check asks for)"
    parser.add_argument("--python", default=PYTHON, help=text)
    parser.add_argument("--out", type=Path, default=OUT, help="where it goes")
    parser.add_argument("--root", type=Path, default=ROOT, help="the project's folder")
    return parser


def _refuse_others(out: Path, systems: Sequence[str]) -> None:
    """Refuse to leave systems in the bundle that its page and its sizes would not name."""
    others = [name for name in SYSTEMS if name not in systems]
    paths = [out / part for name in others for part in (name, SYSTEMS[name].starter)]
    if there := [str(path) for path in paths if path.exists()]:
        raise ValueError(
            f"{' and '.join(there)} would stay from an earlier bundle; delete them, or name their "
            "systems, too: --system"
        )


def _read(root: Path, name: str) -> str:
    try:
        return (root / TEXTS / name).read_text("utf-8")
    except OSError as error:
        raise ValueError(f"{error}; name the project's folder: --root") from error


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _minor(python: str) -> str:
    return ".".join(python.split(".")[:2])
