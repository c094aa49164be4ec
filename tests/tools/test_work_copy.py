"""A learner's copy: made once, renewed where nobody worked in it, never lost."""

from pathlib import Path

import pytest

from sparcode_mini.tools.work_copy import make_work_copy


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    lessons = tmp_path / "notebooks"
    lessons.mkdir()
    for name in ("00_start.ipynb", "01_next.ipynb", "glossary.md"):
        (lessons / name).write_text(f"first {name}", "utf-8")
    (lessons / "picture.png").write_bytes(b"no lesson")
    return lessons, tmp_path / "work"


def test_the_first_copy_holds_all_lessons(folders) -> None:
    work = folders[1]
    copied = make_work_copy(*folders)
    assert copied.added == ["00_start.ipynb", "01_next.ipynb", "glossary.md"]
    assert (work / "glossary.md").read_text("utf-8") == "first glossary.md"
    assert not (work / "picture.png").exists()
    assert make_work_copy(*folders) == ([], [], [], None)


def test_a_newer_lesson_replaces_a_copy_that_is_as_it_came_and_no_other(folders) -> None:
    lessons, work = folders
    make_work_copy(*folders)
    (work / "01_next.ipynb").write_text("mine", "utf-8")
    for path in lessons.glob("*.ipynb"):
        path.write_text("second", "utf-8")
    copied = make_work_copy(*folders)
    assert (copied.added, copied.renewed, copied.kept) == (
        [],
        ["00_start.ipynb"],
        ["01_next.ipynb"],
    )
    assert (work / "00_start.ipynb").read_text("utf-8") == "second"
    assert (work / "01_next.ipynb").read_text("utf-8") == "mine"
    assert make_work_copy(*folders).kept == ["01_next.ipynb"]


def test_a_copy_that_was_deleted_comes_back(folders) -> None:
    make_work_copy(*folders)
    (folders[1] / "01_next.ipynb").unlink()
    assert make_work_copy(*folders).added == ["01_next.ipynb"]


def test_a_file_of_the_learner_with_a_lesson_s_name_stays(folders) -> None:
    work = folders[1]
    work.mkdir()
    (work / "01_next.ipynb").write_text("mine", "utf-8")
    assert make_work_copy(*folders).kept == ["01_next.ipynb"]
    assert (work / "01_next.ipynb").read_text("utf-8") == "mine"


def test_a_copy_that_equals_the_lesson_is_up_to_date(folders) -> None:
    lessons, work = folders
    work.mkdir()
    (work / "01_next.ipynb").write_bytes((lessons / "01_next.ipynb").read_bytes())
    assert make_work_copy(*folders).kept == []


def test_fresh_moves_the_old_copies_aside_and_leaves_other_files(folders) -> None:
    work = folders[1]
    make_work_copy(*folders)
    (work / "01_next.ipynb").write_text("mine", "utf-8")
    (work / "predictions.json").write_text("{}", "utf-8")
    (work / "own.ipynb").write_text("another", "utf-8")
    copied = make_work_copy(*folders, fresh=True)
    assert len(copied.added) == 3
    assert (work / "01_next.ipynb").read_text("utf-8") == "first 01_next.ipynb"
    assert (copied.moved_to / "01_next.ipynb").read_text("utf-8") == "mine"
    assert (copied.moved_to / "predictions.json").exists()
    assert (work / "own.ipynb").read_text("utf-8") == "another"
    again = make_work_copy(*folders, fresh=True)
    assert again.moved_to.name == f"{copied.moved_to.name}-2"


def test_fresh_moves_a_file_that_only_has_a_lesson_s_name(folders) -> None:
    work = folders[1]
    work.mkdir()
    (work / "01_next.ipynb").write_text("mine", "utf-8")
    copied = make_work_copy(*folders, fresh=True)
    assert (copied.moved_to / "01_next.ipynb").read_text("utf-8") == "mine"
