"""The page of the 21 questions: whole cards in order, links that lead somewhere, true words."""

import re
from collections.abc import Iterator

import numpy as np
import pytest
from markdown_it import MarkdownIt
from nbformat import NotebookNode

import minutes
import notebooks
from sparcode_mini import results
from sparcode_mini.evaluation.paired import holds
from sparcode_mini.lessons.vector_quantization import report
from sparcode_mini.site.anchors import anchor
from sparcode_mini.studies.gradients import summary

QUESTIONS = notebooks.FOLDER / "questions.ipynb"
PAGE = notebooks.read(QUESTIONS)
NUMBERS = range(1, 22)
PARTS = ("**笔记**：", "*The notes say:*", "**答案**：", "**Answer.**", "**详见 · See**：",
         "**自测 · Ask yourself**：", "<details>")  # fmt: skip
VERDICTS = ("**对 · Right**", "**不够准 · Not quite**", "**要改 · Wrong**", "**缺 · Missing**")
EMPTY = {4, 8, 21}  # what the notes leave open
HEADING = re.compile(r"## (\d+) · (.+) · (.+)")


def cards() -> Iterator[tuple[int, NotebookNode, NotebookNode | None]]:
    """Number, text and code of each card; None if it has no code."""
    followers = [*PAGE.cells[1:], None]
    for cell, after in zip(PAGE.cells, followers, strict=True):
        heading = HEADING.match(cell.source)
        if heading and cell.cell_type == "markdown":
            yield int(heading[1]), cell, after if after and after.cell_type == "code" else None


CARDS = {number: (text.source, code) for number, text, code in cards()}


def test_there_are_21_cards_in_order() -> None:
    assert [number for number, _, _ in cards()] == list(NUMBERS)
    assert sum(cell.cell_type == "markdown" for cell in PAGE.cells) == 2 + len(CARDS)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_card_is_whole(number: int) -> None:
    text, code = CARDS[number]
    places = [text.find(part) for part in PARTS]
    assert -1 not in places and places == sorted(places), places
    assert any(word in text for word in VERDICTS) == (number not in EMPTY)
    assert code is not None or number == 21
    heading = HEADING.match(text)
    assert heading and re.search(r"[\u4e00-\u9fff]", heading[2]) and heading[3].endswith("?")


def test_reading_takes_as_long_as_it_should() -> None:
    assert 45 <= minutes.minutes(PAGE).core <= 60


def test_links_lead_to_files() -> None:
    names = {
        name
        for cell in PAGE.cells
        for name in re.findall(r"\]\(([\w./-]+)(?:#[^)]*)?\)", cell.source)
    }
    assert len(names) > 8
    assert [name for name in names if not (notebooks.FOLDER / name).is_file()] == []


def test_links_into_lessons_lead_to_headings() -> None:
    leads = [
        lead
        for text, _ in CARDS.values()
        for lead in re.findall(r"\]\((\w+\.ipynb)#([^)\s]+)\)", text)
    ]
    assert len(leads) > 25
    for name, wanted in leads:
        lesson = notebooks.read(notebooks.FOLDER / name)
        found = {
            anchor(title)
            for cell in lesson.cells
            for level, title in minutes.headings(cell)
            if 1 < level <= 3
        }
        assert wanted in found, f"{name} has no heading for #{wanted}"


def test_each_number_of_the_table_leads_to_its_card() -> None:
    """A link to the heading would differ between JupyterLab, which keeps capitals, and the site."""
    table = next(cell.source for cell in PAGE.cells if "| 题 |" in cell.source)
    assert re.findall(r'\| <a href="#q(\d+)">(\d+)</a> \|', table) == [
        (str(n), str(n)) for n in NUMBERS
    ]
    for number, (text, _) in CARDS.items():
        assert text.splitlines()[1] == f'<a id="q{number}"></a>'


def test_no_star_is_left_over() -> None:
    """In CommonMark `**预测。**先想` is not bold."""
    reader = MarkdownIt("commonmark").enable("table")
    assert "**" in reader.render("**预测。**先想")
    for cell in PAGE.cells:
        if cell.cell_type == "markdown":
            assert "**" not in re.sub(r"\$[^$]*\$", "", reader.render(cell.source)), cell.id


def test_boxes_of_the_lessons_name_questions_that_exist() -> None:
    box = re.compile(r"> \*\*From the notes, (.+?)\*\*")
    seen = 0
    for path in sorted(notebooks.FOLDER.glob("*.ipynb")):
        for cell in notebooks.read(path).cells:
            for words in box.findall(cell.source):
                linked = re.findall(r"(\d+)\]\(questions\.ipynb#q(\d+)\)", words)
                assert linked and all(a == b and int(a) in NUMBERS for a, b in linked), path.name
                seen += len(linked)
    assert seen > 20


# --- what the cards say in words, held to what is stored -----------------------------------------


def test_1_and_7_the_models_of_the_course() -> None:
    models = results.load("models")["cards"]
    dense, sparse = models["sparcode"], models["sparcode-sparse"]
    best = max(dense["ndcg@50 probes=4"], sparse["ndcg@50 probes=4"])
    assert models["two-tower"]["ndcg@50"] > best
    assert abs(dense["density"] - 2 / 3) < 0.02 and sparse["density"] < 0.1
    for measure in ("ndcg@50", "ndcg@50 probes=4"):
        assert 0 < dense[measure] - sparse[measure] < 0.01


def test_3_a_dozen_directions_and_a_made_up_world() -> None:
    cuts = {row["rank"]: row["against whole"] for row in results.load("screen")["two-tower"]}
    assert cuts[8]["high"] < 0 < cuts[12]["high"]
    points = results.load("fields")["points"]

    def found(kind: str, width: int) -> float:
        own = [p["r_precision"] for p in points if (p["kind"], p["width"]) == (kind, width)]
        return float(np.mean(own))

    assert found("all-to-all", 8) - found("two-tower, hinge", 8) > 0.2
    assert found("two-tower, hinge", 32) > 0.98
    joined = {row["rank"]: row["against tower"] for row in results.load("screen")["joined"]}
    assert all(joined[rank]["low"] > 0 and holds(joined[rank]) for rank in (32, 48))


def test_6_links_mend_the_index_error() -> None:
    stored = results.load("index_error")
    exact = stored["exact"]["ndcg@50"]
    lost = {p["links"]: exact - p["ndcg@50"] for p in stored["hnsw"] if p["ef"] == 200}
    assert lost[2] > 0.02 and abs(lost[16]) < 0.001
    all_cells = next(p for p in stored["ivfpq"] if p["nprobe"] == 16)  # without re-ranking
    assert 0.035 < exact - all_cells["ndcg@50"] < 0.04


def test_8_what_each_row_of_the_table_has() -> None:
    table = results.load("table")
    said = {("two-tower", 1): 33.3, ("sparcode", 1): 30.6, ("sparcode", 4): 31.7}
    said |= {("ease", 1): 31.0, ("two-tower-ease", 1): 34.3}
    for (row, probes), percent in said.items():
        key = "ndcg@50" + (" probes=4" if probes == 4 else "")
        mean = float(np.mean([one[key] for one in table["rows"][row]]))
        assert round(100 * mean, 1) == percent, row
    gaps = {(one["row"], one["probes"]): one for one in table["paired"]
            if one["twin"] == "two-tower"}  # fmt: skip
    for row, sign in (("sparcode", -1), ("sparcode-sparse", -1), ("two-tower-ease", 1)):
        for probes in (1, 4) if sign < 0 else (1,):
            one = gaps[row, probes]
            assert sign * one["low"] > 0 and sign * one["high"] > 0 and holds(one), row
    for probes, points in ((1, -2.7), (4, -1.6)):
        assert round(100 * gaps["sparcode", probes]["difference"], 1) == points
        sparse = gaps["sparcode-sparse", probes]["difference"]
        assert sparse < gaps["sparcode", probes]["difference"]
    assert round(100 * gaps["two-tower-ease", 1]["difference"], 1) == 1.0
    first_step = gaps["all-to-all", 1]
    assert holds(first_step) and round(100 * first_step["difference"], 1) == -1.0
    assert not holds(gaps["two-tower-reranked", 1])


def test_10_codes_with_the_model_or_after_it() -> None:
    said = {("items", 1): 4.7, ("items", 4): 1.2, ("items", 16): None, ("queries", 1): None}
    for row in report.settings(results.load("codes_after_or_with")):
        one, points = report.decisive(row), said.pop((row["side"], row["M"]))
        assert holds(one) == (points is not None)
        assert points is None or round(100 * one["difference"], 1) == points
    assert not said


def test_13_equal_storage() -> None:
    compared = results.load("front")["compared"]
    assert [one["budget"] for one in compared][:: len(compared) - 1] == [10_000, 110_000]
    assert all(holds(one) and -0.02 < one["difference"] < -0.009 for one in compared)


def test_14_literal_has_less_distortion_and_ranks_worse() -> None:
    study = results.load("gradients")

    def of(way: str, key: str) -> float:
        return summary(study["entries"], way, key)[0]

    assert of("literal", "distortion") < of("straight-through", "distortion")
    behind = [
        one
        for one in study["comparisons"]
        if (one["a"], one["b"]) == ("literal", "straight-through")
    ]
    assert len(behind) == 2 and all(one["high"] < 0 and holds(one) for one in behind)


def test_16_one_token_is_not_told_apart_from_four() -> None:
    compared = results.load("tokens")["compared"]
    assert len(compared) == 8 and not any(map(holds, compared))
