"""index.html: all pictures with their words, for a reader who looks for one."""

import html
from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from string import Template
from typing import Any

from sparcode_mini.plots.labels import LICENCE
from sparcode_mini.tools.language import TAGS, language, translated

TEMPLATE = Path(__file__).parent / "page.html"
WORDS = {
    "heading": "Pictures of SparCode Mini",
    "terms": "The licence",
    "contents": "Lessons",
}
FILES = "each as SVG and as PNG; title, description and licence are inside both files."
PROGRAMS = "index.json names them for programs."


def html_of(picture: Mapping[str, Any]) -> str:
    """Return the HTML of one entry of the index: picture, words, and links to both files."""
    shown = {
        name: html.escape(str(picture[name])) for name in ("title", "alt", "svg", "png", "cell")
    }
    size = {kind: f"{picture['bytes'][kind] / 1000:,.0f} kB" for kind in ("svg", "png")}
    anchor = html.escape(f"{picture['lesson']}-{picture['cell']}")
    links = ", ".join(
        f'<a href="{shown[kind]}">{kind.upper()}<span class="of">: {shown["title"]}</span></a> '
        f"({size[kind]})"
        for kind in ("svg", "png")
    )
    return f"""<figure id="{anchor}">
<img src="{shown["svg"]}" alt="{shown["alt"]}" width="{picture["width"]}"
  height="{picture["height"]}" loading="lazy">
<figcaption><strong>{shown["title"]}</strong> · {translated("cell")} <code>{shown["cell"]}</code> ·
{picture["width"]} × {picture["height"]} · {links}</figcaption>
<details><summary>{translated("The picture in words")}</summary><p>{shown["alt"]}</p></details>
</figure>"""


def html_page(pictures: Sequence[Mapping[str, Any]]) -> str:
    """Return the page in the reader's language, with a part for each lesson.

    Args:
        pictures: entries of index.json, those of a lesson beside each other.
    """
    links, parts = [], []
    for lesson, group in groupby(pictures, key=lambda one: one["lesson"]):
        members = list(group)
        title = html.escape(members[0]["lesson_title"])
        links.append(f'<li><a href="#{lesson}">{title}</a> ({len(members)})</li>')
        figures = "\n".join(html_of(one) for one in members)
        parts.append(f'<section>\n<h2 id="{lesson}">{title}</h2>\n{figures}\n</section>')
    return Template(TEMPLATE.read_text("utf-8")).substitute(
        {key: translated(text) for key, text in WORDS.items()},
        language=TAGS[language()],
        files=translated(f"{len(pictures)} pictures, {FILES}"),
        programs=translated(PROGRAMS).replace("index.json", '<a href="index.json">index.json</a>'),
        licence=html.escape(LICENCE.text),
        url=html.escape(LICENCE.url),
        lessons="\n".join(links),
        figures="\n".join(parts),
    )
