"""The pages say what the program does: folders, commands, what was not tried."""

import re
from pathlib import Path

import pytest

from sparcode_mini.course import laptops
from sparcode_mini.course.laptops import check_laptop
from sparcode_mini.course.parts import ROOT

PAGES = {path.name: path.read_text("utf-8") for path in (ROOT / laptops.PAGES).glob("*.md")}
HOSTED = ("jupyterhub.md", "colab.md", "codespaces.md", "binder.md")


def test_the_part_copies_the_pages_and_the_check(tmp_path):
    laptops.write(tmp_path / "out", ROOT)
    assert {p.name for p in (tmp_path / "out").iterdir()} == {*PAGES, "check_laptop.py"}
    with pytest.raises(ValueError, match="--root"):
        laptops.write(tmp_path / "out", tmp_path)


def test_files_of_the_teacher_stay(tmp_path):
    (tmp_path / "mine.txt").write_text("keep me", "utf-8")
    laptops.write(tmp_path, ROOT)
    assert (tmp_path / "mine.txt").read_text("utf-8") == "keep me"


def test_cache_folders_are_those_of_the_installation_page():
    installation = (ROOT / "notebooks" / "installation.md").read_text("utf-8")
    rows = re.findall(r"^\| (?:Linux|macOS|Windows) \| `.*$", PAGES["laptops.md"], re.MULTILINE)
    assert len(rows) == 3 and all(row in installation for row in rows)


@pytest.mark.parametrize("name", HOSTED)
def test_machines_of_others_say_what_was_not_tried(name):
    assert "**Not tried" in PAGES[name] and f"({name})" in PAGES["laptops.md"]


@pytest.mark.parametrize("name", ["laptops.md", *HOSTED])
def test_pages_say_who_gets_solutions(name):
    assert "with solutions" in " ".join(PAGES[name].split())


def test_links_and_options_are_real():
    for text in PAGES.values():
        for target in re.findall(r"\]\((\w+\.md)\)", text):
            assert target in PAGES
    assert "--fetch" in laptops.CHECK.read_text("utf-8")
    assert Path(ROOT / ".devcontainer/devcontainer.json").exists()


def test_the_mail_begins_with_python_and_ends_with_the_lessons():
    _, mail, _ = re.split(r"^## A mail.*$|^## The evening.*$", PAGES["laptops.md"], flags=re.M)
    steps = re.split(r"^> \d\. ", mail, flags=re.M)[1:]
    version = ".".join(map(str, check_laptop.STICK))
    assert f"Install Python {version} from python.org" in steps[0]
    assert "py check_laptop.py" in steps[1], "py is there after step 1 only"
    assert "check_laptop.py --fetch" in steps[3], "the table of MovieLens names step 4"
    assert "that of step 4 in the mail" in PAGES["laptops.md"]
    assert ".venv/bin/python -m sparcode_mini.lab" in steps[-1]
    for blank in ("DAY", "FORM"):
        assert blank in mail.split(">")[0] and mail.count(blank) >= 2
