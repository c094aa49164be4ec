"""The studies `tokens`, `item_tokens` and the table in words: the lines that lesson 05 prints."""

from typing import Any

import numpy as np

from sparcode_mini.evaluation.paired import with_interval
from sparcode_mini.model.tokenizers import TOKENIZERS
from sparcode_mini.studies import item_tokens, tokens

READINGS = {"newest": "share of the newest film", "apart": "difference of two tokens"}
SIDES = ("two-tower", "sparcode")
ENDS = {"-dnn": "dnn", "-gru": "gru", "": "self-attention"}  # end of a row's name -> tokenizer


def spread(study: dict[str, Any]) -> dict[str, dict[str, np.ndarray]]:
    """Return title of READINGS -> tokenizer -> one number for each person and seed."""
    return {
        title: {kind: tokens.read_by(study, kind, measure).ravel() for kind in TOKENIZERS}
        for measure, title in READINGS.items()
    }


def readings(study: dict[str, Any]) -> str:
    """Describe how the tokens of real people depend on their films, a line for each tokenizer."""
    lines = []
    for measure, title in READINGS.items():
        lines.append(f"{title:<26}   mean  median        range   mean of each seed")
        for kind in TOKENIZERS:
            shares = tokens.read_by(study, kind, measure)  # (seeds, people)
            seeds = ", ".join(f"{seed.mean():.0%}" for seed in shares)
            span = f"{shares.min():.0%} to {shares.max():.0%}"
            lines.append(
                f"  {kind:<24}{shares.mean():>7.0%}{np.median(shares):>8.0%}{span:>13}   {seeds}"
            )
    return "\n".join(lines)


def entry_mean(study: dict[str, Any], tokenizer: str, K_u: int, key: str) -> float:
    """Return the mean of a number of an entry over the seeds of one setting of `tokens`."""
    chosen = [
        entry[key]
        for entry in study["entries"]
        if (entry["tokenizer"], entry["query_tokens"]) == (tokenizer, K_u)
    ]
    return float(np.mean(chosen))


def one_or_four(study: dict[str, Any]) -> str:
    """Compare one token with four: quality, difference and entries read, for each tokenizer."""
    one, four = tokens.QUERY_TOKENS
    lines = [
        f"{'':<28}NDCG@50          {one} less {four}, in points{'':<13}entries read",
        f"tokenizer       probes  {one} token {four} tokens  difference (95% interval)  p, Holm"
        f"  {one} token {four} tokens",
    ]
    for row in study["compared"]:
        kind, probes = row["tokenizer"], row["measure"]
        key = "ndcg@50" if probes == "1 probe" else "ndcg@50 probes=4"
        quality = "".join(f"{entry_mean(study, kind, K_u, key):>9.3f}" for K_u in (one, four))
        line = f"{kind:<16}{probes.split()[0]:>4}   {quality}  "
        line += f"{with_interval(row):<25}{row['p, Holm']:>9.3f}"
        if probes == "1 probe":
            read = (entry_mean(study, kind, K_u, "read") for K_u in (one, four))
            line += "".join(f"{number:>9,.0f}" for number in read)
        lines.append(line)
    return "\n".join(lines)


def room(study: dict[str, Any]) -> float:
    """Return the largest difference, in points, that an interval of `one_or_four` holds."""
    return 100 * max(max(-row["low"], row["high"]) for row in study["compared"])


def encoders(summary: dict[str, Any]) -> str:
    """Describe the rows of the table that differ in the tokenizer alone, a line for each.

    Args:
        summary: "summary" of the stored result "table".
    """
    lines = [f"{'':<28}validation    test, 1 probe    4 probes"]
    for side in SIDES:
        rows = {name: summary[side + end] for end, name in ENDS.items()}
        for name, row in rows.items():
            line = f"{side + ', ' + name:<28}{row['validation ndcg@50']['mean']:>10.3f}"
            line += f"{row['ndcg@50']['mean']:>17.3f}"
            if "ndcg@50 probes=4" in row:
                line += f"{row['ndcg@50 probes=4']['mean']:>12.3f}"
            lines.append(line)
        best = max(rows, key=lambda name: rows[name]["validation ndcg@50"]["mean"])
        lines.append(f"  on validation the best {side} is the one with {best}")
    return "\n".join(lines)


def item_fields(study: dict[str, Any]) -> str:
    """Describe what each set of item tokens reaches, and its difference to the id alone."""
    keys = ("ndcg@50 probes=4", "rare recall@50")
    head = "item tokens               NDCG@50, 4 probes   recall@50 of rare films"
    lines = [head]
    for name in item_tokens.SETS:
        both = (item_tokens.summary(study["entries"], name, key)[0] for key in keys)
        first, rare = both
        lines.append(f"{name:<25}{first:>18.4f}{rare:>26.4f}")
    lines.append("more than the id alone, in points (95% interval); * holds after Holm")
    for name in list(item_tokens.SETS)[1:]:
        parts = []
        for measure in ("4 probes", "rare films"):
            (row,) = (
                row for row in study["compared"] if (row["name"], row["measure"]) == (name, measure)
            )
            star = "*" if row["p, Holm"] < 0.05 else " "
            parts.append(f"{measure} {with_interval(row):<23}{star}")
        lines.append(f"{name:<25}{'  '.join(parts)}")
    return "\n".join(lines)


def best_field(study: dict[str, Any]) -> str:
    """Return the single field that adds most recall of rare films to the id: "year", ..."""
    alone = {
        name.removeprefix("id, "): item_tokens.summary(study["entries"], name, "rare recall@50")[0]
        for name in item_tokens.SETS
        if name.count(",") == 1
    }
    return max(alone, key=lambda name: alone[name])
