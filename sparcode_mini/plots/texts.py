"""All texts of a figure, made ready just before it is drawn.

A text is drawn as it is: a dollar sign is a dollar sign. Only the labels of axes that count in
powers are math. Letters that DejaVu Sans lacks get a font that has them; the others stay.
"""

import unicodedata
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import LogFormatterMathtext

from sparcode_mini.plots.glyphs import BOLD, REMEDY, bold_families, installed, missing
from sparcode_mini.tools.language import translated
from sparcode_mini.tools.unicode import marked

_TOLD: set[str] = set()  # letters that a warning has named


@contextmanager
def ready(figure: Figure) -> Iterator[None]:
    """Make all texts ready; inside, matplotlib is quiet about letters that no font has."""
    shown = [axes for axes in figure.axes if axes.axison]
    scales: list[Axis] = [axis for axes in shown for axis in (axes.xaxis, axes.yaxis)]
    for axis in scales:
        _make_ticks(axis)
    lost = [letter for text in figure.findobj(Text) for letter in _make_ready(text)]
    for axis in scales:
        _powers(axis)
    if not lost:
        yield
        return
    _tell(lost)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        yield


def _make_ticks(axis: Axis) -> None:
    """Make the ticks, and write labels that hold controls anew: their axis keeps them apart."""
    labels = [label.get_text() for label in axis.get_majorticklabels()]
    shown = [marked(translated(label)) for label in labels]
    if shown != labels:
        axis.set_ticks(axis.get_majorticklocs(), labels=shown)


def _make_ready(text: Text) -> list[str]:
    """Make one text ready, and return the letters that no font has."""
    text.set_parse_math(False)
    words = translated(text.get_text())
    text.set_text(words)
    if words.isascii() and words.isprintable():
        return []
    text.set_text(marked(words))
    properties = text.get_fontproperties()
    if properties.get_weight() in ("bold", 700) and BOLD not in properties.get_family():
        text.set_fontfamily(bold_families(properties.get_family()))
        properties = text.get_fontproperties()
    lacking = missing(text.get_text(), properties)
    if lacking:  # a letter and its mark may be missing, and the two as one letter be there
        text.set_text(unicodedata.normalize("NFC", text.get_text()))
        lacking = missing(text.get_text(), properties)
    more = dict.fromkeys(family for family in installed(lacking).values() if family)
    if more:
        text.set_fontfamily([*properties.get_family(), *more])
        lacking = missing(text.get_text(), text.get_fontproperties())
    return lacking


def _powers(axis: Axis) -> None:
    """Let the labels of a logarithmic axis be math: they are numbers, never titles."""
    labels: list[Text] = []
    if isinstance(axis.get_major_formatter(), LogFormatterMathtext):
        labels += axis.get_majorticklabels()
    if isinstance(axis.get_minor_formatter(), LogFormatterMathtext):
        labels += axis.get_minorticklabels()
    for label in labels:
        label.set_parse_math(True)


def _tell(lost: list[str]) -> None:
    """Name letters that have no font in a warning, each once."""
    new = [letter for letter in dict.fromkeys(lost) if letter not in _TOLD]
    _TOLD.update(new)
    if new:
        few = ", ".join(f"U+{ord(letter):04X}" for letter in new[:3])
        more = f" and {len(new) - 3} more" if len(new) > 3 else ""
        text = f"no font here has {few}{more}, so boxes are drawn; {REMEDY}"
        warnings.warn(text, stacklevel=2)
