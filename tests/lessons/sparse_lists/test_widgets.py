"""The panel of lesson 07: all its numbers are stored ones."""

import pytest

from sparcode_mini.evaluation.storage import show_bytes
from sparcode_mini.lessons.sparse_lists.widget_list_sizes import ShorterLists, list_data
from sparcode_mini.results import load

SETTING = {"way": "best-n", "share": 0.2, "tuned": False, "precision": "int8", "probes": 4}


def test_it_shows_stored_numbers_only():
    rows = load("shorter_lists")["rows"]
    data = list_data(rows, **SETTING)
    assert data["chosen"] in rows and SETTING.items() <= data["chosen"].items()
    assert data["whole"]["share"] == 1 and not data["whole"]["tuned"]
    assert data["curves"]["best-n"]["entries"] == sorted(
        data["curves"]["best-n"]["entries"], reverse=True
    )
    with pytest.raises(KeyError, match="not measured"):
        list_data(rows, **{**SETTING, "share": 0.3})


def test_figure_and_words_have_the_numbers_of_the_chosen_row():
    panel = ShorterLists(**SETTING)
    row = panel.data(**SETTING)["chosen"]
    (star,) = (trace for trace in panel.figure.data if trace.name == "chosen")
    assert (star.x, star.y) == ((row["entries"],), (row["ndcg@50"],))
    for words in (f"{row['entries']:,.0f} of ", f"{row['ndcg@50']:.3f}", show_bytes(row["bytes"])):
        assert words in panel.text.value
