"""Examples never hold the future; every training item is read once."""

import importlib

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import sparcode_mini as sm
import toys
from sparcode_mini.training import batches
from toys import fitted, run_of


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
    for user, start, history, targets in run.examples.windows(run.rng):
        assert parts[user][start] == history[0]
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
    first, second = list(run.examples.windows(run.rng)), list(run.examples.windows(run.rng))
    assert [w[2].tolist() for w in first] != [w[2].tolist() for w in second]
    ahead = set()
    for user, _, history, targets in first + second:
        place = {item: p for p, item in enumerate(run.examples.sequences[user].tolist())}
        ahead |= {
            place[t] - place[i] for i, t in zip(history.tolist(), targets.tolist(), strict=True)
        }
    assert ahead == {1, 2, 3}


def test_batches_pad_and_cover_everything(toy_split):
    run = run_of(toys.small(sm.TwoTower, toy_split), toy_split, batch=7)
    batches = run.examples.batches(run.rng)
    assert sum(int((targets >= 0).sum()) for *_, targets in batches) == sum(
        len(h) - 1 for h in toy_split.histories("train") if len(h) > 1
    )
    for positions, users, _, targets in batches:
        assert torch.equal(positions >= 0, targets >= 0)
        assert len(users) == len(positions) <= 7
        for row, user in zip(positions, users.tolist(), strict=True):
            assert set(row[row >= 0].tolist()) <= set(run.examples.sequences[user].tolist())


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


def test_fit_asks_for_the_validation_score_at_50(toy_split, monkeypatch):
    calls = []
    evaluate = importlib.import_module("sparcode_mini.evaluation.evaluate").evaluate

    def spy(model, split, **options):
        calls.append(options)
        return evaluate(model, split, **options)

    monkeypatch.setattr(batches, "evaluate", spy)
    fitted(sm.TwoTower, toy_split, epochs=2)
    assert calls == [{"on": "validation", "k": (50,)}] * 2
