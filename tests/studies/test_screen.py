"""The screen: curves rise to what the whole models score; narrow towers beside them."""

import json

import numpy as np
import pytest

import sparcode_mini as sm
import toys
from sparcode_mini import results
from sparcode_mini.evaluation.baselines import ease
from sparcode_mini.evaluation.paired import per_user
from sparcode_mini.serving.two_tower import Tower
from sparcode_mini.studies import leak, screen


def test_the_curve_of_a_tower_ends_at_the_whole_model(toy_split, monkeypatch):
    monkeypatch.setattr(screen, "RANKS", (1, 4, 8))
    model = toys.small(sm.TwoTower, toy_split)
    sm.fit(model, toy_split, epochs=3, lr=1e-2)
    rows = screen.tower_curve(Tower(model, toy_split))
    assert [row["rank"] for row in rows] == [1, 4, 8]
    for on in screen.PARTS:
        whole = sm.evaluate(model, toy_split, on, k=50)["ndcg@50"]
        assert rows[-1][on] == pytest.approx(whole, abs=1e-6)
    assert 0 < rows[0]["other people"] < 1
    assert rows[-1]["other people"] == pytest.approx(rows[-1]["whole, other people"], abs=1e-6)
    energy = [row["energy"] for row in rows]
    assert energy == sorted(energy) and energy[-1] == pytest.approx(1)
    ends = [row["against whole"] for row in rows]
    assert ends[0]["low"] < ends[0]["difference"] < ends[0]["high"]
    assert ends[-1]["difference"] == pytest.approx(0, abs=1e-6)


def test_the_energy_is_that_of_the_scores(toy_split, monkeypatch):
    monkeypatch.setattr(screen, "RANKS", (3,))
    tower = Tower(toys.small(sm.TwoTower, toy_split), toy_split)
    (row,) = screen.tower_curve(tower)
    scores = tower.prefixes.tokens.sum(dim=1).numpy() @ tower.items[:, :-1].T  # (n, I)
    squares = np.linalg.svd(scores, compute_uv=False) ** 2
    assert row["energy"] == pytest.approx(squares[:3].sum() / squares.sum(), abs=1e-4)


def test_a_narrow_tower_is_narrow_as_a_whole_and_chosen_by_validation(
    toy_split, tmp_path, monkeypatch
):
    short = {"class": "TwoTower", "model": {"tokenizer": "dnn"}, "fit": {"epochs": 2}}
    monkeypatch.setattr(screen, "table_spec", lambda row: short)
    monkeypatch.setattr(screen, "NARROW", (4,))
    monkeypatch.setattr(screen, "RATES", (1e-3, 3e-2))
    tower = Tower(toys.small(sm.TwoTower, toy_split), toy_split)
    rows = screen.narrow_towers(toy_split, tmp_path, tower)
    (best,) = (row for row in rows if row["chosen"])
    assert best["validation"] == max(row["validation"] for row in rows) and len(rows) == 2
    model = sm.load_model(tmp_path / f"{best['name']}.safetensors", toy_split)
    assert model.config.token_dim == 4 and model.config.dropout == 0
    gap = best["test"] - screen.of_rank(tower, tower.prefixes.tokens.sum(dim=1).numpy(), 4)[
        "test"
    ].mean()  # fmt: skip
    assert best["against cut"]["difference"] == pytest.approx(gap)


def test_a_stored_rank_is_measured_again(movielens_split, monkeypatch):
    stored = results.load("screen")
    assert stored["config"] == screen.config()
    monkeypatch.setattr(screen, "RANKS", (8,))
    model = sm.load_model(screen.CHECKPOINT, movielens_split)
    (again,) = screen.tower_curve(Tower(model, movielens_split))
    (then,) = (row for row in stored["two-tower"] if row["rank"] == 8)
    for key in ("validation", "test", "other people", "energy"):
        assert again[key] == pytest.approx(then[key], abs=2e-3), key


def test_the_curve_of_ease_ends_at_the_whole_matrix(toy_split, monkeypatch):
    monkeypatch.setattr(screen, "EASE_RANKS", (2, 8))
    monkeypatch.setattr(screen, "L2", (1.0, 10.0))
    monkeypatch.setattr(screen, "DECAYS", (0.9, 1.0))
    model, chosen = screen.best_ease(toy_split)
    best = sm.evaluate(model, toy_split, "validation", k=50)["ndcg@50"]
    assert chosen["l2"] in screen.L2 and chosen["decay"] in screen.DECAYS
    rows = screen.ease_curve(model, toy_split)
    assert [row["rank"] for row in rows] == [2, 8, toy_split.n_items]
    assert rows[-1]["validation"] == pytest.approx(best, abs=5e-3)  # ties fall otherwise


# --- both together ------------------------------------------------------------------------------


@pytest.fixture
def joined(toy_split, monkeypatch):
    monkeypatch.setattr(screen, "EVERY", 1)
    model = toys.small(sm.TwoTower, toy_split)
    sm.fit(model, toy_split, epochs=3, lr=1e-2)
    return screen.Joined(model, toy_split, ease(toy_split, 1.0, 0.9))


def test_the_sum_is_one_dot_product_of_both_scores(joined, toy_split):
    users = toy_split.user_ids[joined.people["test"].users]
    tower = joined.model.scores(users).detach().numpy()
    linear = ease(toy_split, 1.0, 0.9).scores(users).numpy()
    first, second = joined.spreads
    items = joined.mixed(0.3)
    y = joined.queries["test"] @ items[:, :-1].T + items[:, -1]  # (B, I)
    np.testing.assert_allclose(y, tower / first + 0.3 * linear / second, atol=1e-4)


def test_both_models_have_the_same_spread(joined, toy_split):
    users = toy_split.user_ids[joined.people["validation"].users]
    tower = joined.model.scores(users, "train").detach().numpy()
    assert joined.spreads[0] == pytest.approx(tower.std(axis=1).mean(), rel=1e-4)
    linear = ease(toy_split, 1.0, 0.9).scores(users, "train").numpy()
    assert joined.spreads[1] == pytest.approx(linear.std(axis=1).mean(), rel=1e-4)


def test_training_queries_are_those_of_the_prefixes(joined, toy_split):
    queries = joined.training_queries()
    prefix, D = joined.prefixes.seen[2], joined.items.shape[1] - 1
    assert len(queries) == len(joined.prefixes.seen)
    np.testing.assert_allclose(queries[2, :D], joined.prefixes.tokens[2].sum(dim=0), rtol=1e-6)
    assert queries[2, D + prefix[-1]] == 1 and np.count_nonzero(queries[2, D:]) == len(set(prefix))


def test_the_joined_curve_ends_at_the_sum_and_its_weight_is_chosen(joined, toy_split, monkeypatch):
    monkeypatch.setattr(screen, "JOINED_RANKS", (2, 8))
    whole = per_user(joined.model, toy_split)
    curve = screen.joined_curve(joined, whole)
    rows, last = curve["joined"], curve["joined"][-1]
    assert [row["rank"] for row in rows] == [2, 8, toy_split.n_items]
    assert curve["weights"][f"{curve['weight']:g}"] == max(curve["weights"].values())
    assert last["validation"] == pytest.approx(max(curve["weights"].values()), abs=5e-3)
    assert last["against tower"]["difference"] == pytest.approx(last["test"] - whole.mean())
    assert "against sum" in rows[0] and "against sum" not in last
    for row in rows:
        assert row["against tower"]["p, Holm"] >= row["against tower"]["p"]


@pytest.mark.usefixtures("untraced")
def test_a_stored_rank_of_the_sum_is_measured_again(movielens_split, monkeypatch):
    stored = results.load("screen")
    monkeypatch.setattr(screen, "JOINED_RANKS", (48,))
    monkeypatch.setattr(screen, "WEIGHTS", (stored["weight"],))
    model = sm.load_model(screen.CHECKPOINT, movielens_split)
    linear = ease(movielens_split, **stored["chosen"])
    joined = screen.Joined(model, movielens_split, linear)
    again, _ = screen.joined_curve(joined, per_user(model, movielens_split))["joined"]
    (then,) = (row for row in stored["joined"] if row["rank"] == 48)
    for key in screen.PARTS:
        assert again[key] == pytest.approx(then[key], abs=2e-3), key


# --- one moment cuts all (studies/leak) ---------------------------------------------------------


@pytest.mark.parametrize("way", leak.WAYS)
def test_tests_lie_after_the_moment_and_training_before_or_elsewhere(movielens_split, way):
    split = movielens_split
    timed = leak.cut_in_time(split, way)
    moment = np.sort(split.times)[int(leak.SHARE * len(split.times))]
    tested = timed.cuts[:, 2] < timed.cuts[:, 3]
    for user, (start, train, validation, end) in enumerate(timed.cuts.tolist()):
        learnt = split.times[start:validation]
        if tested[user]:
            assert (learnt < moment).all() and len(learnt)
            assert (split.times[validation:end] >= moment).all() and end == split.cuts[user, 3]
        elif way == leak.WAYS[0]:
            assert (learnt < moment).all()
        else:
            assert (learnt < moment).all() or (learnt >= moment).all()
        assert start <= train <= validation


def test_all_ways_share_the_test_and_two_the_size(movielens_split):
    ways = [leak.cut_in_time(movielens_split, way) for way in leak.WAYS]
    tests = [[items.tolist() for items in split.histories("test")] for split in ways]
    assert tests[0] == tests[1] == tests[2]
    judged = [[items.tolist() for items in split.histories("validation")] for split in ways]
    assert judged[0] == judged[1] == judged[2]
    before, later, as_many = (split.count("train") for split in ways)
    assert later > before + 10_000
    assert abs(as_many - before) < 800  # whole people are left out


def test_closed_forms_are_measured_again_as_stored(movielens_split):
    stored = results.load("leak")
    for way in leak.WAYS:
        timed = leak.cut_in_time(movielens_split, way)
        for name, values in leak.of_closed_forms(timed, stored["EASE"]).items():
            assert np.allclose(values, stored["people"][way][name], atol=1e-6)
    people = stored["people"]
    assert stored["config"] == json.loads(json.dumps(leak.config()))
    assert stored["counts"] == leak.counts(movielens_split)
    found = {way: np.mean(people[way]["two-tower"]) for way in leak.WAYS}
    gain = stored["leak"]["two-tower"]["difference"]
    assert gain == pytest.approx(found["later, as many"] - found["before"])


def test_few_people_have_both_sides_of_the_moment(movielens_split):
    assert leak.counts(movielens_split)["people with both"] == 109
