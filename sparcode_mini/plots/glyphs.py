"""Which font has a letter: the one of all pictures, those of the project, or an installed one.

DejaVu Sans comes with matplotlib. `fonts/` holds the letters of Chinese, Japanese and Korean, and
emoji. For other letters the fonts of the machine are searched, once for each letter.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from matplotlib import font_manager
from matplotlib.font_manager import FontEntry, FontProperties, fontManager
from matplotlib.ft2font import FaceFlags, FT2Font, LoadFlags

FOLDER = Path(__file__).parent / "fonts"
FAMILIES = ("DejaVu Sans", "SparCode CJK", "SparCode Emoji")
BOLD = "SparCode CJK Bold"  # has few letters; those that it lacks are drawn by the regular font
# Families with many letters, by system; others follow in the order of their names.
WELL_KNOWN = (
    "Noto Sans", "Noto Serif", "Segoe UI", "Nirmala UI", "Leelawadee UI", "Ebrima", "Gadugi",
    "Microsoft", "Malgun Gothic", "Yu Gothic", "Kohinoor", "Thonburi", "Hiragino", "PingFang",
    "Apple Symbols", "Arial Unicode MS", "DejaVu", "FreeSans", "FreeSerif", "Unifont",
)  # fmt: skip
# Their glyphs are parts of formulas, or boxes.
NO_LETTERS = ("cmb10", "cmex10", "cmmi10", "cmr10", "cmss10", "cmsy10", "cmtt10", "STIXNonUnicode",
              "STIXSize", "Last Resort")  # fmt: skip
REMEDY = "install the Noto fonts (fonts.google.com/noto), then restart Python"
SAMPLES = {
    "Chinese": "汉漢", "Japanese": "かカ", "Korean": "한", "emoji": "🎬", "Arabic": "ع",
    "Hebrew": "ש", "Thai": "ไ", "Devanagari": "ह", "Bengali": "ব", "Tamil": "த",
}  # fmt: skip


def _also_bold(family: str) -> None:
    """Let a family without bold letters draw bold ones too; else matplotlib logs a warning."""
    entries = [entry for entry in fontManager.ttflist if entry.name == family]
    if entries and not any(entry.weight in (700, "bold") for entry in entries):
        fontManager.ttflist.append(replace(entries[0], weight=700))


for _name in ("cjk.otf", "cjk_bold.otf", "emoji.ttf"):
    fontManager.addfont(FOLDER / _name)
for _family in (*FAMILIES, BOLD):
    _also_bold(_family)


@cache
def _face(path: str) -> FT2Font:
    # Apart from the objects that matplotlib draws with, whose size must not change.
    return FT2Font(str(path), face_index=getattr(path, "face_index", 0))


def paths(properties: FontProperties) -> list[str]:
    """Return the font files in which matplotlib looks for letters, in this order."""
    files: list[str] = []
    for family in properties.get_family():
        one = properties.copy()
        one.set_family(family)
        files.append(font_manager.findfont(one, fallback_to_default=False))
    return files


def missing(text: str, properties: FontProperties) -> list[str]:
    """Return the letters of a text that none of its fonts has, each once."""
    faces = [_face(path) for path in paths(properties)]
    return [
        letter
        for letter in dict.fromkeys(text)
        if letter != "\n"
        and unicodedata.category(letter) != "Cf"  # draws nothing by itself
        and not any(face.get_char_index(ord(letter)) for face in faces)
    ]


def bold_families(families: Sequence[str]) -> list[str]:
    """Return the families of a bold text: the bold letters of Chinese before the regular ones."""
    if FAMILIES[1] not in families:
        return list(families)
    place = families.index(FAMILIES[1])
    return [*families[:place], BOLD, *families[place:]]


def em(text: str, bold: bool = False) -> float:
    """Return the width of a text, as a multiple of its font size."""
    return sum(_advance(letter, bold) for letter in unicodedata.normalize("NFC", text))


@cache
def _advance(letter: str, bold: bool) -> float:
    if unicodedata.category(letter) in ("Mn", "Me", "Cf"):
        return 0.0
    for path in paths(FontProperties(family=FAMILIES, weight="bold" if bold else "normal")):
        face = _face(path)
        if index := face.get_char_index(ord(letter)):
            glyph = face.load_glyph(index, LoadFlags.NO_SCALE)
            return float(glyph.horiAdvance / face.units_per_EM)
    return 1.0


# --- fonts of the machine -------------------------------------------------------------------------

_FOUND: dict[str, str | None] = {}


def installed(letters: Iterable[str]) -> dict[str, str | None]:
    """Return for each letter a family of this machine that has it, or None."""
    open_letters = {letter for letter in letters if letter not in _FOUND}
    for entry in _entries() if open_letters else ():
        face = _readable(entry)
        has = {c for c in open_letters if face and face.get_char_index(ord(c))}
        if has:
            _also_bold(entry.name)
        _FOUND.update(dict.fromkeys(has, entry.name))
        open_letters -= has
        if not open_letters:
            break
    _FOUND.update(dict.fromkeys(open_letters))
    return {letter: _FOUND[letter] for letter in letters}


@cache
def _entries() -> list[FontEntry]:
    """Return the fonts of the machine, the well-known ones first."""
    known = {Path(entry.fname) for entry in fontManager.ttflist}
    for path in font_manager.findSystemFonts():
        if Path(path) not in known:  # matplotlib does not see fonts that were installed later
            try:
                fontManager.addfont(path)
            except Exception:  # whatever is wrong with it, there are others
                continue
    fonts = [e for e in fontManager.ttflist if not e.name.startswith(NO_LETTERS)]
    return sorted(fonts, key=lambda e: (_rank(e.name), e.style != "normal", e.name, e.fname))


def _rank(family: str) -> int:
    ranks = (r for r, start in enumerate(WELL_KNOWN) if family.startswith(start))
    return next(ranks, len(WELL_KNOWN))


def _readable(entry: FontEntry) -> FT2Font | None:
    """Open a font, unless it is gone, or its letters are coloured pictures."""
    try:
        face = FT2Font(entry.fname, face_index=entry.index)
    except (OSError, RuntimeError):
        return None
    drawable = face.scalable and FaceFlags.COLOR not in face.face_flags
    return face if drawable else None


def scripts() -> dict[str, str | None]:
    """Return for each of `SAMPLES` the family that draws it, or None."""
    files = paths(FontProperties(family=FAMILIES))
    families: dict[str, str | None] = {}
    for script, sample in SAMPLES.items():
        drawing = (
            family
            for family, path in zip(FAMILIES, files, strict=True)
            if all(_face(path).get_char_index(ord(letter)) for letter in sample)
        )
        families[script] = next(drawing, None) or installed(sample)[sample[0]]
    return families
