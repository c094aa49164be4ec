"""What cannot fit into memory is refused in one line with both numbers."""

import numpy as np
import pytest

import sparcode_mini as sm
from sparcode_mini.tools import room
from toys import TINY


def test_more_than_is_free_is_refused(monkeypatch):
    monkeypatch.setattr(room, "available", lambda: 3 * 10**9)
    room.require_room(3 * 10**9, "a table")
    with pytest.raises(ValueError, match=r"\Aa table takes 4\.0 GB of memory, and 3\.0 GB are fr"):
        room.require_room(4 * 10**9, "a table")
    monkeypatch.setattr(room, "available", lambda: None)  # a system that does not say
    room.require_room(10**30, "a table")


def test_the_smallest_limit_counts(monkeypatch, tmp_path):
    memory, limit, used = (tmp_path / name for name in ("meminfo", "limit", "used"))
    memory.write_text("MemTotal: 9 kB\nMemAvailable:   2000 kB\n", "ascii")
    monkeypatch.setattr(room, "MEMORY", memory)
    monkeypatch.setattr(room, "LIMITS", ((limit, used), (tmp_path / "a", tmp_path / "b")))
    assert room.available() == 2_048_000
    limit.write_text("max\n", "ascii")
    used.write_text("400\n", "ascii")
    assert room.available() == 2_048_000
    limit.write_text("1000\n", "ascii")
    assert room.available() == 600
    used.write_text("1400\n", "ascii")
    assert room.available() == 0
    monkeypatch.setattr(room, "MEMORY", tmp_path / "nothing")
    monkeypatch.setattr(room, "LIMITS", ())
    assert room.available() is None or room.available() > 10**6


def test_models_batches_and_rankings_that_cannot_fit(toy_split, monkeypatch):
    with pytest.raises(ValueError, match=r"a model with token_dim = 65536, .* GB are free"):
        sm.SparCode(toy_split, token_dim=2**16, N=2**20)
    model = sm.SparCode(toy_split, **TINY)
    with pytest.raises(ValueError, match="36 users with k = 1000000000000 takes"):
        sm.evaluate(sm.Popularity(toy_split), toy_split, k=10**12)
    monkeypatch.setattr(room, "available", lambda: 10**4)
    with pytest.raises(ValueError, match="a step with batch = 1024 takes"):
        sm.fit(model, toy_split, batch=1024)


def test_the_room_of_a_model_is_that_of_its_weights(toy_split, monkeypatch):
    asked = []
    monkeypatch.setattr("sparcode_mini.model.stored.require_room", lambda n, _: asked.append(n))
    tensors = sm.SparCode(toy_split, **TINY).state_dict().values()
    largest = max(tensor.numel() for tensor in tensors)
    assert asked == [sum(tensor.nbytes for tensor in tensors) + 8 * largest]
    assert np.all([tensor.device.type == "cpu" for tensor in tensors])
