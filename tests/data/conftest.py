"""A miniature of MovieLens-100K in files, and a server of it."""

import functools
import hashlib
import http.server
import subprocess
import threading
import zipfile

import pooch
import pytest

from movielens_miniature import GROUPLENS, WHEEL, refuse, sha256
from sparcode_mini.data import movielens, movielens_tables, movielens_wheel


@pytest.fixture
def miniature(tmp_path, monkeypatch):
    """A folder with the three kinds of source file; checksums set to theirs; cache elsewhere."""
    folder = tmp_path / "given"
    (folder / "ml-100k").mkdir(parents=True)
    for name, content in GROUPLENS.items():
        (folder / "ml-100k" / name).write_bytes(content)
    with zipfile.ZipFile(folder / "ml-100k.zip", "w") as archive:
        for name, content in GROUPLENS.items():
            archive.writestr(f"ml-100k/{name}", content)
    with zipfile.ZipFile(folder / movielens_wheel.FILE, "w") as archive:
        for name, text in WHEEL.items():
            archive.writestr(f"{movielens_wheel.FOLDER}.{name}", text.encode("utf-8"))
    interactions, others = movielens_tables.render(movielens.from_folder(folder / "ml-100k"))
    monkeypatch.setattr(movielens, "INTERACTIONS_SHA256", hashlib.sha256(interactions).hexdigest())
    monkeypatch.setattr(movielens, "PEOPLE_AND_FILMS_SHA256", hashlib.sha256(others).hexdigest())
    monkeypatch.setattr(movielens, "GROUPLENS_SHA256", sha256(folder / "ml-100k.zip"))
    monkeypatch.setattr(movielens_wheel, "SHA256", sha256(folder / movielens_wheel.FILE))
    monkeypatch.delenv("SPARCODE_DATA", raising=False)
    monkeypatch.setattr(pooch, "os_cache", lambda name: tmp_path / "cache" / name)
    monkeypatch.setattr(subprocess, "run", refuse)
    monkeypatch.setattr(movielens, "GROUPLENS_URL", "http://127.0.0.1:9/ml-100k.zip")
    return folder


@pytest.fixture
def server(miniature):
    """Serve the miniature zip over HTTP; `requests` lists the paths asked for."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format, *args):
            requests.append(self.path)

    requests = []
    handler = functools.partial(Handler, directory=str(miniature))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}", requests
        running.shutdown()
