"""What a section of a lesson takes from the sections above it, found in its code.

A section begins at a heading of level 2; what stands before the first one is the start. A lesson
runs from top to bottom, so any section can be begun after *Run All Above Selected Cell*. The needs
say which sections must have run, for whoever wants to run less.
"""

import ast
import builtins
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode

START = "the start"
_HEADING = re.compile(r"^## (.+)$", re.M)
_COMPREHENSION = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
_BUILTIN = set(dir(builtins)) | {"get_ipython", "display"}


@dataclass
class Section:
    """A section of a lesson.

    Attributes:
        title: its heading without marks, or START.
        cells: positions of its cells in the notebook, in order.
        needs: title of a section above -> the names that this one takes from it, sorted.
    """

    title: str
    cells: list[int] = field(default_factory=list)
    needs: dict[str, list[str]] = field(default_factory=dict)


def sections(notebook: NotebookNode, without: str = "solution") -> list[Section]:
    """Return the sections in order, with their needs.

    Args:
        notebook: a lesson.
        without: cells with this tag are left out: a learner's cell stands for them.

    Raises:
        ValueError: a name that no cell above defines.
    """
    parts = [Section(START)]
    home: dict[str, str] = {}  # name -> title of the section that defined it last
    for position, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown" and (heading := _HEADING.search(cell.source)):
            parts.append(Section(heading[1].strip()))
        part = parts[-1]
        part.cells.append(position)
        if cell.cell_type != "code" or without in cell.metadata.get("tags", []):
            continue
        for name in sorted(needed(cell.source)):
            if name not in home:
                raise ValueError(f"cell {cell.id} uses {name!r}, which no cell above defines")
            if home[name] != part.title:
                part.needs.setdefault(home[name], []).append(name)
        home |= dict.fromkeys(defined(cell.source), part.title)
    for part in parts:
        part.needs = {title: sorted(set(names)) for title, names in part.needs.items()}
    return parts


def closure(parts: list[Section], title: str) -> list[Section]:
    """Return the sections that must have run before `title`, in order: its needs, and theirs."""
    by_title = {part.title: part for part in parts}
    wanted, waiting = set[str](), list(by_title[title].needs)
    while waiting:
        if (one := waiting.pop()) not in wanted:
            wanted.add(one)
            waiting += by_title[one].needs
    return [part for part in parts if part.title in wanted]


def needed(source: str) -> set[str]:
    """Return the names that a cell reads before it has set them."""
    known, reads = set(_BUILTIN), set[str]()
    for statement in _tree(source).body:
        reads |= {name for name in _reads(statement) if name not in known}
        known |= set(_writes(statement))
    return reads


def defined(source: str) -> set[str]:
    """Return the names that a cell sets."""
    return {name for statement in _tree(source).body for name in _writes(statement)}


def _tree(source: str) -> ast.Module:
    transform: Any = TransformerManager  # it has no types
    return ast.parse(transform().transform_cell(source))


def _writes(node: ast.AST) -> Iterator[str]:
    """Yield the names that a statement sets outside of functions and comprehensions."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from ((alias.asname or alias.name).split(".")[0] for alias in node.names)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif not isinstance(node, ast.Lambda | _COMPREHENSION):
        if isinstance(node, ast.ExceptHandler) and node.name:
            yield node.name
        for child in ast.iter_child_nodes(node):
            yield from _writes(child)


def _reads(node: ast.AST) -> set[str]:
    """Return the names that a statement reads, without those of its own functions and loops."""
    if isinstance(node, ast.FunctionDef | ast.Lambda):
        arguments = node.args
        names = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        names += [one for one in (arguments.vararg, arguments.kwarg) if one]
        body = node.body if isinstance(node, ast.FunctionDef) else [node.body]
        local = {one.arg for one in names} | {name for part in body for name in _writes(part)}
        inside = set().union(*map(_reads, body)) - local
        outside = [*arguments.defaults, *filter(None, arguments.kw_defaults)]
        outside += node.decorator_list if isinstance(node, ast.FunctionDef) else []
        return inside.union(*map(_reads, outside))
    if isinstance(node, _COMPREHENSION):
        local = {name for loop in node.generators for name in _writes(loop.target)}
        return set().union(*map(_reads, ast.iter_child_nodes(node))) - local
    if isinstance(node, ast.Name):
        return {node.id} if isinstance(node.ctx, ast.Load) else set()
    reads = set().union(*map(_reads, ast.iter_child_nodes(node)))
    compound = isinstance(node, ast.For | ast.With | ast.If | ast.Try | ast.While)
    return reads - set(_writes(node)) if compound else reads
