"""The Chinese letters of a page as a font inside it: many machines have none."""

import base64
import importlib.resources
import io
import logging

from fontTools import subset
from markupsafe import Markup


def font_style(text: str) -> Markup:
    """Return a style sheet with the font "Chinese", which has the letters of the text."""
    logging.getLogger("fontTools").setLevel("WARNING")
    stored = importlib.resources.files("sparcode_mini.plots") / "fonts" / "cjk.otf"
    options = subset.Options(flavor="woff")
    with importlib.resources.as_file(stored) as path:
        font = subset.load_font(str(path), options)
    cut = subset.Subsetter(options)
    cut.populate(text=text)
    cut.subset(font)
    woff = io.BytesIO()
    font.flavor = "woff"
    font.save(woff)
    data = base64.b64encode(woff.getvalue()).decode("ascii")
    return Markup(
        "/* Letters of Noto Sans CJK SC. SIL Open Font License 1.1. */\n"
        f"@font-face {{ font-family: 'Chinese'; src: url(data:font/woff;base64,{data}); }}"
    )
