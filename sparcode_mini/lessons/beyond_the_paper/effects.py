"""The study `beyond` in words: what each switch gained over the base."""

import statistics
from typing import Any, NamedTuple

from sparcode_mini.studies.beyond import BASE, SWITCHES, column

LEVEL = 0.05  # of Holm's p


class Effect(NamedTuple):
    """A switch in one way of serving, means over seeds, and its gain over the base."""

    name: str
    ndcg: list[float]  # test NDCG@50, one per seed
    gain: float  # over the base served the same way
    low: float  # 95% over people and seeds
    high: float
    p: float  # after Holm
    bytes: float
    density: float
    seconds: float

    @property
    def sure(self) -> bool:
        """Return whether the gain or loss holds after Holm's correction."""
        return self.p < LEVEL


def effects(stored: dict[str, Any], way: str, probes: int) -> list[Effect]:
    """Return the base and every switch served in one way, in the order of SWITCHES.

    Args:
        stored: the result of the study.
        way: form of the index.
        probes: lists read for a token; (way, probes) is one of `beyond.WAYS`.

    Raises:
        KeyError: another way.
    """
    served = [row for row in stored["gains"] if (row["way"], row["probes"]) == (way, probes)]
    gains = {row["name"]: row for row in served if row["against"] == BASE}
    nothing = {"difference": 0.0, "low": 0.0, "high": 0.0, "p, Holm": 1.0}  # the base itself
    entries, listed = stored["entries"], []
    for name in SWITCHES:
        row = nothing if name == BASE else gains[name]
        gain, low, high, p = (row[key] for key in ("difference", "low", "high", "p, Holm"))
        ndcg = column(entries, name, way, f"test probes={probes}")
        size, density = (
            statistics.fmean(column(entries, name, way, key)) for key in ("bytes", "density")
        )
        seconds = statistics.fmean(e["seconds"] for e in entries if e["name"] == name)
        listed.append(Effect(name, ndcg, gain, low, high, p, size, density, seconds))
    return listed


def pairs(stored: dict[str, Any], way: str, probes: int) -> list[str]:
    """Return a line for each comparison of two switches, in points of percent; a star holds."""
    lines = []
    for row in stored["gains"]:
        if (row["way"], row["probes"]) == (way, probes) and row["against"] != BASE:
            gain, low, high = (100 * row[key] for key in ("difference", "low", "high"))
            star = " *" if row["p, Holm"] < LEVEL else ""
            name = f"{row['name']} - {row['against']}"
            lines.append(f"{name:<42}{gain:+.2f} ({low:+.2f}..{high:+.2f}){star}")
    return lines


def line(effect: Effect) -> str:
    """Return a gain in points of percent with its interval; a star where it holds."""
    low, high = 100 * effect.low, 100 * effect.high
    star = " *" if effect.sure else "  "
    return f"{100 * effect.gain:+.2f} ({low:+.2f}..{high:+.2f}){star}"


def matrix_line(way: dict[str, Any] | None) -> str:
    """Describe what `catalogue_size.smallest` returned."""
    if way is None:
        return "none that was tried"
    width = f", D = {way['width']}" if way["width"] else ""
    return f"{way['r_precision']:.3f} in {way['bytes']:,} bytes{width}, {way['name']}"
