"""The panel of the bias: density, lists and quality of a model, with b and the ReLU as sliders.

Nothing is trained here. The scores S of all codes are computed once. A setting of the sliders adds
b to them, takes the ReLU, adds up the lists of each person, and ranks all films.
"""

from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
import plotly.graph_objects as go
import torch
from torch import Tensor

from sparcode_mini import data, results
from sparcode_mini.data.split import Split
from sparcode_mini.lessons.all_to_all_scoring.draw import MOST, bias_still
from sparcode_mini.model.load import load_model
from sparcode_mini.model.sparcode import SparCode
from sparcode_mini.plots import ink
from sparcode_mini.plots.picture import Picture
from sparcode_mini.widgets.explorer import Choices, Explorer, axis, heading

BIASES = tuple(np.round(np.arange(-1.6, 2.01, 0.1), 2).tolist())
PLACES = 50
SHOWN = (64, 96)  # codes and films of the small picture of the score matrix


class Lists:
    """A SparCode before its final ReLU, and the films that the people of a split should find.

    Args:
        model: all its codes get a list, so N^M must be small.
        split: its test part holds the films that should be found.

    Attributes:
        S: (codes, I) scores of all codes before the bias.
        rows: (B, K_u) the list that each token of each person reads.
    """

    def __init__(self, model: SparCode, split: Split) -> None:
        users = np.flatnonzero([len(h) > 0 for h in split.histories("test")])
        ids, pq = split.user_ids[users], model.quantizer
        every = torch.cartesian_prod(*[torch.arange(pq.N)] * pq.M).reshape(-1, pq.M)  # (C, M)
        with torch.no_grad():
            self.S = model.scorer(pq.decode(every), model.items(), model.item_bias)  # (codes, I)
        codes = model.encode(ids).codes[:, :, 0]  # (B, K_u, M)
        place = pq.N ** torch.arange(pq.M - 1, -1, -1)  # (M,)
        self.rows = (codes * place).sum(-1)  # (B, K_u)
        self.wanted = _table(split.history(ids, "test"), split.n_items)  # (B, I) bool
        self.seen = _table(split.history(ids, "train+validation"), split.n_items)  # (B, I) bool
        self.rated = np.bincount(np.concatenate(split.histories("train")), minlength=split.n_items)
        sizes = self.wanted.sum(dim=1).clamp(max=PLACES)  # (B,)
        self.discounts = 1 / torch.arange(2, PLACES + 2, dtype=self.S.dtype).log2()  # (50,)
        self.ideal = self.discounts.cumsum(0)[sizes - 1]  # (B,)

    def measure(self, bias: float, relu: bool) -> dict[str, Any]:
        """Measure density, entries and NDCG@50 at one setting, with a ranking of all films.

        Returns:
            "entries", "density" (share of the pairs code, film with an entry), "empty" (lists),
            "read" (entries that a person reads, on average), "ndcg@50".
        """
        A = self.S + bias  # (codes, I)
        kept = A > 0 if relu else torch.ones_like(A, dtype=torch.bool)
        A = A * kept
        lengths = kept.sum(dim=1)  # (codes,)
        y = A[self.rows[:, 0]]  # (B, I); a copy
        for row in self.rows.T[1:]:
            y += A[row]
        y[self.seen] = -torch.inf
        values, best = y.topk(PLACES, dim=1)  # (B, 50)
        hits = self.wanted.gather(1, best) & ((values > 0) if relu else values.isfinite())
        return {
            "entries": int(lengths.sum()),
            "density": float(lengths.sum() / A.numel()),
            "empty": int((lengths == 0).sum()),
            "read": float(lengths[self.rows].sum(dim=1).double().mean()),
            "ndcg@50": float((hits.to(A.dtype) @ self.discounts / self.ideal).mean()),
        }

    def corner(self, bias: float, relu: bool) -> Tensor:
        """Return S + b of the first codes and the most rated films; 0 is no entry."""
        codes, films = SHOWN
        popular = np.argsort(-self.rated, kind="stable")[:films].copy()
        A = self.S[:codes, torch.from_numpy(popular)] + bias  # (codes, films)
        return A.clamp(min=0) if relu else A


def _table(lists: list[np.ndarray], width: int) -> Tensor:
    table = torch.zeros(len(lists), width, dtype=torch.bool)
    for row, items in zip(table, lists, strict=True):
        row[torch.from_numpy(items)] = True
    return table


@lru_cache(maxsize=1)
def shipped() -> Lists:
    """Return the model that comes with the project, in float64, over MovieLens-100K."""
    split = data.movielens_100k().split(test=0.2, validation=0.1)
    path = results.CHECKPOINTS / "sparcode-sparse.safetensors"
    return Lists(load_model(path, split, torch.float64), split)


class BiasPanel(Explorer):
    """The bias b and the final ReLU as sliders.

    Args:
        lists: None for the shipped model.
        **start: as `Explorer`.
    """

    choices: ClassVar[Choices] = {
        "bias": ("bias b", [(f"{b:+g}" if b else "0", b) for b in BIASES], 0.0),
        "relu": ("final ReLU", [("on", True), ("off", False)], True),
    }

    def __init__(self, lists: Lists | None = None, **start: Any) -> None:
        self.lists = shipped() if lists is None else lists
        self.curve = [self.lists.measure(b, True) for b in BIASES]
        super().__init__(**start)

    def data(self, **values: Any) -> dict[str, Any]:
        """Return the chosen setting, the whole curve with the ReLU, and a corner of the scores."""
        return {
            **values,
            "chosen": self.lists.measure(**values),
            "curve": self.curve,
            "corner": self.lists.corner(**values),
        }

    def build(self, figure: Any, data: dict[str, Any]) -> None:
        """Make two curves over b with the chosen point on each, and the corner as a heat map."""
        for key, colour, symbol, place in (
            ("ndcg@50", ink.SCORE, "circle", "y"),
            ("density", ink.CODE, "diamond", "y2"),
        ):
            ys = [point[key] for point in data["curve"]]
            small = {"symbol": symbol, "size": 5, "color": colour}
            figure.add_trace(go.Scatter(x=BIASES, y=ys, yaxis=place, mode="markers", marker=small))
        for colour, symbol, place in ((ink.SCORE, "circle", "y"), (ink.CODE, "diamond", "y2")):
            marker = {"symbol": symbol, "size": 14, "color": colour, "line": {"color": ink.INK}}
            figure.add_trace(go.Scatter(yaxis=place, mode="markers", marker=marker))
        figure.add_trace(
            go.Heatmap(
                xaxis="x2", yaxis="y3", zmax=MOST, showscale=True,
                colorbar={"thickness": 12, "title": {"text": "entry"}},
                hovertemplate="code %{y}, film %{x}: %{z:.2f}<extra></extra>",
            )
        )  # fmt: skip
        figure.layout.update(
            margin={"l": 62, "r": 20, "t": 50, "b": 50},
            xaxis=axis(domain=[0, 0.4], title={"text": "bias b"}),
            yaxis=axis(title={"text": "NDCG@50 (circles)"}, rangemode="tozero"),
            yaxis2=axis(
                overlaying="y", side="right", range=[0, 1.04], tickformat=".0%", showgrid=False,
                title={"text": "density (diamonds)"},
            ),
            xaxis2=axis(domain=[0.56, 0.95], anchor="y3", title={"text": "films, most rated"}),
            yaxis3=axis(anchor="x2", autorange="reversed", title={"text": "codes"}),
            annotations=[
                heading(0, 1, "quality and density against b"),
                heading(0.56, 1, "a corner of the score matrix"),
            ],
        )  # fmt: skip

    def draw(self, figure: Any, data: dict[str, Any]) -> None:
        """Move the two points and fill the corner."""
        for trace, key in ((2, "ndcg@50"), (3, "density")):
            figure.data[trace].x, figure.data[trace].y = [data["bias"]], [data["chosen"][key]]
        white_first = [[0, "#FFFFFF"], [1, ink.SCORE]]
        signed = [[0, ink.NEUTRAL], [0.5, "#FFFFFF"], [1, ink.SCORE]]
        figure.data[4].update(
            z=data["corner"].round(decimals=2).numpy(),
            zmin=0 if data["relu"] else -MOST,
            colorscale=white_first if data["relu"] else signed,
        )

    def sentence(self, data: dict[str, Any]) -> str:
        """Describe density, entries and quality in words."""
        point, codes = data["chosen"], len(self.lists.S)
        relu = "ReLU(S + b)" if data["relu"] else "S + b without ReLU"
        return (
            f"b = {data['bias']:+.2f}, {relu}: {point['entries']:,} entries in {codes} lists, "
            f"density {point['density']:.1%}, {point['empty']} lists empty; a person reads "
            f"{point['read']:,.0f} entries. NDCG@50 {point['ndcg@50']:.4f}."
        )

    def picture(self, data: dict[str, Any]) -> Picture:
        """Draw the same as a still picture."""
        return bias_still(data, BIASES, self.sentence(data))
