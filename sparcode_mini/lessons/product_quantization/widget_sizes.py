"""The panel of M and N of a quantiser: their price and their use, on toy tokens or stored models.

`toy` fits a quantiser at once; `stored` looks up a measurement on MovieLens-100K. Both return the
same kind of row (see `studies.codebooks.look`). The rest only shows a row.
"""

import math
from functools import lru_cache
from typing import Any

import ipywidgets
import plotly.graph_objects as go
import torch
from torch import Tensor

from sparcode_mini import results
from sparcode_mini.lessons.product_quantization.draw import sizes
from sparcode_mini.model.quantizer import ProductQuantizer
from sparcode_mini.model.variants.opq_fsq import toy_tokens
from sparcode_mini.plots import ink
from sparcode_mini.plots.picture import Picture
from sparcode_mini.studies.codebooks import look
from sparcode_mini.widgets.live import spoken
from sparcode_mini.widgets.shown import Shown

TOY, REAL = "toy tokens (fitted now)", "MovieLens-100K (stored)"
TOY_GRID = {"M": [1, 2, 4, 8], "N": [2, 4, 8, 16, 32, 64]}
SYMBOLS = {1: "circle", 2: "square", 4: "diamond", 8: "cross"}


@lru_cache(maxsize=2)
def _tokens(mixed: bool) -> Tensor:
    return toy_tokens(n=400, mixed=mixed)


def toy(M: int, N: int, mixed: bool = False) -> dict[str, Any]:
    """Fit M codebooks of N codewords to 400 toy tokens of width 8, and look at them.

    Raises:
        ValueError: an M that does not divide 8, an N that is not 1..400.
    """
    T = _tokens(mixed)
    pq = ProductQuantizer(M, N, T.shape[1], dtype=torch.float64).fit(T, iterations=6)
    return look(pq, T)


def stored(content: dict[str, Any], M: int, N: int) -> dict[str, Any]:
    """Return the row of a stored model.

    Raises:
        KeyError: this M and N were not measured; the message lists the measured ones.
    """
    for row in content["settings"]:
        if (row["M"], row["N"]) == (M, N):
            return dict(row)
    there = [(row["M"], row["N"]) for row in content["settings"]]
    raise KeyError(f"M={M}, N={N} was not measured; there are {there}")


def size_data(every: list[dict[str, Any]], row: dict[str, Any]) -> dict[str, Any]:
    """Return the data of the figure: relative distortion and bits of all rows, usage of one.

    Returns:
        "curves": {M: (bits, distortions)}; "chosen": (bits, distortion); "grid": M rows of N
        numbers, how often a codeword is used compared with its fair share 1/N.
    """
    curves: dict[int, tuple[list[float], list[float]]] = {}
    for other in sorted(every, key=lambda r: (r["M"], r["N"])):
        bits, errors = curves.setdefault(other["M"], ([], []))
        bits.append(bits_of(other))
        errors.append(other["distortion"])
    share = row["N"] / row["tokens"]
    return {
        "curves": curves,
        "chosen": (bits_of(row), row["distortion"]),
        "grid": [[count * share for count in counts] for counts in row["usage"]],
        "title": f"M={row['M']}, N={row['N']}",
    }


def bits_of(row: dict[str, Any]) -> float:
    """Return log2 of the number of codes: M log2 N."""
    return float(row["M"] * math.log2(row["N"]))


def sentence(row: dict[str, Any]) -> str:
    """Describe a row in words, without its time, which differs from run to run."""
    M, N, width = row["M"], row["N"], row["numbers"] // (row["M"] * row["N"])
    dead = sum(count == 0 for counts in row["usage"] for count in counts)
    quality = f" NDCG@50 of the model: {row['ndcg@50']:.3f}." if "ndcg@50" in row else ""
    return (
        f"M={M}, N={N}: {M} x {N} codewords of width {width} are {row['numbers']:,} numbers. "
        f"{row['possible']:,} codes possible, {row['used']:,} used by {row['tokens']:,} tokens; "
        f"{dead} of {M * N} codewords dead. Relative distortion {row['distortion']:.3f} "
        f"(1 = what the mean alone leaves).{quality}"
    )


class Sizes(Shown):
    """Sliders for M and N over toy tokens or stored models.

    Args:
        content: the stored rows; None reads the project's own result "codebooks".

    Attributes:
        source: toy tokens or MovieLens-100K.
        M, N: the sliders.
        mixed: rotates the toy tokens (each coordinate then has a bit of both halves).
        figure, text: they show the setting of the controls.
    """

    def __init__(self, content: dict[str, Any] | None = None) -> None:
        self.content = results.load("codebooks") if content is None else content
        self.source = ipywidgets.ToggleButtons(options=[TOY, REAL], style={"button_width": "220px"})
        self.M, self.N = _slider("M: codebooks", "M"), _slider("N: codewords in each", "N")
        self.mixed = ipywidgets.Checkbox(description="rotate the toy tokens", indent=False)
        self.text, self._held = ipywidgets.HTML(), False
        self.row = self._row()
        self.figure = make_figure()
        for control in (self.M, self.N, self.mixed):
            control.observe(lambda _: self.update(), names="value")
        self.source.observe(lambda _: self._change_source(), names="value")
        top = ipywidgets.HBox([self.source, self.mixed])
        super().__init__([top, self.M, self.N, self.text, self.figure])
        self._every = self._all_rows()
        self.update()

    def _row(self) -> dict[str, Any]:
        M, N = self.M.value, self.N.value
        return (
            toy(M, N, self.mixed.value) if self.source.value == TOY else stored(self.content, M, N)
        )

    def _all_rows(self) -> list[dict[str, Any]]:
        if self.source.value == TOY:
            return list(_toy_rows(self.mixed.value))
        return list(self.content["settings"])

    def _change_source(self) -> None:
        """Offer the values of M and N of the new source; keep the present ones if it has them."""
        real = self.source.value == REAL
        rows, self._held = self.content["settings"], True
        for slider, name in ((self.M, "M"), (self.N, "N")):
            grid = sorted({row[name] for row in rows}) if real else TOY_GRID[name]
            before = slider.value
            slider.options = [(str(value), value) for value in grid]
            slider.value = before if before in grid else grid[-1 if before > grid[-1] else 0]
        self.mixed.disabled, self._held = real, False
        self.update()

    def update(self) -> None:
        """Show the setting of the controls; runs at each move of one."""
        if self._held:
            return
        self.row, self._every = self._row(), self._all_rows()
        show(self.figure, size_data(self._every, self.row))
        where = "now, here" if self.source.value == TOY else "when it was stored"
        time = f" Time to assign one token, {where}: {self.row['nanoseconds'] / 1000:.2f} µs."
        self.text.value = spoken(sentence(self.row) + time)

    def __repr__(self) -> str:
        return f"Sizes({sentence(self.row)})"

    def still(self) -> Picture:
        """Draw the present setting as a picture."""
        return sizes(size_data(self._every, self.row), sentence(self.row))


@lru_cache(maxsize=2)
def _toy_rows(mixed: bool) -> tuple[dict[str, Any], ...]:
    return tuple(toy(M, N, mixed) for M in TOY_GRID["M"] for N in TOY_GRID["N"])


def _slider(description: str, name: str) -> Any:
    return ipywidgets.SelectionSlider(
        options=[(str(value), value) for value in TOY_GRID[name]],
        value={"M": 2, "N": 16}[name],
        description=description,
        style={"description_width": "160px"},
        layout={"width": "480px"},
    )


def make_figure() -> Any:
    """Make axes and empty traces; `show` fills them."""
    heading = {"xref": "paper", "yref": "paper", "y": 1.0, "yanchor": "bottom", "yshift": 6,
               "xanchor": "left", "showarrow": False}  # fmt: skip
    plain = {"zeroline": False, "fixedrange": True}
    figure = go.FigureWidget(
        layout={
            "template": "none", "height": 360, "autosize": True, "paper_bgcolor": ink.CARD,
            "plot_bgcolor": ink.CARD,
            "font": {"family": "sans-serif", "size": 13, "color": ink.INK},
            "margin": {"l": 62, "r": 20, "t": 40, "b": 50},
            "xaxis": {"domain": [0, 0.45], "title": {"text": "bits of a code, M log2 N"},
                      "type": "log", "tickvals": [1, 2, 4, 8, 16, 32],
                      "gridcolor": ink.FAINT, **plain},
            "yaxis": {"title": {"text": "relative distortion"}, "range": [-0.03, 1.02],
                      "gridcolor": ink.FAINT, **plain},
            "xaxis2": {"domain": [0.56, 0.93], "anchor": "y2", "title": {"text": "codeword"},
                       "showgrid": False, **plain},
            "yaxis2": {"anchor": "x2", "title": {"text": "codebook m"}, "autorange": "reversed",
                       "dtick": 1, "showgrid": False, **plain},
            "legend": {"x": 0.44, "y": 1, "xanchor": "right", "yanchor": "top"},
            "annotations": [{"x": 0, "text": "<b>relative distortion against bits</b>", **heading},
                            {"x": 0.56, "text": "<b>use of each codeword</b>", **heading}],
        }
    )  # fmt: skip
    figure._config = {"responsive": True, "displayModeBar": False}
    for M, symbol in SYMBOLS.items():
        marker = {"symbol": f"{symbol}-open", "size": 8, "color": ink.NEUTRAL}
        figure.add_scatter(
            x=[], y=[], name=f"M={M}", mode="markers", marker=marker,
        )  # fmt: skip
    marker = {"symbol": "star", "size": 19, "color": ink.CODE}
    figure.add_scatter(x=[], y=[], name="chosen", mode="markers", marker=marker)
    figure.add_heatmap(
        z=[[0]], xaxis="x2", yaxis="y2", zmin=0, zmax=3, xgap=1, ygap=2, y0=1, dy=1, x0=0, dx=1,
        colorscale=[[0, "#FFFFFF"], [1, ink.CODE]],
        colorbar={"x": 0.95, "title": {"text": "share<br>x N"}, "thickness": 12},
        hovertemplate="codebook %{y}, codeword %{x}: %{z:.2f} of a fair share<extra></extra>",
    )  # fmt: skip
    return figure


def show(figure: Any, data: dict[str, Any]) -> None:
    """Put a row into the figure, in one message to the front end."""
    with figure.batch_update():
        for trace, M in zip(figure.data, SYMBOLS, strict=False):
            trace.x, trace.y = data["curves"].get(M, ([], []))
            trace.visible = M in data["curves"]
        figure.data[4].x, figure.data[4].y = [data["chosen"][0]], [data["chosen"][1]]
        figure.data[5].z = data["grid"]
        figure.layout.annotations[1].text = f"<b>use of each codeword</b> ({data['title']})"
