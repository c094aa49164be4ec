"""The pictures of lesson 01 say in words what they show."""

import numpy as np

from sparcode_mini.lessons.training_and_measuring import draw


def test_questions_name_the_target_and_its_loss() -> None:
    names = ["Alien", "Babe", "Clue", "Dune"]
    shown = draw.questions(["Alien", "Babe", "Dune"], names, [0.0, 0.0, 0.75, 0.25], 3)
    assert "makes 2 questions" in shown.alt
    assert "Clue 0.750, Dune 0.250" in shown.alt
    assert "1.386" in shown.alt


def test_places_behind_the_cut_are_not_shown() -> None:
    assert "place 4: 0.431. The ideal places are 1 to 3" in draw.places([1, 4, 80], 50).alt


def test_chance_says_the_interval() -> None:
    differences = np.array([-2.0, 4.0])
    shown = draw.chance(differences, np.linspace(-2, 4, 100), -1.9, 3.9)
    assert "between -1.9 and +3.9" in shown.alt
    assert "mean +1.0" in shown.alt
