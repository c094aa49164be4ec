"""The fonts that come with the project: what they hold, and under which licence."""

import tomllib
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

import fonts
from sparcode_mini.plots.glyphs import BOLD, FAMILIES, FOLDER

FILES = {"cjk.otf": FAMILIES[1], "cjk_bold.otf": BOLD, "emoji.ttf": FAMILIES[2]}


@pytest.fixture(scope="module", params=FILES)
def font(request):
    return request.param, TTFont(FOLDER / request.param)


def test_its_names_are_its_own_and_its_licence_is_in_it(font):
    name, opened = font
    names = opened["name"]
    assert names.getDebugName(1) == names.getDebugName(4) == FILES[name]
    assert "SIL Open Font License, Version 1.1" in names.getDebugName(13)
    assert opened["OS/2"].fsType == 0  # may be embedded
    owner = names.getDebugName(0).removeprefix("© ").removeprefix("Copyright ")
    assert f"{name}: Copyright {owner}" in (FOLDER / "OFL.txt").read_text("utf-8")


def test_letters_are_those_of_the_old_encodings_that_dejavu_lacks():
    held = {chr(code) for code in TTFont(FOLDER / "cjk.otf").getBestCmap()}
    assert held == fonts.letters() and len(held) == 13_006
    assert set("千尋汉漢한ガ。（Ａ") <= held | fonts.dejavu()


def test_bold_letters_are_those_of_the_chinese_words():
    held = {chr(code) for code in TTFont(FOLDER / "cjk_bold.otf").getBestCmap()}
    assert held == fonts.bold_letters(), "make the font anew: python tests/fonts.py"


def test_the_readme_says_what_is_there():
    text = (FOLDER / "README.md").read_text("utf-8")
    for path in [FOLDER / name for name in FILES]:
        assert f"{path.stat().st_size:,}" in text and path.name in text
    assert sum((FOLDER / name).stat().st_size for name in FILES) < 4_000_000
    letters = {name: len(TTFont(FOLDER / name).getBestCmap()) for name in FILES}
    assert all(f"{count:,}" in text for count in letters.values())


def test_an_installation_holds_them():
    root = Path(__file__).parents[2]
    settings = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    held = settings["tool"]["setuptools"]["package-data"]["sparcode_mini"]
    package = root / "sparcode_mini"
    files = {path for pattern in held for path in package.glob(pattern)}
    assert {FOLDER / name for name in (*FILES, "OFL.txt", "README.md")} <= files
