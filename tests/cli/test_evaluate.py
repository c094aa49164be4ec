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
