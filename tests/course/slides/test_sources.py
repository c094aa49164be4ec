"""Where slides take things from: pictures, reveal.js, the plan of a session, the symbols."""

import base64
import tarfile
from pathlib import Path

import pytest

import lesson_toy as toy
from sparcode_mini.course.figures.drawings import Drawing
from sparcode_mini.course.figures.store import Store
from sparcode_mini.course.map.notation import read_symbols
from sparcode_mini.course.plans.rows import PLANS, load_plan
from sparcode_mini.course.slides import handout, notebook, plan, reveal, taught
from sparcode_mini.course.slides.pictures import FIGURES, Pictures
from sparcode_mini.tools.files import load_json, save_json

ROOT = Path(__file__).resolve().parents[3]
PNG = base64.b64decode(toy.png())


def block(tmp_path, alt="Four bars."):
    cells = [*toy.cells()[:-1], toy.code("", 9, toy.picture_output(alt)), toy.cells()[-1]]
    lesson = notebook.read(toy.stored(tmp_path, cells))
    return next(b for part in lesson.parts for b in part.blocks if b.picture == "Four bars.")


def test_a_file_of_make_figures_is_taken_if_it_shows_the_same(tmp_path) -> None:
    drawing = Drawing("07_toy", "Toy", "c-5", "Count", "Four bars.", 400, b"<svg/>", PNG)
    Store(tmp_path / FIGURES, ["07_toy"]).replace("07_toy", [drawing])
    pictures = Pictures(tmp_path)
    shown = pictures.of("07_toy", block(tmp_path))
    assert shown.source.startswith("data:image/svg+xml;base64,") and shown.shape == 1.0
    assert (pictures.drawn, pictures.stored) == (1, 0)
    other = Drawing("07_toy", "Toy", "c-5", "Count", "Five bars.", 400, b"<svg/>", PNG)
    Store(tmp_path / FIGURES, ["07_toy"]).replace("07_toy", [other])
    pictures = Pictures(tmp_path)
    assert pictures.of("07_toy", block(tmp_path)).source.startswith("data:image/png;base64,")
    assert (pictures.drawn, pictures.stored) == (0, 1)


def test_an_index_of_another_version_is_refused(tmp_path) -> None:
    path = tmp_path / FIGURES / "index.json"
    Store(path.parent, [])
    save_json(path, {**load_json(path), "version": 99})
    with pytest.raises(ValueError, match="make figures"):
        Pictures(tmp_path)


def test_reveal_comes_from_the_registry_of_npm(monkeypatch) -> None:
    monkeypatch.delenv(reveal.REGISTRY, raising=False)
    assert reveal.address() == "https://registry.npmjs.org/reveal.js/-/reveal.js-6.0.2.tgz"
    monkeypatch.setenv(reveal.REGISTRY, "https://mirror.test/npm/")
    assert reveal.address() == "https://mirror.test/npm/reveal.js/-/reveal.js-6.0.2.tgz"


def test_another_archive_is_refused(tmp_path, monkeypatch) -> None:
    with tarfile.open(tmp_path / reveal.FILE, "w:gz"):
        pass
    monkeypatch.setenv("SPARCODE_DATA", str(tmp_path))
    with pytest.raises(ValueError, match="damaged or another file"):
        reveal.parts()


def test_nothing_of_reveal_ends_the_script_or_asks_elsewhere() -> None:
    parts = reveal.parts()
    assert "Reveal" in parts["program"] and "RevealNotes" in parts["program"]
    assert "</script" not in parts["program"] and "@import" not in parts["style"]
    assert "url(http" not in parts["style"].replace(" ", "")


@pytest.mark.parametrize("minutes", PLANS)
def test_a_session_follows_the_rows_of_its_plan(minutes) -> None:
    session = load_plan(ROOT, minutes)
    deck = plan.slides(session, taught(ROOT, Pictures(ROOT)))
    titles = [slide.title for slide in deck]
    agenda = [item for slide in deck if slide.kind == "plan" for item in slide.items]
    assert len(agenda) == len(session.rows)
    for row in session.rows:
        if "exercise" in row.texts:
            (slide,) = [slide for slide in deck if slide.title == row.title]
            steps = [f"({number}) {step}" for number, step in enumerate(slide.items, 1)]
            assert " ".join([slide.text, *steps]).split() == row.texts["exercise"].split()
            assert slide.section == f"{row.minutes} minutes"
        elif row.work == plan.PAUSE:
            assert row.title in titles
        if row.wrong:
            _, reply = row.wrong[0]
            assert any(reply in remark for slide in deck for remark in slide.remarks)


def test_a_handout_lists_the_symbols_that_its_lesson_uses() -> None:
    rows = {row.symbol: row.meaning for row in read_symbols(ROOT)}
    assert rows["$K_u$"] == "tokens of a query"
    used = "$K_u = 4$ and $\\gamma$"
    assert [s for s in rows if handout.occurs(s, used)] == ["$K_u$", "$\\gamma$"]
