"""The synthetic worlds follow the rules they state."""

import dataclasses

import numpy as np
import pytest

from sparcode_mini.worlds.fields import FieldsWorld, clusters_2d, fields_world


@pytest.fixture(scope="module")
def world():
    return fields_world(seed=3)


def test_shapes_and_repr(world):
    assert world.user_fields.shape == (1200, 3)
    assert world.user_fields.dtype == np.int64
    assert world.likes.shape == (3, 16, 400)
    assert world.likes.dtype == np.bool_
    assert repr(world) == "FieldsWorld(1200 users, 3 fields x 16, 400 items)"


def test_relevant_is_an_or_over_the_fields():
    likes = np.zeros((2, 2, 3), dtype=bool)
    likes[0, 1, 0] = likes[1, 0, 0] = likes[1, 0, 2] = True
    world = FieldsWorld(np.array([[1, 0], [0, 0], [0, 1]]), likes)
    assert world.oracle().tolist() == [[2, 0, 1], [1, 0, 1], [0, 0, 0]]
    assert world.relevant([1, 0]).tolist() == [[True, False, True], [True, False, True]]
    assert world.relevant([2]).tolist() == [[False, False, False]]


def test_users_differ_and_use_every_value(world):
    assert len(np.unique(world.user_fields, axis=0)) == world.n_users
    for column in world.user_fields.T:
        assert set(column) == set(range(16))


def test_likes_have_the_stated_frequency(world):
    # 19,200 coins of 5%: standard deviation 0.0016
    assert world.likes.mean() == pytest.approx(0.05, abs=0.007)
    assert world.relevant().mean() == pytest.approx(1 - 0.95**3, abs=0.02)


def test_r_precision_of_the_oracle_and_of_chance(world):
    assert world.r_precision(world.oracle()) == 1
    random = np.random.default_rng(0).random((1200, 400))
    assert world.r_precision(random) == pytest.approx(world.relevant().mean(), abs=0.01)
    assert world.r_precision(-world.oracle([5, 6]), users=[5, 6]) == 0


def test_r_precision_by_hand_with_different_sizes():
    likes = np.array([[[True, False, False, False], [True, True, False, True]], [[False] * 4] * 2])
    world = FieldsWorld(np.array([[0, 0], [1, 0]]), likes)
    scores = [[1, 9, 0, 0], [9, 0, 8, 7]]  # user 0: first place wrong; user 1: two of three right
    assert world.r_precision(scores) == pytest.approx((0 + 2 / 3) / 2)


def test_r_precision_refuses(world):
    with pytest.raises(ValueError, match=r"shape \(1, 400\); expected .* \(1200, 400\)"):
        world.r_precision(np.zeros((1, 400)))
    with pytest.raises(ValueError, match="none of these users likes anything"):
        dull = dataclasses.replace(world, likes=np.zeros_like(world.likes))
        dull.r_precision(np.zeros((1200, 400)))


def test_ratings_hold_the_likes_in_a_seeded_order():
    world = fields_world(values=18, n_items=60, n_users=40, seed=1)  # 18 numbers would be binned
    ratings = world.ratings(seed=5)
    split = ratings.split(test=0.2, validation=0.1)
    assert (split.n_users, split.n_items) == (40, 60)
    histories = split.histories("train+validation+test")
    relevant = world.relevant()
    for history, liked in zip(histories, relevant, strict=True):
        assert sorted(history) == np.flatnonzero(liked).tolist()
    assert any((np.diff(history) < 0).any() for history in histories)
    same, other = world.ratings(seed=5).interactions, world.ratings(seed=6).interactions
    assert ratings.interactions.equals(same)
    assert not ratings.interactions.equals(other)
    assert [feature.kind for feature in split.user_features] == ["categorical"] * 3
    for f, feature in enumerate(split.user_features):
        values = [feature.vocabulary[index] for index in feature.values[:, 0]]
        assert values == [str(value) for value in world.user_fields[:, f]]


def test_worlds_follow_their_seed(world):
    same, other = fields_world(seed=3), fields_world(seed=4)
    assert np.array_equal(world.likes, same.likes)
    assert np.array_equal(world.user_fields, same.user_fields)
    assert not np.array_equal(world.likes, other.likes)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"fields": 0}, "fields is 0"),
        ({"n_items": 0}, "n_items is 0"),
        ({"likes": 1.5}, "likes is 1.5"),
        ({"fields": 2, "values": 3, "n_users": 10}, "make only 9 different users"),
    ],
)
def test_fields_world_refuses(settings, message):
    with pytest.raises(ValueError, match=message):
        fields_world(**settings)


@pytest.mark.parametrize("users", [[1200], [-1], [0.5], [[0]]])
def test_unknown_users(world, users):
    with pytest.raises(ValueError, match=r"no user|list of positions"):
        world.relevant(users)


def test_clusters_are_balanced_and_as_wide_as_asked():
    points, labels = clusters_2d(n=2002, clusters=5, spread=0.3, seed=2)
    assert points.shape == (2002, 2)
    assert points.dtype == np.float64
    assert labels.dtype == np.int64
    assert sorted(np.bincount(labels)) == [400, 400, 400, 401, 401]
    centres = np.stack([points[labels == c].mean(axis=0) for c in range(5)])
    assert np.std(points - centres[labels]) == pytest.approx(0.3, abs=0.02)
    assert ((np.linalg.norm(centres, axis=1) > 0.9) & (np.linalg.norm(centres, axis=1) < 2.1)).all()
    assert (np.diff(labels) != 0).any()


def test_clusters_without_spread_are_their_centres():
    points, labels = clusters_2d(n=20, clusters=4, spread=0.0)
    assert len(np.unique(points, axis=0)) == 4
    assert (points[labels == 1] == points[labels == 1][0]).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"clusters": 0}, "clusters is 0"),
        ({"n": 3, "clusters": 4}, "clusters is 4"),
        ({"spread": -1.0}, "spread is -1.0"),
    ],
)
def test_clusters_refuse(settings, message):
    with pytest.raises(ValueError, match=message):
        clusters_2d(**settings)
