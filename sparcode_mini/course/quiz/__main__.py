"""Store the numbers of all questions for the notebooks: ``python -m sparcode_mini.course.quiz``."""

from sparcode_mini.course.parts import ROOT
from sparcode_mini.course.quiz.bank import FOLDER, NUMBERS, load, numbers
from sparcode_mini.tools.files import save_json

if __name__ == "__main__":
    path = ROOT / "assets" / FOLDER / NUMBERS
    content = numbers(load(ROOT))
    save_json(path, content)
    print(f"{path}: numbers of {len(content)} items")
