"""The studies `tokens`, `item_tokens` and the table in words: the lines that lesson 05 prints."""

from typing import Any

import numpy as np

from sparcode_mini.data.split import Split
from sparcode_mini.evaluation.evaluate import audience
from sparcode_mini.evaluation.paired import with_interval
from sparcode_mini.model.tokenizers import TOKENIZERS
from sparcode_mini.studies import item_tokens, tokens
from sparcode_mini.studies.common.people import PLACES, RARE

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
    """Describe what tokens depend on and how alike they are, a line for each tokenizer."""
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
    lines.append(f"{'cosine of two tokens':<26}   mean{'':<24}mean of each seed")
    for kind in TOKENIZERS:
        cosines = _of(study, kind, tokens.BASE, "cosine")
        seeds = ", ".join(f"{cosine:.2f}" for cosine in cosines)
        lines.append(f"  {kind:<24}{np.mean(cosines):>7.2f}{'':<24}{seeds}")
    return "\n".join(lines)


def entry_mean(study: dict[str, Any], tokenizer: str, K_u: int, key: str) -> float:
    """Return the mean of a number of an entry over the seeds of one setting of `tokens`."""
    return float(np.mean(_of(study, tokenizer, K_u, key)))


def _of(study: dict[str, Any], tokenizer: str, K_u: int, key: str) -> list[float]:
    """Return a number of an entry for each seed of one setting of `tokens`."""
    return [
        entry[key]
        for entry in study["entries"]
        if (entry["tokenizer"], entry["query_tokens"]) == (tokenizer, K_u)
    ]


def one_or_four(study: dict[str, Any]) -> str:
    """Compare one token with four: quality, difference and entries read, for each tokenizer."""
    one, four = tokens.QUERY_TOKENS
    lines = [
        f"{'':<23}NDCG@50            {one} token minus {four} tokens, in points"
        "    entries, 1 probe",
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


def equal_lists(study: dict[str, Any]) -> str:
    """Set one token with 4 probes beside four tokens with one probe: both read four lists."""
    one, four = tokens.QUERY_TOKENS
    lines = [f"NDCG@50, four lists read   {one} token, 4 probes   {four} tokens, 1 probe"]
    for kind in TOKENIZERS:
        few = entry_mean(study, kind, one, "ndcg@50 probes=4")
        many = entry_mean(study, kind, four, "ndcg@50")
        lines.append(f"  {kind:<24}{few:>17.4f}{many:>20.4f}")
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


def random_rare(split: Split) -> float:
    """Return the recall@50 of rare films that 50 films drawn at random reach, in the mean.

    Drawn from what a person has not seen; everybody with a rare film in the test part counts.
    """
    _, seen, wanted = audience(split, "test")
    watched = np.bincount(np.concatenate(split.histories("train")), minlength=split.n_items)
    shares = [
        min(1.0, PLACES / (split.n_items - len(films)))
        for films, later in zip(seen, wanted, strict=True)
        if (watched[later] < RARE).any()
    ]
    return float(np.mean(shares))


def best_field(study: dict[str, Any]) -> str:
    """Return the single field that adds most recall of rare films to the id: "year", ..."""
    alone = {
        name.removeprefix("id, "): item_tokens.summary(study["entries"], name, "rare recall@50")[0]
        for name in item_tokens.SETS
        if name.count(",") == 1
    }
    return max(alone, key=lambda name: alone[name])
