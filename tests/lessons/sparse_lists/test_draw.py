"""The pictures of lesson 06 are small, crisp, told in words, and show their arguments."""

import re
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

import toys
from sparcode_mini.lessons.sparse_lists import draw
from sparcode_mini.lessons.sparse_lists.widget_list_sizes import list_data
from sparcode_mini.plots import picture as module
from sparcode_mini.results import load
from sparcode_mini.serving.side_by_side import Way
from sparcode_mini.studies.front import Setting

S = np.array([[1.0, -0.5, 2.0], [-1.0, -2.0, -3.0]])
HAND = toys.index_of(np.maximum(S, 0), np.arange(2)[:, None])
LISTS = [
    Setting(name, size, ndcg, 0.01, 0, 9)
    for name, size, ndcg in (("a", 5.0, 0.1), ("b", 30.0, 0.3), ("c", 35.0, 0.2))
]
WAYS = [
    Way("two-tower, flat", 0.31, 4000, 300.0, 20.0),
    Way("lists, 1 probe", 0.28, 900, 310.0, 90.0),
]
SETTING = {"way": "bias", "share": 0.5, "tuned": True, "precision": "float16", "probes": 2}
ALL = {
    "index_by_hand": lambda: draw.index_by_hand(S, HAND, ["A", "B", "C"]),
    "list_still": lambda: draw.list_still(
        list_data(load("shorter_lists")["rows"], **SETTING), "A sentence."
    ),
    "front": lambda: draw.front(LISTS[:2], LISTS, "float16"),
    "serving": lambda: draw.serving(WAYS),
}


@pytest.fixture(scope="module", params=ALL)
def one(request):
    """(picture, figure) of each drawing, drawn once."""
    figures, png = [], module._png
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_png", lambda figure: figures.append(figure) or png(figure))
        return ALL[request.param](), figures[0]


def test_small_crisp_and_told_in_words(one):
    shown, _ = one
    image = Image.open(BytesIO(shown.png))
    assert len(shown.png) < module.MOST_BYTES and image.width >= 1.5 * shown.width
    assert shown.width <= 1000 and 40 < len(shown.alt) < 2000
    assert not re.search(r"\bnan\b|np\.", shown.alt)


def test_every_axes_has_a_title(one):
    _, figure = one
    assert all(axes.get_title(loc="left") for axes in figure.axes)


def test_the_words_name_every_list_entry_and_no_time():
    assert "code 0: C 2, A 1; code 1: empty" in draw.index_by_hand(S, HAND, ["A", "B", "C"]).alt
    alt = draw.serving(WAYS).alt
    assert "lists, 1 probe" in alt and "310" not in alt
