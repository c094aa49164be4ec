"""Wishes: what is drawn fulfils them, what logs show, and models by hand."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import sparcode_mini as sm
import toys
from sparcode_mini.data.labels import Labels
from sparcode_mini.studies.wishing import models as wish_models
from sparcode_mini.studies.wishing import queries as wishes
from sparcode_mini.studies.wishing import rarity
from sparcode_mini.studies.wishing import training as wish_training
from sparcode_mini.studies.wishing import vectors as wish_vectors

KINDS = {**vars(wish_models), **vars(wish_vectors), **vars(rarity)}


def labels_of(n_items, seed=0, count=9):
    """Random labels: number 0 is none."""
    holds = np.random.default_rng(seed).random((count, n_items)) < 0.25
    holds[0] = False
    return Labels(("", *(f"label {i}" for i in range(1, count))), holds)


@given(seed=st.integers(0, 2**32 - 1))
def test_items_fulfil_the_wishes_drawn_for_them(seed):
    rng, labels = np.random.default_rng(seed), labels_of(40, seed % 7)
    items, others = rng.integers(40, size=50), rng.integers(40, size=(50, 2))
    drawn = wishes.draw_wishes(labels, items, others, rng)
    fits = wishes.fulfilled(labels, drawn)[np.arange(50), items]
    assert fits[drawn.wanted[:, 0] > 0].all()
    both = drawn.wanted[:, 1] > 0
    assert (drawn.wanted[both, 0] != drawn.wanted[both, 1]).all()
    assert not (drawn.unwanted[:, None] == np.where(drawn.wanted > 0, drawn.wanted, -1)).any()


def test_answers_fulfil_and_are_all_of_them(toy_split):
    labels = labels_of(toy_split.n_items)
    queries = wishes.draw_queries(toy_split, labels, "test", seed=1)
    tests = toy_split.histories("test")
    for user, wanted, unwanted, answers in zip(
        queries.users, *queries.wishes, queries.answers, strict=True
    ):
        right = [
            film
            for film in tests[user]
            if labels.holds[wanted[wanted > 0], film].any()
            and not (unwanted and labels.holds[unwanted, film])
        ]
        assert sorted(answers) == sorted(right) and len(right)


def test_logs_show_hidden_labels(toy_split):
    labels = labels_of(toy_split.n_items)
    known = wishes.hide(labels, 1 / 3, seed=0)
    assert known.holds.sum() < 0.8 * labels.holds.sum() and not (known.holds & ~labels.holds).any()
    rng = np.random.default_rng(0)
    logs = [wishes.draw_log(toy_split, labels, rng) for _ in range(40)]
    full = wishes.complete(known, logs, least=1)
    assert not (full.holds & ~labels.holds).any()  # nobody took what does not fulfil the wish
    assert known.holds.sum() < full.holds.sum() <= labels.holds.sum()
    noisy = [wishes.draw_log(toy_split, labels, rng, noise=0.5) for _ in range(40)]
    assert (wishes.complete(known, noisy, least=1).holds & ~labels.holds).any()


def test_clicks_are_believed_as_far_as_they_are_more_than_chance():
    labels = Labels(("", "a", "b"), np.zeros((3, 3), dtype=bool))
    labels.holds[2, 2] = True
    wanted = np.array([[1, 0]] * 6 + [[2, 0]] * 2 + [[1, 2]])
    log = wishes.Log(wishes.Wishes(wanted, np.zeros(9, int)), np.array([0] * 4 + [1] * 4 + [2]))
    n = np.array([[0, 0, 0], [4, 2, 0], [0, 2, 0]])  # the wish of two labels is not counted
    np.testing.assert_array_equal(wishes.clicks_of(labels, [log]), n)
    e = n.sum(1)[:, None] * n.sum(0) / 8
    expected = np.divide(n, n + 2 * e, out=np.zeros((3, 3)), where=n > 0)
    expected[2, 2] = 1  # known
    np.testing.assert_allclose(wishes.sureness(labels, [log], doubt=2.0), expected)


def start(width=4, n_items=30):
    rng = np.random.default_rng(0)
    return rng.normal(size=(8, width)), rng.normal(size=(n_items, width + 1))


def test_models_by_hand():
    labels, (turn, items) = labels_of(30), start()
    h = torch.randn(2, 8, generator=torch.Generator().manual_seed(0))
    wanted, unwanted = torch.tensor([[3, 0], [2, 5]]), torch.tensor([4, 0])
    holds = torch.from_numpy(labels.holds).float()
    base = (h @ torch.from_numpy(turn).float()) @ torch.from_numpy(items[:, :-1]).float().T
    base = base + torch.from_numpy(items[:, -1]).float()
    expected = torch.stack(
        [base[0] + 7 * holds[3] - 7 * holds[4], base[1] + 7 * torch.maximum(holds[2], holds[5])]
    )
    for kind in (wish_models.Constants, wish_models.Entries, wish_models.Counted):
        model = kind(wish_models.Start(turn, items, labels), constant=7.0)
        torch.testing.assert_close(model(h, wanted, unwanted).detach(), expected)
    sure = np.random.default_rng(1).random(labels.holds.shape)
    model = wish_models.Counted(wish_models.Start(turn, items, labels, sure), constant=7.0)
    believed = torch.from_numpy(sure).float() * holds
    second = base[1] + 7 * torch.maximum(believed[2], believed[5])
    torch.testing.assert_close(model(h, wanted, unwanted)[1].detach(), second)
    single = wish_vectors.BestMatch(wish_models.Start(turn, items, labels), vectors=1)
    q = h @ single.turn
    each = [q[1] + single.wanted[2], q[1] + single.wanted[5]]
    best = torch.stack([single.items @ one for one in each]).amax(dim=0) + single.bias
    torch.testing.assert_close(single(h, wanted, unwanted)[1], best)


def test_bytes_of_models():
    labels, (turn, items) = labels_of(30), start()
    pairs, begin = int(labels.holds.sum()), wish_models.Start(turn, items, labels)
    vectors, constants = 30 * 5 + 4 * 5, 2 * pairs + 2 * 9 + 2 * 4  # numbers and scales
    assert wish_vectors.OneVector(begin).nbytes() == vectors
    assert wish_vectors.BestMatch(begin, vectors=3).nbytes() == vectors + 2 * 30 * 4 + 4 * 4
    assert wish_models.Constants(begin).nbytes() == vectors + constants
    assert wish_models.Entries(begin).nbytes() == vectors + constants + pairs + 2 * 4
    assert wish_models.Counted(begin).nbytes() == vectors + constants + pairs
    room = 3 * wish_models.SPARE
    assert wish_models.Entries(begin, extra=0.1).nbytes() == vectors + constants + pairs + 8 + room


@pytest.mark.parametrize("name", ["OneVector", "BestMatch", "Constants", "Entries"])
def test_what_is_stored_has_eight_bits(name, monkeypatch):
    monkeypatch.setattr(wish_models, "SPARE", 4)
    labels, (turn, items) = labels_of(30), start()
    options = {"BestMatch": {"vectors": 2}, "Entries": {"extra": 0.1}}.get(name, {})
    model = KINDS[name](wish_models.Start(turn, items, labels), **options)
    rng = torch.Generator().manual_seed(0)
    for parameter in model.stored:
        values = model.get_parameter(parameter)
        values.data = values.data + torch.rand(values.shape, generator=rng)
    before = {key: model.get_parameter(key).clone() for key in model.stored}
    model.round_off()
    for key, values in before.items():
        rounded = model.get_parameter(key)
        if key != "new":
            assert not torch.equal(rounded, values)
            assert (rounded - values).abs().max() <= values.abs().max() / 127
        columns = rounded.flatten(0, -2) if key in wish_models.VECTORS else rounded.reshape(-1, 1)
        assert all(len(column.unique()) <= 255 for column in columns.T)
    if name == "Entries":
        assert ((model.new > 0) & (model.holds == 0)).sum() == 4
        free = before["new"] * (1 - model.holds)
        assert torch.equal(model.new > 0, free >= free.flatten().topk(4).values.min())


@pytest.mark.parametrize(
    "kind", ["OneVector", "BestMatch", "Constants", "IDF", "Entries", "AllLists"]
)
def test_every_model_learns(toy_split, kind):
    lists = kind == "AllLists"
    model = toys.small(sm.SparCode if lists else sm.TwoTower, toy_split)
    sm.fit(model, toy_split, epochs=4)
    make = wish_training.FrozenLists if lists else wish_training.FrozenVectors
    frozen, labels = make(model, toy_split), labels_of(toy_split.n_items)
    queries = wishes.draw_queries(toy_split, labels, "validation", seed=1)
    model = KINDS[kind](frozen.start(4, labels))

    def people():
        values = wish_training.measured(model, frozen, queries)
        assert (values["r-precision"] <= 1).all()
        return wishes.of_people(values["ndcg@10"], queries).mean()

    before = people()
    steps = wish_training.Steps(3e-2, epochs=8)
    scores = wish_training.fit_wishes(model, frozen, labels, queries, steps, seed=0)
    assert people() == max(scores) > 1.1 * before


def test_all_lists_say_what_the_index_says(toy_split):
    model = toys.small(sm.SparCode, toy_split)
    sm.fit(model, toy_split, epochs=4)
    frozen = wish_training.FrozenLists(model, toy_split, probes=2)
    lists = wish_models.AllLists(frozen.start(frozen.widest, labels_of(toy_split.n_items)))
    users = np.flatnonzero([len(h) > 0 for h in toy_split.histories("train")])
    scores = model.scores(toy_split.user_ids[users], probes=2).float() * frozen.scale
    found = lists.history(frozen.people["test"][torch.from_numpy(users)])
    torch.testing.assert_close(found, scores, rtol=1e-4, atol=1e-5)
    short = wish_models.AllLists(frozen.start(3, labels_of(toy_split.n_items)))
    assert (short.kept.sum(dim=0) <= 3).all() and short.nbytes() < lists.nbytes()


def test_numbers_read_by_hand():
    holds = np.array([[0, 0, 0, 0], [1, 1, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0]], dtype=bool)
    labels = Labels(("", "a", "b", "c"), holds)
    first = wish_models.Start(np.eye(3), np.ones((4, 4)), labels)  # 4 items, D = 3
    h = torch.ones(2, 3)
    wanted, unwanted = torch.tensor([[1, 2], [1, 0]]), torch.tensor([3, 0])

    def read(model):
        return model.reads(h, wanted, unwanted).tolist()

    assert read(wish_vectors.OneVector(first)) == [16, 16]
    assert read(wish_vectors.BestMatch(first, vectors=2)) == [16 * 2 * 2, 16 * 2]
    assert read(wish_models.Constants(first)) == [16 + 2 + 1 + 1, 16 + 2]
    assert read(rarity.IDF(first)) == [16 + 4, 16 + 2]
    # A filter reads films 0 and 2, then 0 and 1: two of four.
    assert read(wish_models.Constants(first, constant=wish_models.FILTER)) == [8 + 4, 8 + 2]
    lists = wish_models.Start(
        np.eye(2), np.array([[1, 0, 0], [1, 1, 0], [0, 0, 0], [1, 0, 0.0]]), labels
    )
    made = wish_models.AllLists(lists)
    assert made.reads(torch.tensor([[1.0, 2.0]]), wanted[:1], unwanted[:1]).tolist() == [3 + 1 + 4]


def test_every_vector_of_an_item_keeps_the_history(toy_split):
    model = toys.small(sm.TwoTower, toy_split)
    sm.fit(model, toy_split, epochs=4)
    frozen, labels = wish_training.FrozenVectors(model, toy_split), labels_of(toy_split.n_items)
    several = wish_vectors.BestMatch(frozen.start(4, labels), vectors=3, teach=1e-3)
    h = frozen.prefixes[:40]
    whole = several.history(h).detach()
    wish_training.teach(several, frozen, seed=0)
    last = several.histories(h)[-1].detach()
    spread = (whole - whole.mean()).square().mean()
    assert float((last - whole).square().mean()) < 0.05 * float(spread)


def test_means_by_kind_of_the_first_label():
    names = ("", "Comedy", "1980s", "star", "code 1.3")
    assert [wishes.kind_of(name) for name in names[1:]] == ["genre", "decade", "word", "code"]
    labels = Labels(names, np.zeros((5, 3), dtype=bool))
    wanted = np.array([[1, 0], [3, 1], [1, 3]])
    asked = wishes.Queries("test", np.array([4, 4, 7]), wishes.Wishes(wanted, np.zeros(3, int)), [])
    values = np.array([0.2, 0.4, 0.6])
    found = wishes.by_kind(values, asked, labels)
    assert found == {"genre": {"wishes": 2, "mean": pytest.approx(0.4)},
                     "word": {"wishes": 1, "mean": 0.4}}  # fmt: skip
    assert wishes.of_people(values, asked) == pytest.approx([0.3, 0.6])


def test_no_label_is_a_stop_word():
    labels = wishes.labels_of_films(sm.data.movielens_100k())
    assert not set(labels.names) & wishes.STOP_WORDS
    assert {"star", "love", "Comedy", "1980s"} <= set(labels.names) and labels.names[0] == ""
    assert not labels.holds[0].any() and (labels.holds[1:].sum(axis=1) >= wishes.LEAST).all()
