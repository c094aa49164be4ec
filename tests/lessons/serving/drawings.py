"""Every drawing of the lesson, made of small or stored data, and words of its description."""

from sparcode_mini import results
from sparcode_mini.lessons.serving import draw, draw_speed
from sparcode_mini.serving.side_by_side import Way

WAYS = [
    Way("two-tower, flat", 0.31, 4000, 300.0, 20.0),
    Way("lists, 1 probe", 0.28, 900, 310.0, 90.0),
]
DRAWINGS = {
    "serving": (lambda: draw.serving(WAYS), ["two-tower, flat", "lists, 1 probe"]),
    "lookup": (lambda: draw_speed.lookup(results.load("speed")), ["1,000,000 items"]),
    "growth": (lambda: draw_speed.growth(results.load("speed")), ["exponent"]),
    "construction": (lambda: draw_speed.construction(results.load("speed")), ["hidden units"]),
    "training": (lambda: draw_speed.training(results.load("speed")), ["one training step"]),
}
