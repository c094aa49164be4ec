"""The folder of pictures and its two indices."""

import hashlib
import json
import re
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from accessibility import serious_faults
from browser import chromium
from site_browser import WIDER, watched
from sparcode_mini.course.figures.drawings import Drawing
from sparcode_mini.course.figures.store import INDEX, PAGE, Store
from sparcode_mini.plots.labels import LICENCE, label_png, label_svg
from sparcode_mini.plots.picture import picture


@picture
def stairs(steps, width):
    figure = Figure(figsize=(width, 2))
    figure.subplots().step(np.arange(steps), np.arange(steps))
    return figure, f"A stair of {steps} steps, <{'wide ' * 30}& 楼梯>."


def drawing(lesson="a_first", name="07-1", title="Stairs & more", steps=3, width=4.0):
    shown = stairs(steps, width)
    svg, png = (
        label_svg(shown.svg(), title, shown.alt),
        label_png(shown.large_png(), title, shown.alt),
    )
    return Drawing(lesson, f"Lesson {lesson}", name, title, shown.alt, shown.width, svg, png)


def index(folder: Path) -> dict:
    return json.loads((folder / INDEX).read_text("utf-8"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("store")
    store = Store(place, ["a_first", "b_second"])
    store.replace("b_second", [drawing("b_second", width=9.6)])
    store.replace("a_first", [drawing(), drawing(name="07-1.2", steps=5)])
    return place


def test_the_index_names_files_sizes_and_sums(folder):
    stored = index(folder)
    assert stored["licence"] == {"text": LICENCE.text, "url": LICENCE.url}
    places = [(one["lesson"], one["cell"]) for one in stored["figures"]]
    assert places == [("a_first", "07-1"), ("a_first", "07-1.2"), ("b_second", "07-1")]
    for one in stored["figures"]:
        for kind in ("svg", "png"):
            content = (folder / one[kind]).read_bytes()
            assert one[kind] == f"{one['lesson']}/{one['cell']}.{kind}"
            assert one["sha256"][kind] == hashlib.sha256(content).hexdigest()
            assert one["bytes"][kind] == len(content)
    assert [one["width"] for one in stored["figures"]] == [384, 384, 922]
    assert {one["height"] for one in stored["figures"]} == {192}


def test_a_lesson_is_replaced_and_others_stay(tmp_path):
    Store(tmp_path, ["a", "b"]).replace("a", [drawing("a"), drawing("a", "07-1.2")])
    store = Store(tmp_path, ["a", "b"])
    store.replace("b", [drawing("b")])
    store.replace("a", [drawing("a", "08")])
    names = {
        path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()
    }
    assert names == {INDEX, PAGE, "a/08.svg", "a/08.png", "b/07-1.svg", "b/07-1.png"}
    assert [one["svg"] for one in index(tmp_path)["figures"]] == ["a/08.svg", "b/07-1.svg"]


def test_a_lesson_that_is_gone_goes_from_the_folder(tmp_path):
    Store(tmp_path, ["a", "b"]).replace("a", [drawing("a")])
    (tmp_path / "b").mkdir()
    Store(tmp_path, ["b"])
    assert not (tmp_path / "a").exists() and index(tmp_path)["figures"] == []


def test_a_foreign_folder_is_refused(tmp_path):
    (tmp_path / "letter.txt").write_text("keep me")
    with pytest.raises(ValueError, match="holds something else than figures; choose another --out"):
        Store(tmp_path, ["a"])
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"kind": "x"}, "is no index of figures of this version"),
        ({"figures": [{"lesson": "a"}]}, "an entry of another version"),
        ({"figures": ["a"]}, "an entry of another version"),
        ({"figures": None}, "an entry of another version"),
    ],
)
def test_a_foreign_index_is_refused(tmp_path, content, message):
    Store(tmp_path, ["a"])
    (tmp_path / INDEX).write_text(json.dumps(index(tmp_path) | content), "utf-8")
    with pytest.raises(ValueError, match=message):
        Store(tmp_path, ["a"])


def test_no_folder_outside_is_emptied(tmp_path):
    out = tmp_path / "out"
    Store(out, ["a"]).replace("a", [drawing("a")])
    (tmp_path / "mine.svg").write_text("keep me")
    stored = index(out)
    stored["figures"][0]["lesson"] = ".."
    (out / INDEX).write_text(json.dumps(stored), "utf-8")
    with pytest.raises(ValueError, match=r"has a lesson '\.\.'"):
        Store(out, ["a"])
    assert (tmp_path / "mine.svg").exists()


# --- index.html ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser():
    with chromium() as program:
        yield program


def test_the_page_shows_every_picture_with_its_words_and_links(folder):
    text = (folder / PAGE).read_text("utf-8")
    assert text.count("<figure ") == 3 and "3 pictures" in text
    for one in index(folder)["figures"]:
        assert f'href="{one["svg"]}"' in text and f'href="{one["png"]}"' in text
    assert "Stairs &amp; more" in text and "&lt;wide " in text
    assert text.count(LICENCE.url) == 1 and LICENCE.text in text
    assert re.findall(r'href="#([^"]+)"', text) == re.findall(r'<h2 id="([^"]+)"', text)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_is_whole_and_axe_has_no_complaint(browser, folder, scheme, width):
    size = {"width": width, "height": 900}
    with watched(browser, offline=True, color_scheme=scheme, viewport=size) as opened:
        page = opened.open((folder / PAGE).as_uri())
        page.evaluate("for (const e of document.querySelectorAll('details')) e.open = true")
        scroll = page.evaluate("document.documentElement.scrollWidth")
        assert scroll <= width, page.evaluate(WIDER)
        sizes = page.evaluate("""async () => {
            const images = [...document.images];
            for (const image of images) { image.loading = "eager"; await image.decode(); }
            return images.map((image) => image.naturalWidth / image.naturalHeight); }""")
        assert sizes == pytest.approx([2, 2, 4.8], rel=0.01)
        assert serious_faults(page) == []
