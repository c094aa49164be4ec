"""Training is repeatable, keeps its best epoch and can be interrupted."""

import itertools

import numpy as np
import pandas as pd
import pytest
import torch

import sparcode_mini as sm
import toys
from sparcode_mini.training import batches
from sparcode_mini.training.run import Run
from toys import QUICK, fitted, plain, stop_after

MODELS = (sm.TwoTower, sm.AllToAll, sm.SparCode)


@pytest.fixture
def scripted(monkeypatch):
    """Let the validation scores be a given sequence."""

    def script(*scores):
        found = itertools.chain(scores, itertools.repeat(scores[-1]))
        monkeypatch.setattr(batches, "evaluate", lambda *a, **k: {"ndcg@50": next(found)})

    return script


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


def test_only_hard_epochs_count(toy_split, scripted):
    scripted(0.9, 0.8, 0.7, 0.1, 0.3, 0.2)
    model, log = fitted(sm.SparCode, toy_split)
    assert (log.best_epoch, log.best_score) == (4, 0.3)
    assert model.stage == "hard"


def test_a_plan_without_a_counted_epoch_is_refused(toy_split):
    for epochs, stages in ((1, (0.4, 0.5)), (3, (0.1, 0.7))):
        with pytest.raises(ValueError, match=f"epochs = {epochs}.*stages"):
            fitted(sm.SparCode, toy_split, epochs=epochs, stages=stages)
    fitted(sm.TwoTower, toy_split, epochs=1)
    fitted(sm.SparCode, toy_split, epochs=1, stages=(0.0, 0.0))


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


@pytest.mark.parametrize(
    ("option", "hint"), [("learning_rate", "there are epochs"), ("epoch", "did you mean 'epochs'")]
)
def test_an_unknown_recipe_field(toy_split, option, hint):
    with pytest.raises(TypeError, match=f"a training has no option '{option}'; {hint}"):
        fitted(sm.SparCode, toy_split, **{option: 1})


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


def test_training_with_sampled_items(toy_split):
    model, log = fitted(sm.SparCode, toy_split, negatives=20, lr=2e-2)
    assert np.isfinite(log.column("loss")).all()
    assert log.best_epoch is not None
    again, _ = fitted(sm.SparCode, toy_split, negatives=20, lr=2e-2)
    assert toys.same_weights(model, again)


@pytest.mark.parametrize("penalty", ["l1", "items", "flops"])
def test_the_penalty_makes_lists_shorter(toy_split, penalty):
    entries = []
    for sparsity in (0.0, 1.0, 4.0):
        model, _ = fitted(sm.SparCode, toy_split, batch=8, sparsity=sparsity, penalty=penalty)
        entries.append(sm.SparseIndex.build(model, codes="all").stats()["entries"])
    assert entries[0] > entries[1] > entries[2] > 0, entries
    assert entries[0] > 1.3 * entries[2]


def test_lists_have_a_price_only_where_there_are_lists(toy_split):
    model = toys.small(sm.SparCode, toy_split)
    log = sm.fit(model, toy_split, epochs=8, sparsity=1.0, penalty="flops", batch=2)
    # The quantiser starts after a share of 0.4, which lies within an epoch.
    assert log.column("stage").count("linear") == 4 and np.isfinite(log.column("loss")).all()


def test_user_features_are_learnt(toy_split):
    model = toys.small(sm.SparCode, toy_split, user_features=("age",))
    before = model.user_fields[0].weight.detach().clone()
    sm.fit(model, toy_split, **QUICK)
    assert not torch.allclose(model.user_fields[0].weight, before)


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


def test_what_could_not_be_saved_is_not_trained(toy_split, tmp_path, monkeypatch):
    """Titles with half a letter, or of more than 100 MB."""
    model = toys.small(sm.TwoTower, toy_split)
    titles = model.catalogue.titles.copy()
    titles[7] = "\ud83d"
    monkeypatch.setattr(Run, "train_epoch", None)  # would fail if called
    model.catalogue = model.catalogue._replace(titles=titles)
    with pytest.raises(ValueError, match="surrogates not allowed"):
        sm.fit(model, toy_split, checkpoint=tmp_path / "run")
    titles[7] = "x" * 4000
    monkeypatch.setattr("sparcode_mini.tools.header.LONGEST", 4000)
    with pytest.raises(ValueError, match="4,000 are possible"):
        sm.fit(model, toy_split, checkpoint=tmp_path / "run")
    assert not list(tmp_path.iterdir())


def test_a_state_with_nan_does_not_replace_a_sound_one(toy_split, tmp_path):
    def spoil(row):
        sound.append((tmp_path / "run").read_bytes())
        if row["epoch"] == 1:
            model.item_bias.data.fill_(float("nan"))

    sound, model = [], toys.small(sm.TwoTower, toy_split)
    healthy = Run.train_epoch
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Run, "train_epoch", lambda self: (spoil(row := healthy(self)), row)[1])
        with pytest.raises(ValueError, match=r"after 2 epochs its .*not finite; train anew"):
            sm.fit(model, toy_split, checkpoint=tmp_path / "run", **toys.QUICK)
    assert (tmp_path / "run").read_bytes() == sound[-1]


@pytest.mark.parametrize("resume", [False, True])
def test_a_file_that_is_no_state_is_named_as_what_it_is(toy_split, tmp_path, resume):
    model = toys.small(sm.TwoTower, toy_split)
    model.save(tmp_path / "m")
    (tmp_path / "t").write_text("1,2")
    for name, words in (("m", "a model, not the state"), ("t", "a text file, not the")):
        with pytest.raises(ValueError if resume else FileExistsError, match=words):
            sm.fit(model, toy_split, checkpoint=tmp_path / name, resume=resume)
    assert (tmp_path / "t").read_text() == "1,2"
