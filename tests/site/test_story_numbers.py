"""The numbers of the first page's story are stored ones."""

import copy
import re

import pytest

from site_browser import address, watched
from sparcode_mini import results
from sparcode_mini.explain.xray import explanation
from sparcode_mini.site import build, story

USED = ("sparcode", "sparcode-sparse", "all-to-all")


def between(more, less) -> str:
    """The smallest and the largest difference of two rows, training by training."""
    differences = [100 * (a - b) for a, b in zip(more, less, strict=True)]
    return f"{min(differences):.1f} to {max(differences):.1f}"


def test_numbers_of_the_story_are_the_stored_ones(folder) -> None:
    words = re.sub(r"<[^>]+>", "", (folder / "index.html").read_text("utf-8"))
    words = re.sub(r"\s+", " ", words)
    table, data = results.load("table"), results.load("xray")["data"]
    model, mean = data["models"][0], table["summary"]
    seen = explanation(data, story.PERSON)
    short, long = (mean[row]["entries"]["mean"] for row in ("sparcode-sparse", "sparcode"))
    (pair,) = [
        p
        for p in table["paired"]
        if (p["row"], p["twin"], p["probes"]) == ("sparcode-sparse", "two-tower", 4)
    ]
    runs = {row: [run["ndcg@50"] for run in table["rows"][row]] for row in mean if row in USED}
    four_each = [run["ndcg@50 probes=4"] for run in table["rows"]["sparcode-sparse"]]
    rounding = between(runs["all-to-all"], runs["sparcode"][:3])
    penalty = between(runs["sparcode"], runs["sparcode-sparse"])
    gain = between(four_each, runs["sparcode-sparse"])
    low, high, gap = (f"{-100 * pair[name]:.1f}" for name in ("high", "low", "difference"))
    one, four = (100 * mean["sparcode-sparse"][f"ndcg@50{x}"]["mean"] for x in ("", " probes=4"))
    tower, unrounded, coded = (
        100 * mean[row]["ndcg@50"]["mean"] for row in ("two-tower", "all-to-all", "sparcode")
    )
    (cut,) = [
        row
        for row in results.load("shorter_lists")["rows"]
        if (row["way"], row["share"], row["tuned"], row["precision"], row["probes"])
        == ("bias", 0.2, False, "float16", 1)
    ]
    read = sum({one.code: len(one.items) for one in seen.reads}.values())
    codes = [[r.code for r in explanation(data, p).reads] for p in range(len(data["people"]))]
    shared = sum(len(set(own)) < len(own) for own in codes)
    b = story.cut_bias()
    assert abs(b - cut["setting"]) <= 0.025  # the grid has steps of 0.05
    kept = model["entries"][model["grid"].index(b)]
    at_rest = model["entries"][model["grid"].index(model["bias"])]
    for sentence in (
        f"read from {read:,} stored numbers",
        f"For {shared} of the {len(data['people'])} people of this page several tokens",
        f"This person liked {len(seen.history)} films.",
        f"against all {data['catalogue']:,} films",
        f"{read:,} entries in them",
        f"{seen.results()[0]} gets ",
        f" = {seen.values[0]:.2f}.",
        f"keeps {kept:,} entries of {at_rest:,}",
        f"{100 * cut['ndcg@50']:.1f} instead of {one:.1f} points",
        f"each of which loses {between(runs['sparcode-sparse'], cut['each'])};",
        f"{four:.1f} points instead of {one:.1f} ({gain} more)",
        f"as all-to-all, such a model reaches {unrounded:.1f} points, with codes {coded:.1f}",
        f"(in single trainings {rounding} less)",
        f"for {coded - one:.1f} points ({penalty}).",
        f"costs less: {short:,.0f} entries instead of {long:,.0f}, ",
        f"reaches {tower:.1f} points, {gap} more than this SparCode with 4 probes",
        f"(95% interval {low} to {high})",
    ):
        assert sentence in words, sentence
    # one decimal of each is enough for the sentence to be true of the rounded numbers, too
    assert abs(float(f"{tower:.1f}") - float(f"{four:.1f}") - float(gap)) < 0.11


def test_no_number_of_the_story_is_typed() -> None:
    text = re.sub(r"<[^>]*>", " ", (build.HERE / "story.html").read_text("utf-8"))
    assert set(re.findall(r"\d+", text)) == {"50", "100", "95"}  # NDCG@50, its best value, 95%


def test_the_story_follows_the_stored_results(monkeypatch) -> None:
    before, load = story.numbers(), results.load

    def other(name):
        stored = copy.deepcopy(load(name))
        if name == "table":
            stored["summary"]["two-tower"]["ndcg@50"]["mean"] += 0.1
        return stored

    monkeypatch.setattr(results, "load", other)
    changed = {name for name, value in story.numbers().items() if value != before[name]}
    assert changed == {"ndcg_tower"}


def test_the_sum_in_the_text_is_the_one_that_the_x_ray_shows(browser, folder) -> None:
    with watched(browser, offline=True) as opened:
        page = opened.open(address(folder, "index"))
        for _ in range(story.POINTED):
            page.keyboard.press("ArrowRight")
        shown = page.locator(".results .film .value").first.inner_text()
        words = page.locator(".story-texts .now").inner_text()
    parts, total = re.search(r"gets ([\d.+ ]+) = ([\d.]+\d)", words).groups()
    assert float(total) == pytest.approx(float(shown), abs=0.006)
    added = sum(map(float, parts.split(" + ")))
    assert added == pytest.approx(float(total), abs=0.02)  # each part is rounded


def test_the_page_counts_for_how_many_models_four_probes_gain(folder) -> None:
    rows = results.load("sweep")["settings"]
    one, four = ([row[key] for row in rows] for key in ("ndcg@50", "ndcg@50 probes=4"))
    gains = [b - a for a, b in zip(one, four, strict=True)]
    more, less = sum(g > 0 for g in gains), sum(g < 0 for g in gains)
    words = re.sub(r"\s+", " ", (folder / "index.html").read_text("utf-8"))
    assert f"gain in {more} of the {len(gains)} models, and lose in {less}." in words
