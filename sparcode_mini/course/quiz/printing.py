"""Pages as PDF, printed by a Chromium browser without a window."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sparcode_mini.tools.progress import Progress, progress

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
)


def print_pages(pages: Sequence[Path]) -> None:
    """Print HTML files as PDF files beside them, on the paper that their style names.

    Raises:
        ValueError: there is no Playwright, or no browser that it can start.
    """
    remedy = "or print the pages from your own browser; they are written"
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError as error:
        raise ValueError(
            f"the PDF files need Playwright: pip install playwright; {remedy}"
        ) from error
    executable = next((path for path in map(shutil.which, NAMES) if path), None)
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=executable)
        except Error as error:
            raise ValueError(
                "the PDF files need a Chromium browser: python -m playwright install chromium; "
                f"{remedy} ({str(error).splitlines()[0]})"
            ) from error
        try:
            _print(browser.new_context(offline=True).new_page(), pages)
        finally:
            browser.close()


def _print(tab: Any, pages: Sequence[Path]) -> None:
    bar: Progress[Path] = progress(pages, desc="PDF")
    for page in bar:
        tab.goto(page.resolve().as_uri())
        tab.evaluate("document.fonts.ready")
        part = page.with_suffix(".pdf.part")
        tab.pdf(path=str(part), prefer_css_page_size=True, print_background=True, tagged=True)
        part.replace(page.with_suffix(".pdf"))
