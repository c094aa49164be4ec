"""The study of wishes in words and as a picture."""

import pytest

from sparcode_mini.lessons.beyond_the_paper import draw_wishes, wishes
from sparcode_mini.studies.wishing.kinds import CONSTANT, MAIN, ONE


def run(kind, setting, limit, seed, score, epochs=8):
    head = {"kind": kind, "setting": setting, "limit": limit, "seed": seed, "epochs": epochs}
    kinds = {"genre": {"wishes": 7, "mean": score}, "word": {"wishes": 2, "mean": score / 4}}
    point = {"lr": 0.01, "constant": 8.0, "least": 2, "hidden": 0, "vectors": 1, "teach": 0.1}
    point |= {"pull": 1.0, "extra": None}
    return {**head, **point, "ndcg@10": score, "r-precision": score / 2, "by kind": kinds,
            "width": 9, "bytes": 29_000, "read": 4000.4}  # fmt: skip


def row(setting, epochs, p):
    found = {"difference": 0.05, "low": 0.04, "high": 0.06, "p, Holm": p}
    return {"setting": setting, "limit": 30_000, "pair": [CONSTANT, ONE], "epochs": epochs, **found}


STORED = {
    "config": {"cases": {"plain": [30_000], "logs": [30_000, 60_000]}},
    "runs": [
        *(run(kind, "plain", 30_000, seed, 0.4 + seed / 10) for kind in MAIN for seed in (1, 0)),
        run(ONE, "logs", 30_000, 0, 0.1),
        run(ONE, "logs", 60_000, 0, 0.2),
        run(ONE, "logs", 30_000, 0, 0.9, epochs=24),
    ],
    "compared": [row("plain", 8, 0.01), row("logs", 24, 0.2)],
}


def test_values_are_those_of_the_usual_training():
    assert wishes.values(STORED, ONE, "plain", 30_000) == [0.4, 0.5]
    assert wishes.values(STORED, ONE, "logs", 30_000, "r-precision") == [0.05]
    assert wishes.values(STORED, "IDF", "plain", 30_000) == []


def test_tables_have_a_line_for_each_kind():
    lines = {
        line[:24].strip(): line[24:].split() for line in wishes.show(STORED, 30_000).split("\n")
    }
    assert lines[""] == ["plain", "logs"] and lines[ONE] == ["45.0", "10.0"]
    assert lines["IDF"] == ["-", "-"]
    sizes = {line[:24].strip(): line[24:].split() for line in
             wishes.show_sizes(STORED, "logs").split("\n")}  # fmt: skip
    assert sizes[""] == ["30", "kB", "60", "kB"] and sizes[ONE] == ["10.0", "20.0"]


def test_comparisons_say_what_holds():
    first, second = wishes.show_compared(STORED).split("\n")
    assert "constants - one vector" in first and "+5.00 (+4.00 to +6.00) *" in first
    assert "one vector (24 epochs)" in second and not second.endswith("*")


def test_only_some_pairs_are_told_if_asked_for():
    assert wishes.show_compared(STORED, [(CONSTANT, ONE)]) == wishes.show_compared(STORED)
    assert wishes.show_compared(STORED, [(ONE, CONSTANT)]) == ""


def test_who_finds_most():
    runs = [run(ONE, "plain", 30_000, 0, 0.4), run(CONSTANT, "plain", 30_000, 0, 0.5)]
    assert wishes.first({"runs": runs}, "plain", 30_000) == CONSTANT


def test_the_picture_names_the_means():
    alt = draw_wishes.found(STORED, 30_000).alt
    assert "plain: one vector 0.450" in alt and "logs: one vector 0.100" in alt
    with pytest.raises(KeyError):
        draw_wishes.found({"runs": []}, 30_000)


def test_means_by_kind_of_label_and_what_was_chosen():
    lines = wishes.show_by_kind(STORED, "plain", 30_000).split("\n")
    assert lines[0].split() == ["genre", "(7)", "word", "(2)"]
    assert lines[1].split() == ["one", "vector", "45.0", "11.2"] and len(lines) == 1 + len(MAIN)
    chosen = wishes.show_chosen(STORED, "plain", 30_000).split("\n")
    assert chosen[0].split(None, 2)[2] == "lr 0.01, hidden 0, teach 0.1, least 2"
    assert not any("trained False" in line for line in chosen)  # there was no choice


def test_what_a_wish_costs():
    line = wishes.show_reads(STORED, "plain", 30_000).split("\n")[1]
    assert line.split() == ["one", "vector", "9", "29,000", "4,000", "45.0"]
