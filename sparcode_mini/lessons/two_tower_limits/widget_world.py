"""The panel of the world of fields: width of a dot product, density and fields as sliders."""

from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
import plotly.graph_objects as go

from sparcode_mini.evaluation.storage import ENTRY_BYTES, NUMBER_BYTES, show_bytes
from sparcode_mini.lessons.two_tower_limits.draw import world_still
from sparcode_mini.plots import ink
from sparcode_mini.plots.picture import Picture
from sparcode_mini.widgets.explorer import Choices, Explorer, axis, hatch, heading, named
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


class WorldExplorer(Explorer):
    """The oracle's scores beside the best dot product of a width, and the bytes of each."""

    choices: ClassVar[Choices] = {
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

    def build(self, figure: Any, data: dict[str, Any]) -> None:
        """Make two matrices on the left; quality and bytes on the right."""
        scale = [[0, "#FFFFFF"], [1, ink.QUERY]]
        for rows in ("", "2"):
            figure.add_trace(
                go.Heatmap(
                    colorscale=scale, zmin=0, zmax=2, showscale=False, xaxis=f"x{rows}",
                    yaxis=f"y{rows}", hovertemplate="person %{y}, item %{x}: %{z}<extra></extra>",
                )
            )  # fmt: skip
        figure.add_trace(
            go.Scatter(
                xaxis="x3", yaxis="y3", mode="markers",
                marker={"symbol": "circle-open", "size": 9, "color": ink.ITEM},
            )
        )  # fmt: skip
        figure.add_trace(
            go.Scatter(
                xaxis="x3", yaxis="y3", mode="markers",
                marker={
                    "symbol": "star", "size": 18, "color": ink.ITEM, "line": {"color": ink.INK},
                },
            )
        )  # fmt: skip
        figure.add_trace(
            go.Bar(
                xaxis="x4", yaxis="y4", orientation="h", y=[0, 1],
                marker={"color": [ink.ITEM, ink.CODE], "pattern": hatch("", "/")},
                textposition="outside", cliponaxis=False,
            )
        )  # fmt: skip
        self._axes(figure)
        figure.layout.height = 450

    def _axes(self, figure: Any) -> None:
        blank = {"showticklabels": False, "showgrid": False}
        left, right = [0.0, 0.48], [0.60, 1.0]
        figure.layout.update(
            xaxis=axis(domain=left, anchor="y", **blank),
            yaxis=axis(
                domain=[0.54, 0.94], autorange="reversed", title={"text": "people"}, **blank
            ),
            xaxis2=axis(domain=left, anchor="y2", title={"text": "items"}, **blank),
            yaxis2=axis(domain=[0, 0.40], autorange="reversed", title={"text": "people"}, **blank),
            xaxis3=axis(
                domain=right, anchor="y3", type="log", tickangle=0, tickvals=TICKS,
                ticktext=[str(w) for w in TICKS], title={"text": "width D", "standoff": 4},
            ),
            yaxis3=axis(domain=[0.52, 0.94], anchor="x3", range=[0, 1.05]),
            xaxis4=axis(domain=right, anchor="y4", exponentformat="SI", ticksuffix="B", nticks=4),
            yaxis4=axis(domain=[0.0, 0.20], anchor="x4", **named("matrix", "lists")),
            annotations=[
                heading(0.0, 0.94, "what people like (a corner of the matrix)"),
                heading(0.0, 0.40, ""),
                heading(0.60, 0.94, "R-precision of the least-squares fit"),
                heading(0.60, 0.20, ""),
            ],
        )  # fmt: skip

    def draw(self, figure: Any, data: dict[str, Any]) -> None:
        """Put the data into the traces."""
        figure.data[0].z, figure.data[1].z = data["truth"], data["model"]
        figure.data[2].x, figure.data[2].y = data["widths"], data["curve"]
        figure.data[3].x, figure.data[3].y = [data["width"]], [data["r_precision"]]
        sizes = [data["bytes"]["matrix"], data["bytes"]["lists"]]
        figure.data[4].x, figure.data[4].text = sizes, [show_bytes(size) for size in sizes]
        figure.layout.xaxis4.range = [0, 1.3 * max(sizes)]
        figure.layout.annotations[1].text = f"<b>what width {data['width']} makes of it</b>"
        figure.layout.annotations[3].text = "<b>served bytes (fp16)</b>"

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
