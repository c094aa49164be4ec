"""Store the numbers of all questions for the notebooks: ``python -m sparcode_mini.course.quiz``."""

from pathlib import Path

from sparcode_mini.course.parts import ROOT
from sparcode_mini.course.quiz.bank import FOLDER, NUMBERS, load, numbers
from sparcode_mini.tools.files import save_json


def main(root: Path) -> None:
    """Write the file of the numbers of the project `root`."""
    content = numbers(load(root))
    path = save_json(root / "assets" / FOLDER / NUMBERS, content)
    print(f"{path}: numbers of {len(content)} items")


if __name__ == "__main__":
    main(ROOT)
