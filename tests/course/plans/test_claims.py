"""What the plans say and no stored output shows."""

import torch

import sparcode_mini as sm
from sparcode_mini import results
from sparcode_mini.explain import explain


def test_what_a_lower_b_does_to_person_582():
    """The X-ray of the 90 minutes: the ten films at b = 0, -0.3 and -1."""
    split = sm.data.movielens_100k().split(test=0.2, validation=0.1)
    path = results.CHECKPOINTS / "sparcode-sparse.safetensors"
    model = sm.load_model(path, split, torch.float64)
    history = split.history([582])[0]
    films, lengths = {}, {}
    for bias in (0.0, -0.3, -1.0):
        model.bias = bias
        lists = sm.SparseIndex.build(model, codes="all")
        films[bias] = explain(model, lists, history, k=10).results()
        lengths[bias] = [len(lists.posting_list([code])[0]) for code in (43, 5)]
    assert films[0.0] == films[-0.3]
    assert len(films[-1.0]) == 4
    assert (lengths[0.0], lengths[-1.0]) == ([161, 164], [3, 2])
