"""The glossary: sorted, in two languages, and no link into it or out of it leads nowhere."""

import re
from pathlib import Path

import pytest

import notebooks
from sparcode_mini.site.anchors import anchor

FOLDER = notebooks.FOLDER
TEXT = (FOLDER / "glossary.md").read_text("utf-8")

CHINESE = re.compile(r"[\u4e00-\u9fff]")
LINK = re.compile(r"\]\(([\w./-]+)\)")


def terms(text: str) -> dict[str, str]:
    """The text of each term; a term that stands there twice is an error."""
    found: dict[str, str] = {}
    for part in text.split("\n### ")[1:]:
        title, _, words = part.partition("\n")
        assert title not in found, f"{title!r} stands there twice"
        found[title] = words.partition("\n## ")[0]
    return found


def links_into(text: str) -> list[str]:
    """The anchors of the glossary that a text leads to."""
    return re.findall(r"glossary\.md#([^)\s\"'`\\]+)", text)


TERMS = terms(TEXT)


def test_terms_are_sorted_and_in_lower_case() -> None:
    assert len(TERMS) > 50
    assert list(TERMS) == sorted(TERMS)
    # JupyterLab's anchors keep capitals, those of the site do not
    assert [title for title in TERMS if title != title.lower()] == []


@pytest.mark.parametrize("title", TERMS)
def test_a_term_has_chinese_and_a_lesson(title: str) -> None:
    words = TERMS[title]
    assert CHINESE.search(words) or title == "token"
    leads = LINK.findall(words)
    assert leads, "no lesson is named"
    for name in leads:
        assert (FOLDER / name).is_file(), name


def test_a_symbol_has_one_meaning_and_a_chinese_name() -> None:
    rows = re.findall(r"^\| (\S.*?) \|.*\| (.+?) \|$", TEXT.partition("## Terms")[0], re.M)[1:]
    symbols = [symbol for symbol, _ in rows if set(symbol) != {"-"}]
    assert len(symbols) > 20
    assert len(set(symbols)) == len(symbols)
    assert all(CHINESE.search(name) for symbol, name in rows if symbol in symbols)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.[im]*")), ids=lambda path: path.name)
def test_each_link_leads_to_a_term(path: Path) -> None:
    known = {anchor(title) for title in TERMS}
    assert [name for name in links_into(path.read_text("utf-8")) if name not in known] == []


def test_a_link_to_nowhere_is_found() -> None:
    assert links_into("see [list](glossary.md#list) and `glossary.md#no-such`") == [
        "list",
        "no-such",
    ]


def test_a_term_that_stands_twice_is_found() -> None:
    with pytest.raises(AssertionError, match="twice"):
        terms("\n### a\n\nb\n\n### a\n\nc")
