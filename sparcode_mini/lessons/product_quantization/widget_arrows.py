"""The panel of arrows: the gradients through the argmin, drawn in the plane.

A token T, a codebook C of six codewords, and a target z: the loss is |T~ - z|^2 / 2. Each estimator
of `model.gradients` sends another gradient to T; the arrow is its opposite, the way T would move.
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from sparcode_mini.lessons.product_quantization.draw_gradients import (
    ARROWS,
    TERRACE,
    arrows,
    levels,
    terraces,
)
from sparcode_mini.lessons.product_quantization.gradients import cosines, token_gradient
from sparcode_mini.model.gradients import gumbel_noise
from sparcode_mini.model.kmeans import squared_distances
from sparcode_mini.plots import ink
from sparcode_mini.plots.picture import Picture
from sparcode_mini.widgets.chart import Area, Arrow, Axis, Chart, Column, Mark, Points, View
from sparcode_mini.widgets.explorer import Choices, Explorer, Span

CODEWORDS = ((0.7, 0.5), (-0.6, 1.4), (-1.6, -0.2), (-0.3, -1.3), (1.5, -1.1), (2.0, 1.3))
TARGET = (1.8, 0.6)
X, Y = (-2.6, 2.9), (-2.1, 2.3)  # the part of the plane that is shown
START = {"x": -0.9, "y": 0.9, "temperature": 1.0}
DRAWS = 128  # of the noise, whose mean arrow is shown
STEP = 0.5  # of the button: this share of an arrow
STILL = 1e-9  # a shorter arrow is not drawn
TEMPERATURES = [round(10 ** (e / 10), 4) for e in range(-15, 11)]
BETA = 0.25
NAMES = tuple(ARROWS)


def loss(T_q: Tensor) -> Tensor:
    """Return |T~ - z|^2 / 2, summed over tokens."""
    return (T_q - torch.tensor(TARGET, dtype=T_q.dtype)).square().sum() / 2


def arrow_data(
    x: float, y: float, temperature: float, ways: Sequence[str] = NAMES
) -> dict[str, Any]:
    """Return the gradient that each estimator sends to a token at (x, y).

    Args:
        x: of the token.
        y: of the token.
        temperature: of the soft assignment and of Gumbel-softmax.
        ways: names of the estimators, of NAMES.

    Returns:
        token, codeword (index of the nearest), loss; and for each name "arrow" (minus the
        gradient), "norm", and "cosine" to the gradient of the soft assignment (0 if one is 0).
    """
    T = torch.tensor([[x, y]], dtype=torch.float64)
    C = torch.tensor(CODEWORDS, dtype=torch.float64)
    noise = gumbel_noise(np.random.default_rng(0), DRAWS, len(C), dtype=T.dtype)
    gradients = {}
    for name in {*ways, "soft"}:  # all are compared with "soft"
        many = name == "gumbel"
        tokens = T.expand(DRAWS, -1) if many else T
        beta = BETA if name == "literal" else 0.0
        draws = noise if many else None
        gradients[name] = token_gradient(tokens, C, loss, name, temperature, draws, beta).mean(
            dim=0
        )
    code = int(squared_distances(T, C).argmin())
    true, wanted = gradients["soft"], {name: gradients[name] for name in ways}
    return {
        "token": (float(x), float(y)),
        "codeword": code,
        "loss": float(loss(C[code])),
        "temperature": float(temperature),
        "arrow": {name: tuple((-g).tolist()) for name, g in wanted.items()},
        "norm": {name: float(g.norm()) for name, g in wanted.items()},
        "cosine": {name: float(cosines(g[None], true[None])) for name, g in wanted.items()},
    }


def loss_map(across: int = 90, down: int = 72) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the loss of a token at each place of the picture: a terrace for each codeword.

    Returns:
        xs (across,), ys (down,) and the loss (down, across).
    """
    xs, ys = np.linspace(*X, across), np.linspace(*Y, down)
    grid = torch.from_numpy(np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2))
    C = torch.tensor(CODEWORDS, dtype=torch.float64)
    q = C[squared_distances(grid, C).argmin(1)]
    z = (q - torch.tensor(TARGET, dtype=q.dtype)).square().sum(1) / 2
    return xs, ys, z.reshape(down, across).numpy()


def sentence(data: dict[str, Any]) -> str:
    """Describe the gradients that reach the token."""
    x, y = data["token"]
    parts = [
        f"{ARROWS[name][0]} {norm:.2f} (cosine {data['cosine'][name]:+.2f})"
        for name, norm in data["norm"].items()
        if name not in ("nothing", "soft")
    ]
    soft = data["norm"].get("soft")
    yardstick = "the gradient of the soft assignment" + (
        f" ({soft:.2f} long at temperature {data['temperature']:.2f})" if soft is not None else ""
    )
    return (
        f"Token at ({x:.2f}, {y:.2f}), nearest codeword {data['codeword']}, loss "
        f"{data['loss']:.2f}. The true slope of this loss is 0: it is flat around the token. "
        f"Length of what is sent instead, and its cosine to {yardstick}: {'; '.join(parts)}."
    )


class Arrows(Explorer):
    """A token to move, with the gradient of each estimator.

    Args:
        *ways: the estimators to show, names of NAMES; without any all of them.
        **start: as `Explorer`.
    """

    actions: ClassVar[dict[str, str]] = {"One step": "step"}
    program = Path(__file__).parent / "arrows.js"

    def __init__(self, *ways: str, **start: Any) -> None:
        self.ways = ways or NAMES
        super().__init__(**start)

    def controls(self) -> Choices:
        """Return the place of the token, the temperature, and the way to follow."""
        first = "straight-through" if "straight-through" in self.ways else self.ways[0]
        return {
            "x": ("token, across", Span(*X, 0.1), START["x"]),
            "y": ("token, up", Span(*Y, 0.1), START["y"]),
            "temperature": ("temperature", [(f"{t:.2f}", t) for t in TEMPERATURES], 1.0),
            "way": ("follow", [(ARROWS[name][0], name) for name in self.ways], first),
        }

    def data(self, **values: Any) -> dict[str, Any]:
        """Return `arrow_data` at the values of the controls."""
        return arrow_data(values["x"], values["y"], values["temperature"], self.ways)

    def step(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return the values after one step along the chosen arrow, inside the picture."""
        dx, dy = self.data(**values)["arrow"][values["way"]]
        x, y = values["x"] + STEP * dx, values["y"] + STEP * dy
        return {"x": float(np.clip(x, *X)), "y": float(np.clip(y, *Y))}

    def view(self, data: dict[str, Any]) -> View:
        """Describe the plane with its terraces, and on it token and arrows."""
        x, y = data["token"]
        cx, cy = CODEWORDS[data["codeword"]]
        marks: list[Mark] = [
            *_ground(),
            Points("nearest codeword", [cx], [cy], "square", ink.CODE, 22, filled=False),
        ]
        for name in self.ways:
            dx, dy = data["arrow"][name]
            moves = data["norm"][name] > STILL
            xs, ys = ([x, x + dx], [y, y + dy]) if moves else ([], [])
            marks.append(Arrow(ARROWS[name][0], xs, ys, ARROWS[name][1], ARROWS[name][2]))
        marks.append(Points("token T", [x], [y], "circle", ink.QUERY, 13))
        axes = Axis("", *X, lines=False), Axis("", *Y, lines=False)
        title = "loss: a terrace around each codeword"
        chart = Chart(title, *axes, marks, 560, square=True)
        return View([Column([chart])], sentence(data))

    def picture(self, data: dict[str, Any]) -> Picture:
        """Draw the same as a still picture."""
        return arrows(data, loss_map(360, 300), CODEWORDS, TARGET, sentence(data))

    def constants(self) -> dict[str, Any]:
        """Return the world of the arrows for `arrows.js`."""
        noise = gumbel_noise(np.random.default_rng(0), DRAWS, len(CODEWORDS), dtype=torch.float64)
        return {
            "codewords": CODEWORDS,
            "target": TARGET,
            "noise": noise.tolist(),
            "beta": BETA,
            "step": STEP,
            "still": STILL,
            "ends": {"x": X, "y": Y},
            "ways": [[name, ARROWS[name][0]] for name in self.ways],
            "first": len(_ground()),  # marks before the ring around the nearest codeword
        }

    def __repr__(self) -> str:
        return f"Arrows({sentence(self.data(**self.values))})"


@lru_cache(maxsize=1)
def _ground() -> tuple[Mark, ...]:
    """Return what stands still: terraces, codewords and the target."""
    heights = levels(CODEWORDS, TARGET)
    marks: list[Mark] = [
        Area(
            f"loss {height:.2f}",
            polygon[:, 0].round(4).tolist(),
            polygon[:, 1].round(4).tolist(),
            TERRACE,
            height / max(heights),
        )
        for polygon, height in zip(terraces(CODEWORDS, loss_map()), heights, strict=True)
    ]
    cx, cy = zip(*CODEWORDS, strict=True)
    texts = [f"  {number} ({height:.2f})" for number, height in enumerate(heights)]
    name = "codewords (loss there)"
    marks.append(Points(name, cx, cy, "square", ink.CODE, 11, texts=texts))
    marks.append(Points("target z", [TARGET[0]], [TARGET[1]], "star", ink.NEXT, 17))
    return tuple(marks)
