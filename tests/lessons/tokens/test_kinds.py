"""Four kinds of query become embeddings, and one tokenizer reads them all."""

import torch

from sparcode_mini.lessons.tokens import kinds
from sparcode_mini.model.tokenizers import make_tokenizer


def test_each_kind_has_its_number_of_embeddings(movielens_split):
    queries = kinds.four(movielens_split, person=582)
    tokenizer = make_tokenizer(
        "dnn", dim=16, query_tokens=4, token_dim=8, max_len=50, normalise=True, dropout=0.0
    )
    rows = {name: (before, after) for name, before, after in kinds.shapes(queries, tokenizer)}
    assert rows == {
        "history of 12 films": ((12, 16), (4, 8)),
        "row: age, gender, occupation": ((3, 16), (4, 8)),
        "text: Toy Story": ((9, 16), (4, 8)),
        "image, 8 x 8 pixels": ((16, 16), (4, 8)),
    }


def test_all_that_is_no_padding_is_marked_real(movielens_split):
    for H_u, mask in kinds.four(movielens_split, person=582).values():
        assert mask.shape == H_u.shape[:2] and mask.dtype == torch.bool and bool(mask.all())
