"""What is stored and written by hand agrees: README, chosen settings, shipped models."""

from pathlib import Path
from statistics import fmean

import pytest

import sparcode_mini as sm
from sparcode_mini import results
from sparcode_mini.studies import table as reproduce
from sparcode_mini.studies.reaching import TRAINED

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
ROWS = {  # label in the README: row, number of probes as stored
    "popularity": ("popularity", ""),
    "two-tower, DNN": ("two-tower-dnn", ""),
    "two-tower, GRU": ("two-tower-gru", ""),
    "two-tower": ("two-tower", ""),
    "all-to-all, no quantiser": ("all-to-all", ""),
    "SparCode DNN, 1 probe": ("sparcode-dnn", ""),
    "SparCode DNN, 4 probes": ("sparcode-dnn", " probes=4"),
    "SparCode GRU, 1 probe": ("sparcode-gru", ""),
    "SparCode GRU, 4 probes": ("sparcode-gru", " probes=4"),
    "SparCode, 1 probe": ("sparcode", ""),
    "SparCode, 4 probes": ("sparcode", " probes=4"),
    "SparCode, sparse lists, 1 probe": ("sparcode-sparse", ""),
    "SparCode, sparse lists, 4 probes": ("sparcode-sparse", " probes=4"),
}
METRICS = ("ndcg@50", "recall@50", "precision@50", "ndcg@10")


def readme_cells(label):
    rows = [line.split("|") for line in README.splitlines() if "|" in line]
    (found,) = [row for row in rows if row[1].strip() == label and len(row) == 12]
    return [cell.strip() for cell in found[2:-1]]


@pytest.mark.parametrize("label", ROWS)
def test_the_table_of_the_readme_is_the_stored_one(label):
    row, probes = ROWS[label]
    table = results.load("table")
    summary = table["summary"]
    stored = summary[row]
    cells = readme_cells(label)
    assert cells[:4] == [reproduce._percent(stored[metric + probes]) for metric in METRICS]
    twin = reproduce.TWINS.get(row, "two-tower")
    share = stored["ndcg@50" + probes]["mean"] / summary[twin]["ndcg@50"]["mean"]
    assert cells[4] == ("100%" if row.startswith("two-tower") else f"{share:.1%}")
    assert cells[8] == ("" if row == "popularity" else str(len(table["rows"][row])))
    if "entries" in stored:
        assert cells[5] == f"{stored['entries']['mean']:,.0f}"
        assert cells[6] == f"{stored['density']['mean']:.1%}"
        assert cells[7] == f"{stored['entry_bytes_fp16']['mean'] / 1000:.0f}"


@pytest.mark.parametrize("kind", sorted(reproduce.CHOSEN))
def test_the_chosen_setting_won_on_validation(kind):
    points = [p for p in results.load("tuning")["points"] if p["model"] == kind]
    assert len(points) == 4
    best = max(points, key=lambda p: p["validation ndcg@50"])
    assert reproduce.CHOSEN[kind] == {key: best[key] for key in reproduce.GRID}


def test_the_penalty_won_on_validation_among_the_sparse_ones():
    points = [p for p in results.load("tuning")["points"] if p["model"] == "sparcode-sparse"]
    assert tuple(p["sparsity"] for p in points) == reproduce.SPARSITY_GRID
    assert reproduce.best_sparse(points) == reproduce.SPARSITY


def test_the_setting_that_comes_nearest_is_the_stored_one():
    stored = results.load("reaching")
    gru, d = stored["GRU"], stored["GRU"]["lists"][TRAINED]["against two-tower"]
    lists = 100 * fmean(gru["lists"][TRAINED]["ndcg@50"])
    tower = 100 * fmean(gru["two-tower"]["ndcg@50, trained again"])
    words = f"NDCG@50 is then {lists:.2f} against {tower:.2f} of a two-tower whose vectors were "
    words += f"trained once more, too ({100 * d['low']:+.2f} to {100 * d['high']:+.2f} over people)"
    assert words in " ".join(README.split())
    others = [one["against two-tower"] for name in ("GRU", "self-attention")
              for one in stored[name]["lists"]]  # fmt: skip
    assert all(other["low"] < 0 for other in others)  # nowhere ahead for certain
    assert d["difference"] == max(other["difference"] for other in others)


def test_the_training_times_of_the_readme_were_measured():
    stored = results.load("training_time")
    epoch = {row: v["seconds"] / len(v["epochs"]) for row, v in stored["rows"].items()}
    words = f"an epoch takes {epoch['sparcode']:.1f} s against {epoch['two-tower']:.1f} s"
    assert f"{words} ({stored['ratio']:.1f} times" in " ".join(README.split())
    assert 20 * epoch["sparcode"] <= 200 and stored["ratio"] <= 2.5


@pytest.mark.parametrize(
    ("file", "row"), [("two-tower", "two-tower"), ("sparcode", "sparcode-sparse")]
)
def test_a_shipped_model_is_seed_0_of_the_table(movielens_split, file, row):
    model = sm.load_model(results.CHECKPOINTS / f"{file}.safetensors", movielens_split)
    (stored,) = results.load("quick")["rows"][row]
    measured = sm.evaluate(model, movielens_split)
    for metric in METRICS:
        assert measured[metric] == pytest.approx(stored[metric], abs=1e-3), metric
