"""Picture of lesson 09: ways to serve side by side; `draw_speed` has those of the benchmarks."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from sparcode_mini.evaluation.storage import show_bytes
from sparcode_mini.plots import ink
from sparcode_mini.plots.picture import picture
from sparcode_mini.plots.titles import shorten
from sparcode_mini.serving.side_by_side import Way

BESIDE: Any = {"textcoords": "offset points", "va": "center"}  # a number right of its mark


@picture
def serving(ways: Sequence[Way]) -> tuple[Figure, str]:
    """Draw quality, bytes and the two parts of the time of one request, a row for each way.

    Args:
        ways: results of `side_by_side.tower_ways` and `side_by_side.list_ways`.
    """
    figure = Figure(figsize=(9.6, 0.4 * len(ways) + 1.5), layout="constrained")
    quality, size, latency = figure.subplots(1, 3, sharey=True, width_ratios=[1, 1, 1.4])
    places = np.arange(len(ways))
    for place, way in enumerate(ways):
        tower = way.name.startswith("two-tower")
        style: Any = {"color": ink.ITEM if tower else ink.SCORE, "marker": "s" if tower else "o"}
        quality.plot(way.ndcg, place, ms=8, **style)
        quality.annotate(f"{way.ndcg:.3f}", (way.ndcg, place), (8, 0), **BESIDE)
        size.plot(way.item_bytes, place, ms=8, **style)
        size.annotate(show_bytes(way.item_bytes), (way.item_bytes, place), (8, 0), **BESIDE)
        whole = way.encode_us + way.search_us
        latency.annotate(f"{whole:.0f}", (whole, place), (4, 0), **BESIDE)
    encode = np.array([way.encode_us for way in ways])
    search = np.array([way.search_us for way in ways])
    latency.barh(places, encode, color=ink.QUERY, height=0.6, label="encode the history")
    latency.barh(places, search, left=encode, color=ink.CODE, hatch="//", edgecolor=ink.CARD,
                 height=0.6, label="search")  # fmt: skip
    quality.set_yticks(places, [shorten(way.name, 34) for way in ways])
    quality.invert_yaxis()
    quality.margins(x=0.35)
    quality.set_title("NDCG@50")
    size.set_xscale("log")
    size.set_xlim(min(w.item_bytes for w in ways) / 2, max(w.item_bytes for w in ways) * 6)
    size.xaxis.set_major_formatter(FuncFormatter(lambda value, _: show_bytes(value)))
    size.set_title("bytes, item side, float32")
    latency.set_xlim(0, 1.15 * float((encode + search).max()))
    latency.set_title("microseconds for one request")
    latency.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2)
    for axes in (quality, size):
        axes.grid(axis="y", color=ink.FAINT)
    words = (
        "Three columns: NDCG@50 and bytes of the item side in float32 as dots, and microseconds of "
        "one request as bars of two parts, encoding and search. Rows: "
        f"{', '.join(way.name for way in ways)}."
    )
    return figure, words
