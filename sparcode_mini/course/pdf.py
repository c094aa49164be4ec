"""Web pages as PDF, printed by Chromium."""

import html
import shutil
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import Error, sync_playwright

from sparcode_mini.tools.files import atomic_write
from sparcode_mini.tools.progress import progress

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "msedge")
FOOTER = """<div style="width: 100%; font: 12px sans-serif; color: #4b5563; padding: 0 13mm;
display: flex; justify-content: space-between"><span>{title}</span>
<span><span class="pageNumber"></span> / <span class="totalPages"></span></span></div>"""


def print_pages(pages: Sequence[Path], title: str) -> list[Path]:
    """Print HTML files, each beside itself, on paper of the size that its style names.

    Args:
        pages: the files; nothing is loaded from the network.
        title: the words at the foot of each page, beside its number.

    Raises:
        RuntimeError: there is no Chromium, or it does not start.
    """
    program = next((path for path in map(shutil.which, BROWSERS) if path), None)
    footer = FOOTER.format(title=html.escape(title))
    written = []
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=program)
        except Error as error:
            raise RuntimeError(
                "no Chromium to print with: install one, or `python -m playwright install "
                f"chromium` ({str(error).splitlines()[0]})"
            ) from error
        tab = browser.new_page()
        tab.route("http*://**/*", lambda route: route.abort())
        for path in progress(pages, desc="PDF"):
            tab.goto(path.resolve().as_uri())
            content = tab.pdf(
                prefer_css_page_size=True,
                print_background=True,
                display_header_footer=True,
                header_template="<span></span>",
                footer_template=footer,
                tagged=True,
            )
            written.append(atomic_write(path.with_suffix(".pdf"), content))
        browser.close()
    return written
