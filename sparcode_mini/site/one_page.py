"""A widget as one HTML file, which needs nothing else: no other file, no network, no Python.

The page may do very little: its policy allows its own script and style, and forbids every request.
Titles come from other people's tables. So all texts are escaped, in the markup and in the script.
"""

import base64
import hashlib
import html
import json
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

from sparcode_mini.plots.picture import Picture
from sparcode_mini.site import languages, live
from sparcode_mini.tools.files import atomic_write
from sparcode_mini.tools.language import localized
from sparcode_mini.tools.targets import PAGE_MARK
from sparcode_mini.tools.unicode import safe

HERE = Path(__file__).parent
IN_SCRIPTS = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&\u2028\u2029"}


def write(path: Path, widget: Any, heading: str, made: Mapping[str, str]) -> int:
    """Write the page of an X-ray, atomically; equal arguments give equal bytes.

    Args:
        path: the file.
        widget: an XRay.
        heading: of the page.
        made: how it was made, name by name; goes to the end of the page.

    Returns:
        The bytes of the file.

    Raises:
        ValueError: the state of the widget is not JSON.
        OSError: the file can't be written.
    """
    content = page(widget, heading, made).encode("utf-8")
    atomic_write(path, content)
    return len(content)


def page(widget: Any, heading: str, made: Mapping[str, str]) -> str:
    """Return the HTML of the page; arguments and errors as `write`."""
    name, bundle = type(widget).__name__, live.bundle(widget)
    bundle["state"] |= {"titles": [], "films": []}  # without Python, nothing can be typed
    bundle["call"] = None  # code can't make it: the models are not in the page
    programs = languages.script() + _static("share.js") + _static("live.js")
    script = f"window.sparcodeInside = {_literal({name: bundle})};\n{programs}"
    _check_script(script)
    return Template(localized(HERE / "one_page.html")).substitute(
        mark=PAGE_MARK,
        policy=_policy(script),
        heading=_text(heading),
        icon=_data_url("image/svg+xml", _static("favicon.svg").encode("utf-8")),
        style=(HERE / "one_page.css").read_text("utf-8") + _static("share.css"),
        name=name,
        figure=_figure(widget.still()),
        made="\n".join(_pair(*one) for one in made.items()),
        script=script,
    )


def _literal(value: Any) -> str:
    """Return JSON that may stand inside a script: nothing in it ends or comments the script."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.translate(IN_SCRIPTS)


def _check_script(script: str) -> None:
    """Refuse a script that the page would take for its end or for a comment."""
    for mark in ("</script", "<script", "<!--"):
        if mark in script.lower():
            raise ValueError(f"a script of static/ holds {mark!r}, which can't stand in a page")


def _policy(script: str) -> str:
    """Return what the page may do: run this very script, style itself, show what it holds."""
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    return (
        f"default-src 'none'; script-src 'sha256-{digest}' blob:; style-src 'unsafe-inline'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _figure(still: Picture) -> str:
    source, words = _data_url("image/png", still.png), _text(still.alt)
    return (
        f'<figure><img src="{source}" alt="{words}" width="{still.width}">'
        f"<figcaption>{words}</figcaption></figure>"
    )


def _pair(name: str, value: str) -> str:
    return f'<dt>{_text(name)}</dt><dd class="untranslated">{_text(value)}</dd>'


def _data_url(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def _static(name: str) -> str:
    return (HERE / "static" / name).read_text("utf-8")


def _text(text: str) -> str:
    return html.escape(safe(text))
