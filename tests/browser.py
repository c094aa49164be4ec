"""Chromium without a window, for what only a browser can show. One browser serves a test run."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "msedge",
)
BLANK = "<!doctype html><html><body></body></html>"
ADDRESS = "http://sparcode.test/"  # answered by the test itself; nothing leaves the machine


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser through Playwright; without one the test fails and says what to install."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        pytest.fail('this test needs Playwright: pip install -e ".[test]"')
    found = next((path for path in map(shutil.which, NAMES) if path), None)
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=found)
        except Exception as error:  # not installed, or it can't start
            pytest.fail(
                "this test needs a Chromium browser: `apt-get install chromium`, or "
                f"`python -m playwright install chromium` ({type(error).__name__}: {error})"
            )
        yield browser
        browser.close()


def blank_page(browser: Any, **options: Any) -> Any:
    """An empty page with an address of its own, from which nothing can be loaded."""
    page = browser.new_page(**options)
    page.route("**/*", lambda route: _answer(route))
    page.goto(ADDRESS)
    return page


def _answer(route: Any) -> None:
    if route.request.url == ADDRESS:
        route.fulfill(body=BLANK, content_type="text/html")
    else:
        route.abort()


IMPORT = """async (source) => {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  window.module = await import(url);
}"""


def load_module(page: Any, source: str) -> None:
    """Make an ES module `window.module` of the page."""
    page.evaluate(IMPORT, source)


@contextmanager
def main_thread(page: Any) -> Iterator[list[float]]:
    """Append the seconds that the page's main thread computes: other programs do not count."""
    client = page.context.new_cdp_session(page)
    client.send("Performance.enable", {"timeDomain": "threadTicks"})

    def seconds() -> float:
        values = client.send("Performance.getMetrics")["metrics"]
        return next(entry["value"] for entry in values if entry["name"] == "ThreadTime")

    start, spent = seconds(), []
    yield spent
    spent.append(seconds() - start)
    client.detach()
