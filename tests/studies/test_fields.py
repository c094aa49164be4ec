"""The world of lists: what is served is counted, free vectors fit, one point is as stored."""

import pytest
import torch

from sparcode_mini import results
from sparcode_mini.studies import fields
from sparcode_mini.worlds.fields import fields_world
from sparcode_mini.worlds.models import FieldsTokens, FieldsTower

WORLD = fields_world(fields=2, values=8, n_items=60, likes=0.1, n_users=60, seed=1)


def test_bytes_and_entries_that_are_liked():
    tower, tokens = FieldsTower(WORLD, 4), FieldsTokens(WORLD, 8)
    assert fields.served(tower, WORLD) == {"bytes": 2 * 5 * 60}
    assert fields.served(tokens, WORLD) == {"bytes": None}
    lists = FieldsTokens(WORLD, 8, N=12)
    counts = fields.served(lists, WORLD)
    assert counts["entries"] == int((lists.lists() > 0).sum())
    assert counts["bytes"] == 6 * counts["entries"] and 0 < counts["liked"] < counts["entries"]


def test_an_entry_is_liked_if_a_value_with_its_code_likes_the_item():
    model = FieldsTokens(WORLD, 8, N=12)
    liked = fields.liked_by_code(model, WORLD)
    people = torch.from_numpy(WORLD.user_fields)
    wanted = liked[model.codes(people)].any(dim=1)  # (B, I)
    relevant = torch.from_numpy(WORLD.relevant())
    assert wanted[relevant].all() and liked.sum() <= WORLD.likes.sum()


@pytest.mark.numeric
def test_free_vectors_find_the_width_that_is_enough(monkeypatch):
    monkeypatch.setattr(fields, "FREE_STEPS", 300)
    narrow, wide = (fields.free_vectors(WORLD, width) for width in (2, 12))
    assert wide["wrong"] == 0 and wide["r_precision"] == 1
    assert narrow["wrong"] > 100 and narrow["r_precision"] < 0.9


def test_run_measures_every_point_once(tmp_path, monkeypatch):
    monkeypatch.setattr(fields, "WORLD", {**fields.WORLD, "n_items": 40, "n_users": 400})
    monkeypatch.setattr(fields, "STEPS", 3)
    monkeypatch.setattr(fields, "FREE_STEPS", 3)
    monkeypatch.setattr(fields, "FREE", (2,))
    monkeypatch.setattr(
        fields, "KINDS", {kind: ((4,), options) for kind, (_, options) in fields.KINDS.items()}
    )
    first = fields.run(tmp_path)
    expected = [k for k in fields.KINDS for _ in fields.seeds_of(k)]
    assert [p["kind"] for p in first["points"]] == expected
    assert 0 < first["chance"] < 1 and first["true entries"] > 0 and len(first["free"]) == 1
    monkeypatch.setattr(fields, "measure", lambda *_: 1 / 0)  # all is there already
    assert fields.run(tmp_path) == first
    with pytest.raises(ValueError, match="unknown"):
        fields.fitted(WORLD, "three-tower", 4, 0)


def test_one_stored_point_is_measured_again():
    stored = results.load("fields")
    assert stored["config"] == fields.config()
    again = fields.measure(fields_world(**fields.WORLD), **fields.CHEAP)
    then = next(p for p in stored["points"] if fields.CHEAP.items() <= p.items())
    assert again["r_precision"] == pytest.approx(then["r_precision"], abs=0.02)
    assert again["bytes"] == then["bytes"]
