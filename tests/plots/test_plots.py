"""The pictures say what they are given, in words too, and leave the reader's settings alone."""

import base64
import re
import warnings
from io import BytesIO

import matplotlib as mpl
import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from sparcode_mini import plots
from sparcode_mini.explain.query import Explanation, Read
from sparcode_mini.plots import ink, people
from sparcode_mini.plots import picture as module
from sparcode_mini.plots.people import by_token
from sparcode_mini.plots.picture import Picture, picture
from sparcode_mini.plots.problem import LISTS, products, sums
from sparcode_mini.plots.sweep import sweep
from sparcode_mini.training.recipe import Log
from sparcode_mini.widgets.settings import figure_data, sentence
from toys import index_of, toy_ratings

TITLES = np.array([f"Film number {i} ({1950 + i})" for i in range(30)])
SWEEP = {
    "settings": [
        {"M": 1, "N": 16, "sparsity": 0.0, "ndcg@50": 0.2, "lists": 16, "entries": 100}
        | {"density": 0.5, "entry_bytes_fp16": 600, "other_bytes": 100, "search_us": 30.0},
    ],
    "baselines": {"popularity": {"ndcg@50": 0.15}},
}


@pytest.fixture
def drawn(monkeypatch):
    """Every figure that becomes a picture, and all texts in it."""
    figures = []

    def keep(figure):
        figures.append(figure)
        return png(figure)

    png = module._png
    monkeypatch.setattr(module, "_png", keep)
    return figures


def texts(figure):
    """All words of a figure."""
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def read(token, code, items, values, weight=1.0):
    return Read(token, code, weight, np.array(items), np.array(values))


def explanation(reads, history=(0, 1, 2), k=3):
    entries = {}
    for number, one in enumerate(reads):
        for item, value in zip(one.items.tolist(), one.values.tolist(), strict=True):
            entries.setdefault(item, np.zeros(len(reads)))[number] += one.weight * value
    ranked = sorted((i for i in entries if i not in history), key=lambda i: -entries[i].sum())[:k]
    positions = np.array(ranked + [-1] * (k - len(ranked)), dtype=np.int64)
    parts = np.array([entries.get(p, np.zeros(len(reads))) for p in positions.tolist()])
    return Explanation(np.array(history), tuple(reads), positions, parts.sum(axis=1), parts, TITLES)


TWO_READS = (
    read(0, (7,), [5, 1, 9], [0.9, 0.8, 0.25]),
    read(1, (3,), [9, 5, 11], [0.5, 0.25, 0.125]),
)


def log(epochs=10, validated=True, stages=("linear", "soft", "hard"), best=8):
    rows = []
    for epoch in range(epochs):
        row = {"epoch": epoch, "stage": stages[min(epoch // 4, len(stages) - 1)]}
        row |= {"loss": 7.0 - epoch / 10, "seconds": 1.0}
        rows.append(row | ({"ndcg@50": 0.1 + epoch / 100} if validated else {}))
    return Log(rows=rows, best_epoch=best)


ALL = {
    "problem": plots.problem,
    "training": lambda: plots.training(log()),
    "journey": lambda: plots.journey(explanation(TWO_READS), relevant=[9]),
    "beside": lambda: plots.beside(["a", "b"], ["b", "c"], ["b", "x"]),
    "density": lambda: plots.density(index_of(np.eye(4), np.arange(4)[:, None])),
    "sweep": lambda: sweep(figure_data(SWEEP, 1, 16, 0.0), sentence(SWEEP, 1, 16, 0.0)),
}


# --- all pictures -------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=ALL)
def one(request):
    """(name, picture, figure, warnings) of each picture, drawn once."""
    figures, png = [], module._png
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        patch.setattr(module, "_png", lambda figure: figures.append(figure) or png(figure))
        shown = ALL[request.param]()
    return request.param, shown, figures[0], [str(warning.message) for warning in heard]


def test_every_picture_is_small_crisp_and_told_in_words(one):
    _, shown, _, _ = one
    assert isinstance(shown, Picture)
    assert len(shown.png) < module.WANTED_BYTES
    image = Image.open(BytesIO(shown.png))
    assert image.width >= 1.5 * shown.width  # sharp on dense screens and projectors
    assert shown.width <= 1000  # fits the page
    assert 40 < len(shown.alt) < 2000
    assert repr(shown) == shown.alt


def test_every_picture_is_a_light_card_in_dark_notebooks_too(one):
    image = Image.open(BytesIO(one[1].png))
    assert "transparency" not in image.info
    assert min(image.convert("RGB").getpixel((1, image.height - 2))) > 240


def test_every_letter_exists_in_the_font(one):
    _, _, figure, heard = one
    assert not [message for message in heard if "missing from" in message]
    font = font_manager.get_font(font_manager.findfont("DejaVu Sans"))
    letters = set("".join(texts(figure))) - {"\n"}
    assert all(font.get_char_index(ord(letter)) for letter in letters)


def test_no_words_leave_the_sheet(one):
    _, _, figure, _ = one
    renderer = FigureCanvasAgg(figure).get_renderer()
    width, height = figure.get_size_inches() * figure.dpi
    for text in figure.findobj(Text):
        if text.get_text() and text.axes and not text.axes.axison:  # of a sheet, not of axes
            box = text.get_window_extent(renderer)
            assert box.x0 >= 0 and box.x1 <= width, text.get_text()
            assert box.y0 >= 0 and box.y1 <= height, text.get_text()


def test_the_readers_style_neither_matters_nor_changes():
    plain = ALL["training"]()
    with mpl.rc_context({"axes.facecolor": "black", "font.size": 30.0}):
        dark = ALL["training"]()
        assert mpl.rcParams["font.size"] == 30.0
    assert dark.png == plain.png


def test_a_large_drawing_is_made_smaller(monkeypatch):
    @picture
    def noise():
        figure = Figure(figsize=(0.5, 0.5))  # small: the palette of much noise takes minutes
        pixels = np.random.default_rng(0).random((48, 48, 3))
        figure.add_axes((0, 0, 1, 1)).imshow(pixels)
        return figure, "noise"

    monkeypatch.setattr(module, "WANTED_BYTES", 10**9)
    large = len(noise().png)
    monkeypatch.setattr(module, "WANTED_BYTES", large)
    assert len(noise().png) < large
    monkeypatch.setattr(module, "WANTED_BYTES", 1)  # no way reaches that: the last is taken
    image = Image.open(BytesIO(noise().png))
    scale, colours = module.WAYS[-1]
    assert image.width == int(scale * 48) and len(image.convert("RGB").getcolors()) <= colours


# --- showing a picture ----------------------------------------------------------------------------


def test_bundle_holds_image_words_and_metadata():
    shown = Picture(b"png", "two < three", 300, Figure())
    data, metadata = shown._repr_mimebundle_(include=None, exclude=None)
    assert set(data) == {"image/png", "text/plain"}
    assert base64.b64decode(data["image/png"]) == b"png"
    assert data["text/plain"] == "two < three"
    assert metadata == {"image/png": {"alt": "two < three", "width": 300}}


def test_in_a_notebook_the_words_follow_as_a_fold(monkeypatch):
    sent = []
    monkeypatch.setattr("IPython.display.display", lambda data, **options: sent.append(data))
    assert DisplayFormatter().format(Picture(b"png", "two < three", 300, Figure())) == ({}, {})
    image, words = sent
    assert set(image) == {"image/png", "text/plain"}
    assert words["text/plain"] == "The picture in words: two < three"
    assert "<summary>The picture in words</summary>two &lt; three</details>" in words["text/html"]


def test_save(tmp_path):
    Picture(b"png", "words", 300, Figure()).save(tmp_path / "picture.png")
    assert (tmp_path / "picture.png").read_bytes() == b"png"


# --- the problem ----------------------------------------------------------------------------------


def test_the_small_world_adds_up(drawn):
    parts = sums()
    assert list(parts)[:3] == ["C", "A", "B"]
    assert parts["C"] == [LISTS[12]["C"], LISTS[3]["C"], LISTS[88]["C"], 0.0]
    assert list(products().values()) == sorted(products().values(), reverse=True)
    plots.problem()
    words = texts(drawn[0])
    assert ".6 + .8 + .3 = 1.7" in words  # C
    assert ".9 + .5 = 1.4" in words  # A
    best = next(iter(products().values()))
    assert f"{best:.2f}" in words
    assert {"query tower", "item tower", "cached matrix", "tokenizer", "codes", "lists"} <= set(
        words
    )


# --- training -------------------------------------------------------------------------------------


def test_training_marks_stages_and_the_kept_epoch(drawn):
    shown = plots.training(log())
    left, right = drawn[0].axes
    for axes in (left, right):
        words = [text.get_text() for text in axes.texts]
        assert {"linear", "soft", "hard", "kept: epoch 9"} == set(words)
    line = right.lines[0]
    assert line.get_xdata().tolist() == list(range(1, 11))
    assert line.get_ydata() == pytest.approx([0.1 + i / 100 for i in range(10)])
    assert "over 10 epochs: it ends lower than it began; validation NDCG@50" in shown.alt
    assert "linear (linear path only) 4, soft (quantiser on, leaky ReLU) 4" in shown.alt
    assert not re.search(r"\d\.\d", shown.alt)  # no number that differs on another machine


def test_training_without_validation_or_a_counted_epoch(drawn):
    shown = plots.training(log(epochs=3, validated=False, best=None))
    assert len(drawn[0].axes) == 1
    assert "NDCG" not in shown.alt and "ring" not in shown.alt
    rising = log(epochs=3)
    rising.rows[-1]["loss"] = 9.0
    rising.best_epoch = 2
    assert "it ends no lower than it began" in plots.training(rising).alt
    with pytest.raises(ValueError, match="no epoch"):
        plots.training(Log())


# --- one person -----------------------------------------------------------------------------------


def test_journey_shows_lists_sums_and_hits(drawn):
    shown = plots.journey(explanation(TWO_READS), relevant=[9])
    words = texts(drawn[0])
    assert {"code 7", "code 3", "token 1", "token 2"} <= set(words)
    assert {"1.15", "0.75", "0.12"} <= set(words)  # the sums of films 5, 9 and 11
    assert words.count("3 entries in this list") == 2
    assert words.count(ink.STAR) == 3  # film 9 in both lists and in the result
    assert words.count("\N{CHECK MARK}") == 1  # film 1 was seen, and is no result
    assert "Token 1 reads the list of code 7, which begins with Film number 5 (1955)" in shown.alt
    assert "1. Film number 5 (1955); 2. Film number 9 (1959) (rated next); 3." in shown.alt


def test_journey_bars_have_the_length_of_the_parts(drawn):
    plots.journey(explanation(TWO_READS))
    bars = [p for p in drawn[0].axes[0].patches if getattr(p, "get_height", float)() == 16]
    widths = np.array([p.get_width() for p in bars])
    assert widths / widths.sum() == pytest.approx(
        np.array([0.9, 0.25, 0.25, 0.5, 0, 0.125]) / 2.025
    )
    assert {p.get_hatch() for p in bars} == {"", ink.HATCHES[1]}  # told apart without colour
    assert len(set(ink.SHADES)) == len(set(ink.HATCHES)) == 4


def test_probes_of_a_token_are_added_and_the_heaviest_is_shown(drawn):
    reads = (
        read(0, (1, 2), [5], [1.0], weight=0.25),
        read(0, (3, 4), [5, 6], [2.0, 1.0], weight=0.75),
        read(1, (5, 6), [], []),
    )
    one = explanation(reads)
    assert by_token(one)[0] == pytest.approx([1.75, 0.0])
    shown = plots.journey(one)
    words = texts(drawn[0])
    assert "code (3, 4)" in words and "code (1, 2)" not in words
    assert "2 entries in this list, 1 more lists read" in words
    assert "no list" in words
    assert "code (5, 6), which is empty" in shown.alt


def test_journey_of_many_tokens_long_history_and_long_codes(drawn):
    reads = [read(t, (100, 101, 102, 103), [t + 20], [1.0]) for t in range(10)]
    shown = plots.journey(explanation(reads, history=range(12)))
    words = texts(drawn[0])
    assert any("the first 8 of 10" in text for text in words)
    assert any("(the last 8 of 12, newest last)" in text for text in words)
    assert "token 8" in words and "token 9" not in words
    assert TITLES[4] in shown.alt and TITLES[3] not in shown.alt


def test_journey_without_any_result(drawn):
    shown = plots.journey(explanation((read(0, (1,), [0, 1], [1.0, 0.5]),)))
    assert "no title has a positive score" in texts(drawn[0])
    assert "rank: nothing." in shown.alt


def test_journey_takes_the_titles_of_a_split(drawn):
    split = toy_ratings().split()
    shown = plots.journey(explanation(TWO_READS), split=split)
    assert split.titles[5] in shown.alt and "Film number" not in shown.alt
    assert split.titles[5] in texts(drawn[0])


def test_beside_marks_hits_and_shared_films(drawn):
    shown = plots.beside(["a", "b", "c"], ["c", "d", "b"], ["b", "d", "x", "y", "z"])
    words = texts(drawn[0])
    assert f"1 of 3 {ink.STAR}" in words and f"2 of 3 {ink.STAR}" in words
    assert words.count(ink.STAR) == 5  # b; d, b; and b, d among what was rated
    assert "and 3 more" in words
    assert len(drawn[0].axes[0].lines) == 2  # b and c are in both
    assert "SparCode, 1 of 3 rated next: 1. a; 2. b (rated next); 3. c." in shown.alt
    assert "Both lists share 2. Rated next: 5 films." in shown.alt


def test_beside_with_other_names_and_nothing_watched(drawn):
    shown = plots.beside(["a"], [], [], names=("one", "two"))
    assert "one, 0 of 1 rated next: 1. a." in shown.alt
    assert ink.STAR not in texts(drawn[0])
    assert drawn[0].get_figwidth() * module.PIXELS_PER_INCH == people.WIDTH


def test_the_cells_of_a_heat_map_keep_their_colours():
    """A palette that is not made of the picture's colours turns blue cells green."""
    figure = Figure(figsize=(4, 3))
    axes = figure.subplots()
    cells = np.random.default_rng(0).random((40, 60))
    axes.imshow(cells, cmap=module.white_to(ink.QUERY), interpolation="none")
    whole = BytesIO()
    figure.savefig(whole, format="png", dpi=2 * module.PIXELS_PER_INCH)
    pixels = [np.asarray(Image.open(png).convert("RGB")).astype(int)
              for png in (whole, BytesIO(module.to_png(figure, 10**9)))]  # fmt: skip
    assert np.abs(pixels[0] - pixels[1]).max() <= 8


# --- lists and sweep ------------------------------------------------------------------------------


def test_density_sorts_the_lists(drawn):
    table = np.array([[1.0, 0, 0, 0], [1, 1, 1, 0], [0, 0, 0, 0]])
    index = index_of(table, np.arange(3)[:, None])
    shown = plots.density(index)
    axes = drawn[0].axes[0]
    assert axes.lines[0].get_ydata().tolist() == [3, 1, 0]
    assert axes.get_title(loc="left") == "4 entries in 3 lists: 33% of all pairs"
    assert "all 4 items." in shown.alt and "entries in" not in shown.alt
    assert shown.png == plots.density(index, counts=True).png
    assert "4 entries in 3 lists." in plots.density(index, counts=True).alt


def test_sweep_shows_a_hole_as_a_hole(drawn):
    measured = sweep(figure_data(SWEEP, 1, 16, 0.0), "words")
    assert measured.alt.endswith("words")
    hole = sweep(figure_data(SWEEP, 4, 16, 0.0), "words")
    assert len(drawn[0].axes[1].patches) == 2 and len(drawn[1].axes[1].patches) == 0
    assert drawn[1].axes[1].get_title(loc="left") == "bytes: not measured"
    assert hole.png != measured.png
