"""Dynamic routing: the formula, every prefix, and what makes capsules copies."""

import numpy as np
import pytest
import torch

from sparcode_mini.model.capsules import route, squash
from sparcode_mini.model.tokenizers import CapsuleTokenizer

B, L, K, D = 2, 5, 3, 4


def draw(seed, *shape):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape))


def by_hand(votes, iterations):
    """One history, all of it: loops over films and capsules, as the paper writes it."""
    length, K_u, _ = votes.shape
    b = np.zeros((length, K_u))
    for _ in range(iterations):
        c = np.exp(b) / np.exp(b).sum(axis=1, keepdims=True)
        u = []
        for k in range(K_u):
            z = sum(c[i, k] * votes[i, k] for i in range(length))
            n = np.linalg.norm(z)
            u.append(n**2 / (1 + n**2) * z / n)
        b = b + np.array([[u[k] @ votes[i, k] for k in range(K_u)] for i in range(length)])
    return np.array(u), c.T


def test_squash_keeps_the_direction_and_bounds_the_length():
    z = torch.tensor([[3.0, 4.0], [0.0, 0.0], [0.6, 0.8]], dtype=torch.float64)
    out = squash(z)
    torch.testing.assert_close(out[0], z[0] / 5 * 25 / 26)
    torch.testing.assert_close(out[2], z[2] / 2)
    assert (out[1] == 0).all()
    z = torch.zeros(1, 2, dtype=torch.float64, requires_grad=True)
    squash(z).sum().backward()
    assert torch.isfinite(z.grad).all()


@pytest.mark.parametrize("iterations", [1, 2, 3, 6])
def test_each_prefix_is_routed_as_if_it_were_alone(iterations):
    votes = draw(1, B, L, K, D)
    capsules, couplings = route(votes, iterations)
    assert capsules.shape == (B, L, K, D) and couplings.shape == (B, L, K, L)
    for query in range(B):
        for end in range(1, L + 1):
            u, c = by_hand(votes[query, :end].numpy(), iterations)
            np.testing.assert_allclose(capsules[query, end - 1].numpy(), u, atol=1e-10)
            np.testing.assert_allclose(couplings[query, end - 1, :, :end].numpy(), c, atol=1e-10)


def test_a_film_shares_itself_among_the_capsules_and_later_ones_have_no_share():
    _, couplings = route(draw(2, B, L, K, D))
    past = torch.ones(L, L).tril().bool()
    sums = couplings.sum(dim=2)  # (B, P, L)
    torch.testing.assert_close(sums[:, past], torch.ones(B, int(past.sum())).double())
    assert (couplings.transpose(2, 3)[:, ~past] == 0).all()


def test_one_round_leaves_equal_shares_and_more_rounds_sharpen_them():
    votes = draw(3, 1, L, K, D)
    spread = [float(route(votes, n)[1][0, -1].std(dim=0).mean()) for n in (1, 2, 3, 5)]
    assert spread[0] == pytest.approx(0.0, abs=1e-12)
    assert spread == sorted(spread) and spread[-1] > 0.1


def test_one_vote_for_all_capsules_makes_copies():
    shared = draw(4, B, L, 1, D).expand(B, L, K, D)
    capsules, _ = route(shared)
    torch.testing.assert_close(capsules, capsules[:, :, :1].expand(B, L, K, D))


def test_the_gradient_goes_through_the_last_sum_alone():
    votes = draw(5, 1, L, K, D).requires_grad_()
    capsules, couplings = route(votes)
    assert not couplings.requires_grad
    (g,) = torch.autograd.grad(capsules[0, -1].sum(), votes)
    fixed = votes.detach().requires_grad_()
    z = torch.einsum("ki,ikd->kd", couplings[0, -1], fixed[0])
    (expected,) = torch.autograd.grad(squash(z).sum(), fixed)
    torch.testing.assert_close(g, expected)


def test_no_round_is_refused():
    with pytest.raises(ValueError, match="iterations = 0; routing needs at least 1"):
        route(draw(6, 1, 2, 2, 2), 0)


def test_the_tokenizer_tells_its_couplings():
    tokenizer = CapsuleTokenizer(6, K, D, False, 0.0).double().eval()
    H_u = draw(7, B, L, 6)
    expected = route(tokenizer.votes(H_u), tokenizer.iterations)
    torch.testing.assert_close(tokenizer.couplings(H_u), expected[1])
    state = expected[0] + tokenizer.net(expected[0])
    torch.testing.assert_close(tokenizer.hidden(H_u), state)
    torch.testing.assert_close(tokenizer.prefixes(H_u), state)
