"""Cards of the lessons on the first page: number, title, topic, minutes and a picture of each."""

import base64
import html
import io
import re
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from sparcode_mini.lessons.text import labels
from sparcode_mini.site import pages
from sparcode_mini.tools.files import atomic_write
from sparcode_mini.tools.language import language, translated

FOLDER = "cards"  # of the pictures, in the folder of the site's static files
MOST_PIXELS = (360, 240)  # width and height of a picture
MOST_BYTES = 15_000
GOAL = re.compile(r"^(?:- |\d+\. )(.+?)[;.；。]?$", re.M)  # of the list "After this lesson you can"
BESIDE = {  # notebooks beside the lessons
    "capstone": "Build a quantiser, a scorer and an index of your own from the exercises.",
    "questions": "What one learner asked, in Chinese and English, each with its answer.",
}
# The cell whose picture stands for a lesson; without an entry it is the first picture.
PICTURES = {
    "00_start_here": "80c4e7fb",
    "01_trained_and_measured": "01-028",
    "02_two_tower_limits": "02-040",
    "03_vector_quantization": "02-049",
    "04_product_quantization_and_straight_through": "f94ed01a",
    "05_tokenizers": "04-015",
    "06_all_to_all_scoring": "05-029",
    "07_sparse_index": "06-005",
    "08_real_data": "l07-17",
    "09_serving": "l07-39",
    "10_beyond_the_paper": "08-009",
    "capstone": "capstone-045",
    "questions": "q-12-code",
}


def cards(lessons: Sequence[pages.Lesson]) -> str:
    """Return the HTML of a list of cards: the lessons by number, then what stands beside them.

    Raises:
        ValueError: a lesson does not state a goal or its minutes, or its cell of PICTURES has no
            picture.
    """
    items = [_card(one) for one in sorted(lessons, key=lambda one: (not one.number, one.stem))]
    return "\n".join(['<ul class="landing-cards">', *items, "</ul>"])


def write(lessons: Sequence[pages.Lesson], static: Path) -> None:
    """Write the pictures of the cards into the folder of the site's static files."""
    for lesson in lessons:
        stored = picture(lesson)
        if stored is not None:
            atomic_write(static / FOLDER / f"{lesson.stem}.webp", thumbnail(stored[0]))


def minutes(lesson: pages.Lesson) -> str:
    """Return how long a lesson takes, as its first cell states it.

    Raises:
        ValueError: it does not.
    """
    stated = labels.minutes(lesson.notebook.cells[0].source)
    if stated is None:
        raise ValueError(
            f"{lesson.stem} does not say how long it takes; write a line '**Time.** About 30 "
            "minutes.' into its first cell, or run tests/minutes.py --write"
        )
    core, further = stated
    more = f" · {further} more for further parts" if further else ""
    return translated(f"{core} minutes{more}")


def topic(lesson: pages.Lesson) -> str:
    """Return what a lesson is about: its first goal that is in plain words, without a formula.

    Raises:
        ValueError: it has none.
    """
    if lesson.stem in BESIDE:
        return translated(BESIDE[lesson.stem])
    goals = GOAL.findall(lesson.notebook.cells[0].source)
    plain = [goal for goal in goals if not re.search(r"[$*`\[]", goal)]
    if not plain:
        raise ValueError(
            f"{lesson.stem} has no goal for its card; write '- name the parts of ...;' into its "
            "first cell, or a line into BESIDE of sparcode_mini/site/cards.py if it is no lesson"
        )
    return f"Learn to {plain[0]}." if language() == "en" else f"{plain[0]}。"


def picture(lesson: pages.Lesson) -> tuple[bytes, str] | None:
    """Return the picture that stands for a lesson, as PNG and words; None before its first run.

    Raises:
        ValueError: the cell that PICTURES names has none.
    """
    stored = {
        cell.id: (base64.b64decode(output.data["image/png"]), output.metadata["image/png"]["alt"])
        for cell in lesson.notebook.cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    }
    if not stored:
        return None
    name = PICTURES.get(lesson.stem, next(iter(stored)))
    if name not in stored:
        raise ValueError(
            f"{lesson.stem} has no picture in cell {name!r}; choose another for its card in "
            f"sparcode_mini/site/cards.py: {', '.join(stored)}"
        )
    return stored[name]


def thumbnail(png: bytes) -> bytes:
    """Return a picture as WebP of at most MOST_PIXELS and MOST_BYTES.

    Raises:
        ValueError: it would be larger even at the lowest quality.
    """
    image = Image.open(io.BytesIO(png)).convert("RGB")
    image.thumbnail(MOST_PIXELS, Image.Resampling.LANCZOS)
    for quality in (90, 80, 65, 50):
        small = io.BytesIO()
        image.save(small, "WEBP", quality=quality, method=6)
        if small.tell() <= MOST_BYTES:
            return small.getvalue()
    raise ValueError(f"a picture of a card has {small.tell():,} bytes, over {MOST_BYTES:,}")


def _card(lesson: pages.Lesson) -> str:
    words = html.escape(lesson.named), html.escape(topic(lesson)), minutes(lesson)
    return (
        f'<li>{_image(lesson)}<div class="words">'
        f'<h3><a href="lessons/{lesson.stem}.html">{words[0]}</a></h3>'
        f'<p>{words[1]}</p><p class="minutes">{words[2]}</p></div></li>'
    )


def _image(lesson: pages.Lesson) -> str:
    stored = picture(lesson)
    if stored is None:
        return ""
    source, alt = f"_static/{FOLDER}/{lesson.stem}.webp", html.escape(stored[1])
    width, height = Image.open(io.BytesIO(thumbnail(stored[0]))).size
    return f'<img src="{source}" alt="{alt}" width="{width}" height="{height}">'
