"""A folder of the user is never emptied; a folder of this program is."""

from pathlib import Path

import pytest

from sparcode_mini.tools.folders import MARK, claim, clear, replace


@pytest.mark.parametrize("take", [claim, clear])
def test_a_folder_of_the_user_stays_as_it_is(take, tmp_path):
    (tmp_path / "mine.txt").write_text("keep me", "utf-8")
    with pytest.raises(ValueError, match="did not make"):
        take(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("take", [claim, clear])
def test_a_new_folder_and_an_empty_one_get_the_mark(take, tmp_path):
    for folder in (tmp_path / "a" / "b", tmp_path / "empty"):
        (tmp_path / "empty").mkdir(exist_ok=True)
        take(folder)
        assert [path.name for path in folder.iterdir()] == [MARK]


def test_a_marked_folder_is_kept_or_emptied(tmp_path):
    out = tmp_path / "out"
    claim(out)
    (out / "old" / "deep").mkdir(parents=True)
    claim(out)
    assert (out / "old" / "deep").is_dir()
    clear(out)
    assert [path.name for path in out.iterdir()] == [MARK]


@pytest.fixture
def content(tmp_path):
    """What is to replace a folder."""
    folder = tmp_path / "work" / "made"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "new.html").write_text("new", "utf-8")
    return folder


def files(folder):
    """All files of a folder."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_a_folder_is_replaced_as_a_whole_and_leaves_nothing_beside_it(tmp_path, content):
    out = tmp_path / "a" / "out"
    for _ in range(2):
        replace(out, content)
        assert files(out) == {MARK, str(Path("deep", "new.html"))}
        assert [path.name for path in out.parent.iterdir()] == ["out"]
        (out / "old.html").touch()
    assert out.stat().st_mode == content.stat().st_mode, "who could read it still can"


def test_a_folder_of_the_user_and_a_file_are_not_replaced(tmp_path, content):
    (tmp_path / "mine.txt").write_text("keep me", "utf-8")
    with pytest.raises(ValueError, match="did not make"):
        replace(tmp_path, content)
    with pytest.raises(ValueError, match=r"mine.txt is a file; give the name of a folder"):
        replace(tmp_path / "mine.txt", content)
    assert (tmp_path / "mine.txt").read_text("utf-8") == "keep me"


@pytest.mark.parametrize("moves", [0, 1, 2])
def test_what_stops_a_replacement_leaves_the_old_folder_or_the_new_one(
    tmp_path, content, monkeypatch, moves
):
    out = tmp_path / "out"
    claim(out)
    (out / "old.html").touch()
    rename, done = Path.rename, []

    def stopped(path, target):
        """Ctrl-C, which comes once: before a move, or after the last."""
        done.append(path)
        if len(done) == moves + 1 < 3:
            raise KeyboardInterrupt
        rename(path, target)
        if len(done) == moves == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(Path, "rename", stopped)
    with pytest.raises(KeyboardInterrupt):
        replace(out, content)
    assert "old.html" in files(out) if moves < 2 else "old.html" not in files(out)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "work"]
