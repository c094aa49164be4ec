"""Baselines against other libraries, by hand, and on MovieLens."""

import numpy as np
import pytest
import torch
from scipy import sparse
from sklearn.metrics.pairwise import cosine_similarity

import sparcode_mini as sm
import toys
from sparcode_mini.evaluation import baselines


def table(split):
    """The training part as a table of people and items."""
    X = np.zeros((split.n_users, split.n_items))
    for row, items in zip(X, split.histories("train"), strict=True):
        row[items] = 1.0
    return X


def test_ease_is_the_best_linear_model_without_itself(toy_split):
    """Each column is a ridge regression on all other items; EASE solves them all at once."""
    X, l2 = table(toy_split), 7.0
    B = baselines.ease(toy_split, l2).matrix
    for c in (0, 5, 31):
        others = np.delete(np.arange(toy_split.n_items), c)
        ridge = np.linalg.solve(
            X[:, others].T @ X[:, others] + l2 * np.eye(len(others)), X[:, others].T @ X[:, c]
        )
        np.testing.assert_allclose(B[others, c], ridge, atol=1e-10)
        assert B[c, c] == 0.0


def test_item_knn_is_the_shrunk_cosine(toy_split):
    X = table(toy_split)
    cosine = cosine_similarity(sparse.csr_matrix(X.T))
    np.fill_diagonal(cosine, 0.0)
    full = baselines.item_knn(toy_split, toy_split.n_items, shrink=0.0).matrix
    np.testing.assert_allclose(full, cosine, atol=1e-12)
    few = baselines.item_knn(toy_split, 5, shrink=0.0).matrix
    for column, whole in zip(few.T, cosine.T, strict=True):
        kept = column > 0
        assert kept.sum() >= min(5, (whole > 0).sum())
        np.testing.assert_allclose(column[kept], whole[kept])
        assert whole[~kept].max() <= whole[kept].min(initial=np.inf) + 1e-12
    shrunk = baselines.item_knn(toy_split, toy_split.n_items, shrink=10.0).matrix
    i, j = np.argwhere(full > 0)[0]
    both, root = X[:, i] @ X[:, j], np.sqrt(X[:, i].sum() * X[:, j].sum())
    assert shrunk[i, j] == pytest.approx(both / (root + 10))


def test_old_items_weigh_less(toy_split):
    matrix = np.random.default_rng(0).random((toy_split.n_items, toy_split.n_items))
    model = baselines.ItemItem(toy_split, matrix, decay=0.5)
    user = toy_split.user_ids[3]
    history = toy_split.histories("train+validation")[3]
    expected = sum(0.5**age * matrix[item] for age, item in enumerate(history[::-1]))
    np.testing.assert_allclose(model.scores([user]).numpy()[0], expected)
    shorter = toy_split.histories("train")[3]
    expected = sum(0.5**age * matrix[item] for age, item in enumerate(shorter[::-1]))
    np.testing.assert_allclose(model.scores([user], "train").numpy()[0], expected)


def test_a_cut_matrix_gives_the_best_scores_of_its_rank(toy_split):
    model = baselines.ease(toy_split, 5.0, decay=0.9)
    W = model.weights(toy_split.histories("train"))
    s = np.linalg.svd(W @ model.matrix, compute_uv=False)
    for rank in (1, 4, toy_split.n_items):
        cut = model.cut(rank)
        assert np.linalg.matrix_rank(cut.matrix) <= rank and cut.decay == 0.9
        lost = np.linalg.norm(W @ (cut.matrix - model.matrix))
        assert lost == pytest.approx(np.sqrt((s[rank:] ** 2).sum()), abs=1e-9)


def test_a_mixture_reads_as_many_lists_as_it_is_told(toy_split, trained):
    popular, users = sm.Popularity(toy_split), toys.known_users(toy_split)[:5]
    for probes in (None, 3):
        y = baselines.Mixture(trained, popular, 0.0, probes).scores(users)
        own = trained.scores(users) if probes is None else trained.scores(users, probes=probes)
        torch.testing.assert_close(y, baselines.standardised(own))


def test_a_mixture_adds_standardised_rows(toy_split):
    popular, knn = sm.Popularity(toy_split), baselines.item_knn(toy_split, 10)
    users = toy_split.user_ids[:4]
    y = baselines.Mixture(popular, knn, 0.5).scores(users)
    for row, a, b in zip(y, popular.scores(users), knn.scores(users), strict=True):
        expected = (a - a.mean()) / a.std(correction=0) + 0.5 * (b - b.mean()) / b.std(correction=0)
        torch.testing.assert_close(row, expected)
    assert torch.equal(baselines.standardised(torch.ones(2, 3)), torch.zeros(2, 3))
    assert torch.equal(baselines.standardised(torch.ones(2, 1)), torch.zeros(2, 1))
    with pytest.raises(ValueError, match="scores that are not finite"):
        baselines.standardised(torch.tensor([[0.0, -torch.inf]]))


def test_on_movielens_ease_is_far_above_popularity(movielens_split):
    """Figures that the tuned models reach; a wrong formula or the wrong history falls below."""
    found = {}
    for name, model in (
        ("popularity", sm.Popularity(movielens_split)),
        ("knn", baselines.item_knn(movielens_split, 300, shrink=2, decay=0.85)),
        ("ease", baselines.ease(movielens_split, l2=1000, decay=0.85)),
    ):
        found[name] = sm.evaluate(model, movielens_split, k=50)["ndcg@50"]
    assert found["popularity"] < 0.16 < 0.29 < found["knn"] < 0.30 < found["ease"] < 0.32


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda s: baselines.ease(s, l2=0), "l2 = 0"),
        (lambda s: baselines.item_knn(s, 0), "neighbours = 0"),
        (lambda s: baselines.item_knn(s, shrink=-1), "shrink = -1"),
        (lambda s: baselines.ease(s, decay=0.0), "decay = 0.0"),
        (lambda s: baselines.ItemItem(s, np.zeros((2, 2))), r"shape \(2, 2\)"),
        (lambda s: baselines.ease(s).cut(0), "rank = 0"),
    ],
)
def test_what_cannot_be_is_refused(toy_split, make, message):
    with pytest.raises(ValueError, match=message):
        make(toy_split)
