"""A panel (`widgets.explorer.Explorer`) as data for a page: its controls and all that they show.

A panel is a pure function of its values. If there are few of them, each view is computed here and
stored as what differs from the first one. If the numbers are arithmetic, the panel has an ES module
(`program`) that computes the differences on the page; tests hold it equal to Python.
"""

import itertools
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sparcode_mini import widgets
from sparcode_mini.widgets.esm import one_module
from sparcode_mini.widgets.explorer import Explorer, Span

MOST = 2000  # stored views of a panel
DIGITS = 6  # of a stored number that is not whole
HERE = Path(widgets.__file__).parent
DRAWING = ("elements.js", "numbers.js", "chart.js", "chart_marks.js")
Json = Any


def bundle_of(panel: Explorer) -> dict[str, Any]:
    """Return what a page needs of a panel.

    Args:
        panel: at its start.

    Returns:
        "esm" and "css" (texts); "state": the values by name, and "panel" (see `explorer.js`);
        "shared": the values that an address may set, and "offered": those that it may choose of.

    Raises:
        ValueError: too many views to store, or views of different charts.
    """
    first = rounded(panel.view(panel.data(**panel.values)).to_json())
    controls = controls_of(panel)
    state = {
        "title": (type(panel).__doc__ or "").partition("\n")[0].rstrip("."),
        "controls": controls,
        "actions": dict(panel.actions),
        "note": panel.needs_python,
        "first": first,
        "fixed": panel.constants(),
        "table": table_of(panel, first) if panel.program is None else {},
    }
    offered = {
        name: [value for _, value in control["options"]]
        if "options" in control
        else control["span"]
        for name, control in controls.items()
    }
    return {
        "esm": module_of(panel),
        "css": (HERE / "explorer.css").read_text("utf-8"),
        "state": {**panel.values, "panel": state},
        "shared": panel.values,
        "offered": offered,
        "drawn": {},
    }


def module_of(panel: Explorer) -> str:
    """Return the ES module that draws a panel: the drawing, what changes, the controls."""
    program = HERE / "stored.js" if panel.program is None else panel.program
    return "".join(
        (
            one_module(HERE, *DRAWING),
            one_module(program.parent, program.name),
            one_module(HERE, "explorer.js"),
        )
    )


def controls_of(panel: Explorer) -> dict[str, dict[str, Any]]:
    """Return the label, the start and the choices of each control."""
    controls = {}
    for name, (label, options, _) in panel.choices.items():
        offer: dict[str, Any] = (
            {"span": options._asdict()}
            if isinstance(options, Span)
            else {"options": [list(option) for option in options]}
        )
        controls[name] = {"label": label, "start": panel.values[name], **offer}
    return controls


def table_of(panel: Explorer, first: Json) -> dict[str, dict[str, Any]]:
    """Return each part of the views that is not the same in all of them.

    Returns:
        For each path, such as "columns.0.charts.1.title", "leaves" (what occurs) and "at" (for each
        setting the place of its leaf). The last control changes fastest.
    """
    kind, offered = type(panel).__name__, []
    for name, (_, options, _) in panel.choices.items():
        if isinstance(options, Span):
            raise ValueError(
                f"{type(panel).__name__}: {name} has any number of values; give it a program"
            )
        offered.append([value for _, value in options])
    count = math.prod(map(len, offered))
    if count > MOST:
        raise ValueError(
            f"{type(panel).__name__} has {count:,} views, more than {MOST:,}; give it a program"
        )
    leaves_of_first = dict(flat(first))
    paths: dict[str, list[Json]] = {path: [] for path in leaves_of_first}
    for chosen in itertools.product(*offered):
        values = dict(zip(panel.choices, chosen, strict=True))
        leaves = dict(flat(rounded(panel.view(panel.data(**values)).to_json())))
        if set(leaves) != set(paths):
            odd = sorted(set(leaves) ^ set(paths))[0]
            raise ValueError(f"{kind} at {values}: {odd} is not in every view")
        for path, leaf in leaves.items():
            paths[path].append(leaf)
    return {
        path: indexed(leaves)
        for path, leaves in paths.items()
        if any(leaf != leaves_of_first[path] for leaf in leaves)
    }


def indexed(leaves: list[Json]) -> dict[str, list[Any]]:
    """Return the different leaves, and for each one of the list its place among them."""
    places: dict[str, int] = {}
    at = [places.setdefault(repr(leaf), len(places)) for leaf in leaves]
    different: list[Json] = [None] * len(places)
    for leaf, place in zip(leaves, at, strict=True):
        different[place] = leaf
    return {"leaves": different, "at": at}


def flat(value: Json, path: str = "") -> Iterator[tuple[str, Json]]:
    """Yield (path, leaf); dictionaries and lists of dictionaries are opened, all else is a leaf."""
    if isinstance(value, dict):
        inside: Any = value.items()
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        inside = enumerate(value)
    else:
        yield path, value
        return
    for key, one in inside:
        yield from flat(one, f"{path}.{key}" if path else str(key))


def rounded(value: Json) -> Json:
    """Return the same with tuples as lists, and numbers with few digits: they are only drawn."""
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(one) for one in value]
    if isinstance(value, float):
        short = float(f"{value:.{DIGITS}g}")
        return int(short) if short.is_integer() else short
    return value
