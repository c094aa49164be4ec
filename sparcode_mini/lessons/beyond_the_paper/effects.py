"""The study `beyond` in words: what each switch gained over the base."""

import statistics
from typing import Any, NamedTuple

from sparcode_mini.evaluation.paired import holds, starred
from sparcode_mini.studies.beyond import BASE, SWITCHES, column


class Effect(NamedTuple):
    """A switch in one way of serving, means over seeds, and its gain over the base."""

    name: str
    ndcg: list[float]  # test NDCG@50, one per seed
    gain: dict[str, Any]  # over the base served the same way, as `paired.together` returns it
    bytes: float
    density: float
    seconds: float

    @property
    def sure(self) -> bool:
        """Return whether the gain or loss holds after Holm's correction."""
        return holds(self.gain)


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
        gain = nothing if name == BASE else gains[name]
        ndcg = column(entries, name, way, f"test probes={probes}")
        size, density = (
            statistics.fmean(column(entries, name, way, key)) for key in ("bytes", "density")
        )
        seconds = statistics.fmean(e["seconds"] for e in entries if e["name"] == name)
        listed.append(Effect(name, ndcg, gain, size, density, seconds))
    return listed


def pairs(stored: dict[str, Any], way: str, probes: int) -> list[str]:
    """Return a line for each comparison of two switches, in points of percent; a star holds."""
    lines = []
    for row in stored["gains"]:
        if (row["way"], row["probes"]) == (way, probes) and row["against"] != BASE:
            lines.append(f"{row['name'] + ' - ' + row['against']:<42}{starred(row)}")
    return lines


def matrix_line(way: dict[str, Any] | None) -> str:
    """Describe what `catalogue_size.smallest` returned."""
    if way is None:
        return "none that was tried"
    width = f", D = {way['width']}" if way["width"] else ""
    return f"{way['r_precision']:.3f} in {way['bytes']:,} bytes{width}, {way['name']}"
