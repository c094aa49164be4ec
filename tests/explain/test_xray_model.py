"""One model in the X-ray, against the model's own parts."""

import numpy as np
import pytest

import sparcode_mini as sm
import toys
from sparcode_mini.explain import xray_model
from sparcode_mini.explain.people import Person
from sparcode_mini.explain.xray import xray
from sparcode_mini.model.tokenizers import AttentionBlock


def test_tokens_and_leaving_one_film_out(trained, told):
    query = told["models"][0]["queries"][0]
    tokens = trained.history_tokens([toys.HISTORY])[0]  # (K_u, D_T)
    np.testing.assert_allclose(query["values"], tokens, atol=5e-4)
    for place in range(len(toys.HISTORY)):
        rest = trained.history_tokens([np.delete(toys.HISTORY, place)])[0]
        moved = (rest - tokens).norm(dim=1)
        np.testing.assert_allclose([row[place] for row in query["moved"]], moved, atol=5e-4)
        new = trained.quantizer.encode(rest).tolist()
        for token, old in enumerate(trained.quantizer.encode(tokens).tolist()):
            changed = [code for t, at, code in query["changed"] if (t, at) == (token, place)]
            assert changed == ([] if new[token] == old else [new[token]])
    for token, found in enumerate(query["nearest"][0]):
        distances = (trained.quantizer.codebooks[0] - tokens[token]).square().sum(1)
        order = distances.argsort()[: xray_model.NEAREST]
        assert [n for n, _ in found] == order.tolist()
        np.testing.assert_allclose([d for _, d in found], distances[order].detach(), atol=5e-4)


def test_attention_is_that_of_the_forward_pass(trained, told, monkeypatch):
    seen = []
    plain = AttentionBlock.attention

    def spy(self, x):
        seen.append(plain(self, x))
        return seen[-1]

    monkeypatch.setattr(AttentionBlock, "attention", spy)
    trained.history_tokens([toys.HISTORY])
    attention = told["models"][0]["queries"][0]["attention"]
    np.testing.assert_allclose(attention, seen[-1][0, :, -1], atol=1e-4)
    np.testing.assert_allclose(np.sum(attention, axis=1), 1, atol=5e-4)
    assert len(seen) == 2 and not np.allclose(attention, seen[0][0, :, -1].numpy(), atol=1e-3)


@pytest.mark.parametrize("tokenizer", ["dnn", "gru"])
def test_other_tokenizers_have_no_attention_but_films_that_matter(toy_split, tower, tokenizer):
    model = toys.small(sm.SparCode, toy_split, seed=1, tokenizer=tokenizer)
    long = Person("long", np.arange(14))  # the model reads 10
    data = xray([model], tower, [Person("short", toys.HISTORY[:1]), long])
    short, query = data["models"][0]["queries"]
    assert query["attention"] is None and np.shape(query["moved"]) == (2, 10)
    assert np.shape(short["moved"]) == (2, 1) and short["changed"] is None
    assert len(data["people"][1]["history"]) == 14


def test_too_many_codes_to_count_say_so(toy_split, tower, toy_people, monkeypatch):
    monkeypatch.setattr(xray_model, "MOST_CODES", 5)
    data = xray([toys.small(sm.SparCode, toy_split)], tower, toy_people)
    assert data["models"][0]["entries"] is None
