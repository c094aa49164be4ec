"""Every drawing of the lesson, made of small data, and words that its description must hold."""

import numpy as np

from sparcode_mini.lessons.training_and_measuring import draw

NAMES = ["Alien", "Babe", "Clue", "Dune"]
DRAWINGS = {
    "questions": (
        lambda: draw.questions(["Alien", "Babe", "Dune"], NAMES, [0.0, 0.0, 0.75, 0.25], 3),
        ["makes 2 questions", "one of the next 3", "Clue 0.750, Dune 0.250", "0.2500, 1.386"],
    ),
    "places": (
        lambda: draw.places([1, 4, 80], 50),  # the last one is behind the cut
        ["place 4: 0.431. The ideal places are 1 to 3"],
    ),
    "chance": (
        lambda: draw.chance(np.array([-2.0, 4.0]), np.linspace(-2, 4, 100), -1.9, 3.9),
        ["between -1.9 and +3.9", "mean +1.0"],
    ),
}
