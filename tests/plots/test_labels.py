"""Words and licence inside the files of pictures."""

import re
import tomllib
import xml.etree.ElementTree as ET
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from sparcode_mini.plots.labels import LICENCE, MOVIELENS, label_png, label_svg
from sparcode_mini.plots.picture import LARGE, picture

ROOT = Path(__file__).parents[2]
SVG, DC = "{http://www.w3.org/2000/svg}", "{http://purl.org/dc/elements/1.1/}"
CC, RDF = "{http://creativecommons.org/ns#}", "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
ALT = 'A map of <4> & "5" squares: 电影 🎬.'


@picture
def squares(side=2, alt=ALT):
    figure = Figure(figsize=(3, 2))
    axes = figure.subplots()
    axes.imshow(np.arange(side**2).reshape(side, side))
    axes.set_title("电影 🎬 costs $5, or $6")
    return figure, alt


def test_the_licence_is_that_of_the_project():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert "MIT" in project["license"].split()
    assert (ROOT / "LICENSE").read_text("utf-8").splitlines()[0] == "MIT License"
    text = (ROOT / "LICENSE-docs").read_text("utf-8")
    assert "CC BY 4.0" in LICENCE.text and "CC BY 4.0" in text
    assert "Attribution 4.0 International" in text and LICENCE.url.endswith("/by/4.0/")
    holder = re.search(r"Copyright \(c\) (.+)", (ROOT / "LICENSE").read_text("utf-8"))[1]
    assert LICENCE.text.startswith(f"© {holder}, ")


@pytest.mark.parametrize("page", ["README.md", "notebooks/command_line.md"])
def test_movielens_is_cited_as_on_the_pages(page):
    text = (ROOT / page).read_text("utf-8").replace("\n> ", " ")
    assert MOVIELENS in text and MOVIELENS in LICENCE.text


def test_svg_says_what_it_shows_and_what_is_allowed():
    root = ET.fromstring(label_svg(squares().svg(), "Maps & more", ALT))
    assert root.get("role") == "img"
    assert root.find(f"{SVG}title").text == "Maps & more"
    assert root.find(f"{SVG}desc").text == ALT
    (work,) = root.iter(f"{CC}Work")
    assert work.find(f"{DC}rights").text == LICENCE.text
    assert work.find(f"{CC}license").get(f"{RDF}resource") == LICENCE.url
    assert (work.find(f"{DC}title").text, work.find(f"{DC}description").text) == (
        "Maps & more",
        ALT,
    )


def test_svg_is_itself_below_its_words():
    plain = ET.fromstring(squares().svg())
    labelled = ET.fromstring(label_svg(squares().svg(), "t", ALT))
    shapes = [child for child in labelled if child.tag.removeprefix(SVG) in ("defs", "g")]
    assert [ET.tostring(child) for child in shapes] == [ET.tostring(child) for child in plain]


def test_svg_has_outlines_and_a_sharp_heat_map():
    root = ET.fromstring(squares().svg())
    assert list(root.iter(f"{SVG}text")) == []
    assert root.get("width") == "216pt"  # 3 inches
    (image,) = root.iter(f"{SVG}image")
    assert int(image.get("width").split(".")[0]) > 60  # the place on the page, in points
    data = image.get("{http://www.w3.org/1999/xlink}href").partition("base64,")[2]
    assert len(data) > 100


def test_equal_pictures_are_equal_files_and_others_have_other_ids():
    one, two = squares().svg(), squares().svg()
    assert one == two and squares().large_png() == squares().large_png()
    other = squares(2, "other words").svg()
    ids = [set(re.findall(rb'clipPath id="(\w+)"', svg)) for svg in (one, other)]
    assert ids[0] and ids[1] and not ids[0] & ids[1]


def test_png_says_what_it_shows_and_keeps_its_pixels():
    shown = squares()
    labelled = label_png(shown.large_png(), "Maps", ALT)
    image = Image.open(BytesIO(labelled))
    assert image.text["Title"] == "Maps" and image.text["Description"] == ALT
    assert image.text["Copyright"] == f"{LICENCE.text} {LICENCE.url}"
    assert image.width == LARGE * shown.width
    assert image.tobytes() == Image.open(BytesIO(shown.large_png())).tobytes()
    Image.open(BytesIO(labelled)).verify()  # sums of all chunks


def test_controls_are_marked_because_xml_has_none():
    svg = label_svg(squares().svg(), "a\x00b", "c\x1bd")
    root = ET.fromstring(svg)
    assert root.find(f"{SVG}title").text == "a⟨U+0000⟩b"
    png = label_png(squares().png, "a\x00b", "c\x1bd")
    assert Image.open(BytesIO(png)).text["Description"] == "c⟨U+001B⟩d"


def test_other_files_are_refused():
    with pytest.raises(ValueError, match="no SVG"):
        label_svg(b"<html></html>", "t", "a")
    with pytest.raises(ValueError, match="no PNG"):
        label_png(b"GIF89a", "t", "a")
