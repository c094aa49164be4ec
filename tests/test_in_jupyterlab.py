"""In JupyterLab under Chromium every notebook runs, and every slider changes its picture."""

import os
from pathlib import Path

import pytest

import lab_browser
import notebooks
from browser import chromium

NAMES = [path.name for path in sorted(notebooks.FOLDER.glob("*.ipynb"))]
SCREENSHOTS = os.environ.get("SPARCODE_SCREENSHOTS")
THEME = os.environ.get("SPARCODE_THEME", "light")
WITHOUT_SLIDERS = {"02_vector_quantization.ipynb"}  # its playground is tested in test_codebook.py


@pytest.mark.parametrize("name", NAMES)
def test_notebook_in_jupyterlab(name: str, tmp_path: Path) -> None:
    with chromium() as browser, lab_browser.jupyterlab(tmp_path, THEME) as address:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        assert lab_browser.run_notebook(page, address.format(name)) == []
        handles = page.query_selector_all(".jp-OutputArea-output .noUi-handle")
        assert (len(handles) == 0) == (name in WITHOUT_SLIDERS)
        for number, handle in enumerate(handles):
            lab_browser.press(page, handle)
            shoot(page, name, f"slider-{number}")
        shoot(page, name, "whole", whole=True)


def shoot(page: object, name: str, what: str, whole: bool = False) -> None:
    """Keep a picture of the page, or of the whole notebook, if the caller of pytest wants some."""
    if not SCREENSHOTS:
        return
    folder = Path(SCREENSHOTS)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{Path(name).stem}-{THEME}-{what}.png"
    if whole:
        scroller = ".jp-Notebook .jp-WindowedPanel-outer"
        height = page.evaluate(
            f"() => {{ const n = document.querySelector('{scroller}'); n.scrollTop = 0; "
            "return n.scrollHeight + 200; }"
        )
        page.set_viewport_size({"width": 1280, "height": min(height, 16000)})
        page.wait_for_timeout(500)
    page.screenshot(path=str(path))
