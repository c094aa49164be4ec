"""A lesson in another language: its code stays, its texts come from `assets/LANGUAGE/lessons`.

A file of texts has the text cells of one lesson, each after a line that names the cell and the
English text that was translated, by the first eight digits of its SHA-256:

    <!-- 03-002 9f86d081 -->

A cell whose English text has changed since then is *stale*: it is shown with a note, and
`python tests/translation.py` lists it.
"""

import copy
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

MARK = re.compile(r"^<!-- (\S+) ([0-9a-f]{8}) -->\n", re.M)
LINK = re.compile(r"(?<=\]\()(?!https?://|#|mailto:|attachment:)([^)\s#]+)")
MADE_FROM = re.compile(r"\A<!-- (\S+) ([0-9a-f]{8}) -->\n")  # the first line of a page: its English
STALE = {"zh": "英文原文已经改动，这里的译文还没有跟上。"}
MISSING = {"zh": "这里还没有译文，下面是英文原文。"}
# Below the title; the notebooks of other languages are in folders of that of the English ones.
SWITCH = {
    "en": "English | [简体中文](zh/{stem}.ipynb)",
    "zh": "[English](../{stem}.ipynb) | 简体中文",
}
_SWITCHED = re.compile(r"^(?:\[English\]\(|English \| \[).*$\n\n?", re.M)


@dataclass(frozen=True)
class Text:
    """The translation of a text cell, and the digest of the English that it translates."""

    digest: str
    source: str


def digest(english: str) -> str:
    """Return what names a text: the first eight digits of its SHA-256."""
    return hashlib.sha256(english.encode()).hexdigest()[:8]


def folder(root: Path, language: str) -> Path:
    """Return where the texts of a language are."""
    return root / "assets" / language / "lessons"


def lesson_folder(folder: Path, language: str) -> Path:
    """Return where the notebooks of a language are, in the folder of the English ones."""
    return folder if language == "en" else folder / language


def read_lesson(path: Path) -> NotebookNode:
    """Read a notebook as it is stored."""
    return nbformat.read(path, as_version=4)


def read_texts(path: Path) -> dict[str, Text]:
    """Read a file of texts: cell -> text.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: a cell occurs twice, or something stands before the first mark.
    """
    before, *parts = MARK.split(path.read_text("utf-8"))
    texts: dict[str, Text] = {}
    for cell, name, source in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        if cell in texts:
            raise ValueError(f"{path}: the cell {cell} occurs twice")
        texts[cell] = Text(name, source.strip())
    if before.strip():
        raise ValueError(f"{path}: {before.strip()[:40]!r} stands before the first mark")
    return texts


def faults(notebook: NotebookNode, texts: Mapping[str, Text]) -> Iterator[str]:
    """Yield what a translation lacks or has too much, and what is stale, one line each."""
    english = {cell.id: cell.source for cell in notebook.cells if cell.cell_type == "markdown"}
    yield from (f"{cell} is not translated" for cell in english if cell not in texts)
    yield from (f"{cell} is no text cell of the lesson" for cell in texts if cell not in english)
    for cell, source in english.items():
        if cell in texts and texts[cell].digest != digest(source):
            yield (f"{cell} is stale: its English was {texts[cell].digest} and is now "
                   f"{digest(source)}")  # fmt: skip


def in_language(notebook: NotebookNode, stem: str, root: Path, language: str) -> NotebookNode:
    """Return a lesson with the texts of a language; its outputs are left out.

    What is not translated stays English; it and what is stale get a note.

    Raises:
        FileNotFoundError: there is no translation of this lesson.
        ValueError: as `read_texts`.
    """
    texts = read_texts(folder(root, language) / f"{stem}.md")
    edition = copy.deepcopy(notebook)
    for cell in edition.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        elif cell.id in texts:
            text = _relinked(texts[cell.id].source, root, language)
            is_new = texts[cell.id].digest == digest(cell.source)
            cell.source = text if is_new else noted(text, STALE[language])
        else:
            cell.source = noted(_relinked(cell.source, root, language), MISSING[language])
    title, _, rest = edition.cells[0].source.partition("\n")
    switch = SWITCH[language].format(stem=stem)
    edition.cells[0].source = f"{title}\n\n{switch}\n{rest}"
    return edition


def page(path: Path, english: Path, language: str) -> str:
    """Return the text of a page in a language, with a note if it is stale or not translated.

    Args:
        path: of the translation.
        english: the file of the English page.
        language: of the translation.
    """
    source = english.read_text("utf-8")
    if not path.exists():
        return noted(source, MISSING[language])
    text = path.read_text("utf-8")
    mark = MADE_FROM.match(text)
    is_new = mark is not None and mark[2] == digest(source)
    return text if is_new else noted(MADE_FROM.sub("", text), STALE[language])


def noted(text: str, note: str) -> str:
    """Return a text with a note above it, or below its heading if it begins with one."""
    head, _, rest = text.partition("\n")
    quote = f"> *{note}*"
    return f"{head}\n\n{quote}\n{rest}" if head.startswith("#") else f"{quote}\n\n{text}"


def drop_switch(notebook: NotebookNode) -> None:
    """Take the link to the other language out, where that lesson is not beside this one."""
    notebook.cells[0].source = _SWITCHED.sub("", notebook.cells[0].source, count=1)


def _relinked(text: str, root: Path, language: str) -> str:
    """Let the links of a lesson lead on from the language's folder, which is one below."""
    texts, pages = folder(root, language), lesson_folder(root / "notebooks", language)

    def moved(link: re.Match[str]) -> str:
        target = link[1]
        name = target.partition("#")[0]
        lesson = name.endswith(".ipynb") and (texts / name).with_suffix(".md")
        is_here = (lesson and lesson.exists()) or (pages / name).exists()
        return target if is_here else f"../{target}"

    return LINK.sub(moved, text)
