"""Every drawing of the lesson, made of small data, and words that its description must hold."""

import numpy as np

import toys
from sparcode_mini.lessons.sparse_lists import draw
from sparcode_mini.lessons.sparse_lists.widget_list_sizes import list_data
from sparcode_mini.results import load
from sparcode_mini.studies.front import GRAPH

S = np.array([[1.0, -0.5, 2.0], [-1.0, -2.0, -3.0]])
HAND = toys.index_of(np.maximum(S, 0), np.arange(2)[:, None])


def way_to_store(name, size, ndcg):
    return {"name": name, "bytes": size, "validation": ndcg, "test": ndcg}


FRONT = {
    "runs": [
        {"row": row, "codebook_bytes": beside, "encoder_bytes": 9,
         "points": [way_to_store(*point) for point in points]}
        for row, beside, points in (
            ("two-tower", 0, [("D = 8", 8e3, 0.29), (GRAPH, 7e5, 0.31)]),
            ("sparcode", 16_384, [("a", 9e3, 0.26), ("b", 3e4, 0.29), ("c", 4e4, 0.28)]),
        )
    ],
    "compared": [{"budget": 10_000, "matrix ndcg@50": 0.29, "lists ndcg@50": 0.26}],
}  # fmt: skip
SETTING = {"way": "bias", "share": 0.5, "tuned": True, "precision": "float16", "probes": 4}
DRAWINGS = {
    "index by hand": (lambda: draw.index_by_hand(S, HAND, ["A", "B", "C"]), []),
    "list still": (
        lambda: draw.list_still(list_data(load("shorter_lists")["rows"], **SETTING), "A sentence."),
        ["entries 0.", "A star marks the chosen setting"],
    ),
    "front": (lambda: draw.front(FRONT), ["Within 10 kB: matrix 0.290, lists 0.260", "700 kB"]),
}
