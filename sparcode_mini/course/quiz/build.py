"""Write the quiz: files for learning platforms and polls, and paper."""

from pathlib import Path

from sparcode_mini.course.pdf import print_pages
from sparcode_mini.course.quiz.bank import FOLDER, load, sheets
from sparcode_mini.course.quiz.gift import gift
from sparcode_mini.course.quiz.moodle import moodle_xml
from sparcode_mini.course.quiz.paper import write_paper
from sparcode_mini.course.quiz.poll import poll_csv
from sparcode_mini.course.quiz.qti import qti_zip
from sparcode_mini.tools.files import atomic_write
from sparcode_mini.tools.folders import clear
from sparcode_mini.tools.language import language

GUIDE = "guide.md"  # what each file is, and how it is imported


def write_all(out: Path, root: Path) -> None:
    """Write everything; arguments and errors as `sparcode_mini.course.quiz.write`."""
    chapters = load(root, language())
    tests = sheets(chapters)
    files = {
        "README.md": (root / "assets" / FOLDER / GUIDE).read_bytes(),
        "moodle.xml": moodle_xml(chapters),
        "gift.txt": gift(chapters).encode(),
        "qti.zip": qti_zip(tests),
    }
    # Without the mark at the start, Excel takes the file for another encoding.
    files |= {f"polls/{test.name}.csv": poll_csv(test).encode("utf-8-sig") for test in tests}
    for folder in ("polls", "paper"):  # a test of an earlier bank would stay
        clear(out / folder)
    for name, content in files.items():
        atomic_write(out / name, content)
    pages = write_paper(out / "paper", tests)
    count = sum(len(chapter.items) for chapter in chapters)
    print(f"{count} questions, {len(tests)} tests", flush=True)
    print_pages(pages)
