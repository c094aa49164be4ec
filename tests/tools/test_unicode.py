"""Titles of others are shown letter by letter, and change nothing beside them."""

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sparcode_mini.tools.program import Program
from sparcode_mini.tools.unicode import HIDDEN, alike, bare, isolated, marked, safe, told_apart

TRICKS = "\u202e\u2066\u200f\u200b\u200d\ufeff\u00ad\x1b\x07\r\n\t\u2028\u3164\ud800\u0301\ufe0f"
ANY = st.text(st.one_of(st.characters(), st.sampled_from(TRICKS + "ab\u05e9é👨")), max_size=20)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Alien (1979)", "Alien (1979)"),
        ("evil\u202egpj", "evil⟨U+202E⟩gpj"),
        ("\x1b[31mred", "⟨U+001B⟩[31mred"),
        ("a\u200bb\u00adc", "a⟨U+200B⟩b⟨U+00AD⟩c"),
        ("two\r\nlines\tand", "two↵lines and"),
        ("half \ud800", "half \ufffd"),
        (
            "👨\u200d👩\u200d👧 ❤\ufe0f",
            "👨\u200d👩\u200d👧 ❤\ufe0f",
        ),
        ("नम\u200dस می\u200cخواهم", "नम\u200dस می\u200cخواهم"),
        ("a\u200db", "a⟨U+200D⟩b"),
        ("🏴\U000e0067\U000e0062\U000e007f", "🏴\U000e0067\U000e0062\U000e007f"),
        ("x\U000e0067", "x⟨U+E0067⟩"),
    ],
)
def test_what_is_not_seen_is_shown(text, shown):
    assert safe(text) == shown


@settings(max_examples=200)
@given(ANY)
@example("".join(TRICKS))
def test_a_safe_text_has_nothing_that_works_unseen(text):
    shown = safe(text)
    assert shown == safe(shown) and not HIDDEN.search(shown)
    assert not any(unicodedata.category(letter) in ("Cc", "Zl", "Zp", "Cs") for letter in shown)
    bidi = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    assert not bidi & {unicodedata.bidirectional(letter) for letter in shown}
    assert marked(text).count("\n") == text.count("\n")
    if text.isascii() and text.isprintable():
        assert shown == text


@settings(max_examples=200)
@given(ANY)
def test_a_direction_ends_with_its_text(text):
    shown = isolated(text)
    right_to_left = any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in safe(text))
    assert shown == (f"\u2068{safe(text)}\u2069" if right_to_left else safe(text))
    assert bare(shown) == safe(text)


@settings(max_examples=200)
@given(st.lists(ANY, max_size=8), st.data())
@example(["é", "e\u0301", "a\u200bb", "ab", "same", "same", "same (id 4)", "", " "], None)
def test_titles_that_look_alike_get_their_ids(titles, data):
    if data is not None and titles:
        titles += data.draw(st.lists(st.sampled_from(titles), max_size=3))
    ids = list(range(len(titles)))
    names = told_apart(titles, ids)
    assert len(set(map(alike, names))) == len(titles)  # a reader can tell all apart
    for name, title, raw in zip(names, titles, ids, strict=True):
        assert name in (safe(title), f"{safe(title)} (id {raw})".strip())
        if titles.count(title) > 1:
            assert name.endswith(f"(id {raw})")


def test_an_error_does_not_move_the_cursor_of_the_terminal(capsys):
    def work():
        raise ValueError("user '\x1b[2Jx\u202e' is unknown")

    assert Program("name").run(work) == 2
    assert capsys.readouterr().err == "name: user '⟨U+001B⟩[2Jx⟨U+202E⟩' is unknown\n"
