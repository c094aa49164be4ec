"""The built site in Chromium: pages that may load only their own files, and what they say."""

import functools
import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

OWN = ("file://", "data:", "blob:")
SECONDS = 1000  # a timeout of Playwright is in milliseconds
WIDER = """() => [...document.querySelectorAll("body *")]
  .filter((e) => e.getBoundingClientRect().right > innerWidth + 1 && e.checkVisibility())
  .map((e) => `${e.tagName}.${e.className}`).slice(0, 5)"""
# What a widget answers: its sentence, and what it draws. Not its controls, which show their own
# value, nor names that count how often something was drawn: these differ where no answer does.
SHOWN = """(place) => {
  const parts = [...place.querySelectorAll(".columns, .body, .panels, .panels ~ .chart")];
  const seen = parts.filter((part) => part.checkVisibility({ visibilityProperty: true }));
  const drawn = seen.map((part) => part.outerHTML.replace(/sparcode-chart-\\d+/g, ""));
  return [place.querySelector(".status").textContent, drawn.join("")];
}"""


class Watched:
    """A page with a list of all that went wrong on it.

    Attributes:
        page: Playwright's page.
        faults: requests to elsewhere, failed requests, errors and warnings of the console.
    """

    def __init__(self, browser: Any, own: tuple[str, ...] = OWN, **options: Any) -> None:
        self.own = own
        self.faults: list[str] = []
        self.context = browser.new_context(**options)
        self.context.route("**/*", self._answer)
        self.page = self.context.new_page()
        self.page.on("request", self._request)
        self.page.on("requestfailed", self._failed)
        self.page.on("response", self._response)
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))

    def open(self, url: str) -> Any:
        """Go there and wait until every widget lives."""
        self.page.goto(url)
        self.page.wait_for_function(
            "() => [...document.querySelectorAll('.sparcode-live')].every((p) => p.dataset.state)",
            timeout=30 * SECONDS,
        )
        return self.page

    def _answer(self, route: Any) -> None:
        if route.request.url.startswith(self.own):
            route.continue_()
        else:
            route.abort()

    def _request(self, request: Any) -> None:
        if not request.url.startswith(self.own):
            self.faults.append(f"asked elsewhere: {request.url}")

    def _failed(self, request: Any) -> None:
        if request.failure != "net::ERR_ABORTED":  # the test went on to the next page
            self.faults.append(f"failed: {request.url} ({request.failure})")

    def _response(self, response: Any) -> None:
        if response.status >= 400:
            self.faults.append(f"{response.status}: {response.url}")

    def _console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(f"console: {message.text}")


@contextmanager
def watched(browser: Any, **options: Any) -> Iterator[Watched]:
    """A page that is closed in the end, and on which nothing may have gone wrong."""
    found = Watched(browser, **options)
    yield found
    found.context.close()
    if found.faults:
        raise AssertionError("\n".join(found.faults))


def looked_at(browser, scheme, width):
    """A page without a network, for one kind of reader."""
    size = {"width": width, "height": 900}
    return watched(browser, offline=True, color_scheme=scheme, viewport=size)


def address(folder: Path, page: str) -> str:
    """The address of a page in the folder of the site."""
    return (folder / f"{page}.html").as_uri()


def explore(page: Any, words: str = "Explore it yourself") -> Any:
    """Leave the story of the first page: the X-ray then has all its controls."""
    page.get_by_role("button", name=words).click()
    return page


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The folder on a static host of this machine; yields its address."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass
