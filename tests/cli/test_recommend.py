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


def test_a_wish_leaves_only_what_fulfils_it(toy_data, run, monkeypatch):
    ratings = toys.toy_ratings()
    kinds = [["odd"] if item % 2 else ["even"] for item in ratings.items["item"]]
    films = ratings.items.assign(kind=kinds)
    ratings = dataclasses.replace(ratings, items=films)
    monkeypatch.setattr(sm.data, "movielens_100k", lambda: ratings)
    run(*toys.TRAIN, "--epochs", 3)
    ask = ("recommend", "--user", "u03", "--model", "runs/model.safetensors", "--k", 5)
    for wish in (("--want", "odd"), ("--without", "EVEN")):
        code, text = run(*ask, *wish)
        found = [line for line in text.out.splitlines() if line[:2].strip().isdigit()]
        names = [line.split("  =  ")[0].split("  ")[-1].split(" (")[0] for line in found]
        assert code == 0 and found
        titles = dict(zip(films["title"], films["item"], strict=True))
        assert all(titles[name] % 2 for name in names)
        assert f"{sum(item % 2 for item in films['item']):,} of {len(films)} films" in text.out
    code, text = run(*ask, "--want", "od")
    assert code == 2 and "no item has the label 'od'" in text.err
