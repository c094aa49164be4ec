import dataclasses

import sparcode_mini as sm
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


def test_recommend_shows_titles_letter_by_letter(toy_data, run, monkeypatch):
    ratings = toys.toy_ratings()
    titles = [f"\u202eFilm {n // 20}\x1b[2J" for n in range(len(ratings.items))]
    ratings = dataclasses.replace(ratings, items=ratings.items.assign(title=titles))
    monkeypatch.setattr(sm.data, "movielens_100k", lambda: ratings)
    run(*toys.TRAIN, "--epochs", 3)
    code, text = run("recommend", "--user", "u03", "--model", "runs/model.safetensors", "--k", 60)
    assert code == 0 and not set("\u202e\x1b") & set(text.out)
    assert "⟨U+202E⟩Film 1⟨U+001B⟩[2J (199" in text.out and ") (id " in text.out


def test_an_id_chooses_among_items_with_one_title(toy_data, run, monkeypatch):
    ratings = toys.toy_ratings()
    same = ratings.items["title"].where(ratings.items["item"] > 9, "Contact")
    ratings = dataclasses.replace(ratings, items=ratings.items.assign(title=same))
    monkeypatch.setattr(sm.data, "movielens_100k", lambda: ratings)
    run(*toys.TRAIN, "--epochs", 3)
    model = ("--model", "runs/model.safetensors", "--k", 3)
    raw = int(ratings.items["item"].iloc[4])
    title = str(ratings.split().titles[4])
    code, text = run("recommend", "--liked", raw, *model)
    assert code == 0 and f"history: {title}" in text.out
    code, text = run("recommend", "--liked", "nothing like it", *model)
    assert code == 2 and "'nothing like it'" in text.err
