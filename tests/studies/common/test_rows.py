"""Rows that train nothing: what is chosen, and of which models they are made."""

import pytest
import torch

import sparcode_mini as sm
import toys
from sparcode_mini.evaluation.paired import per_user
from sparcode_mini.studies.common import rows


@pytest.fixture
def made(toy_split, tmp_path, monkeypatch):
    """The rows of a folder with two trained models, and small grids."""
    for row, kind in (("two-tower", sm.TwoTower), ("all-to-all", sm.AllToAll)):
        model = toys.small(kind, toy_split)
        sm.fit(model, toy_split, epochs=4)
        model.save(tmp_path / f"{row}-0.safetensors")
        (tmp_path / f"{row}-0.json").write_text("{}", "utf-8")
    monkeypatch.setattr(
        rows,
        "GRIDS",
        {
            "item-knn": {"neighbours": (3, 20), "shrink": (1.0,), "decay": (0.8, 1.0)},
            "ease": {"l2": (1.0, 10.0), "decay": (0.9,)},
            "two-tower-ease": {"weight": (0.0, 0.5)},
            "two-tower-ease-32": {"weight": (0.2,)},
            "two-tower-reranked": {"fetch": (10, 60)},
        },
    )
    return rows.Rows(toy_split, tmp_path)


def test_validation_chooses(made, toy_split):
    for row, grid in rows.GRIDS.items():
        found = made.result(row, 0)
        scores = {}
        for setting in rows.points(grid):
            model = made.made(row, 0, setting)
            scores[tuple(setting.values())] = sm.evaluate(model, toy_split, "validation", k=50)[
                "ndcg@50"
            ]
        assert found["validation ndcg@50"] == max(scores.values())
        assert scores[tuple(found["chosen"].values())] == max(scores.values())
        each = per_user(made.scorer(row, 0), toy_split)
        assert each.mean() == pytest.approx(found["ndcg@50"])
        assert made.result(row, 0) == found  # from the folder


def test_a_mixture_of_weight_zero_ranks_as_the_tower(made, toy_split):
    users = toys.known_users(toy_split)
    y = made.made("two-tower-ease", 0, {"weight": 0.0}).scores(users)
    tower = made.trained("two-tower", 0).scores(users)
    assert torch.equal(y.argsort(stable=True), tower.double().argsort(stable=True))


def test_a_cut_ease_beside_a_tower_is_a_wider_dot_product(made, toy_split):
    users = toys.known_users(toy_split)
    made.linear[32] = made.ease().cut(5)  # the toy has fewer items
    y = made.made("two-tower-ease-32", 0, {"weight": 0.5}).scores(users)  # (B, I)
    width = made.trained("two-tower", 0).config.token_dim + 5 + 2  # a bias, and a mean taken off
    assert torch.linalg.matrix_rank(y, rtol=1e-9) <= width < min(y.shape)


def test_closed_forms_are_the_same_for_every_seed(made):
    assert made.result("ease", 3) == made.result("ease", 0)
    assert not (made.folder / "ease-3.json").exists()


def test_a_missing_part_is_named(made):
    with pytest.raises(FileNotFoundError, match=r"two-tower-7\.json"):
        made.result("two-tower-ease", 7)
