"""The pictures of the lesson: their marks and their words."""

import numpy as np
import torch

import sparcode_mini as sm
from sparcode_mini.lessons.tokens import draw


def test_the_modules_are_drawn_from_the_running_model(trained):
    index = sm.SparseIndex.build(trained, codes="all")
    H_u = torch.from_numpy(np.random.default_rng(0).normal(size=(1, 3, 8)))
    words = draw.modules(trained, H_u, torch.ones(1, 3, dtype=torch.bool), index).alt
    assert "takes H^u (3, 8) and gives T^u (2, 8)" in words
    assert "codebooks (1, 6, 8); 48 numbers" in words and "6 lists" in words
    assert "all 6 codes" in words and "takes codes (2, 1) of the query" in words
    weights = sum(p.numel() for p in trained.tokenizer.parameters())
    assert f"{weights:,} weights" in words
    for name in ("Tokenizer", "Quantiser", "All-to-all scorer", "Index and retrieval"):
        assert name in words
