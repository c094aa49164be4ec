"""The panel of the bias: density, lists and quality of a model, with b and the ReLU as sliders."""

from pathlib import Path
from typing import Any

import torch

from sparcode_mini import results
from sparcode_mini.lessons.all_to_all_scoring.draw import MOST, bias_still
from sparcode_mini.plots import ink
from sparcode_mini.plots.picture import Picture
from sparcode_mini.studies.bias import BIASES, SHOWN, Lists, panel_data
from sparcode_mini.widgets.chart import (
    Axis,
    Cells,
    Chart,
    Column,
    Points,
    View,
    linear,
    shares,
)
from sparcode_mini.widgets.explorer import Choices, Explorer

COLORS = {"on": ["#FFFFFF", ink.SCORE], "off": [ink.NEUTRAL, "#FFFFFF", ink.SCORE]}


class BiasPanel(Explorer):
    """The bias b and the final ReLU as sliders.

    Args:
        lists: a model of one's own; None shows the stored numbers of the shipped one.
        **start: as `Explorer`.
    """

    program = Path(__file__).parent / "bias.js"

    def __init__(self, lists: Lists | None = None, **start: Any) -> None:
        self.measured = results.load("bias") if lists is None else panel_data(lists)
        super().__init__(**start)

    def controls(self) -> Choices:
        """Return the controls."""
        return {
            "bias": ("bias b", [(f"{b:+g}" if b else "0", b) for b in BIASES], 0.0),
            "relu": ("final ReLU", [("on", True), ("off", False)], True),
        }

    def data(self, **values: Any) -> dict[str, Any]:
        """Return the chosen setting, the whole curve with the ReLU, and a corner of the scores."""
        bias, relu = values["bias"], values["relu"]
        corner = torch.tensor(self.measured["corner"], dtype=torch.float64) + bias  # (codes, films)
        return {
            **values,
            "chosen": self.measured["on" if relu else "off"][BIASES.index(bias)],
            "curve": self.measured["on"],
            "corner": corner.clamp(min=0) if relu else corner,
        }

    def view(self, data: dict[str, Any]) -> View:
        """Describe two curves over b with the chosen point on each, and a corner of the scores."""
        b = Axis("bias b", -1.7, 2.1, [(v, f"{v:g}") for v in (-1.5, -1, -0.5, 0, 0.5, 1, 1.5, 2)])
        curves = []
        for title, key, sign, color, y in (
            ("NDCG@50", "ndcg@50", "circle", ink.SCORE, linear("", 0, 0.4, "{:.1f}".format, 4)),
            ("density", "density", "diamond", ink.CODE, shares(high=1.04)),
        ):
            every = [point[key] for point in data["curve"]]
            small = Points(f"{title} with ReLU", BIASES, every, sign, color, 6)  # type: ignore[arg-type]
            at = [data["bias"]], [data["chosen"][key]]
            chosen = Points(f"{title}, chosen", *at, "star", color, 16)
            curves.append(Chart(f"{title} against b", b, y, [small, chosen], 210))
        codes, films = SHOWN
        corner = data["corner"].round(decimals=2).tolist()
        colors = COLORS["on" if data["relu"] else "off"]
        cells = Cells(corner, 0 if data["relu"] else -MOST, MOST, colors, scale="entry")
        x = Axis("films, most rated", -0.5, films - 0.5, lines=False)
        y = Axis("codes", codes - 0.5, -0.5, lines=False)
        matrix = Chart("a corner of the score matrix", x, y, [cells], 420)
        return View([Column(curves, 0.5), Column([matrix], 0.5)], self.sentence(data))

    def sentence(self, data: dict[str, Any]) -> str:
        """Describe density, entries and quality in words."""
        point, codes = data["chosen"], self.measured["codes"]
        relu = "ReLU(S + b)" if data["relu"] else "S + b without ReLU"
        return (
            f"b = {data['bias']:+.2f}, {relu}: {point['entries']:,} entries in {codes} lists, "
            f"density {point['density']:.1%}, {point['empty']} lists empty; a person reads "
            f"{point['read']:,.0f} entries. NDCG@50 {point['ndcg@50']:.4f}."
        )

    def constants(self) -> dict[str, Any]:
        """Return all that was measured, for `bias.js`."""
        measured = {key: self.measured[key] for key in ("on", "off")}
        same = {"corner": self.measured["corner"], "codes": self.measured["codes"]}
        return {"biases": BIASES, "measured": measured, "most": MOST, "colors": COLORS, **same}

    def picture(self, data: dict[str, Any]) -> Picture:
        """Draw the same as a still picture."""
        return bias_still(data, BIASES, self.sentence(data))
