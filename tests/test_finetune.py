"""Fine-tuning moves values and nothing else, by the right loss."""

import itertools

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import sparcode_mini as sm
import toys
from sparcode_mini import finetune as module
from sparcode_mini.finetune import finetune, training_reads


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


def test_the_best_epoch_by_validation_is_kept(short, trained, toy_split, monkeypatch):
    scores = iter([0.1, 0.3, 0.2, 0.3])
    monkeypatch.setattr(module, "_validated", lambda *_: next(scores))
    tuned, log = finetune(short, trained, toy_split, epochs=3, lr=0.05)
    assert log == [0.1, 0.3, 0.2, 0.3] and not np.array_equal(tuned.values, short.values)
    monkeypatch.setattr(module, "_validated", lambda index, *_: float(index is short))
    same, _ = finetune(short, trained, toy_split, epochs=2, lr=0.05)
    assert same is short  # no epoch was better than none


def test_the_same_seed_gives_the_same_values(short, trained, toy_split, monkeypatch):
    count = itertools.count()
    monkeypatch.setattr(module, "_validated", lambda *_: float(next(count)))  # keep the last epoch
    runs = [finetune(short, trained, toy_split, epochs=2, lr=0.05, seed=s)[0] for s in (4, 4, 5)]
    assert np.array_equal(runs[0].values, runs[1].values)
    assert not np.array_equal(runs[0].values, runs[2].values)


def test_reads_are_the_codes_and_targets_of_every_prefix(short, trained, toy_split):
    reads = training_reads(trained, short, toy_split, probes=1, target_window=2)
    histories = toy_split.histories("train")
    row = 0
    for user, history in enumerate(histories):
        for t in range(len(history) - 1):
            if t < trained.history_len:  # the first window holds the whole prefix
                T = trained.history_tokens([history[: t + 1]], np.array([user]))
                keys, _ = short.as_arrays(trained.token_codes(T))
                assert reads.rows[row].tolist() == short.rows_of(keys)[0].tolist()
            last = len(history) - 1
            wanted = [history[t + 1], history[min(t + 2, last)]]
            assert reads.coming[row].tolist() == wanted
            assert reads.seen[row].tolist() == history[: t + 1].tolist()
            row += 1
    assert row == len(reads.rows) > 100


def test_one_step_follows_the_gradient_of_the_loss(short, trained, toy_split, monkeypatch):
    reads = training_reads(trained, short, toy_split, probes=2, target_window=1)
    values = torch.from_numpy(short.values.copy()).requires_grad_()
    module._epoch(
        short, values, reads, torch.optim.SGD([values], lr=1.0), 2.0, 10**6,
        np.random.default_rng(0),
    )  # fmt: skip
    again = torch.from_numpy(short.values.copy()).requires_grad_()
    A = torch.zeros((len(short), short.n_items), dtype=torch.float64)
    A = A.index_put(
        (torch.from_numpy(short.lists.rows()), torch.from_numpy(short.items).long()), again
    )
    loss = 0.0
    for n in range(len(reads.rows)):
        y = 2.0 * (reads.weights[n][:, None] * A[reads.rows[n]]).sum(0)
        hidden = torch.zeros(short.n_items, dtype=torch.bool)
        hidden[torch.from_numpy(reads.seen[n])] = True
        hidden[reads.coming[n, 0]] = False
        y = y.masked_fill(hidden, -torch.inf)
        loss = loss + F.cross_entropy(y[None], reads.coming[n]) / len(reads.rows)
    loss.backward()
    expected = (short.values - again.grad.numpy()).clip(min=0)
    np.testing.assert_allclose(values.detach().numpy(), expected, rtol=1e-8)


def test_codes_without_a_list_add_nothing(trained, toy_split):
    codes = trained.encode(toys.known_users(toy_split)).codes.flatten(0, 2)[:1]
    one = sm.SparseIndex.build(trained, codes=codes)
    reads = training_reads(trained, one, toy_split, probes=1, target_window=1)
    assert (reads.rows == -1).any() and (reads.rows == 0).any()


def test_it_refuses(short, trained, toy_split, monkeypatch):
    with pytest.raises(ValueError, match="train the float index, then quantise it"):
        finetune(short.quantised("int8"), trained, toy_split)
    monkeypatch.setattr(module, "MOST_PAIRS", 10)
    with pytest.raises(ValueError, match=r"build with codes='seen'"):
        finetune(short, trained, toy_split)
    lonely = sm.data.from_frames(toy_split_of_one()).split(test=0.0, validation=0.0)
    with pytest.raises(ValueError, match="nothing to learn from"):
        training_reads(trained, short, lonely, 1, 1)


def toy_split_of_one():
    import pandas as pd

    return pd.DataFrame({"user": ["a", "b"], "item": [1, 2], "timestamp": [1, 2]})
