"""Training is repeatable, can be interrupted anywhere, and never looks ahead."""

import importlib
import itertools

import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

import sparcode_mini as sm
import toys
from sparcode_mini.studies.common import train_and_measure as measure
from sparcode_mini.tools.files import load_tensors, save_json, save_tensors
from sparcode_mini.training import run as train
from sparcode_mini.training.recipe import Recipe, sparsity_penalty
from sparcode_mini.training.run import LEAK, sample_items

MODELS = (sm.TwoTower, sm.AllToAll, sm.SparCode)
QUICK = {"epochs": 6, "seed": 2, "batch": 16, "warmup": 2, "lr": 1e-2, "stages": (0.3, 0.5)}


def fitted(cls, split, options=None, **recipe):
    """A new small model after training: (model, log)."""
    model = toys.small(cls, split, **(options or {}))
    return model, sm.fit(model, split, **(QUICK | recipe))


def plain(log):
    """The rows without wall times, which differ from run to run."""
    return [{k: v for k, v in row.items() if k != "seconds"} for row in log.rows]


def stop_after(*epochs):
    def on_epoch(row):
        if row["epoch"] in epochs:
            raise KeyboardInterrupt

    return on_epoch


def run_of(model, split, **recipe):
    return train.Run(model, split, Recipe(**recipe), None)


@pytest.fixture
def scripted(monkeypatch):
    """Let the validation scores be a given sequence."""

    def script(*scores):
        found = itertools.chain(scores, itertools.repeat(scores[-1]))
        monkeypatch.setattr(train, "evaluate", lambda *a, **k: {"ndcg@50": next(found)})

    return script


# --- it learns ----------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", MODELS)
@pytest.mark.parametrize("tokenizer", ["dnn", "gru", "self-attention", "capsules"])
def test_the_loss_falls(toy_split, cls, tokenizer):
    options, recipe = {"tokenizer": tokenizer}, {"batch": 8, "lr": 2e-2, "target_window": 1}
    model, log = fitted(cls, toy_split, options, epochs=10, **recipe)
    loss = log.column("loss")
    assert loss[-1] < loss[0] - 0.1
    if cls is sm.TwoTower:  # an easy world for one dot product
        assert log.column("ndcg@50")[-1] > log.column("ndcg@50")[0] + 0.1
    assert log.seconds == sum(log.column("seconds")) > 0
    assert not model.training


def test_the_best_epoch_is_the_one_that_is_left(toy_split):
    kept = {}
    model = toys.small(sm.SparCode, toy_split)

    def remember(row):
        kept[row["epoch"]] = toys.twin(model)

    log = sm.fit(model, toy_split, **QUICK, on_epoch=remember)
    best = max(log.rows[3:], key=lambda row: row["ndcg@50"])
    assert log.best_epoch == best["epoch"]
    assert log.best_score == best["ndcg@50"]
    assert toys.same_weights(model, kept[best["epoch"]])
    assert sm.evaluate(model, toy_split, on="validation", k=(50,))["ndcg@50"] == log.best_score
    assert (model.stage, model.slope, model.nonnegative) == ("hard", 0.0, True)


def test_log_of_a_quantised_model(toy_split):
    _, log = fitted(sm.SparCode, toy_split, {"M": 2, "N": 5})
    assert log.column("epoch") == list(range(6))
    assert "used" not in log.rows[0]
    for row in log.rows[2:]:
        assert len(row["used"]) == len(row["perplexity"]) == 2
        assert all(1 <= p <= u <= 5 for p, u in zip(row["perplexity"], row["used"], strict=True))


def test_without_a_validation_part_the_last_epoch_is_kept():
    split = toys.toy_ratings().split(test=0.2, validation=0.0)
    kept = []
    model = toys.small(sm.SparCode, split)
    log = sm.fit(model, split, **QUICK, on_epoch=lambda _: kept.append(toys.twin(model)))
    assert log.best_epoch == 5
    assert "ndcg@50" not in log.rows[0]
    assert toys.same_weights(model, kept[-1])


def test_fewer_items_than_places():
    # the validation score is at 50 places; a catalogue of 24 is no error
    split = toys.toy_ratings(n_users=12, n_items=24).split()
    _, log = fitted(sm.SparCode, split, epochs=2, stages=(0.0, 0.0))
    assert log.best_epoch is not None


# --- stages -------------------------------------------------------------------------------------


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


def test_only_hard_epochs_count(toy_split, scripted):
    scripted(0.9, 0.8, 0.7, 0.1, 0.3, 0.2)
    model, log = fitted(sm.SparCode, toy_split)
    assert (log.best_epoch, log.best_score) == (4, 0.3)
    assert model.stage == "hard"


def test_patience(toy_split, scripted, tmp_path):
    scores = (0.9, 0.8, 0.7, 0.1, 0.3, 0.2, 0.2, 0.5)
    more = {"epochs": 12, "stages": (0.1, 0.25), "patience": 2, "checkpoint": tmp_path / "run"}
    scripted(*scores)
    model, log = fitted(sm.SparCode, toy_split, **more)
    # hard from epoch 3; 0.3 at epoch 4 is best, 5 and 6 are not better
    assert len(log.rows) == 7
    assert log.best_epoch == 4
    scripted(0.99)
    again, log = fitted(sm.SparCode, toy_split, **more, resume=True)
    assert len(log.rows) == 7  # it had stopped: nothing is added
    assert toys.same_weights(model, again)


def test_a_plan_without_a_counted_epoch_is_refused(toy_split):
    for epochs, stages in ((1, (0.4, 0.5)), (3, (0.1, 0.7))):
        with pytest.raises(ValueError, match=f"epochs = {epochs}.*stages"):
            fitted(sm.SparCode, toy_split, epochs=epochs, stages=stages)
    fitted(sm.TwoTower, toy_split, epochs=1)
    fitted(sm.SparCode, toy_split, epochs=1, stages=(0.0, 0.0))


# --- repeatable, resumable ----------------------------------------------------------------------


@pytest.mark.parametrize("cls", MODELS)
def test_the_seed_alone_decides(toy_split, cls):
    torch.manual_seed(0)
    a, log = fitted(cls, toy_split)
    torch.manual_seed(1)
    np.random.seed(7)  # noqa: NPY002 -- nobody may listen to it
    b, again = fitted(cls, toy_split)
    assert toys.same_weights(a, b)
    assert plain(log) == plain(again)
    c, _ = fitted(cls, toy_split, seed=3)
    assert not toys.same_weights(a, c)
    d, _ = fitted(cls, toy_split, {"seed": 1})
    assert not toys.same_weights(a, d)


def test_training_leaves_the_global_generators_alone(toy_split):
    model = toys.small(sm.SparCode, toy_split)
    before = torch.get_rng_state(), np.random.get_state()[1].tolist()  # noqa: NPY002
    sm.fit(model, toy_split, **QUICK)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.random.get_state()[1].tolist() == before[1]  # noqa: NPY002


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
    healthy = train.Run._train_step

    def interrupted(self, *batch):
        loss = healthy(self, *batch)
        steps.append(self.epoch)
        if self.epoch == epoch and steps.count(epoch) == step + 1:
            raise KeyboardInterrupt
        return loss

    monkeypatch.setattr(train.Run, "_train_step", interrupted)
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


@pytest.mark.parametrize(("stop", "stage"), [(0, "linear"), (1, "linear"), (2, "soft")])
def test_an_interrupt_before_all_is_on(toy_split, stop, stage):
    model, log = fitted(sm.SparCode, toy_split, on_epoch=stop_after(stop))
    assert log.interrupted
    assert log.best_epoch is None
    for ask in (lambda: model.encode(["u01"]), lambda: sm.SparseIndex.build(model)):
        with pytest.raises(RuntimeError, match=f"'{stage}' stage.*resume=True"):
            ask()


def test_an_interrupt_after_that_keeps_the_best(toy_split, scripted):
    scripted(0.9, 0.9, 0.9, 0.5, 0.4)
    kept = {}
    model = toys.small(sm.SparCode, toy_split)

    def look(row):
        kept[row["epoch"]] = toys.twin(model)
        if row["epoch"] == 4:
            raise KeyboardInterrupt

    log = sm.fit(model, toy_split, **QUICK, on_epoch=look)
    assert (log.interrupted, log.best_epoch) == (True, 3)
    assert toys.same_weights(model, kept[3])
    assert not toys.same_weights(model, kept[4])
    assert len(sm.SparseIndex.build(model)) > 0


def test_resuming_a_finished_run_and_one_that_never_began(toy_split, tmp_path, uninterrupted):
    path = tmp_path / "run"
    expected, _ = uninterrupted[sm.SparCode]
    for _ in range(2):
        model, log = fitted(sm.SparCode, toy_split, checkpoint=path, resume=True)
        assert len(log.rows) == 6
        assert toys.same_weights(model, expected)
    assert model.encode(["u01"]).codes.shape == (1, 2, 1, 1)
    with pytest.raises(ValueError, match="resume=True needs a checkpoint"):
        fitted(sm.SparCode, toy_split, resume=True)


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


@pytest.fixture
def other_features():
    """`toy_split`, but the years of the films stand in another order."""
    tables = toys.toy_ratings()
    turned = tables.items.assign(year=tables.items["year"].to_numpy()[::-1])
    return sm.data.from_frames(tables.interactions, tables.users, turned).split(0.2, 0.2)


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


def test_a_result_of_other_features_is_refused(toy_split, other_features, tmp_path):
    spec = {"class": "Popularity"}
    found = measure.train_and_measure(toy_split, spec, 0, tmp_path, "row")
    assert measure.train_and_measure(toy_split, spec, 0, tmp_path, "row") == found
    with pytest.raises(ValueError, match="another setting: its features is"):
        measure.train_and_measure(other_features, spec, 0, tmp_path, "row")
    del found["features"]  # as early versions stored it
    save_json(tmp_path / "row.json", found)
    assert measure.train_and_measure(other_features, spec, 0, tmp_path, "row") == found


# --- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ({"epochs": 0}, "epochs = 0; train for at least 1"),
        ({"sparsity": -0.1}, "sparsity = -0.1"),
        ({"penalty": "l2"}, "penalty = 'l2'; choose one of"),
        ({"target_window": 0}, "target_window 0"),
        ({"batch": 0}, "batch 0"),
        ({"stages": (0.5, 0.4)}, r"stages = \(0.5, 0.4\)"),
        ({"stages": (0.5, 1.0)}, "stages"),
        ({"stages": (-0.1, 0.5)}, "stages"),
        ({"negatives": -1}, "negatives = -1"),
        ({"max_positions": 0}, "max_positions = 0"),
        ({"patience": 0}, "patience = 0"),
        ({"lr": 0.0}, "lr = 0.0"),
    ],
)
def test_recipes_that_cannot_work(toy_split, recipe, message):
    with pytest.raises(ValueError, match=message):
        Recipe(**recipe)
    with pytest.raises(ValueError, match=message):
        fitted(sm.SparCode, toy_split, **recipe)


def test_an_unknown_recipe_field(toy_split):
    with pytest.raises(TypeError, match="learning_rate"):
        fitted(sm.SparCode, toy_split, learning_rate=1.0)


def test_other_refusals(toy_split):
    with pytest.raises(ValueError, match="a TwoTower has no ReLU scores"):
        fitted(sm.TwoTower, toy_split, sparsity=1.0)
    table = pd.DataFrame({"user": [1, 2], "item": [1, 2], "timestamp": [0, 0]})
    single = sm.data.from_frames(table).split(test=0.0, validation=0.0)
    with pytest.raises(ValueError, match="nothing to predict"):
        sm.fit(toys.small(sm.TwoTower, single), single)
    other = toys.toy_ratings(n_items=50).split()
    with pytest.raises(ValueError, match="catalogue"):
        sm.fit(toys.small(sm.TwoTower, toy_split), other)


@pytest.mark.parametrize("cls", MODELS)
def test_a_loss_that_is_no_number(toy_split, cls):
    model = toys.small(cls, toy_split)
    model.item_bias.data[3] = float("nan")
    with pytest.raises(ValueError, match="the loss became nan in epoch 0; lower lr"):
        sm.fit(model, toy_split, **QUICK)


# --- windows and targets ------------------------------------------------------------------------


@settings(max_examples=40)
@given(
    history_len=st.integers(1, 12),
    target_window=st.integers(1, 6),
    lengths=st.lists(st.integers(1, 40), min_size=1, max_size=4).filter(lambda n: max(n) > 1),
    seed=st.integers(0, 2**32 - 1),
)
def test_windows_never_hold_the_future(history_len, target_window, lengths, seed):
    rows = [(u, 1000 * u + t, t) for u, n in enumerate(lengths) for t in range(n)]
    table = pd.DataFrame(rows, columns=["user", "item", "timestamp"])
    split = sm.data.from_frames(table).split(test=0.3, validation=0.2)
    parts = split.histories("train")
    if max(map(len, parts)) < 2:
        return
    model = sm.TwoTower(split, "dnn", token_dim=2, history_len=history_len)
    run = run_of(model, split, target_window=target_window, seed=seed)
    read = {user: [] for user in range(split.n_users)}
    for user, history, targets in run._windows():
        assert 1 <= len(history) == len(targets) <= history_len
        read[user].append(history)
        place = {item: p for p, item in enumerate(parts[user].tolist())}  # all items differ
        for item, target in zip(history.tolist(), targets.tolist(), strict=True):
            assert 1 <= place[target] - place[item] <= target_window
    for user, part in enumerate(parts):  # every item but the last is read, once, in order
        if len(part) > 1:
            np.testing.assert_array_equal(np.concatenate(read[user]), part[:-1])
        else:
            assert read[user] == []


def test_windows_move_and_targets_vary(toy_split):
    run = run_of(toys.small(sm.TwoTower, toy_split, history_len=4), toy_split, target_window=3)
    first, second = list(run._windows()), list(run._windows())
    assert [w[1].tolist() for w in first] != [w[1].tolist() for w in second]
    ahead = set()
    for user, history, targets in first + second:
        place = {item: p for p, item in enumerate(run.sequences[user].tolist())}
        ahead |= {
            place[t] - place[i] for i, t in zip(history.tolist(), targets.tolist(), strict=True)
        }
    assert ahead == {1, 2, 3}


def test_batches_pad_and_cover_everything(toy_split):
    run = run_of(toys.small(sm.TwoTower, toy_split), toy_split, batch=7)
    batches = run._batches()
    assert sum(int((targets >= 0).sum()) for _, _, targets in batches) == sum(
        len(h) - 1 for h in toy_split.histories("train") if len(h) > 1
    )
    for positions, users, targets in batches:
        assert torch.equal(positions >= 0, targets >= 0)
        assert len(users) == len(positions) <= 7
        for row, user in zip(positions, users.tolist(), strict=True):
            assert set(row[row >= 0].tolist()) <= set(run.sequences[user].tolist())


@pytest.mark.parametrize("tokenizer", ["dnn", "gru", "self-attention", "capsules"])
@pytest.mark.parametrize("user_features", [(), ("age",)])
def test_a_prefix_does_not_see_what_follows(toy_split, tokenizer, user_features):
    model = toys.small(sm.SparCode, toy_split, tokenizer=tokenizer, user_features=user_features)
    model.eval()
    T_c = model.items().detach()
    positions = torch.tensor([[3, 1, 4, 5, 9]])
    changed = torch.tensor([[3, 1, 4, 2, 6]])
    users = torch.tensor([0])
    a, b = (model.prefix_tokens(p, users, T_c) for p in (positions, changed))
    assert torch.equal(a[:, :3], b[:, :3])
    assert not torch.allclose(a[:, 3], b[:, 3])


def test_max_positions(toy_split, monkeypatch):
    sizes = []
    loss = train.Run._loss
    monkeypatch.setattr(
        train.Run, "_loss", lambda self, T, *a: sizes.append(len(T)) or loss(self, T, *a)
    )
    fitted(sm.TwoTower, toy_split, epochs=1)
    whole, sizes[:] = sum(sizes), []
    assert whole == sum(len(h) - 1 for h in toy_split.histories("train") if len(h) > 1)
    fitted(sm.TwoTower, toy_split, epochs=1, max_positions=20)
    assert max(sizes) == 20
    assert sum(sizes) < whole


# --- loss and schedule --------------------------------------------------------------------------


@given(
    wanted=st.lists(st.integers(0, 19), min_size=1, max_size=12),
    negatives=st.integers(1, 30),
    seed=st.integers(0, 2**32 - 1),
)
def test_sampled_items(wanted, negatives, seed):
    wanted = torch.tensor(wanted)
    keep, column, forbidden = sample_items(wanted, 20, negatives, np.random.default_rng(seed))
    drawn = np.random.default_rng(seed).choice(20, size=min(negatives, 20), replace=False)
    assert keep.tolist() == sorted(set(drawn.tolist()) | set(wanted.tolist()))
    assert torch.equal(keep[column], wanted)
    for row, target in enumerate(wanted.tolist()):
        allowed = keep[~forbidden[row]].tolist()
        assert set(allowed) == set(drawn.tolist()) | {target}


@pytest.mark.parametrize("cls", MODELS)
def test_sampling_all_items_is_the_full_softmax(toy_split, cls):
    model = toys.small(cls, toy_split)
    model.item_bias.data = torch.linspace(-1, 1, 60, dtype=torch.float64)
    T = model.tokens(toys.known_users(toy_split))
    T_c, wanted = model.items(), torch.arange(len(T))
    y, own = model.training_scores(T, T_c, model.item_bias)
    expected = F.cross_entropy(model.logit_scale * y, wanted) + own
    for negatives in (0, 60, 1000):
        run = run_of(model, toy_split, negatives=negatives)
        torch.testing.assert_close(run._loss(T, wanted, T_c), expected)
    sampled = run_of(model, toy_split, negatives=5)._loss(T, wanted, T_c)
    assert float(sampled.detach()) < float(expected.detach())


def test_the_penalty_is_the_mean_of_y_per_token(toy_split):
    model = toys.small(sm.SparCode, toy_split)
    T = model.tokens(toys.known_users(toy_split))
    T_c, wanted = model.items(), torch.arange(len(T))
    without = run_of(model, toy_split)._loss(T, wanted, T_c)
    penalised = run_of(model, toy_split, sparsity=3.0)
    penalised.done = 0.9  # long risen to its full weight
    with_it = penalised._loss(T, wanted, T_c)
    y, _ = model.training_scores(T, T_c, model.item_bias)
    assert float(y.detach().mean()) > 0
    torch.testing.assert_close(with_it - without, 3.0 * y.mean() / 2)


def test_penalties_by_hand():
    y = torch.tensor([[2.0, 0.0, -4.0], [6.0, 0.0, 4.0]])  # 2 queries of K_u = 2 tokens, 3 items
    assert float(sparsity_penalty(y, 2, "l1")) == pytest.approx(6 / 6)  # 1 + 3 + 2
    # means over the queries: 2, 0, 1
    assert float(sparsity_penalty(y, 2, "flops")) == pytest.approx((4 + 0 + 1) / 3)
    with pytest.raises(ValueError, match="penalty = 'l0'"):
        sparsity_penalty(y, 2, "l0")


def test_flops_costs_more_where_queries_agree():
    spread, agreed = torch.eye(4), torch.zeros(4, 4)
    agreed[:, 0] = 1.0  # four queries score the same item; before, each one of its own
    costs = {kind: [float(sparsity_penalty(y, 1, kind)) for y in (spread, agreed)]
             for kind in ("l1", "flops")}  # fmt: skip
    assert costs["l1"][0] == costs["l1"][1] and costs["flops"][1] == 4 * costs["flops"][0]


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


def test_the_penalty_starts_with_the_quantiser_and_rises(toy_split):
    run = run_of(toys.small(sm.SparCode, toy_split), toy_split, sparsity=3.0)
    weights = []
    for done in (0.0, 0.4, 0.55, 0.7, 0.9):  # the quantiser starts at 0.4
        run.done = done
        weights.append(run._sparsity())
    assert weights == pytest.approx([0.0, 0.0, 1.5, 3.0, 3.0])


def test_training_with_sampled_items(toy_split):
    model, log = fitted(sm.SparCode, toy_split, negatives=20, lr=2e-2)
    assert np.isfinite(log.column("loss")).all()
    assert log.best_epoch is not None
    again, _ = fitted(sm.SparCode, toy_split, negatives=20, lr=2e-2)
    assert toys.same_weights(model, again)


@pytest.mark.parametrize("penalty", ["l1", "flops"])
def test_the_penalty_makes_lists_shorter(toy_split, penalty):
    entries = []
    for sparsity in (0.0, 1.0, 4.0):
        model, _ = fitted(sm.SparCode, toy_split, batch=8, sparsity=sparsity, penalty=penalty)
        entries.append(sm.SparseIndex.build(model, codes="all").stats()["entries"])
    assert entries[0] > entries[1] > entries[2] > 0, entries
    assert entries[0] > 1.3 * entries[2]


def test_schedule(toy_split):
    run = run_of(toys.small(sm.TwoTower, toy_split), toy_split, warmup=4)
    factors = []
    for step, done in [(0, 0.0), (1, 0.1), (3, 0.1), (4, 0.0), (9, 0.5), (20, 1.0)]:
        run.step, run.done = step, done
        factors.append(run._schedule())
    assert factors == pytest.approx([0.25, 0.5, 1.0, 1.0, 0.525, 0.05])


def test_user_features_are_learnt(toy_split):
    model = toys.small(sm.SparCode, toy_split, user_features=("age",))
    before = model.user_fields[0].weight.detach().clone()
    sm.fit(model, toy_split, **QUICK)
    assert not torch.allclose(model.user_fields[0].weight, before)


def test_fit_asks_for_the_validation_score_at_50(toy_split, monkeypatch):
    calls = []
    evaluate = importlib.import_module("sparcode_mini.evaluation.evaluate").evaluate

    def spy(model, split, **options):
        calls.append(options)
        return evaluate(model, split, **options)

    monkeypatch.setattr(train, "evaluate", spy)
    fitted(sm.TwoTower, toy_split, epochs=2)
    assert calls == [{"on": "validation", "k": (50,)}] * 2


def test_a_model_of_another_split_is_refused_before_it_is_touched(toy_split, tmp_path):
    model = toys.small(sm.TwoTower, toy_split, seed=0)
    model.save(tmp_path / "m.safetensors")
    other = toys.toy_ratings().split(test=0.4, validation=0.2)
    for wrong, split in ((sm.load_model(tmp_path / "m.safetensors"), toy_split), (model, other)):
        before = {name: value.clone() for name, value in wrong.state_dict().items()}
        with pytest.raises(ValueError, match="another split, or from none"):
            sm.fit(wrong, split, epochs=2)
        assert all(torch.equal(v, before[k]) for k, v in wrong.state_dict().items())


def test_more_codewords_than_tokens_are_refused_at_once(toy_split):
    model = toys.small(sm.SparCode, toy_split, N=100_000, seed=0)
    with pytest.raises(ValueError, match="N = 100000, but an epoch of this data has"):
        sm.fit(model, toy_split, epochs=4)


def test_usage_counts_the_codes_of_the_whole_epoch(toy_split, monkeypatch):
    model, seen = toys.small(sm.SparCode, toy_split, seed=0), []
    step = train.Run._train_step

    def watched(self, *batch):
        loss = step(self, *batch)
        seen[-1].append(model.last_codes)
        return loss

    monkeypatch.setattr(train.Run, "_train_step", watched)
    seen.append([])
    log = sm.fit(model, toy_split, epochs=4, batch=8, on_epoch=lambda row: seen.append([]))
    assert "used" not in log.rows[0]
    last = torch.cat([codes.flatten(0, 1) for codes in seen[3]])
    assert log.rows[3]["used"] == model.quantizer.usage(last).used
    assert len(seen[3]) > 1
