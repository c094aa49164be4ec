"""The results of one setting of a stored sweep over M, N and sparsity: functions, no widgets.

A sweep is a dict: "settings", a list of measured settings ({"M", "N", "sparsity", "ndcg@50",
"ndcg@50 probes=4", "lists", "entries", "density", "entry_bytes_fp16", "other_bytes", "search_us",
"used", ...}); "baselines" ("popularity" and "two-tower"); and the "config" that made it. A setting
that was not measured is never guessed: its nearest measured neighbours are named instead.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sparcode_mini.evaluation.storage import ENTRY_BYTES, show_bytes
from sparcode_mini.tools.files import load_json

NAMES = ("M", "N", "sparsity")
ONE, FOUR = "ndcg@50", "ndcg@50 probes=4"
PROBES = {1: ONE, 4: FOUR}  # lists that a token reads, and the name of NDCG@50 read so
MOST_LISTS = 4096  # up to here the sweep built a list for every possible code
STORED = Path("assets") / "results" / "sweep.json"


def load_sweep(results: dict[str, Any] | str | Path | None = None) -> dict[str, Any]:
    """Read a sweep from a dict, from a file, or from the project's own file.

    Raises:
        FileNotFoundError: no such file.
        ValueError: not a sweep.
    """
    if not isinstance(results, dict):
        path = Path(__file__).resolve().parents[2] / STORED if results is None else Path(results)
        if not path.is_file():
            raise FileNotFoundError(
                f"{path} does not exist; make it with `sparcode-mini sweep`, or pass the path or "
                "the dict of another sweep"
            )
        results = load_json(path)
    if not isinstance(results, dict) or not results.get("settings"):
        raise ValueError("this is no sweep: it has no measured setting under 'settings'")
    for row in results["settings"]:
        row = row if isinstance(row, dict) else {}
        lost = {*NAMES, ONE, "lists", "entries", "density", "entry_bytes_fp16"} - set(row)
        if lost:
            raise ValueError(f"a setting of the sweep lacks {sorted(lost)}: {row}")
    return results


def values(results: dict[str, Any], name: str) -> list[Any]:
    """Return all values of "M", "N" or "sparsity" that were measured, ascending."""
    return sorted({row[name] for row in results["settings"]})


def setting(results: dict[str, Any], M: int, N: int, sparsity: float) -> dict[str, Any]:
    """Return what was measured at one setting.

    Returns:
        The stored row with "measured": True; or, if there is none, M, N and sparsity with
        "measured": False and "nearest": the measured rows fewest steps of the grid away.
    """
    wanted = (M, N, sparsity)
    for row in results["settings"]:
        if tuple(row[name] for name in NAMES) == wanted:
            return {**row, "measured": True}
    hole = dict(zip(NAMES, wanted, strict=True))
    return {**hole, "measured": False, "nearest": _nearest(results, wanted)}


def _nearest(results: dict[str, Any], wanted: Sequence[Any]) -> list[dict[str, Any]]:
    grids = [values(results, name) for name in NAMES]
    steps = [
        sum(
            abs(_place(grid, row[name]) - _place(grid, value))
            for grid, name, value in zip(grids, NAMES, wanted, strict=True)
        )
        for row in results["settings"]
    ]
    return [row for row, step in zip(results["settings"], steps, strict=True) if step == min(steps)]


def _place(grid: Sequence[float], value: float) -> float:
    """Return the position of a value on a grid, between two places if the grid lacks it."""
    if value in grid:
        return float(grid.index(value))
    return sum(place < value for place in grid) - 0.5


def figure_data(results: dict[str, Any], M: int, N: int, sparsity: float) -> dict[str, Any]:
    """Return everything that the panel's pictures show, for one setting.

    Returns:
        "all": quality against bytes of every measured setting ("bytes", "one", "four", "names");
        "chosen": the same for the chosen setting, empty lists if it was not measured;
        "two-tower" and "popularity": the baselines; "bars": bytes of the lists and of the rest,
        density, and microseconds of a search (None where nothing was measured); and what keeps the
        axes the same for every setting.
    """
    row = setting(results, M, N, sparsity)
    rows = [row] if row["measured"] else []
    baselines = results.get("baselines", {})
    tower = baselines.get("two-tower", {})
    return {
        "all": _points(results["settings"]),
        "chosen": _points(rows),
        "two-tower": {"bytes": tower.get("bytes_fp16"), "ndcg": tower.get(ONE)},
        "popularity": baselines.get("popularity", {}).get(ONE),
        "bars": {
            "lists": row.get("entry_bytes_fp16"),
            "rest": row.get("other_bytes", 0) if rows else None,
            "density": row.get("density"),
            "search": row.get("search_us"),
        },
        "densities": [r["density"] for r in results["settings"]],
        "searches": [r["search_us"] for r in results["settings"] if "search_us" in r],
        "range": _range(results, tower.get(ONE)),
        "title": name_of(row),
    }


def _range(results: dict[str, Any], tower: float | None) -> tuple[float, float]:
    """Return the lowest and highest NDCG@50 of the axis; the same for every setting.

    Popularity may lie below it: an axis that reaches there would press all settings together.
    """
    rows = [row.get(key) for row in results["settings"] for key in (ONE, FOUR)]
    known = [score for score in (*rows, tower) if score is not None]
    span = max(known) - min(known) or 0.1 * max(known)
    return min(known) - 0.45 * span, max(known) + 0.15 * span


def _points(rows: Sequence[dict[str, Any]]) -> dict[str, list[Any]]:
    return {
        "bytes": [total_bytes(row) for row in rows],
        "one": [row[ONE] for row in rows],
        "four": [row.get(FOUR) for row in rows],
        "names": [name_of(row) for row in rows],
    }


def total_bytes(row: dict[str, Any]) -> int:
    """Count the bytes of the lists at 6 an entry, and of codes, list starts and codebooks."""
    return int(row["entry_bytes_fp16"]) + int(row.get("other_bytes", 0))


def name_of(row: dict[str, Any]) -> str:
    """Return the short name of a setting, such as "M=1, N=64, sparsity=2"."""
    return f"M={row['M']}, N={row['N']}, sparsity={row['sparsity']:g}"


def quality_of(row: dict[str, Any], probes: int) -> float | None:
    """Return NDCG@50 of a setting with 1 or 4 probes; None if it was not measured."""
    value: float | None = row.get(PROBES[probes])
    return value


def sentence(results: dict[str, Any], M: int, N: int, sparsity: float, *, probes: int = 1) -> str:
    """Describe the numbers of one setting in plain words, those of `probes` first."""
    row = setting(results, M, N, sparsity)
    if not row["measured"]:
        near = "; ".join(name_of(other) for other in row["nearest"][:4])
        return (
            f"{name_of(row)} was not measured in this sweep, so nothing is shown for it. "
            f"{_too_many(M, N)}The nearest measured settings: {near}."
        )
    return " ".join(
        filter(None, (_size(row), _quality(results, row, probes), _use(row), _speed(row)))
    )


def _too_many(M: int, N: int) -> str:
    """Return a sentence about a setting with more codes than a sweep builds lists, or ""."""
    if N**M <= MOST_LISTS:
        return ""
    return f"M={M}, N={N} would have {N**M:,} possible lists. "


def _size(row: dict[str, Any]) -> str:
    of = f" of {row['codes_possible']:,} possible" if "codes_possible" in row else ""
    other = row.get("other_bytes")
    rest = "" if other is None else f", plus {show_bytes(other)} for codewords and codes"
    return (
        f"{name_of(row)}: {row['lists']:,}{of} lists with {row['entries']:,} entries "
        f"({show_bytes(row['entry_bytes_fp16'])} at {ENTRY_BYTES} bytes each{rest}); "
        f"{row['density']:.1%} of all pairs of a list "
        "and a film are kept."
    )


def _quality(results: dict[str, Any], row: dict[str, Any], probes: int) -> str:
    baselines = results.get("baselines", {})
    tower = baselines.get("two-tower", {}).get(ONE)
    popular = baselines.get("popularity", {}).get(ONE)
    text = "NDCG@50"
    for R in sorted(PROBES, key=lambda R: probes != R):  # the chosen number first
        score, words = quality_of(row, R), "one probe" if R == 1 else f"{R} probes"
        of = "" if not tower or score is None else f" ({score / tower:.0%} of the two-tower's)"
        value = "not measured" if score is None else f"{score:.3f}"
        text += f"{' is' if probes == R else ','} {value} with {words}{of}"
    beside = [("two-tower", tower), ("popularity", popular)]
    return f"{text}. " + " ".join(f"{n.capitalize()}: {v:.3f}." for n, v in beside if v)


def _use(row: dict[str, Any]) -> str:
    if "used" not in row:
        return ""
    return f"{sum(row['used']):,} of {row['M'] * row['N']:,} codewords are in use."


def _speed(row: dict[str, Any]) -> str:
    return f"One search takes {row['search_us']:.0f} µs." if "search_us" in row else ""


def options(results: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the keyword arguments of SparCode and of fit that made the models of the sweep."""
    config = results.get("config", {})
    seed = {"seed": config["seed"]} if "seed" in config else {}
    model, fit = config.get("model", {}) | seed, config.get("fit", {}) | seed
    if "stages" in fit:
        fit["stages"] = tuple(fit["stages"])  # JSON has no tuples
    return model, fit


def code_text(results: dict[str, Any], M: int, N: int, sparsity: float, *, probes: int = 1) -> str:
    """Return Python code that trains, indexes and evaluates one setting as the sweep did."""
    model, fit = options(results)
    codes = '"all"' if N**M <= MOST_LISTS else '"seen", probes=4'
    return "\n".join(
        (
            "import sparcode_mini as sm",
            "",
            "ratings = sm.data.movielens_100k()",
            "split = ratings.split(test=0.2, validation=0.1)",
            f"model = sm.SparCode(split, {_arguments({'M': M, 'N': N} | model)})",
            f"log = sm.fit(model, split, {_arguments(fit | {'sparsity': float(sparsity)})})",
            f"index = sm.SparseIndex.build(model, codes={codes})",
            'print(sm.evaluate(model, split, on="test", k=(50,), index=index'
            f"{', probes=4' if probes == 4 else ''}))",
            "print(index.stats())",
        )
    )


def _arguments(keywords: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in keywords.items())
