"""The stored table of real data as lesson 08 shows it: lines, differences, published figures.

Nothing is trained or measured here; a table is what `reproduce` returns and `results` stores.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

from sparcode_mini.evaluation.paired import holds, interval
from sparcode_mini.lessons.real_data.authors import MOVIELENS_10M
from sparcode_mini.studies.table import TWINS

NAMES = {
    "popularity": "popularity",
    "item-knn": "ItemKNN",
    "ease": "EASE",
    "two-tower-dnn": "two-tower, DNN",
    "two-tower-gru": "two-tower, GRU",
    "two-tower": "two-tower, self-attention",
    "two-tower-maxsim": "two-tower of 4 vectors (MaxSim)",
    "two-tower-ease": "two-tower + EASE",
    "two-tower-ease-32": "two-tower + EASE of rank 32",
    "two-tower-gru-ease": "two-tower, GRU, + EASE",
    "two-tower-reranked": "two-tower, re-ranked by all-to-all",
    "all-to-all": "all-to-all, self-attention",
    "sparcode-dnn": "SparCode, DNN",
    "sparcode-gru": "SparCode, GRU",
    "sparcode": "SparCode, self-attention",
    "sparcode-ease": "SparCode + EASE, 4 probes",
    "sparcode-gru-ease": "SparCode, GRU, + EASE, 4 probes",
    "sparcode-sparse": "SparCode with L1, self-attention",
}


class Line(NamedTuple):
    """One line of the table: a row, read with a number of probes."""

    row: str
    probes: int  # 0 where there are no codes
    seeds: int
    values: dict[str, tuple[float, float]]  # metric -> (mean, standard deviation), fractions

    @property
    def name(self) -> str:
        """Return the name that readers see."""
        probes = {0: "", 1: ", 1 probe"}.get(self.probes, f", {self.probes} probes")
        return NAMES[self.row] + probes


METRICS = tuple(
    f"{name}@{k}" for k in (10, 50) for name in ("precision", "recall", "ndcg", "coverage")
)


def lines(table: dict[str, Any]) -> Iterator[Line]:
    """Yield every line of a stored table, in the order of NAMES."""
    for row in (name for name in NAMES if name in table["summary"]):
        summary, seeds = table["summary"][row], len(table["rows"][row])
        for probes in (1, 4) if "ndcg@50 probes=4" in summary else (0,):
            end = " probes=4" if probes == 4 else ""
            pairs = ((m, summary[m + end]) for m in METRICS)
            yield Line(row, probes, seeds, {m: (v["mean"], v["sd"]) for m, v in pairs})


def show(
    table: dict[str, Any], ks: Sequence[int] = (50, 10), rows: Sequence[str] | None = None
) -> str:
    """Return the table as text: percent, mean and standard deviation over seeds.

    Args:
        table: as stored.
        ks: a block for each number of places, 50 or 10.
        rows: names of the rows that are shown; None for all.
    """
    return "\n\n".join(_block(table, k, NAMES if rows is None else rows) for k in ks)


def difference(table: dict[str, Any], row: str, probes: int, twin: str) -> dict[str, Any]:
    """Return the stored comparison of a row with a twin.

    Raises:
        KeyError: they were not compared; the message lists what was.
    """
    wanted = row, probes, twin
    for pair in table["paired"]:
        if (pair["row"], pair["probes"], pair["twin"]) == wanted:
            return dict(pair)
    there = [(pair["row"], pair["probes"], pair["twin"]) for pair in table["paired"]]
    raise KeyError(f"{wanted} was not compared; there are {there}")


def ahead(pair: dict[str, Any], name: str, twin: str) -> str:
    """Return which name is ahead in a comparison, or "open" if it does not hold after Holm."""
    if not holds(pair):
        return "open"
    return name if pair["difference"] > 0 else twin


def _block(table: dict[str, Any], k: int, rows: Collection[str]) -> str:
    metrics = [metric for metric in METRICS if metric.endswith(f"@{k}")]
    shown = [f"{'':<42}seeds" + "".join(f"{m:>14}" for m in metrics)]
    for line in (line for line in lines(table) if line.row in rows):
        cells = (percent(*line.values[metric]) for metric in metrics)
        shown.append(f"{line.name:<42}{line.seeds:>5}" + "".join(f"{c:>14}" for c in cells))
    return "\n".join(shown)


def percent(mean: float, sd: float) -> str:
    """Return mean and standard deviation in percent; 0 is none."""
    return f"{100 * mean:.2f}" + (f" \N{PLUS-MINUS SIGN} {100 * sd:.2f}" if sd else "")


def show_paired(table: dict[str, Any]) -> str:
    """Return NDCG@50 minus that of the twin, in points of percent.

    The twin is the two-tower with the same tokenizer (with EASE where the row has it), unless the
    line names another. "seeds" is the number of models of the row in the mean of a person.
    """
    shown = [f"{'':<48}{'seeds':>6}{'difference':>12}{'95% interval':>18}{'p':>9}{'p, Holm':>9}"]
    for row in table["paired"]:
        head = f"{paired_name(row):<48}{row['seeds']:>6}{100 * row['difference']:>+12.2f}"
        tail = f"{row['p']:>9.4f}{row['p, Holm']:>9.4f}{'' if holds(row) else '  open'}"
        shown.append(f"{head}{interval(row):>18}{tail}")
    return "\n".join(shown)


def paired_name(row: dict[str, Any]) -> str:
    """Return the name that readers see of a row of `paired`."""
    read = row["row"].startswith("sparcode") and not row["row"].endswith("-ease")
    probes = row["probes"] if read else 0
    name, twin = Line(row["row"], probes, row["seeds"], {}).name, row["twin"]
    return name if TWINS[row["row"]] == twin else f"{name}, against {NAMES[twin]}"


def show_authors(table: dict[str, Any]) -> str:
    """Return our figures | the authors' on MovieLens-10M, in percent, as text.

    With one probe; the authors print no figures at 10. The data differ, so only the share of the
    two-tower with the same tokenizer (in NDCG@50) can be compared.
    """
    measured = {(line.row, line.probes): line.values for line in lines(table)}
    metrics = ("precision@50", "ndcg@50", "recall@50")  # in the order of MOVIELENS_10M
    shown = [f"{'':<27}" + "".join(f"{m:>15}" for m in (*metrics, "NDCG, share"))]
    shown.append(f"{'':<27}" + f"{'ours | authors':>15}" * 4)
    for row, published in MOVIELENS_10M.items():
        values = measured.get((row, 0), measured.get((row, 1)))
        if values is None:
            continue
        twin = row if row.startswith("two-tower") else TWINS[row]
        percents = [100 * values[m][0] for m in metrics]
        shares = (
            values["ndcg@50"][0] / measured[twin, 0]["ndcg@50"][0],
            published[1] / MOVIELENS_10M[twin][1],
        )
        pairs = [f"{a:.2f} | {b:5.2f}" for a, b in zip(percents, published, strict=True)]
        pairs.append(f" {shares[0]:6.1%} | {shares[1]:6.1%}")
        shown.append(f"{NAMES[row]:<27}" + "".join(f"{pair:>15}" for pair in pairs))
    return "\n".join(shown)
