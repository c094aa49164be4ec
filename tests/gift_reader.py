"""Read GIFT as Moodle does: signs after a backslash are set aside, then the text is cut.

It reads the kinds of question that the project writes: one right choice, or a number.
"""

import re
from dataclasses import dataclass, field

ESCAPED = r"\:#={}~"
ASIDE = {sign: chr(0xE000 + position) for position, sign in enumerate(ESCAPED)}


@dataclass
class Question:
    """One question; answers are (credit, text, feedback)."""

    category: str
    name: str
    stem: str
    numerical: bool
    answers: list[tuple[float, str, str]] = field(default_factory=list)


def aside(text):
    """Replace each sign after a backslash by a sign that nobody writes."""
    return re.sub(r"\\(.)", lambda match: ASIDE[match[1]], text)


def back(text):
    """Put the signs in again."""
    for sign, other in ASIDE.items():
        text = text.replace(other, sign)
    return text.strip()


def read(text):
    """Return the questions of a file."""
    category, questions = "", []
    for block in re.split(r"\n\s*\n", text.strip()):
        lines = [line for line in block.splitlines() if not line.startswith("//")]
        if lines[0].startswith("$CATEGORY:"):
            category = lines[0].partition(":")[2].strip()
        else:
            questions.append(question(category, aside("\n".join(lines))))
    return questions


def question(category, text):
    """Return one question; its escaped signs are set aside."""
    name, stem, body = re.fullmatch(r"::(.*?)::\[html\](.*?)\{(.*)\}", text, re.DOTALL).groups()
    numerical = body.startswith("#")
    result = Question(category, back(name), back(stem), numerical)
    for sign, answer in re.findall(r"([=~])([^=~]*)", body.removeprefix("#")):
        credit, (first, _, feedback) = 100.0 * (sign == "="), answer.partition("#")
        percent = re.match(r"%(-?\d+)%", first)
        if percent:
            credit, first = float(percent[1]), first[percent.end() :]
        result.answers.append((credit, back(first), back(feedback)))
    return result
