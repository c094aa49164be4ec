"""Every drawing of the lesson, made of small data, and words that its description must hold."""

import numpy as np

from sparcode_mini.lessons.tokens import draw
from sparcode_mini.lessons.tokens import draw_measured as chart

LOOKS = {
    "films": ["A film with a very long title indeed (1999)", "Another"],
    "influence": [[0.25, 0.75], [0.5, 0.5], [1.0, 0.0]],
    "token": 2,
    "nearest": ["One", "Two"],
}
ENTRIES = [
    {"tokenizer": kind, "query_tokens": K_u, "seed": seed, "ndcg@50 probes=4": 0.2 + K_u / 100,
     "read": 1000.0 * K_u}
    for kind in chart.STYLES for K_u in (1, 4) for seed in (0, 1)
]  # fmt: skip
FIELDS = [
    {"name": name, "a": 0.1 * seed, "b": 0.2} for name in ("id", "id, year") for seed in (1, 2)
]
DRAWINGS = {
    "interface": (
        lambda: draw.interface([("row", (3, 16), (4, 8)), ("text", (40, 16), (2, 8))]),
        ["text: H^u (40, 16) becomes T^u (2, 8)"],
    ),
    "routing": (
        lambda: draw.routing([np.full((2, 3), 0.5), np.eye(3)[:2]], list("ABC")),
        ["B: 0.00, 1.00"],
    ),
    "looks": (
        lambda: draw.looks(LOOKS, "Said."),
        ["token 1: 25, 75; token 2: 50, 50", "token 2 asks for: One; Two. Said."],
    ),
    "alike": (
        lambda: draw.alike({"one": np.array([[1.0, 0.25], [0.25, 1.0]])}),
        ["cosine 0.25 in the mean"],
    ),
    "one or four": (
        lambda: chart.one_or_four(ENTRIES),
        ["gru 1: 0.210; gru 4: 0.240", "capsules 4: 4,000"],
    ),
    "readings": (
        lambda: chart.readings(
            {"newest": {"dnn": np.array([0.1, 0.2, 0.6])}, "apart": {"dnn": np.array([0.0, 0.1])}},
            0.125,
        ),
        ["newest, dnn: 0.20 (0.10 to 0.60); apart, dnn: 0.05"],
    ),
    "item fields": (
        lambda: chart.item_fields(FIELDS, ["id", "id, year"], {"a": "A", "b": "B"}, {"b": 0.1}),
        ["A, id: 0.1500", "B, films at random (dashed): 0.1000"],
    ),
    "found words": (
        lambda: chart.found_words(
            np.full((2, 8, 8), 9.0), [3, 4], [[("drei", True, True), ("un", False, False)], []]
        ),
        ["a 3: 1 of 2 right (drei, un); a 4: 0 of 0"],
    ),
    "padding": (
        lambda: chart.padding({"forgotten": [0.0, 2.5], "kept": [0.0, 0.0]}, [0, 5], 2.0),
        ["forgotten: 2.50 at most, 2.50 with 5; kept: 0.00", "another person are 2.00 away"],
    ),
    "foresight": (
        lambda: chart.foresight({"honest": [3.0, 2.5], "peeking": [3.0, 0.1]}, 3.69),
        ["guessing costs 3.69. honest ends at 2.50; peeking ends at 0.10"],
    ),
}
