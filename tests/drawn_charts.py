"""Where the marks of a chart stand on a page, and where they must by the axes of its description.

Both as {kind: one list of numbers for each thing drawn}, in pixels of the chart's SVG.
"""

import math

from sparcode_mini.widgets.chart import Axis, Chart

KINDS = ("points", "arrow", "level", "bars", "hatched", "cells", "area", "texts", "lines")
NEAR = 0.06  # pixels: the page writes one decimal
SHADES = 40  # of a table of cells
# Width of a sign in units of its size; the star's outer points are 1.2 radii from its middle.
WIDTHS = {"tick": 0, "star": 1.2 * math.sin(2 * math.pi / 5)}

# What an SVG of `chart.js` holds: all places through the transforms, as the browser draws them.
MEASURE = """(svg) => {
  const all = (selector) => [...svg.querySelectorAll(selector)];
  const at = (e, x, y) => {
    const point = new DOMPoint(x, y).matrixTransform(e.getCTM());
    return [point.x, point.y];
  };
  const box = (e) => {
    const { x, y, width, height } = e.getBBox();
    const [[left, top], [right, bottom]] = [at(e, x, y), at(e, x + width, y + height)];
    return { left, right, top, bottom };
  };
  const wide = (e) => box(e).right - box(e).left;
  const ends = (e) => [e.getPointAtLength(0), e.getPointAtLength(e.getTotalLength())]
    .flatMap(({ x, y }) => at(e, x, y));
  const arrow = (e) => [...ends(e), ...at(e.nextSibling, 0, 0), ...at(e.nextSibling, -13, 0)];
  const numbers = (d) => [...d.matchAll(/-?[\\d.]+(?:e-?\\d+)?/g)].map(Number);
  const paint = (e) => { // "rgb(255, 0, 0)", or "color(srgb 1 0 0)" of a mixture
    const text = getComputedStyle(e).fill;
    return numbers(text).slice(0, 3).map((n) => (text.startsWith("color") ? 255 * n : n));
  };
  const cells = (e) => e.getAttribute("d").split("z").filter(Boolean)
    .map((d) => [...numbers(d).slice(0, 4), ...paint(e)]);
  const text = (e) => [e.textContent, ...at(e, +e.getAttribute("x"), +e.getAttribute("y"))];
  const named = (e, name) => svg.querySelector(e.getAttribute(name).slice(4, -1)); // url(#name)
  const inside = "svg > g[clip-path]";
  return {
    frame: box(svg.querySelector(".axis")),
    cut: box(named(svg.querySelector(inside), "clip-path").firstChild),
    points: all(".sign").map((e) => [...at(e, 0, 0), wide(e)]),
    arrow: all(".arrow").map(arrow),
    level: all(".level").map(ends),
    bars: all(`${inside} rect:not([fill])`).map((e) => Object.values(box(e))),
    hatched: all(`${inside} rect[fill]`).filter((e) => named(e, "fill"))
      .map((e) => Object.values(box(e))),
    cells: all(`${inside} path:not([class], [transform])`).flatMap(cells),
    area: all(".area").map((e) => [...numbers(e.getAttribute("d")), ...paint(e)]),
    texts: all("svg > g:not([clip-path]) text").map(text),
    ticks: all("svg > text:not([class])").map(text),
    lines: all(".grid").map(ends),
  };
}"""


def share(axis: Axis, value: float) -> float:
    """Return how far along an axis a value stands: 0 at `low`, 1 at `high`."""
    at = math.log10 if axis.log else float
    return (at(value) - at(axis.low)) / (at(axis.high) - at(axis.low))


class Placed:
    """A chart in the frame that its axes have on the page.

    Args:
        chart: the description.
        frame: left, right, top and bottom of the frame.
    """

    def __init__(self, chart: Chart, frame: dict[str, float]) -> None:
        self.chart, self.frame = chart, frame
        self.found: dict[str, list] = {kind: [] for kind in KINDS}
        for mark in chart.marks:
            getattr(self, f"_{mark.kind}")(mark)
        self._axes()

    def x(self, value: float) -> float:
        left, right = self.frame["left"], self.frame["right"]
        return left + share(self.chart.x, value) * (right - left)

    def y(self, value: float) -> float:
        top, bottom = self.frame["top"], self.frame["bottom"]
        return bottom - share(self.chart.y, value) * (bottom - top)

    def _points(self, mark) -> None:
        for i, (x, y) in enumerate(zip(mark.x, mark.y, strict=True)):
            if x is None or y is None:
                continue
            self.found["points"].append(
                [self.x(x), self.y(y), WIDTHS.get(mark.sign, 1) * mark.size]
            )
            if i < len(mark.texts) and mark.texts[i]:
                right = self.x(x) + 0.8 * mark.size
                self.found["texts"].append([mark.texts[i], right, self.y(y) + 4])

    def _arrow(self, mark) -> None:
        if not len(mark.x):
            return
        x, y = [self.x(v) for v in mark.x], [self.y(v) for v in mark.y]
        length = math.dist((x[0], y[0]), (x[1], y[1]))
        tail = [end[1] - 13 * (end[1] - end[0]) / length for end in (x, y)]
        self.found["arrow"].append([x[0], y[0], x[1], y[1], x[1], y[1], *tail])

    def _level(self, mark) -> None:
        if mark.y is None:
            return
        left, right, y = self.frame["left"], self.frame["right"], self.y(mark.y)
        self.found["level"].append([left, y, right, y])
        if mark.name:
            self.found["texts"].append([mark.name, left + 6, y - 5])

    def _bars(self, mark) -> None:
        half = 0.33 * abs(self.y(1) - self.y(0))
        for row, length in enumerate(mark.lengths):
            if length is None:
                continue
            start = mark.starts[row] if row < len(mark.starts) else 0
            left, right, y = self.x(start), self.x(start + length), self.y(row)
            self.found["bars"].append([left, right, y - half, y + half])
            if row < len(mark.hatched) and mark.hatched[row]:
                self.found["hatched"].append([left, right, y - half, y + half])
            if row < len(mark.texts) and mark.texts[row]:
                self.found["texts"].append([mark.texts[row], right + 5, y + 4])

    def _cells(self, mark) -> None:
        width, height = (abs(at(1) - at(0)) - mark.gap for at in (self.x, self.y))
        for r, row in enumerate(mark.values):
            for c, value in enumerate(row):
                part = min(1.0, max(0.0, (value - mark.low) / (mark.high - mark.low)))
                color = between(mark.colors, math.floor(SHADES * part + 0.5) / SHADES)
                left, top = self.x(c) - width / 2, self.y(r) - height / 2
                self.found["cells"].append([left, top, width, height, *color])
                text = mark.texts[r][c] if len(mark.texts) else ""
                if text and 6.6 * len(text) < width + 2:
                    self.found["texts"].append([text, self.x(c), self.y(r) + 4])

    def _area(self, mark) -> None:
        places = [n for x, y in zip(mark.x, mark.y, strict=True) for n in (self.x(x), self.y(y))]
        self.found["area"].append([*places, *between(["#FFFFFF", mark.color], mark.shade)])

    def _axes(self) -> None:
        frame, self.ticks = self.frame, []
        for value, text in self.chart.x.ticks:
            self.ticks.append([text, self.x(value), frame["bottom"] + 16])
            if self.chart.x.lines:
                x = self.x(value)
                self.found["lines"].append([x, frame["top"], x, frame["bottom"]])
        for value, text in self.chart.y.ticks:
            self.ticks.append([text, frame["left"] - 6, self.y(value) + 4])
            if self.chart.y.lines:
                y = self.y(value)
                self.found["lines"].append([frame["left"], y, frame["right"], y])


def between(colors, part: float) -> list[float]:
    """Return red, green and blue (0 .. 255) at a share of the way from the first to the last."""
    place = part * (len(colors) - 1)
    start = min(math.floor(place), len(colors) - 2)
    mixed = math.floor(100 * (place - start) + 0.5) / 100
    low, high = ([int(colors[c][i : i + 2], 16) for i in (1, 3, 5)] for c in (start, start + 1))
    return [a + mixed * (b - a) for a, b in zip(low, high, strict=True)]


def differences(measured, placed: Placed, paint: float = NEAR) -> list[str]:
    """Return where the page draws something else than the description says, the first places.

    Args:
        measured: what MEASURE returns.
        placed: the chart in the frame that was measured.
        paint: of 255, so much may a colour differ.
    """
    found = []
    for kind in KINDS:
        here, there = placed.found[kind], measured[kind]
        if kind == "cells":  # the page draws them shade by shade
            here, there = sorted(here), sorted(there)
        if len(here) != len(there):
            found.append(f"{kind}: {len(there)} instead of {len(here)}")
        colors = 3 if kind in ("cells", "area") else 0
        for wanted, drawn in zip(here, there, strict=False):
            if not near(wanted, drawn, colors, paint):
                found.append(f"{kind}: {drawn} instead of {wanted}")
    for drawn in measured["ticks"]:  # a name that has no room beside the one before is left out
        if not any(near(wanted, drawn) for wanted in placed.ticks):
            found.append(f"tick: {drawn} is not of {placed.ticks}")
    if measured["cut"] != measured["frame"]:
        found.append(f"cut at {measured['cut']} instead of {measured['frame']}")
    return found[:5]


def near(wanted, drawn, colors: int = 0, paint: float = NEAR) -> bool:
    """Return whether texts are equal, and pixels nearly so; the last `colors` are of a colour."""
    if len(wanted) != len(drawn):
        return False
    room = [NEAR] * (len(wanted) - colors) + [paint] * colors
    return all(
        a == b if isinstance(a, str) else abs(a - b) <= slack
        for a, b, slack in zip(wanted, drawn, room, strict=True)
    )
