"""Lists against graphs over the size of the catalogue."""

import statistics

import pytest

from sparcode_mini import results
from sparcode_mini.studies import catalogue_size


def test_lists_per_item_by_hand():
    assert catalogue_size.mean_lists_per_item({"bytes": 60, "listed": 5}) == 2  # 6 bytes an entry


def test_needed_width_is_between_the_measured():
    rows = [
        {"law": "fixed", "n_items": 9, "width": w, "r_precision": q}
        for w, q in ((None, 0.8), (8, 0.5), (16, 0.7), (32, 0.9))
    ]
    assert catalogue_size.needed_width(rows, "fixed", 9) == pytest.approx(24)
    rows[0]["r_precision"] = 0.95
    assert catalogue_size.needed_width(rows, "fixed", 9) is None


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
    assert statistics.fmean([again["asked"]]) == stored["asked"]
