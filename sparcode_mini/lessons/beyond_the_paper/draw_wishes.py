"""Picture of lesson 10: what each way to store labels finds."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from sparcode_mini.lessons.beyond_the_paper.wishes import values
from sparcode_mini.plots import ink
from sparcode_mini.plots.picture import picture
from sparcode_mini.studies.wishing.kinds import BEST_MATCH, KINDS, ONE

COLUMNS = 3  # of panels
VECTORS = (ONE, BEST_MATCH)  # labels inside vectors; all others have lists


@picture
def found(stored: dict[str, Any], limit: int) -> tuple[Figure, str]:
    """Draw NDCG@10 of every kind of model, a panel for each setting.

    Args:
        stored: the result of the study.
        limit: bytes of the item side.
    """
    settings, names = list(stored["config"]["cases"]), list(KINDS)
    count = -(-len(settings) // COLUMNS)  # rows of panels
    figure = Figure(figsize=(9.4, count * (0.3 * len(names) + 0.9) + 0.8), layout="constrained")
    notes = []
    grid = figure.subplots(count, COLUMNS, sharex=True, sharey=True, squeeze=False)
    panels = grid.ravel()
    for axes in panels[len(settings) :]:
        axes.set_axis_off()
    for axes, setting in zip(panels, settings, strict=False):
        means = {}
        for place, name in enumerate(names):
            numbers = np.array(values(stored, name, setting, limit))
            if len(numbers):
                vectors = name in VECTORS
                colour, mark = (ink.QUERY, "s") if vectors else (ink.SCORE, "o")
                axes.plot(numbers, [place] * len(numbers), mark, color=colour, ms=4, alpha=0.4)
                axes.plot(numbers.mean(), place, mark, color=colour, ms=8, mec=ink.CARD)
                means[name] = f"{name} {numbers.mean():.3f}"
        axes.set_title(setting)
        axes.grid(axis="x")
        axes.set_xlabel("NDCG@10")
        axes.tick_params(labelbottom=True)
        notes.append(f"{setting}: {', '.join(means.values())}")
    panels[0].set_yticks(range(len(names)), names)
    panels[0].set_ylim(len(names) - 0.5, -0.5)
    for mark, colour, label in (
        ("s", ink.QUERY, "labels in vectors"), ("o", ink.SCORE, "labels in lists"),
    ):  # fmt: skip
        panels[0].plot([], [], mark, color=colour, ms=7, label=label)
    figure.legend(loc="outside lower center", ncols=2)
    return figure, (
        f"NDCG@10 at {limit // 1000} kB, small marks for single seeds, large ones for the mean. "
        f"{'. '.join(notes)}."
    )
