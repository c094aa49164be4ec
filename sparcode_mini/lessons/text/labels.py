"""The words by which a lesson says what a heading or a paragraph is, in each of its languages."""

import re

Label = tuple[str, ...]  # one for each language; `str.startswith` takes it as it is

# Paragraphs begin with these.
PREDICT: Label = ("**Predict.**", "**预测**：")
ANSWER: Label = ("**Answer.**", "**答案**：")
NEEDS: Label = ("**Needs.**", "**需要**：")
TIME = re.compile(
    r"^\*\*Time\.\*\* About (\d+) minutes(?:.*\*Further\* takes (\d+) more)?.*$"
    r"|^\*\*时间\*\*：.*?约 (\d+) 分钟(?:.*另需 (\d+) 分钟)?.*$",
    re.M,
)
# Headings.
EXERCISE = re.compile(
    r"(?:Exercise|练习) (\d+) · (easy|middle|hard|易|中|难) · (\d+) (?:min: |分钟：)(.+)"
)
FURTHER = re.compile(r"(?:[\d.]+ · )?(?:Further\b|延伸)")
SUMMARY: Label = ("Summary", "小结")
AFTERWARDS: Label = ("Where to go next", "下一步去哪里")  # what leads on
# What cells of code print.
GUESS: Label = ("Your guess: ", "你的预测：")
RIGHT: Label = ("Answer: ", "答案：")
NOT_YET: Label = ("Not yet.", "还不对。")
# The list at the start, and folds.
GOALS = re.compile(r"(?:After this lesson you can|学完本课，你能)")
HINT, SOLUTION = r"(?:Hint|提示)", "<details><summary>Solution"


def after(text: str, label: Label) -> str | None:
    """Return what follows a label at the start of a text; None if it begins otherwise."""
    start = next((one for one in label if text.startswith(one)), None)
    return None if start is None else text[len(start) :].strip()


def minutes(text: str) -> tuple[int, int] | None:
    """Return the minutes of a lesson's core and of its further parts, as its first cell has them.

    >>> minutes("**Time.** About 60 minutes; what is marked *Further* takes 9 more.")
    (60, 9)
    """
    match = TIME.search(text)
    if match is None:
        return None
    core, further = (match[1] or match[3], match[2] or match[4])
    return int(core), int(further or 0)


def is_further(heading: str) -> bool:
    """Return whether a heading begins a part beyond the core."""
    return FURTHER.match(heading) is not None
