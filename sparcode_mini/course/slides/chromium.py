"""Chromium without a window, which prints decks and handouts as PDF."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sparcode_mini.tools.files import atomic_write

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
)
SECONDS = 1000  # a timeout of Playwright is in milliseconds
READY = "() => document.fonts.status === 'loaded' && (!window.Reveal || Reveal.isReady())"


@contextmanager
def chromium() -> Iterator[Any]:
    """Yield a browser without a network: the one of this machine, or that of Playwright.

    Raises:
        ValueError: there is none, or it can't start; the message says what to install.
    """
    from playwright.sync_api import Error, sync_playwright

    path = next((path for path in map(shutil.which, NAMES) if path), None)
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=path)
        except Error as error:
            reason = str(error).strip().partition("\n")[0]
            raise ValueError(
                "PDF needs a Chromium browser: install chromium or Chrome, or take "
                f"`python -m playwright install chromium` ({reason})"
            ) from error
        context = browser.new_context(offline=True)
        try:
            yield context
        finally:
            browser.close()


def print_pdf(context: Any, page: Path, query: str = "") -> Path:
    """Print an HTML file as PDF beside it, in the page size of its style sheet.

    Args:
        context: what `chromium` yields.
        page: the file.
        query: what follows its address; reveal.js prints with "?print-pdf".
    """
    tab = context.new_page()
    try:
        tab.goto(page.resolve().as_uri() + query)
        tab.wait_for_function(READY, timeout=60 * SECONDS)
        if query:
            tab.wait_for_selector(".pdf-page", state="attached", timeout=60 * SECONDS)
        content = tab.pdf(prefer_css_page_size=True, print_background=True)
    finally:
        tab.close()
    return atomic_write(page.with_suffix(".pdf"), content)
