"""The panel of lesson 07: all its numbers are stored ones."""

import pytest

from sparcode_mini.evaluation.storage import show_bytes
from sparcode_mini.lessons.sparse_lists.widget_list_sizes import ShorterLists, list_data
from sparcode_mini.results import load
from sparcode_mini.tools.language import translated, untranslated

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


def sentence(**setting):
    panel = ShorterLists(**{**SETTING, "precision": "float16", "probes": 1, **setting})
    return panel.sentence(panel.data(**panel.values))


def test_at_the_full_share_nothing_is_cut_in_any_way():
    texts = {sentence(way=way, share=1.0) for way in ("best-n", "threshold", "bias")}
    assert texts == {"Nothing is cut: 19,457 entries, 58.7 kB as float16. NDCG@50 0.298."}
    again = sentence(share=1.0, tuned=True)
    assert again.startswith(
        "Nothing is cut; after training again 18,987 of 19,457 are left, 57.3 kB"
    )
    assert "NDCG@50 0.3" in again and "points by training again (0.298 before)." in again
    assert "mean over seeds" not in again and "three ways" not in again


def test_entries_that_are_rounded_away_are_named():
    said = "That is 1,239 entries fewer than as float16: their values are rounded to 0 (mean over"
    assert said in sentence(share=1.0, precision="int4")
    assert "That is 1.4 entries fewer than as float16" in sentence(share=0.1, precision="int4")
    assert "fewer" not in sentence(share=0.1, way="threshold", precision="int4")
    rows = load("shorter_lists")["rows"]
    for row in rows:
        names = ("way", "share", "tuned", "precision", "probes")
        data = list_data(rows, **{name: row[name] for name in names})
        assert data["float16"]["entries"] >= row["entries"]


def test_the_slider_of_the_share_runs_upwards():
    options = ShorterLists().sliders["share"].options
    assert [text for text, _ in options] == ["10%", "20%", "50%", "100%"]


def test_all_sentences_are_translated():
    texts = [
        sentence(way=way, share=share, tuned=tuned, precision=precision)
        for way in ("best-n", "threshold", "bias")
        for share in (0.1, 0.5, 1.0)
        for tuned in (False, True)
        for precision in ("float16", "int8", "int4")
    ]
    with untranslated() as lost:
        chinese = [translated(text, "zh") for text in texts]
    assert lost <= {"NDCG@{0} {1}"} and "什么也没截断" in "".join(chinese)
