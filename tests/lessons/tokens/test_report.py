"""The lines of lesson 05 about its studies."""

from sparcode_mini.lessons.tokens import report
from sparcode_mini.model.tokenizers import TOKENIZERS
from sparcode_mini.studies import item_tokens

READING = {"newest": [0.1, 0.3], "apart": [0.0, 0.2]}
STUDY = {
    "entries": [
        {"tokenizer": kind, "query_tokens": K_u, "seed": seed, "ndcg@50": 0.2,
         "ndcg@50 probes=4": 0.25 + 0.01 * seed, "read": 500.0 * K_u,
         "cosine": 0.2 + 0.1 * seed, **({"reading": READING} if K_u == 4 else {})}
        for kind in TOKENIZERS for K_u in (1, 4) for seed in (0, 1)
    ],
    "compared": [
        {"tokenizer": "gru", "query_tokens": 1, "measure": measure, "difference": 0.001,
         "low": -0.004, "high": high, "p": 0.5, "p, Holm": 1.0}
        for measure, high in (("1 probe", 0.002), ("4 probes", 0.0125))
    ],
}  # fmt: skip


def test_readings_have_a_line_for_each_tokenizer():
    lines = report.readings(STUDY).splitlines()
    assert len(lines) == 3 * (1 + len(TOKENIZERS))
    assert lines[-1].split() == ["capsules", "0.25", "0.20,", "0.30"]
    assert lines[2].split() == ["gru", "20%", "20%", "10%", "to", "30%", "20%,", "20%"]
    spread = report.spread(STUDY)
    assert list(spread) == list(report.READINGS.values())
    assert spread["difference of two tokens"]["dnn"].tolist() == [0.0, 0.2, 0.0, 0.2]


def test_one_and_four_stand_side_by_side():
    _, _, first, second = report.one_or_four(STUDY).splitlines()
    assert first.split() == ["gru", "1", "0.200", "0.200", "+0.10", "(-0.40", "to", "+0.20)",
                             "1.000", "500", "2,000"]  # fmt: skip
    assert second.split()[:4] == ["gru", "4", "0.255", "0.255"]
    assert report.room(STUDY) == 1.25


def test_four_lists_are_read_on_both_sides():
    lines = report.equal_lists(STUDY).splitlines()
    assert lines[2].split() == ["gru", "0.2550", "0.2000"] and len(lines) == 1 + len(TOKENIZERS)


def test_what_a_random_draw_finds_of_rare_films(movielens_split):
    assert round(report.random_rare(movielens_split), 3) == 0.032


def test_the_best_encoder_is_chosen_on_validation():
    def row(validation, test):
        return {"validation ndcg@50": {"mean": validation}, "ndcg@50": {"mean": test}}

    summary = {f"two-tower{end}": row(0.2, 0.4) for end in report.ENDS}
    summary |= {f"sparcode{end}": row(0.2, 0.4) for end in report.ENDS}
    summary["two-tower-gru"] = row(0.3, 0.1)
    summary["sparcode"] = row(0.25, 0.1) | {"ndcg@50 probes=4": {"mean": 0.123}}
    text = report.encoders(summary)
    assert "best two-tower is the one with gru" in text
    assert "best sparcode is the one with self-attention" in text and "0.123" in text


def test_item_fields_are_compared_with_the_id_alone():
    entries = [
        {"name": name, "ndcg@50 probes=4": 0.3, "rare recall@50": 0.01 * place}
        for place, name in enumerate(item_tokens.SETS)
    ]
    compared = [
        {"name": name, "with": "id", "measure": measure, "difference": 0.01, "low": 0.005,
         "high": 0.015, "p": 0.01, "p, Holm": 0.04 if measure == "4 probes" else 0.06}
        for name in item_tokens.SETS if name != "id" for measure in ("4 probes", "rare films")
    ]  # fmt: skip
    lines = report.item_fields({"entries": entries, "compared": compared}).splitlines()
    assert len(lines) == 2 + 2 * len(item_tokens.SETS) - 1
    assert "+1.00 (+0.50 to +1.50)" in lines[-1] and lines[-1].count("*") == 1
    assert report.best_field({"entries": entries}) == "title"
