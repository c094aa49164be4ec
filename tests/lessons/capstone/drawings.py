"""Every drawing of the capstone, made of small data, and words that its description must hold."""

from sparcode_mini.lessons.capstone import draw

COLUMNS = {
    "the library": ["Alien (1979)", "Babe (1995)", "Clue (1985)"],
    "yours": ["Alien (1979)", "Babe (1995)", "Clue (1985)"],
    "yours, cut": ["Babe (1995)", "Alien (1979)", "Dune (1984)"],
}
DRAWINGS = {
    "answers": (
        lambda: draw.answers(COLUMNS, {"Babe (1995)"}, "person 1"),
        ["the library: Alien (1979); ★ Babe (1995)", "yours: the same films in the same order, 1",
         "yours, cut: 2 of the same films, 1 with a star"],
    ),
}  # fmt: skip
