"""Do the checks notice? Five kinds of faults are put into the library, and each must be found.

A check is a function that raises AssertionError. It passes on the library as it is, and must fail
as soon as its fault is in.
"""

import importlib

import numpy as np
import pytest
import torch

import sparcode_mini as sm
import toys
from sparcode_mini.index import search as index
from sparcode_mini.model import (
    kmeans,
    pooling,
    quantised,
    quantizer,
    score_blocks,
    scorer,
    tokenizers,
)
from sparcode_mini.model.base import pad
from sparcode_mini.training.batches import HistoryExamples
from sparcode_mini.training.recipe import Recipe

evaluation = importlib.import_module(
    "sparcode_mini.evaluation.evaluate"
)  # sm.evaluate is the function
FEW, MANY = {"N": 4}, {"M": 4, "N": 6}  # codes in a batch: each scored once; one for each token


# --- the checks ---------------------------------------------------------------------------------


def check_gradient_reaches_the_tokenizer(split):
    """The matching loss alone moves the tokenizer, with few codes and with many."""
    for options in (FEW, MANY):
        model = toys.small(sm.SparCode, split, dropout=0.0, **options)
        model.train()
        histories = pad([h[:6] for h in split.histories("train") if len(h)])
        T = model.prefix_tokens(histories, None, model.items())[:, -1]
        y, _ = model.training_scores(T, model.items(), model.item_bias)
        torch.nn.functional.cross_entropy(y, histories[:, -1]).backward()
        gradient = model.tokenizer.head.weight.grad
        assert gradient is not None, "no path from the loss to the tokenizer"
        assert float(gradient.abs().max()) > 1e-5, "the tokenizer gets no gradient"


def check_sign_of_the_bias(split):
    """y = sum_i ReLU(S_i + b) in training, evaluation and index."""
    for b in (-0.3, 0.3):
        model = toys.small(sm.SparCode, split, bias=b, **FEW)
        T = model.tokens(toys.known_users(split))
        T_q = model.quantizer.decode(model.quantizer.encode(T))  # (B, K_u, D_T)
        T_c = model.items()
        S = torch.stack([model.scorer.as_written(t, T_c, model.item_bias) for t in T_q])
        expected = (S + b).clamp(min=0).sum(dim=1).detach()  # (B, I)
        codes = model.token_codes(T)
        lists = sm.SparseIndex.build(model, codes="all").search(codes, k=split.n_items)
        model.train()
        in_training, _ = model.training_scores(T, T_c, model.item_bias)
        for y in (in_training.detach(), model.token_scores(T), model.scores_of_codes(codes)):
            assert torch.allclose(y, expected), f"scores differ with b = {b}"
        assert np.allclose(lists[1], expected.sort(descending=True)[0]), f"lists differ, b = {b}"


def check_distances(split):
    """The chosen codeword is the nearest in every codebook, and so are the probes."""
    rng = np.random.default_rng(0)
    pq = sm.ProductQuantizer(M=2, N=7, token_dim=6, dtype=torch.float64)
    pq.codebooks.data *= torch.linspace(0.1, 3, 7, dtype=torch.float64)[:, None]  # all lengths
    x = torch.from_numpy(rng.normal(size=(50, 6)))
    parts = x.reshape(50, 2, 1, 3) - pq.codebooks.detach()  # (n, M, N, d)
    far = parts.square().sum(-1)  # (n, M, N)
    assert torch.equal(pq.encode(x), far.argmin(-1)), "not the nearest codeword"
    codes, distances = pq.nearest(x, 3)
    assert torch.equal(codes[:, 0], far.argmin(-1)), "not the nearest code"
    assert torch.allclose(distances, (x[:, None] - pq.decode(codes)).square().sum(-1))
    assert torch.allclose(kmeans.squared_distances(x[:, :3], pq.codebooks[0]), far[:, 0])
    # a codeword each: points on a grid of two lengths are found again by k-means
    points = torch.from_numpy(
        np.array([[s * a, s * b] for s in (1.0, 5.0) for a in (-1, 1) for b in (-1, 1)])
    )
    fitted = sm.ProductQuantizer(M=1, N=8, token_dim=2, dtype=torch.float64).fit(points)
    assert torch.allclose(fitted.decode(fitted.encode(points)), points), "k-means lost a point"


class Spy:
    """A model that remembers which histories it was asked to read."""

    nonnegative = False

    def __init__(self, split):
        self.split = split

    def scores(self, users, history):
        self.read = dict(zip(users, self.split.history(users, history), strict=True))
        return torch.zeros((len(users), self.split.n_items), dtype=torch.float64)


def check_no_future(split):
    """No query reads its target or what comes after it: windows, prefixes, evaluation."""
    model = toys.small(sm.SparCode, split, history_len=5)
    examples, past = (
        HistoryExamples(model, split, Recipe(target_window=2)),
        split.histories("train"),
    )
    for user, _, history, targets in examples.windows(np.random.default_rng(0)):
        place = {item: p for p, item in enumerate(past[user].tolist())}  # all items differ
        for item, target in zip(history.tolist(), targets.tolist(), strict=True):
            assert item in place, "a window holds an item of a later part"
            assert target in place, "a target is of a later part"
            assert place[item] < place[target], "the history ends at the target or after it"
    model.eval()
    T_c, users = model.items(), torch.tensor([0])
    for p in range(4):
        changed = [torch.tensor([[3, 1, 4, 5, 9]]), torch.tensor([[3, 1, 4, 5, 9]])]
        changed[1][0, p + 1 :] = 7
        a, b = (model.prefix_tokens(h, users, T_c)[:, p] for h in changed)
        assert torch.equal(a, b), f"the tokens after item {p} depend on later items"
    spy = Spy(split)
    for on in ("validation", "test"):
        evaluation.evaluate(spy, split, on=on, k=(5,))
        for user, history in spy.read.items():
            (wanted,) = split.history([user], on)
            assert not set(history) & set(wanted), f"{user}'s history holds the {on} part"


def check_order_of_results(split):
    """Results come largest first, equal ones by position, from the index and in evaluation."""
    table = np.array([[1, 4, 2, 4, 3], [0, 2, 5, 0, 1]], dtype=np.float32)
    hand = toys.index_of(table, np.array([[0], [1]]))
    positions, values = hand.search(np.array([[[0]], [[1]], [[0]]]), k=4, engine="plain")
    assert values.tolist() == [[4, 4, 3, 2], [5, 2, 1, 0], [4, 4, 3, 2]], "values out of order"
    assert positions.tolist() == [[1, 3, 4, 2], [2, 1, 4, -1], [1, 3, 4, 2]], "items out of order"

    class Oracle(Spy):
        def scores(self, users, history):
            y = super().scores(users, history)
            for row, wanted in zip(y, self.split.history(users, "test"), strict=True):
                row[wanted] = 1.0
            return y

    found = evaluation.evaluate(Oracle(split), split, on="test", k=(20,))
    assert found["ndcg@20"] == pytest.approx(1.0), "the best items are not in the first places"


# --- the faults ---------------------------------------------------------------------------------


def no_straight_through(patch):
    patch.setattr(quantised, "straight_through", lambda T, T_q: T_q)


def no_gradient_by_code(patch):
    pooled = quantised.pooled_by_code
    patch.setattr(quantised, "pooled_by_code", lambda s, T, *rest: pooled(s, T.detach(), *rest))


def minus_bias(module):
    def fault(patch):
        activate = scorer.activate
        patch.setattr(module, "activate", lambda S, bias, slope: activate(S, -bias, slope))

    return fault


def no_factor_of_two(patch):
    def faulty(x, codewords):
        return x.square().sum(1, keepdim=True) - x @ codewords.T + codewords.square().sum(1)

    patch.setattr(kmeans, "squared_distances", faulty)


def no_factor_of_two_in_codes(patch):
    def faulty(x, codewords):
        return codewords.square().sum(1) - x @ codewords.T

    patch.setattr(quantizer, "comparable_distances", faulty)


def target_is_the_last_item_read(patch):
    windows = HistoryExamples.windows

    def faulty(self, rng):
        return ((u, start, h, h) for u, start, h, _ in windows(self, rng))

    patch.setattr(HistoryExamples, "windows", faulty)


def window_is_one_item_late(patch):
    windows = HistoryExamples.windows

    def faulty(self, rng):
        for user, start, history, targets in windows(self, rng):
            yield user, start, np.append(history[1:], targets[-1]), targets

    patch.setattr(HistoryExamples, "windows", faulty)


def windows_of_all_parts(patch):
    start = HistoryExamples.__init__

    def faulty(self, model, split, *rest):
        start(self, model, split, *rest)
        self.sequences = split.histories("train+validation+test")

    patch.setattr(HistoryExamples, "__init__", faulty)


def attention_sees_one_item_ahead(patch):
    attention = tokenizers.AttentionBlock.attention

    def faulty(self, x):
        with pytest.MonkeyPatch.context() as inner:
            triu = torch.Tensor.triu
            inner.setattr(torch.Tensor, "triu", lambda mask, diagonal: triu(mask, diagonal + 1))
            return attention(self, x)

    patch.setattr(tokenizers.AttentionBlock, "attention", faulty)


def query_reads_the_test_part(patch):
    patch.setitem(evaluation.HISTORY, "test", "train+validation+test")


def reversed_top_k(module):
    def fault(patch):
        top_k = module.top_k

        def faulty(*args, **options):
            positions, values = top_k(*args, **options)
            return positions[:, ::-1], values[:, ::-1]

        patch.setattr(module, "top_k", faulty)

    return fault


def ties_in_any_order(patch):
    top_k = index.top_k

    def faulty(*args, **options):
        positions, values = (part.copy() for part in top_k(*args, **options))
        positions[:, [0, 1]] = positions[:, [1, 0]]
        return positions, values

    patch.setattr(index, "top_k", faulty)


FAULTS = {
    "straight-through dropped (many codes)": (
        no_straight_through,
        check_gradient_reaches_the_tokenizer,
    ),
    "straight-through dropped (distinct codes)": (
        no_gradient_by_code,
        check_gradient_reaches_the_tokenizer,
    ),
    "wrong sign of the bias (serving)": (minus_bias(score_blocks), check_sign_of_the_bias),
    "wrong sign of the bias (training)": (minus_bias(pooling), check_sign_of_the_bias),
    "factor 2 of the distance missing": (no_factor_of_two, check_distances),
    "factor 2 of the distance missing (codes)": (no_factor_of_two_in_codes, check_distances),
    "the target is in the history": (target_is_the_last_item_read, check_no_future),
    "the window is one item late": (window_is_one_item_late, check_no_future),
    "windows of all parts": (windows_of_all_parts, check_no_future),
    "attention sees one item ahead": (attention_sees_one_item_ahead, check_no_future),
    "the query reads the test part": (query_reads_the_test_part, check_no_future),
    "unsorted top-k (index)": (reversed_top_k(index), check_order_of_results),
    "unsorted top-k (evaluation)": (reversed_top_k(evaluation), check_order_of_results),
    "unsorted top-k (ties)": (ties_in_any_order, check_order_of_results),
}
CHECKS = sorted({check for _, check in FAULTS.values()}, key=lambda check: check.__name__)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_healthy_library_passes(toy_split, check):
    check(toy_split)


@pytest.mark.parametrize("name", FAULTS)
def test_the_fault_is_found(toy_split, name):
    fault, check = FAULTS[name]
    with pytest.MonkeyPatch.context() as patch:
        fault(patch)
        with pytest.raises(AssertionError):
            check(toy_split)
    check(toy_split)  # it was the fault, and it is gone
