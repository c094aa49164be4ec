"""The catalogue of a language: sentences by their keys, in Python and in JavaScript alike."""

import json
import random
import re
from pathlib import Path

import pytest

from browser import blank_page, chromium, load_module
from sparcode_mini import widgets
from sparcode_mini.tools import language
from sparcode_mini.tools.language import translated, translated_inside, untranslated
from sparcode_mini.widgets import esm
from sparcode_mini.widgets.chart import Axis

HERE = Path(widgets.__file__).parent
TOY = {
    "{0} of {1} films": "{1} 部电影中的 {0} 部",
    "film": "电影",
    "{noun} number {0}": "第 {0} 个{noun}",
    "Right": "正确",
    "bias b": "偏置 b",
}
CASES = {
    "7 of 1,682 films": "1,682 部电影中的 7 部",
    "film number -3": "第 -3 个电影",
    "book number 4": "第 4 个book",
    "Right. 7 of 9 films. bias b: 0.5; bias b": "正确。9 部电影中的 7 部。偏置 b：0.5；偏置 b",
    "  Right.\n  bias b": "  正确。\n  偏置 b",
    "Alien: Resurrection (1997)": "Alien: Resurrection (1997)",
    "bias b: 1. Twister": "偏置 b：1. Twister",
    "42": "42",
    "unknown words": "unknown words",
}


@pytest.fixture
def toy(monkeypatch, tmp_path):
    """A catalogue of a few sentences, in Chinese."""
    folder = tmp_path / "zh" / "words"
    folder.mkdir(parents=True)
    (folder / "toy.json").write_text(json.dumps(TOY), "utf-8")
    monkeypatch.setattr(language, "ASSETS", tmp_path)
    monkeypatch.setenv("SPARCODE_LANGUAGE", "zh")
    caches = (language.catalogue, language._translated)
    for cache in caches:
        cache.cache_clear()
    yield folder
    for cache in caches:
        cache.cache_clear()


def test_sentences_are_translated_whatever_their_numbers(toy) -> None:
    assert {text: translated(text) for text in CASES} == CASES


def test_what_the_catalogue_lacks_is_collected(toy) -> None:
    with untranslated() as lost:
        translated("3 books. Right.")
    assert lost == {"{0} books"}


def test_fields_that_hold_no_words_stay(toy) -> None:
    axis = Axis("film", ticks=[(1.0, "bias b")])
    assert translated_inside(axis) == Axis("电影", ticks=[(1.0, "偏置 b")])
    assert translated_inside({"kind": "film", "name": "film"}) == {"kind": "film", "name": "电影"}


def test_english_is_as_it_was(monkeypatch) -> None:
    monkeypatch.delenv("SPARCODE_LANGUAGE", raising=False)
    assert translated("7 of 9 films") == "7 of 9 films"
    assert "MutationObserver" not in esm.one_module(HERE, "numbers.js", "copy_code.js")


def test_another_language_is_refused(monkeypatch) -> None:
    monkeypatch.setenv("SPARCODE_LANGUAGE", "fr")
    with pytest.raises(ValueError, match="SPARCODE_LANGUAGE=fr: there are en, zh"):
        translated("film")


@pytest.mark.parametrize(
    ("more", "words"),
    [({"a {x}": "{y}"}, "a place that its key lacks"), ({"film": "片"}, "another file")],
)
def test_a_faulty_catalogue_is_refused(toy, more, words) -> None:
    (toy / "z.json").write_text(json.dumps(more), "utf-8")
    with pytest.raises(ValueError, match=words):
        translated("film")


def test_javascript_translates_alike(monkeypatch) -> None:
    """All keys of the real catalogue, with numbers and names in their places."""
    monkeypatch.setenv("SPARCODE_LANGUAGE", "zh")
    words = language.words_of("zh", *esm.SHOWN)
    random.seed(0)
    texts = [filled(key) for key in words] + list(CASES)
    exact, patterns = language.catalogue("zh")
    monkeypatch.setattr(language, "catalogue", lambda to: only(words, exact, patterns))
    language._translated.cache_clear()
    ours = [language._translated(text, "zh") for text in texts]
    language._translated.cache_clear()
    with chromium() as browser:
        page = blank_page(browser)
        load_module(page, (HERE / "words.js").read_text("utf-8"))
        theirs = page.evaluate(
            "([words, texts]) => texts.map(module.translator(words))", [words, texts]
        )
    wrong = [case for case in zip(texts, ours, theirs, strict=True) if case[1] != case[2]]
    assert not wrong and sum(a != b for a, b in zip(texts, ours, strict=True)) > 0.9 * len(words)


def only(words, exact, patterns):
    """The part of the catalogue that some words are."""
    kept = {words[key] for key in words}
    return (
        {key: text for key, text in exact.items() if key in words},
        [entry for entry in patterns if entry[2] in kept],
    )


def filled(key):
    """A text of which a key may be made."""
    number = lambda _: random.choice(["3", "1,682", "0.25", "77.6"])  # noqa: E731
    text = re.sub(r"\{\d+\}", number, key)
    return re.sub(r"\{[a-z_]+\}", lambda _: random.choice(["Alien", "token"]), text)


def test_a_page_is_translated_now_and_when_it_changes() -> None:
    with chromium() as browser:
        page = blank_page(browser)
        load_module(page, (HERE / "words.js").read_text("utf-8"))
        page.evaluate(
            """(words) => {
              document.body.innerHTML = '<p title="film">7 of 9 films</p><pre>film</pre>';
              module.translate(document.body, words);
            }""",
            TOY,
        )
        assert page.inner_text("p") == TOY["{0} of {1} films"].format("7", "9")
        assert page.get_attribute("p", "title") == "电影" and page.inner_text("pre") == "film"
        page.evaluate("document.querySelector('p').textContent = 'bias b'")
        page.wait_for_function("document.querySelector('p').textContent === '偏置 b'")
