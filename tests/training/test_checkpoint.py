"""A run that was cut off goes on as if it had not been."""

import pytest
import torch

import sparcode_mini as sm
import toys
from sparcode_mini.tools.files import load_tensors, save_tensors
from sparcode_mini.training.run import Run
from toys import QUICK, fitted, plain, stop_after

MODELS = (sm.TwoTower, sm.AllToAll, sm.SparCode)


@pytest.fixture(scope="module")
def uninterrupted(toy_split):
    return {cls: fitted(cls, toy_split) for cls in MODELS}


RESUMED = [(sm.SparCode, stops) for stops in [(0,), (1,), (2,), (3,), (5,), (0, 2, 4)]]


@pytest.mark.parametrize(
    ("cls", "stops"), [*RESUMED, (sm.AllToAll, (1,)), (sm.AllToAll, (3,)), (sm.TwoTower, (2,))]
)
def test_a_resumed_run_is_the_uninterrupted_run(toy_split, tmp_path, uninterrupted, cls, stops):
    path = tmp_path / "run"
    for stop in stops:  # each time in a new process, as it were
        resume = stop != stops[0]
        _, log = fitted(cls, toy_split, checkpoint=path, resume=resume, on_epoch=stop_after(stop))
        assert log.interrupted
        assert log.rows[-1]["epoch"] == stop
    model, log = fitted(cls, toy_split, checkpoint=path, resume=True)
    expected, whole = uninterrupted[cls]
    assert not log.interrupted
    assert plain(log) == plain(whole)
    assert (log.best_epoch, log.best_score) == (whole.best_epoch, whole.best_score)
    assert toys.same_weights(model, expected)
    users = toys.known_users(toy_split)
    assert torch.equal(model.scores(users), expected.scores(users))


@pytest.mark.parametrize(("epoch", "step"), [(0, 1), (1, 0), (2, 1), (3, 0), (3, 1)])
def test_a_step_that_is_cut_off(toy_split, tmp_path, uninterrupted, monkeypatch, epoch, step):
    """Ctrl-C in the middle of an epoch; then the same model object goes on."""
    steps = []
    healthy = Run.train_step

    def interrupted(self, *batch):
        loss = healthy(self, *batch)
        steps.append(self.epoch)
        if self.epoch == epoch and steps.count(epoch) == step + 1:
            raise KeyboardInterrupt
        return loss

    monkeypatch.setattr(Run, "train_step", interrupted)
    model = toys.small(sm.SparCode, toy_split)
    log = sm.fit(model, toy_split, **QUICK, checkpoint=tmp_path / "run")
    assert log.interrupted
    assert log.best_epoch is None
    with pytest.raises(RuntimeError, match="training stopped in its"):  # no epoch counted yet
        model.encode(["u01"])
    monkeypatch.undo()
    log = sm.fit(model, toy_split, **QUICK, checkpoint=tmp_path / "run", resume=True)
    expected, whole = uninterrupted[sm.SparCode]
    assert plain(log) == plain(whole)
    assert toys.same_weights(model, expected)
    assert model.encode(["u01"]).codes.shape == (1, 2, 1, 1)


def test_resuming_a_finished_run_gives_its_result(toy_split, tmp_path, uninterrupted):
    path = tmp_path / "run"
    expected, _ = uninterrupted[sm.SparCode]
    for resume in (False, True):
        model, log = fitted(sm.SparCode, toy_split, checkpoint=path, resume=resume)
        assert len(log.rows) == 6
        assert toys.same_weights(model, expected)
    assert model.encode(["u01"]).codes.shape == (1, 2, 1, 1)


def test_nothing_is_started_over_and_nothing_resumed_that_is_not_there(toy_split, tmp_path):
    path = tmp_path / "run"
    with pytest.raises(ValueError, match="resume=True needs a checkpoint"):
        fitted(sm.SparCode, toy_split, resume=True)
    with pytest.raises(FileNotFoundError, match=r"no training state .*run to resume .*leave out"):
        fitted(sm.SparCode, toy_split, checkpoint=path, resume=True)
    assert list(tmp_path.iterdir()) == []
    fitted(sm.SparCode, toy_split, checkpoint=path, on_epoch=stop_after(2))
    before = path.read_bytes()
    with pytest.raises(FileExistsError, match=r"run holds the state of a training; .*--resume"):
        fitted(sm.SparCode, toy_split, checkpoint=path)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("cls", "options", "recipe", "key"),
    [
        (sm.AllToAll, {}, {}, "model"),
        (sm.SparCode, {"N": 5}, {}, "config"),
        (sm.SparCode, {"seed": 9}, {}, "config"),
        (sm.SparCode, {"dtype": torch.float32}, {}, "dtype"),
        (sm.SparCode, {"user_features": ("age",)}, {}, "user_features"),
        (sm.SparCode, {}, {"seed": 3}, "recipe"),
        (sm.SparCode, {}, {"epochs": 7}, "recipe"),
        (sm.SparCode, {}, {"sparsity": 1.0}, "recipe"),
        (sm.SparCode, {}, {"stages": (0.3, 0.6)}, "recipe"),
        (sm.SparCode, {}, {"penalty": "flops"}, "recipe"),
    ],
)
def test_the_checkpoint_of_another_run_is_refused(toy_split, tmp_path, cls, options, recipe, key):
    path = tmp_path / "run"
    fitted(sm.SparCode, toy_split, checkpoint=path, on_epoch=stop_after(0))
    with pytest.raises(ValueError, match=f"belongs to another run: its {key} is"):
        fitted(cls, toy_split, options, checkpoint=path, resume=True, **recipe)


def test_a_checkpoint_of_other_data_is_refused(toy_split, tmp_path):
    path = tmp_path / "run"
    fitted(sm.SparCode, toy_split, checkpoint=path, on_epoch=stop_after(0))
    other = toys.toy_ratings().split(test=0.3, validation=0.2)
    with pytest.raises(ValueError, match="belongs to another run: its data is"):
        fitted(sm.SparCode, other, checkpoint=path, resume=True)
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(ValueError, match="cut short"):
        fitted(sm.SparCode, toy_split, checkpoint=path, resume=True)


def test_a_checkpoint_of_other_features_is_refused(toy_split, other_features, tmp_path):
    path = tmp_path / "run"
    fitted(sm.SparCode, toy_split, checkpoint=path, on_epoch=stop_after(0))
    with pytest.raises(ValueError, match="belongs to another run: its features is"):
        fitted(sm.SparCode, other_features, checkpoint=path, resume=True)


def test_a_checkpoint_from_before_features_were_compared_goes_on(toy_split, tmp_path):
    path = tmp_path / "run"
    fitted(sm.SparCode, toy_split, checkpoint=path, on_epoch=stop_after(0))
    kind = {"kind": "sparcode-mini training", "version": 1}
    tensors, meta = load_tensors(path, **kind)
    assert meta.pop("features") == toy_split.features_fingerprint
    save_tensors(path, tensors, meta, **kind)
    _, log = fitted(sm.SparCode, toy_split, checkpoint=path, resume=True)
    assert len(log.rows) == 6


def test_a_checkpoint_from_before_there_were_two_penalties(toy_split, tmp_path):
    from sparcode_mini.tools.files import load_tensors, save_tensors

    path, kind = tmp_path / "run", "sparcode-mini training"
    fitted(sm.SparCode, toy_split, checkpoint=path, on_epoch=stop_after(0))
    tensors, meta = load_tensors(path, kind, 1)
    del meta["recipe"]["penalty"]
    save_tensors(path, tensors, meta, kind, 1)
    with pytest.raises(ValueError, match="its recipe is"):
        fitted(sm.SparCode, toy_split, checkpoint=path, resume=True, penalty="flops")
    _, log = fitted(sm.SparCode, toy_split, checkpoint=path, resume=True)
    assert len(log.rows) == 6


def test_a_checkpoint_whose_penalty_had_another_name(toy_split, tmp_path):
    from sparcode_mini.tools.files import load_tensors, save_tensors

    path, kind = tmp_path / "run", "sparcode-mini training"
    options = {"checkpoint": path, "sparsity": 1.0, "mask_seen": False}
    fitted(sm.SparCode, toy_split, **options, penalty="items", on_epoch=stop_after(0))
    tensors, meta = load_tensors(path, kind, 1)
    del meta["recipe"]["mask_seen"]  # as earlier versions wrote it
    meta["recipe"]["penalty"] = "flops"
    save_tensors(path, tensors, meta, kind, 1)
    with pytest.raises(ValueError, match="its recipe is penalty = 'items'"):
        fitted(sm.SparCode, toy_split, **options, penalty="flops", resume=True)
    _, log = fitted(sm.SparCode, toy_split, **options, penalty="items", resume=True)
    assert len(log.rows) == 6
