"""The results of `tests/benchmarks/report.py` in words: tables, and whether each target is met.

Nothing is measured here; a result is a dictionary as the benchmarks store it.
"""

from typing import Any, NamedTuple

from sparcode_mini.tools.markdown import markdown_table

Result = dict[str, Any]  # everything that the benchmarks store
Row = dict[str, Any]
RECALL = 0.99  # to which the benchmarks set every vector search


class Target(NamedTuple):
    """One target and whether it is met.

    Attributes:
        name: of the target.
        bound: bound of the measured value.
        measured: the measured value.
        met: whether the value is within the bound.
    """

    name: str
    bound: str
    measured: str
    met: bool


class Comparison(NamedTuple):
    """One reading of lists beside the fastest vector search of the same run and catalogue.

    Attributes:
        catalogue: its name.
        reading: how many lists are read, whole or cut.
        row: of the reading.
        peer: row of the fastest vector search that finds at least RECALL of its own answer.
        search, request: time of the reading, divided by the peer's: search alone, and with the
            encoders.
    """

    catalogue: str
    reading: str
    row: Row
    peer: Row
    search: float
    request: float


def rows_of(result: Result, **wanted: Any) -> list[Row]:
    """Return the rows of the lookup that have these values."""
    return [row for row in result["lookup"] if all(row.get(k) == v for k, v in wanted.items())]


def catalogues(result: Result) -> list[dict[str, Any]]:
    """Return what tells the catalogues of the lookup apart, in their order, for `rows_of`."""
    keys = [(row["data"], row["items"], row.get("freedom")) for row in result["lookup"]]
    return [
        {"data": data, "items": items, "freedom": freedom}
        for data, items, freedom in dict.fromkeys(keys)
    ]


def catalogue_name(data: str, items: int, freedom: int | None) -> str:
    """Return the name of a catalogue in tables and titles."""
    if freedom is None:
        return f"{data}, {items:,} items"
    return f"{items:,} items, {freedom} degrees of freedom"


def way_of(row: Row) -> str:
    """Return the name of a row: the lists that are read, or the vector search."""
    if "lists" not in row:
        return str(row["way"])
    engine = row["way"].removeprefix("lists, ")
    cut = "whole" if row["best"] is None else f"best {row['best']}"
    return f"{row['lists']} lists, {cut}" + (f" ({engine})" if engine != "compiled" else "")


def exact(row: Row) -> bool:
    """Return whether a way always gives its model's exact answer: whole lists, a scan of all."""
    return row["way"] == "flat" or (row["way"] != "lists, seismic" and _whole(row))


def _whole(row: Row) -> bool:
    return "lists" in row and row["best"] is None


def fastest_peer(rows: list[Row], time: str = "search") -> Row:
    """Return the row of the fastest vector search that finds at least RECALL of its own answer.

    Args:
        rows: of one catalogue.
        time: "search", or "request" (with the encoder).
    """
    peers = [row for row in rows if "lists" not in row and row["recall"] >= RECALL]
    return min(peers, key=lambda row: median(row, time))


def median(row: Row, time: str = "search") -> float:
    """Return the median microseconds of a row, of the search or of the whole request."""
    return float(row["p50"] if time == "search" else row["request"]["p50"])


def comparisons(result: Result) -> list[Comparison]:
    """Return every reading of lists by the compiled search, beside the fastest vector search."""
    pairs = []
    for catalogue in catalogues(result):
        rows = rows_of(result, **catalogue)
        peers = {time: fastest_peer(rows, time) for time in ("search", "request")}
        for row in rows:
            if row["way"] == "lists, compiled":
                ratios = [median(row, time) / median(peer, time) for time, peer in peers.items()]
                name = catalogue_name(**catalogue)
                pairs.append(Comparison(name, way_of(row), row, peers["search"], *ratios))
    return pairs


def other_targets(result: Result) -> list[Target]:
    """Return the targets for building, assignment, encoding and training."""
    targets = []
    for row in result["construction"]["pairs"]:
        if row["M"] > 1:
            times = max(row["times as written"].values())
            name = f"pairs a second, M = {row['M']}, h = {row['hidden']}"
            bound = "10 times the network as written"
            targets.append(Target(name, bound, f"{times:.1f} times", times >= 10))
    (build,) = result["construction"]["builds"]
    name = f"building {build['items']:,} x {build['codes']:,} pairs"
    peak = build["peak GB"]
    targets.append(Target(name, "within 4 GB", f"{peak:.2f} GB", peak <= 4))
    for row in result["assignment"]:
        for peer in ("faiss", "vector-quantize-pytorch"):
            ratio = row[f"{peer} / ours"]
            name = f"nearest codewords, M = {row['M']}"
            targets.append(Target(name, f"{peer}'s speed", f"{ratio:.2f} times", ratio >= 1))
    p50 = result["encoding"]["sparcode"]["QueryEncoder"]["p50"]
    targets.append(Target("one history to codes", "under 150 us", f"{p50:.0f} us", p50 < 150))
    training, bound = result["training"], "at most 1.5 times its two-tower"
    count = len(training["rows"]["sparcode"]["epochs"])
    for name, ratio in (
        (f"{count} epochs of training", training["ratio"]),
        ("one training step with codes", training["ratio of a step with codes"]),
    ):
        targets.append(Target(name, bound, f"{ratio:.2f} times", ratio <= 1.5))
    return targets


def table(targets: list[Target]) -> str:
    """Return the targets as a Markdown table."""
    rows = [(*target[:3], "yes" if target.met else "**no**") for target in targets]
    return markdown_table(("what", "asked", "measured", "met"), rows)


def lookup_table(result: Result) -> str:
    """Return every row of the lookup as a Markdown table, times in microseconds."""
    head = ["catalogue", "way", "exact", "recall", "in any list", "entries", "NDCG@50"]
    head += ["search, p50", "p99", "with encoder, p50", "p99", "seconds to build"]
    rows = []
    for catalogue in catalogues(result):
        for row in rows_of(result, **catalogue):
            request = row["request"]
            rows.append([
                catalogue_name(**catalogue), way_of(row), "yes" if exact(row) else "no",
                _cell(row, "recall", ".3f"), _cell(row, "coverage", ".0%"),
                _cell(row, "entries", ",.0f"), _cell(row, "ndcg@50", ".4f"),
                f"{row['p50']:,.0f}" + _slow(row), f"{row['p99']:,.0f}",
                f"{request['p50']:,.0f}" + _slow(request), f"{request['p99']:,.0f}",
                _cell(row, "build seconds", ",.1f"),
            ])  # fmt: skip
    return markdown_table(head, rows)


def comparison_table(result: Result) -> str:
    """Return the readings of lists beside the fastest vector search, as a Markdown table."""
    head = ["catalogue", "reading", "recall", "in any list", "fastest vectors"]
    head += ["its recall", "search", "with encoder"]
    rows = [
        [pair.catalogue, pair.reading, f"{pair.row['recall']:.3f}", f"{pair.row['coverage']:.0%}",
         pair.peer["way"], f"{pair.peer['recall']:.3f}", f"{pair.search:.2f} times",
         f"{pair.request:.2f} times"]
        for pair in comparisons(result)
    ]  # fmt: skip
    return markdown_table(head, rows)


def _cell(row: Row, name: str, form: str) -> str:
    return format(row[name], form) if name in row else "-"


def _slow(row: Row) -> str:
    """Return a note for a time that was measured on a core below full speed, else nothing."""
    slower = row.get("core", 1.0)
    return f" (core {slower:.1f} times slower)" if slower > 1 else ""


def report(result: Result) -> str:
    """Return the whole report in Markdown; its pictures are separate files."""
    about = result["about"]
    peers = ", ".join(f"{name} {number}" for name, number in about["peers"].items())
    exponents = "\n".join(
        f"- {curve['name']}: time grows as size^{curve['exponent']:.2f}"
        for curve in result["growth"]
    )
    return "\n\n".join(
        [
            "# Speed",
            f"Machine: {about['processor']}, {about['memory GB']} GB, {about['machine']}; "
            f"{about['date']}. Peers: {peers}. Seconds of each part: {_seconds(result)}.",
            "## Targets",
            table(other_targets(result)),
            "## One request",
            "Recall: of lists, the share of what whole lists answer; of vectors, the share of what "
            "a scan of all answers. Times in microseconds.",
            lookup_table(result),
            "Time of each reading, divided by that of the fastest vector search over the same "
            f"catalogue with a recall of at least {RECALL}:",
            comparison_table(result),
            "## Growth",
            exponents,
        ]
    )


def _seconds(result: Result) -> str:
    return ", ".join(f"{name} {value:.0f}" for name, value in result["seconds"].items())
