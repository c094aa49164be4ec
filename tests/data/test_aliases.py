"""Films may be named in Chinese."""

import pandas as pd
import pytest

import toys
from sparcode_mini import data
from sparcode_mini.data.aliases import aliases, english_title


def test_a_film_may_be_named_in_chinese():
    items = pd.DataFrame({"item": [0, 1], "title": ["Star Wars (1977)", "Twister (1996)"]})
    ratings = data.from_frames(toys.events((0, 0, 1), (0, 1, 2)), items=items)
    split = ratings.split(test=0, validation=0)
    for title in ("《星球大战》", "星球大战", "Star Wars (1977)"):
        assert split.titles[split.find_titles([title])] == ["Star Wars (1977)"]
    with pytest.raises(ValueError, match="no item has the title '异形'"):  # not in this data
        split.find_titles(["异形"])


def test_each_name_belongs_to_one_film():
    assert len(aliases()) > 50 and len(set(aliases().values())) == len(aliases())
    assert english_title("龙卷风") == "Twister (1996)" and english_title("x") == "x"
