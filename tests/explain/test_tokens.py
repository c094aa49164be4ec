"""What tokens look at and ask for; copies; a look ahead."""

import numpy as np
import pytest
import torch

import sparcode_mini as sm
import toys
from sparcode_mini.data.features import Feature
from sparcode_mini.explain import tokens as attend
from sparcode_mini.model.tokenizers import TOKENIZERS
from sparcode_mini.worlds.fields import dice_world

HISTORY = np.array([3, 8, 1, 20])


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
def test_influence_is_what_leaving_a_film_out_does(toy_split, tokenizer):
    model = toys.small(sm.SparCode, toy_split, tokenizer=tokenizer)
    shares = attend.influence(model, HISTORY)
    assert shares.shape == (2, 4) and bool((shares >= 0).all())
    torch.testing.assert_close(shares.sum(dim=1), torch.ones(2).double())
    T, without = model.history_tokens([HISTORY]), model.history_tokens([np.array([3, 1, 20])])
    moved = (T - without)[0].norm(dim=-1)
    others = [model.history_tokens([np.delete(HISTORY, p)]) for p in range(4)]
    total = sum((T - o)[0].norm(dim=-1) for o in others)
    torch.testing.assert_close(shares[:, 1], moved / total)


@pytest.mark.parametrize("history", [[3], [], list(range(11))])
def test_histories_that_cannot_be_shortened_are_refused(toy_split, history):
    model = toys.small(sm.SparCode, toy_split)
    with pytest.raises(ValueError, match=f"a history of {len(history)} films; give 2 to 10"):
        attend.influence(model, history)


def test_nearest_films_have_the_largest_scores_without_popularity(trained):
    model = toys.twin(trained)
    T = model.history_tokens([HISTORY])[0]
    before = attend.nearest_films(model, T, 5)
    model.item_bias.data += torch.arange(60).double()
    assert torch.equal(attend.nearest_films(model, T, 5), before)
    S = model.scorer(T, model.items(), torch.zeros(60).double())
    assert before[0].tolist() == S[0].argsort(descending=True, stable=True)[:5].tolist()
    for k in (0, 61):
        with pytest.raises(ValueError, match=f"k = {k}; ask for 1 to 60"):
            attend.nearest_films(model, T, k)


def test_a_genre_profile_counts_films():
    genres = Feature("genres", "list", np.array([[1, 2], [2, 0], [0, 0]]), ("-", "War", "Drama"))
    assert attend.genre_profile(genres, [0, 1, 2, 1]) == {"Drama": 0.75, "War": 0.25}
    with pytest.raises(ValueError, match="no films"):
        attend.genre_profile(genres, [])


def test_describe_puts_it_together(trained, toy_split):
    told = attend.describe(trained, toy_split, HISTORY, token=2, k=3)
    assert told["films"] == [f"Film {i}" if i % 7 == 0 else toy_split.titles[i] for i in HISTORY]
    T = trained.history_tokens([HISTORY])[0]
    nearest = attend.nearest_films(trained, T, 3)[1]
    assert told["nearest"] == [toy_split.titles[p] for p in nearest]
    assert np.array(told["influence"]).shape == (2, 4) and told["token"] == 2
    with pytest.raises(ValueError, match="token = 3; this model has tokens 1 to 2"):
        attend.describe(trained, toy_split, HISTORY, token=3)


def test_items_without_genres_are_named():
    with pytest.raises(ValueError, match="items have no genres"):
        attend.genres_of(dice_world(n_users=3).split())


# --- copies -------------------------------------------------------------------------------------


def test_cosines_and_their_mean():
    T = torch.tensor([[[1.0, 0.0], [0.0, 2.0], [3.0, 0.0]]]).double()
    expected = torch.tensor([[1.0, 0, 1], [0, 1, 0], [1, 0, 1]]).double()
    torch.testing.assert_close(attend.cosines(T)[0], expected)
    assert attend.mean_cosine(T) == pytest.approx(1 / 3)
    with pytest.raises(ValueError, match="one token has no other"):
        attend.mean_cosine(T[:, :1])


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
def test_tokens_that_start_alike_stay_alike_through_training(toy_split, tokenizer):
    users, cosine = toys.known_users(toy_split), {}
    for alike in (False, True):
        model = toys.small(sm.SparCode, toy_split, tokenizer=tokenizer, query_tokens=3, seed=1)
        if alike:
            attend.start_alike(model)
        sm.fit(model, toy_split, epochs=4, seed=2, batch=8, warmup=2, lr=2e-2)
        cosine[alike] = attend.mean_cosine(model.tokens(users))
    assert cosine[True] == pytest.approx(1.0, abs=1e-9)
    assert cosine[False] < 0.99


# --- a look ahead -------------------------------------------------------------------------------


def test_in_a_world_of_dice_only_a_peeking_model_learns():
    split = dice_world(n_users=120, n_items=20, length=10).split(test=0.2, validation=0.1)
    last = {}
    for causal in (True, False):
        model = sm.TwoTower(split, token_dim=16, history_len=10, dropout=0.0, dtype=torch.float64)
        for block in model.tokenizer.blocks:
            block.causal = causal
        log = sm.fit(model, split, epochs=25, lr=2e-2, target_window=1, warmup=5)
        last[causal] = log.column("loss")[-1]
    assert last[True] > 1.5 > 1.2 > last[False]


def test_without_the_mask_a_later_item_changes_an_earlier_prefix(toy_split):
    model = toys.small(sm.TwoTower, toy_split).eval()
    H = torch.from_numpy(np.random.default_rng(0).normal(size=(1, 4, 8)))
    other = H.clone()
    other[:, 3] = torch.from_numpy(np.random.default_rng(1).normal(size=8))
    for causal in (True, False):
        for block in model.tokenizer.blocks:
            block.causal = causal
        same = torch.allclose(
            model.tokenizer.prefixes(H)[:, 0], model.tokenizer.prefixes(other)[:, 0]
        )
        assert same == causal


def test_dice_are_fair_and_come_again():
    a, b = dice_world(seed=3), dice_world(seed=3)
    assert a.interactions.equals(b.interactions)
    split = a.split(test=0.0, validation=0.0)
    assert all(len(set(h.tolist())) == 20 for h in split.histories("train"))
    counts = np.bincount(np.concatenate(split.histories("train")), minlength=40)
    assert counts.min() > 150 and counts.max() < 250
    with pytest.raises(ValueError, match="length = 41"):
        dice_world(length=41)
