"""The story of the first page: six steps that move the X-ray, with numbers of stored results.

`story.html` has the texts. Here is what each step sets in the X-ray, and every number they name.
"""

import html
import json
from pathlib import Path
from string import Template
from typing import Any

from sparcode_mini import results
from sparcode_mini.explain.query import Explanation
from sparcode_mini.explain.xray import explanation
from sparcode_mini.tools.language import localized

HERE = Path(__file__).parent
# Places in the data of the X-ray: a person whose tokens choose different codes, a real one.
MODEL, PERSON, REAL_PERSON = 0, 1, 6
CUT = 0.2  # share of the entries that the step about the bias keeps
PROBES = 4
ROW = "sparcode-sparse"  # the trainings of the table whose first one the X-ray shows
# What a step shows: the last stage that is drawn (0: all), the stages that fit on a telephone, and
# those that a tablet shows besides; a wide page shows all.
STAGES = (
    (0, "1 5 7", ""),
    (5, "1 5", "3 4"),
    (6, "6", "1 3 5"),
    (7, "7", "6"),
    (0, "6", "7"),
    (0, "5 7", "6"),
    (8, "7 8", ""),
)
POINTED = 3  # the step that points at the first result


def story(widget: str) -> str:
    """Return the HTML of the story around the HTML of the X-ray."""
    marks = {f"step{number}": _marks(number) for number in range(len(STAGES))}
    words = {name: html.escape(value) for name, value in numbers().items()}
    text = localized(HERE / "story.html")
    return Template(text).substitute(words, widget=widget, **marks).strip()


def traits(number: int) -> dict[str, Any]:
    """Return what step `number` sets in the X-ray; 0 is the start."""
    return {
        "person": REAL_PERSON if number == 6 else PERSON,
        "which": MODEL,
        "wish": 0,
        "bias": cut_bias() if number == 4 else None,
        "probes": PROBES if number >= 5 else 1,
        "tokens": [],
        "stage": STAGES[number][0],
    }


def numbers() -> dict[str, str]:
    """Return every number and name of the texts, by its name in `story.html`."""
    return {**_of_the_person(), **_of_the_cut(), **_of_the_models(), **_of_the_real_person()}


def cut_bias() -> float:
    """Return the value of the X-ray's grid that is next to the b which keeps CUT of the entries."""
    wanted = _shorter(CUT)["setting"]
    nearest: float = min(_model()["grid"], key=lambda b: abs(b - wanted))
    return nearest


def _of_the_person() -> dict[str, str]:
    data, model, seen = _data(), _model(), _explained()
    parts = sorted((part for part in seen.parts[0] if part > 0), reverse=True)
    return {
        "people": f"{len(data['people'])}",
        "shared": f"{sum(map(_shares_codes, range(len(data['people']))))}",
        "films": f"{len(seen.history)}",
        "tokens": f"{model['tokens']}",
        "width": f"{model['width']}",
        "codewords": f"{model['N']}",
        "catalogue": f"{data['catalogue']:,}",
        "codes": f"{len({read.code for read in seen.reads})}",
        "read": f"{sum({read.code: len(read.items) for read in seen.reads}.values()):,}",
        "best": seen.results()[0],
        "parts": " + ".join(f"{part:.3f}" for part in parts),
        "sum": f"{seen.values[0]:.2f}",
    }


def _of_the_cut() -> dict[str, str]:
    model, bias = _model(), cut_bias()
    entries = dict(zip(model["grid"], model["entries"], strict=True))
    cut = _shorter(CUT)
    return {
        "bias": f"{bias:.2f}".replace("-", "\N{MINUS SIGN}"),
        "entries": f"{entries[model['bias']]:,}",
        "entries_cut": f"{entries[bias]:,}",
        "cut": f"{CUT:.0%}",
        "ndcg_cut": _points(cut["ndcg@50"]),
        "cut_seeds": f"{len(cut['each'])}",
        **_each("cut", _shorter(1.0)["each"], cut["each"]),
    }


def _of_the_models() -> dict[str, str]:
    table = results.load("table")
    means = {
        row: {name: value["mean"] for name, value in columns.items()}
        for row, columns in table["summary"].items()
    }
    (pair,) = [
        one
        for one in table["paired"]
        if (one["row"], one["probes"], one["twin"]) == (ROW, PROBES, "two-tower")
    ]
    short, probed = means[ROW]["ndcg@50"], means[ROW][f"ndcg@50 probes={PROBES}"]
    long, unrounded = means["sparcode"]["ndcg@50"], means["all-to-all"]["ndcg@50"]
    return {
        "probes": f"{PROBES}",
        "ndcg": _points(short),
        "ndcg_probes": _points(probed),
        "ndcg_long": _points(long),
        "ndcg_unrounded": _points(unrounded),
        "penalty": _points(long - short),
        "entries_long": f"{means['sparcode']['entries']:,.0f}",
        "entries_short": f"{means[ROW]['entries']:,.0f}",
        **_each("rounding", _runs("all-to-all"), _runs("sparcode")),
        **_each("penalty", _runs("sparcode"), _runs(ROW)),
        **_each("gain", _runs(ROW, f"ndcg@50 probes={PROBES}"), _runs(ROW)),
        "ndcg_tower": _points(means["two-tower"]["ndcg@50"]),
        "behind": _points(-pair["difference"]),
        "behind_low": _points(-pair["high"]),
        "behind_high": _points(-pair["low"]),
    }


def _of_the_real_person() -> dict[str, str]:
    person = _data()["people"][REAL_PERSON]
    later = set(person["later"])
    places = _explained(person=REAL_PERSON, probes=PROBES).positions.tolist()
    return {
        "later": f"{len(later)}",
        "hits": f"{len(later & set(places))}",
        "hits_tower": f"{len(later & set(person['tower']['films']))}",
    }


def _data() -> dict[str, Any]:
    data: dict[str, Any] = results.load("xray")["data"]
    return data


def _model() -> dict[str, Any]:
    model: dict[str, Any] = _data()["models"][MODEL]
    return model


def _explained(person: int = PERSON, probes: int = 1) -> Explanation:
    return explanation(_data(), person, MODEL, probes=probes)


def _shorter(share: float) -> dict[str, Any]:
    """Return the stored result of lists cut by the bias to a share of their entries."""
    wanted = ("bias", share, False, "float16", 1)
    names = ("way", "share", "tuned", "precision", "probes")
    rows = results.load("shorter_lists")["rows"]
    entry: dict[str, Any]
    (entry,) = [row for row in rows if tuple(row[name] for name in names) == wanted]
    return entry


def _shares_codes(person: int) -> bool:
    rows = [row for (row,) in _model()["queries"][person]["reads"]["1"]["rows"]]  # one a token
    return len(set(rows)) < len(rows)


def _runs(row: str, column: str = "ndcg@50") -> list[float]:
    """Return a number of each training of a row, in the order of their seeds."""
    runs = sorted(results.load("table")["rows"][row], key=lambda run: int(run["seed"]))
    return [run[column] for run in runs]


def _each(name: str, more: list[float], less: list[float]) -> dict[str, str]:
    """Return the smallest and the largest difference of two rows, seed by seed, in points."""
    differences = [a - b for a, b in zip(more, less, strict=False)]  # all-to-all has fewer seeds
    return {f"{name}_low": _points(min(differences)), f"{name}_high": _points(max(differences))}


def _points(value: float) -> str:
    """Return a share as points of a hundred, with one decimal."""
    return f"{100 * value:.1f}"


def _marks(number: int) -> str:
    """Return the attributes of a step that `static/story.js` reads."""
    state = html.escape(json.dumps(traits(number)))
    _, near, more = STAGES[number]
    point = " data-point" if number == POINTED else ""
    return f'data-set="{state}" data-near="{near}" data-more="{more}"{point}'
