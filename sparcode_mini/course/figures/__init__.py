"""The pictures of the lessons as files: `make figures`.

It needs `pip install "sparcode-mini[lab,site,course]"`. A notebook stores small images only, so the
lessons run once more. In order of the flow: `build` runs everything, `course.execution` runs one
notebook, `drawings` takes the pictures out of it, `store` writes the files and index.json, and
`page` writes index.html.
"""

from pathlib import Path


def write(out: Path, root: Path) -> None:
    """Write all pictures into `out`.

    Raises:
        ValueError: a lesson failed, or there is none.
    """
    from sparcode_mini.course.figures.build import main

    if main(["--root", str(root), "--out", str(out)]):
        raise ValueError("not all pictures are written; the messages above say why")
