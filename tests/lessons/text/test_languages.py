"""Lessons in another language: as new as the English, with its code, its outputs and its terms."""

import re
from pathlib import Path

import nbformat
import pytest

import notebooks
import translation
from sparcode_mini.course.quiz import bank
from sparcode_mini.lessons.text import languages
from sparcode_mini.site.markdown import to_html
from sparcode_mini.tools.language import translated

ROOT = Path(__file__).resolve().parents[3]
STEMS = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
CHINESE = [
    *(ROOT / "assets" / "zh").rglob("*.*"),
    *(ROOT / "notebooks" / "zh").glob("*.md"),
    *(ROOT / "sparcode_mini" / "site").glob("*.zh.*"),
    ROOT / "README.zh-CN.md",
]
NOT = re.compile(r"不用：([^；）]+)")  # in the glossary: words that its terms do not take
ALSO_FINE = {"项目", "商品", "代码", "标记"}  # a project, goods, program code, to mark
QUOTING = ("questions", "glossary")  # pages that name such words
SENTENCE = re.compile(r"\b[a-z]{4,} [a-z]{4,}\b")  # English words in a row
DECIMAL = re.compile(r"(?<![\w.])\d+\.\d+(?![\w.]*\d)")
# "16.8 million" is 1,680 万, "half a point" 0.5; a card in two languages has 99.8% once.
OTHERWISE = {"d7443fdd": {"16.8"}, "l07-19": {"0.5"}, "q-06": {"99.8"}}
QUOTED = re.compile(r"笔记|questions\.ipynb#q|问题")  # a line that quotes the learner's own words


def lesson(stem, folder=""):
    return notebooks.read(ROOT / "notebooks" / folder / f"{stem}.ipynb")


def test_all_translations_are_as_new_as_the_english() -> None:
    assert translation.faults() == []


def test_a_changed_cell_is_stale_and_says_so() -> None:
    notebook = lesson("03_vector_quantization")
    changed = next(cell for cell in notebook.cells[3:] if cell.cell_type == "markdown")
    changed.source += " One more sentence."
    texts = languages.read_texts(languages.folder(ROOT, "zh") / "03_vector_quantization.md")
    (fault,) = languages.faults(notebook, texts)
    assert changed.id in fault and "stale" in fault
    edition = languages.in_language(notebook, "03_vector_quantization", ROOT, "zh")
    noted = [cell.id for cell in edition.cells if languages.STALE["zh"] in cell.source]
    assert noted == [changed.id]


def test_a_page_says_that_it_is_stale_or_not_translated(tmp_path) -> None:
    english, chinese = tmp_path / "a.md", tmp_path / "zh.md"
    english.write_text("# Page\n\nWords.\n", "utf-8")
    note = f"# Page\n\n> *{languages.MISSING['zh']}*\n\nWords.\n"
    assert languages.page(chinese, english, "zh") == note
    text = f"<!-- a.md {languages.digest(english.read_text('utf-8'))} -->\n# 页\n\n字。\n"
    chinese.write_text(text, "utf-8")
    assert languages.page(chinese, english, "zh") == text
    english.write_text("# Page\n\nOther words.\n", "utf-8")
    assert (
        languages.page(chinese, english, "zh") == f"# 页\n\n> *{languages.STALE['zh']}*\n\n字。\n"
    )


def test_pages_that_are_not_translated_or_stale_are_named(tmp_path) -> None:
    site = tmp_path / "sparcode_mini" / "site"
    for folder in (tmp_path / "notebooks" / "zh", site):
        folder.mkdir(parents=True)
    english = ("notebooks/new.md", "notebooks/done.md", "notebooks/old.md", "README.md")
    english += ("sparcode_mini/site/story.html", "sparcode_mini/site/landing.md")
    for name in english:
        (tmp_path / name).write_text("Words.\n", "utf-8")
    now = languages.digest("Words.\n")
    (site / "site.css").write_text("p {}", "utf-8")

    def translate(name: str, made_from: str, digest: str = now) -> None:
        (tmp_path / name).write_text(f"<!-- {made_from} {digest} -->\n字。\n", "utf-8")

    translate("notebooks/zh/done.md", "notebooks/done.md")
    translate("notebooks/zh/old.md", "notebooks/old.md", "00000000")
    translate("notebooks/zh/gone.md", "notebooks/gone.md")
    translate("sparcode_mini/site/landing.zh.md", "sparcode_mini/site/other.md")
    assert translation.faults(tmp_path) == [
        "zh: README.md is not translated: README.zh-CN.md is missing",
        "zh: notebooks/new.md is not translated: new.md is missing",
        f"zh: old.md is stale: its English was 00000000 and is now {now}",
        "zh: landing.zh.md: its first line does not name the English page and its digest",
        "zh: sparcode_mini/site/story.html is not translated: story.zh.html is missing",
        "zh: gone.md has no English page any more",
    ]


def test_missing_cells_and_others_are_named(tmp_path) -> None:
    cells = [nbformat.v4.new_markdown_cell("One", id="a"), nbformat.v4.new_code_cell("1", id="b")]
    path = tmp_path / "x.md"
    path.write_text("<!-- c 00000000 -->\n三\n", "utf-8")
    found = list(
        languages.faults(nbformat.v4.new_notebook(cells=cells), languages.read_texts(path))
    )
    assert found == ["a is not translated", "c is no text cell of the lesson"]
    for text, words in (("一\n<!-- c 00000000 -->\n三", "before the first"),
                        ("<!-- c 00000000 -->\n三\n<!-- c 00000000 -->\n四", "twice")):  # fmt: skip
        path.write_text(text, "utf-8")
        with pytest.raises(ValueError, match=words):
            languages.read_texts(path)


@pytest.mark.parametrize("stem", STEMS)
def test_the_stored_edition_has_the_code_and_the_outputs_of_the_english(stem, monkeypatch) -> None:
    """nbval compares the English outputs; these differ only in what the catalogue translates."""
    monkeypatch.setenv("SPARCODE_LANGUAGE", "zh")
    english, chinese = lesson(stem), lesson(stem, "zh")
    assert [cell.id for cell in english.cells] == [cell.id for cell in chinese.cells]
    edition = languages.in_language(english, stem, ROOT, "zh")
    for one, other, made in zip(english.cells, chinese.cells, edition.cells, strict=True):
        assert other.source == made.source, f"{other.id}: run tests/notebooks.py --language zh"
        if one.cell_type == "code" and "nbval-ignore-output" not in one.metadata.get("tags", []):
            for here, there in zip(printed(one), printed(other), strict=True):
                assert there in (here, *in_chinese(here)), one.id


@pytest.mark.parametrize("stem", STEMS)
def test_pictures_are_described_in_chinese(stem) -> None:
    outputs = [o for cell in lesson(stem, "zh").cells for o in cell.get("outputs", [])]
    words = [
        data["alt"] for o in outputs for data in o.get("metadata", {}).values() if "alt" in data
    ]
    assert words or stem == "questions"
    left = [found for text in words for found in SENTENCE.findall(text)]
    assert set(left) <= {"faiss flat", "item codes"}  # names of rows


def in_chinese(line):
    """What a line may be: as a whole, or a head with its text, or with its choices."""
    yield translated(line)
    # What came and what was expected stand in lines of their own; a sign at their end is theirs.
    yield line.replace("  expected  ", "  期望    ").replace("  came      ", "  得到    ")
    head, _, rest = line.partition(": ")
    choices = "  |  ".join(map(translated, rest.split("  |  ")))
    yield from (f"{translated(head)}：{text}" for text in (translated(rest), choices))


def printed(cell):
    """The texts of a cell, line by line."""
    outputs = [o for o in cell.outputs if o.get("name") != "stderr"]
    texts = [o.get("text") or o.get("data", {}).get("text/plain", "") for o in outputs]
    return [line for text in texts for line in text.splitlines()]


@pytest.mark.parametrize("stem", STEMS)
def test_numbers_are_those_of_the_english(stem) -> None:
    texts = languages.read_texts(languages.folder(ROOT, "zh") / f"{stem}.md")
    for cell in lesson(stem).cells:
        if cell.cell_type == "markdown":
            both = (set(DECIMAL.findall(text)) for text in (cell.source, texts[cell.id].source))
            english, chinese = both
            assert english ^ chinese <= OTHERWISE.get(cell.id, set()), cell.id


def test_links_of_a_lesson_lead_on() -> None:
    for stem in STEMS:
        for cell in lesson(stem, "zh").cells:
            for target in languages.LINK.findall(
                cell.source if cell.cell_type == "markdown" else ""
            ):
                assert (ROOT / "notebooks" / "zh" / target).exists(), (stem, cell.id, target)


def test_terms_are_those_of_the_glossary() -> None:
    glossary = (ROOT / "notebooks" / "glossary.md").read_text("utf-8")
    words = {
        word for part in NOT.findall(glossary) for word in re.split("[、，]", part)
    } - ALSO_FINE
    assert {"探针", "反向索引", "全互连"} <= words
    for path in CHINESE:
        for line in path.read_text("utf-8").splitlines() if path.stem not in QUOTING else ():
            if not QUOTED.search(line):
                assert not [word for word in words if word in line], (path.name, line)


def test_no_bold_text_is_left_unrendered() -> None:
    """A closing ** after a full-width sign, before a letter, is two stars to a reader."""
    assert "**" in to_html("**预测。**先想")
    for path in CHINESE:
        if path.suffix == ".md":
            html = re.sub(
                r"<(code|pre|math)\b.*?</\1>", "", to_html(path.read_text("utf-8")), flags=re.S
            )
            assert "**" not in html, (path.name, html[html.index("**") - 30 :][:60])


def test_quizzes_keep_numbers_letters_and_formulas() -> None:
    english, chinese = bank.load(ROOT), bank.load(ROOT, "zh")
    for one, other in zip(english, chinese, strict=True):
        for item, twin in zip(one.items, other.items, strict=True):
            assert item.letter() == twin.letter() and item.stem != twin.stem
            assert item.kind == "choice" or item.key.text == twin.key.text
