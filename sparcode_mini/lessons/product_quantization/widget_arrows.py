"""The panel of arrows: the gradients through the argmin, drawn in the plane.

A token T, a codebook C of six codewords, and a target z: the loss is |T~ - z|^2 / 2. Each estimator
of `model.gradients` sends another gradient to T; the arrow is its opposite, the way T would move.
"""

from collections.abc import Sequence
from typing import Any

import ipywidgets
import numpy as np
import plotly.graph_objects as go
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
from sparcode_mini.widgets.live import spoken
from sparcode_mini.widgets.shown import Shown

CODEWORDS = ((0.7, 0.5), (-0.6, 1.4), (-1.6, -0.2), (-0.3, -1.3), (1.5, -1.1), (2.0, 1.3))
TARGET = (1.8, 0.6)
X, Y = (-2.6, 2.9), (-2.1, 2.3)  # the part of the plane that is shown
START = {"x": -0.9, "y": 0.9, "temperature": 1.0}
DRAWS = 128  # of the noise, whose mean arrow is shown
STEP = 0.5  # of the button: this share of an arrow
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


class Arrows(Shown):
    """A token to move, with the gradient of each estimator.

    Args:
        *ways: the estimators to show, names of NAMES; without any all of them.

    Attributes:
        x, y, temperature: sliders.
        way: the estimator that the button `step` follows.
        step, reset: buttons.
        figure, text: they show the state of the controls.
    """

    def __init__(self, *ways: str) -> None:
        self.ways = ways or NAMES
        self.x = _slider("token, across", START["x"], *X, 0.1)
        self.y = _slider("token, up", START["y"], *Y, 0.1)
        self.temperature = ipywidgets.FloatLogSlider(
            value=START["temperature"], base=10, min=-1.5, max=1, step=0.1,
            description="temperature", style=_STYLE, layout=_WIDE,
        )  # fmt: skip
        labels = [(ARROWS[name][0], name) for name in self.ways]
        first = "straight-through" if "straight-through" in self.ways else self.ways[0]
        self.way = ipywidgets.Dropdown(
            options=labels, value=first, description="follow", style=_STYLE
        )
        self.step = ipywidgets.Button(description="One step", icon="play")
        self.reset = ipywidgets.Button(description="Reset", icon="undo")
        self.text, self._held = ipywidgets.HTML(), False
        self.data = arrow_data(**START, ways=self.ways)
        self.figure = make_figure(self.ways)
        for control in (self.x, self.y, self.temperature):
            control.observe(lambda _: self.update(), names="value")
        self.step.on_click(lambda _: self.move())
        self.reset.on_click(lambda _: self.go_back())
        buttons = ipywidgets.HBox([self.way, self.step, self.reset])
        sliders = ipywidgets.VBox([self.x, self.y, self.temperature])
        super().__init__([sliders, buttons, self.text, self.figure])
        self.update()

    def update(self) -> None:
        """Show the token of the sliders; runs at each move of one."""
        if self._held:
            return
        self.data = arrow_data(self.x.value, self.y.value, self.temperature.value, self.ways)
        show(self.figure, self.data)
        self.text.value = spoken(sentence(self.data))

    def move(self) -> None:
        """Take one step along the chosen arrow."""
        dx, dy = self.data["arrow"][self.way.value]
        self._put(self.x.value + STEP * dx, self.y.value + STEP * dy)

    def go_back(self) -> None:
        """Put everything back where it was."""
        self._held = True
        self.temperature.value = START["temperature"]
        self._held = False
        self._put(START["x"], START["y"])

    def _put(self, x: float, y: float) -> None:
        self._held = True
        self.x.value, self.y.value = float(np.clip(x, *X)), float(np.clip(y, *Y))
        self._held = False
        self.update()

    def __repr__(self) -> str:
        return f"Arrows({sentence(self.data)})"

    def still(self) -> Picture:
        """Draw the present state as a picture."""
        return arrows(self.data, loss_map(360, 300), CODEWORDS, TARGET, sentence(self.data))


_STYLE, _WIDE = {"description_width": "110px"}, {"width": "430px"}


def _slider(description: str, value: float, low: float, high: float, step: float) -> Any:
    return ipywidgets.FloatSlider(
        value=value, min=low, max=high, step=step, description=description, style=_STYLE,
        layout=_WIDE,
    )  # fmt: skip


def make_figure(ways: Sequence[str] = NAMES) -> Any:
    """Make the plane with its terraces, codewords and target; `show` adds token and arrows."""
    xs, ys, z = loss_map()
    paths = [
        f"M {' L '.join(f'{x},{y}' for x, y in polygon)} Z"
        for polygon in terraces(CODEWORDS, (xs, ys, z))
    ]
    border = {"type": "path", "line": {"color": ink.NEUTRAL, "width": 1}}
    axis = {"showgrid": False, "zeroline": False, "fixedrange": True}
    figure = go.FigureWidget(
        layout={
            "template": "none", "height": 520, "width": 760, "paper_bgcolor": ink.CARD,
            "plot_bgcolor": ink.CARD,
            "font": {"family": "sans-serif", "size": 13, "color": ink.INK},
            "margin": {"l": 40, "r": 10, "t": 20, "b": 36},
            "legend": {"orientation": "h", "y": -0.08},
            "xaxis": {"range": X, **axis}, "yaxis": {"range": Y, "scaleanchor": "x", **axis},
            "shapes": [{"path": path, **border} for path in paths],
        }
    )  # fmt: skip
    figure._config = {"displayModeBar": False}
    figure.add_heatmap(
        x=xs, y=ys, z=z, colorscale=[[0, "#FFFFFF"], [1, TERRACE]], hoverinfo="z",
        colorbar={"title": {"text": "loss"}, "thickness": 12, "x": 1.0},
    )  # fmt: skip
    cx, cy = zip(*CODEWORDS, strict=True)
    figure.add_scatter(
        x=cx, y=cy, name="codewords (loss there)", mode="markers+text", textposition="top center",
        text=[f"{i} ({level:.2f})" for i, level in enumerate(levels(CODEWORDS, TARGET))],
        marker={"symbol": "square", "size": 12, "color": ink.CODE},
    )  # fmt: skip
    figure.add_scatter(
        x=[TARGET[0]], y=[TARGET[1]], name="target z", mode="markers",
        marker={"symbol": "star", "size": 17, "color": ink.NEXT},
    )  # fmt: skip
    ring = {"symbol": "square-open", "size": 22, "color": ink.CODE, "line": {"width": 3}}
    figure.add_scatter(x=[], y=[], name="nearest codeword", mode="markers", marker=ring)
    for name in ways:
        label, colour, dash, _ = ARROWS[name]
        head = {"symbol": "arrow", "size": 14, "angleref": "previous", "color": colour}
        figure.add_scatter(
            x=[], y=[], name=label, mode="lines+markers", marker=head,
            line={"color": colour, "width": 3, "dash": dash},
        )  # fmt: skip
    token = {"size": 14, "color": ink.QUERY, "line": {"width": 2, "color": ink.NEUTRAL}}
    figure.add_scatter(x=[], y=[], name="token T", mode="markers", marker=token)
    return figure


def show(figure: Any, data: dict[str, Any]) -> None:
    """Put a token and its arrows into the figure, in one message to the front end."""
    x, y = data["token"]
    with figure.batch_update():
        cx, cy = CODEWORDS[data["codeword"]]
        figure.data[3].x, figure.data[3].y = [cx], [cy]
        for trace, (name, (dx, dy)) in zip(figure.data[4:], data["arrow"].items(), strict=False):
            moves = data["norm"][name] > 1e-9
            trace.x = [x, x + dx] if moves else []
            trace.y = [y, y + dy] if moves else []
        figure.data[-1].x, figure.data[-1].y = [x], [y]
