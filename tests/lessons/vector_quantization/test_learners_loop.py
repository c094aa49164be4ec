"""The loop of question 20 has the faults that the lesson counts."""

import torch

from sparcode_mini.lessons.vector_quantization import learners_loop


def test_its_quantizer_is_right():
    embeddings, book = (
        torch.tensor([[0.0, 1.0], [5.0, 5.0]]),
        torch.tensor([[4.0, 4.0], [0.0, 0.0]]),
    )
    assert learners_loop.quantizer(embeddings, book).tolist() == [[0.0, 0.0], [4.0, 4.0]]


def test_the_loss_falls_and_nothing_else_learns():
    loop = learners_loop.run(seed=0, rounds=50)
    assert loop.last < loop.first
    assert loop.moved == 0.0
    assert loop.slope > 10
    assert loop.items <= 2


def test_the_gradient_piles_up():
    short, long = (learners_loop.run(seed=0, rounds=rounds).slope for rounds in (10, 50))
    assert long > 2 * short


def test_many_random_codebooks_have_a_dead_codeword():
    dead = sum(learners_loop.run(seed, rounds=1).dead for seed in range(30))
    assert 10 < dead < 40  # of 60


def test_a_codeword_with_one_point_has_a_fifth_of_its_way_left():
    entries = learners_loop.POINTS * learners_loop.WIDTH  # the loss is their mean
    assert round((1 - 0.01 * 2 / entries) ** 1000, 1) == 0.2
