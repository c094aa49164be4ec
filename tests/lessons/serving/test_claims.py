"""What the lesson says about stored results, held against the files."""

from sparcode_mini.results import load

FILMS, ENTRY, NUMBER = 1682, 8, 4  # an entry: int32 and float32


def test_on_movielens_a_cut_two_tower_is_smaller_than_the_lists_and_better():
    cards = load("models")["cards"]
    sparse = cards["sparcode-sparse"]
    (cut,) = [row for row in load("screen")["two-tower"] if row["rank"] == 12]
    assert cut["test"] > sparse["ndcg@50 probes=4"] > sparse["ndcg@50"]
    assert cards["two-tower"]["ndcg@50"] > sparse["ndcg@50 probes=4"]
    assert ENTRY * sparse["entries"] > NUMBER * (12 + 1) * FILMS


def test_tables_help_where_codes_share_codewords():
    for row in load("speed")["construction"]["pairs"]:
        rates = row["million pairs a second"]
        if row["M"] == 1:
            assert set(rates) == {"as written", "folded"}
        else:
            order = [rates[way] for way in ("as written", "folded", "tables", "compiled tables")]
            assert order == sorted(order)


def test_few_of_many_items_can_stand_in_lists():
    assert round(100 * 4096 * 5000 / 10**8, 1) == 20.5
