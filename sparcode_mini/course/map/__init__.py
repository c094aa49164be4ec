"""The map: what each lesson needs, what trains and asks each objective, an exam, the notation.

People write `assets/course/map/map.toml` and `exam.toml`. In the order of the flow: `chart` and
`exam` read the two files, `rows` joins them with the objectives of the lessons and with the quiz,
and refuses empty cells; `notation` reads the symbols, `credit` the version and how to cite.
`picture`, `text`, `page` and `fonts` make files of it, `build` writes them.
"""

from pathlib import Path


def write(out: Path, root: Path) -> None:
    """Write map, exam with its key, and the sheet of notation, as pages and as PDF.

    Args:
        out: folder of the files.
        root: the project's folder.

    Raises:
        ValueError: a text names something that is not there, or an objective has an empty cell; or
            there is no Chromium to print with, then the pages are written.
    """
    from sparcode_mini.course.map.build import write_all  # it needs what pages are made with

    write_all(out, root)
