import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from movielens_miniature import fake_pip, refuse, sha256
from sparcode_mini.data import movielens, movielens_wheel


def test_wheel_serves_when_grouplens_does_not_and_is_not_asked_again(
    server, miniature, monkeypatch, tmp_path
):
    url, requests = server
    monkeypatch.setattr(movielens, "GROUPLENS_URL", f"{url}/gone.zip")
    monkeypatch.setattr(subprocess, "run", fake_pip(miniature / movielens_wheel.FILE))
    assert movielens.load().source == "wheel of recbole 1.2.1"
    asked = len(requests)
    assert asked > 0
    monkeypatch.setattr(subprocess, "run", refuse)
    assert movielens.load().source == "wheel of recbole 1.2.1"
    assert len(requests) == asked
    cached = list((tmp_path / "cache/sparcode-mini").iterdir())
    assert [path.name for path in cached] == [movielens_wheel.FILE]


def test_damaged_cache_is_fetched_again(miniature, monkeypatch, tmp_path):
    cached = tmp_path / "cache/sparcode-mini" / movielens_wheel.FILE
    cached.parent.mkdir(parents=True)
    cached.write_bytes(b"half a whe")
    monkeypatch.setattr(subprocess, "run", fake_pip(miniature / movielens_wheel.FILE))
    assert movielens.load().source == "wheel of recbole 1.2.1"
    assert sha256(cached) == movielens_wheel.SHA256


def test_wheel_with_a_wrong_checksum_is_refused(miniature, monkeypatch, tmp_path):
    monkeypatch.setattr(subprocess, "run", fake_pip(miniature / movielens_wheel.FILE))
    monkeypatch.setattr(movielens_wheel, "SHA256", "0" * 64)
    with pytest.raises(ConnectionError, match="does not match the known hash"):
        movielens.load()
    assert list((tmp_path / "cache/sparcode-mini").iterdir()) == []


def test_processes_that_start_together_leave_one_whole_file(miniature, monkeypatch, tmp_path):
    together = threading.Barrier(4)
    content = (miniature / movielens_wheel.FILE).read_bytes()

    def slow(url, output_file, _pooch):
        with Path(output_file).open("wb") as file:
            file.write(content[:100])
            file.flush()
            together.wait(timeout=30)  # all four are half-way at the same time
            file.write(content[100:])

    monkeypatch.setattr(movielens_wheel, "pip_download", slow)
    folder = tmp_path / "cache"
    with ThreadPoolExecutor(4) as pool:
        paths = list(pool.map(lambda _: movielens_wheel.retrieve(folder), range(4)))
    assert len(set(paths)) == 1
    assert [path.name for path in folder.iterdir()] == [movielens_wheel.FILE]
    assert sha256(paths[0]) == movielens_wheel.SHA256
