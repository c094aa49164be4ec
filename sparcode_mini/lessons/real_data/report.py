"""Write the stored table of real data as a page: assets/results/README.md.

    python -m sparcode_mini.lessons.real_data.report

All numbers come from the stored results; nothing is trained or measured. A test compares the
page with them.
"""

from pathlib import Path
from statistics import fmean
from typing import Any

from sparcode_mini import results
from sparcode_mini.evaluation.paired import holds, interval
from sparcode_mini.lessons.real_data.table import NAMES, Line, lines, paired_name, percent
from sparcode_mini.studies.common.rows import GRIDS
from sparcode_mini.studies.table import CHOSEN, FEW_SEEDS, SPARSITY, TWINS, table_spec
from sparcode_mini.studies.tuning import DENSITY_LIMIT, PREFIXES, SPARSITIES
from sparcode_mini.tools.files import atomic_write
from sparcode_mini.tools.markdown import markdown_table

PAGE = results.RESULTS / "README.md"
METRICS = ("ndcg@50", "recall@50", "precision@50", "ndcg@10", "coverage@50")
COLUMNS = (
    "NDCG@50",
    "R@50",
    "P@50",
    "NDCG@10",
    "coverage@50",
    "of its two-tower",
    "list entries",
    "density",
    "KB",
)
SAME_BUDGET = ("sparcode-dnn", "sparcode-gru", "sparcode")  # without the penalty

TOWERS = ("two-tower-dnn", "two-tower-gru", "two-tower")
WIDTH = 64  # of a token in every row

PROTOCOL = """\
# Measured results

`python -m sparcode_mini.lessons.real_data.report` makes this page from the files of this folder; do
not edit it. Lesson 08 reads the same files and explains them.

MovieLens-100K, every rating a positive, bad ones too. For each person, in the order of time, the
last 20% are the test part and the 10% before it the validation part; so the training part holds
later ratings of other people (`leak.json` says what that is worth). Trained models read the last 50
items of a history, closed forms all of it. All 1,682 films are ranked, without those that the
person has rated before; training leaves these out of its softmax, too. Models learn from the
training part. For the test part the history is training and validation together, and popularity
counts both. Width {width}, {epochs} epochs, full softmax; the epoch that is kept is the best on
validation (SparCode read with one probe). The name of a row says its tokenizer, self-attention
where it names none. Numbers are mean ± standard deviation over {seeds} seeds ({few}), in percent;
without ± nothing is drawn.

Learning rate and dropout of each row with a model of its own were chosen on validation with a seed
that the table does not use (SparCode read with one probe): from the middle of one grid to the best
neighbour, until no neighbour was better (`tuning.json`). All-to-all looked at {prefixes} prefixes
of a step there, to save time.

{chosen}

The sparse row takes the settings of SparCode. The weight of its L1 penalty, {sparsity:g}, is the
one of {grid} with the best validation NDCG@50 whose lists keep at most {limit:.0%} of all pairs.
{longer}

What the rows without training need is chosen on validation, too:

{put_together}

Re-ranked requests take one pass of the all-to-all scorer for each film that is fetched.
"""

SIZES = """\
KB: item side only, with 16-bit values: 6 bytes for an entry of a list, 2 bytes for a number of the
two-tower's item matrix. SparCode's codebook adds {codebook:.0f} KB. *Probes*: lists read for
each token; the paper reads one.
"""

STANDING = """\
## Where SparCode stands

NDCG@50 of each row against the two-tower with the same tokenizer (with EASE where the row has it;
some lines name another), person by person, in points of percent. The interval is over people and
seeds (two-way bootstrap), *p, Holm* is corrected for all rows together:

{paired}

SparCode without the penalty less its two-tower: with one probe, as in the paper, {most:+.1f} to
{least:+.1f} points, with four probes {most4:+.1f} to {least4:+.1f}. Of the {lines} lines of
SparCode {ahead} are ahead of their two-tower and {behind} behind after Holm's correction.

At equal bytes of the item side, lists against the matrix of a two-tower, both compressed in the
ways of lesson 07 and both chosen on validation (`front.json`; a codebook is not counted):

{front}

What SparCode adds here: every score can be read off a few list entries. The penalty cuts {cut:.0%}
of the entries for {price:.2f} points of NDCG@50 (four probes).

It costs training time: an epoch takes {sparcode:.1f} s against {two_tower:.1f} s
({ratio:.1f} times; the two trained in turn on two cores).
"""

FILES = """\
## The files

Each file holds its settings, versions, machine and day. `sparcode-mini reproduce` makes
`table.json`, with `--tune` `tuning.json`; `sparcode-mini sweep` makes
`sweep.json`; `make bench` measures what `speed.json` holds; `tests/benchmarks/training.py` makes
`training_time.json`. For every other file: `sparcode-mini study NAME`. Hours are those that the
trainings named in a file report, on one core of a machine that did other work, too; the small
trainings that only chose a rate are in none of them.

{hours}
"""


def page() -> str:
    """Return the page in Markdown."""
    table = results.load("table")
    seeds = max(line.seeds for line in lines(table))
    *others, last = (f"{weight:g}" for weight in SPARSITIES)
    codebook = 2 * table_spec("sparcode")["model"]["N"] * WIDTH / 1000
    parts = [
        PROTOCOL.format(
            width=WIDTH, seeds=seeds, few=_few(), sparsity=SPARSITY, limit=DENSITY_LIMIT,
            epochs=table_spec("two-tower")["fit"]["epochs"], chosen=_chosen(), longer=_longer(),
            prefixes=PREFIXES["all-to-all"],
            grid=f"{', '.join(others)} and {last}", put_together=_put_together(table),
        ),
        _rows(table),
        SIZES.format(codebook=codebook),
        STANDING.format(paired=_paired(table), front=_front(), **_standing(table)),
        FILES.format(hours=_hours()),
    ]  # fmt: skip
    return "\n".join(parts)


def write(path: Path = PAGE) -> None:
    """Write the page."""
    atomic_write(path, page().encode())


def _few() -> str:
    """Return which rows have fewer seeds than the others."""
    rows = ", ".join(f"`{row}` {count}" for row, count in FEW_SEEDS.items())
    return f"to save hours, {rows}"


def _chosen() -> str:
    """Return the settings that validation chose for each row with a model of its own."""
    head = ["row", "learning rate", "dropout", "validation NDCG@50", "of so many tries"]
    rows, points = [], results.load("tuning")["points"]
    for row in CHOSEN:
        tries = [point for point in points if point["row"] == row]
        (best,) = (point for point in tries if point["chosen"])
        rows.append([
            NAMES[row], f"{best['lr']:g}", f"{best['dropout']:g}",
            f"{100 * best['validation ndcg@50']:.2f}", str(len(tries)),
        ])  # fmt: skip
    return markdown_table(head, rows)


def _longer() -> str:
    """Return what more epochs give on validation, in a sentence."""
    controls = [
        f"{NAMES[line['row']]} {100 * line['validation ndcg@50']:.2f} with {line['epochs']} epochs"
        for line in results.load("tuning")["longer"]
    ]
    return f"A control of longer training, on validation: {', '.join(controls)}."


def _put_together(table: dict[str, Any]) -> str:
    """Return what was chosen for the rows that train nothing, seed by seed where they differ."""
    rows = []
    for row in (row for row in GRIDS if row in table["rows"]):
        every = [one["chosen"] for one in table["rows"][row]]
        cells = (
            f"{name} " + ", ".join(dict.fromkeys(f"{one[name]:g}" for one in every))
            for name in every[0]
        )
        rows.append(f"- {NAMES[row]}: {'; '.join(cells)}")
    return "\n".join(rows)


def _hours() -> str:
    """Return a line for each file whose trainings report their seconds."""
    files = sorted(results.RESULTS.glob("*.json"))
    hours = {f"`{path.name}`": spent(results.load(path.stem)) / 3600 for path in files}
    rows = [(name, f"{value:.1f}") for name, value in hours.items() if value]
    return markdown_table(("file", "hours"), [*rows, ("all", f"{sum(hours.values()):.1f}")])


def spent(content: Any) -> float:
    """Return the sum of everything that is called "seconds" in a stored result."""
    if isinstance(content, list):
        return sum(map(spent, content))
    if not isinstance(content, dict):
        return 0.0
    seconds = content.get("seconds", 0.0)
    inner = sum(spent(value) for key, value in content.items() if key != "summary")
    return inner + (seconds if isinstance(seconds, int | float) else 0.0)


def _rows(table: dict[str, Any]) -> str:
    rows = [[line.name, *_cells(table, line)] for line in lines(table)]
    return markdown_table(("model", *COLUMNS), rows) + "\n"


def _cells(table: dict[str, Any], line: Line) -> list[str]:
    """Return the cells of one line: metrics, share of the two-tower, sizes."""
    summary = table["summary"][line.row]
    cells = [percent(*line.values[metric]) for metric in METRICS]
    twin = table["summary"][_twin(line.row)]["ndcg@50"]["mean"]
    cells.append(f"{line.values['ndcg@50'][0] / twin:.1%}")
    if "entries" in summary:
        cells += [f"{summary['entries']['mean']:,.0f}", f"{summary['density']['mean']:.1%}"]
        return [*cells, f"{summary['entry_bytes_fp16']['mean'] / 1000:.0f}"]
    size = summary.get("item_bytes_fp16")
    return [*cells, "", "", f"{size['mean'] / 1000:.0f}" if size else ""]


def _twin(row: str) -> str:
    return TWINS.get(row, row if row.startswith("two-tower") else "two-tower")


def _paired(table: dict[str, Any]) -> str:
    rows = [
        [paired_name(row), f"{100 * row['difference']:+.2f}", interval(row), f"{row['p']:.4f}",
         f"{row['p, Holm']:.4f}", str(row["seeds"])]
        for row in table["paired"]
    ]  # fmt: skip
    return markdown_table(("row", "difference", "95% interval", "p", "p, Holm", "seeds"), rows)


def _front() -> str:
    head = ["bytes", "matrix", "NDCG@50", "lists", "NDCG@50", "lists - matrix", "95% interval"]
    rows = []
    for row in results.load("front")["compared"]:
        quality = [f"{100 * row[f'{side} ndcg@50']:.2f}" for side in ("matrix", "lists")]
        rows.append([
            f"{row['budget']:,}", row["matrix"], quality[0], row["lists"], quality[1],
            f"{100 * row['difference']:+.2f}", interval(row), f"{row['p, Holm']:.4f}",
        ])  # fmt: skip
    return markdown_table([*head, "p, Holm"], rows)


def _standing(table: dict[str, Any]) -> dict[str, float]:
    """Return the numbers of the paragraphs on where SparCode stands."""
    pairs = [row for row in table["paired"] if row["twin"] in TOWERS]
    points = {(row["row"], row["probes"]): 100 * row["difference"] for row in pairs}
    one, four = (sorted(points[row, probes] for row in SAME_BUDGET) for probes in (1, 4))
    sparcode = [row for row in pairs if row["row"].startswith("sparcode")]
    summary = {row: table["summary"][row] for row in ("sparcode", "sparcode-sparse")}
    dense, sparse = (summary[row]["ndcg@50 probes=4"]["mean"] for row in summary)
    entries = [summary[row]["entries"]["mean"] for row in summary]
    time = results.load("training_time")
    epoch = {row: fmean(measured["epochs"]) for row, measured in time["rows"].items()}
    return {
        "least": one[-1],
        "most": one[0],
        "least4": four[-1],
        "most4": four[0],
        "lines": len(sparcode),
        "ahead": sum(holds(row) and row["difference"] > 0 for row in sparcode),
        "behind": sum(holds(row) and row["difference"] < 0 for row in sparcode),
        "cut": 1 - entries[1] / entries[0],
        "price": 100 * (dense - sparse),
        "sparcode": epoch["sparcode"],
        "two_tower": epoch["two-tower"],
        "ratio": time["ratio"],
    }


if __name__ == "__main__":
    write()
    print(f"wrote {PAGE}")
