"""The names that others build on: whoever moves a module keeps these."""

import importlib
import inspect
import subprocess
import sys

import pytest

import sparcode_mini as sm

TOP = {
    "AllToAll", "Codes", "Popularity", "ProductQuantizer", "SparCode", "SparseIndex", "TwoTower",
    "data", "evaluate", "fit", "load_model", "metrics", "top_k",
}  # fmt: skip
ELSEWHERE = {
    "data": {"PARTS", "Feature", "Ratings", "Split", "from_frames", "movielens_100k"},
    "explain": {"Explanation", "Read", "explain"},
    "metrics": {"coverage_at", "hit_rate_at", "ndcg_at", "precision_at", "recall_at", "top_k"},
    "plots": {"Picture", "beside", "density", "journey", "problem", "sweep", "training"},
    "results": {"ASSETS", "CHECKPOINTS", "RESULTS", "load", "provenance", "setting", "store"},
    "widgets": {"Panel", "XRay"},
}
METHODS = {  # used outside the package, by notebooks, exports and people's own code
    sm.SparseIndex: {
        "add_item", "build", "cut", "from_csr", "from_scores", "load", "posting_list", "save",
        "quantised", "search", "stats", "withdraw", "with_values",
    },
    sm.SparCode: {
        "code_scores", "encode", "encode_histories", "save", "scores", "token_codes", "tokens",
        "training_scores",
    },
    sm.TwoTower: {"item_matrix", "save", "scores", "tokens"},
}  # fmt: skip


def test_the_package_offers_these_names():
    assert set(sm.__all__) == TOP
    assert all(hasattr(sm, name) for name in TOP)


@pytest.mark.parametrize("module", ELSEWHERE)
def test_modules_offer_these_names(module):
    offered = getattr(sm, module, None) or importlib.import_module(f"sparcode_mini.{module}")
    assert [name for name in sorted(ELSEWHERE[module]) if not hasattr(offered, name)] == []


@pytest.mark.parametrize("kind", METHODS, ids=lambda kind: kind.__name__)
def test_objects_offer_these_methods(kind):
    known = {name for name, _ in inspect.getmembers(kind)}
    assert METHODS[kind] - known == set()


MODULES = ["course.bundle", "course.figures", "course.plans", "lab", "site"]


@pytest.mark.parametrize("module", MODULES)
def test_modules_that_are_run_say_what_they_do(module):
    command = [sys.executable, "-m", f"sparcode_mini.{module}", "--help"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "usage:" in result.stdout
