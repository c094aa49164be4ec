"""The README is short, and each number, link, command and example in it is held by something."""

import re
import sys
from pathlib import Path

import pytest

import minutes
import sparcode_mini as sm
import structure
from sparcode_mini import results
from sparcode_mini.data.download import FOLDER_VARIABLE, data_folder
from sparcode_mini.lessons.real_data import report
from sparcode_mini.lessons.real_data.table import lines
from sparcode_mini.plots import front_page
from sparcode_mini.site import pages
from sparcode_mini.studies.common.rows import CLOSED_FORMS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")
MOST_WORDS = 800


def table_rows(text: str, columns: int) -> list[list[str]]:
    """Return the cells of all rows with so many columns, heads and rules included."""
    rows = [line.strip().strip("|").split("|") for line in text.splitlines() if line[:1] == "|"]
    return [[cell.strip() for cell in row] for row in rows if len(row) == columns]


def test_it_is_short():
    assert len(README.split()) <= MOST_WORDS


def test_its_picture_is_there_in_light_and_dark_with_the_words_of_the_command():
    sources = re.findall(r'(?:srcset|src)="([^"]+)"', README)
    assert [ROOT / source for source in sources] == [
        front_page.FOLDER / f"{name}.png" for name in ("dark", "light")
    ]
    assert "(prefers-color-scheme: dark)" in README
    assert re.findall(r'alt="([^"]+)"', README) == [front_page.alt(front_page.query().answer)]
    assert f'width="{front_page.WIDTH}"' in README


def test_the_method_is_as_many_files_as_it_says():
    path = structure.path_of_the_reader()
    assert [name for name in path if not (ROOT / name).is_file()] == []
    assert f"## The method is {len(path)} files" in README
    names = re.findall(r"\[([\w/]+)\]\(sparcode_mini/([\w/]+)\.py\)", README)
    assert len(names) == len(path) and all(name == file for name, file in names)


def test_every_lesson_has_a_row_with_its_title_and_minutes():
    expected = []
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        one = pages.lesson(path)
        stated = re.findall(r"\d+", minutes.stated_line(one.notebook))  # core, further
        link = f"[{one.title}](notebooks/{one.stem}.ipynb)"
        if one.number:
            expected.append([one.number, link, " + ".join(stated)])
    assert [row for row in table_rows(README, 3) if row[0].isdigit()] == expected


def test_its_table_is_a_part_of_the_stored_one():
    named = {
        line.name.replace(", self-attention", ""): line for line in lines(results.load("table"))
    }
    rows = [row for row in table_rows(README, 3) if row[0] in named]
    assert [row[0] for row in rows] == [
        "EASE",
        "two-tower",
        "two-tower + EASE",
        "SparCode, 1 probe",
        "SparCode, 4 probes",
        "SparCode with L1, 4 probes",
    ]
    stored = results.load("table")["summary"]
    for name, quality, entries in rows:
        line = named[name]
        assert quality == f"{100 * line.values['ndcg@50'][0]:.2f}"
        assert line.seeds == (1 if line.row in CLOSED_FORMS else 5)
        size = stored[line.row].get("entries")
        assert entries == (f"{size['mean']:,.0f}" if size else "")
    assert ROOT / re.search(r"\[results\]\(([^)]+)\)", README)[1] == report.PAGE


def test_the_data_are_kept_where_it_says(monkeypatch):
    folders = re.findall(r"`(~/[\w./-]+)`", README)
    assert folders == ["~/.cache/sparcode-mini", "~/Library/Caches/sparcode-mini"]
    installation = (ROOT / "notebooks/installation.md").read_text("utf-8")
    assert all(f"`{folder}`" in installation for folder in folders)
    for name in ("XDG_CACHE_HOME", FOLDER_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    here = {"linux": folders[0], "darwin": folders[1]}.get(sys.platform)
    assert here is None or data_folder() == (Path(here).expanduser(), False)
    assert f"`{FOLDER_VARIABLE}`" in README


@pytest.mark.usefixtures("untraced")
def test_its_ten_lines_run(monkeypatch, capsys):
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len(code.strip().splitlines()) <= 10
    fit, epochs = sm.fit, []

    def short(*arguments, **options):
        epochs.append(options["epochs"])
        return fit(*arguments, **{**options, "epochs": 3})

    monkeypatch.setattr(sm, "fit", short)  # 20 epochs take minutes
    names: dict[str, object] = {}
    exec(compile(code, "README.md", "exec"), names)
    assert epochs == [20]
    positions, seen = names["positions"][0], names["seen"][0]
    titles = names["split"].titles[positions[positions >= 0]]
    assert len(titles) and not set(positions.tolist()) & set(seen.tolist())
    assert capsys.readouterr().out == f"{titles}\n"


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_links_lead_to_files(page):
    links = re.findall(r"\]\((?!https?:|#)([^)]+)\)", (ROOT / page).read_text("utf-8"))
    assert [link for link in links if not (ROOT / link.partition("#")[0]).exists()] == []
