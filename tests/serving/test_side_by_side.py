"""Two ways to serve, measured side by side on toys."""

import pytest
import torch

import sparcode_mini as sm
import toys
from sparcode_mini.serving import side_by_side as serving
from sparcode_mini.serving.ann import FlatIndex


def test_ways_to_serve_on_toys(toy_split, trained, trained_index, monkeypatch):
    tower = toys.small(sm.TwoTower, toy_split, seed=3)
    monkeypatch.setattr(serving, "QUERIES", 4)
    monkeypatch.setattr(serving, "DIRECTIONS", 3)
    exact = FlatIndex(tower.item_matrix().numpy(), tower.item_bias.detach().numpy())
    monkeypatch.setattr(serving, "ivfpq", lambda served, M, nprobe: exact)  # too few items for it
    ways = serving.tower_ways(tower)
    assert ways[0].ndcg == pytest.approx(sm.evaluate(tower, toy_split, k=(50,))["ndcg@50"])
    assert ways[1].name == "two-tower, 3 directions, flat"
    assert 4 * 60 * 9 <= ways[0].item_bytes < 4 * 60 * 9 + 100  # and a short header
    assert 4 * 60 * 4 <= ways[1].item_bytes < 4 * 60 * 4 + 100
    found = serving.list_ways(trained, {"lists": trained_index})
    assert [way.name for way in found] == ["lists, 1 probe", "lists, 4 probes"]
    assert found[0].ndcg == sm.evaluate(trained, toy_split, k=(50,))["ndcg@50"]
    assert all(way.encode_us > 0 and way.search_us > 0 for way in [*ways, *found])
    assert torch.is_grad_enabled()
