"""The bank: the questions of all lessons with their numbers, and the tests made of them."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sparcode_mini import results
from sparcode_mini.course.lessons import read_lesson
from sparcode_mini.course.numbers import look_up
from sparcode_mini.course.quiz import schema
from sparcode_mini.course.quiz.items import EXIT, FINAL, Item
from sparcode_mini.course.quiz.languages import in_language
from sparcode_mini.tools.files import load_json
from sparcode_mini.tools.language import language as reader_language
from sparcode_mini.tools.language import translated

FOLDER = Path("course") / "quiz"  # in assets/
NUMBERS = "numbers.json"


@dataclass(frozen=True)
class Chapter:
    """The items of one file.

    Attributes:
        number: "00" to "10", or "pretest"; the stem of the file.
        title: of the lesson.
        items: with their numbers in place, in the order of the file.
        numbers: those of each item, by its id and by the names of their placeholders.
    """

    number: str
    title: str
    items: tuple[Item, ...]
    numbers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def practice(self) -> tuple[Item, ...]:
        """Return the items that the final test does not ask."""
        return tuple(item for item in self.items if FINAL not in item.uses)


@dataclass(frozen=True)
class Sheet:
    """Items that are asked together: one test, or one page of paper.

    Attributes:
        name: for files, e.g. "exit-03".
        title: for readers.
        items: in their order.
    """

    name: str
    title: str
    items: tuple[Item, ...]


def load(root: Path, language: str = "en") -> list[Chapter]:
    """Read all files of the bank; their numbers come from the notebooks and results of `root`.

    Raises:
        ValueError: something is wrong; the message names file, item and key.
    """
    paths = sorted((root / "assets" / FOLDER).glob("*.toml"))
    if not paths:
        raise ValueError(f"{root / 'assets' / FOLDER} has no quiz; name the project's folder: "
                         "--root")  # fmt: skip
    chapters = [_chapter(path, root, language) for path in paths]
    counts = Counter(item.id for chapter in chapters for item in chapter.items)
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        raise ValueError(f"two items have the id {twice[0]!r}")
    return chapters


def _chapter(path: Path, root: Path, language: str) -> Chapter:
    lesson, items = _read(path, language)
    if lesson == schema.PRETEST:
        title = translated("Before the course")
        return Chapter(path.stem, title, tuple(_filled(item, {}, path) for item in items))
    notebook = read_lesson(root, lesson)
    numbers: dict[str, dict[str, str]] = {}
    for item in items:
        where = f"{path.name}, item {item.id!r}"
        try:
            notebook.at(item.cell or "")
            numbers[item.id] = look_up(item.numbers, root, lesson)
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from error
        if not 1 <= (item.objective or 0) <= len(notebook.objectives):
            raise ValueError(
                f"{where}: objective = {item.objective}; {lesson}.ipynb lists "
                f"{len(notebook.objectives)}, counted from 1"
            )
    filled = tuple(_filled(item, numbers[item.id], path) for item in items)
    return Chapter(path.stem, read_lesson(root, lesson, language).title, filled, numbers)


def _filled(item: Item, values: Mapping[str, str], path: Path) -> Item:
    try:
        return item.filled(values)
    except ValueError as error:
        raise ValueError(f"{path.name}, item {item.id!r}: {error}") from error


def _read(path: Path, language: str) -> tuple[str, list[Item]]:
    """Read the items of a file in a language; `path` is that of the English."""
    lesson, items = schema.read(path)
    if language != "en":
        assets = path.parents[len(FOLDER.parts)]
        items = in_language(items, assets / language / "quiz" / path.name)
    return lesson, items


def sheets(chapters: list[Chapter]) -> list[Sheet]:
    """Return the tests: pre-test, practice and exit ticket of each lesson, final test."""
    tests = []
    for chapter in chapters:
        if chapter.number == schema.PRETEST:
            tests.append(Sheet(chapter.number, chapter.title, chapter.items))
            continue
        tests.append(Sheet(f"practice-{chapter.number}", chapter.title, chapter.practice()))
        ticket = tuple(item for item in chapter.items if EXIT in item.uses)
        tests.append(
            Sheet(f"exit-{chapter.number}", translated(f"Exit ticket {chapter.title}"), ticket)
        )
    last = tuple(item for chapter in chapters for item in chapter.items if FINAL in item.uses)
    tests.append(Sheet("final", translated("Final test"), last))
    return [sheet for sheet in tests if sheet.items]


def stored(number: str) -> list[Item]:
    """Return the practice of one lesson, for its notebook.

    The numbers come from `NUMBERS`: the outputs of the notebook may be cleared or changed while it
    is in use. A test holds that file equal to the notebooks.

    Raises:
        ValueError: there is no such lesson, or no stored number of an item.
    """
    folder = results.ASSETS / FOLDER
    path = folder / f"{number}.toml"
    if not path.exists():
        known = ", ".join(sorted(p.stem for p in folder.glob("*.toml")))
        raise ValueError(f"there is no quiz {number!r}; there are {known}")
    values = load_json(folder / NUMBERS)
    _, items = _read(path, reader_language())
    filled = tuple(_filled(item, values.get(item.id, {}), path) for item in items)
    return list(Chapter(number, "", filled).practice())


def numbers(chapters: list[Chapter]) -> dict[str, Mapping[str, str]]:
    """Return the numbers of all items that have some, as `NUMBERS` stores them."""
    everything = (pair for chapter in chapters for pair in chapter.numbers.items())
    return {name: values for name, values in everything if values}
