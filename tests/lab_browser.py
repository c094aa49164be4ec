"""JupyterLab in Chromium: open a notebook, run it, find its sliders and their pictures.

By hand, with screenshots of every notebook:
    SPARCODE_SCREENSHOTS=FOLDER python -m pytest tests/project/test_in_jupyterlab.py
"""

import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sparcode_mini import lab

ROOT = Path(__file__).resolve().parents[1]
SECONDS = 1000  # a timeout of Playwright is in milliseconds
# Cells out of sight would not be in the page at all.
SETTINGS = {"@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"}}
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}

RUN_ALL = """async () => {
  const panel = window.jupyterapp.shell.currentWidget;
  await panel.context.ready;
  await panel.sessionContext.ready;
  await panel.sessionContext.session.kernel.info;
  window.panel = panel;
  window.ran = null;
  window.jupyterapp.commands.execute("notebook:run-all-cells").then((ok) => { window.ran = ok; });
}"""
# Text and pictures of the cells that failed; the kernel stops at the first.
ERRORS = """() => window.panel.content.widgets.flatMap((cell) =>
  (cell.model.toJSON().outputs || []).filter((o) => o.output_type === "error")
    .map((o) => `${o.ename}: ${o.evalue}`))"""
# What a reader sees in the output that holds a slider: images, drawings, the data of plotly.
PICTURE = """(handle) => {
  const output = handle.closest(".jp-OutputArea-output");
  const parts = [];
  for (const img of output.querySelectorAll("img")) parts.push(img.src);
  for (const svg of output.querySelectorAll("svg")) parts.push(svg.outerHTML);
  for (const plot of output.querySelectorAll(".js-plotly-plot")) {
    parts.push(JSON.stringify(plot.data));
  }
  return parts.join("|");
}"""
MOVED = "([handle, before]) => (" + PICTURE + ")(handle) !== before"


@contextmanager
def jupyterlab(folder: Path, theme: str = "light") -> Iterator[str]:
    """A JupyterLab over a copy of the notebooks; yields its address up to the notebook's name."""
    shutil.copytree(ROOT / "notebooks", folder / "notebooks", dirs_exist_ok=True)
    port, token = lab.free_port(), secrets.token_urlsafe(24)
    environ = lab.environment(os.environ, token, folder / "config")
    overrides = folder / "config" / "labconfig" / "default_setting_overrides.json"
    ours = {**SETTINGS, "@jupyterlab/apputils-extension:themes": {"theme": THEMES[theme]}}
    overrides.write_text(json.dumps({**json.loads(overrides.read_text("utf-8")), **ours}), "utf-8")
    command = [*lab.command(folder, port), "--LabApp.expose_app_in_browser=True"]
    process = subprocess.Popen(command, env=environ, stdin=subprocess.DEVNULL)
    try:
        assert lab.wait_until_ready(process, port, token), "JupyterLab did not start"
        yield f"http://{lab.HOST}:{port}/lab/tree/notebooks/{{}}?token={token}&reset"
    finally:
        lab.stop(process)


def run_notebook(page: Any, url: str, seconds: int = 240) -> list[str]:
    """Open the notebook at `url`, run all its cells, return the errors."""
    page.goto(url)
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60 * SECONDS)
    page.evaluate(RUN_ALL)
    page.wait_for_function("() => window.ran !== null", timeout=seconds * SECONDS)
    page.wait_for_function(
        "() => window.panel.sessionContext.session.kernel.status === 'idle'",
        timeout=60 * SECONDS,
    )
    page.evaluate("window.jupyterapp.commands.execute('notebook:expand-all-headings')")  # Further
    errors: list[str] = page.evaluate(ERRORS)
    return errors


def press(page: Any, handle: Any, seconds: int = 15) -> None:
    """Move a slider by one step and back with the keyboard; each time wait for another picture.

    So the next slider meets the picture that the notebook shows.

    Raises:
        playwright's TimeoutError: the picture did not change.
    """
    handle.scroll_into_view_if_needed()
    at_end = handle.get_attribute("aria-valuenow") == handle.get_attribute("aria-valuemax")
    keys = ("ArrowRight", "ArrowLeft")
    for key in keys[::-1] if at_end else keys:
        before = page.evaluate(PICTURE, handle)
        handle.focus()
        page.keyboard.press(key)
        page.wait_for_function(MOVED, arg=[handle, before], timeout=seconds * SECONDS)


def name_of(handle: Any) -> str:
    """The words beside a slider."""
    words: str = handle.evaluate(
        "(h) => h.closest('.widget-slider, .jupyter-widgets').innerText.replace(/\\s+/g, ' ')"
    )
    return words.strip()
