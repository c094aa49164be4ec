"""The benchmarks run, and what they compare is what they say."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sparcode_mini.lessons.serving import draw_speed, speed

FOLDER = Path(__file__).resolve().parents[1] / "benchmarks"
RUN = """
import json, sys
import lookup
from timing import briefly
with briefly(True):
    rows = lookup.run(quick=True)
with open(sys.argv[1], "w") as file:
    json.dump({"lookup": rows}, file)
"""


@pytest.fixture(scope="module")
def catalogues():
    spec = importlib.util.spec_from_file_location("catalogues", FOLDER / "catalogues.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_cut_lists_are_the_best_of_the_whole_ones(catalogues):
    catalogue = catalogues.synthetic(20_000, 5, 40, 12)
    whole = catalogues.lists_of(catalogue, 0.07, None)
    assert whole.stats()["density"] == pytest.approx(0.07, rel=0.3)
    rows = [3, 8, 30]
    some = catalogues.lists_of(catalogue, 0.07, None, np.array(rows))
    for row in rows:
        for part, expected in zip(some.posting_list([row]), whole.posting_list([row]), strict=True):
            np.testing.assert_array_equal(part, expected)
    for best in (5, 500):
        cut, expected = catalogues.lists_of(catalogue, 0.07, best), whole.cut(best)
        np.testing.assert_array_equal(cut.items, expected.items)
        np.testing.assert_array_equal(cut.values, expected.values)


@pytest.mark.parametrize("freedom", [4, 12])
def test_the_dimension_of_vectors_is_what_they_were_drawn_with(catalogues, freedom):
    items = catalogues.synthetic(20_000, 1, 1, freedom).items
    assert catalogues.dimension(items) == pytest.approx(freedom - 1, rel=0.15)  # all of length 1


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    for peer in ("faiss", "hnswlib", "seismic"):
        pytest.importorskip(peer)
    out = tmp_path_factory.mktemp("benchmarks") / "rows.json"
    subprocess.run([sys.executable, "-c", RUN, str(out)], check=True, cwd=FOLDER)
    return json.loads(out.read_text("utf-8"))


def test_every_catalogue_has_all_readings_and_peers_of_equal_recall(result):
    for catalogue in speed.catalogues(result):
        rows = speed.rows_of(result, **catalogue)
        lists = [row for row in rows if row["way"] == "lists, compiled"]
        assert {row["lists"] for row in lists} == {4, 16, 32}
        for row in lists:
            whole = row["best"] is None
            assert row["recall"] == 1 if whole else 0 < row["recall"] <= 1
            assert 0 < row["coverage"] <= 1 and row["request"]["p50"] > row["p50"] > 0
        names = ("HNSW, hnswlib", "IVF-Flat", "IVF-PQ", "IVF-PQ FastScan", "flat, PQ FastScan")
        peers = {row["way"]: row for row in rows if "lists" not in row and "setting" in row}
        assert {"flat", "flat, 8 bits", "HNSW, faiss", *names} == set(peers)
        assert all(row["recall"] >= speed.RECALL for row in peers.values())
        assert all(peers[name]["setting"]["efSearch"] >= 50 for name in peers if "HNSW" in name)


def test_more_probes_are_better_and_cut_lists_worse(result):
    rows = {speed.way_of(row): row["ndcg@50"] for row in result["lookup"] if "ndcg@50" in row}
    (four, *_, most) = (rows[f"{n} lists, whole"] for n in (4, 16, 32))
    assert four < most
    (cut,) = (value for name, value in rows.items() if name.startswith("4 lists, best"))
    assert cut < four


def test_readings_are_compared_with_the_fastest_peer_of_their_catalogue(result):
    found = speed.comparisons(result)
    assert len(found) == 12
    for one in found:
        assert one.search == pytest.approx(one.row["p50"] / one.peer["p50"])
        assert one.peer["items"] == one.row["items"] and "lists" not in one.peer
    assert draw_speed.quality(result).png.startswith(b"\x89PNG")
    assert "5,000 items" in draw_speed.lookup(result, 5_000).alt
