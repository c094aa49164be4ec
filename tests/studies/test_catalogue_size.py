"""Lists against graphs over the size of the catalogue."""

import json

import pytest

from sparcode_mini import results
from sparcode_mini.lessons.beyond_the_paper.effects import matrix_line
from sparcode_mini.studies import catalogue_size


def test_lists_per_item_by_hand():
    assert catalogue_size.mean_lists_per_item({"entries": 10, "listed": 5}) == 2


def test_needed_width_is_between_the_measured():
    rows = [
        {"law": "fixed", "n_items": 9, "width": w, "r_precision": q}
        for w, q in ((None, 0.8), (8, 0.5), (16, 0.7), (32, 0.9))
    ]
    assert catalogue_size.needed_width(rows, "fixed", 9) == pytest.approx(24)
    assert catalogue_size.needed_width(rows, "fixed", 9, share=0.875) == pytest.approx(16)
    rows[0]["r_precision"] = 0.95
    assert catalogue_size.needed_width(rows, "fixed", 9) is None


def test_the_smallest_matrix_that_is_good_enough():
    rows = [
        {"law": "fixed", "n_items": 9, "width": w, "r_precision": q, "bytes asked": b,
         "stored": [{"name": "int8", "bytes": b // 2, "r_precision": q - 0.1}]}
        for w, q, b in ((8, 0.5, 100), (16, 1.0, 200))
    ]  # fmt: skip
    packed = [{"name": "int8, gaps", "bytes": 30, "r_precision": 0.95}]
    packed += [{"name": "float16", "bytes": 90, "r_precision": 1.0}]
    rows.append({"law": "fixed", "n_items": 9, "width": None, "r_precision": 1.0, "stored": packed})
    for share, size in ((1.0, 90), (0.9, 30)):
        assert catalogue_size.smallest(rows, "fixed", 9, share, lists=True)["bytes"] == size
    found = catalogue_size.smallest(rows, "fixed", 9, 0.9)
    assert (found["width"], found["name"], found["bytes"]) == (16, "int8", 100)
    assert catalogue_size.smallest(rows, "fixed", 9, 1.0)["name"] == "float16"
    assert matrix_line(found) == "0.900 in 100 bytes, D = 16, int8"
    rows[-1]["r_precision"] = 1.2
    assert catalogue_size.smallest(rows, "fixed", 9, 1.0) is None
    assert matrix_line(None).startswith("none")


def test_the_stored_configuration_is_that_of_the_code():
    stored = results.load("catalogue_size")["config"]
    assert stored == json.loads(json.dumps(catalogue_size.config()))


def test_every_size_is_there_and_the_laws_hold():
    rows = results.load("catalogue_size")["rows"]
    for law, sizes in catalogue_size.SIZES.items():
        for size in sizes:
            mine = [r for r in rows if (r["law"], r["n_items"]) == (law, size)]
            assert sorted(r["width"] or 0 for r in mine) == [0, *catalogue_size.WIDTHS]
            wanted = mine[0]["true entries"] / (48 * size)
            share = 0.05 if law == "share" else 20 / size
            assert wanted == pytest.approx(share, rel=0.1)
            for row in mine:
                if row["width"]:
                    assert row["trained"] in ("closed form", "hinge")
                    assert row["bytes"] == 2 * (row["width"] + 1) * size
    with pytest.raises(ValueError, match="law = 'cube'"):
        catalogue_size.world_of("cube", 400)


@pytest.mark.numeric
def test_the_cheap_size_comes_out_again():
    cheap = catalogue_size.CHEAP
    (stored,) = [
        row
        for row in results.load("catalogue_size")["rows"]
        if all(row[key] == value for key, value in cheap.items())
    ]
    again = catalogue_size.measure(**cheap)
    assert again["bytes"] == stored["bytes"]
    assert again["r_precision"] == pytest.approx(stored["r_precision"], abs=0.01)
    assert again["asked"] == stored["asked"]
    for one, other in zip(again["stored"], stored["stored"], strict=True):
        assert one["bytes"] == other["bytes"]
        assert one["r_precision"] == pytest.approx(other["r_precision"], abs=0.02)
