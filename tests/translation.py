"""List what a translation lacks, and what is older than its English: nothing, if all is well.

    python tests/translation.py

Text cells of the lessons, items of the quizzes, and pages name the digest of the English that they
were made from (see sparcode_mini/lessons/text/languages.py); texts of the plans stand beside their
English. Whoever has translated a changed text anew writes the new digest, which is printed here.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from sparcode_mini.course.forms import read_toml
from sparcode_mini.course.plans import languages as plans
from sparcode_mini.course.plans.rows import folder
from sparcode_mini.course.quiz import languages as quiz
from sparcode_mini.course.quiz import schema
from sparcode_mini.lessons.text import languages
from sparcode_mini.tools.language import LANGUAGES

ROOT = Path(__file__).resolve().parents[1]
SITE = Path("sparcode_mini") / "site"
READMES = {"zh": "zh-CN"}  # as GitHub names the language


def faults(root: Path = ROOT) -> list[str]:
    """All faults of all translations, one line each."""
    lines = []
    for language in LANGUAGES:
        if language != "en":
            parts = (_lessons, _quizzes, _plans, _pages)
            found = [line for part in parts for line in part(root, language)]
            lines += [f"{language}: {line}" for line in found]
    return lines


def _lessons(root: Path, language: str) -> Iterator[str]:
    for path in sorted((root / "notebooks").glob("*.ipynb")):
        texts = languages.folder(root, language) / f"{path.stem}.md"
        if not texts.exists():
            yield f"{path.stem} is not translated"
            continue
        notebook = languages.read_lesson(path)
        yield from (
            f"{path.stem}: {line}"
            for line in languages.faults(notebook, languages.read_texts(texts))
        )


def _quizzes(root: Path, language: str) -> Iterator[str]:
    for path in sorted((root / "assets" / "course" / "quiz").glob("*.toml")):
        translation = root / "assets" / language / "quiz" / path.name
        if translation.exists():
            yield from (f"quiz {line}" for line in quiz.faults(schema.read(path)[1], translation))
        else:
            yield f"quiz {path.stem} is not translated"


def _plans(root: Path, language: str) -> Iterator[str]:
    for path in sorted(folder(root).glob("*.toml")):
        words = plans.place(root, language, path.stem)
        yield from (f"plan {path.stem}: {line}" for line in plans.faults(read_toml(path), words))


def _pages(root: Path, language: str) -> Iterator[str]:
    there = set(_pairs(root, language))
    for english, path in sorted(there):
        name = english.relative_to(root).as_posix()
        if not path.exists():
            yield f"{name} is not translated: {path.name} is missing"
            continue
        mark = languages.MADE_FROM.match(path.read_text("utf-8"))
        if mark is None or mark[1] != name:
            yield f"{path.name}: its first line does not name the English page and its digest"
            continue
        now = languages.digest(english.read_text("utf-8"))
        if now != mark[2]:
            yield f"{path.name} is stale: its English was {mark[2]} and is now {now}"
    for path in sorted(_translations(root, language) - {path for _, path in there}):
        yield f"{path.name} has no English page any more"


def _pairs(root: Path, language: str) -> Iterator[tuple[Path, Path]]:
    """Each English page, and where its translation stands."""
    for english in (root / "notebooks").glob("*.md"):
        yield english, root / "notebooks" / language / english.name
    for english in root.glob("README.md"):
        yield english, root / f"README.{READMES[language]}.md"
    for english in (root / SITE).glob("*.*"):
        is_page = english.suffix in (".md", ".html") and len(english.suffixes) == 1
        if is_page:
            yield english, english.with_suffix(f".{language}{english.suffix}")


def _translations(root: Path, language: str) -> set[Path]:
    pages = (root / "notebooks" / language).glob("*.md")
    return {*pages, *root.glob("README.*.md"), *(root / SITE).glob(f"*.{language}.*")}


if __name__ == "__main__":
    problems = faults()
    print("\n".join(problems) or "all translations are as new as the English")
    sys.exit(bool(problems))
