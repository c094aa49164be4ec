"""A switch can be thrown after Run All: no later cell takes away what its cell needs.

A cell that says `the switch` in a comment is meant to be changed and run again, at any time. The
names it reads (also inside the functions it calls) must therefore still mean what they meant.
"""

import builtins
from pathlib import Path
from symtable import SymbolTable, symtable

import pytest

import notebooks
import rules

PATHS = sorted(notebooks.FOLDER.glob("*.ipynb"))


def sources(path: Path) -> list[str]:
    """The code of each code cell."""
    return [cell.source for cell in rules.code_cells(notebooks.read(path))]


def bound(source: str) -> set[str]:
    """Names of the notebook that a cell binds: also by `for`, `import` and `except ... as`."""
    symbols = symtable(source, "cell", "exec").get_symbols()
    return {symbol.get_name() for symbol in symbols if symbol.is_assigned() or symbol.is_imported()}


def wanted(scope: SymbolTable) -> set[str]:
    """Names of the notebook that a cell or a function reads, functions inside it included."""
    top = scope.get_type() == "module"
    found = {
        symbol.get_name()
        for symbol in scope.get_symbols()
        if symbol.is_referenced() and (top or symbol.is_global())
    }
    return found.union(*map(wanted, scope.get_children())) - set(dir(builtins))


def needs(cells: list[str], place: int) -> dict[str, int]:
    """Name -> the cell that bound it, for all that the cell at `place` needs from earlier ones.

    What a name was made from is needed again only if it is a function: it looks its names up late.
    """
    found: dict[str, int] = {}
    names = wanted(symtable(cells[place], "cell", "exec")) - bound(cells[place])
    todo = [(place, name) for name in names]
    while todo:
        before, name = todo.pop()
        makers = [i for i in range(before) if name in bound(cells[i])]
        if name in found or not makers:
            continue
        found[name] = makers[-1]
        for scope in symtable(cells[makers[-1]], "cell", "exec").get_children():
            if scope.get_name() == name:
                todo += [(makers[-1] + 1, other) for other in wanted(scope)]
    return found


def taken_away(cells: list[str]) -> list[str]:
    """Complaints: "cell 8: error is bound anew by cell 11"."""
    complaints = []
    for place, source in enumerate(cells):
        if "# the switch" in source:
            for name, maker in needs(cells, place).items():
                later = [i for i in range(maker + 1, len(cells)) if name in bound(cells[i])]
                complaints += [f"cell {place}: {name} is bound anew by cell {i}" for i in later]
    return complaints


def test_the_rule_finds_what_a_later_cell_takes_away() -> None:
    first = "def error(x):\n    return scale * x"
    switch = "on = True  # the switch\nprint(error(data) if on else data)"
    cells = ["scale, data = 2, 3", first, switch]
    assert taken_away(cells) == []
    assert taken_away([*cells, "data = 4"]) == ["cell 2: data is bound anew by cell 3"]
    assert taken_away([*cells, "for scale in (1, 2):\n    pass"])
    assert taken_away([*cells, "try:\n    pass\nexcept OSError as error:\n    pass"])
    assert taken_away([*cells, "squares = [data for data in range(3)]"]) == []
    assert taken_away([*cells, "def f(data):\n    scale = data\n    return scale"]) == []


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_no_switch_loses_what_it_needs(path: Path) -> None:
    assert taken_away(sources(path)) == []
