"""Numbers that the X-ray computes in the page: Python computes them anew from the same data."""

import math

import numpy as np
import pytest

from browser import chromium
from xray_page import STYLES, TEXTS, WIRES, Query, added, code_name, open_page

# (person, model, probes): six made-up and real histories, one and two codebooks.
CASES = [(0, 0, 1), (1, 0, 4), (6, 0, 1), (0, 3, 4), (1, 3, 1), (6, 3, 4)]
LATEST = 9  # films of a long history that are drawn


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture(scope="module", params=CASES, ids=str)
def opened(request, browser, public):
    """A query on a wide page, and the same query in Python."""
    person, which, probes = request.param
    state = {"data": public, "person": person, "which": which, "probes": probes}
    page = open_page(browser, state)
    yield Query(page, public, person, which, probes)
    assert page.errors == []
    page.close()


@pytest.fixture
def query(opened):
    """The query at its start, whatever the test before has done to it."""
    for name, value in (("bias", opened.bias), ("stage", 8), ("stage", 0)):  # its sentence is last
        opened.page.evaluate("([name, value]) => model.set(name, value)", [name, value])
    return opened


def test_the_overview_counts_films_lists_and_entries(query):
    history, lists = len(query.who["history"]), len({row for _, row in query.rows()})
    entries = query.all_kept(query.bias)
    counts = f"{history} films in, {lists} list{'s' * (lists > 1)} read, {entries:,} entries added"
    assert counts in query.said(0)
    assert f"the largest sum has {query.films[query.found[0]]}." in query.said(0)


# --- 2: what each film does to the tokens ---------------------------------------------------------


def test_the_film_that_most_depends_on_is_the_one_that_moves_the_tokens_furthest(query):
    total = np.sum([query.shares(token) for token in query.tokens], axis=0)
    assert len(total) == len(query.read)
    most = query.films[query.read[int(np.argmax(total))]]
    assert query.said(2).endswith(f"Most depends on {most}.")


def test_each_token_names_the_two_films_that_it_leans_on(query):
    told = []
    for token in query.tokens:
        shares = zip(query.shares(token), query.titles(query.read), strict=True)
        first, second = sorted(shares, key=lambda pair: -pair[0])[:2]
        words = ", ".join(f"{title} {100 * share:.0f}%" for share, title in (first, second))
        told.append(f" token {token + 1} {words}")
    assert query.all(".leans li", TEXTS) == told


def test_the_table_of_the_tokenizer_has_distances_and_shares(query):
    (table,) = query.tables(2)
    heads, changed = query.query["attention"], {}
    for token, place, code in query.query["changed"]:
        changed.setdefault(place, []).append(f"token {token + 1}: code {code_name(code)}")
    for place, (row, title) in enumerate(zip(table, query.titles(query.read), strict=True)):
        moved = [query.query["moved"][token][place] for token in query.tokens]
        shares = [query.shares(token)[place] for token in query.tokens]
        assert row == [
            title,
            *(f"{head[place]:.2f}" for head in heads),
            *(f"{m:.2f} ({100 * s:.0f}%)" for m, s in zip(moved, shares, strict=True)),
            "; ".join(changed.get(place, ["same codes"])),
        ]


def test_the_lines_from_the_history_are_as_thick_as_the_shares(query):
    assert len(query.read) <= LATEST
    assert query.all("[data-wires='2'] path", WIRES) == [
        [token, str(film), f"{0.4 + 12 * query.shares(token)[place]:.2f}"]
        for place, film in enumerate(query.read)
        for token in query.tokens
    ]


# --- 3 to 5: tokens, codewords, codes -------------------------------------------------------------


def test_the_table_of_tokens_has_their_lengths_and_first_numbers(query):
    (table,) = query.tables(3)
    assert table == [
        [
            f"token {token}",
            f"{math.sqrt(added(value * value for value in values)):.2f}",
            "  ".join(f"{value:.2f}" for value in values[:8]) + " …",
        ]
        for token, values in enumerate(query.query["values"], 1)
    ]


def test_the_table_of_codewords_has_the_nearest_of_each_part(query):
    (table,) = query.tables(4)
    parts = query.model["M"]
    assert table == [
        [
            f"token {token + 1}" + (f", part {m + 1}" if parts > 1 else ""),
            *(f"{n} ({distance:.2f})" for n, distance in nearest[token]),
        ]
        for m, nearest in enumerate(query.query["nearest"])
        for token in query.tokens
    ]


def test_the_table_of_codes_has_weights_and_sizes(query):
    (table,) = query.tables(5)
    weights = query.query["reads"][str(query.probes)]["weights"]
    wanted = []
    for place, (token, row) in enumerate(query.rows()):
        probe, size = place % query.probes, query.kept(row, query.bias)
        off = f"{100 * query.query['off'][token]:.0f}%"
        code, weight = code_name(query.model["codes"][row]), f"{weights[token][probe]:.3f}"
        of_all, moved = f"{size:,} of {query.data['catalogue']:,}", "·" if probe else off
        wanted.append([f"token {token + 1}", str(probe + 1), code, weight, of_all, moved])
    assert table == wanted


# --- 6 and 7: lists and sums ----------------------------------------------------------------------


def test_the_bars_of_a_list_are_shares_of_the_largest_entry_read(query):
    bias, scores = query.bias, query.model["lists"]["S"]
    most = max(scores[row][0] + bias for _, row in query.rows())
    shown = query.rows()[:: query.probes]  # the nearest code of each token
    for token, row in shown:
        values = [score + bias for score in scores[row][: min(3, query.kept(row, bias))]]
        bars = query.all(f".list[data-token='{token}'] .bar", STYLES)
        assert bars == [f"width:{100 * value / most:.1f}%" for value in values]


def test_the_tables_of_the_lists_have_the_scores_before_and_after_the_threshold(query):
    bias, lists = query.bias, query.model["lists"]
    weights = query.query["reads"][str(query.probes)]["weights"]
    shown = query.rows()[:: query.probes]
    for table, (token, row) in zip(query.tables(6), shown, strict=True):
        scores, adds = lists["S"][row][:30], weights[token][0]
        kept = [max(0.0, score + bias) for score in scores]
        assert table == [
            [title, f"{s:.3f}", f"{s + bias:.3f}", f"{k:.3f}", f"{adds * k:.3f}"]
            for title, s, k in zip(
                query.titles(lists["items"][row][:30]), scores, kept, strict=True
            )
        ]


def test_the_bars_of_a_result_are_the_parts_of_its_tokens(query):
    most = query.answer.values[0]
    bars = query.all(".results .segment", STYLES)
    assert bars == [
        f"width:{100 * part / most:.2f}%"
        for rank in range(len(query.found))
        for part in query.by_token(rank)
    ]


def test_the_tables_of_the_sum_have_the_parts_and_what_rounding_lost(query):
    sums, unrounded = query.tables(7)
    assert sums == [
        [title, *(f"{part:.4f}" if part > 0 else "·" for part in parts), f"{value:.3f}"]
        for title, parts, value in zip(
            query.titles(query.found), query.answer.parts, query.answer.values, strict=True
        )
    ]
    places = {film: str(rank) for rank, film in enumerate(query.found, 1)}
    assert unrounded == [
        [query.films[film], str(rank), places.get(film, "lost")]
        for rank, film in enumerate(query.query["unrounded"], 1)
    ]


def test_moving_the_bias_compares_with_the_trained_one(query):
    grid = query.model["grid"]
    entries = dict(zip(grid, query.model["entries"], strict=True))
    for bias in (grid[12], grid[-2]):
        query.page.get_by_label("bias b").fill(str(grid.index(bias)))
        sign = "\N{MINUS SIGN}" if bias < 0 else ""
        assert query.status().startswith(
            f"b = {sign}{abs(bias):.2f}: the tokens read {query.all_kept(bias):,} entries "
            f"({query.all_kept(query.bias):,} as trained), those of a list that two tokens read "
            f"twice. The whole index holds {entries[bias]:,} entries "
            f"({entries[query.bias]:,} as trained)."
        )


# --- 8: beside the two-tower ----------------------------------------------------------------------


def test_the_last_step_counts_what_both_found_and_the_hits(query):
    tower, later = query.who["tower"]["films"], query.who["later"]
    said = query.said(8)
    shared = len(set(tower) & set(query.found))
    assert f"The two agree on {shared} of {len(query.found)} films." in said
    assert len(query.all(".tower .both .unseen", TEXTS)) == shared
    if later:
        hits = [len(set(later) & set(films)) for films in (query.found, tower)]
        assert f"SparCode has {hits[0]} and the two-tower {hits[1]}." in said


def test_the_table_of_the_two_tower_has_the_place_with_sparcode(query):
    (table,) = query.tables(8)
    places = {film: str(rank) for rank, film in enumerate(query.found, 1)}
    tower, later = query.who["tower"], query.who["later"] or []
    assert table == [
        [query.films[film], str(rank), f"{score:.3f}", places.get(film, "·"), "★" * (film in later)]
        for rank, (film, score) in enumerate(zip(tower["films"], tower["scores"], strict=True), 1)
    ]


def test_the_bar_of_all_people_has_their_shares(query):
    counts = query.data["everybody"]
    shares = [counts[kind] / counts["people"] for kind in ("better", "equal", "worse")]
    bars = query.all(".everybody .stack .share", STYLES)
    assert bars == [f"width:{100 * share:.2f}%" for share in shares]
    more, equal, fewer = (f"{100 * share:.0f}%" for share in shares)
    words = f"more hits among its {counts['k']} for {more}, as many for {equal}, fewer for {fewer}."
    assert query.said(8).endswith(words)
