"""The pages for teachers: commands can be typed, files are there, one rule for the films."""

import re
from pathlib import Path

import pytest

from sparcode_mini.course.bundle import build as bundle
from sparcode_mini.course.plans import contents
from sparcode_mini.course.plans.rows import PLANS, load_plan

ROOT = Path(__file__).parents[2]
COURSE = ROOT / "assets" / "course"
PAGES = (
    ROOT / "notebooks" / "teaching.md",
    ROOT / "notebooks" / "installation.md",
    COURSE / "laptops" / "laptops.md",
    COURSE / "homework" / "README.md",
)
TEACHING, INSTALLATION, LAPTOPS, _ = (path.read_text("utf-8") for path in PAGES)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_command_stands_with_its_folder(path):
    text = path.read_text("utf-8")
    calls = re.findall(r"^.*\bsparcode-mini (?:course|doctor|grade|roster)\b.*$", text, re.M)
    assert calls
    for line in calls:
        bare = re.findall(r"(?<![\w/\\])sparcode-mini (?:course|doctor|grade|roster)\b", line)
        assert bare == [], line


def test_the_evening_before_names_what_is_made():
    section = TEACHING.split("## If the class is tomorrow")[1].split("\n## ")[0]
    made = {f"{name}.pdf" for name in contents(ROOT)["html"]}
    assert {"plan-45.pdf", "handout-45.pdf"} <= made & set(re.findall(r"[\w-]+\.pdf", section))
    assert f"`{bundle.OUT.as_posix()}`" in section and f"Python {bundle.PYTHON}" in section
    size = r"\(([\d.]+ GB)\)"
    (announced,) = re.findall(rf"^bundle:.*{size}$", (ROOT / "Makefile").read_text("utf-8"), re.M)
    assert f"a download of {announced}" in section


@pytest.mark.parametrize("name", PLANS)
def test_the_handout_of_a_plan_ends_with_its_exit_ticket(name):
    assert "exit ticket" in load_plan(ROOT, name).rows[-1].title.lower()


def test_each_command_of_make_has_one_for_windows():
    page, windows = TEACHING.split("## On Windows")
    targets = set(re.findall(r"`make (\w+)", page)) - {"install"}
    assert targets == set(re.findall(r"^\| `make (\w+)", windows, re.M))


def test_nobody_is_told_to_hand_the_films_on():
    for text in (INSTALLATION, LAPTOPS):
        assert re.search(r"not (?:allow handing it on|hand it on)", " ".join(text.split()))
    assert "A `nodata` laptop" in LAPTOPS and "Carry the data" not in INSTALLATION
