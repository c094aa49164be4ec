"""What students get: the project with their edition of the lessons, the site, the check."""

import shutil
from pathlib import Path

from sparcode_mini.course.editions import student, write_edition
from sparcode_mini.course.laptops import CHECK
from sparcode_mini.tools.files import atomic_write
from sparcode_mini.tools.language import LANGUAGES

# Of the project's folder. Of `assets/course` the lessons need the questions of their quizzes; the
# rest stays with the teacher.
FILES = (
    "pyproject.toml",
    "constraints.txt",
    "README.md",
    "LICENSE",
    "LICENSE-docs",
    "CITATION.cff",
    "assets/zh/films.json",
)
FOLDERS = (
    "sparcode_mini",
    "assets/results",
    "assets/checkpoints",
    "assets/course/quiz",
    *(f"assets/{name}/{part}" for name in LANGUAGES if name != "en" for part in ("words", "quiz")),
)
LEFT_OUT = shutil.ignore_patterns("__pycache__", ".*", "*.pyc")


def copy_project(root: Path, out: Path) -> None:
    """Copy the project with the lessons for students.

    Raises:
        ValueError: `root` is not the project's folder.
        FileExistsError: `out` is there.
    """
    missing = [name for name in (*FILES, *FOLDERS) if not (root / name).exists()]
    if missing:
        raise ValueError(f"{root} has no {missing[0]}; name the project's folder: --root")
    out.mkdir(parents=True)
    for name in FILES:
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / name, out / name)
    for name in FOLDERS:
        shutil.copytree(root / name, out / name, ignore=LEFT_OUT)
    write_edition(student, out / "notebooks", root)


def copy_check(out: Path) -> None:
    """Put the check beside the starters."""
    atomic_write(out / CHECK.name, CHECK.read_bytes())


def build_site(project: Path, out: Path) -> None:
    """Build the pages that need no installation, from the lessons that `copy_project` wrote."""
    from sparcode_mini.site.build import build

    build(project, out)
