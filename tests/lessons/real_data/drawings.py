"""Every drawing of the lesson, made of small data, and words that its description must hold."""

from sparcode_mini import results
from sparcode_mini.lessons.real_data import draw
from sparcode_mini.lessons.real_data.draw_map import pays_map


def row(**changes):
    plain = {
        "point": "1 token", "side": "SparCode", "reading": "1 probe", "measure": "NDCG@50",
        "difference": 0.025, "low": 0.02, "high": 0.03, "p, Holm": 0.01,
    }  # fmt: skip
    return plain | changes


DRAWINGS = {
    "quality": (lambda: draw.quality(results.load("table")), ["NDCG@50 on MovieLens-100K"]),
    "against twins": (lambda: draw.against_twins(results.load("table")), ["two-tower", "holds"]),
    "pays map": (
        lambda: pays_map([row(), row(reading="4 probes", difference=-0.01)], "Map"),
        ["1 token: SparCode, 1 probe +2.50 (+2.00 to +3.00, holds)"],
    ),
}
