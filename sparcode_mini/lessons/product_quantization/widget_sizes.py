"""The panel of M and N of a quantiser: their price and their use, on toy tokens or stored models.

`toy` fits a quantiser; the rows of MovieLens-100K are stored. Both are the same kind of row (see
`studies.codebooks.look`). The rest only shows a row.
"""

import math
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from sparcode_mini import results
from sparcode_mini.lessons.product_quantization.draw import sizes
from sparcode_mini.model.quantizer import ProductQuantizer
from sparcode_mini.model.variants.opq_fsq import toy_tokens
from sparcode_mini.plots import ink
from sparcode_mini.plots.picture import Picture
from sparcode_mini.studies.codebooks import look
from sparcode_mini.widgets.chart import (
    Cells,
    Chart,
    Column,
    Points,
    Sign,
    View,
    linear,
    logarithmic,
    rows,
)
from sparcode_mini.widgets.explorer import Choices, Explorer

TOY, REAL = "toy tokens", "MovieLens-100K (stored models)"
GRID = {"M": [1, 2, 4, 8], "N": [2, 4, 8, 16, 32, 64, 128]}
SIGNS: dict[int, Sign] = {1: "circle", 2: "square", 4: "diamond", 8: "plus"}


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


def size_data(every: list[dict[str, Any]], row: dict[str, Any] | None) -> dict[str, Any]:
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
    if row is None:  # not measured
        return {"curves": curves, "chosen": None, "grid": [], "title": "not measured"}
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


class Sizes(Explorer):
    """M and N of a quantiser over toy tokens or stored models.

    Args:
        content: the stored rows; None reads the project's own result "codebooks".
        **start: as `Explorer`.
    """

    def __init__(self, content: dict[str, Any] | None = None, **start: Any) -> None:
        self.content = results.load("codebooks") if content is None else content
        super().__init__(**start)

    def controls(self) -> Choices:
        """Return the controls."""
        return {
            "source": ("tokens", [(TOY, TOY), (REAL, REAL)], TOY),
            "mixed": ("rotate the toy tokens", [("no", False), ("yes", True)], False),
            "M": ("M: codebooks", [(str(M), M) for M in GRID["M"]], 2),
            "N": ("N: codewords in each", [(str(N), N) for N in GRID["N"]], 16),
        }

    def data(self, **values: Any) -> dict[str, Any]:
        """Return `size_data`; if the setting was not measured, without "chosen" and "grid"."""
        M, N, real = values["M"], values["N"], values["source"] == REAL
        every = list(self.content["settings"]) if real else list(_toy_rows(values["mixed"]))
        chosen = next((row for row in every if (row["M"], row["N"]) == (M, N)), None)
        return {**values, **size_data(every, chosen), "row": chosen}

    def view(self, data: dict[str, Any]) -> View:
        """Describe distortion against bits, and how often each codeword is used."""
        curves, grid = data["curves"], data["grid"]
        marks = []
        for M, sign in SIGNS.items():
            xs, ys = curves.get(M, ([], []))
            marks.append(Points(f"M={M}", xs, ys, sign, size=8, filled=False, legend=M in curves))
        xs, ys = ([value] for value in data["chosen"]) if data["chosen"] else ([], [])
        marks.append(Points("chosen", xs, ys, "star", ink.CODE, 18))
        bits = logarithmic("bits of a code, M log2 N", 0.8, 60, [1, 2, 4, 8, 16, 32], "{:g}".format)
        errors = linear("relative distortion", -0.03, 1.02)
        left = Chart("relative distortion against bits", bits, errors, marks)
        N = data["N"]
        x = linear("codeword", -0.5, N - 0.5, "{:.0f}".format, lines=False)
        use = Cells(grid, 0, 3, ["#FFFFFF", ink.CODE], scale="use, 1 = a fair share", gap=1)
        names = rows(*(f"codebook {m + 1}" for m in range(data["M"])))
        right = Chart("use of each codeword", x, names, [use], 300)
        return View([Column([left], 0.5), Column([right], 0.5)], self.sentence(data))

    def sentence(self, data: dict[str, Any]) -> str:
        """Describe the setting in words, or say that it was not measured."""
        real = data["source"] == REAL
        extra = " The rotation is for the toy tokens only." if real and data["mixed"] else ""
        if data["row"]:
            return sentence(data["row"]) + extra
        there = ", ".join(f"M={row['M']} N={row['N']}" for row in self.content["settings"])
        return (
            f"M={data['M']}, N={data['N']} was not measured on MovieLens-100K; {there} were.{extra}"
        )

    def picture(self, data: dict[str, Any]) -> Picture:
        """Draw the setting as a still picture."""
        return sizes(data, self.sentence(data))

    def __repr__(self) -> str:
        return f"Sizes({self.sentence(self.data(**self.values))})"


@lru_cache(maxsize=2)
def _toy_rows(mixed: bool) -> tuple[dict[str, Any], ...]:
    return tuple(toy(M, N, mixed) for M in GRID["M"] for N in GRID["N"])
