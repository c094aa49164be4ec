"""Print where the words of the library leave the house style; the tests hold it to none.

    python tests/language.py

A docstring of a function begins with a verb in the imperative. A variable is named by a noun, not
by a pronoun or a participle.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "sparcode_mini"
VERBS = set(
    """
    Add Adjust Answer Append Apply Arrange Ask Assign Bisect Bring Build Call Cap Catch Center
    Change Check Choose Clean Close Collect Combine Compare Compute Connect Continue Convert
    Copy Correct Count Create Cut Decide Decode Delete Describe Divide Do Download Draw Drop
    Encode End Enter Estimate Evaluate Execute Explain Export Extract Fetch Fill Find Finish Fit
    Fold Follow Forget Format Freeze Give Go Group Handle Hide Hold Include Initialise Insert
    Iterate Join Keep Learn Leave Let Lift List Load Lock Look Make Map Mark Mask Measure Merge
    Mix Move Multiply Name Normalise Offer Open Order Pad Paint Parse Pass Pick Place Play Plot
    Point Prepare Print Project Put Quantise Raise Rank Read Recommend Record Redraw Reduce
    Refuse Register Remember Remove Rename Render Repeat Replace Report Reset Resolve Restart
    Restore Resume Return Rewrite Roll Rotate Round Run Sample Save Say Scale Share Score Search
    Select Send Serve Set Shift Show Shuffle Shut Sink Skip Solve Sort Spoil Split Spread Squash
    Stack Start State Step Stop Store Stretch Subtract Sum Switch Take Tell Test Time Train
    Transform Translate Turn Undo Unpack Update Use Verify Visit Wait Walk Weigh Wrap Write
    Yield
    """.split()  # noqa: SIM905
)
PRONOUNS = set(
    """
    asked found his her how how_many it its mine ours own said that theirs them these they this
    those told what which who whom
    """.split()  # noqa: SIM905
)
# public attributes, which stored pages and notebooks read by these names
KEPT = {
    ("sparcode_mini/widgets/xray.py", "which"),
    ("sparcode_mini/worlds/likes.py", "found"),
}


def docstrings(tree: ast.AST) -> Iterator[tuple[int, str, str]]:
    """Yield line, name and docstring of every function that has one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text:
                yield node.lineno, node.name, text


def names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield line and name of every variable that is bound, and of every argument."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg


def complaints(path: Path) -> list[str]:
    """Return what is wrong with the words of one file."""
    tree, where = ast.parse(path.read_text("utf-8")), path.relative_to(ROOT).as_posix()
    verbless = [
        f"{where}:{line}: {name}: begin with a verb: {text.splitlines()[0]!r}"
        for line, name, text in docstrings(tree)
        if text.split()[0].rstrip(",.:;") not in VERBS
    ]
    pronouns = [
        f"{where}:{line}: name it by a noun: {name}"
        for line, name in names(tree)
        if name in PRONOUNS and (where, name) not in KEPT
    ]
    return verbless + pronouns


def main() -> None:
    """Print all complaints and their number."""
    everything = [one for path in sorted(PACKAGE.rglob("*.py")) for one in complaints(path)]
    print(*everything, f"{len(everything)} complaints", sep="\n")


if __name__ == "__main__":
    main()
