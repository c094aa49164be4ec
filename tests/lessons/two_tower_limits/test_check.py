from lessons.two_tower_limits.answers import MISTAKES
from sparcode_mini.lessons.two_tower_limits import check


def test_each_case_of_lists_win_is_failed_by_the_mistake_it_names_and_no_later_one():
    mistakes = [(wrong, words) for name, wrong, words in MISTAKES if name == "lists_win"]
    hints = {words for _, words in mistakes}
    for wrong, words in mistakes:
        message = check.lists_win(wrong).message
        assert not any(other in message for other in hints - {words})


def test_each_choice_of_a_repair_gets_its_reason():
    words = {"A": "And Q is not fine", "B": "P loses 0.023", "C": "only lower", "D": "finds 99%"}
    for letter, part in words.items():
        verdict = check.repairs(letter)
        assert verdict.passed == (letter == "B") and part in verdict.message
    assert not check.repairs("?").passed
