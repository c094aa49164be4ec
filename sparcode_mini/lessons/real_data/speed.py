"""The results of `tests/benchmarks/report.py` in words: tables, and whether each target is met.

Nothing is measured here; a result is a dictionary as the benchmarks store it.
"""

from typing import Any, NamedTuple

Result = dict[str, Any]  # everything that the benchmarks store
Row = dict[str, Any]


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


def rows_of(result: Result, **wanted: Any) -> list[Row]:
    """Return the rows of the lookup that have these values."""
    return [row for row in result["lookup"] if all(row.get(k) == v for k, v in wanted.items())]


def setting(result: Result, items: int, entries: int, K_u: int = 4) -> dict[str, Row]:
    """Return the row of every way to answer a query over synthetic items, by the way's name.

    Args:
        result: everything that the benchmarks store.
        items: size of the catalogue.
        entries: entries of a list.
        K_u: lists that a query reads.
    """
    shared = rows_of(result, data="synthetic", items=items)
    return {
        row["way"]: row
        for row in shared
        if "width" in row
        or (row["K_u"] == K_u and row.get("entries", entries * K_u) == entries * K_u)
    }


def times_adding_up(result: Result) -> list[float]:
    """Return ratios of times: the compiled search over adding up alone.

    There is one ratio for each setting that was timed at equal speed of the core.
    """
    same = ("data", "items", "K_u", "entries", "core")
    ratios = []
    for row in rows_of(result, way="lists, compiled"):
        limits = rows_of(result, way="accumulate only", **{key: row[key] for key in same})
        ratios += [row["p50"] / limit["p50"] for limit in limits]
    return ratios


def lookup_targets(result: Result) -> list[Target]:
    """Return the targets for one request, batch of 1."""
    middle, dense = setting(result, 100_000, 2_000), setting(result, 100_000, 10_000)
    large = setting(result, 1_000_000, 500)
    search, graph = middle["lists, compiled"]["p50"], middle["hnswlib"]["p50"]
    tenth, flat = dense["lists, compiled"]["p50"], dense["faiss flat"]["p50"]
    million = large["lists, compiled"]["p50"]
    limit, limits = search / middle["accumulate only"]["p50"], times_adding_up(result)
    targets = [
        Target(
            "100,000 items, density 2%, K_u = 4", f"under hnswlib's {graph:,.0f} us",
            f"{search:.0f} us", search < graph,
        ),
        Target(
            "that setting, against adding up", "within 3 times",
            f"{limit:.1f} times", limit <= 3,
        ),
        Target(
            "the same items, density 10%", f"at most faiss flat's {flat:,.0f} us",
            f"{tenth:.0f} us", tenth <= flat,
        ),
        Target(
            "1,000,000 items, lists of 500", "under 25 us", f"{million:.0f} us", million < 25
        ),
    ]  # fmt: skip
    if limits:
        worst, span = max(limits), f"{min(limits):.1f} to {max(limits):.1f} times"
        name = "any setting, against adding up"
        targets.append(Target(name, "within 3 times", span, worst <= 3))
    return targets


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
    p50 = result["encoding"]["QueryEncoder"]["p50"]
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
    lines = ["| what | asked | measured | met |", "|---|---|---|---|"]
    for target in targets:
        cells = [target.name, target.bound, target.measured, "yes" if target.met else "**no**"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def lookup_table(result: Result) -> str:
    """Return every row of the lookup as a Markdown table, times in microseconds."""
    head = (
        "| data | items | way | K_u | entries a query | recall | p50 | p99 | in a batch of 256 | "
    )
    lines = [head + "ns an entry |", "|" + "---|" * 10]
    for row in result["lookup"]:
        entries = row.get("entries")
        cells = [
            row["data"], f"{row['items']:,}", row["way"], str(row.get("K_u", "-")),
            f"{entries:,.0f}" if entries else "-",
            f"{row['recall']:.3f}" if "recall" in row else "exact",
            f"{row['p50']:,.0f}" + _slow(row), f"{row['p99']:,.0f}",
            f"{row['batch']:,.0f}" if "batch" in row else "-",
            f"{1e3 * row['p50'] / entries:.1f}" if entries else "-",
        ]  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _slow(row: Row) -> str:
    """Return a note for a time that was measured on a core below full speed, else nothing."""
    slower = row.get("core", 1.0)
    return f" (core {slower:.1f} times slower)" if slower > 1 else ""


def report(result: Result) -> str:
    """Return the whole report in Markdown; its pictures are separate files."""
    about = result["about"]
    peers = ", ".join(f"{name} {number}" for name, number in about["peers"].items())
    full = len(rows_of(result, data="synthetic")) > 0
    targets = lookup_targets(result) + other_targets(result) if full else other_targets(result)
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
            table(targets),
            "## One request",
            lookup_table(result),
            "## Growth",
            exponents,
        ]
    )


def _seconds(result: Result) -> str:
    return ", ".join(f"{name} {value:.0f}" for name, value in result["seconds"].items())
