"""Every text of a picture is drawn as it is, by a font that has its letters."""

import shutil
import unicodedata
import warnings
from io import BytesIO
from pathlib import Path

import matplotlib as mpl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from sparcode_mini import plots
from sparcode_mini.plots import glyphs, picture, texts
from sparcode_mini.plots.shapes import sheet, words
from sparcode_mini.tools.unicode import marked

HARD = (
    "Bada$$", "Ca$h and Ke$ha", "$9.99 to $5_a^{", "\\alpha $\\frac", "% & # _ ^ { }", "<b>x</b>",
    "千と千尋の神隠し", "기생충", "臺灣電影", "🎬 👨\u200d👩\u200d👧 🇨🇭", "שלום", "مرحبا",
    "\ud800", "two\nlines\x00\x07",
    "e\u0301", "한국", "नमस्ते ไทย", "\ufdd0\U0010ffff", "\u202eabc", "",
)  # fmt: skip
ANY_TITLE = st.one_of(
    st.text(st.characters(), max_size=12),
    st.text(st.characters(categories=["Lo", "So", "Sc", "Sm", "Mn", "Cf"]), max_size=12),
    st.sampled_from(HARD),
)


@pytest.fixture
def forgetful(monkeypatch):
    """As in a new process: no letter was searched for, none was named."""
    monkeypatch.setattr(texts, "_TOLD", set())
    monkeypatch.setattr(glyphs, "_FOUND", {})


def drawn(*titles):
    """Draw titles at a place, as ticks, in a legend; return (texts of the figure, warnings)."""
    with picture.house_style(), warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        figure = Figure(figsize=(4, 3))
        left, right = figure.subplots(1, 2)
        for place, title in enumerate(titles):
            left.text(0, place / len(titles), title, weight="bold" if place % 2 else "normal")
        right.set_yticks(range(len(titles)), titles)
        right.plot([0, 1], label=f"label {titles[0]}")
        right.set_title(titles[-1])
        right.legend()
        picture.to_png(figure, 10**9)
    return left, right, [str(warning.message) for warning in heard]


@given(st.lists(ANY_TITLE, min_size=1, max_size=12))
@example(list(HARD))
@settings(max_examples=40)
def test_any_title_is_drawn_as_it_is(titles):
    left, right, heard = drawn(*titles)
    expected = [marked(title) for title in titles]
    for found in (left.texts, right.get_yticklabels()):
        for text, title in zip(found, expected, strict=True):
            assert text.get_text() in (title, unicodedata.normalize("NFC", title))
            assert not text.get_parse_math()
    assert all(message.startswith("no font here has") for message in heard)


def test_what_the_fonts_have_is_drawn_without_a_word(forgetful, caplog):
    left, _, heard = drawn(*HARD[:12])
    assert heard == [] and caplog.records == []
    for text, title in zip(left.texts, HARD[:12], strict=True):
        assert text.get_text() == title
        assert glyphs.missing(title, text.get_fontproperties()) == []


def ink_of(title):
    with picture.house_style():
        figure, axes = sheet(160, 40)
        words(axes, (5, 20), title, 14)
        image = Image.open(BytesIO(picture.to_png(figure, 10**9))).convert("L")
    return image.point(lambda grey: 255 * (grey < 128)).getbbox()


def test_dollars_take_room_and_right_comes_first():
    assert ink_of("a$$b")[2] > ink_of("ab")[2] + 20
    assert ink_of("$x$")[2] > ink_of("x")[2] + 20
    assert ink_of("\u05e9\u05dc\u05d5\u05dd.")[2] == pytest.approx(
        ink_of("\u05e9\u05dc\u05d5\u05dd")[2], abs=12
    )  # the stop of a Hebrew title is drawn on its left


def test_labels_of_powers_are_math_and_stay_so():
    with picture.house_style():
        figure = Figure(figsize=(4, 3), layout="constrained")
        axes = figure.subplots()
        axes.plot([1, 1e6], [1, 2])
        axes.set(xscale="log", xlabel="$ spent, $ earned")
        picture.to_png(figure, 10**9)
        ticks = [label for label in axes.get_xticklabels() if label.get_text()]
        assert ticks and all("mathdefault" in label.get_text() for label in ticks)
        assert all(label.get_parse_math() for label in ticks)
        assert not axes.xaxis.label.get_parse_math()
        assert not any(label.get_parse_math() for label in axes.get_yticklabels())


def test_lost_letters_are_named_once_with_the_remedy(forgetful, monkeypatch):
    monkeypatch.setattr(glyphs, "_entries", lambda: [])
    *_, heard = drawn("\u0e44\u0e17\u0e22 \u0e20")
    assert heard == [
        "no font here has U+0E44, U+0E17, U+0E22 and 1 more, so boxes are drawn; "
        "install the Noto fonts (fonts.google.com/noto), then restart Python"
    ]
    assert drawn("\u0e44\u0e17\u0e22")[2] == []
    assert len(drawn("\u0e04")[2]) == 1


@pytest.fixture
def bare(forgetful, monkeypatch):
    """A machine with the fonts of matplotlib only."""
    manager = font_manager.fontManager
    theirs = [e for e in manager.ttflist if Path(mpl.get_data_path()) in Path(e.fname).parents]
    monkeypatch.setattr(manager, "ttflist", theirs)
    monkeypatch.setitem(picture.STYLE, "font.family", ["DejaVu Sans"])
    glyphs._entries.cache_clear()
    yield
    glyphs._entries.cache_clear()
    manager._findfont_cached.cache_clear()


def test_a_font_of_the_machine_draws_what_the_others_lack(bare, monkeypatch, tmp_path):
    """A font that was installed after matplotlib had looked around."""
    font = tmp_path / "installed.otf"
    shutil.copy(glyphs.FOLDER / "cjk.otf", font)
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: [str(font)])
    left, _, heard = drawn("千と千尋", "千と千尋")
    assert heard == []
    assert left.texts[1].get_fontfamily() == ["DejaVu Sans", "SparCode CJK"]
    assert glyphs.installed("千\u0e44") == {"千": "SparCode CJK", "\u0e44": None}


def test_a_broken_font_and_a_coloured_one_are_passed_over(tmp_path):
    entry = font_manager.fontManager.ttflist[0]
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"no font")
    assert glyphs._readable(glyphs.replace(entry, fname=str(broken), index=0)) is None
    assert glyphs._readable(glyphs.replace(entry, fname=str(tmp_path / "none.ttf"))) is None
    assert glyphs._readable(entry) is not None


def test_the_readers_fonts_stay_as_they_were():
    with mpl.rc_context({"font.family": ["serif"]}):
        plots.beside(["千と千尋"], ["Bada$$"], [])
        assert mpl.rcParams["font.family"] == ["serif"] and mpl.rcParams["text.parse_math"]
        assert Text(0, 0, "$x$").get_parse_math()


def test_scripts_that_come_with_the_project():
    found = glyphs.scripts()
    assert found["Chinese"] == found["Japanese"] == found["Korean"] == "SparCode CJK"
    assert found["emoji"] == "SparCode Emoji" and found["Arabic"] == "DejaVu Sans"
    assert set(found) == set(glyphs.SAMPLES)
