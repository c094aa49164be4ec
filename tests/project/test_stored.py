"""What is stored agrees: the page of results, chosen settings, shipped models."""

from statistics import fmean

import pytest

import sparcode_mini as sm
from sparcode_mini import results
from sparcode_mini.lessons.real_data import report
from sparcode_mini.studies import table as reproduce
from sparcode_mini.studies.reaching import TRAINED

PAGE = report.PAGE.read_text("utf-8")
ROWS = {  # name on the page: row, number of probes as stored
    "popularity": ("popularity", ""),
    "two-tower, DNN": ("two-tower-dnn", ""),
    "two-tower, GRU": ("two-tower-gru", ""),
    "two-tower, self-attention": ("two-tower", ""),
    "all-to-all, self-attention": ("all-to-all", ""),
    "SparCode, DNN, 1 probe": ("sparcode-dnn", ""),
    "SparCode, DNN, 4 probes": ("sparcode-dnn", " probes=4"),
    "SparCode, GRU, 1 probe": ("sparcode-gru", ""),
    "SparCode, GRU, 4 probes": ("sparcode-gru", " probes=4"),
    "SparCode, self-attention, 1 probe": ("sparcode", ""),
    "SparCode, self-attention, 4 probes": ("sparcode", " probes=4"),
    "SparCode with L1, self-attention, 1 probe": ("sparcode-sparse", ""),
    "SparCode with L1, self-attention, 4 probes": ("sparcode-sparse", " probes=4"),
}
METRICS = ("ndcg@50", "recall@50", "precision@50", "ndcg@10")


def page_cells(label):
    rows = [line.split("|") for line in PAGE.splitlines() if "|" in line]
    (cells,) = [row for row in rows if row[1].strip() == label and len(row) == 11]
    return [cell.strip() for cell in cells[2:-1]]


def percent(value):
    spread = f" ± {100 * value['sd']:.2f}" if value["sd"] else ""
    return f"{100 * value['mean']:.2f}{spread}"


def test_the_page_of_results_is_what_its_command_makes(tmp_path):
    report.write(tmp_path / "README.md")
    assert (tmp_path / "README.md").read_text("utf-8") == PAGE, "run `make front`"


@pytest.mark.parametrize("label", ROWS)
def test_a_row_of_the_page_is_the_stored_one(label):
    row, probes = ROWS[label]
    table = results.load("table")
    summary = table["summary"]
    stored = summary[row]
    cells = page_cells(label)
    assert cells[:4] == [percent(stored[metric + probes]) for metric in METRICS]
    twin = reproduce.TWINS.get(row, "two-tower")
    share = stored["ndcg@50" + probes]["mean"] / summary[twin]["ndcg@50"]["mean"]
    assert cells[4] == ("100.0%" if row.startswith("two-tower") else f"{share:.1%}")
    assert row == "popularity" or len(table["rows"][row]) == 5
    if "entries" in stored:
        assert cells[5] == f"{stored['entries']['mean']:,.0f}"
        assert cells[6] == f"{stored['density']['mean']:.1%}"
        assert cells[7] == f"{stored['entry_bytes_fp16']['mean'] / 1000:.0f}"


def test_the_page_says_what_the_intervals_say():
    paired = {(one["row"], one["probes"]): one for one in results.load("table")["paired"]}
    dense = ("sparcode-dnn", "sparcode-gru", "sparcode")
    assert all(paired[row, 1]["high"] < 0 for row in dense)  # "no interval holds zero"
    for row in ("sparcode-gru", "sparcode"):  # "the interval holds zero"
        assert paired[row, 4]["low"] < 0 < paired[row, 4]["high"]
    assert paired["sparcode", 4]["high"] < 0.0005  # "narrowly"
    assert paired["sparcode-dnn", 4]["high"] < 0
    losses = sorted(-100 * paired[row, 1]["difference"] for row in dense)
    assert f"{losses[0]:.1f} to {losses[-1]:.1f} points below" in " ".join(PAGE.split())


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
    assert words in " ".join(PAGE.split())
    others = [one["against two-tower"] for name in ("GRU", "self-attention")
              for one in stored[name]["lists"]]  # fmt: skip
    assert all(other["low"] < 0 for other in others)  # nowhere ahead for certain
    assert d["difference"] == max(other["difference"] for other in others)


def test_the_training_times_of_the_page_were_measured():
    stored = results.load("training_time")
    epoch = {row: v["seconds"] / len(v["epochs"]) for row, v in stored["rows"].items()}
    words = f"an epoch takes {epoch['sparcode']:.1f} s against {epoch['two-tower']:.1f} s"
    assert f"{words} ({stored['ratio']:.1f} times" in " ".join(PAGE.split())
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
