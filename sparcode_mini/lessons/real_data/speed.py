"""What `tests/benchmarks/report.py` measured, in words: rows of tables, and each target met or not.

Nothing is measured here; a result is a dictionary as the report stores it.
"""

from typing import Any, NamedTuple

Found = dict[str, Any]


class Target(NamedTuple):
    """One aim, the bound that was set, and what was measured."""

    what: str
    asked: str
    measured: str
    met: bool


def rows_of(found: Found, **wanted: Any) -> list[Found]:
    """The rows of the lookup that have these values."""
    return [row for row in found["lookup"] if all(row.get(k) == v for k, v in wanted.items())]


def row_of(found: Found, **wanted: Any) -> Found:
    """The one row of the lookup that has these values.

    Raises:
        KeyError: there is none, or more than one.
    """
    rows = rows_of(found, **wanted)
    if len(rows) != 1:
        raise KeyError(f"{len(rows)} rows have {wanted}; name one")
    return rows[0]


def setting(found: Found, items: int, entries: int, K_u: int = 4) -> dict[str, Found]:
    """All ways to answer a query over the synthetic items, lists of so many entries: by name."""
    shared = rows_of(found, data="synthetic", items=items)
    return {
        row["way"]: row
        for row in shared
        if "width" in row
        or (row["K_u"] == K_u and row.get("entries", entries * K_u) == entries * K_u)
    }


def times_adding_up(found: Found) -> list[float]:
    """The compiled search against adding up alone, for each setting timed at equal speed."""
    same = ("data", "items", "K_u", "entries", "core")
    ratios = []
    for row in rows_of(found, way="lists, compiled"):
        limits = rows_of(found, way="accumulate only", **{key: row[key] for key in same})
        ratios += [row["p50"] / limit["p50"] for limit in limits]
    return ratios


def lookup_targets(found: Found) -> list[Target]:
    """The aims for one request, batch of 1."""
    middle, dense = setting(found, 100_000, 2_000), setting(found, 100_000, 10_000)
    large = setting(found, 1_000_000, 500)
    ours, graph = middle["lists, compiled"]["p50"], middle["hnswlib"]["p50"]
    tenth, flat = dense["lists, compiled"]["p50"], dense["faiss flat"]["p50"]
    million = large["lists, compiled"]["p50"]
    limit, limits = ours / middle["accumulate only"]["p50"], times_adding_up(found)
    targets = [
        Target(
            "100,000 items, density 2%, K_u = 4", f"under hnswlib's {graph:,.0f} us",
            f"{ours:.0f} us", ours < graph,
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
        what = "any setting, against adding up"
        targets.append(Target(what, "within 3 times", span, worst <= 3))
    return targets


def other_targets(found: Found) -> list[Target]:
    """The aims for building, assignment, encoding and training."""
    targets = []
    for row in found["construction"]["pairs"]:
        if row["M"] > 1:
            times = max(row["times as written"].values())
            what = f"pairs a second, M = {row['M']}, h = {row['hidden']}"
            asked = "10 times the network as written"
            targets.append(Target(what, asked, f"{times:.1f} times", times >= 10))
    (build,) = found["construction"]["builds"]
    what = f"building {build['items']:,} x {build['codes']:,} pairs"
    peak = build["peak GB"]
    targets.append(Target(what, "within 4 GB", f"{peak:.2f} GB", peak <= 4))
    for row in found["assignment"]:
        for peer in ("faiss", "vector-quantize-pytorch"):
            ratio = row[f"{peer} / ours"]
            what = f"nearest codewords, M = {row['M']}"
            targets.append(Target(what, f"{peer}'s speed", f"{ratio:.2f} times", ratio >= 1))
    p50 = found["encoding"]["QueryEncoder"]["p50"]
    targets.append(Target("one history to codes", "under 150 us", f"{p50:.0f} us", p50 < 150))
    training, asked = found["training"], "at most 1.5 times its two-tower"
    count = len(training["rows"]["sparcode"]["epochs"])
    for what, ratio in (
        (f"{count} epochs of training", training["ratio"]),
        ("one training step with codes", training["ratio of a step with codes"]),
    ):
        targets.append(Target(what, asked, f"{ratio:.2f} times", ratio <= 1.5))
    return targets


def table(targets: list[Target]) -> str:
    """The targets as a Markdown table."""
    lines = ["| what | asked | measured | met |", "|---|---|---|---|"]
    for target in targets:
        cells = [target.what, target.asked, target.measured, "yes" if target.met else "**no**"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def lookup_table(found: Found) -> str:
    """Every row of the lookup as a Markdown table, times in microseconds."""
    head = (
        "| data | items | way | K_u | entries a query | recall | p50 | p99 | in a batch of 256 | "
    )
    lines = [head + "ns an entry |", "|" + "---|" * 10]
    for row in found["lookup"]:
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


def _slow(row: Found) -> str:
    """What to say of a figure that was measured on a core not at full speed."""
    slower = row.get("core", 1.0)
    return f" (core {slower:.1f} times slower)" if slower > 1 else ""


def report(found: Found) -> str:
    """The whole report in Markdown; its pictures lie beside it."""
    about = found["about"]
    peers = ", ".join(f"{name} {number}" for name, number in about["peers"].items())
    full = len(rows_of(found, data="synthetic")) > 0
    targets = lookup_targets(found) + other_targets(found) if full else other_targets(found)
    exponents = "\n".join(
        f"- {curve['name']}: time grows as size^{curve['exponent']:.2f}"
        for curve in found["growth"]
    )
    return "\n\n".join(
        [
            "# Speed",
            f"Machine: {about['processor']}, {about['memory GB']} GB, {about['machine']}; "
            f"{about['date']}. Peers: {peers}. Seconds of each part: {_seconds(found)}.",
            "## Targets",
            table(targets),
            "## One request",
            lookup_table(found),
            "## Growth",
            exponents,
        ]
    )


def _seconds(found: Found) -> str:
    return ", ".join(f"{name} {value:.0f}" for name, value in found["seconds"].items())
