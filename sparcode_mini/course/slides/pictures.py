"""The pictures of a lesson for slides: the files of `make figures`, or else the stored ones."""

import base64
from dataclasses import dataclass
from pathlib import Path

from sparcode_mini.course.figures.store import INDEX, KIND, VERSION
from sparcode_mini.course.slides.notebook import Block
from sparcode_mini.tools.files import load_json

FIGURES = Path("build") / "figures"  # where `make figures` puts them
KIT = Path("build") / "course" / "figures"  # where the kit puts them


@dataclass(frozen=True)
class Shown:
    """A picture on a slide.

    Attributes:
        source: its address, with the picture inside.
        alt: what it shows.
        shape: width by height.
    """

    source: str
    alt: str
    shape: float


class Pictures:
    """Where pictures come from, with a count of each source.

    Args:
        root: the project's folder.

    Raises:
        ValueError: there is an index of figures that this version can't read.

    Attributes:
        drawn: pictures taken from the files of `make figures`.
        stored: pictures taken from a notebook.
    """

    def __init__(self, root: Path) -> None:
        self.drawn = self.stored = 0
        self._files: dict[tuple[str, str], tuple[Path, str]] = {}
        for folder in (root / KIT, root / FIGURES):
            if (folder / INDEX).exists():
                self._add(folder)

    def of(self, lesson: str, block: Block) -> Shown:
        """Return the first picture of a cell.

        A file of another state of the lesson, which says something else, is not taken.

        Args:
            lesson: stem of the notebook.
            block: a cell with a picture.
        """
        alt, png = str(block.picture), block.png
        width, height = (int.from_bytes(png[start : start + 4], "big") for start in (16, 20))
        path, words = self._files.get((lesson, block.cell.id), (None, ""))
        if path is not None and words == alt and path.exists():
            self.drawn += 1
            return Shown(_inside(path.read_bytes(), "svg+xml"), alt, width / height)
        self.stored += 1
        return Shown(_inside(png, "png"), alt, width / height)

    def _add(self, folder: Path) -> None:
        index = load_json(folder / INDEX)
        if (index.get("kind"), index.get("version")) != (KIND, VERSION):
            raise ValueError(f"{folder / INDEX} is of another version; run: make figures")
        for one in index["figures"]:
            self._files[one["lesson"], one["cell"]] = folder / one["svg"], one["alt"]


def _inside(content: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"
