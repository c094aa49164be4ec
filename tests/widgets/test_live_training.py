"""Live training in the panel: a thread that can be stopped, and an honest comparison."""

import os
import threading

import pytest

import sparcode_mini as sm
from sparcode_mini.training.recipe import Log
from sparcode_mini.widgets import Panel
from sparcode_mini.widgets import live as live_module
from sparcode_mini.widgets.live import Job, comparison
from sparcode_mini.widgets.settings import total_bytes
from toys import toy_ratings
from widgets.toy_sweep import row, sweep


@pytest.fixture(scope="module")
def split():
    """The toy data without the user who never rated anything."""
    tables = toy_ratings()
    return sm.data.from_frames(tables.interactions, items=tables.items).split()


def point(panel):
    """The point of the live training in the figure: x and y."""
    (trace,) = (trace for trace in panel.figure.data if trace.name == "trained here")
    assert trace.showlegend == bool(trace.x)
    return trace.x, trace.y


def train(panel):
    panel.live.train.click()
    panel.live.thread.join(timeout=120)
    assert not panel.live.thread.is_alive()


def test_without_data_the_button_is_off_and_says_why():
    panel = Panel(sweep())
    assert panel.live.train.disabled and panel.live.stop.disabled
    assert "Panel(split=split)" in panel.live.status.value
    panel.live.start()
    assert panel.live.thread is None


def test_a_training_without_epochs_is_refused(split):
    with pytest.raises(ValueError, match="live_epochs"):
        Panel(sweep(), split, live_epochs=0)


def test_live_training_shows_each_epoch_and_compares(split, monkeypatch):
    monkeypatch.delenv("SPARCODE_PROGRESS", raising=False)
    panel = Panel(sweep(), split, live_epochs=3)
    lines, bars, quiet = [], [], []
    panel.live.status.observe(lambda change: lines.append(change.new), names="value")
    panel.live.bar.observe(lambda change: bars.append(change.new), names="value")
    panel.live.bar.observe(lambda _: quiet.append(os.environ["SPARCODE_PROGRESS"]), names="value")
    panel.put({"N": 4, "sparsity": 0.0})
    train(panel)
    assert bars == [1, 2, 3]
    assert set(quiet) == {"0"} and "SPARCODE_PROGRESS" not in os.environ
    assert "training starts" in lines[0]
    for epoch, text in enumerate(lines[1:4], 1):
        assert f"M=1, N=4, sparsity=0: epoch {epoch} of 3" in text
        assert "NDCG@50" in text and "validation" in text
    stored = row(1, 4, 0.0)
    assert f"Stored run, 6 epochs: {stored['ndcg@50']:.3f}" in lines[-1]
    assert "The live training was shorter" in lines[-1]
    model = panel.live.model
    assert (model.quantizer.M, model.quantizer.N, model.config.token_dim) == (1, 4, 8)
    index = sm.SparseIndex.build(model, codes="all")
    score = sm.evaluate(model, split, k=(50,), index=index)["ndcg@50"]
    assert f"NDCG@50 {score:.3f} on test" in lines[-1]
    assert point(panel) == ((total_bytes(index.stats()),), (score,))
    assert panel.point == {"bytes": total_bytes(index.stats()), "ndcg": score}
    assert (panel.live.train.disabled, panel.live.stop.disabled) == (False, True)
    assert panel.live.bar.layout.visibility == "hidden"


def test_the_point_is_on_the_axis_and_goes_at_reset():
    panel = Panel(sweep())
    axis = panel.figure.layout.yaxis
    before = axis.range
    panel._trained({"bytes": 10, "ndcg": 0.1})
    assert point(panel) == ((10,), (0.1,)) and axis.range[0] < 0.1
    panel.sliders["N"].value = 4
    assert point(panel) == ((10,), (0.1,))  # stays while the reader compares
    panel.reset.click()
    assert point(panel) == ((), ()) and axis.range == before and panel.point is None


def test_live_training_takes_the_sparsity_of_its_slider(split, monkeypatch):
    asked = []

    def fake_fit(model, split, on_epoch, **recipe):
        asked.append(recipe)
        raise RuntimeError("far enough")

    monkeypatch.setattr(live_module, "fit", fake_fit)
    panel = Panel(sweep(), split, live_epochs=2)
    train(panel)
    assert asked == [{"epochs": 2, "sparsity": 4.0, "seed": 0}]


def test_stop_button(split):
    panel = Panel(sweep(), split, live_epochs=40, N=4)
    reached, go_on = threading.Event(), threading.Event()

    def wait(change):
        reached.set()
        assert go_on.wait(60)

    panel.live.bar.observe(wait, names="value")
    panel.live.train.click()
    assert reached.wait(60)
    assert (panel.live.train.disabled, panel.live.stop.disabled) == (True, False)
    other = Panel(sweep(), split)  # a second training would fight for the processor
    other.live.train.click()
    assert other.live.thread is None and "training already" in other.live.status.value
    panel.live.stop.click()
    assert "Stopping" in panel.live.status.value and panel.live.stop.disabled
    go_on.set()
    panel.live.thread.join(timeout=60)
    assert "stopped after epoch 1 of 40, before quantiser" in panel.live.status.value
    assert point(panel) == ((), ()) and not panel.live.train.disabled
    with pytest.raises(RuntimeError, match="linear"):
        sm.SparseIndex.build(panel.live.model)


def test_errors_in_the_thread_are_shown(split):
    results = sweep()
    results["settings"] = [row(3, 4, 0.0)]  # 3 codebooks don't divide tokens of width 8
    panel = Panel(results, split, live_epochs=2)
    train(panel)
    assert "Training failed: ValueError: " in panel.live.status.value
    assert "3" in panel.live.status.value
    assert not panel.live.train.disabled and panel.live.stop.disabled
    assert not live_module._ONE_AT_A_TIME.locked()


def compare(job, rows=2, interrupted=False, epochs=2, fingerprint="mine"):
    log = Log(rows=[{}] * rows, interrupted=interrupted)
    result = {"ndcg@50": 0.1, "entries": 1234}
    return comparison(job, log, epochs, result, fingerprint)


def test_comparison_is_honest():
    stored = {**row(1, 4, 0.0), "ndcg@50": 0.2}
    text = compare(Job(stored, fit={"epochs": 6}))
    assert "trained here (2 epochs): NDCG@50 0.100 on test, 1,234 entries." in text
    assert text.endswith("The live training was shorter: it has reached 50% of that.")
    assert "shorter" not in compare(Job(stored, fit={"epochs": 2}))
    stopped = compare(Job(stored, fit={"epochs": 9}), interrupted=True, rows=7, epochs=9)
    assert "stopped after 7 of 9 epochs" in stopped and "shorter" in stopped
    hole = {"M": 2, "N": 16, "sparsity": 0.0}
    assert "no stored run to compare with" in compare(Job(hole))
    assert "can't be compared" in compare(Job(stored, data="another"))
    assert "can't" not in compare(Job(stored, data="mine"))


def test_a_users_own_setting_of_bars_comes_back(monkeypatch):
    monkeypatch.setenv("SPARCODE_PROGRESS", "1")
    with live_module._no_other_bars():
        assert os.environ["SPARCODE_PROGRESS"] == "0"
    assert os.environ["SPARCODE_PROGRESS"] == "1"
