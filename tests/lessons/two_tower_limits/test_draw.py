"""The pictures of the lesson: their marks and their words."""

import numpy as np
import pytest

from lessons.two_tower_limits.drawings import ERRORS
from sparcode_mini.lessons.two_tower_limits import draw
from sparcode_mini.lessons.two_tower_limits.draw_indices import (
    KEPT,
    LEVELS,
    LINKS,
    cells,
    linked,
    rounded,
    walked,
)
from sparcode_mini.plots import picture as module
from sparcode_mini.results import load

SPECTRA = {"slow": np.ones(64), "fast": 0.9 ** np.arange(64)}


def test_dots_and_bars_tell_their_values():
    screen, names = load("screen"), {"two-tower + EASE": "joined", "EASE": "EASE"}
    for name, key in (names | {". two-tower": "two-tower"}).items():
        one = f"{name}, cut to a width: width 1 {screen[key][0]['test']:.3f},"
        assert one in draw.screen_curves(screen).alt
    words = "HNSW -2.0; none 0.0; all-to-all +1.0 (-0.4 to +2.0)."
    assert words in draw.two_errors(ERRORS).alt
    assert "fast: number 2 0.90," in draw.spectra(SPECTRA).alt


def test_bars_carry_their_numbers():
    figures = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_png", lambda figure: figures.append(figure) or b"")
        draw.two_errors(ERRORS)
    texts = [text.get_text() for text in figures[0].axes[0].texts]
    assert texts == ["-2.0", "0.0", "+1.0"]
    assert [text.get_ha() for text in figures[0].axes[0].texts] == ["right", "left", "left"]


# --- the two kinds of index -----------------------------------------------------------------------


def points(n=40):
    return np.random.default_rng(1).random((n, 2))


def test_an_item_is_linked_to_its_nearest_in_both_directions():
    links = linked(points())
    assert (links == links.T).all() and not links.diagonal().any()
    for item, point in enumerate(points()):
        nearest = np.argsort(((points() - point) ** 2).sum(axis=1))[1 : LINKS + 1]
        assert links[item, nearest].all()


def test_a_walk_over_all_links_finds_the_nearest_and_compares_fewer_than_all():
    every, query = points(), np.array([0.5, 0.5])
    found = np.argsort(((every - query) ** 2).sum(axis=1))[:KEPT].tolist()
    full = walked(every, ~np.eye(len(every), dtype=bool), query, start=0)
    assert full.nearest == found and len(full.visited) == len(every)
    walk = walked(every, linked(every), query, start=0)
    assert walk.path[0] == 0 and set(walk.path) <= set(walk.visited)
    assert len(walk.visited) < len(every)
    assert [item for _, item in walk.steps] == walk.path[1:]
    links = linked(every)
    for number, (before, item) in enumerate(walk.steps):
        assert links[before, item] and before in walk.path[: number + 1]


def test_a_walk_without_links_stays_where_it_starts():
    every = points()
    walk = walked(every, np.zeros((40, 40), dtype=bool), np.array([0.5, 0.5]), start=3)
    assert walk == ([3], [], [3], [3])


def test_each_item_is_in_the_cell_of_its_nearest_centre():
    centres, cell = cells(points(), seed=0)
    assert (((points()[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1) == cell).all()


def test_rounding_leaves_a_few_values_of_each_coordinate():
    offsets = points() - 0.5
    back = rounded(offsets)
    assert [len(np.unique(column)) for column in back.T] == [LEVELS] * 2
    assert 0 < ((back - offsets) ** 2).mean() < (offsets**2).mean() / 4
