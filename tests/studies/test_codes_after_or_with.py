"""The study behind question 10: what is compared is comparable, and one entry is repeated."""

import faiss
import numpy as np
import pytest
import torch

import toys
from sparcode_mini import results
from sparcode_mini.model.two_tower import TwoTower
from sparcode_mini.serving.compress import coded, directions, with_bias
from sparcode_mini.serving.two_tower import Tower
from sparcode_mini.studies import codes_after_or_with as study
from sparcode_mini.studies.common import coded_tower
from sparcode_mini.training.fit import fit

TOY = {
    "trunk": {
        "class": "TwoTower",
        "model": {"query_tokens": 2, "token_dim": 8, "history_len": 10},
        "fit": {"epochs": 1, "batch": 8},
    },
    "tail": {"epochs": 1, "batch": 8, "warmup": 1},
}


def tower(toy_split, side="items", M=2, **options):
    return coded_tower.CodedTwoTower(toy_split, side, M, 4, query_tokens=2, **toys.SMALL, **options)


@pytest.mark.usefixtures("untraced")
def test_the_cheap_entries_are_what_is_stored(movielens_split, tmp_path):
    entries = study.cheap(movielens_split, tmp_path)
    for entry, stored in zip(entries, results.load("codes_after_or_with")["cheap"], strict=True):
        assert entry["way"] == stored["way"]
        assert entry["test"] == pytest.approx(stored["test"], abs=0.02)
        assert entry["validation"] == pytest.approx(stored["validation"], abs=0.02)
        assert entry["lost"] == pytest.approx(stored["lost"], abs=0.05)
        assert entry["validation"] == max(entry["start"], entry["tail"] or 0.0)
    assert study.cheap(movielens_split, tmp_path) == entries  # read, not trained again


def test_the_stored_study_is_complete_and_made_by_this_configuration():
    stored = results.load("codes_after_or_with")
    assert {k: stored["config"][k] for k in study.config()} == study.config()
    sizes = [(row["side"], row["M"], row["N"]) for row in stored["settings"]]
    assert sizes == [(side, M, N) for side, pairs in study.SIDES.items() for M, N in pairs]
    for row in stored["settings"]:
        assert set(row["ways"]) == {*study.FRAMES, *study.WITH[row["side"]]}
        assert {len(each) for each in row["ways"].values()} == {len(study.SEEDS)}
        assert set(row["tried"]) == set(study.WITH[row["side"]])


def test_frame_and_way_of_the_stored_study_won_on_validation():
    for row in results.load("codes_after_or_with")["settings"]:
        for kind, names in (("after", study.FRAMES), ("with", study.WITH[row["side"]])):
            assert row[kind] == study.best(names, row["ways"].__getitem__)


def test_no_rate_of_the_stored_study_has_an_untried_neighbour():
    stored = results.load("codes_after_or_with")
    walks = [walk for row in stored["settings"] for walk in row["tried"].values()]
    for walk in [stored["tail"], *walks]:
        scores = {point["rate"]: point["validation"] for point in walk}
        place = study.RATES.index(max(scores, key=scores.__getitem__))
        assert place < len(study.RATES) - 1  # below the lowest is the start, a candidate anyway
        assert set(study.RATES[max(place - 1, 0) : place + 2]) <= set(scores)


@pytest.mark.parametrize("scores", [(0.5, 0.4), (0.5, 0.6)])
def test_a_tail_that_harms_keeps_what_it_began_with(toy_split, tmp_path, monkeypatch, scores):
    towers = study.Towers(toy_split, tmp_path, TOY, "toy")
    start = towers.measured(study.Job("items", 2, 4, "weighted", "weighted", 0))
    assert start["tail"] is None
    answers = iter(scores)  # of validation: before the tail, and after it
    monkeypatch.setattr(towers, "validation", lambda model: next(answers))
    kept = towers.measured(study.Job("items", 2, 4, study.JPQ, "weighted", 0, rate=0.1))
    assert (kept["start"], kept["tail"], kept["validation"]) == (*scores, max(scores))
    assert (kept["people"] == start["people"]) == (scores[0] > scores[1])


def test_codes_after_training_are_those_of_the_trunk_with_its_tail(toy_split, tmp_path):
    towers = study.Towers(toy_split, tmp_path, TOY, "toy")
    tail = towers.measured(study.tail_alone(0, 1e-2))
    better = max(tail["start"], tail["tail"])
    assert tail["validation"] == better == towers.validation(towers.tailed(0, 1e-2))
    job = study.Job("items", 2, 4, "plain", "plain", 0, before=1e-2)
    trunk = towers.tailed(0, 1e-2)
    assert torch.equal(towers.coded(job).item_matrix(), trunk.item_matrix())
    assert towers.measured(job)["people"] != towers.measured(job._replace(before=0.0))["people"]


def test_an_answer_for_another_trunk_is_refused(toy_split, tmp_path):
    towers = study.Towers(toy_split, tmp_path, TOY, "toy")
    job = study.tail_alone(0, 0.0)
    towers.measured(job)
    study.Towers(toy_split, tmp_path, TOY, "toy").file(1).replace(towers.file(0))
    with pytest.raises(ValueError, match="is the result of another setting"):
        towers.measured(job)


def test_rates_are_walked_until_both_neighbours_are_worse():
    peak = study.RATES[3]
    known = study.tuned(lambda rate: -abs(np.log(rate / peak)))
    assert max(known, key=known.__getitem__) == peak
    assert list(known) == list(study.RATES[1:5])


def test_weights_of_another_tower_are_refused(toy_split):
    trunk = toys.small(TwoTower, toy_split, query_tokens=2)
    coded = tower(toy_split).take(trunk)
    assert torch.equal(coded.item_matrix(), trunk.item_matrix())
    with pytest.raises(ValueError, match="the two-tower lacks"):
        tower(toy_split).take(toys.small(TwoTower, toy_split, query_tokens=2, tokenizer="gru"))


@pytest.mark.parametrize("frame", coded_tower.FRAMES)
@pytest.mark.parametrize("side", ["items", "queries"])
def test_scores_are_dot_products_with_one_side_quantised(toy_split, side, frame):
    model = tower(toy_split, side).start(frame, seed=0).eval()
    T, T_c = torch.randn(3, 2, 8, dtype=torch.float64), model.items()
    query, item = T.sum(1), T_c.sum(1)
    vectors = item if side == "items" else query
    code = model.quantizer.encode(vectors @ model.into)
    back = model.quantizer.decode(code) @ torch.linalg.inv(model.into)
    query, item = (query, back) if side == "items" else (back, item)
    y, extra = model.training_scores(T, T_c, model.item_bias)
    torch.testing.assert_close(y, query @ item.T + model.item_bias)
    assert extra.item() > 0


def test_weighted_codes_are_those_of_serving(toy_split):
    """`serving.compress.coded` and the study make the same codes from the same vectors."""
    model = tower(toy_split).start("weighted", seed=0)
    items, queries = (part.numpy() for part in model.vectors())
    cut, turn = directions(items, queries, 8)
    back, _ = coded(cut, 2, 4)
    served = Tower(model, toy_split)
    bias = model.item_bias.detach().numpy()
    y = served.queries["test"] @ turn @ with_bias(back, bias)[:, :-1].T + bias
    users = toy_split.user_ids[served.people["test"].users]
    np.testing.assert_allclose(model.scores(users).numpy(), y, atol=1e-9)


def test_a_weighted_frame_has_the_smallest_error_of_the_scores(toy_split):
    errors = {}
    for frame in ("plain", "weighted"):
        model = tower(toy_split, M=1).start(frame, seed=0)
        items, queries = model.vectors()
        code = model.quantizer.encode(items @ model.into)
        back = model.quantizer.decode(code) @ model.turn.T
        errors[frame] = float((queries @ (items - back).T).square().mean())
    assert errors["weighted"] < errors["plain"]


def test_fixed_codes_stay_while_codewords_move(toy_split):
    model = tower(toy_split, fixed=True).start("weighted", seed=0)
    codes, books = model.codes.clone(), model.quantizer.codebooks.detach().clone()
    assert torch.equal(codes, model.quantizer.encode(model.vectors()[0] @ model.into))
    fit(model, toy_split, epochs=1, batch=8, warmup=1)
    assert torch.equal(model.codes, codes)
    assert not torch.equal(model.quantizer.codebooks, books)


def test_codebooks_learn_in_training_only(toy_split):
    model = tower(toy_split)
    before = model.quantizer.codebooks.clone()
    T = torch.randn(3, 2, 8, dtype=torch.float64)
    model.eval().training_scores(T, model.items(), model.item_bias)
    assert torch.equal(model.quantizer.codebooks, before)
    model.train().training_scores(T, model.items(), model.item_bias)
    assert not torch.equal(model.quantizer.codebooks, before)


def test_plain_codes_lose_no_more_than_those_of_faiss(toy_split):
    model = tower(toy_split).start("plain", seed=0)
    x = np.ascontiguousarray(model.vectors()[0].numpy(), np.float32)
    peer = faiss.ProductQuantizer(8, 2, 2)
    peer.cp.min_points_per_centroid = 1
    peer.train(x)
    error = float(((x - peer.decode(peer.compute_codes(x))) ** 2).sum())
    assert model.lost() < 1.1 * error / float(((x - x.mean(0)) ** 2).sum())


def test_vectors_and_bytes(toy_split):
    items, queries = tower(toy_split).vectors()
    assert items.shape == (60, 8) and queries.shape[1] == 8
    assert torch.equal(tower(toy_split, "queries").vectors()[1], items)
    assert coded_tower.bytes_stored("items", 4, 16, 1682, 32) == 1682 * 2 + 2 * 16 * 32
    assert coded_tower.bytes_stored("queries", 1, 128, 0, 32) == 2 * 128 * 32


def test_what_makes_no_sense_is_refused(toy_split):
    with pytest.raises(ValueError, match="side = 'users'; choose"):
        tower(toy_split, "users")
    with pytest.raises(ValueError, match="side = 'queries'; choose"):
        tower(toy_split, "queries", fixed=True)
    with pytest.raises(ValueError, match="frame 'odd' is unknown"):
        tower(toy_split).start("odd", seed=0)
