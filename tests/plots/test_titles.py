"""Titles are cut between letters, to the room that they have."""

import json
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sparcode_mini.plots.glyphs import em
from sparcode_mini.plots.titles import clusters, columns, shorten
from sparcode_mini.tools.unicode import whole

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"  # three people, joined
EVERYTHING = st.text(st.characters(), max_size=80)  # halves of letters too


@pytest.mark.parametrize(
    ("text", "length", "expected"),
    [
        ("short", 5, "short"),
        ("Three Musketeers, The (1993)", 20, "Three Musketeers…"),
        ("Supercalifragilistic song", 12, "Supercalifr…"),
        ("abcdefgh: x", 10, "abcdefgh…"),
        ("千と千尋の神隠し", 16, "千と千尋の神隠し"),
        ("千と千尋の神隠し", 15, "千と千尋の神隠…"),
        ("e\u0301" * 9, 5, "e\u0301" * 4 + "…"),
        (FAMILY * 4, 6, FAMILY * 2 + "…"),
        ("\U0001f1e8\U0001f1ed" * 4, 3, "\U0001f1e8\U0001f1ed" * 2 + "…"),  # flags
        ("two\r\nlines\tand\x07", 30, "two↵lines and⟨U+0007⟩"),
        ("\u0301" * 10**6, 9, "\u0301" * 2000 + "…"),
        ("ab " * 10**6, 9, "ab ab ab…"),
        ("", 9, "(no title)"),
        (" \n", 9, " ↵"),
    ],
)
def test_shorten(text, length, expected):
    assert shorten(text, length) == expected


@given(EVERYTHING, st.integers(2, 40), st.floats(2, 40), st.booleans())
@example("W" * 300, 40, 12.5, True)
@settings(max_examples=150)
def test_a_title_fits_its_room_and_is_cut_between_letters(text, length, room, bold):
    short = shorten(text, length, room, bold)
    assert "\n" not in short
    short.encode("utf-8")
    full = shorten(text, 10**6)
    if short not in (full, "(no title)"):
        assert short.endswith("…") and em(short, bold) <= room
        assert sum(map(columns, clusters(short))) <= length
        kept = short.removesuffix("…")
        assert full.startswith(kept)
        pieces = clusters(full)
        assert kept in {"".join(pieces[:n]).rstrip(" ,.:(") for n in range(len(pieces))}


@given(EVERYTHING)
@settings(max_examples=150)
def test_clusters_lose_nothing_and_never_begin_with_a_mark(text):
    pieces = clusters(text)
    assert "".join(pieces) == text
    assert not any(unicodedata.category(piece[0]) == "Mn" for piece in pieces[1:])


@given(EVERYTHING)
@example("\ud83c\udfac \udfac \ufeff")
@settings(max_examples=150)
def test_what_is_whole_stays_as_it_is(text):
    halves = any("\ud800" <= letter <= "\udfff" for letter in text)
    assert halves or whole(text) == text
    assert json.loads(json.dumps(whole(text)).encode("utf-8")) == whole(text)
    assert whole("\ud83c\udfac \udfac") == "🎬 \ufffd"


def test_widths_are_those_of_the_font():
    assert em("W") == pytest.approx(0.989, abs=0.001) and em("W", bold=True) > em("W")
    assert em("千") == em("🎬" * 0 + "尋") == 1.0
    assert em("e\u0301") == em("é") == em("e")
