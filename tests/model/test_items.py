"""Item tokens, and histories as positions of items."""

import pytest
import torch

import sparcode_mini as sm
import toys
from sparcode_mini.model.items import field_embedding


def test_unknown_people_and_films(trained, toy_split):
    with pytest.raises(ValueError, match="unknown user 'u77'"):
        trained.encode(["u01", "u77"])
    with pytest.raises(ValueError, match="'future' is not known"):
        trained.encode(["u01"], history="future")
    with pytest.raises(ValueError, match="item 7 in history 1 is not in the catalogue"):
        trained.encode_histories([[101], [102, 7]])
    with pytest.raises(ValueError, match="history 1 is empty; give at least one item"):
        trained.encode_histories([[101], []])
    with pytest.raises(ValueError, match="user 'u99' has no item"):
        trained.encode(["u01", toys.NO_HISTORY])


def test_field_embedding_by_hand():
    table = torch.nn.Embedding(4, 2, dtype=torch.float64)
    table.weight.data = torch.tensor([[9.0, 9], [1, 0], [0, 1], [4, 4]], dtype=torch.float64)
    values = torch.tensor([[1, 2, 0], [3, 0, 0], [0, 0, 0], [2, 2, 1]])
    expected = torch.tensor([[0.5, 0.5], [4, 4], [9, 9], [1 / 3, 2 / 3]], dtype=torch.float64)
    toys.near(field_embedding(table, values), expected)


def test_item_tokens_are_id_and_features(toy_split):
    model = toys.small(sm.SparCode, toy_split)
    T_c = model.items()
    assert T_c.shape == (60, 3, 8)  # id, year, genres
    assert model.items.count == 3
    assert torch.equal(T_c[:, 0], model.items.id.weight)
    names = [f.name for f in toy_split.item_features]
    year = toy_split.item_features[names.index("year")]
    assert torch.equal(
        T_c[:, 1 + names.index("year")],
        model.items.fields[names.index("year")].weight[torch.from_numpy(year.values[:, 0])],
    )


def test_histories_that_are_none_are_refused(trained):
    with pytest.raises(ValueError, match="one list of item ids per person"):
        trained.encode_histories([101, 102])
    with pytest.raises(ValueError, match=r"item 9999 in history 0.*find_titles"):
        trained.encode_histories([[9999]])
