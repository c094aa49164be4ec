"""Web pages as PDF, printed by a Chromium browser without a window and without a network."""

import html
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sparcode_mini.tools.files import atomic_write
from sparcode_mini.tools.progress import Progress, progress

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
)
CHANNELS = ("chrome", "msedge")  # as Playwright names installed browsers
MILLISECONDS = 60_000  # until a page is ready
READY = "() => document.fonts.status === 'loaded' && (!window.Reveal || Reveal.isReady())"
FOOTER = """<div style="width: 100%; font: 12px sans-serif; color: #4b5563; padding: 0 13mm;
display: flex; justify-content: space-between"><span>{title}</span>
<span><span class="pageNumber"></span> / <span class="totalPages"></span></span></div>"""


@contextmanager
def chromium() -> Iterator[Any]:
    """Yield a browser without a network: the one of this machine, or that of Playwright.

    Raises:
        ValueError: there is none, or it can't start; the message says what to install.
    """
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError as error:
        raise ValueError("PDF needs Playwright: pip install 'sparcode-mini[course]'") from error
    program = next((path for path in map(shutil.which, BROWSERS) if path), None)
    with sync_playwright() as playwright:
        try:
            browser = _launched(playwright.chromium, program)
        except Error as error:
            reason = str(error).strip().partition("\n")[0]
            raise ValueError(
                "PDF needs a Chromium browser: install chromium or Chrome, or take "
                f"`python -m playwright install chromium` ({reason}). The web pages are written: "
                "you can print them from your own browser"
            ) from error
        try:
            yield browser.new_context(offline=True)
        finally:
            browser.close()


def _launched(kind: Any, program: str | None) -> Any:
    """Start the browser: a program, that of Playwright, or Chrome or Edge where they usually are.

    On Windows and macOS the last two are not on the PATH.
    """
    from playwright.sync_api import Error

    if program:
        return kind.launch(executable_path=program)
    for channel in CHANNELS:
        with suppress(Error):
            return kind.launch(channel=channel)
    return kind.launch()


def print_page(context: Any, page: Path, query: str = "", footer: str = "") -> Path:
    """Print an HTML file as PDF beside it, on the paper that its style names.

    Args:
        context: what `chromium` yields.
        page: the file.
        query: what follows its address; reveal.js prints with "?print-pdf".
        footer: words at the foot of each page, beside its number; "" for no foot.
    """
    tab = context.new_page()
    try:
        tab.goto(page.resolve().as_uri() + query)
        tab.wait_for_function(READY, timeout=MILLISECONDS)
        if query:
            tab.wait_for_selector(".pdf-page", state="attached", timeout=MILLISECONDS)
        content = tab.pdf(
            prefer_css_page_size=True,
            print_background=True,
            display_header_footer=bool(footer),
            header_template="<span></span>",
            footer_template=FOOTER.format(title=html.escape(footer)),
            tagged=True,
        )
    finally:
        tab.close()
    return atomic_write(page.with_suffix(".pdf"), content)


def print_pages(pages: Sequence[Path], footer: str = "") -> list[Path]:
    """Print HTML files, each as PDF beside itself; arguments and errors as above."""
    bar: Progress[Path] = progress(pages, desc="PDF")
    with chromium() as context:
        return [print_page(context, page, footer=footer) for page in bar]
