"""All switches of the study `beyond` on one page: what each changes, and what it was worth."""

import html
import statistics
from collections.abc import Sequence
from typing import Any, NamedTuple

from sparcode_mini.evaluation.paired import holds, starred, with_interval
from sparcode_mini.lessons.beyond_the_paper.effects import Effect, effects, pairs
from sparcode_mini.studies import beyond
from sparcode_mini.tools.language import translated


class Note(NamedTuple):
    """What the page says about a switch."""

    changes: str  # which part of the method
    idea: str
    source: str


SIZE = "a size of the paper"
NOTES = {
    "tau 3": Note("reads", "the nearest of four lists weighs more", "Philbin et al. 2008"),
    "soft, tau 10": Note(
        "codes", "a token is spread over 4 codewords in training, too", "Agustsson et al. 2017"
    ),
    "soft, tau 3": Note(
        "codes, reads", "both of these: spread in training, with sharper weights", "see above"
    ),
    "soft, tau 10, codebook too": Note(
        "codes", "spread, and gradients move the codewords, not EMA", "see above"
    ),
    "residual codes": Note(
        "codes", "a second codebook rounds what the first one left over", "Chen et al. 2010"
    ),
    "rotation trick": Note(
        "training", "the gradient is turned on its way past the argmin", "Fifty et al. 2024"
    ),
    "balanced codes": Note(
        "training", "a codeword that few tokens use seems nearer", "Bin et al. 2025"
    ),
    "8 tokens": Note("reads", "eight lists are read in place of four", SIZE),
    "128 codes": Note("codes", "twice as many lists, each for fewer tokens", SIZE),
    "distillation": Note(
        "training", "rounded tokens imitate the scores of unrounded ones", "Hinton et al. 2015"
    ),
    "gates": Note("reads", "the query says how much each token counts", "Jacobs et al. 1991"),
    "bias per code": Note("entries", "each codeword has its own b", "this library"),
    "L1 penalty": Note("entries", "each positive score has the same price", "Zamani et al. 2018"),
    "penalty on items": Note(
        "entries", "items that stand in many lists become dear", "this library"
    ),
    "FLOPS penalty": Note("entries", "long lists that are often read become dear",
                          "Paria et al. 2020"),
}  # fmt: skip
# What is shown: all entries as trained; and as many bytes for everyone, entries trained again.
SHOWN = ((beyond.WHOLE, 4), (beyond.TRAINED, 4))


class Line(NamedTuple):
    """A switch on the page."""

    name: str
    option: str  # how the library is told
    note: Note
    whole: dict[str, Any]  # gains over the base, as `paired.together` returns them
    short: dict[str, Any]
    bytes: float  # of all entries as trained


class Page(NamedTuple):
    """The page: a table in a notebook, lines of text elsewhere."""

    base: float  # bytes of the base, as trained
    lines: list[Line]

    def __repr__(self) -> str:
        head = f"{'':<28}{'all entries, 4 probes':<27}{'kB':>5}  {_short()}"
        rows = (
            f"{line.name:<28}{starred(line.whole):<27}{line.bytes / 1000:>5.0f}  "
            f"{starred(line.short)}"
            for line in self.lines
        )
        return "\n".join((head, *rows, f"{'base':<55}{self.base / 1000:>5.0f}"))

    def _repr_html_(self) -> str:
        heads = ("switch", "in the library", "part", "idea", "all entries, 4 probes", "kB",
                 _short(), "known from")  # fmt: skip
        rows = ["".join(f"<th scope='col'>{html.escape(translated(head))}</th>" for head in heads)]
        for line in self.lines:
            changes, idea, source = map(translated, line.note)
            size = f"{line.bytes / 1000:.0f}"
            cells = (f"<code>{html.escape(line.option)}</code>", changes, idea,
                     starred(line.whole), size, starred(line.short), source)  # fmt: skip
            texts = "".join(f"<td style='text-align:left'>{cell}</td>" for cell in cells)
            rows.append(f"<th scope='row' style='text-align:left'>{line.name}</th>{texts}")
        caption = (
            "Points of NDCG@50 over the base, served the same way, with 95% over people and seeds. "
            f"A star: holds after Holm. The base as trained has {self.base / 1000:.0f} kB."
        )
        body = "".join(f"<tr>{row}</tr>" for row in rows)
        return f"<table><caption>{html.escape(translated(caption))}</caption>{body}</table>"


def page(stored: dict[str, Any]) -> Page:
    """Return the page of the study.

    Args:
        stored: the result of the study.
    """
    lines = []
    for name in beyond.SWITCHES:
        if name != beyond.BASE:
            whole, short = (gain(stored, name, *way) for way in SHOWN)
            lines.append(Line(name, option(name), NOTES[name], whole, short, size(stored, name)))
    return Page(size(stored, beyond.BASE), lines)


def option(name: str) -> str:
    """Return the arguments of the model and of the training that make a switch."""
    model, train = beyond.SWITCHES[name]
    return ", ".join(f"{key}={value!r}" for key, value in {**model, **train}.items())


def size(stored: dict[str, Any], name: str) -> float:
    """Return the bytes of all entries as trained, the mean over seeds."""
    return statistics.fmean(beyond.column(stored["entries"], name, beyond.WHOLE, "bytes"))


def gain(
    stored: dict[str, Any], name: str, way: str, probes: int, against: str = beyond.BASE
) -> dict[str, Any]:
    """Return one comparison of the study."""
    wanted = {"name": name, "against": against, "way": way, "probes": probes}
    rows: list[dict[str, Any]] = stored["gains"]
    (row,) = [row for row in rows if wanted.items() <= row.items()]
    return row


def base(stored: dict[str, Any]) -> str:
    """Describe the base in every way in which switches are compared."""
    lines = []
    for way, probes in beyond.WAYS:
        ndcg = beyond.column(stored["entries"], beyond.BASE, way, f"test probes={probes}")
        kilobytes, density = (
            statistics.fmean(beyond.column(stored["entries"], beyond.BASE, way, key))
            for key in ("bytes", "density")
        )
        named = f"{way}, {probes} probe{'s' if probes > 1 else ''}"
        lines.append(
            f"{named:<32}{kilobytes / 1000:6.1f} kB, density {density:5.1%}   NDCG@50 "
            f"{statistics.fmean(ndcg):.4f} +- {statistics.stdev(ndcg):.4f}"
        )
    return "\n".join(lines)


def panels(stored: dict[str, Any]) -> dict[str, list[Effect]]:
    """Return the effects that the page shows, by the way of serving, for `draw.gains`."""
    whole, short = (effects(stored, *way) for way in SHOWN)
    return {"all entries, 4 probes": whole, _short(): short}


def also(stored: dict[str, Any]) -> str:
    """Describe the comparisons of two switches, in both ways of serving that the page shows."""
    blocks = (pairs(stored, *way) for way in SHOWN)
    titles = ("all entries, 4 probes", _short())
    return "\n".join(
        line for title, lines in zip(titles, blocks, strict=True) for line in (title, *lines)
    )


def sparse_against_dense(stored: dict[str, Any]) -> str:
    """Say how far the index of the target is from the dense base, and where the cut base is."""
    base_again = beyond.column(stored["entries"], beyond.BASE, beyond.TRAINED, "test probes=4")
    density = max(beyond.column(stored["entries"], beyond.BASE, beyond.TRAINED, "density"))
    return (
        f"over people and seeds, points: {with_interval(stored['target'])}\n"
        f"the base itself, cut and trained again: {statistics.fmean(base_again):.4f} at "
        f"{density:.1%}"
    )


def better(stored: dict[str, Any], way: str = beyond.TRAINED, probes: int = 4) -> list[str]:
    """Return the switches whose gain over the base holds after Holm."""
    return _sure(stored, way, probes, 1)


def worse(stored: dict[str, Any], way: str = beyond.TRAINED, probes: int = 4) -> list[str]:
    """Return the switches whose loss against the base holds after Holm."""
    return _sure(stored, way, probes, -1)


def _sure(stored: dict[str, Any], way: str, probes: int, sign: int) -> list[str]:
    rows = {n: gain(stored, n, way, probes) for n in beyond.SWITCHES if n != beyond.BASE}
    return [n for n, row in rows.items() if holds(row) and sign * row["difference"] > 0]


COUNTS = ("none", "1 to 3", "4 to 7", "8 or more")


def how_many(names: Sequence[str]) -> str:
    """Return which of COUNTS says how many names there are."""
    limits = (0, 3, 7)
    return COUNTS[sum(len(names) > limit for limit in limits)]


def sure(stored: dict[str, Any]) -> str:
    """Say which gains and losses hold, in both ways of serving that the page shows."""
    lines = []
    for title, way in (("all entries, 4 probes", SHOWN[0]), (_short(), SHOWN[1])):
        ups, downs = better(stored, *way), worse(stored, *way)
        lines.append(
            f"{title}: better {', '.join(ups) or 'none'}; worse {', '.join(downs) or 'none'}"
        )
    return "\n".join(lines)


def _short() -> str:
    return f"{beyond.BUDGET // 1000} kB, trained again, 4 probes"
