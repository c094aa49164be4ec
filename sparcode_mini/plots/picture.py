"""What all pictures share: one style, and the object that a notebook shows.

nbconvert and others read the `alt` attribute of an image from the metadata of its output;
JupyterLab (4.6) does not. So a `Picture` carries its description three times: in the metadata of
the image, as its text form, and in JupyterLab as a fold below the image. The last two are text that
is the same on every machine, so a check can compare stored notebooks by it.

Where the environment variable `FOR_FILES` is set, a notebook gets each picture as SVG and as a
large PNG: `sparcode_mini.course.figures` runs the lessons so.
"""

import base64
import html
import importlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from io import BytesIO
from pathlib import Path
from typing import Any, ParamSpec

import matplotlib as mpl
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from PIL import Image

from sparcode_mini.plots import ink
from sparcode_mini.plots.glyphs import FAMILIES
from sparcode_mini.plots.texts import ready
from sparcode_mini.tools.files import atomic_write
from sparcode_mini.tools.language import labelled, translated
from sparcode_mini.tools.unicode import whole

PIXELS_PER_INCH = 96  # of the page; the image itself has up to twice as many
WANTED_BYTES = 60_000  # of a picture, since a stored notebook holds several; see `to_png`
WAYS = ((2.0, 256), (2.0, 72), (1.6, 72), (1.6, 40))  # pixels for each of the page's, colours
FOR_FILES = "SPARCODE_FIGURES"
LARGE = 3.0  # pixels of a file for each pixel of the page
STYLE: Any = {
    "font.family": list(FAMILIES),  # the same letters on every machine
    "font.size": 9.5,
    "text.color": ink.INK,
    "axes.labelcolor": ink.INK,
    "axes.edgecolor": ink.NEUTRAL,
    "axes.facecolor": ink.CARD,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "figure.facecolor": ink.CARD,  # solid, so that dark notebooks show dark ink on a light card
    "figure.edgecolor": ink.EDGE,
    "grid.color": ink.FAINT,
    "hatch.linewidth": 0.6,
    "legend.frameon": False,
    "xtick.color": ink.INK,
    "ytick.color": ink.INK,
}


class Picture:
    """A finished drawing: PNG bytes and its description in words.

    Args:
        png: the image.
        alt: what the image shows, for readers who can't see it.
        width: of the image on the page, in CSS pixels.
        figure: of which the image was made, in the house style.
    """

    def __init__(self, png: bytes, alt: str, width: int, figure: Figure) -> None:
        self.png, self.alt = png, translated(whole(alt))
        self.width, self._figure = width, figure

    def __repr__(self) -> str:
        return self.alt

    def save(self, path: str | Path) -> None:
        """Write the PNG file."""
        atomic_write(path, self.png)

    def large_png(self) -> bytes:
        """Return PNG bytes in all colours, with `LARGE` times the page's pixels."""
        with house_style(), ready(self._figure):
            return _all_colours(self._figure, LARGE)

    def svg(self) -> bytes:
        """Return SVG: letters are outlines, so it looks the same on every machine.

        Equal pictures give equal bytes. Ids depend on the description, so that the pictures of one
        page do not cut each other.
        """
        file = BytesIO()
        nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        with house_style(), ready(self._figure):
            mpl.rcParams.update({"svg.fonttype": "path", "svg.hashsalt": self.alt})
            dpi = LARGE * PIXELS_PER_INCH  # of the images inside, such as heat maps
            self._figure.savefig(file, format="svg", dpi=dpi, metadata=nothing)
        return file.getvalue()

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, str], dict[str, Any]]:
        """Return the image and its description, with the metadata of the image."""
        data, png = {"text/plain": self.alt}, self.png
        if os.environ.get(FOR_FILES):
            data["image/svg+xml"], png = self.svg().decode(), self.large_png()
        data["image/png"] = base64.b64encode(png).decode("ascii")
        return data, {"image/png": {"alt": self.alt, "width": self.width}}

    def _ipython_display_(self) -> None:
        """Show the image, and below it the words as a fold."""
        show: Any = importlib.import_module("IPython.display").display
        data, metadata = self._repr_mimebundle_()
        show(data, metadata=metadata, raw=True)
        show(fold("The picture in words", self.alt), raw=True)


def fold(summary: str, text: str) -> dict[str, str]:
    """Return a MIME bundle: a line that opens to show a text.

    JupyterLab reads math between two dollar signs of one element, so each stands in its own.
    """
    style = "color: var(--jp-ui-font-color2, gray); font-size: 85%"
    text = translated(text)
    inside = html.escape(text).replace("$", "<span>$</span>")
    title = html.escape(translated(summary))
    return {
        "text/plain": labelled(summary, text),
        "text/html": f'<details style="{style}"><summary>{title}</summary>{inside}</details>',
    }


Arguments = ParamSpec("Arguments")


def picture(draw: Callable[Arguments, tuple[Figure, str]]) -> Callable[Arguments, Picture]:
    """Turn a function that draws (figure, description) into one that returns a `Picture`.

    It draws in the house style.
    """

    @wraps(draw)
    def drawn(*args: Arguments.args, **options: Arguments.kwargs) -> Picture:
        with house_style():
            figure, alt = draw(*args, **options)
            width = round(figure.get_figwidth() * PIXELS_PER_INCH)
            return Picture(_png(figure), alt, width, figure)

    return drawn


@contextmanager
def house_style() -> Iterator[None]:
    """Draw in the house style, and leave the style that the reader has set as it is."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(STYLE)
        yield


def _png(figure: Figure) -> bytes:
    return to_png(figure, WANTED_BYTES)


def to_png(figure: Figure, wanted_bytes: int) -> bytes:
    """Return PNG bytes: twice the page's pixels and a palette; less where that is too large.

    The palette is made of the colours that occur, so that the cells of a heat map keep theirs.

    Args:
        figure: of the picture.
        wanted_bytes: the first of `WAYS` that stays below is taken. If none does, it is the last,
            however large: with fewer pixels small letters would blur on dense screens.
    """
    png = b""
    with ready(figure):
        for scale, colours in WAYS:
            png = _few_colours(figure, scale, colours)
            if len(png) < wanted_bytes:
                break
    return png


def _few_colours(figure: Figure, scale: float, colours: int) -> bytes:
    small = BytesIO()
    image = Image.open(BytesIO(_all_colours(figure, scale))).convert("RGB")
    few = image.quantize(colours, Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE)
    few.save(small, format="PNG", optimize=True)
    return small.getvalue()


def _all_colours(figure: Figure, scale: float) -> bytes:
    file = BytesIO()
    dpi = scale * PIXELS_PER_INCH
    figure.savefig(file, format="png", dpi=dpi, metadata={"Software": None})
    return file.getvalue()


def white_to(colour: str) -> LinearSegmentedColormap:
    """Make a scale from white to one colour of the palette."""
    return LinearSegmentedColormap.from_list(colour, ["#FFFFFF", colour])
