"""In JupyterLab under Chromium each slider of the notebooks changes its picture.

A notebook is cut down to the sections with panels and to those that they need: nbval runs the rest.
"""

import os
from pathlib import Path
from typing import Any

import nbformat
import pytest

import lab_browser
import notebooks
from browser import chromium
from sparcode_mini.course.needs import START, closure, sections

SCREENSHOTS = os.environ.get("SPARCODE_SCREENSHOTS")
THEME = os.environ.get("SPARCODE_THEME", "light")
# The others have nothing that moves, or a playground with tests of its own.
WITH_SLIDERS = [
    "00_start_here.ipynb",
    "02_two_tower_limits.ipynb",
    "04_product_quantization_and_straight_through.ipynb",
    "05_tokenizers.ipynb",
    "06_all_to_all_scoring.ipynb",
    "07_sparse_index.ipynb",
]
NAMES = sorted(p.name for p in notebooks.FOLDER.glob("*.ipynb")) if SCREENSHOTS else WITH_SLIDERS


def test_no_notebook_with_a_panel_is_left_out() -> None:
    """A cell tagged `live` shows a panel, or the playground of lesson 03."""
    live = {
        path.name
        for path in notebooks.FOLDER.glob("*.ipynb")
        for cell in notebooks.read(path).cells
        if "live" in tags(cell)
    }
    assert live == {*WITH_SLIDERS, "03_vector_quantization.ipynb"}


@pytest.mark.parametrize("name", NAMES)
def test_notebook_in_jupyterlab(name: str, tmp_path: Path) -> None:
    with chromium() as browser, lab_browser.jupyterlab(tmp_path, THEME) as address:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        if not SCREENSHOTS:
            nbformat.write(
                with_panels(notebooks.read(notebooks.FOLDER / name)), tmp_path / "notebooks" / name
            )
        assert lab_browser.run_notebook(page, address.format(name)) == []
        handles = page.query_selector_all(".jp-OutputArea-output .noUi-handle")
        assert bool(handles) == (name in WITH_SLIDERS)
        for number, handle in enumerate(handles):
            lab_browser.press(page, handle)
            shoot(page, name, f"slider-{number}")
        shoot(page, name, "whole", whole=True)


def with_panels(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The start, the sections with a cell tagged `live`, and the sections that these need."""
    parts = sections(notebook)
    live = [part for part in parts if any("live" in tags(notebook.cells[i]) for i in part.cells)]
    kept = {START, *(part.title for part in live)}
    kept |= {one.title for part in live for one in closure(parts, part.title)}
    places = [place for part in parts if part.title in kept for place in part.cells]
    notebook.cells = [notebook.cells[place] for place in places]
    return notebook


def tags(cell: nbformat.NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


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


XRAY = """\
import torch
import sparcode_mini as sm
from sparcode_mini import results
from sparcode_mini.widgets import XRay
split = sm.data.movielens_100k().split(test=0.2, validation=0.1)
model, tower = (
    sm.load_model(results.CHECKPOINTS / f"{name}.safetensors", split, torch.float64)
    for name in ("sparcode-sparse", "two-tower")
)
XRay(model, tower, history=["Alien (1979)"])"""


def test_films_typed_into_the_xray_are_answered_by_the_kernel(tmp_path: Path) -> None:
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(XRAY)])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    (tmp_path / "notebooks").mkdir()
    nbformat.write(book, tmp_path / "notebooks" / "xray.ipynb")
    with chromium() as browser, lab_browser.jupyterlab(tmp_path, THEME) as address:
        page = browser.new_page(viewport={"width": 1280, "height": 1100})
        assert lab_browser.run_notebook(page, address.format("xray.ipynb")) == []
        films = page.locator(".sparcode-xray [data-stage='1'] .title")
        films.first.wait_for()
        assert films.all_inner_texts() == ["Alien (1979)"]
        type_film(page, "Aliens (1986)")
        page.wait_for_function(
            "() => document.querySelectorAll('.sparcode-xray .s1 .title').length === 2"
        )
        assert films.all_inner_texts() == ["Alien (1979)", "Aliens (1986)"]
        type_film(page, "Alien 9")
        page.get_by_text("no item has the title 'Alien 9'; did you mean").wait_for()
        slider = page.locator(".sparcode-xray input[type=range]")
        slider.focus()
        page.keyboard.press("ArrowLeft")  # JupyterLab must not take the key
        assert page.locator(".sparcode-xray .bias .value").inner_text() == "−0.05"
        shoot(page, "xray.ipynb", "live")


def type_film(page: Any, title: str) -> None:
    """Add a film to the history, as a reader does."""
    field = page.get_by_label("add a film by title")
    field.fill(title)
    field.press("Enter")
