"""`make figures` on small notebooks: what a cell shows becomes files, and what fails is named."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from io import BytesIO
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from PIL import Image

from sparcode_mini.course.figures import drawings
from sparcode_mini.course.figures.build import ROOT, main
from sparcode_mini.course.figures.store import PAGE
from sparcode_mini.plots.labels import LICENCE
from sparcode_mini.tools.language import speaking, untranslated

DRAW = """
import numpy as np
from IPython.display import display
from matplotlib.figure import Figure
from sparcode_mini.plots.picture import picture

@picture
def squares(side):
    figure = Figure(figsize=(3, 2))
    figure.subplots().imshow(np.arange(side**2).reshape(side, side))
    figure.suptitle("电影 🎬")
    return figure, f"{side} x {side} squares, 电影 🎬."
"""
SVG = "{http://www.w3.org/2000/svg}"


def write(root: Path, name: str, *cells: tuple[str, str]) -> Path:
    """Write a notebook of (id, text) below a root; the id "" makes a cell of text."""
    made = [
        new_code_cell(text, id=key) if key else new_markdown_cell(text, id=f"text-{place}")
        for place, (key, text) in enumerate(cells)
    ]
    path = root / "notebooks" / f"{name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=made), path)
    return path


TINY = (
    (
        "",
        "# 05 · *Squares* of `M`\n\nText\n\n## Not above a picture\n\n```sh\n# install first\n```",
    ),
    ("first", DRAW + "display(squares(2))\nsquares(3)"),
    ("", "### Exercise: see [this](x.md)"),
    ("second", "print('no picture')\nsquares(4)"),
    ("empty", " "),
)


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("project")
    write(root, "05_squares", *TINY)
    return root


@pytest.fixture(scope="module")
def out(project) -> Path:
    folder = project / "out"
    before = (project / "notebooks/05_squares.ipynb").read_bytes()
    assert main(["--root", str(project), "--out", str(folder), "--only", "05_squares"]) == 0
    assert (project / "notebooks/05_squares.ipynb").read_bytes() == before
    return folder


def figures(out: Path) -> list[dict]:
    return json.loads((out / "index.json").read_text("utf-8"))["figures"]


def test_each_picture_of_each_cell_is_there_in_order(out):
    assert [(one["cell"], one["alt"]) for one in figures(out)] == [
        ("first", "2 x 2 squares, 电影 🎬."),
        ("first.2", "3 x 3 squares, 电影 🎬."),
        ("second", "4 x 4 squares, 电影 🎬."),
    ]
    titles = ["Not above a picture"] * 2 + ["Exercise: see this"]
    assert [one["title"] for one in figures(out)] == titles
    assert {one["lesson_title"] for one in figures(out)} == {"05 · Squares of M"}
    names = {path.name for path in (out / "05_squares").iterdir()}
    assert names == {f"{one['cell']}.{kind}" for one in figures(out) for kind in ("svg", "png")}


def test_both_files_say_what_they_show(out):
    for one in figures(out):
        root = ET.fromstring((out / one["svg"]).read_text("utf-8"))
        assert root.find(f"{SVG}title").text == one["title"]
        assert root.find(f"{SVG}desc").text == one["alt"]
        assert LICENCE.text in "".join(root.find(f"{SVG}metadata").itertext())
        image = Image.open(BytesIO((out / one["png"]).read_bytes()))
        assert image.text["Description"] == one["alt"] and LICENCE.text in image.text["Copyright"]
        assert image.size == (3 * one["width"], 3 * one["height"])


def test_a_second_run_gives_the_same_bytes(out, project):
    second = project / "second"
    file = str(project / "notebooks/05_squares.ipynb")  # a file's name will do
    assert main(["--root", str(project), "--out", str(second), "--only", file]) == 0
    files = [path.relative_to(out) for path in sorted(out.rglob("*")) if path.is_file()]
    assert len(files) == 8
    assert all((out / name).read_bytes() == (second / name).read_bytes() for name in files)


def test_nothing_says_where_or_when_it_was_made(out, project):
    for path in (path for path in out.rglob("*") if path.is_file()):
        content = path.read_bytes().decode("latin-1")
        places = (str(project), str(ROOT), str(Path.home()) + os.sep, sys.prefix)
        assert [place for place in places if place in content] == []
        assert not re.search(r"\b20\d\d-\d\d-\d\d|Matplotlib v", content), path.name


def test_in_chinese_the_chinese_lessons_are_drawn(project, tmp_path):
    write(tmp_path, "05_squares", *TINY)
    write(tmp_path, "zh/05_squares", ("", "# 05 · 方格"), TINY[1])
    options = ["--root", str(tmp_path), "--out", str(tmp_path / "out"), "--only", "05_squares"]
    with speaking("zh"), untranslated() as lost:
        assert main(options) == 0
        light, dark = drawings.front(lambda: None)
    assert {one["lesson_title"] for one in figures(tmp_path / "out")} == {"05 · 方格"}
    assert light.title == "一个查询走过 SparCode（浅色）" and dark.alt == light.alt
    assert light.alt.startswith("一个查询走过 SparCode 的全程。") and "无（四舍五入）" in light.alt
    assert '<html lang="zh-Hans">' in (tmp_path / "out" / PAGE).read_text("utf-8")
    kept = ("token", "{0} x {1} squares")  # titles of films are kept, too
    assert [text for text in lost if not text[0].isupper() and not text.startswith(kept)] == []


def test_without_chinese_lessons_the_folder_is_named(project):
    with speaking("zh"), pytest.raises(ValueError, match="notebooks/zh has no notebook"):
        main(["--root", str(project), "--out", str(project / "none")])


def test_a_failing_cell_is_named_and_other_lessons_are_written(tmp_path, capsys):
    write(tmp_path, "a_broken", ("fine", "1"), ("bad-cell", "raise KeyError('no\\nfilm')"))
    write(tmp_path, "b_foreign", ("photo", "from IPython.display import SVG\nSVG('<svg/>')"))
    write(tmp_path, "c_dead", ("dies", "import os; os._exit(3)"))
    write(tmp_path, "d_fine", ("one", "print(1)"))
    out = tmp_path / "out"
    names = ("a_broken", "b_foreign", "c_dead", "d_fine")
    assert main(["--root", str(tmp_path), "--out", str(out), "--only", *names]) == 1
    said = capsys.readouterr()
    broken, foreign, dead = said.err.splitlines()
    assert broken.startswith("a_broken.ipynb, cell bad-cell: KeyError: ")
    assert foreign.startswith("b_foreign, cell photo: shows an image without words")
    assert dead.startswith("c_dead.ipynb, cell dies: ") and "its pictures stay" in dead
    assert "d_fine: 0 pictures" in said.out and figures(out) == []


def test_the_readme_s_picture_is_there_for_light_and_dark_pages(tmp_path):
    steps = []
    light, dark = drawings.front(lambda: steps.append(1))
    assert len(steps) == 2 and light.alt == dark.alt and light.svg != dark.svg
    assert (light.name, dark.name, light.width) == ("light", "dark", 920)


def test_the_steps_of_a_lesson_are_its_cells_of_code(tmp_path):
    path = write(tmp_path, "x", ("a", "1"), ("", "b"), ("c", " "), ("d", "2"))
    steps = []
    assert drawings.of_lesson(path, lambda: steps.append(1)) == []
    assert len(steps) == drawings.count_cells(path) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--only", "06_circles"], "no lesson is named 06_circles; there are front, 05_squares"),
        (["--root", "elsewhere"], "elsewhere/notebooks has no notebook"),
        (["--out", "."], "holds something else than figures"),
    ],
)
def test_what_can_not_be_done_is_refused_before_anything_runs(
    project, monkeypatch, options, message
):
    monkeypatch.chdir(project)
    monkeypatch.setattr(drawings, "execute", lambda *_: pytest.fail("it runs"))
    with pytest.raises(ValueError, match=message):
        main(["--root", str(project), *options])


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_after_a_signal_finished_lessons_stay_and_no_kernel(tmp_path, number):
    write(tmp_path, "a", ("one", DRAW + "squares(2)"))
    wait = "import os, pathlib, time\npathlib.Path('pid').write_text(str(os.getpid()))\n"
    write(tmp_path, "b", ("long", wait + "time.sleep(600)"))
    command = [sys.executable, "-m", "sparcode_mini.course.figures", "--root", str(tmp_path)]
    command += ["--out", str(tmp_path / "out"), "--only", "a", "b"]
    pid = tmp_path / "notebooks" / "pid"
    with subprocess.Popen(command, stdout=-1, stderr=-1, text=True) as process:
        end = time.monotonic() + 240
        while not (pid.exists() and pid.read_text()) and process.poll() is None:
            assert time.monotonic() < end
            time.sleep(0.1)
        process.send_signal(number)
        out, err = process.communicate()
    assert (process.returncode, err) == (130, "stopped; 1 of 2 are written: a\n"), out
    assert [one["svg"] for one in figures(tmp_path / "out")] == ["a/one.svg"]
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)
