"""The README's picture shows a query of the stored X-ray, in two sets of colours."""

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageStat

from sparcode_mini import results
from sparcode_mini.plots import front_page


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("front")
    return folder, front_page.write(folder)


def test_its_person_is_composed_and_its_numbers_are_stored():
    data = results.load("xray")["data"]
    assert data["people"][front_page.PERSON]["later"] is None  # nobody's data
    tokens, answer = front_page.query()
    assert tokens.shape == (len(answer.reads), front_page.CELLS)
    assert len(answer.positions) == front_page.TOP and (answer.positions >= 0).all()
    assert answer.parts.sum(axis=1) == pytest.approx(answer.values)


def test_the_codes_differ_and_one_list_lacks_the_first_film():
    answer = front_page.query().answer
    assert len({int(read.code[0]) for read in answer.reads}) == len(answer.reads)
    has = [bool((read.items == answer.positions[0]).any()) for read in answer.reads]
    assert has == [bool(part) for part in answer.parts[0]] and sum(has) == len(has) - 1
    assert f"with {answer.parts[0][0]:.2f}" in front_page.alt(answer)
    assert "nothing (rounded)" in front_page.alt(answer)


@pytest.mark.parametrize("name", front_page.THEMES)
def test_the_command_makes_the_stored_picture(written, name):
    folder, description = written
    stored, made = (Image.open(f / f"{name}.png") for f in (front_page.FOLDER, folder))
    assert stored.text["Description"] == made.text["Description"] == description
    assert description == front_page.alt(front_page.query().answer)
    assert stored.size == made.size == (2 * front_page.WIDTH, 2 * front_page.HEIGHT)
    difference = ImageChops.difference(stored.convert("RGB"), made.convert("RGB"))
    assert np.mean(ImageStat.Stat(difference).mean) < 2  # of 255; letters may shift by a pixel
    assert (front_page.FOLDER / f"{name}.png").stat().st_size < front_page.MOST_BYTES


def test_the_two_pictures_differ_in_colours_only(written):
    folder, _ = written
    light, dark = (Image.open(folder / f"{n}.png").convert("L") for n in ("light", "dark"))
    assert light.getpixel((5, 5)) > 200 and dark.getpixel((5, 5)) < 50


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("Rock, The (1996)", "The Rock"),
        ("2001: A Space Odyssey (1968)", "2001: A Space Odyssey"),
        ("Se7en", "Se7en"),
        ("Clockwork Orange, A (1971)", "A Clockwork Orange"),
    ],
)
def test_a_title_without_its_year(stored, shown):
    assert front_page.title(stored) == shown
