"""Write the stored table of real data as a page: assets/results/README.md.

    python -m sparcode_mini.lessons.real_data.report

All numbers come from the stored results; nothing is trained or measured. A test compares the
page with them.
"""

from pathlib import Path
from statistics import fmean
from typing import Any

from sparcode_mini import results
from sparcode_mini.lessons.real_data.table import Line, lines, paired_name
from sparcode_mini.studies.reaching import TRAINED
from sparcode_mini.studies.table import SPARSITY, SPARSITY_GRID, TWINS, table_spec
from sparcode_mini.tools.files import atomic_write

PAGE = results.RESULTS / "README.md"
METRICS = ("ndcg@50", "recall@50", "precision@50", "ndcg@10")
COLUMNS = (
    "NDCG@50",
    "R@50",
    "P@50",
    "NDCG@10",
    "of its two-tower",
    "list entries",
    "density",
    "KB",
)
SAME_BUDGET = ("sparcode-dnn", "sparcode-gru", "sparcode")  # without the penalty

WIDTH = 64  # of a token in every row

PROTOCOL = """\
# Measured results

`python -m sparcode_mini.lessons.real_data.report` makes this page from the files of this folder; do
not edit it. Lesson 07 reads the same files and explains them.

MovieLens-100K, every rating a positive. For each person, in the order of time, the last 20% are the
test part and the 10% before it the validation part; so the training part holds later ratings of
other people. The query is the last 50 items. All 1,682 films are ranked, without those already
watched. Width {width}, 20 epochs, full softmax; the name of a row says its tokenizer. Numbers are
mean ± standard deviation over {seeds} seeds, in percent.

Learning rate and dropout were chosen once on validation, from the same grid of four points for each
two-tower and each SparCode (`tuning.json`). The weight of the L1 penalty, {sparsity:g}, is the one
of {grid} with the best validation NDCG@50 whose lists keep at most a tenth of all pairs.

Two rows are not on equal terms. All-to-all takes SparCode's settings and learns from 300 histories
in a step where the others use all (about 1,100), to save time: its row is a lower bound. SparCode's
stages and penalty had more of our attention than the two-tower.
"""

SIZES = """\
KB: item side only, with 16-bit values: 6 bytes for an entry of a list, 2 bytes for a number of the
two-tower's item matrix. SparCode's codebook adds {codebook:.0f} KB. *Probes*: lists read for
each token; the paper reads one.
"""

STANDING = """\
## Where SparCode stands

NDCG@50 of each row against the two-tower with the same tokenizer, person by person, in points of
percent:

{paired}

With one probe, as in the paper, SparCode is {least:.1f} to {most:.1f} points below its two-tower,
and no interval holds zero. With four probes the interval holds zero with the GRU and, narrowly,
with self-attention; with the DNN SparCode is {dnn:.1f} points below. So we did not find the order
of the paper (all-to-all, then SparCode, then two-tower) on this data, and no setting in which
SparCode is ahead of an equally tuned two-tower for certain.

The setting that comes nearest: GRU, the entries of the lists trained once more as free numbers,
eight lists read per token, 8 bits. NDCG@50 is then {lists:.2f} against {tower:.2f} of a two-tower
whose vectors were trained once more, too ({low:+.2f} to {high:+.2f} over people). Lesson 07 has the
whole map. It also shows how to make a lead that is not there: train one side again and not the
other.

What SparCode adds here is not accuracy. Its index returns exactly what the model scores, every
score can be read off a few list entries, and the penalty cuts {cut:.0%} of the entries for
{price:.2f} points of NDCG@50 (four probes).

It costs training time: an epoch takes {sparcode:.1f} s against {two_tower:.1f} s
({ratio:.1f} times; the two trained in turn on two cores).
"""

FILES = """\
## The files

Each file holds its settings, versions, machine and day. `sparcode-mini reproduce` makes
`table.json`, with `--quick` `quick.json`, with `--tune` `tuning.json`; `sparcode-mini sweep` makes
`sweep.json`; `make bench` measures what `speed.json` holds; `tests/benchmarks/training.py` makes
`training_time.json`. For every other file: `sparcode-mini study NAME`.
"""


def page() -> str:
    """Return the page in Markdown."""
    table = results.load("table")
    seeds = max(line.seeds for line in lines(table))
    *others, last = (f"{weight:g}" for weight in SPARSITY_GRID if weight)
    codebook = 2 * table_spec("sparcode")["model"]["N"] * WIDTH / 1000
    parts = [
        PROTOCOL.format(
            width=WIDTH, seeds=seeds, sparsity=SPARSITY, grid=f"{', '.join(others)} and {last}"
        ),
        _rows(table),
        SIZES.format(codebook=codebook),
        STANDING.format(paired=_paired(table), **_standing(table)),
        FILES,
    ]
    return "\n".join(parts)


def write(path: Path = PAGE) -> None:
    """Write the page."""
    atomic_write(path, page().encode())


def _rows(table: dict[str, Any]) -> str:
    head = ["| model | " + " | ".join(COLUMNS) + " |", "|---|" + "---|" * len(COLUMNS)]
    rows = [[line.name, *_cells(table, line)] for line in lines(table)]
    return "\n".join([*head, *("| " + " | ".join(row) + " |" for row in rows), ""])


def _cells(table: dict[str, Any], line: Line) -> list[str]:
    """Return the cells of one line: metrics, share of the two-tower, sizes."""
    summary = table["summary"][line.row]
    cells = []
    for metric in METRICS:
        mean, deviation = line.values[metric]
        cells.append(f"{100 * mean:.2f}" + (f" ± {100 * deviation:.2f}" if line.seeds > 1 else ""))
    twin = table["summary"][_twin(line.row)]["ndcg@50"]["mean"]
    cells.append(f"{line.values['ndcg@50'][0] / twin:.1%}")
    if "entries" in summary:
        cells += [f"{summary['entries']['mean']:,.0f}", f"{summary['density']['mean']:.1%}"]
        return [*cells, f"{summary['entry_bytes_fp16']['mean'] / 1000:.0f}"]
    size = summary.get("item_bytes_fp16")
    return [*cells, "", "", f"{size['mean'] / 1000:.0f}" if size else ""]


def _twin(row: str) -> str:
    return row if row.startswith("two-tower") else TWINS.get(row, "two-tower")


def _paired(table: dict[str, Any]) -> str:
    rows = ["| row | difference | 95% interval | p | seeds |", "|---|---|---|---|---|"]
    for row in table["paired"]:
        interval = f"{100 * row['low']:+.2f} to {100 * row['high']:+.2f}"
        p = f"{row['p']:.4f}"
        cells = [paired_name(row), f"{100 * row['difference']:+.2f}", interval, p]
        rows.append("| " + " | ".join([*cells, str(row["seeds"])]) + " |")
    return "\n".join(rows)


def _standing(table: dict[str, Any]) -> dict[str, float]:
    """Return the numbers of the paragraphs on where SparCode stands."""
    points = {(row["row"], row["probes"]): 100 * row["difference"] for row in table["paired"]}
    one_probe = [-points[row, 1] for row in SAME_BUDGET]
    summary = {row: table["summary"][row] for row in ("sparcode", "sparcode-sparse")}
    dense, sparse = (summary[row]["ndcg@50 probes=4"]["mean"] for row in summary)
    entries = [summary[row]["entries"]["mean"] for row in summary]
    gru = results.load("reaching")["GRU"]
    nearest = gru["lists"][TRAINED]
    time = results.load("training_time")
    epoch = {row: fmean(measured["epochs"]) for row, measured in time["rows"].items()}
    return {
        "least": min(one_probe),
        "most": max(one_probe),
        "dnn": -points["sparcode-dnn", 4],
        "lists": 100 * fmean(nearest["ndcg@50"]),
        "tower": 100 * fmean(gru["two-tower"]["ndcg@50, trained again"]),
        "low": 100 * nearest["against two-tower"]["low"],
        "high": 100 * nearest["against two-tower"]["high"],
        "cut": 1 - entries[1] / entries[0],
        "price": 100 * (dense - sparse),
        "sparcode": epoch["sparcode"],
        "two_tower": epoch["two-tower"],
        "ratio": time["ratio"],
    }


if __name__ == "__main__":
    write()
    print(f"wrote {PAGE}")
