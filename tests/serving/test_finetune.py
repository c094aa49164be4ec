"""Fine-tuning moves values and nothing else, by the right loss."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import sparcode_mini as sm
import toys
from sparcode_mini.serving import finetune as module
from sparcode_mini.serving.finetune import finetune, keep_best, train_values, training_prefixes


@pytest.fixture(scope="module")
def short(trained):
    return sm.SparseIndex.build(trained, codes="all").cut(best=6)


def test_only_values_move(short, trained, toy_split):
    before, weights = short.values.copy(), toys.twin(trained)
    tuned, log = finetune(short, trained, toy_split, epochs=3, probes=2, lr=0.05)
    assert len(log) == 4 and np.array_equal(short.values, before)
    assert toys.same_weights(trained, weights)
    pairs = set(zip(short.lists.rows().tolist(), short.items.tolist(), strict=True))
    assert set(zip(tuned.lists.rows().tolist(), tuned.items.tolist(), strict=True)) <= pairs
    assert (tuned.values > 0).all() and tuned.values.dtype == short.values.dtype


def test_the_best_epoch_is_kept_and_the_start_may_be_it():
    start = torch.zeros(1)
    passes = [torch.full((1,), float(n)) for n in (1, 2, 3)]

    def kept(scores):
        said = iter(scores)
        return keep_best(start, iter(passes), lambda _: next(said), 3)

    assert kept([0.1, 0.3, 0.2, 0.3]) == (passes[0], [0.1, 0.3, 0.2, 0.3])
    assert kept([0.4, 0.3, 0.2, 0.4])[0] is start  # nothing was better than what there was


def test_the_same_seed_gives_the_same_values(short, trained, toy_split):
    prefixes = training_prefixes(trained, toy_split)

    def logits(values, chosen):
        return values[chosen % 3]

    start = torch.zeros((3, 60), dtype=torch.float64)
    runs = [
        next(train_values(start, logits, prefixes, lr=0.1, batch=50, seed=seed))
        for seed in (4, 4, 5)
    ]
    assert torch.equal(runs[0], runs[1]) and not torch.equal(runs[0], runs[2])
    assert not start.any()


def test_prefixes_are_the_tokens_and_answers_of_every_history(trained, toy_split):
    prefixes = training_prefixes(trained, toy_split, target_window=2)
    row = 0
    for user, history in enumerate(toy_split.histories("train")):
        for t in range(len(history) - 1):
            if t < trained.history_len:  # the first window holds the whole prefix
                T = trained.history_tokens([history[: t + 1]], np.array([user]))
                torch.testing.assert_close(prefixes.tokens[row], T[0])
            last = len(history) - 1
            wanted = [history[t + 1], history[min(t + 2, last)]]
            assert prefixes.next_items[row].tolist() == wanted
            assert prefixes.seen[row].tolist() == history[: t + 1].tolist()
            row += 1
    assert row == len(prefixes.tokens) == len(prefixes.next_items) > 100


def test_a_step_follows_the_gradient_of_the_loss_over_unseen_items(
    short, trained, toy_split, monkeypatch
):
    monkeypatch.setattr(torch.optim, "Adam", torch.optim.SGD)
    steps = []
    monkeypatch.setattr(module, "keep_best", lambda start, passes, *_: steps.append(next(passes)))
    with pytest.raises(TypeError):  # our keep_best returns nothing
        finetune(short, trained, toy_split, probes=2, lr=1.0, batch=10**6, target_window=1)
    prefixes = training_prefixes(trained, toy_split, target_window=1)
    keys, weights = short.as_arrays(trained.token_codes(prefixes.tokens, 2))
    rows, scale = short.rows_of(keys), float(trained.logit_scale.detach())
    values = torch.from_numpy(short.values.copy()).requires_grad_()
    A = torch.zeros((len(short), 60), dtype=torch.float64)
    where = torch.from_numpy(short.lists.rows()), torch.from_numpy(short.items).long()
    A, loss = A.index_put(where, values), 0.0
    for n in range(len(rows)):
        y = scale * (torch.from_numpy(weights[n])[:, None] * A[rows[n]]).sum(0)
        hidden = torch.zeros(60, dtype=torch.bool)
        hidden[torch.from_numpy(prefixes.seen[n])] = True
        hidden[prefixes.next_items[n, 0]] = False
        loss = loss + F.cross_entropy(
            y.masked_fill(hidden, -torch.inf)[None], prefixes.next_items[n]
        )
    (loss / len(rows)).backward()
    expected = (short.values - values.grad.numpy()).clip(min=0)
    np.testing.assert_allclose(steps[0].numpy(), expected, rtol=1e-8)


def test_codes_without_a_list_add_nothing(trained, toy_split):
    codes = trained.encode(toys.known_users(toy_split)).codes.flatten(0, 2)[:1]
    one = sm.SparseIndex.build(trained, codes=codes)
    with pytest.raises(KeyError, match="has no list"):  # validation asks as serving does
        finetune(one, trained, toy_split, epochs=1)


def test_it_refuses(short, trained, toy_split, monkeypatch):
    with pytest.raises(ValueError, match="train the float index, then quantise it"):
        finetune(short.quantised("int8"), trained, toy_split)
    for name, wrong in (("epochs", -1), ("batch", 0), ("seed", -1)):
        with pytest.raises(ValueError, match=f"{name} = {wrong}; give a whole number"):
            finetune(short, trained, toy_split, **{name: wrong})
    with pytest.raises(ValueError, match="the index of another model, or of this one before"):
        finetune(short, toys.small(sm.SparCode, toy_split, seed=9), toy_split)
    monkeypatch.setattr(module, "MOST_PAIRS", 10)
    with pytest.raises(ValueError, match=r"build with codes='seen'"):
        finetune(short, trained, toy_split)
    lonely = sm.data.from_frames(toy_split_of_one()).split(test=0.0, validation=0.0)
    with pytest.raises(ValueError, match="nothing to learn from"):
        training_prefixes(trained, lonely)


def toy_split_of_one():
    import pandas as pd

    return pd.DataFrame({"user": ["a", "b"], "item": [1, 2], "timestamp": [1, 2]})
