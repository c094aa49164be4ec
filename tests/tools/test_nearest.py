import time

from sparcode_mini.tools.nearest import nearest_texts


def test_the_most_similar_text_comes_first_and_equal_ones_in_their_order():
    known = ["apple", "pear", "plum", "apples"]
    assert nearest_texts("aple", known) == ["apple", "apples", "pear"]
    assert nearest_texts("zzz", known, n=2) == ["apple", "pear"]
    assert nearest_texts("zzz", known, least=0.4) == []
    assert nearest_texts("x" * 10**6, known, n=1) == ["apple"]


def test_a_typo_among_a_million_texts_is_answered_at_once():
    """difflib would take a minute; the margin is for a busy machine."""
    known = [f"{n * 7919 % 10**6:06}-{n % 89}" for n in range(10**6)]
    start = time.perf_counter()
    assert nearest_texts("0079l9-1", known)[0] == "007919-1"
    assert time.perf_counter() - start < 20
