"""The X-ray in a page: what rounding costs, equal codes, chosen people, requests."""

import pytest

from browser import chromium
from sparcode_mini.explain.xray import explanation
from sparcode_mini.widgets import XRay
from xray_page import STYLES, TEXTS, open_page, results_shown, status


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture
def page(browser, public):
    found = open_page(browser, {"data": public})
    yield found
    assert found.errors == []
    found.close()


def choose(page, **settings):
    for label, value in settings.items():
        page.get_by_label(label, exact=True).select_option(str(value))


def titles(page, where):
    return page.locator(f"{where} .title").all_inner_texts()


@pytest.mark.parametrize("probes", [1, 4])
@pytest.mark.parametrize("which", [0, 3])
def test_films_lost_by_rounding_are_marked_and_named(page, public, which, probes):
    choose(page, model=which, probes=probes)
    page.evaluate("model.set('stage', 7)")
    films, losses = public["films"], set()
    for p, query in enumerate(public["models"][which]["queries"]):
        choose(page, person=p)
        found = explanation(public, p, which, probes=probes).positions
        found = found[found >= 0].tolist()
        lost = [film for film in query["unrounded"] if film not in found]
        losses.add(len(lost))
        assert titles(page, ".lost") == [films[film] for film in lost]
        signs = page.locator(".results .film:has(.rounded) .title").all_inner_texts()
        assert signs == [films[film] for film in found if film not in query["unrounded"]]
        if lost:
            assert f" lost {len(lost)} of the {len(query['unrounded'])} films" in status(page)
            assert films[lost[0]] in status(page)
            page.locator(".lost button").first.hover()
            assert "Without rounding it is among the ten." in status(page)
            page.mouse.move(5, 5)
        else:
            assert "Rounding lost none" in status(page)
    assert len(losses) > 1


@pytest.mark.parametrize(
    ("name", "value"), [("bias", -0.2), ("tokens", [True, False, True, True]), ("wish", 1)]
)
def test_where_rounding_can_t_be_compared_nothing_is_claimed(page, name, value):
    assert page.locator(".rounded").count() > 0
    page.evaluate("([n, v]) => { model.set('stage', 7); model.set(n, v); }", [name, value])
    assert page.locator(".rounded").count() == page.locator(".lost .film").count() == 0
    assert "is shown at the model's own b" in page.locator(".lost").inner_text()
    assert "ounding lost" not in status(page)


def test_each_token_says_how_far_it_is_from_its_codeword(page, public):
    for which, model in enumerate(public["models"]):
        for person, query in enumerate(model["queries"]):
            choose(page, model=which, person=person)
            shares = [f"{100 * off:.0f}" for off in query["off"]]
            assert page.locator(".off-by").evaluate_all(TEXTS) == [
                f"Rounding moves token {token} by {share}% of its length"
                for token, share in enumerate(shares, 1)
            ]
            styles = page.locator(".off-scale > span").evaluate_all(STYLES)
            widths = [float(style.removeprefix("width:").removesuffix("%")) for style in styles]
            bars = [min(100, 100 * off) for off in query["off"]]
            assert widths == pytest.approx(bars, abs=0.51)  # whole percent
            page.evaluate("model.set('stage', 4)")
            least, *_, most = sorted(shares, key=int)
            assert f" Rounding moves the tokens by {least} to {most}% of" in status(page)


@pytest.mark.parametrize(
    ("off", "words"),
    [
        ([0.6, 0.584, 0.626, 0.61], "58 to 63%"),
        ([0.125, 0.05, 0.1, 0.08], "5 to 12%"),  # of two equally near numbers the even one
        ([0.304, 0.3, 0.296, 0.3], "30%"),
        ([0.096, 1.2, 0.5, 0.5], "10 to 120%"),
    ],
)
def test_the_sentence_names_the_least_and_the_most_that_rounding_moves(browser, public, off, words):
    model = public["models"][0]
    queries = [{**model["queries"][0], "off": off}, *model["queries"][1:]]
    data = {**public, "models": [{**model, "queries": queries}]}
    page = open_page(browser, {"data": data, "stage": 4})
    assert f" Rounding moves the tokens by {words} of their length." in status(page)
    assert page.errors == []
    page.close()


def test_tokens_of_one_code_are_named(page, public):
    page.evaluate("model.set('stage', 5)")
    for p, query in enumerate(public["models"][0]["queries"]):
        choose(page, person=p)
        rows = [row for (row,) in query["reads"]["1"]["rows"]]
        same = [t + 1 for t, row in enumerate(rows) if rows.count(row) > 1]
        assert page.locator(".same").count() == len(same)
        assert ("chose the same code" in status(page)) == bool(same)
    choose(page, person=0)  # tokens 1, 2 and 3 of the first person share a code
    code = page.locator(".code").first.inner_text()
    one_list = f"chose the same code {code}: it is one list, and it counts"
    assert f"Tokens 1, 2 and 3 {one_list} 3 times." in status(page)
    page.get_by_label("token 1", exact=True).first.click()
    assert f"Tokens 2 and 3 {one_list} twice." in status(page)
    choose(page, probes=4)
    assert "it is one list, and their weights add up" in status(page)


def test_the_last_step_says_why_somebody_was_chosen_and_what_holds_for_all(page, public):
    page.evaluate("model.set('stage', 8)")
    counts = public["everybody"]
    for p, person in enumerate(public["people"]):
        choose(page, person=p)
        assert person["why"] in status(page)
        assert ("One person proves nothing" in status(page)) == (
            person["later"] is not None and not person["why"]
        )
        share = round(100 * counts["worse"] / counts["people"])
        assert f"Over all {counts['people']} people" in status(page)
        assert f"fewer for {share}%" in status(page)
    words = page.locator(".everybody li").all_inner_texts()
    assert [text.split()[-1] for text in words] == [
        str(counts[kind]) for kind in ("better", "equal", "worse")
    ]


@pytest.mark.parametrize("wish", [1, 2, 3])
def test_a_request_opens_lists_and_changes_the_ten(page, public, wish):
    wanted = public["wishes"][wish - 1]
    for which, p in ((0, 0), (0, 7), (3, 4)):
        choose(page, model=which, person=p, request=0)
        before = results_shown(page)
        choose(page, request=wish)
        found = explanation(public, p, which, wish=wish)
        assert results_shown(page) == found.results() != before
        values = page.locator(".results .value").all_inner_texts()
        assert values == [f"{value:.3f}" for value in found.values]
        gains = set(wanted["gains"])
        assert page.locator(".segment.word").count() == len(gains & set(found.positions.tolist()))
        heads = page.locator(".answer .head").all_inner_texts()
        constant = public["models"][which]["constant"]
        assert heads[0] == (
            f"{wanted['wanted']}: {len(gains)} of 1,682 films, each +{constant:.2f}"
        )
        assert len(heads) == (2 if wanted["unwanted"] else 1)
        if wanted["unwanted"]:
            assert heads[1].startswith(f"no {wanted['unwanted']}: {len(wanted['out'])} of")
            gone = page.locator(".answer[data-word=unwanted] .film").all()
            for film in gone:
                assert int(film.get_attribute("data-film")) in wanted["out"]
        assert page.locator(".w6").count() == 4 + len(heads)
    page.evaluate("model.set('stage', 6)")
    assert "are exact and need no training" in status(page)
    assert f"validation chose {public['logits']:.0f} logits" in status(page)
    page.evaluate("model.set('stage', 8)")
    assert "was not given the request" in status(page)


def test_pointing_with_a_request(page, public):
    choose(page, request=1)
    constant = public["models"][0]["constant"]
    page.locator(".results button").first.focus()
    assert f"= {constant:.4f} for “Comedy”" in status(page)
    page.locator(".answer[data-word=unwanted] button").first.hover()
    assert "It has “War”, so it is left out." in status(page)
    assert page.locator(".answer[data-word=unwanted] .pointed").inner_text() == "left out"
    for stage in (5, 7):
        page.locator(".stage-head").nth(stage - 1).click()
        assert "Comedy" in page.locator(".numbers").inner_text()


def test_a_catalogue_without_the_labels_offers_no_request(browser, trained, tower, toy_people):
    shown = XRay(trained, tower, people=toy_people)
    page = open_page(browser, {"data": shown.data})
    assert page.get_by_label("request", exact=True).count() == 0
    assert page.locator(".everybody").count() == 0
    page.evaluate("model.set('stage', 8)")
    assert "Over all" not in status(page) and page.errors == []
    page.close()


CUT = """() => [...document.querySelectorAll(":is(.title, .head, .code, .stage-head)")]
  .filter((e) => e.scrollWidth > e.clientWidth + 1 || getComputedStyle(e).textOverflow !== "clip")
  .map((e) => e.textContent)"""


@pytest.mark.parametrize("width", [390, 768, 900, 1180, 1280])
def test_no_title_is_cut(browser, public, width):
    page = open_page(browser, {"data": public}, width)
    for settings in ({}, {"person": 7}, {"model": 3, "probes": 4, "request": 1}):
        choose(page, **settings)
        assert page.evaluate(CUT) == [], settings
    assert page.errors == []
    page.close()


def test_the_still_of_a_request_says_it():
    alt = XRay(wish=1).still().alt
    assert "Request reads the list of “Comedy”" in alt and "“no War”" in alt
