"""A folder of the user is never emptied; a folder of this program is."""

import pytest

from sparcode_mini.tools.folders import MARK, claim, clear


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
