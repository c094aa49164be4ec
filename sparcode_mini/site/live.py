"""Widgets that run on a page without Python: an anywidget's JavaScript, style and state."""

import importlib
import json
import pkgutil
from functools import cache
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets

from sparcode_mini import lessons, widgets


@cache
def classes() -> dict[str, type[Any]]:
    """Return all widget classes of `sparcode_mini.widgets` and of the lessons, by name."""
    kinds = {}
    packages = (widgets, lessons)
    modules = [m for p in packages for m in pkgutil.walk_packages(p.__path__, p.__name__ + ".")]
    for module in modules:
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, type) and issubclass(value, ipywidgets.DOMWidget):
                kinds[name] = value
    return {
        n: c
        for n, c in kinds.items()
        if c.__module__.startswith((widgets.__name__, lessons.__name__))
    }


def make(name: str) -> Any:
    """Make the widget of a class, without arguments.

    Raises:
        ValueError: there is no such class, or it has no JavaScript of its own.
    """
    kind = classes().get(name)
    if kind is None or not issubclass(kind, anywidget.AnyWidget):
        known = sorted(n for n, c in classes().items() if issubclass(c, anywidget.AnyWidget))
        raise ValueError(f"{name!r} can't live without Python; these can: {', '.join(known)}")
    return kind()


def bundle(widget: Any) -> dict[str, Any]:
    """Return what a page needs of a widget.

    Returns:
        "esm" and "css" (texts) and "state": the values that Python shares with the JavaScript.

    Raises:
        ValueError: a value is not JSON (bytes, for example).
    """
    names = sorted(set(widget.trait_names(sync=True)) - set(anywidget.AnyWidget.class_traits()))
    state = widget.get_state({name for name in names if not name.startswith("_")})
    try:
        json.dumps(state, allow_nan=False)
    except (TypeError, ValueError) as error:
        kind = type(widget).__name__
        raise ValueError(f"the state of {kind} can't go into a page: {error}") from error
    return {"esm": _text(widget, "_esm"), "css": _text(widget, "_css"), "state": state}


def write(names: list[str], folder: Path) -> None:
    """Write one script per widget: a page from the file system may load scripts, but no JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        text = json.dumps(bundle(make(name)), separators=(",", ":"))
        (folder / f"{name}.js").write_text(f"sparcode.offer({json.dumps(name)},{text});\n", "utf-8")


def _text(widget: Any, name: str) -> str:
    return str(getattr(widget, name, "") or "")
