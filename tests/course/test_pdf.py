"""Pages as PDF: what is missing is named, and what is written stays."""

import sys

import pytest

from browser import chromium
from sparcode_mini.course import pdf


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "one.html"
    path.write_text("<title>One</title><h1>A page</h1>", encoding="utf-8")
    return path


def test_a_page_is_printed_beside_itself(page) -> None:
    with chromium():  # a clear reason where there is no browser
        pass
    assert pdf.print_pages([page], footer="at the foot") == [page.with_suffix(".pdf")]
    assert page.with_suffix(".pdf").read_bytes().startswith(b"%PDF")


def test_without_a_browser_the_pages_stay_and_the_error_says_so(page, monkeypatch) -> None:
    monkeypatch.setattr(pdf, "BROWSERS", ())
    monkeypatch.setattr(pdf, "CHANNELS", ())
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(page.parent / "none"))
    with pytest.raises(ValueError, match=r"needs a Chromium browser.* The web pages are written"):
        pdf.print_pages([page])
    assert list(page.parent.iterdir()) == [page]


def test_a_browser_that_does_not_start_is_named(monkeypatch) -> None:
    monkeypatch.setattr(pdf.shutil, "which", lambda name: "/no/such/browser")
    with pytest.raises(ValueError, match="playwright install chromium"), pdf.chromium():
        pass


def test_without_playwright_the_error_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "playwright.sync_api", None)
    with pytest.raises(ValueError, match="pip install"):
        pdf.print_pages([])
