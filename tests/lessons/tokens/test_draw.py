"""The drawings of lesson 04 are pictures with words that say what is drawn."""

import base64

import numpy as np
import pytest
import torch

import sparcode_mini as sm
from sparcode_mini.lessons.tokens import draw
from sparcode_mini.lessons.tokens import draw_measured as chart
from sparcode_mini.plots.picture import Picture

LOOKS = {
    "films": ["A film with a very long title indeed (1999)", "Another"],
    "influence": [[0.25, 0.75], [0.5, 0.5], [1.0, 0.0]],
    "token": 2,
    "nearest": ["One", "Two"],
}
ENTRIES = [
    {"tokenizer": kind, "query_tokens": K_u, "seed": seed, "ndcg@50": 0.2 + K_u / 100,
     "cosine": None if K_u == 1 else 0.5}
    for kind in chart.STYLES for K_u in (1, 4) for seed in (0, 1)
]  # fmt: skip
FIELDS = [
    {"name": name, "a": 0.1 * seed, "b": 0.2} for name in ("id", "id, year") for seed in (1, 2)
]
DRAWINGS = {
    lambda: draw.interface([("row", (3, 16), (4, 8)), ("text", (40, 16), (2, 8))]): (
        "text: H^u (40, 16) becomes T^u (2, 8)"
    ),
    lambda: draw.routing([np.full((2, 3), 0.5), np.eye(3)[:2]], list("ABC")): "B: 0.00, 1.00",
    lambda: draw.looks(LOOKS, "Said."): "Said.",
    lambda: draw.alike({"one": np.array([[1.0, 0.25], [0.25, 1.0]])}): "cosine 0.25 in the mean",
    lambda: chart.by_tokens(ENTRIES): "gru 1: 0.210, 4: 0.240",
    lambda: chart.item_fields(FIELDS, ["id", "id, year"], {"a": "A", "b": "B"}): "A, id: 0.1500",
    lambda: chart.found_words(
        np.full((2, 8, 8), 9.0), [3, 4], [[("drei", True, True), ("un", False, False)], []]
    ): "a 3: 1 of 2 right (drei, un); a 4: 0 of 0",
    lambda: chart.padding({"forgotten": [0.0, 2.5], "kept": [0.0, 0.0]}, [0, 5]): (
        "forgotten: 2.50 at the end; kept: 0.00"
    ),
    lambda: chart.foresight({"honest": [3.0, 2.5], "peeking": [3.0, 0.1]}, 3.69): (
        "guessing costs 3.69. honest ends at 2.50; peeking ends at 0.10"
    ),
}


@pytest.mark.parametrize("made", DRAWINGS)
def test_each_drawing_is_a_picture_that_says_what_it_shows(made):
    picture = made()
    assert isinstance(picture, Picture)
    assert picture.png.startswith(b"\x89PNG") and len(base64.b64encode(picture.png)) < 90_000
    assert DRAWINGS[made] in picture.alt and "None" not in picture.alt and "nan" not in picture.alt


def test_the_modules_are_drawn_from_the_running_model(trained):
    index = sm.SparseIndex.build(trained, codes="all")
    H_u = torch.from_numpy(np.random.default_rng(0).normal(size=(1, 3, 8)))
    words = draw.modules(trained, H_u, torch.ones(1, 3, dtype=torch.bool), index).alt
    assert "takes H^u (3, 8) and gives T^u (2, 8)" in words
    assert "codebooks (1, 6, 8); 48 numbers" in words and "6 lists" in words
    weights = sum(p.numel() for p in trained.tokenizer.parameters())
    assert f"{weights:,} weights" in words
    for name in ("Tokenizer", "Quantizer", "All-to-all scorer", "Index and retrieval"):
        assert name in words
