import toys


def test_recommend_names_films_codes_and_entries(toy_data, run):
    run(*toys.TRAIN, "--epochs", 3)
    model = toy_data / "runs/model.safetensors"
    code, text = run("recommend", "--liked", "Film 7", "Film 14", "--model", model, "--k", 3)
    assert code == 0
    assert "history: Film 7; Film 14" in text.out
    assert "token 1 -> code (" in text.out and " 1. " in text.out
    code, text = run("recommend", "--liked", "Film 33333", "--model", model)
    assert code == 2 and "Film 33333" in text.err and "did you mean" in text.err
