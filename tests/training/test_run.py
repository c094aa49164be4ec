"""Stages, codebooks and single steps of a training."""

import pytest
import torch

import sparcode_mini as sm
import toys
from sparcode_mini.training import run as run_module
from sparcode_mini.training.recipe import LEAK
from sparcode_mini.training.run import Run
from toys import QUICK, fitted


@pytest.mark.parametrize(
    ("epochs", "stages", "expected"),
    [
        (10, (0.4, 0.5), "l l l l s h h h h h"),
        (4, (0.25, 0.75), "l s s h"),
        (3, (0.0, 0.0), "h h h"),
        (3, (0.0, 0.6), "s s h"),
        (5, (0.5, 0.5), "l l l h h"),
    ],
)
def test_order_of_the_stages(toy_split, epochs, stages, expected):
    names = {"l": "linear", "s": "soft", "h": "hard"}
    seen = []
    model = toys.small(sm.SparCode, toy_split)

    def look(row):
        seen.append((model.stage, model.quantizer_on, model.scorer.mlp_on, model.slope))

    log = sm.fit(model, toy_split, **(QUICK | {"epochs": epochs, "stages": stages}), on_epoch=look)
    stage = [names[letter] for letter in expected.split()]
    assert log.column("stage") == stage
    slopes = [
        LEAK * max(1 - e / (stages[1] * epochs), 0) if stages[1] else 0 for e in range(epochs)
    ]
    assert [s[0] for s in seen] == stage
    assert [s[1] for s in seen] == [s[2] for s in seen] == [name != "linear" for name in stage]
    assert [s[3] for s in seen] == pytest.approx(slopes)
    assert all((slope == 0) == (name == "hard") for name, *_, slope in seen)


def test_two_tower_has_no_stages_and_concatenation_no_linear_path(toy_split):
    _, log = fitted(sm.TwoTower, toy_split, epochs=2)
    assert log.column("stage") == ["hard", "hard"]
    for options, stages in (
        ({"scorer": "concatenation"}, [True] * 6),
        ({"scorer": "attention", "linear_path": False}, [True] * 6),
        ({"scorer": "attention"}, [False, False, True, True, True, True]),
    ):
        model = toys.small(sm.AllToAll, toy_split, **options)
        on = []

        def look(_, model=model, on=on):
            on.append(model.scorer.mlp_on)

        log = sm.fit(model, toy_split, **QUICK, on_epoch=look)
        assert on == stages and log.column("loss")[-1] < log.column("loss")[0]


def test_codebooks_start_once_from_tokens(toy_split, monkeypatch):
    starts = []
    fit = sm.ProductQuantizer.fit
    monkeypatch.setattr(
        sm.ProductQuantizer, "fit", lambda self, x, **k: starts.append(x) or fit(self, x, **k)
    )
    fitted(sm.SparCode, toy_split)
    (x,) = starts
    assert x.shape[1] == 8
    assert 6 <= len(x) <= 64 * 6
    assert float(x.mean(-1).abs().max()) < 1e-9  # tokens are normalised: these are tokens


def test_max_positions(toy_split, monkeypatch):
    sizes = []
    loss = run_module.step_loss
    monkeypatch.setattr(
        run_module,
        "step_loss",
        lambda model, asked, *a: sizes.append(len(asked.targets)) or loss(model, asked, *a),
    )
    fitted(sm.TwoTower, toy_split, epochs=1)
    whole, sizes[:] = sum(sizes), []
    assert whole == sum(len(h) - 1 for h in toy_split.histories("train") if len(h) > 1)
    fitted(sm.TwoTower, toy_split, epochs=1, max_positions=20)
    assert max(sizes) == 20
    assert sum(sizes) < whole


def test_usage_counts_the_codes_of_the_whole_epoch(toy_split, monkeypatch):
    model, seen = toys.small(sm.SparCode, toy_split, seed=0), []
    step = Run.train_step

    def watched(self, *batch):
        loss = step(self, *batch)
        seen[-1].append(model.last_codes)
        return loss

    monkeypatch.setattr(Run, "train_step", watched)
    seen.append([])
    log = sm.fit(model, toy_split, epochs=4, batch=8, on_epoch=lambda row: seen.append([]))
    assert "used" not in log.rows[0]
    last = torch.cat([codes.flatten(0, 1) for codes in seen[3]])
    assert log.rows[3]["used"] == model.quantizer.usage(last).used
    assert len(seen[3]) > 1
