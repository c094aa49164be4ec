"""The picture of the gradient flow: lines from losses to groups, from measured gradients."""

import math

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sparcode_mini.lessons.all_to_all_scoring.gradient_flow import GROUPS, LOSSES, Flow
from sparcode_mini.plots import ink
from sparcode_mini.plots.picture import picture
from sparcode_mini.plots.shapes import box, sheet, words

LINES = {"matching": (ink.SCORE, "-"), "codebook": (ink.CODE, "--"), "commitment": (ink.QUERY, ":")}
EDGES = {
    "history": ink.ITEM, "tokenizer": ink.QUERY, "codebooks": ink.CODE, "scorer": ink.SCORE,
    "candidates": ink.ITEM, "item bias": ink.ITEM,
}  # fmt: skip
NAMES = {"history": "item tables, as history", "candidates": "item tables, as items to rank"}
SPOKEN = {"candidates": "items to rank"}
PANEL_WIDE, PANEL_HIGH, GROUP_WIDE = 440, 300, 210


@picture
def flow(flows: dict[str, Flow]) -> tuple[Figure, str]:
    """Draw a line where a gradient arrives; one panel for each way to make T~.

    Args:
        flows: title -> result of `gradient_flow.gradient_flow`.
    """
    rows = math.ceil(len(flows) / 2)
    figure, axes = sheet(2 * PANEL_WIDE + 20, rows * PANEL_HIGH)
    notes = []
    for place, (title, losses) in enumerate(flows.items()):
        corner = (10 + (place % 2) * PANEL_WIDE, (place // 2) * PANEL_HIGH)
        _panel(axes, corner, title, losses)
        notes.append(f"{title}: {_spoken(losses)}")
    return figure, "Norms of the gradient that a loss sends to a group. " + "; ".join(notes) + "."


def _panel(axes: Axes, corner: tuple[int, int], title: str, losses: Flow) -> None:
    x, y = corner
    words(axes, (x + 6, y + 20), title, 10.5, weight="bold")
    for number, group in enumerate(GROUPS):
        top = y + 40 + number * 41
        box(axes, (x + 6, top), (GROUP_WIDE, 33), ink.CARD, EDGES[group], linewidth=1.4)
        words(axes, (x + 14, top + 11), NAMES.get(group, group), 9, weight="bold")
        numbers = [f"{loss} {to[group]:.2g}" for loss, to in losses.items() if to[group] > 0]
        text = ", ".join(numbers) or "nothing arrives"
        words(axes, (x + 14, top + 24), text, 8, color=ink.INK if numbers else ink.NEUTRAL)
    for number, loss in enumerate(LOSSES):
        middle = y + 40 + 34 + number * 82
        colour, line = LINES[loss]
        box(axes, (x + 318, middle - 15), (100, 30), ink.CARD, ink.EDGE)
        words(axes, (x + 368, middle), loss, 9.5, ha="center", weight="bold")
        for target, group in enumerate(GROUPS):
            norm = losses[loss][group]
            if norm > 0:
                end = y + 40 + target * 41 + 16.5 + 9 * (number - 1)  # two losses, two arrowheads
                axes.plot([x + 318, x + 6 + GROUP_WIDE], [middle, end], line, color=colour,
                          lw=2, marker="<", markevery=[1], ms=6)  # fmt: skip


def _spoken(losses: Flow) -> str:
    parts = []
    for loss, to in losses.items():
        reached = [f"{SPOKEN.get(g, g)} {norm:.2g}" for g, norm in to.items() if norm > 0]
        parts.append(f"{loss} reaches {', '.join(reached) or 'nobody'}")
    return "; ".join(parts)
