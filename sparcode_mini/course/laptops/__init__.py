"""Thirty laptops: a check for each, and pages for the teacher and for machines of others.

`check_laptop.py` needs nothing but Python; students run it before and after the installation and
hand in its last line. `probe` is the part of it that the installed project answers. `receipts`
reads those lines, and `sparcode-mini roster` prints what is to be done.
"""

from pathlib import Path

from sparcode_mini.tools.files import atomic_write

CHECK = Path(__file__).with_name("check_laptop.py")
PAGES = Path("assets") / "course" / "laptops"


def write(out: Path, root: Path) -> None:
    """Copy the check and the pages.

    Raises:
        ValueError: `root` has no pages.
    """
    pages = sorted((root / PAGES).glob("*.md"))
    if not pages:
        raise ValueError(f"{root / PAGES} has no page; name the project's folder: --root")
    for path in (CHECK, *pages):
        atomic_write(out / path.name, path.read_bytes())
