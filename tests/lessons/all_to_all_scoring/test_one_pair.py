"""One pair, number by number: equal to the scorer, and to an example by hand."""

import numpy as np
import pytest
import torch

import toys
from sparcode_mini.lessons.all_to_all_scoring.one_pair import meet, meet_person
from sparcode_mini.model.scorer import ProductScorer
from sparcode_mini.model.variants.scorers import ConcatScorer


def test_by_hand():
    scorer = ProductScorer(2, 2, hidden=2).double()
    scorer.first.weight.data = torch.tensor([[1, 1, 1, 1], [0, 0, 0, -1]]).double()
    scorer.first.bias.data = torch.tensor([0.0, 1.0]).double()
    scorer.last.weight.data = torch.tensor([[10.0, 100.0]]).double()
    token = torch.tensor([1.0, 2.0]).double()
    m = meet(scorer, token, torch.eye(2).double(), item_bias=0.5, bias=-33.0)
    assert m.products.tolist() == [[1, 0], [0, 2]] and m.linear == 3
    assert m.hidden.tolist() == [3, 0] and m.network == 30  # 1 - 2 < 0: the second unit is off
    assert (m.S, m.entry) == (33.5, 0.5)
    assert meet(scorer, token, torch.eye(2).double(), bias=-34).entry == 0


@pytest.mark.parametrize("path", [True, False])
@pytest.mark.parametrize("mlp_on", [True, False])
def test_equal_to_the_scorer(path, mlp_on):
    rng = np.random.default_rng(0)
    scorer = ProductScorer(4, 3, hidden=5, linear_path=path).double()
    scorer.mlp_on = mlp_on
    Z, T_c, bias = (torch.from_numpy(rng.normal(size=s)) for s in ((2, 4), (6, 3, 4), (6,)))
    S = scorer(Z, T_c, bias)
    for b in range(2):
        for c in range(6):
            m = meet(scorer, Z[b], T_c[c], bias[c], bias=0.2)
            assert pytest.approx(float(S[b, c].detach()), abs=1e-12) == m.S
            assert m.entry == pytest.approx(max(m.S + 0.2, 0.0))


def test_the_entries_of_a_person_add_up_to_y(trained):
    (user,) = toys.known_users(trained.split)[:1]
    y = trained.scores([user])[0]
    c = int(y.argmax())
    met = meet_person(trained, user, c)
    assert len(met) == trained.config.query_tokens
    assert sum(m.entry for m in met) == pytest.approx(float(y[c]))


def test_another_scorer_is_refused():
    with pytest.raises(ValueError, match="ConcatScorer has no products"):
        meet(ConcatScorer(2, 1), torch.zeros(2), torch.zeros(1, 2))
