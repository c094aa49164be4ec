"""The codebook playground: drag codewords in the plane and let three codebooks learn from there.

All that moves is in JavaScript, so it also works in a page without a kernel: `codebook_steps.js`
has the mathematics, `codebook.js` the controls. Python keeps the settings. It can do the same steps
with the library's quantiser (`three_ways`); the tests compare the JavaScript with them.
"""

from pathlib import Path
from typing import Any, ClassVar

import anywidget
import numpy as np
import torch
import traitlets
from jaxtyping import Float
from torch import Tensor

from sparcode_mini.lessons.vector_quantization.draw import three_ways as draw_three_ways
from sparcode_mini.model.quantizer import ProductQuantizer
from sparcode_mini.plots.picture import Picture
from sparcode_mini.tools.checks import Floats, finite
from sparcode_mini.widgets import esm
from sparcode_mini.widgets.esm import one_module
from sparcode_mini.widgets.shown import Still
from sparcode_mini.worlds.fields import clusters_2d

HERE = Path(__file__).parent
WIDGETS = Path(esm.__file__).parent
METHODS = ("lloyd", "gradient", "ema")
STARTS = ("k-means++", "random points", "one corner")
STILL_STEPS = 12
POINT = {"sizes": [2], "each": {"low": -100, "high": 100}}  # what an address may give


def javascript() -> str:
    """Return the JavaScript of the widget as one module."""
    shared = one_module(WIDGETS, "elements.js", "numbers.js")
    return shared + one_module(HERE, "codebook_steps.js", "codebook_chart.js", "codebook.js")


def path(
    method: str,
    points: Float[Tensor, "n 2"],
    start: Float[Tensor, "N 2"],
    steps: int,
    *,
    batch: int = 0,
    rate: float = 2.0,
    decay: float = 0.9,
    restart: float = 0.0,
    factor: float = 2.0,
    rng: np.random.Generator | None = None,
) -> Float[Tensor, "steps_and_start N 2"]:
    """Let a codebook learn and return its codewords before the first and after each step.

    Args:
        method: "lloyd" (an EMA without memory), "gradient" or "ema".
        points: the points that are quantised.
        start: codewords before the first step.
        steps: number of steps.
        batch: points in a step, taken in turn; 0 = all.
        rate: learning rate of the gradient's steps.
        decay: of the EMA.
        restart: codewords used less than this share of the mean usage are restarted; 0 = never.
        factor: of the product in the distance; only 2 finds the nearest codeword.
        rng: chooses the points on which codewords are restarted.

    Raises:
        ValueError: an unknown method.
    """
    if method not in METHODS:
        raise ValueError(f"method = {method!r}; choose one of {METHODS}")
    pq = ProductQuantizer(
        N=len(start),
        token_dim=2,
        update="gradient" if method == "gradient" else "ema",
        decay=0.0 if method == "lloyd" else decay,
        restart=restart,
        dtype=points.dtype,
    )
    pq.codebooks.data = start.to(points.dtype).clone()[None]  # (1, N, 2)
    rng = np.random.default_rng(0) if rng is None else rng
    codewords = [pq.codebooks.data[0].clone()]
    for t in range(steps):
        x = _batch(points, batch, t)
        # ||c||^2 - f x.c = ||f/2 x - c||^2 - const: a wrong factor quantises f/2 x.
        codes = pq.encode(factor / 2 * x)  # (n, 1)
        if method == "gradient":
            codebook, _ = pq.losses(x, codes)
            (slope,) = torch.autograd.grad(codebook, pq.codebooks)
            pq.codebooks.data -= rate * slope
        pq.learn(x, codes, rng)
        codewords.append(pq.codebooks.data[0].clone())
    return torch.stack(codewords)  # (steps + 1, N, 2)


def three_ways(
    points: Float[Tensor, "n 2"], start: Float[Tensor, "N 2"], steps: int, **settings: Any
) -> dict[str, Float[Tensor, "steps_and_start N 2"]]:
    """Return the `path` of each method from the same start."""
    return {method: path(method, points, start, steps, **settings) for method in METHODS}


def measure(points: Float[Tensor, "n 2"], codewords: Float[Tensor, "N 2"]) -> dict[str, Any]:
    """Measure a codebook: mean squared distance, used codewords, perplexity, dead codewords."""
    pq = ProductQuantizer(N=len(codewords), token_dim=2, dtype=points.dtype)
    pq.codebooks.data = codewords[None]
    codes = pq.encode(points)  # (n, 1)
    counts = torch.bincount(codes[:, 0], minlength=pq.N)
    usage = pq.usage(codes)
    return {
        "distortion": float((points - pq.decode(codes)).square().sum(1).mean()),
        "used": usage.used[0],
        "perplexity": usage.perplexity[0],
        "dead": (counts == 0).nonzero().flatten().tolist(),
    }


def dead_after(
    points: Float[Tensor, "n 2"], start: Float[Tensor, "N 2"], steps: int, **settings: Any
) -> dict[str, int]:
    """Return how many codewords are dead after some steps, for each method."""
    paths = three_ways(points, start, steps, **settings)
    return {method: len(measure(points, path[-1])["dead"]) for method, path in paths.items()}


def start_of(kind: str, points: Float[Tensor, "n 2"], N: int, seed: int) -> Float[Tensor, "N 2"]:
    """Return the codewords before the first step.

    Args:
        kind: "k-means++"; "random points"; "one corner", far from nearly all points.
        points: the points that will be quantised.
        N: codewords.
        seed: of the random numbers.

    Raises:
        ValueError: an unknown kind.
    """
    rng = np.random.default_rng(seed)
    if kind == "k-means++":
        pq = ProductQuantizer(N=N, token_dim=2, dtype=points.dtype)
        return pq.fit(points, iterations=0, seed=seed).codebooks.data[0]
    if kind == "random points":
        return points[torch.from_numpy(rng.choice(len(points), size=N, replace=False))].clone()
    if kind == "one corner":
        high = 1.1 * float(points.abs().max())  # as in boxOf
        return torch.from_numpy(high - 0.36 * high * rng.random((N, 2))).to(points.dtype)
    raise ValueError(f"start = {kind!r}; choose one of {STARTS}")


def _batch(points: Tensor, size: int, t: int) -> Tensor:
    if not 0 < size < len(points):
        return points
    return points[(t * size + torch.arange(size)) % len(points)]


class CodebookPlayground(Still, anywidget.AnyWidget):
    """Points in the plane, and three codebooks that learn from the same start.

    Args:
        points: (n, 2) the points that are quantised; None draws 240 points in five clusters.
        seed: of the random numbers that draw the start.
        settings: initial values of the traits below.

    Raises:
        ValueError: points or codewords that are no pairs of finite numbers, fewer points than N, or
            another number of codewords than N.

    Attributes:
        codewords: the common start, as [[x, y], ...]; changes when one is dragged.
        N, start, batch, rate, decay, restart, factor: the controls.
    """

    # In the address of a page. The codewords come last: a new N or start draws new ones.
    shared = ("N", "start", "batch", "rate", "decay", "restart", "factor", "codewords")
    drawn: ClassVar = {"codewords": ["N", "start"]}
    offered: ClassVar = {"codewords": {"sizes": list(range(1, 13)), "each": POINT}}
    _esm = javascript()
    _css = HERE / "codebook.css"
    points: Any = traitlets.List().tag(sync=True)
    codewords: Any = traitlets.List().tag(sync=True)
    N = traitlets.Int(6, min=1, max=12).tag(sync=True)
    start = traitlets.Enum(STARTS, default_value="random points").tag(sync=True)
    batch = traitlets.Enum((0, 32, 8), default_value=0).tag(sync=True)
    rate = traitlets.Float(2.0, min=0.5, max=12.0).tag(sync=True)
    decay = traitlets.Float(0.9, min=0.0, max=0.98).tag(sync=True)
    restart = traitlets.Float(0.0, min=0.0, max=1.0).tag(sync=True)
    factor = traitlets.Enum((2, 1, 4, 100), default_value=2).tag(sync=True)

    def __init__(self, points: Any = None, seed: int = 1, **settings: Any) -> None:
        chosen = clusters_2d(n=240, clusters=5, spread=0.3, seed=0)[0] if points is None else points
        self.x = torch.as_tensor(_pairs(chosen, "points"), dtype=torch.float64)  # (n, 2)
        super().__init__(points=self.x.tolist(), **settings)
        if len(self.x) < self.N:
            raise ValueError(
                f"there are {len(self.x)} points for N = {self.N} codewords; give more points, or "
                "a smaller N"
            )
        if not self.codewords:
            self.codewords = start_of(self.start, self.x, self.N, seed).tolist()
        if len(self.codewords) != self.N:
            raise ValueError(
                f"there are {len(self.codewords)} codewords for N = {self.N}; give N of them"
            )

    @traitlets.validate("codewords")
    def _checked(self, proposal: dict[str, Any]) -> list[list[float]]:
        """Refuse what would draw no codebook, in Python; the page sends pairs of numbers."""
        codewords: list[list[float]] = _pairs(proposal["value"], "codewords").tolist()
        return codewords

    def __repr__(self) -> str:
        return f"CodebookPlayground({len(self.points)} points, N={self.N}, start={self.start!r})"

    def paths(self, steps: int) -> dict[str, Tensor]:
        """Return the first steps from the present codewords, done by the library."""
        return three_ways(
            self.x,
            torch.tensor(self.codewords, dtype=torch.float64),
            steps,
            batch=self.batch,
            rate=self.rate,
            decay=self.decay,
            restart=self.restart,
            factor=self.factor,
        )

    def still(self) -> Picture:
        """Draw the playground after a few steps, for pages without JavaScript."""
        return draw_three_ways(self.x.numpy(), _numpy(self.paths(STILL_STEPS)), self.factor)

    def summary(self) -> str:
        """Return the title of the fold that holds the picture in words."""
        return f"The playground after {STILL_STEPS} steps, in words"


def _pairs(values: Any, name: str) -> Floats:
    """Return points of the plane as an array (n, 2).

    Raises:
        ValueError: another shape, or something else than finite numbers.
    """
    array = finite(values, name)
    if array.ndim != 2 or array.shape[1] != 2:
        raise ValueError(f"{name} have shape {array.shape}; give finite (n, 2) numbers")
    return array


def _numpy(paths: dict[str, Tensor]) -> dict[str, np.ndarray]:
    return {method: codewords.numpy() for method, codewords in paths.items()}
