"""The slides of a lesson, made from its parts.

A section gives a question for each prediction and a slide for each picture, in their order. Its
first sentence has a slide with the formula or table that comes before them, or if there are none.
Blocks that no slide shows go into the notes.

The tag `slide` adds: on a cell of code, its output or else its code to the question below, or to a
slide of its own; on a text under a heading of level 3, a slide with its formula or table.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sparcode_mini.course.slides import notebook, words
from sparcode_mini.course.slides.notebook import Block, Lesson, Part
from sparcode_mini.course.slides.pictures import Pictures, Shown
from sparcode_mini.lessons.text import labels
from sparcode_mini.tools.language import translated

TAG = "slide"  # of a cell that a slide shows: its printed text, or else its code
LIVE = "live"  # of a cell whose widget runs in the notebook
# What a slide has room for, in signs; what is longer stands in the notes only.
TABLE, FORMULA, CONTEXT, CAPTION = 560, 90, 420, 150
ASK = 640  # a question with what stands above it
MOST_LINES = 13  # of a table
LINE = 88  # signs in a line across the slide
LIST = 1000  # a longer list takes several slides


@dataclass
class Slide:
    """One slide.

    Attributes:
        kind: "title", "statement", "question", "picture", "list", "task",
            "exercises" or "plan".
        section: the heading of level 2, Markdown.
        title: the heading nearest above, Markdown.
        text: a sentence or two, Markdown; a question; what a picture shows.
        blocks: what its notes hold, in the order of the lesson.
        given: formulas, tables and cells that it shows.
        choices: of a question.
        right: the answer to a question as the notebook prints it.
        picture: what it shows.
        items: of a list, Markdown.
        remarks: what its notes begin with, Markdown.
    """

    kind: str
    section: str
    title: str
    text: str = ""
    blocks: list[Block] = field(default_factory=list)
    given: list[Block] = field(default_factory=list)
    choices: list[str] = field(default_factory=list)
    right: str = ""
    picture: Shown | None = None
    items: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def slides(lesson: Lesson, pictures: Pictures) -> list[Slide]:
    """Return the slides of a lesson.

    Raises:
        ValueError: a prediction without an answer; the message names its cell.
    """
    deck = [Slide("title", "", lesson.title, items=lesson.goals)]
    taught = [part for part in lesson.parts if not part.is_exercise]
    for section, group in itertools.groupby(taught, key=lambda part: part.section):
        if section in ("", *labels.SUMMARY):
            continue
        parts = list(group)
        made = [slide for part in parts for slide in of_part(lesson, part, pictures)]
        deck += made or [statement(parts[0], [b for part in parts for b in part.blocks])]
    deck = [slide for slide in deck if slide.text or slide.picture or slide.items or slide.given]
    exercises = [part for part in lesson.parts if part.is_exercise]
    if exercises:
        blocks = [block for part in exercises for block in part.blocks if block.kind == "text"]
        items = [_exercise(part) for part in exercises]
        deck.append(
            Slide(
                "exercises",
                translated("Exercises"),
                translated("Hands on"),
                blocks=blocks,
                items=items,
            )
        )
    summary = next(part for part in taught if part.title in labels.SUMMARY)
    return [*deck, *_summary(summary)]


def of_part(lesson: Lesson, part: Part, pictures: Pictures) -> list[Slide]:
    """Return the slides of one part; none if it has only text and cells without pictures."""
    deck: list[Slide] = []
    waiting: list[Block] = []  # blocks that stand before the next slide
    places = iter(enumerate(part.blocks))
    for place, block in places:
        following = part.blocks[place + 1 :]
        if block.text.startswith(labels.PREDICT):
            group = _to_answer(lesson, block, following)
            given = _context(waiting, block)
            made = _question(lesson, part, [block, *group], given, pictures)
            next(itertools.islice(places, len(group) - 1, None), None)  # they are used up
        elif block.picture is not None:
            sentence = _sentence(block, waiting, following)
            shown = pictures.of(lesson.stem, block)
            made = [Slide("picture", part.section, part.title, sentence, [block], picture=shown)]
        else:
            waiting.append(block)
            continue
        above = [one for one in waiting if one not in made[0].given]
        if not deck and _stands_alone(part, above):
            deck.append(statement(part, above))
        else:
            made[0].blocks[:0] = waiting
        deck += made
        waiting = []
    if deck:
        deck[-1].blocks += waiting
    elif _stands_alone(part, waiting):
        deck.append(statement(part, waiting))
    return deck


def statement(part: Part, blocks: Sequence[Block]) -> Slide:
    """Return a slide with the first sentence of some blocks, and their formula or table."""
    texts = [place for place, block in enumerate(blocks) if block.kind == "text"]
    text = words.opening(blocks[texts[0]].text) if texts else ""
    lists = blocks[texts[0] + 1 :][:1] if texts else blocks[:1]
    shown = [block for block in lists if block.kind == "list" and _signs(block) <= TABLE]
    shown += [block for block in blocks if _fits(block)][:1]
    shown += [block for block in blocks if _is_added(block)]
    return Slide("statement", part.section, part.title, text, list(blocks), given=shown)


def _question(
    lesson: Lesson, part: Part, blocks: list[Block], given: list[Block], pictures: Pictures
) -> list[Slide]:
    """Return the slide of a question, and of the picture that answers it if there is one."""
    prompt = labels.after(blocks[0].text, labels.PREDICT) or ""
    answer = words.opening(labels.after(blocks[-1].text, labels.ANSWER) or "")
    guess = next((g for one in blocks if (g := one.shown_after(labels.GUESS))), None)
    right = next((r for one in blocks if (r := one.shown_after(labels.RIGHT))), None)
    if guess is None or right is None:
        raise ValueError(
            f"{lesson.stem}, cell {blocks[0].cell.id}: a prediction without its stored choices or "
            "answer; run the notebook again: make notebooks"
        )
    choices = guess.split(notebook.BETWEEN) if notebook.BETWEEN in guess else []
    if choices and right not in choices:
        raise ValueError(f"{lesson.stem}, cell {blocks[0].cell.id}: {right!r} is no choice")
    given = given + [one for one in blocks if _is_added(one)]
    question = Slide("question", part.section, part.title, prompt, blocks, given, choices, right)
    shown = [one for one in blocks if one.picture is not None]
    question.items = [] if shown else [answer]
    return [question] + [
        Slide(
            "picture", part.section, part.title, answer, [one, blocks[-1]],
            picture=pictures.of(lesson.stem, one),
        )
        for one in shown
    ]  # fmt: skip


def _to_answer(lesson: Lesson, predict: Block, following: Sequence[Block]) -> list[Block]:
    for place, block in enumerate(following):
        if block.text.startswith(labels.ANSWER):
            return list(following[: place + 1])
    raise ValueError(
        f"{lesson.stem}, cell {predict.cell.id}: no paragraph starts with {labels.ANSWER[0]} below "
        "this prediction, under the same heading"
    )


def _sentence(picture: Block, before: Sequence[Block], after: Sequence[Block]) -> str:
    """Return the sentence for a picture: what follows it, what leads to it, or what it shows.

    Above a widget stands what to do with it. What follows may open another topic instead.
    """
    follows = next(iter(after), None)
    texts = [block.text for block in before if block.kind == "text"]
    leading = [one for one in words.sentences(texts[-1]) if one[0] not in "(（"] if texts else []
    if LIVE in picture.tags and leading:
        return words.opening(" ".join(leading))
    if (
        follows is not None
        and follows.kind == "text"
        and not follows.text.startswith(("**", "(", "（"))
    ):
        sentence = words.opening(follows.text)
        if not words.sentences(follows.text)[0].endswith(("?", "？")):
            return sentence
    if leading and leading[-1].endswith((":", "：")):
        return leading[-1][:-1] + {":": ".", "：": "。"}[leading[-1][-1]]
    shown = words.escape(words.sentences(str(picture.picture))[0])
    shown += "" if shown.endswith((".", "。", "!", "?")) else "."
    return shown if words.width(shown) <= CAPTION else leading[-1] if leading else ""


def _context(before: Sequence[Block], question: Block) -> list[Block]:
    """Return what a question needs to be understood: the text right above it, tagged cells."""
    shown = [block for block in before if _is_added(block)]
    last = before[-1] if before else None
    if shown or last is None or last.kind not in ("text", "formula"):
        return shown  # both would be too much
    fits = _signs(last) <= CONTEXT and _signs(last) + _signs(question) <= ASK
    return [last] if fits else []


def _stands_alone(part: Part, blocks: Sequence[Block]) -> bool:
    """Tell whether the first sentence has a slide though its section has others."""
    if part.level == 2:
        return any(_fits(block) or TAG in block.tags for block in blocks)
    return any(_is_added(block) or (_fits(block) and TAG in block.tags) for block in blocks)


def _is_added(block: Block) -> bool:
    """Tell whether it is a cell of code that a tag adds."""
    return block.kind == "code" and TAG in block.tags


def _fits(block: Block) -> bool:
    """Tell whether a block is a formula, or a table that a slide has room for."""
    if block.kind == "table":
        return _signs(block) <= TABLE and _lines(block.text) <= MOST_LINES
    return block.kind == "formula" and _signs(block) <= FORMULA


def _lines(table: str) -> int:
    """Return how many lines a table takes about, if its columns are equally wide."""
    rows = [row.strip("|").split("|") for row in table.split("\n")]
    width = LINE // len(rows[0])
    return sum(max(-(-words.length(cell) // width) for cell in row) for row in rows)


def _signs(block: Block) -> int:
    return words.length(block.text)


def _exercise(part: Part) -> str:
    """Return an exercise as a row of a table."""
    match = labels.EXERCISE.match(part.title)
    assert match is not None  # the part is one
    number, level, minutes, title = match.groups()
    cell = next((block.run for block in part.blocks if block.kind == "code"), 0)
    time = translated(f"{minutes} min")
    return f"| {number} | {title} | {level} | {time} | In [{cell}] |"


def _summary(part: Part) -> Iterator[Slide]:
    """Yield the summary on as many slides as its length needs."""
    lists = [block for block in part.blocks if block.kind == "list"]
    items = [item for block in lists for item in list_items(block.text)]
    for number, chunk in enumerate(chunks(items, LIST)):
        blocks = part.blocks if number == 0 else []
        yield Slide("list", part.title, part.title, blocks=list(blocks), items=chunk)


def list_items(markdown: str) -> list[str]:
    """Return the items of a list, each as one line of Markdown."""
    items: list[str] = []
    for line in markdown.splitlines():
        marker, _, rest = line.partition(" ")
        if marker in ("-", "*") or marker.rstrip(".").isdigit():
            items.append(rest)
        else:
            items[-1] += f" {line.strip()}"
    return items


def chunks(items: Sequence[str], most: int) -> Iterator[list[str]]:
    """Split a list so that no piece has more signs than a slide holds, and none is left alone."""
    # a short item takes a line, too
    sizes = [words.width(words.plain(item)) + 60 for item in items]
    count = -(-sum(sizes) // most)
    limit, size = sum(sizes) / max(count, 1), 0.0
    chunk: list[str] = []
    for item, signs in zip(items, sizes, strict=True):
        chunk = [*chunk, item]
        size += signs
        if size >= limit:
            yield chunk
            chunk, size = [], 0.0
    if chunk:
        yield chunk
