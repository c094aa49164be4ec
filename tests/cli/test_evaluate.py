import dataclasses

import sparcode_mini as sm
import toys


def test_train_evaluate_index_and_evaluate_from_the_index(toy_data, run):
    code, text = run(*toys.TRAIN, "--epochs", "3")
    assert code == 0
    assert "epoch   2" in text.out and "saved" in text.out
    model, index = toy_data / "runs/model.safetensors", toy_data / "runs/index.safetensors"
    assert not model.with_suffix(".training.safetensors").exists()
    code, plain = run("evaluate", model, "--k", 5)
    assert code == 0 and "ndcg@5" in plain.out
    code, text = run("index", model, "--codes", "all")
    assert code == 0 and "density" in text.out
    code, served = run("evaluate", model, "--k", 5, "--index", index)
    assert code == 0 and served.out == plain.out


def test_an_index_that_does_not_fit_is_named(toy_data, run):
    run(*toys.TRAIN, "--epochs", 3)
    model, few = toy_data / "runs/model.safetensors", toy_data / "few.safetensors"
    sparcode = sm.load_model(model)
    code = sparcode.encode_histories([[100, 101]]).codes[0, 0, 0]
    sm.SparseIndex.build(sparcode, codes=code[None].numpy()).save(few)
    code, text = run("evaluate", model, "--index", few)
    assert code == 2 and text.err.startswith(
        f"sparcode-mini evaluate: --index {few} lacks lists that these users read; make it with "
    )
    run(*toys.TRAIN, "--epochs", 3, "--seed", 1)
    code, text = run("evaluate", model, "--index", few)
    assert code == 2 and "the index of another model, or of this one before more" in text.err
    assert text.err.count("\n") == 1


def test_data_that_the_model_has_not_learnt_from_is_told(toy_data, run, monkeypatch):
    run(*toys.TRAIN, "--epochs", 3)
    code, text = run("evaluate", "runs/model.safetensors", "--k", 5)
    assert code == 0 and "note:" not in text.err
    ratings = toys.toy_ratings()
    turned = ratings.interactions.assign(timestamp=-ratings.interactions["timestamp"])
    turned = dataclasses.replace(ratings, interactions=turned)
    monkeypatch.setattr(sm.data, "movielens_100k", lambda: turned)
    code, text = run("evaluate", "runs/model.safetensors", "--k", 5)
    assert code == 0 and "the model has learnt from other plays than these" in text.err
