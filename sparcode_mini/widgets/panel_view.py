"""The charts of the panel: quality against size, and three bars."""

from typing import Any

from sparcode_mini.evaluation.storage import show_bytes
from sparcode_mini.plots import ink
from sparcode_mini.widgets.chart import (
    Axis,
    Bars,
    Chart,
    Column,
    Level,
    Mark,
    Points,
    Sign,
    linear,
    logarithmic,
    rows,
    shares,
)

POWERS = [10.0**e for e in range(2, 10)]
KEYS = {1: "one", 4: "four"}
NAMED = {1: "1 probe", 4: "4 probes"}
SIGNS: dict[int, Sign] = {1: "circle", 4: "diamond"}


def columns(data: dict[str, Any]) -> list[Column]:
    """Return the charts of one setting.

    Args:
        data: what `settings.figure_data` returns, with "probes" and "live" (the "bytes" and "ndcg"
            of a model trained here, or None).
    """
    bars = [_bytes(data), *(_strip(data, name) for name in ("density", "search"))]
    return [Column([_quality(data)], 0.62), Column(bars, 0.38)]


def _quality(data: dict[str, Any]) -> Chart:
    """Return NDCG@50 against bytes: all settings, the baselines, and the chosen setting."""
    low, high = data["range"]
    live, tower = data["live"], data["two-tower"]
    if live:  # a short training may end below all stored ones
        low, high = min(low, 0.98 * live["ndcg"]), max(high, 1.02 * live["ndcg"])
    known = tower["bytes"] and tower["ndcg"]
    sizes = [*data["all"]["bytes"], *([tower["bytes"]] if known else [])]
    ends = min(sizes) / 1.5, max(sizes) * 1.5
    marks: list[Mark] = [*_measured(data["all"]), _tower(tower), *_levels(data), *_chosen(data)]
    at = ([live["bytes"]], [live["ndcg"]]) if live else ([], [])
    marks.append(Points("trained here", *at, "cross", ink.INK, 12, legend=bool(live)))
    ticks = [p for p in POWERS if ends[0] <= p <= ends[1]]
    x = logarithmic("bytes of the index", *ends, ticks, show_bytes)
    return Chart("quality against size", x, linear("NDCG@50", low, high, "{:.2f}".format), marks)


def _measured(points: dict[str, Any]) -> list[Points]:
    return [
        Points(f"measured, {NAMED[R]}", points["bytes"], points[key], SIGNS[R], size=8,
               filled=False, names=points["names"])
        for R, key in KEYS.items()
    ]  # fmt: skip


def _chosen(data: dict[str, Any]) -> list[Points]:
    """Return the chosen setting, in the signs of its probes: filled is what is chosen."""
    points, chosen = data["chosen"], data["probes"]
    return [
        Points(f"chosen, {NAMED[R]}", points["bytes"], points[key], SIGNS[R], ink.CODE, 17,
               filled=chosen == R, names=points["names"])
        for R, key in KEYS.items()
    ]  # fmt: skip


def _tower(tower: dict[str, Any]) -> Points:
    at = ([tower["bytes"]], [tower["ndcg"]]) if tower["bytes"] and tower["ndcg"] else ([], [])
    return Points("two-tower", *at, "square", ink.ITEM, 11)


def _levels(data: dict[str, Any]) -> list[Level]:
    """Return dashed lines of the baselines; words at the lower edge for one that is below it."""
    low = data["range"][0]
    levels = []
    for name, score in (
        ("two-tower", data["two-tower"]["ndcg"]),
        ("popularity", data["popularity"]),
    ):
        below = score is not None and score < low
        text = "" if score is None else f"{name} {score:.3f}{' is below' if below else ''}"
        levels.append(Level(text, low if below else score))
    return levels


def _bytes(data: dict[str, Any]) -> Chart:
    bars, tower = data["bars"], data["two-tower"]["bytes"]
    total = None if bars["lists"] is None else bars["lists"] + bars["rest"]
    most = 1.1 * max(tower or 0, total or 0) or 1.0
    words = "not measured" if total is None else show_bytes(total)
    words += f", two-tower {show_bytes(tower)}" if tower else ""
    both = [tower, bars["lists"]]
    marks = [
        Bars("matrix or lists", both, [ink.ITEM, ink.SCORE]),
        Bars(
            "codewords, codes",
            [None, bars["rest"]],
            [ink.CODE, ink.CODE],
            [False, True],
            [0, bars["lists"] or 0],
            legend=True,
        ),
    ]
    x = linear("", 0, most, show_bytes, 3)
    return Chart(f"bytes: {words}", x, rows("two-tower", "SparCode"), marks, 160)


def _strip(data: dict[str, Any], name: str) -> Chart:
    """Return one bar, with a tick at the value of every measured setting."""
    value, everywhere = (
        data["bars"][name],
        data[{"density": "densities", "search": "searches"}[name]],
    )
    if name == "density":
        words = "" if value is None else f"{value:.1%} of the pairs kept"
        x = shares()
    else:
        words = "" if value is None else f"{value:.0f} µs"
        x = linear("", 0, 1.1 * max(everywhere, default=1.0), "{:g} µs".format, 4)
    title = {"density": "density", "search": "one search, 1 probe"}[name]
    places = [0.0] * len(everywhere)
    marks: list[Mark] = [
        Bars(name, [value], [ink.SCORE]),
        Points("every measured setting", everywhere, places, "tick", legend=False, size=16),
    ]
    y = Axis("", 0.6, -0.6, lines=False)
    return Chart(f"{title}: {words or 'not measured'}", x, y, marks, 110)
