"""What is stored agrees: the page of results, chosen settings, shipped models."""

import base64
import json
import struct
from pathlib import Path

import pytest

import sparcode_mini as sm
from sparcode_mini import results
from sparcode_mini.lessons.real_data import report
from sparcode_mini.lessons.real_data import table as shown
from sparcode_mini.plots.picture import WANTED_BYTES, WAYS
from sparcode_mini.studies import table as reproduce
from sparcode_mini.studies import tuning
from sparcode_mini.studies.common.rows import CLOSED_FORMS

PAGE = report.PAGE.read_text("utf-8")
NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").rglob("*.ipynb"))
METRICS = ("ndcg@50", "recall@50", "precision@50", "ndcg@10", "coverage@50")


def page_cells(label):
    rows = [line.split("|") for line in PAGE.splitlines() if "|" in line]
    (cells,) = [row for row in rows if row[1].strip() == label and len(row) == 12]
    return [cell.strip() for cell in cells[2:-1]]


def percent(value):
    spread = f" ± {100 * value['sd']:.2f}" if value["sd"] else ""
    return f"{100 * value['mean']:.2f}{spread}"


def test_the_page_of_results_is_what_its_command_makes(tmp_path):
    report.write(tmp_path / "README.md")
    assert (tmp_path / "README.md").read_text("utf-8") == PAGE, "run `make front`"


def test_a_row_of_the_page_is_the_stored_one():
    table = results.load("table")
    for line in shown.lines(table):
        stored, probes = table["summary"][line.row], " probes=4" if line.probes == 4 else ""
        cells = page_cells(line.name)
        n = len(METRICS)
        assert cells[:n] == [percent(stored[metric + probes]) for metric in METRICS]
        twin = reproduce.TWINS.get(line.row, "two-tower")
        towers = ("two-tower-dnn", "two-tower-gru", "two-tower")
        share = stored["ndcg@50" + probes]["mean"] / table["summary"][twin]["ndcg@50"]["mean"]
        assert cells[n] == ("100.0%" if line.row in towers else f"{share:.1%}")
        seeds = len(table["rows"][line.row])
        fewer = f"`{line.row}` {seeds}" in PAGE  # the page names the rows with fewer
        assert line.row in ("popularity", *CLOSED_FORMS) or seeds == 5 or (fewer and seeds == 3)
        if "entries" in stored:
            assert cells[n + 1] == f"{stored['entries']['mean']:,.0f}"
            assert cells[n + 2] == f"{stored['density']['mean']:.1%}"
            assert cells[n + 3] == f"{stored['entry_bytes_fp16']['mean'] / 1000:.0f}"


@pytest.mark.parametrize("row", sorted(reproduce.CHOSEN))
def test_the_chosen_setting_won_on_validation_and_against_its_neighbours(row):
    points = [p for p in results.load("tuning")["points"] if p["row"] == row]
    (best,) = (point for point in points if point["chosen"])
    assert best["validation ndcg@50"] == max(p["validation ndcg@50"] for p in points)
    assert reproduce.CHOSEN[row] == {name: best[name] for name in tuning.LADDERS}
    tried = {tuple(point[name] for name in tuning.LADDERS) for point in points}
    ladders = list(tuning.LADDERS.values())
    place = [ladder.index(best[name]) for name, ladder in tuning.LADDERS.items()]
    for near in tuning.neighbours(tuple(place), [len(ladder) for ladder in ladders]):
        assert tuple(ladder[i] for ladder, i in zip(ladders, near, strict=True)) in tried
    ends = [{0, len(ladder) - 1} for ladder in ladders]
    ends[list(tuning.LADDERS).index("dropout")] -= {0}  # less than none there is not
    assert all(i not in end for i, end in zip(place, ends, strict=True))


def test_the_penalty_won_on_validation_among_the_sparse_ones():
    points = [p for p in results.load("tuning")["points"] if p["row"] == "sparcode-sparse"]
    assert tuple(p["sparsity"] for p in points) == tuning.SPARSITIES
    assert tuning.best_sparse(points) == reproduce.SPARSITY


def test_the_training_times_of_the_page_were_measured():
    stored = results.load("training_time")
    epoch = {row: v["seconds"] / len(v["epochs"]) for row, v in stored["rows"].items()}
    words = f"an epoch takes {epoch['sparcode']:.1f} s against {epoch['two-tower']:.1f} s"
    assert f"{words} ({stored['ratio']:.1f} times" in " ".join(PAGE.split())
    assert 2 <= stored["ratio"] <= 2.5  # "more than twice as long"


@pytest.mark.parametrize("row", ["two-tower", "sparcode", "sparcode-sparse"])
def test_a_shipped_model_is_seed_0_of_the_table(movielens_split, row):
    model = sm.load_model(results.CHECKPOINTS / f"{row}.safetensors", movielens_split)
    stored, *_ = results.load("table")["rows"][row]
    measured = sm.evaluate(model, movielens_split)
    for metric in METRICS:
        assert measured[metric] == pytest.approx(stored[metric], abs=1e-3), metric


def test_the_control_of_longer_training_starts_from_the_chosen_settings():
    stored = results.load("tuning")
    chosen = {p["row"]: p["validation ndcg@50"] for p in stored["points"] if p["chosen"]}
    for row in ("two-tower", "sparcode"):
        short, long = (line for line in stored["longer"] if line["row"] == row)
        assert short["validation ndcg@50"] == chosen[row]
        assert long["epochs"] == tuning.TIMES * short["epochs"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_stored_picture_is_small_or_made_in_the_smallest_way(path):
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                png = base64.b64decode("".join(output["data"]["image/png"]))
                (pixels,) = struct.unpack(">I", png[16:20])
                width = output["metadata"]["image/png"]["width"]
                smallest = abs(pixels - WAYS[-1][0] * width) < 2
                assert len(png) < WANTED_BYTES or (smallest and len(png) < 70_000), cell["id"]
