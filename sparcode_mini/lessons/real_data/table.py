"""The stored table of real data as lesson 7 reads it: ours, the authors', and who beats whom.

Nothing is trained or measured here; a table is what `reproduce` returns and `results` stores.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from sparcode_mini.lessons.real_data.authors import MOVIELENS_10M
from sparcode_mini.studies.table import TWINS

NAMES = {
    "popularity": "popularity",
    "two-tower-dnn": "two-tower, DNN",
    "two-tower-gru": "two-tower, GRU",
    "two-tower": "two-tower, self-attention",
    "all-to-all": "all-to-all, self-attention",
    "sparcode-dnn": "SparCode, DNN",
    "sparcode-gru": "SparCode, GRU",
    "sparcode": "SparCode, self-attention",
    "sparcode-sparse": "SparCode with L1, self-attention",
}


class Line(NamedTuple):
    """One line of the table: a row read with so many probes."""

    row: str
    probes: int  # 0 where there are no codes
    seeds: int
    values: dict[str, tuple[float, float]]  # metric -> (mean, standard deviation), fractions

    @property
    def name(self) -> str:
        """As shown to readers."""
        probes = {0: "", 1: ", 1 probe"}.get(self.probes, f", {self.probes} probes")
        return NAMES[self.row] + probes


METRICS = ("precision@10", "recall@10", "ndcg@10", "precision@50", "recall@50", "ndcg@50")


def lines(table: dict[str, Any]) -> Iterator[Line]:
    """Every line of a stored table, in the order of NAMES."""
    for row in (name for name in NAMES if name in table["summary"]):
        summary, seeds = table["summary"][row], len(table["rows"][row])
        for probes in (1, 4) if "ndcg@50 probes=4" in summary else (0,):
            end = " probes=4" if probes == 4 else ""
            pairs = ((m, summary[m + end]) for m in METRICS)
            yield Line(row, probes, seeds, {m: (v["mean"], v["sd"]) for m, v in pairs})


def show(table: dict[str, Any]) -> str:
    """The table in fixed columns, percent, mean and standard deviation over seeds; 50 first."""
    return "\n\n".join(_block(table, k) for k in (50, 10))


def _block(table: dict[str, Any], k: int) -> str:
    metrics = [metric for metric in METRICS if metric.endswith(f"@{k}")]
    shown = [f"{'':<42}seeds" + "".join(f"{m:>14}" for m in metrics)]
    for line in lines(table):
        cells = (_cell(*line.values[metric], line.seeds) for metric in metrics)
        shown.append(f"{line.name:<42}{line.seeds:>5}" + "".join(f"{c:>14}" for c in cells))
    return "\n".join(shown)


def _cell(mean: float, sd: float, seeds: int) -> str:
    return f"{100 * mean:.2f}" + (f" \N{PLUS-MINUS SIGN} {100 * sd:.2f}" if seeds > 1 else "")


def show_paired(table: dict[str, Any]) -> str:
    """NDCG@50 against the two-tower with the same tokenizer, in points of percent.

    "seeds" is how many models of the row (and as a rule of its twin) a person's mean is taken over.
    """
    shown = [f"{'':<43}{'seeds':>6}{'difference':>12}{'95% interval':>18}{'p':>9}"]
    for found in table["paired"]:
        name = paired_name(found)
        span = f"{100 * found['low']:+.2f} .. {100 * found['high']:+.2f}"
        head = f"{name:<43}{found['seeds']:>6}"
        shown.append(f"{head}{100 * found['difference']:>+12.2f}{span:>18}{found['p']:>9.4f}")
    return "\n".join(shown)


def paired_name(found: dict[str, Any]) -> str:
    """A row of `paired` as shown to readers."""
    probes = found["probes"] if found["row"].startswith("sparcode") else 0
    return Line(found["row"], probes, found["seeds"], {}).name


def show_authors(table: dict[str, Any]) -> str:
    """Ours | the authors' on MovieLens-10M, percent, one probe; they print no figures at 10.

    The data differ, so only the share of the two-tower with the same tokenizer (in NDCG@50) can be
    compared.
    """
    own = {(line.row, line.probes): line.values for line in lines(table)}
    metrics = ("precision@50", "ndcg@50", "recall@50")  # in the order of MOVIELENS_10M
    shown = [f"{'':<27}" + "".join(f"{m:>15}" for m in (*metrics, "NDCG, share"))]
    shown.append(f"{'':<27}" + f"{'ours | authors':>15}" * 4)
    for row, theirs in MOVIELENS_10M.items():
        values = own.get((row, 0), own.get((row, 1)))
        if values is None:
            continue
        twin = row if row.startswith("two-tower") else TWINS[row]
        mine = [100 * values[m][0] for m in metrics]
        shares = (
            values["ndcg@50"][0] / own[twin, 0]["ndcg@50"][0],
            theirs[1] / MOVIELENS_10M[twin][1],
        )
        pairs = [f"{a:.2f} | {b:5.2f}" for a, b in zip(mine, theirs, strict=True)]
        pairs.append(f" {shares[0]:6.1%} | {shares[1]:6.1%}")
        shown.append(f"{NAMES[row]:<27}" + "".join(f"{pair:>15}" for pair in pairs))
    return "\n".join(shown)
