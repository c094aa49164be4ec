"""The site in several languages: the same pages in a folder for each, linked page by page.

A language is built by a program of its own, whose environment names it: what widgets and pictures
show is in the language of their process.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sparcode_mini import widgets
from sparcode_mini.lessons.text.languages import lesson_folder
from sparcode_mini.lessons.text.languages import page as text_of_page
from sparcode_mini.site import anchors, beside
from sparcode_mini.tools.language import LANGUAGES, TAGS, VARIABLE, language, words_of
from sparcode_mini.widgets.esm import SHOWN, WORDS

Process = subprocess.Popen[bytes]
SPHINX = {"zh": ("zh_CN", "zh")}  # of the theme, and of the search, which then splits words
SHORT = {"en": "English", "zh": "中文"}
BESIDE = (  # shows the English below the text
    '<button class="beside" type="button" aria-pressed="false" title="中英对照">对照</button>'
)
STRESSED = re.compile(r"<em>([^<A-Za-z]*[\u4e00-\u9fff][^<A-Za-z]*)</em>")  # Chinese only
SCRIPT = "language.js"  # in the static files of a language
HEAD, BAR = "</head>", re.compile(r'<div class="(?:content-icon-container|header-right)">')


def pages(root: Path) -> dict[str, str]:
    """Return the texts of the pages beside the lessons by name, in the reader's language."""
    texts = {}
    for path in sorted((root / "notebooks").glob("*.md")):
        texts[path.name] = path.read_text("utf-8")
        if language() != "en":
            translation = lesson_folder(path.parent, language()) / path.name
            text = text_of_page(translation, path, language())
            anchors.pair([text], [texts[path.name]])
            texts[path.name] = text
    return texts


def options() -> list[str]:
    """Return what Sphinx is told of the language."""
    if language() == "en":
        return []
    theme, search = SPHINX[language()]
    return ["-D", f"language={theme}", "-D", f"html_search_language={search}"]


def script() -> str:
    """Return what translates all words of a page, now and when they change; "" in English."""
    if language() == "en":
        return ""
    helper = (Path(widgets.__file__).parent / WORDS).read_text("utf-8").replace("export ", "")
    words = json.dumps(words_of(language(), *SHOWN), ensure_ascii=False)
    words = words.replace("<", "\\u003c")  # so that it may stand inside a page
    start = f'addEventListener("DOMContentLoaded", () => translate(document.body, {words}));'
    return f"(() => {{\n{helper}\n{start}\n}})();\n"


def write_script(static: Path) -> None:
    """Write what translates the words of the page's scripts, in another language than English."""
    if language() == "en":
        return
    (static / SCRIPT).write_text(script(), "utf-8")
    # Sphinx 9 names a stemmer for Chinese that it does not bring; Latin words have the English one.
    data = static / "language_data.js"
    data.write_text(data.read_text("utf-8").replace("ChineseStemmer", "EnglishStemmer"), "utf-8")


@contextmanager
def others(root: Path, work: Path, repository: str) -> Iterator[Mapping[str, Process]]:
    """Build the site of each other language in `work`, while the English one is built."""
    processes: dict[str, Process] = {}
    folder = root / "notebooks"
    try:
        for name in SPHINX if language() == "en" else ():
            if any(lesson_folder(folder, name).glob("*.ipynb")):
                command = [sys.executable, "-m", "sparcode_mini.site", "--root", str(root)]
                command += ["--out", str(work / name), "--repository", repository]
                environ = {**os.environ, VARIABLE: name}
                processes[name] = Process(command, env=environ, stdout=subprocess.DEVNULL)
        yield processes
    finally:
        for process in processes.values():
            process.terminate()
            process.wait()


def join(processes: Mapping[str, Process], work: Path, out: Path) -> None:
    """Put the other languages into folders of the English site when they are built; link the pages.

    Raises:
        ValueError: one can't be built; the fault was printed.
    """
    for name, process in processes.items():
        if process.wait():
            raise ValueError(f"the site in {LANGUAGES[name]} has the faults above")
        shutil.copytree(work / name, out / name)
    if language() == "en":
        for path, name in _pages(out, list(processes)):
            _link(path, out, name, [one for one in ("en", *processes) if one != name])


def _pages(out: Path, built: list[str]) -> Iterator[tuple[Path, str]]:
    for path in sorted(out.rglob("*.html")):
        first = path.relative_to(out).parts[0]
        yield path, first if first in built else "en"


def _link(path: Path, out: Path, name: str, others: list[str]) -> None:
    """Name the page's twins in its head, and link them beside the button for light and dark."""
    home = out if name == "en" else out / name
    links, heads = "", ""
    if name != "en":
        script = os.path.relpath(home / "_static" / SCRIPT, path.parent).replace(os.sep, "/")
        heads = f'<script src="{script}"></script>'
    for other in others:
        twin = (out if other == "en" else out / other) / path.relative_to(home)
        if twin.exists():
            address = os.path.relpath(twin, path.parent).replace(os.sep, "/")
            tag = TAGS[other]
            heads += f'<link rel="alternate" hreflang="{tag}" href="{address}">'
            links += (
                f'<a class="language" href="{address}" lang="{tag}" hreflang="{tag}">'
                f"{SHORT[other]}</a>"
            )
    text = path.read_text("utf-8").replace(HEAD, heads + HEAD, 1)
    links += BESIDE if beside.CLASS in text else ""
    text = STRESSED.sub(r'<em class="dotted">\1</em>', text)
    path.write_text(BAR.sub(lambda bar: bar[0] + links, text), "utf-8")
