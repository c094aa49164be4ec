"""The study of item tokens: fields by name, rare films, one entry comes out again."""

import pytest

import sparcode_mini as sm
from sparcode_mini import results
from sparcode_mini.studies import item_tokens


def test_fields_are_chosen_by_name():
    ratings = sm.data.movielens_100k()
    split = item_tokens.with_fields(ratings, ("words",)).split()
    (words,) = split.item_features
    toy = {words.vocabulary[v] for v in words.values[0] if v}
    assert words.kind == "list" and toy == {"story"}  # "toy" is in one title only
    assert item_tokens.with_fields(ratings, ()).split().item_features == ()
    assert split.fingerprint == ratings.split().fingerprint
    with pytest.raises(ValueError, match="field 'actors' is unknown"):
        item_tokens.with_fields(ratings, ("actors",))


def test_rare_films_are_those_of_few(movielens_split, monkeypatch):
    """An oracle that ranks a person's own test films first finds all rare ones."""

    class Oracle:
        def scores(self, users):
            import torch

            y = torch.zeros(len(users), movielens_split.n_items)
            later = movielens_split.history(users, "test")
            for row, films in zip(y, later, strict=True):
                row[films] = 1.0
            return y

    assert item_tokens.rare_recall(Oracle(), movielens_split, k=1000) == 1.0


def test_the_cheap_entry_of_item_tokens_comes_out_again(tmp_path):
    again = item_tokens.measure(tmp_path, **item_tokens.CHEAP)
    stored = results.load("item_tokens")["cheap"]
    assert again["ndcg@50"] == pytest.approx(stored["ndcg@50"], abs=0.02)
    assert again["rare recall@50"] == pytest.approx(stored["rare recall@50"], abs=0.04)
