"""What the capstone says in words, measured by the library without the parts of the capstone."""

import numpy as np
import pytest
import torch

import sparcode_mini as sm
from sparcode_mini import results
from sparcode_mini.evaluation.evaluate import HISTORY, audience
from sparcode_mini.evaluation.metrics import ndcg_of_each
from sparcode_mini.evaluation.paired import compare
from sparcode_mini.lessons.capstone import parts
from sparcode_mini.lessons.capstone.check import entries
from sparcode_mini.model.kmeans import lloyd_step, squared_distances

CARDS = results.load("models")["cards"]
SHARES = (200, 150, 100)


class Measured:
    """The dense SparCode, asked in the ways of the capstone."""

    def __init__(self, split) -> None:
        path = results.CHECKPOINTS / "sparcode.safetensors"
        self.split, self.model = split, sm.load_model(path, split, torch.float64)
        self.index = sm.SparseIndex.build(self.model, codes="all")
        self.whole = {on: self.each(self.index, on) for on in HISTORY}

    def answers(self, index, on, mask=True, codes=None):
        users, seen, right = audience(self.split, on)
        ids = self.split.user_ids[users]
        codes = self.model.encode(ids, HISTORY[on]) if codes is None else codes
        ranked = index.search(codes, 50, seen if mask else None, engine="plain")[0]
        return ids, ranked, seen, right

    def each(self, *how, **options):
        _, ranked, _, right = self.answers(*how, **options)
        return ndcg_of_each(ranked, right, 50)

    def lost(self, best, on):
        return 100 * (self.whole[on] - self.each(self.index.cut(best=best), on)).mean()

    def of_codebook(self, C):
        """NDCG@50 on the test with other codewords."""
        model, users = self.model, audience(self.split, "test")[0]
        with torch.no_grad():
            S = model.scorer(C, model.items(), model.item_bias)
            T = model.tokens(self.split.user_ids[users], HISTORY["test"])
        A = (S + model.bias).relu().numpy()
        index = sm.SparseIndex.from_scores(np.arange(len(C))[:, None], A, self.split.n_items)
        codes = squared_distances(T.flatten(0, 1), C).argmin(1).reshape(*T.shape[:2], 1)
        return self.each(index, "test", codes=codes.numpy())


@pytest.fixture(scope="module")
def measured(movielens_split):
    return Measured(movielens_split)


def test_the_given_arrays_give_the_librarys_films(measured) -> None:
    given = parts.take_apart(measured.model)
    A = np.maximum(parts.score(given.C, *given.scorer).numpy() + given.b, 0)
    index, people = parts.make_lists(A, None), given.people["test"]
    codes, ones = parts.quantise(people.T, given.C).numpy(), np.ones(people.T.shape[1])
    found = [
        parts.search(index, code, ones, seen, given.n_items, 50)
        for code, seen in zip(codes, people.seen, strict=True)
    ]
    np.testing.assert_array_equal(np.stack(found), measured.answers(measured.index, "test")[1])
    assert len(found) == 943


def test_nobody_rates_a_film_twice(measured) -> None:
    _, _, seen, right = measured.answers(measured.index, "test")
    assert not any(np.isin(r, s).any() for r, s in zip(right, seen, strict=True))


def test_the_whole_and_what_stands_beside_it(measured) -> None:
    stored = CARDS["sparcode"]["ndcg@50"]
    assert measured.whole["test"].mean() == pytest.approx(stored, abs=1e-6)
    popular = sm.evaluate(sm.Popularity(measured.split), measured.split, k=50)["ndcg@50"]
    assert stored / popular == pytest.approx(2, abs=0.05)
    assert 100 * (CARDS["two-tower"]["ndcg@50"] - stored) == pytest.approx(3, abs=0.2)


def test_without_the_mask_eleven_points_are_lost(measured) -> None:
    _, ranked, seen, right = measured.answers(measured.index, "test", mask=False)
    lost = 100 * (measured.whole["test"].mean() - ndcg_of_each(ranked, right, 50).mean())
    assert lost == pytest.approx(11, abs=0.3)
    old = [np.isin(row, films).sum() for row, films in zip(ranked, seen, strict=True)]
    assert np.mean(old) == pytest.approx(19, abs=0.5)


def test_a_codebook_nearer_to_the_tokens_finds_less(measured) -> None:
    model, split = measured.model, measured.split
    with torch.no_grad():
        x, of_test = (
            model.tokens(split.user_ids[audience(split, on)[0]], HISTORY[on]).flatten(0, 1)
            for on in ("validation", "test")
        )
    trained = model.quantizer.codebooks[0].detach()
    own = []
    for seed in range(3):
        C = x[np.random.default_rng(seed).choice(len(x), 128, replace=False)]
        for _ in range(5):
            C = lloyd_step(x, C)
        near, given = (squared_distances(x, c).amin(1).mean() for c in (C, trained))
        assert near < 0.9 * given  # much lower on the tokens that it was fitted to ...
        near, given = (squared_distances(of_test, c).amin(1).mean() for c in (C, trained))
        assert 0.95 * given < near < given  # ... and a little lower on others
        own.append(measured.of_codebook(C))
    against = compare(np.stack(own), measured.whole["test"])
    assert 100 * against["difference"] == pytest.approx(-0.8, abs=0.1) and against["high"] < 0


def test_exercise_7_has_one_right_answer(measured) -> None:
    lost = {n: measured.lost(n, "validation") for n in SHARES}
    assert lost[200] < lost[150] < 0.5 < lost[100]
    assert lost[100] == pytest.approx(0.57, abs=0.005) and "0.57" in entries("C").message
    assert lost[150] == pytest.approx(0.21, abs=0.005)  # the solution
    on_test = measured.lost(100, "test")
    assert on_test == pytest.approx(0.43, abs=0.005) and "0.43" in entries("D").message


def test_the_chosen_cut_on_the_test(measured) -> None:
    cut = measured.index.cut(best=150)
    share = cut.stats()["entries"] / measured.index.stats()["entries"]
    assert share == pytest.approx(0.13, abs=0.005)
    against = compare(measured.each(cut, "test"), measured.whole["test"])
    rounded = [round(100 * against[end], 2) for end in ("difference", "low", "high")]
    assert rounded == pytest.approx([-0.22, -0.41, -0.03], abs=0.011)


def test_person_582(measured) -> None:
    ids, ranked, _, right = measured.answers(measured.index, "test")
    row = ids.tolist().index(582)
    hits = np.isin(ranked[row], right[row])
    assert (len(right[row]), hits.sum()) == (12, 9) and hits[:2].all()
    assert measured.whole["test"][row] > measured.whole["test"].mean()


def test_four_probes(measured) -> None:
    four = CARDS["sparcode"]["ndcg@50 probes=4"]
    assert 100 * (four - CARDS["sparcode"]["ndcg@50"]) > 1
    assert CARDS["two-tower"]["ndcg@50"] > four
    assert f"{CARDS['two-tower']['ndcg@50']:.4f}" == "0.3345"
    users, seen, right = audience(measured.split, "test")
    codes = measured.model.encode(measured.split.user_ids[users], HISTORY["test"], probes=4)
    ranked = measured.index.search(codes, 50, seen, engine="plain")[0]
    against = compare(ndcg_of_each(ranked, right, 50), measured.whole["test"])
    rounded = [round(100 * against[end], 1) for end in ("difference", "low", "high")]
    assert rounded == pytest.approx([1.4, 0.9, 1.8])
