"""The X-ray's data against the search."""

import json

import numpy as np
import pytest

import sparcode_mini as sm
import toys
from sparcode_mini import results
from sparcode_mini.explain.people import Person, excerpt
from sparcode_mini.explain.query import explain
from sparcode_mini.explain.wishes import wishes_of
from sparcode_mini.explain.xray import explanation, xray
from sparcode_mini.studies import xray as study


@pytest.fixture(scope="module")
def people(movielens_split, served):
    return study.people(movielens_split, *served)


def sums_of(data, m, p, probes, bias):
    """Films (by title) and sums of a person, added up from the JSON alone."""
    model, person = data["models"][m], data["people"][p]
    reads = model["queries"][p]["reads"][str(probes)]
    y = np.zeros(len(data["films"]))
    for rows, weights in zip(reads["rows"], reads["weights"], strict=True):
        for row, weight in zip(rows, weights, strict=True):
            S = np.array(model["lists"]["S"][row])
            np.add.at(y, model["lists"]["items"][row], weight * np.maximum(S + bias, 0))
    return y, person["history"]


@pytest.mark.parametrize("probes", [1, 4])
@pytest.mark.parametrize("offset", [0.0, -0.05, 0.2])
def test_json_adds_up_to_the_search(trained, told, toy_people, probes, offset):
    bias = trained.bias + offset
    model = toys.with_bias(trained, bias)
    index = sm.SparseIndex.build(model, codes="all")
    for p, person in enumerate(toy_people):
        found = explain(model, index, person.history, 8, probes)
        y, seen = sums_of(told, 0, p, probes, bias)
        y[seen] = 0
        best, values = sm.top_k(y[None], min(8, len(y)), positive_only=True)
        titles = [told["films"][f] for f in best[0] if f >= 0]
        assert titles == found.results()
        np.testing.assert_allclose(values[0][: len(titles)], found.values[: len(titles)], atol=5e-6)


def test_lists_codes_and_entries_are_those_of_the_index(trained, told, toy_people):
    index = sm.SparseIndex.build(trained, codes="all")
    model = told["models"][0]
    for code, items, S in zip(model["codes"], *model["lists"].values(), strict=True):
        theirs, values = index.posting_list(code)
        kept = [(i, s + trained.bias) for i, s in zip(items, S, strict=True) if s > -trained.bias]
        titles = [told["films"][i] for i, _ in kept]
        assert titles == trained.catalogue.titles[theirs].tolist()
        np.testing.assert_allclose([v for _, v in kept], values, atol=1e-6)
        assert sorted(S, reverse=True) == S
    entries = dict(zip(model["grid"], model["entries"], strict=True))
    for bias in model["grid"]:
        cut = sm.SparseIndex.build(toys.with_bias(trained, bias), codes="all")
        assert entries[bias] == cut.stats()["entries"]
    codes = trained.token_codes(trained.history_tokens([p.history for p in toy_people]), 4)
    for p, query in enumerate(model["queries"]):
        rows = query["reads"]["4"]["rows"]
        assert [[model["codes"][r] for r in own] for own in rows] == codes.codes[p].tolist()
        np.testing.assert_allclose(query["reads"]["4"]["weights"], codes.weights[p], atol=1e-8)


def test_the_two_tower_and_what_came_next(told, tower, toy_people, toy_split):
    for person, entry in zip(toy_people, told["people"], strict=True):
        y = tower.token_scores(tower.history_tokens([person.history])).numpy()
        best, values = sm.top_k(y, 10, exclude=[person.history])
        titles = [told["films"][f] for f in entry["tower"]["films"]]
        assert titles == toy_split.titles[best[0]].tolist()
        np.testing.assert_allclose(entry["tower"]["scores"], values[0], atol=1e-6)
        history = [told["films"][f] for f in entry["history"]]
        assert history == toy_split.titles[person.history].tolist()
    assert told["people"][0]["later"] is None
    later = [told["films"][f] for f in told["people"][1]["later"]]
    assert later == toy_split.titles[toy_people[1].later].tolist()
    user = toys.known_users(toy_split)[3]
    (history,), (test,) = toy_split.history([user]), toy_split.history([user], "test")
    assert toy_people[1].history.tolist() == history[-5:].tolist()
    assert toy_people[1].later.tolist() == test[:3].tolist()


def test_it_is_a_pure_function_of_bounded_size(people, movielens_split, served):
    wishes = wishes_of(movielens_split)
    data = xray(served[:1], served[1], people, wishes)
    text = json.dumps(data, separators=(",", ":"))
    assert len(text) < 300_000
    assert json.loads(text) == data == xray(served[:1], served[1], people, wishes)
    named = {film for one in data["models"][0]["lists"]["items"] for film in one}
    for person in data["people"]:
        named |= {*person["history"], *(person["later"] or []), *person["tower"]["films"]}
    for query in data["models"][0]["queries"]:
        named |= set(query["unrounded"])
    for wish in data["wishes"]:
        named |= {*wish["gains"], *wish["out"]}
    assert named == set(range(len(data["films"])))


def test_errors(trained, tower, toy_people, toy_split, served):
    with pytest.raises(ValueError, match="0 models, 2 people; give at least one of each"):
        xray([], tower, toy_people)
    with pytest.raises(ValueError, match="history of 'x' is empty; give at least one film"):
        xray([trained], tower, [Person("x", toys.HISTORY[:0])])
    with pytest.raises(ValueError, match="no item position 60; they are 0 to 59"):
        xray([trained], tower, [Person("x", toys.HISTORY, np.array([60]))])
    with pytest.raises(ValueError, match="train them on the same catalogue"):
        xray([trained], served[1], toy_people)
    with pytest.raises(ValueError, match="films = 0; give a whole number, 1 or more"):
        excerpt(toy_split, toys.known_users(toy_split)[0], films=0)
    soft = toys.twin(trained)
    soft.stage = "soft"
    with pytest.raises(RuntimeError, match="'soft' stage"):
        xray([soft], tower, toy_people)


def same_but_for_rounding(one, other):
    """Structure, whole numbers and texts equal; fractions up to the last digit stored."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(
            map(same_but_for_rounding, one.values(), other.values())
        )
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same_but_for_rounding, one, other))
    if isinstance(one, float):
        return one == pytest.approx(other, abs=2e-3)
    return one == other


def test_what_is_stored_is_what_the_shipped_models_say(public, movielens_split):
    assert same_but_for_rounding(public, study.show(movielens_split, results.CHECKPOINTS))


def test_the_stored_models_differ_in_M_and_N(public):
    sizes = [(one["M"], one["N"]) for one in public["models"]]
    assert sizes == [(1, 128), *study.SETTINGS]


@pytest.mark.parametrize("which", range(4))
@pytest.mark.parametrize(("probes", "offset"), [(1, 0.0), (4, -0.3)])
def test_an_explanation_from_the_data_is_that_of_model_and_index(
    public, people, shown, which, probes, offset
):
    model = toys.with_bias(shown[which], offset)
    index = sm.SparseIndex.build(model, codes="all")
    for p, person in enumerate(people[::3]):
        mine = explanation(public, 3 * p, which, bias=model.bias, probes=probes)
        theirs = explain(model, index, person.history, probes=probes)
        assert [name.partition(" (id ")[0] for name in mine.results()] == theirs.results()
        assert [read.code for read in mine.reads] == [read.code for read in theirs.reads]
        np.testing.assert_allclose(mine.parts, theirs.parts, atol=5e-6)


def test_an_explanation_beyond_the_data_is_refused(told):
    with pytest.raises(ValueError, match=r"bias = 0\.5; the data hold lists for at most 0\.2"):
        explanation(told, bias=0.5)
    off = explanation(told, on=[True, False])
    assert off.parts[:, 1].sum() == 0 and off.parts[:, 0].sum() > 0


@pytest.mark.parametrize("options", [{"M": 2, "N": 4}, {"M": 4, "N": 2}, {"M": 8, "N": 2}])
def test_several_codebooks(toy_split, tower, toy_people, options):
    model = toys.small(sm.SparCode, toy_split, seed=1, bias=0.1, **options)
    data = xray([model], tower, toy_people)
    index = sm.SparseIndex.build(model, codes="all")
    found = explain(model, index, toys.HISTORY, 5, 4)
    y, seen = sums_of(data, 0, 0, 4, 0.1)
    y[seen] = 0
    best, _ = sm.top_k(y[None], 5, positive_only=True)
    assert [data["films"][f] for f in best[0] if f >= 0] == found.results()
    one = data["models"][0]
    assert np.shape(one["codewords"]) == (options["M"], options["N"], 2)
    assert len(one["codes"][0]) == options["M"]
