"""Print how the package is built: rooms, arrows, circles, the reader's path, large files.

    python tests/structure.py

A room is a direct child of `sparcode_mini/`, a folder or a module. An arrow is an import from one
room into another. A circle is a set of rooms that import each other, directly or through others.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "sparcode_mini"
MOST_LINES = 300


def rooms() -> list[str]:
    """Return the names of the direct children of the package that hold Python, sorted."""
    folders = [p.name for p in PACKAGE.iterdir() if (p / "__init__.py").exists()]
    return sorted(folders + [p.stem for p in PACKAGE.glob("*.py") if p.stem != "__init__"])


def imports() -> dict[str, set[str]]:
    """Return the modules that each module imports; only those of the package."""
    graph = grimp.build_graph("sparcode_mini", cache_dir=None)
    return {name: graph.find_modules_directly_imported_by(name) for name in graph.modules}


def room_of(module: str) -> str:
    """Return the room of a module, "" for the package itself."""
    return module.split(".")[1] if "." in module else ""


def arrows(modules: dict[str, set[str]]) -> dict[str, set[str]]:
    """Return the rooms that each room imports."""
    between: dict[str, set[str]] = defaultdict(set)
    for module, imported in modules.items():
        ends = {room_of(name) for name in imported} - {"", room_of(module)}
        if room_of(module):
            between[room_of(module)] |= ends
    return dict(between)


def circle(graph: dict[str, set[str]]) -> list[str]:
    """Return one circle of a graph, or an empty list."""
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        return list(error.args[1])
    return []


def floors(graph: dict[str, set[str]]) -> int:
    """Return the length of the longest chain of arrows, counted in rooms."""
    height: dict[str, int] = {}
    for room in TopologicalSorter(graph).static_order():
        height[room] = 1 + max((height[below] for below in graph.get(room, ())), default=0)
    return max(height.values(), default=0)


def lines(path: Path) -> int:
    """Return the number of lines of a file."""
    return len(path.read_text("utf-8").splitlines())


def large_files(most: int = MOST_LINES) -> list[tuple[int, str]]:
    """Return the Python files of the package with more lines than `most`, largest first."""
    sizes = [(lines(p), p.relative_to(ROOT).as_posix()) for p in PACKAGE.rglob("*.py")]
    return sorted((pair for pair in sizes if pair[0] > most), reverse=True)


def large_classes(count: int = 5) -> list[tuple[int, str]]:
    """Return the classes of the package with the most lines."""
    sizes = []
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef):
                span = (node.end_lineno or node.lineno) - node.lineno + 1
                sizes.append((span, f"{node.name} ({path.relative_to(PACKAGE).as_posix()})"))
    return sorted(sizes, reverse=True)[:count]


def path_of_the_reader() -> list[str]:
    """Return the files that the README names as the method, in its order."""
    text = (ROOT / "README.md").read_text("utf-8")
    part = text.partition("<!-- method -->")[2].partition("<!-- /method -->")[0]
    return re.findall(r"\]\((sparcode_mini/[\w/]+\.py)\)", part)


def show(title: str, rows: Iterable[tuple[int, str]]) -> None:
    """Print a title and rows of (number, name)."""
    print(f"{title}:")
    for number, name in rows:
        print(f"  {number:5,}  {name}")


def main() -> None:
    """Print the figures."""
    modules = imports()
    between = arrows(modules)
    round_trip = circle(between)
    print(f"rooms: {len(rooms())}: {', '.join(rooms())}")
    print(f"modules: {len(modules)}, lines: {sum(lines(p) for p in PACKAGE.rglob('*.py')):,}")
    print(f"arrows between rooms: {sum(map(len, between.values()))}")
    print(f"circle of rooms: {' -> '.join(round_trip) or 'none'}")
    print(f"circle of modules: {' -> '.join(circle(modules)) or 'none'}")
    if not round_trip:
        print(f"floors: {floors(between)}")
    path = path_of_the_reader()
    show("the reader's path", [(lines(ROOT / name), name) for name in path])
    print(f"  {sum(lines(ROOT / name) for name in path):5,}  in {len(path)} files")
    show(f"files over {MOST_LINES} lines", large_files())
    show("largest classes", large_classes())


if __name__ == "__main__":
    main()
