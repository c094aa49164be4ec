"""Functions over a stored sweep: what was measured is said, a hole is named, nothing is guessed."""

import ast
import json
from pathlib import Path

import pytest

import sparcode_mini as sm
from sparcode_mini.tools.language import translated, untranslated
from sparcode_mini.widgets.settings import (
    code_text,
    figure_data,
    load_sweep,
    options,
    quality_of,
    sentence,
    setting,
    total_bytes,
    values,
)
from toys import toy_ratings
from widgets.toy_sweep import bare, row, sweep

ROOT = Path(__file__).parents[2]


def test_a_measured_setting_is_the_stored_row():
    assert setting(sweep(), 2, 8, 4.0) == {**row(2, 8, 4.0), "measured": True}
    assert setting(sweep(), 2, 8, 4)["measured"]  # an int will do


@pytest.mark.parametrize(
    ("wanted", "nearest"),
    [
        ((2, 16, 0.0), [(1, 16, 0.0), (2, 8, 0.0), (2, 16, 4.0)]),
        ((1, 12, 0.0), [(1, 8, 0.0), (1, 16, 0.0)]),  # between two values of the grid
        ((1, 99, 0.0), [(1, 16, 0.0)]),
        ((0, 4, 0.0), [(1, 4, 0.0)]),
    ],
)
def test_a_hole_names_its_neighbours_and_invents_nothing(wanted, nearest):
    hole = setting(sweep(), *wanted)
    assert not hole["measured"]
    assert [(r["M"], r["N"], r["sparsity"]) for r in hole["nearest"]] == nearest
    assert set(hole) == {"M", "N", "sparsity", "measured", "nearest"}
    assert [quality_of(hole, probes) for probes in (1, 4)] == [None, None]


def test_figure_data_of_a_setting():
    data = figure_data(sweep(), 1, 8, 4.0)
    mine = row(1, 8, 4.0)
    assert data["chosen"] == {
        "bytes": [mine["entry_bytes_fp16"] + 800],
        "one": [mine["ndcg@50"]],
        "four": [mine["ndcg@50 probes=4"]],
        "names": ["M=1, N=8, sparsity=4"],
    }
    assert len(data["all"]["bytes"]) == len(data["densities"]) == len(data["searches"]) == 11
    assert data["bars"] == {
        "lists": mine["entry_bytes_fp16"],
        "rest": 800,
        "density": mine["density"],
        "search": 21.0,
    }
    assert data["two-tower"] == {"bytes": 215_296, "ndcg": 0.25}
    assert data["popularity"] == 0.15


def test_the_range_of_quality_is_the_same_for_every_setting():
    one, hole = figure_data(sweep(), 1, 4, 0.0), figure_data(sweep(), 2, 16, 0.0)
    assert one["range"] == hole["range"]
    lowest, highest = min(one["all"]["one"]), one["two-tower"]["ndcg"]
    assert 0.15 < one["range"][0] < lowest and one["range"][1] > highest
    assert hole["chosen"] == {"bytes": [], "one": [], "four": [], "names": []}
    assert set(hole["bars"].values()) == {None}


def test_sentence_in_plain_words():
    assert sentence(sweep(), 1, 8, 4.0) == (
        "M=1, N=8, sparsity=4: 8 of 8 possible lists with 10,840 entries (65 kB at 6 bytes each, "
        "plus 800 B for codewords and codes); 10.0% of all pairs of a list and a film are kept. "
        "NDCG@50 is 0.211 with one probe (84% of the two-tower's), 0.221 with 4 probes (88% of the "
        "two-tower's). Two-tower: 0.250. Popularity: 0.150. 7 of 8 codewords are in use. One "
        "search takes 21 µs."
    )
    four = "NDCG@50 is 0.221 with 4 probes (88% of the two-tower's), 0.211 with one probe (84%"
    assert four in sentence(sweep(), 1, 8, 4.0, probes=4)
    hole = sentence(sweep(), 2, 16, 0.0)
    assert hole.startswith("M=2, N=16, sparsity=0 was not measured in this sweep")
    assert "M=1, N=16, sparsity=0; M=2, N=8, sparsity=0; M=2, N=16, sparsity=4." in hole
    assert "possible lists" not in hole  # 256 would not have been too many


def test_a_hole_with_too_many_lists_says_so():
    hole = sentence(load_sweep(), 4, 128, 0.0)
    assert (
        "nothing is shown for it. M=4, N=128 would have 268,435,456 possible lists. "
        "The nearest measured settings: M=2, N=128, sparsity=0"
    ) in hole
    with untranslated() as lost:
        assert "268,435,456 条" in translated(hole, "zh")
    assert lost <= {"M={0}, N={1}, sparsity={2}"}  # the same in Chinese


def test_a_sweep_without_the_optional_numbers():
    text = sentence(bare(), 1, 4, 0.0, probes=4)
    assert "NDCG@50 is not measured with 4 probes, 0.210 with one probe." in text
    assert "wo-tower" not in text and "search" not in text
    assert total_bytes(bare()["settings"][0]) == row(1, 4, 0.0)["entry_bytes_fp16"]


def test_load_sweep(tmp_path):
    path = tmp_path / "sweep.json"
    path.write_text(json.dumps(sweep()))
    assert load_sweep(path) == load_sweep(str(path)) == sweep()
    with pytest.raises(FileNotFoundError, match="make it with `sparcode-mini sweep`"):
        load_sweep(tmp_path / "none.json")
    with pytest.raises(ValueError, match="no measured setting"):
        load_sweep({"settings": []})
    broken = sweep()
    del broken["settings"][3]["entries"]
    with pytest.raises(ValueError, match=r"lacks \['entries'\]"):
        load_sweep(broken)


def test_the_default_is_the_projects_own_file(monkeypatch):
    asked = []
    monkeypatch.setattr(Path, "is_file", lambda path: asked.append(path))
    with pytest.raises(FileNotFoundError):
        load_sweep()
    assert asked == [ROOT / "assets" / "results" / "sweep.json"]


def test_values_of_the_sliders_rise():
    shuffled = sweep()
    shuffled["settings"].reverse()
    grids = [values(shuffled, name) for name in ("M", "N", "sparsity")]
    assert grids == [[1, 2], [4, 8, 16], [0.0, 4.0]]


# --- code to copy -------------------------------------------------------------------------------


def keywords(text):
    """The keyword arguments of each call of some code."""
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    return {
        ast.unparse(call.func): {k.arg: ast.literal_eval(k.value) for k in call.keywords}
        for call in calls
        if ast.unparse(call.func) in ("sm.SparCode", "sm.fit", "sm.SparseIndex.build")
    }


def test_code_text_names_every_value():
    results = sweep()
    results["config"]["fit"]["stages"] = [0.4, 0.5]
    text = code_text(results, 2, 16, 4)
    compile(text, "copied", "exec")
    calls = keywords(text)
    model = {"token_dim": 8, "history_len": 10, "query_tokens": 2, "hidden": 4, "seed": 0}
    assert calls["sm.SparCode"] == {"M": 2, "N": 16, **model}
    fit = {"epochs": 6, "seed": 0, "stages": (0.4, 0.5), "sparsity": 4.0}
    assert calls["sm.fit"] == fit
    assert calls["sm.SparseIndex.build"] == {"codes": "all"}
    seen = {"codes": "seen", "probes": 4}
    assert keywords(code_text(results, 4, 16, 0))["sm.SparseIndex.build"] == seen
    assert results["config"]["fit"] == {"epochs": 6, "stages": [0.4, 0.5]}  # left as it was
    assert options({"settings": []}) == ({}, {})


@pytest.mark.parametrize("probes", [1, 4])
def test_the_copied_code_runs_and_reads_the_chosen_probes(probes, monkeypatch, capsys):
    tables = toy_ratings()
    everyone = sm.data.from_frames(tables.interactions, items=tables.items)  # have a history
    monkeypatch.setattr(sm.data, "movielens_100k", lambda: everyone)
    evaluate, read = sm.evaluate, []
    monkeypatch.setattr(
        sm, "evaluate", lambda *a, **k: read.append(k.get("probes", 1)) or evaluate(*a, **k)
    )
    results = sweep()
    results["config"]["fit"]["epochs"] = 2
    exec(compile(code_text(results, 1, 4, 0.0, probes=probes), "copied", "exec"), {})
    printed = capsys.readouterr().out
    assert "ndcg@50" in printed and "'lists': 4" in printed and read == [probes]
