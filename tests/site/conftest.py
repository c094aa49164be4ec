"""What tests of the site share: a browser, the site, and a page that holds every live widget."""

import os
from pathlib import Path

import pytest
from filelock import FileLock

from browser import chromium
from sparcode_mini.site import build, live, pages

NOTEBOOKS = sorted((build.ROOT / "notebooks").glob("*.ipynb"))
CALLS = sorted({call for path in NOTEBOOKS for call in pages.lesson(path).live})
PAGE = """<!doctype html><html lang="en" data-content_root=""><head><meta charset="utf-8">
<title>Widgets</title><meta name="viewport" content="width=device-width"><style>{css}</style></head>
<body data-theme="auto"><main><h1>Widgets</h1>{places}</main>
<script>var DOCUMENTATION_OPTIONS = {{}};</script>{scripts}</body></html>"""


@pytest.fixture(scope="module")
def browser():
    """Chromium, one for each module: two at a time can't live in one process."""
    with chromium() as found:
        yield found


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The folder of the site, built once with buttons, and the seconds of a core that took.

    The processes of pytest-xdist share one: who comes first builds it, the others wait.
    """
    base = tmp_path_factory.getbasetemp()
    base = base.parent if base.name.startswith("popen-") else base
    out, seconds = base / "site", base / "site-seconds"
    with FileLock(base / "site.lock"):
        if not seconds.exists():
            start = sum(os.times()[:4])  # of this process and its children
            assert build.main(["--out", str(out), "--repository", "someone/sparcode-mini"]) == 0
            seconds.write_text(str(sum(os.times()[:4]) - start))
    return out, float(seconds.read_text())


@pytest.fixture(scope="session")
def folder(site) -> Path:
    return site[0]


@pytest.fixture(scope="session", params=CALLS, ids=[call.name for call in CALLS])
def call(request) -> live.Call:
    """Each widget that lives on the site."""
    return request.param


@pytest.fixture(scope="session")
def widgets_page(tmp_path_factory) -> str:
    """The address of a page with all live widgets and the site's own scripts, without Sphinx."""
    out, static = tmp_path_factory.mktemp("widgets"), build.HERE / "static"
    live.write(CALLS, out / "_static" / "live")
    names = ("page.js", "share.js", "live.js")
    scripts = "".join(f"<script>{(static / name).read_text('utf-8')}</script>" for name in names)
    places = "".join(f'<div class="sparcode-live" data-widget="{c.name}"></div>' for c in CALLS)
    css = "".join((static / name).read_text("utf-8") for name in ("site.css", "share.css"))
    (out / "page.html").write_text(PAGE.format(css=css, places=places, scripts=scripts), "utf-8")
    return (out / "page.html").as_uri()
