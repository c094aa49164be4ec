"""The site, built once for all its tests, and a browser to look at it."""

import time
from pathlib import Path

import pytest

from browser import chromium
from sparcode_mini.site import build


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The site, built once, with buttons; and the seconds that it took."""
    out = tmp_path_factory.mktemp("site") / "out"
    start = time.perf_counter()
    assert build.main(["--out", str(out), "--repository", "someone/sparcode-mini"]) == 0
    return out, time.perf_counter() - start


@pytest.fixture(scope="session")
def folder(site) -> Path:
    """The folder of the site."""
    return site[0]


@pytest.fixture(scope="module")
def browser():
    """Chromium, one for each module."""
    with chromium() as running:
        yield running
