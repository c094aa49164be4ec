"""Stored results and measured pairs in words: the lines that lesson 06 prints."""

from collections.abc import Sequence
from statistics import fmean, stdev
from typing import Any

from sparcode_mini.evaluation.paired import starred, together
from sparcode_mini.lessons.all_to_all_scoring.one_pair import Meeting
from sparcode_mini.studies import scoring
from sparcode_mini.studies.common.small import in_points

# The ladder: row of the stored table -> what stands on that step.
STEPS = {
    "two-tower": "two-tower",
    "all-to-all": "all-to-all",
    "sparcode": "+ quantiser: SparCode",
    "sparcode-sparse": "+ short lists: sparse SparCode",
    "two-tower-reranked": "rival: two-tower, then all-to-all",
    "two-tower-ease": "rival: two-tower plus EASE",
}
TOKENIZERS = {"-dnn": "mean (DNN)", "-gru": "GRU", "": "self-attention"}  # end of a row -> name
PROBES = {1: "", 4: " probes=4"}  # probes -> end of the measure's name


def tokens_of_pair(met: Sequence[Meeting]) -> str:
    """Describe one film and the tokens of one person: a line for each token, and what it adds."""
    lines = ["token  dot product  network  item bias        S   entry"]
    for i, m in enumerate(met, 1):
        parts = f"{m.linear:>13.4f}{m.network:>9.4f}{m.item_bias:>11.4f}{m.S:>9.4f}{m.entry:>8.4f}"
        lines.append(f"{i:>5}{parts}")
    total = sum(round(m.entry, 4) for m in met)
    return "\n".join([*lines, f"sum of the printed entries {total:.4f}"])


def scorers(stored: dict[str, Any]) -> str:
    """Describe the scorers of the study `scoring`: each seed, and the differences."""
    entries = stored["entries"]
    lines = ["NDCG@50 with 1 probe, and entries that a person reads; seeds 0, 1, 2"]
    for name in scoring.SCORERS:
        quality, read = (scoring.values(entries, name, key) for key in ("ndcg@50", "read"))
        shown = "  ".join(f"{value:.3f}" for value in quality)
        work = "  ".join(f"{value:>5,.0f}" for value in read)
        lines.append(f"{name:<18}{shown}   mean {fmean(quality):.3f}   read {work}")
    lines.append("differences in points, 95% over people and seeds; 1 probe")
    lines += [
        f"{one['name']:<16} - {one['with']:<15}{in_points(one)}"
        for one in stored["compared"]
        if one["name"] in scoring.SCORERS and one["measure"] == "1 probe"
    ]
    return "\n".join(lines)


def penalties(stored: dict[str, Any]) -> str:
    """Describe what L1 and FLOPS by use cost in the study `scoring`."""
    names = {scoring.DENSE: "no penalty", scoring.BASE: "L1", scoring.FLOPS: "FLOPS by use"}
    keys = ("read", "density", "longest", "ndcg@50", "ndcg@50 probes=4")
    lines = ["penalty        a person reads  density  longest list  NDCG@50, 1 probe  4 probes"]
    for row, name in names.items():
        values = [scoring.values(stored["entries"], row, key) for key in keys]
        read, density, longest, one, four = map(fmean, values)
        lines.append(
            f"{name:<15}{read:>14,.0f}{density:>9.1%}{longest:>14,.0f}{one:>18.4f}{four:>10.4f}"
        )
    lines.append("differences to L1 in points, 95% over people and seeds")
    lines += [
        f"{names[one['name']]:<13} - L1, {one['measure']:<9}{in_points(one)}"
        for one in stored["compared"]
        if one["name"] in names and one["with"] == scoring.BASE
    ]
    return "\n".join(lines)


def ladder(table: dict[str, Any]) -> dict[str, list[float]]:
    """Return NDCG@50 of each seed for each step of the ladder; rows that are missing are left out.

    Args:
        table: the stored result `table`.
    """
    steps = {}
    for row, label in STEPS.items():
        seeds = table["rows"].get(row, [])
        for probes, end in PROBES.items():
            if seeds and f"ndcg@50{end}" in seeds[0]:
                name = label + (f", {probes} probes" if probes > 1 else "")
                steps[name] = [one[f"ndcg@50{end}"] for one in seeds]
    return steps


def mean_of_steps(steps: dict[str, list[float]]) -> str:
    """Describe the ladder: mean and spread over seeds, a line for each step."""
    lines = ["NDCG@50 on test: mean over seeds ± standard deviation over seeds"]
    for label, values in steps.items():
        spread = f" ± {stdev(values):.4f}" if len(values) > 1 else ""
        lines.append(f"{label:<41} {fmean(values):.4f}{spread}  ({len(values)} seeds)")
    return "\n".join(lines)


def costs(steps: dict[str, list[float]]) -> dict[str, float]:
    """Return what each step of the ladder takes away with one probe, in points of a hundred.

    Args:
        steps: the result of `ladder`, with all of its steps.
    """
    rows = ("two-tower", "all-to-all", "sparcode", "sparcode-sparse")
    means = [100 * fmean(steps[STEPS[row]]) for row in rows]
    names = ("all-to-all", "the quantiser", "the short lists")
    return {name: means[i] - means[i + 1] for i, name in enumerate(names)}


def against_two_tower(table: dict[str, Any]) -> str:
    """Describe each step of the ladder minus the two-tower, after Holm over these lines."""
    pairs = [one for one in table["paired"] if one["twin"] == "two-tower" and one["row"] in STEPS]
    lines = ["minus the two-tower, in points, 95% over people and seeds; * holds after Holm"]
    for one in together(pairs):
        probes = f", {one['probes']} probes" if one["probes"] > 1 else ""
        seeds, all_seeds = one["seeds"], len(table["rows"][one["row"]])
        few = f", {seeds} of {all_seeds} seeds" if seeds < all_seeds else ""
        lines.append(f"{STEPS[one['row']] + probes:<41} {starred(one)}{few}")
    return "\n".join(lines)


def by_tokenizer(table: dict[str, Any]) -> str:
    """Describe SparCode against the two-tower of the same tokenizer, for each of the three."""
    twins = {f"sparcode{end}": f"two-tower{end}" for end in TOKENIZERS}
    pairs = together([one for one in table["paired"] if twins.get(one["row"]) == one["twin"]])
    lines = [
        "SparCode minus its two-tower, in points, 95% over people and seeds; * holds after Holm"
    ]
    for end, name in TOKENIZERS.items():
        tower = fmean(one["ndcg@50"] for one in table["rows"][f"two-tower{end}"])
        lines.append(f"{name}: two-tower {tower:.4f}")
        lines += [
            f"  SparCode, {one['probes']} probe{'s' if one['probes'] > 1 else ' '}  {starred(one)}"
            for one in pairs
            if one["row"] == f"sparcode{end}"
        ]
    return "\n".join(lines)


def lists_of_world(stored: dict[str, Any], width: int) -> str:
    """Describe what the lists of the study `fields` hold at one width, a line for each SparCode."""
    true = stored["true entries"]
    lines = []
    for point in stored["points"]:
        if point["kind"].startswith("SparCode") and point["width"] == width:
            entries, liked = point["entries"], point["liked"]
            lines.append(
                f"{point['kind']:<18} seed {point['seed']}: {entries:>6,} entries; {liked} of the "
                f"{true} true ones; {1 - liked / entries:.0%} of the entries are liked by nobody"
            )
    return "\n".join(lines)
