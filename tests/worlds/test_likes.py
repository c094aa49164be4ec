"""The small training shows what it is meant to show: death, its cures, and sparsity."""

import math

import pytest
import torch

from sparcode_mini.worlds import likes as sparse_toy
from sparcode_mini.worlds.likes import likes, retrieved_share, train

WANTED = likes()


def test_people_of_a_group_like_the_same_items():
    wanted = likes(groups=3, people=2, items=10, each=4, seed=1)
    assert wanted.shape == (6, 10) and wanted.sum(1).tolist() == [4.0] * 6
    assert torch.equal(wanted[0], wanted[1]) and not torch.equal(wanted[0], wanted[2])
    with pytest.raises(ValueError, match="each = 11"):
        likes(items=10, each=11)


def test_found_counts_positive_scores_of_liked_items():
    wanted = torch.tensor([[1.0, 1.0, 0.0, 0.0]])
    assert retrieved_share(torch.tensor([[3.0, 0.0, 1.0, 0.0]]), wanted) == 0.5
    assert retrieved_share(torch.tensor([[3.0, 2.0, 1.0, 0.0]]), wanted) == 1.0
    assert retrieved_share(torch.zeros(1, 4), wanted) == 0.0  # zeros are not retrieved


def test_without_a_penalty_nothing_makes_zeros():
    run = train(WANTED)
    assert run.found == 1.0 and run.density[-1] > 0.4 and not run.dead
    assert run.loss[-1] == pytest.approx(math.log(8), abs=0.01)  # as low as it can get


def test_a_hard_relu_with_a_negative_bias_is_dead_and_a_leak_cures_it():
    hard, leaky = train(WANTED, bias=-3), train(WANTED, bias=-3, leak=0.1)
    assert hard.dead and hard.found == 0 and set(hard.loss) == {hard.loss[0]}
    assert hard.loss[0] == pytest.approx(math.log(100))
    assert not leaky.dead and leaky.found == 1.0 and leaky.density[-1] < 0.3


@pytest.mark.parametrize("penalty", ["l1", "items", "flops"])
def test_a_penalty_leaves_what_is_liked(penalty):
    run = train(WANTED, sparsity=1.0, penalty=penalty)
    assert run.found == 1.0 and run.density[-1] == pytest.approx(0.08, abs=0.01)


def test_a_penalty_at_once_kills_and_a_rising_one_does_not():
    assert train(WANTED, sparsity=10, rise=0).dead
    assert not train(WANTED, sparsity=10, rise=0.3).dead


@pytest.mark.numeric
def test_the_same_training_on_every_machine():
    run = train(WANTED, sparsity=1.0)
    assert (run.loss[0], run.loss[50], run.loss[-1]) == pytest.approx(NUMBERS, abs=1e-6)
    assert sparse_toy.train(WANTED, sparsity=1.0).loss == run.loss


NUMBERS = (4.612480743606, 2.183467096170, 2.162830019073)
