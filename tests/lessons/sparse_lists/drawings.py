"""Every drawing of the lesson, made of small data, and words that its description must hold."""

import numpy as np

import toys
from sparcode_mini.lessons.sparse_lists import draw
from sparcode_mini.lessons.sparse_lists.widget_list_sizes import list_data
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
DRAWINGS = {
    "index by hand": (lambda: draw.index_by_hand(S, HAND, ["A", "B", "C"]), []),
    "list still": (
        lambda: draw.list_still(list_data(load("shorter_lists")["rows"], **SETTING), "A sentence."),
        [],
    ),
    "front": (lambda: draw.front(LISTS[:2], LISTS, "float16"), []),
    "serving": (lambda: draw.serving(WAYS), []),
}
