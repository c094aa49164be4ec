"""Commands on toy data: what they print and how they end."""

import pytest

import sparcode_mini as sm
import toys
from sparcode_mini import cli
from sparcode_mini.studies import sweep, tuning
from sparcode_mini.studies import table as reproduce


@pytest.fixture
def toy_data(monkeypatch, tmp_path):
    """Commands run in an empty folder, on toy data in the place of MovieLens-100K."""
    monkeypatch.setattr(sm.data, "movielens_100k", toys.toy_ratings)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(capsys):
    """Run a command; returns the exit code and what was printed."""

    def command(*words):
        code = cli.main([str(word) for word in words])
        return code, capsys.readouterr()

    return command


@pytest.fixture
def tiny_specs(monkeypatch):
    """Rows and grids of the real commands over models that train in a blink."""
    real = reproduce.row_spec

    def small_spec(*row, **hyper_parameters):
        spec = real(*row, **hyper_parameters)
        plain = spec["class"] in ("TwoTower", "MaxSim")
        tiny = {k: v for k, v in toys.TINY.items() if k != "hidden" or not plain}
        model = {**spec["model"], **tiny}
        if "N" in model:
            model["N"] = 6
        return {**spec, "model": model, "fit": {**spec["fit"], "epochs": 2}}

    for module in (reproduce, tuning):
        monkeypatch.setattr(module, "row_spec", small_spec)
    monkeypatch.setitem(reproduce.GRIDS, "two-tower-reranked", {"fetch": (10, 20)})
    monkeypatch.setattr(tuning, "LADDERS", {"lr": (5e-3, 1e-2), "dropout": (0.0, 0.1)})
    monkeypatch.setattr(tuning, "START", (0, 0))
    monkeypatch.setattr(tuning, "DENSITY_LIMIT", 1.0)
    monkeypatch.setattr(sweep, "MODEL", toys.TINY)
    monkeypatch.setattr(sweep, "FIT", {"epochs": 2})
    monkeypatch.setattr(sweep, "ALSO", [])
    monkeypatch.setattr(sweep, "GRID", {"M": [1, 2], "N": [4], "sparsity": [0.0]})
