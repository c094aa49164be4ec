"""Rounding, the people for whom SparCode is worse and better, and requests, against the models."""

import numpy as np
import pandas as pd
import pytest
import torch

import sparcode_mini as sm
import toys
from sparcode_mini import results
from sparcode_mini.data.labels import labels_of
from sparcode_mini.explain.query import explain
from sparcode_mini.explain.wishes import WISHES, constant_of, logits, wishes_of
from sparcode_mini.explain.xray import explanation, xray
from sparcode_mini.studies import xray as study


def by_hand(model, T):
    """sum_i ReLU(S_i + b) of tokens (K_u, D_T) as they are, by the formula to the letter."""
    S = model.scorer.as_written(T, model.items(), model.item_bias)  # (K_u, I)
    return (S + model.bias).clamp(min=0).sum(dim=0).detach().numpy()  # (I,)


def test_unrounded_films_are_those_of_the_formula_with_the_tokens_themselves(
    trained, told, toy_people
):
    for query, person in zip(told["models"][0]["queries"], toy_people, strict=True):
        T = trained.history_tokens([person.history])[0]  # (K_u, D_T)
        y = by_hand(trained, T)
        y[person.history] = 0
        best = [c for c in np.argsort(-y, kind="stable")[:10] if y[c] > 0]
        titles = [told["films"][film] for film in query["unrounded"]]
        assert titles == trained.catalogue.titles[best].tolist()
        rounded = trained.quantizer.decode(trained.quantizer.encode(T))
        off = torch.linalg.vector_norm(T - rounded, dim=1) / torch.linalg.vector_norm(T, dim=1)
        np.testing.assert_allclose(query["off"], off.detach(), atol=5e-4)
        assert min(query["off"]) > 0.01


def test_rounded_tokens_that_are_codewords_lose_nothing(trained, tower, toy_people, monkeypatch):
    """Where T is T~ already, both ways find the same films."""
    plain = trained.history_tokens

    def on_codewords(histories):
        return trained.quantizer.decode(trained.quantizer.encode(plain(histories))).detach()

    monkeypatch.setattr(trained, "history_tokens", on_codewords)
    data = xray([trained], tower, toy_people)
    for p, query in enumerate(data["models"][0]["queries"]):
        found = explanation(data, p).positions
        assert query["unrounded"] == found[found >= 0].tolist() and query["off"] == [0.0, 0.0]


def test_the_grid_holds_the_model_s_own_b_to_the_last_digit(trained, tower, toy_people):
    model = toys.with_bias(trained, 0.123456789)
    view = xray([model], tower, toy_people)["models"][0]
    assert view["bias"] in view["grid"] and view["grid"] == sorted(view["grid"])


# --- people ---------------------------------------------------------------------------------------


def hits(model, split, users, films, later):
    """How many of the top ten of each person are rated later, counted from the scores."""
    before = [history[-films:] for history in split.history(users)]
    y = model.token_scores(model.history_tokens(before)).numpy()
    best, _ = sm.top_k(y, 10, exclude=before, positive_only=model.nonnegative)
    after = [history[:later] for history in split.history(users, "test")]
    return [
        len(set(ten) & set(row.tolist())) for ten, row in zip(best.tolist(), after, strict=True)
    ]


def test_the_examples_are_the_largest_differences(movielens_split, served, public):
    split, users = movielens_split, movielens_split.user_ids.tolist()
    lengths = zip(split.history(users), split.history(users, "test"), strict=True)
    long = [len(before) >= 8 and len(after) >= 10 for before, after in lengths]
    users = [user for user, enough in zip(users, long, strict=True) if enough]
    ours, theirs = (hits(model, split, users, 8, 10) for model in served[:2])
    gaps = {user: a - b for user, a, b in zip(users, ours, theirs, strict=True)}
    worse, better = min(gaps, key=gaps.get), max(gaps, key=gaps.get)  # the first of equal ones
    assert gaps[worse] < 0 < gaps[better]
    names = [person["name"] for person in public["people"][-2:]]
    assert names == [
        f"person {user} of MovieLens (an excerpt, chosen: SparCode {word})"
        for user, word in ((worse, "worse"), (better, "better"))
    ]
    for person, word in zip(public["people"][-2:], ("worse", "better"), strict=True):
        assert f"is {word}: the largest such difference of {len(gaps)} people" in person["why"]
    assert all(person["why"] == "" for person in public["people"][:-2])


def test_everybody_is_counted_with_whole_histories(movielens_split, served, public):
    split, counts = movielens_split, {"better": 0, "equal": 0, "worse": 0}
    ours, theirs = (hits(model, split, split.user_ids, 0, None) for model in served[:2])
    for one, other in zip(ours, theirs, strict=True):
        counts["better" if one > other else "worse" if one < other else "equal"] += 1
    stored = public["everybody"]
    assert {word: stored[word] for word in counts} == counts
    assert stored["people"] == sum(counts.values()) and stored["model"] == "M = 1, N = 128"


# --- requests -------------------------------------------------------------------------------------


@pytest.mark.parametrize("which", [0, 3])
@pytest.mark.parametrize(("number", "wish"), list(enumerate(WISHES, 1)))
def test_a_request_adds_a_constant_and_takes_films_out(
    public, movielens_split, served, shown, which, number, wish
):
    labels, model = labels_of(movielens_split), shown[which]
    wanted, unwanted = (labels.fits([w]) if w else labels.holds[0] for w in wish)  # (I,)
    people = study.people(movielens_split, *served)
    y = model.token_scores(model.history_tokens([p.history for p in people])).numpy()
    y = np.where(unwanted, 0, y + constant_of(model) * wanted)
    best, sums = sm.top_k(y, 10, exclude=[p.history for p in people], positive_only=True)
    for p in range(len(people)):
        found = explanation(public, p, which, wish=number)
        titles = movielens_split.titles[best[p][best[p] >= 0]].tolist()
        assert [name.partition(" (id ")[0] for name in found.results()] == titles
        np.testing.assert_allclose(found.values, sums[p], atol=2e-5)
        np.testing.assert_allclose(found.parts.sum(axis=1), found.values, atol=1e-9)
        first = found.lines()[0]
        assert (f"request “{wish[0]}”: {constant_of(model):.3f}" in first) == bool(
            wanted[best[p][0]]
        )


def test_the_constant_is_what_lesson_10_chose(served):
    grid = results.load("wishes")["config"]["grids"]["all lists"]["constant"]
    assert logits() in grid[1:-1]  # the search did not end at an end of what was tried
    assert constant_of(served[0]) == pytest.approx(logits() / float(served[0].logit_scale.detach()))


def test_requests_need_their_labels(toy_split, movielens_split):
    assert wishes_of(toy_split) == []
    assert [(w.wanted, w.unwanted) for w in wishes_of(movielens_split)] == list(WISHES)
    events = pd.DataFrame({"user": [1, 1, 2, 2], "item": [1, 2, 1, 2], "timestamp": [1, 2, 1, 2]})
    titles = pd.DataFrame({"item": [1, 2], "title": ["A Star", "Comedy"]})
    split = sm.data.from_frames(events, items=titles).split(validation=0.0)
    (wish,) = wishes_of(split)  # a word of a title is a label, too; nothing is called "war"
    assert (wish.wanted, wish.gains.tolist(), wish.out.tolist()) == ("star", [0], [])
    bare = sm.data.from_frames(events).split(validation=0.0)
    assert wishes_of(bare) == []


def test_a_request_that_there_is_not_is_refused(public, trained, told):
    with pytest.raises(ValueError, match="wish = 4; give a whole number, 0 to 3"):
        explanation(public, wish=4)
    assert (
        explanation(told, wish=0).results()
        == explain(trained, sm.SparseIndex.build(trained, codes="all"), toys.HISTORY).results()
    )
