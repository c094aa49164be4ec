"""Widgets that run on a page without Python: an anywidget's JavaScript, or a panel's views."""

import importlib
import json
import pkgutil
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import anywidget
import ipywidgets
import traitlets

from sparcode_mini import lessons, widgets
from sparcode_mini.site import stored
from sparcode_mini.tools.progress import progress
from sparcode_mini.widgets.esm import plain
from sparcode_mini.widgets.explorer import Explorer

LIVING = (anywidget.AnyWidget, Explorer)


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


class Call(NamedTuple):
    """How a widget is made: its class, and positional arguments that are plain values."""

    kind: str
    args: tuple[Any, ...] = ()

    @property
    def name(self) -> str:
        """Return the name under which a page loads the widget."""
        return "-".join([self.kind, *map(str, self.args)])

    def make(self) -> Any:
        """Make the widget.

        Raises:
            ValueError: there is no such class, or it can neither be stored nor has JavaScript.
        """
        kind = classes().get(self.kind)
        if kind is None or not issubclass(kind, LIVING):
            known = ", ".join(sorted(n for n, c in classes().items() if issubclass(c, LIVING)))
            raise ValueError(f"{self.kind!r} can't live without Python; these can: {known}")
        return kind(*self.args)


def bundle(widget: Any, args: tuple[Any, ...] = ()) -> dict[str, Any]:
    """Return what a page needs of a widget.

    Args:
        widget: an anywidget, or a panel (`Explorer`).
        args: the positional arguments that made it.

    Returns:
        "esm" and "css" (texts), "state" (the values that Python shares with the JavaScript),
        "shared" (of them, those that an address may set), "offered" (where they must be one of a
        list), "drawn" (of them, those that others draw anew), "call" (how Python makes the widget).

    Raises:
        ValueError: a value is not JSON (bytes, for example).
    """
    kind = type(widget)
    module = widgets.__name__ if kind.__name__ in widgets.__all__ else kind.__module__
    whole = stored.bundle_of(widget) if isinstance(widget, Explorer) else _of_anywidget(widget)
    whole["esm"] = plain(whole["esm"])
    whole["call"] = {"module": module, "kind": kind.__name__, "args": list(args)}
    try:
        json.dumps(whole, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise ValueError(f"the state of {kind.__name__} can't go into a page: {error}") from error
    return whole


def _of_anywidget(widget: Any) -> dict[str, Any]:
    names = sorted(set(widget.trait_names(sync=True)) - set(anywidget.AnyWidget.class_traits()))
    state = widget.get_state({name for name in names if not name.startswith("_")})
    return {
        "esm": _text(widget, "_esm"),
        "css": _text(widget, "_css"),
        "state": state,
        "shared": {name: state[name] for name in getattr(widget, "shared", ())},
        "offered": _offered(widget),
        "drawn": getattr(widget, "drawn", {}),
    }


def _offered(widget: Any) -> dict[str, Any]:
    """Return what an address may set each shared trait to: a list, or a range of numbers."""
    offers: dict[str, Any] = {}
    for name in getattr(widget, "shared", ()):
        trait = widget.traits()[name]
        if isinstance(trait, traitlets.Enum):
            offers[name] = list(trait.values or ())
        elif isinstance(trait, traitlets.Int | traitlets.Float) and trait.max is not None:
            whole = isinstance(trait, traitlets.Int)
            offers[name] = {"low": trait.min, "high": trait.max, "whole": whole}
    return offers | getattr(widget, "offered", {})


def write(calls: Iterable[Call], folder: Path) -> None:
    """Write one script per widget: a page from the file system may load scripts, but no JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    for call in progress(sorted(set(calls)), desc="widgets"):
        text = json.dumps(bundle(call.make(), call.args), separators=(",", ":"))
        script = f"sparcode.offer({json.dumps(call.name)},{text});\n"
        (folder / f"{call.name}.js").write_text(script, "utf-8")


def _text(widget: Any, name: str) -> str:
    return str(getattr(widget, name, "") or "")
