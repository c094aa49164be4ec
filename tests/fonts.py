"""Make the fonts of `sparcode_mini/plots/fonts/` anew, from two public packages.

    apt-get download fonts-noto-cjk=1:20220127+repack1-1     # Debian; unpack it with dpkg-deb -x
    npm pack @expo-google-fonts/noto-emoji@0.4.7             # unpack it with tar -xzf
    python tests/fonts.py NotoSansCJK-Regular.ttc NotoSansCJK-Bold.ttc \\
        NotoEmoji_400Regular.ttf FOLDER

The README in the folder of the fonts says what they hold. Tests compare the stored files with
`letters()` and `EMOJI`.
"""

import argparse
import hashlib
import io
from collections.abc import Iterable
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from matplotlib import font_manager

SOURCES = {  # sha256 of the files that the packages hold
    "NotoSansCJK-Regular.ttc": "b76b0433203017ca80401b2ee0dd69350349871c4b19d504c34dbdd80541690a",
    "NotoSansCJK-Bold.ttc": "faa5f3656a78b2e2d450d27fe8382c778bc2b6bb5ea29c986664a6a435056ceb",
    "NotoEmoji_400Regular.ttf": "24aaa2a20c9c06ffe9bf04284bfd1f14376a329d10122f902abe2770817eb504",
}
SIMPLIFIED = 2  # the place of Noto Sans CJK SC in its collection
LEAD = TRAIL = range(0xA1, 0xFF)
BIG5_LEAD, BIG5_TRAIL = range(0xA4, 0xC7), (*range(0x40, 0x7F), *TRAIL)
NAMES = {1: "{}", 3: "{} (subset)", 4: "{}", 6: "{}-Regular", 16: "{}"}  # of the name table


def of_codec(codec: str, lead: Iterable[int], trail: Iterable[int]) -> set[str]:
    """Return the letters that two bytes of an old encoding can write."""
    found = set()
    for first in lead:
        for second in trail:
            try:
                found.add(bytes([first, second]).decode(codec))
            except UnicodeDecodeError:
                continue
    return {letter for letter in found if len(letter) == 1}


def letters() -> set[str]:
    """Return what the font for Chinese, Japanese and Korean has to hold.

    GB2312 (simplified Chinese), Big5 level 1 (traditional), JIS X 0208 (Japanese) and the Hangul of
    KS X 1001 (Korean), without what DejaVu Sans has.
    """
    hangul = {letter for letter in of_codec("euc_kr", LEAD, TRAIL) if "가" <= letter <= "힣"}
    chinese = of_codec("gb2312", LEAD, TRAIL) | of_codec("big5", BIG5_LEAD, BIG5_TRAIL)
    return (chinese | of_codec("euc_jp", LEAD, TRAIL) | hangul) - dejavu()


def bold_letters() -> set[str]:
    """Return what the bold font has to hold: the letters that the Chinese pictures may show.

    They are few, so the font is small; other bold letters are drawn by the regular one.
    """
    folder = Path(__file__).resolve().parents[1] / "assets" / "zh" / "words"
    texts = (path.read_text("utf-8") for path in folder.glob("*.json"))
    return {letter for text in texts for letter in text} & letters()


def dejavu() -> set[str]:
    """Return the letters of DejaVu Sans, which comes with matplotlib."""
    return {chr(code) for code in TTFont(font_manager.findfont("DejaVu Sans")).getBestCmap()}


def cut(font: TTFont, wanted: set[str], family: str, layout: tuple[str, ...]) -> bytes:
    """Return a font with the wanted letters only, under a name of its own."""
    options = subset.Options(
        layout_features=list(layout), hinting=False, notdef_outline=True, recalc_timestamp=False
    )
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 7, 13, 14]
    options.drop_tables += ["BASE", "GPOS", "STAT", "VORG", "vhea", "vmtx"]
    worker = subset.Subsetter(options)
    worker.populate(unicodes={ord(letter) for letter in wanted})
    worker.subset(font)
    for record in font["name"].names:
        if record.nameID in NAMES:
            plain = family.replace(" ", "") if record.nameID == 6 else family
            record.string = NAMES[record.nameID].format(plain)
    if "CFF " in font:
        _rename_cff(font, family)
    buffer = io.BytesIO()
    font.save(buffer)
    return buffer.getvalue()


def _rename_cff(font: TTFont, family: str) -> None:
    cff = font["CFF "].cff
    cff.fontNames = [family.replace(" ", "") + "-Regular"]
    cff.topDictIndex[0].FullName = cff.topDictIndex[0].FamilyName = family


def main() -> None:
    """Check the sources, and write the fonts."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("cjk", type=Path)
    parser.add_argument("bold", type=Path)
    parser.add_argument("emoji", type=Path)
    parser.add_argument("folder", type=Path)
    args = parser.parse_args()
    for path, known in zip((args.cjk, args.bold, args.emoji), SOURCES.values(), strict=True):
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        if found != known:
            raise SystemExit(f"{path} has the sha256 {found}, not {known}; take that version")
    cjk = TTFont(args.cjk, fontNumber=SIMPLIFIED, recalcTimestamp=False)
    bold = TTFont(args.bold, fontNumber=SIMPLIFIED, recalcTimestamp=False)
    emoji = TTFont(args.emoji, recalcTimestamp=False)
    every = {chr(code) for code in emoji.getBestCmap()}
    (args.folder / "cjk.otf").write_bytes(cut(cjk, letters(), "SparCode CJK", ()))
    made = cut(bold, bold_letters(), "SparCode CJK Bold", ())
    (args.folder / "cjk_bold.otf").write_bytes(made)
    (args.folder / "emoji.ttf").write_bytes(cut(emoji, every, "SparCode Emoji", ("ccmp",)))


if __name__ == "__main__":
    main()
