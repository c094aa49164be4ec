"""What passes the argmin: stored runs belong to the code, and one comes out again."""

import numpy as np
import pytest
import torch

import sparcode_mini as sm
import toys
from sparcode_mini import results
from sparcode_mini.model.variants.opq_fsq import relative_distortion
from sparcode_mini.studies import codebooks, gradients
from sparcode_mini.studies.common import small
from sparcode_mini.studies.common.train_and_measure import train_and_measure


def test_the_stored_configurations_are_those_of_the_code():
    import json

    for study in (codebooks, gradients):
        name = study.__name__.rpartition(".")[2]
        assert results.load(name)["config"] == json.loads(json.dumps(study.config()))


def test_every_run_and_seed_is_stored_once():
    entries = results.load("gradients")["entries"]
    found = [(e["name"], e["seed"]) for e in entries]
    assert found == [(name, seed) for name in gradients.RUNS for seed in small.SEEDS]
    rows = [(r["M"], r["N"]) for r in results.load("codebooks")["settings"]]
    assert rows == codebooks.POINTS


def test_the_two_studies_took_the_rate_that_validation_preferred():
    walks = [results.load(name)["rates"] for name in ("codebooks", "gradients")]
    one, two = ([{**point, "seconds": 0} for point in walk] for walk in walks)
    assert one == two
    walks.append(results.load("codebooks")["two-tower"]["rates"])
    for walk, decides in zip(walks, (small.DECIDES, small.DECIDES, "ndcg@50"), strict=True):
        best = max(walk, key=lambda point: point[f"validation {decides}"])
        assert small.chosen(walk) == best
        place = small.RATES.index(best["lr"])
        near = {small.RATES[place + step] for step in (-1, 1)}  # it is at neither end
        assert near <= {point["lr"] for point in walk}


def test_summary_is_mean_half_range_and_count():
    entries = [{"name": "a", "x": 1.0}, {"name": "a", "x": 3.0}, {"name": "b", "x": 9.0}]
    assert gradients.summary(entries, "a", "x") == (2.0, 1.0, 2)
    with pytest.raises(KeyError, match="'c' was not trained"):
        gradients.summary(entries, "c", "x")


@pytest.mark.parametrize("name", ["GumbelSparCode", "SparCode"])
def test_a_small_training_of_each_class_is_measured_and_read_again(toy_split, tmp_path, name):
    spec = {
        "class": name,
        "model": {"token_dim": 8, "history_len": 10, "hidden": 4, "query_tokens": 2, "N": 6},
        "fit": {"epochs": 4, "batch": 8},
    }
    classes = gradients.CLASSES
    first = train_and_measure(toy_split, spec, 0, tmp_path, "one", classes=classes)
    assert 0 < first["ndcg@50"] < 1
    model = sm.load_model(tmp_path / "one.safetensors", toy_split, classes=classes)
    assert type(model) is classes[name]
    x = model.tokens(toys.known_users(toy_split)).flatten(0, 1)
    assert 0 < relative_distortion(x, model.quantizer.decode(model.quantizer.encode(x))) < 2


def test_a_reader_without_the_class_of_the_study_refuses_its_file_by_name(toy_split, tmp_path):
    toys.small(gradients.GumbelSparCode, toy_split, N=6).save(tmp_path / "one.safetensors")
    with pytest.raises(ValueError, match="its class is 'GumbelSparCode'; this version knows"):
        sm.load_model(tmp_path / "one.safetensors", toy_split)


def test_gumbel_sends_the_gradient_of_the_softmax_to_the_tokens(toy_split):
    model = toys.small(gradients.GumbelSparCode, toy_split, N=6).train()
    model.noise.rng = np.random.default_rng(0)
    T = torch.from_numpy(np.random.default_rng(1).normal(size=(6, 2, 8))).requires_grad_()
    y, own = model.training_scores(T, model.items(), model.item_bias)
    assert y.shape == (6, model.n_items) and own > 0
    (g,) = torch.autograd.grad(y.sum(), T)
    assert bool(g.abs().sum() > 0)
    model.eval()  # served like any other: the nearest code
    plain, _ = model.training_scores(T, model.items(), model.item_bias)
    codes = model.quantizer.encode(T)
    torch.testing.assert_close(
        plain, model.code_scores(codes.flatten(0, 1)).unflatten(0, (6, 2)).sum(1)
    )


@pytest.mark.parametrize("study", [gradients, codebooks])
@pytest.mark.usefixtures("untraced")
def test_the_cheap_training_comes_out_as_stored(movielens_split, tmp_path, study):
    stored = results.load(study.__name__.rpartition(".")[2])["cheap"]
    again = study.cheap(movielens_split, tmp_path)
    assert again["ndcg@50"] == pytest.approx(stored["ndcg@50"], abs=0.01)
    assert again["distortion"] == pytest.approx(stored["distortion"], abs=0.03)
    assert study.cheap(movielens_split, tmp_path)["ndcg@50"] == again["ndcg@50"]  # read again
