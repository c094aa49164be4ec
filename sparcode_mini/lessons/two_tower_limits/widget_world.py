"""The panel of the world of fields: width of a dot product, density and fields as sliders."""

from functools import lru_cache
from typing import Any

import numpy as np

from sparcode_mini.evaluation.storage import ENTRY_BYTES, NUMBER_BYTES, show_bytes
from sparcode_mini.lessons.two_tower_limits.draw import world_still
from sparcode_mini.plots import ink
from sparcode_mini.plots.picture import Picture
from sparcode_mini.widgets.chart import (
    Axis,
    Bars,
    Cells,
    Chart,
    Column,
    Points,
    View,
    linear,
    logarithmic,
    rows,
)
from sparcode_mini.widgets.explorer import Choices, Explorer
from sparcode_mini.worlds.fields import FieldsWorld, fields_world

VALUES, N_ITEMS, MOST_PEOPLE = 16, 150, 160
WIDTHS = (1, 2, 4, 8, 16, 32, 48, 64)
TICKS = [w for w in WIDTHS if w != 48]  # no room for it beside 64
DENSITIES = (0.01, 0.02, 0.05, 0.1, 0.2)
FIELDS = (1, 2, 3, 4)
SHOWN_PEOPLE, SHOWN_ITEMS = 24, 60


@lru_cache(maxsize=32)
def decomposed(fields: int, likes: float) -> tuple[FieldsWorld, np.ndarray, Any]:
    """Return a world, the oracle's scores (U, I), and their singular value decomposition."""
    n_users = min(VALUES**fields, MOST_PEOPLE)
    world = fields_world(fields, VALUES, N_ITEMS, likes, n_users, seed=0)
    scores = world.oracle()  # (U, I)
    return world, scores, np.linalg.svd(scores, full_matrices=False)


@lru_cache(maxsize=256)
def truncated(fields: int, likes: float, width: int) -> tuple[np.ndarray, float]:
    """Return the best dot product of a width by least squares (Eckart and Young 1936).

    Returns:
        Its scores (U, I), and the R-precision of their ranking.
    """
    world, _, (U, s, V) = decomposed(fields, likes)
    scores = (U[:, :width] * s[:width]) @ V[:width]  # (U, I)
    return scores, world.r_precision(scores)


def world_data(width: int, likes: float, fields: int) -> dict[str, Any]:
    """Return everything that the panel shows.

    Args:
        width: D of the dot product.
        likes: probability that a field value likes an item.
        fields: fields of a user.

    Returns:
        "truth" and "model" (a corner of the two matrices), "widths" and "curve" (R-precision of
        each width), "r_precision" of the chosen one, "rank" of the oracle's scores, "bytes" of the
        matrix and of the lists, and the arguments.
    """
    world, scores, (_, s, _) = decomposed(fields, likes)
    model, quality = truncated(fields, likes, width)
    corner = np.s_[:SHOWN_PEOPLE, :SHOWN_ITEMS]
    return {
        "truth": scores[corner].round(2),
        "model": model[corner].round(2),
        "widths": list(WIDTHS),
        "curve": [round(truncated(fields, likes, w)[1], 4) for w in WIDTHS],
        "r_precision": round(quality, 4),
        "rank": int((s > 1e-9 * s[0]).sum()),
        "bytes": {
            "matrix": NUMBER_BYTES * (width + 1) * N_ITEMS,  # with the bias of each item
            "lists": ENTRY_BYTES * int(world.likes.sum()),
        },
        "width": width,
        "likes": likes,
        "fields": fields,
    }


def _shades(scores: np.ndarray) -> list[list[float]]:
    """Return scores from 0 to 2 in steps of 0.05, which is as fine as they are drawn."""
    steps: list[list[float]] = ((scores.clip(0, 2) * 20).round() / 20).tolist()
    return steps


class WorldExplorer(Explorer):
    """The oracle's scores beside the best dot product of a width, and the bytes of each."""

    def controls(self) -> Choices:
        """Return the controls."""
        return {
            "width": ("width D of the dot product", [(str(w), w) for w in WIDTHS], 4),
            "likes": (
                "density: pairs liked by a field value",
                [(f"{d:.0%}", d) for d in DENSITIES],
                0.05,
            ),
            "fields": ("fields of a person", [(str(f), f) for f in FIELDS], 3),
        }

    def data(self, **values: Any) -> dict[str, Any]:
        """Return `world_data` at the values of the sliders."""
        return world_data(**values)

    def view(self, data: dict[str, Any]) -> View:
        """Describe two matrices on the left; quality and bytes on the right."""
        x = Axis("items", -0.5, SHOWN_ITEMS - 0.5, lines=False)
        y = Axis("people", SHOWN_PEOPLE - 0.5, -0.5, lines=False)
        maps = [
            Chart(title, x, y, [Cells(_shades(data[key]), 0, 2, ["#FFFFFF", ink.QUERY])], 220)
            for title, key in (
                ("what people like (a corner of the matrix)", "truth"),
                (f"what width {data['width']} makes of it", "model"),
            )
        ]
        width = logarithmic("width D", 0.9, 72, TICKS, "{:g}".format)
        quality = [
            Points("each width", data["widths"], data["curve"], "circle", ink.ITEM, filled=False),
            Points("chosen", [data["width"]], [data["r_precision"]], "star", ink.ITEM, 18),
        ]
        fit = Chart(
            "R-precision of the least-squares fit", width, linear("", 0, 1.05), quality, 280
        )
        sizes = [data["bytes"]["matrix"], data["bytes"]["lists"]]
        bars = Bars("bytes", sizes, [ink.ITEM, ink.CODE], [False, True],
                    texts=[show_bytes(size) for size in sizes])  # fmt: skip
        names = rows("matrix", "lists")
        served = Chart("served bytes (fp16)", Axis("", 0, 1.4 * max(sizes)), names, [bars], 150)
        return View([Column(maps, 0.5), Column([fit, served], 0.5)], self.sentence(data))

    def sentence(self, data: dict[str, Any]) -> str:
        """Describe rank, quality and bytes in words."""
        enough = [w for w, q in zip(data["widths"], data["curve"], strict=True) if q >= 0.99]
        need = (
            f"width {enough[0]} is the first of these to reach 0.99"
            if enough
            else ("none of these widths reaches 0.99")
        )
        sizes = data["bytes"]
        return (
            f"Width {data['width']}: R-precision {data['r_precision']:.2f}; {need}. The scores of "
            f"the oracle have rank {data['rank']}. Matrix {show_bytes(sizes['matrix'])}; the "
            f"{data['fields'] * VALUES} true lists, {data['fields']} of them read per person, "
            f"{show_bytes(sizes['lists'])} and R-precision 1."
        )  # fmt: skip

    def picture(self, data: dict[str, Any]) -> Picture:
        """Draw the same as a still picture."""
        return world_still(data, self.sentence(data))
