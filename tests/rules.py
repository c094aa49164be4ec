"""What a stored notebook must satisfy, as functions from a notebook to a list of complaints."""

import ast
import hashlib
import html.parser
import json
import math
import re
import statistics
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode

MAX_BYTES = 1_000_000
MAX_LINES = 25
MEDIAN_LINES = 8
IGNORED_SHARE = 0.15
DROPPED_MIME = {"application/vnd.jupyter.widget-view+json"}

_TIMES = {"execution", "ExecuteTime", "papermill"}
_IGNORE_TAG, _SKIP_TAG = "nbval-ignore-output", "nbval-skip"
_DRAWING = {"altair", "bokeh", "matplotlib", "plotly", "pylab", "seaborn"}
_DRAWING_NAMES = {"plt", "ax", "axs", "axes", "go", "px", "sns"}
_SEEDS = {
    "np.random.seed",
    "numpy.random.seed",
    "random.seed",
    "torch.manual_seed",
    "torch.random.manual_seed",
    "torch.cuda.manual_seed",
    "torch.cuda.manual_seed_all",
}
_SHELL_CALLS = {"os.system", "os.popen", "subprocess.run", "subprocess.check_output"}
_SHELL_MAGICS = {"bash", "sh", "script", "cmd", "system", "sx", "cd", "pip", "conda", "env"}
_ABSOLUTE = re.compile(
    r"(?<![\w./:~-])(?:/(?:home|Users|root|tmp|var|mnt|opt|usr|private|srv|content)/|~/|[A-Z]:\\)"
)
# A styled table is not ours to give a __repr__; nbval_sanitize.cfg covers its address.
_ADDRESS = re.compile(r"(?<!\.Styler )\bat 0x[0-9a-f]{6,}")
_FENCED = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
_PICTURE = re.compile(r"!\[([^\]]*)\]\s*[(\[]")


def notebook_problems(notebook: NotebookNode, size: int) -> list[str]:
    """Everything wrong with one stored notebook.

    Args:
        notebook: the notebook as read from its file.
        size: bytes of the file.

    Returns:
        Complaints, each with a remedy where it is not obvious; empty if all is well.
    """
    found = list(_whole(notebook, size))
    for position, cell in enumerate(notebook.cells):
        rules = _code(cell) if cell.cell_type == "code" else _markdown(cell)
        found += [f"cell {position}: {problem}" for problem in rules]
    return found


def collection_problems(notebooks: Sequence[NotebookNode]) -> list[str]:
    """What is wrong with the notebooks taken together."""
    cells = [cell for notebook in notebooks for cell in code_cells(notebook)]
    ignored = sum(map(_ignored, cells))
    if ignored > IGNORED_SHARE * len(cells):
        return [f"{ignored} of {len(cells)} code cells are tagged {_IGNORE_TAG}, over 15 %"]
    return []


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """The code cells in order."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def source_sha256(notebook: NotebookNode) -> str:
    """Digest of the code; prose may change without running anything again."""
    return _digest([cell.source for cell in code_cells(notebook)])


def outputs_sha256(notebook: NotebookNode) -> str:
    """Digest of what the code left behind."""
    return _digest([cell.get("outputs", []) for cell in code_cells(notebook)])


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _whole(notebook: NotebookNode, size: int) -> Iterator[str]:
    cells = code_cells(notebook)
    if not cells:
        yield "has no code cell"
        return
    if notebook.metadata.get("kernelspec", {}).get("name") != "python3":
        yield "its kernelspec is not python3"
    if "widgets" in notebook.metadata:
        yield "holds saved widget state"
    if size >= MAX_BYTES:
        yield f"has {size:,} bytes, {MAX_BYTES:,} or more"
    ids = [cell.get("id") for cell in notebook.cells]
    if None in ids or len(set(ids)) < len(ids) or notebook.get("nbformat_minor", 0) < 5:
        yield "has cells without an id of their own; `make notebooks` gives one"
    if [cell.execution_count for cell in cells] != list(range(1, len(cells) + 1)):
        yield "was not run once from top to bottom (execution counts); use `make notebooks`"
    median = statistics.median(len(cell.source.splitlines()) for cell in cells)
    if median > MEDIAN_LINES:
        yield f"the median code cell has {median:g} lines, over {MEDIAN_LINES}"
    ignored = sum(map(_ignored, cells))
    if ignored > math.ceil(IGNORED_SHARE * len(cells)):
        yield f"{ignored} of {len(cells)} code cells are tagged {_IGNORE_TAG}, over 15 %"
    yield from _seals(notebook)


def _seals(notebook: NotebookNode) -> Iterator[str]:
    seals = notebook.metadata.get("sparcode_mini", {})
    if seals.get("source_sha256") != source_sha256(notebook):
        yield "its code was edited after the last run; use `make notebooks`"
    if seals.get("outputs_sha256") != outputs_sha256(notebook):
        yield "its outputs are not those of the last run; use `make notebooks`"


def _ignored(cell: NotebookNode) -> bool:
    return _IGNORE_TAG in _tags(cell) or "NBVAL_IGNORE_OUTPUT" in cell.source


def _tags(cell: NotebookNode) -> list[str]:
    return list(cell.metadata.get("tags", []))


def _code(cell: NotebookNode) -> Iterator[str]:
    lines = len(cell.source.splitlines())
    if not cell.source.strip():
        yield "is empty"
    if lines > MAX_LINES:
        yield f"has {lines} lines, over {MAX_LINES}"
    if _TIMES & set(cell.metadata):
        yield "holds the times of a run"
    if _SKIP_TAG in _tags(cell) or "NBVAL_SKIP" in cell.source:
        yield f"is never run by the tests ({_SKIP_TAG})"
    yield from _outputs(cell.get("outputs", []))
    try:
        tree = ast.parse(TransformerManager().transform_cell(cell.source))
    except SyntaxError as error:
        yield f"is not Python: {error.msg}"
        return
    yield from _forbidden(tree)
    yield from _missing_output(tree, cell)


def _outputs(outputs: Iterable[NotebookNode]) -> Iterator[str]:
    for output in outputs:
        if output.output_type == "error":
            yield f"ended in an error: {output.get('ename')}"
        if output.get("name") == "stderr":
            yield "wrote to stderr (a warning, a plain progress bar), which differs elsewhere"
        if DROPPED_MIME & set(output.get("data", {})):
            yield "holds a link to a live widget; use `make notebooks`"
        text = _text(output)
        if _ABSOLUTE.search(text) or any(path in text for path in _this_machine()):
            yield "shows a path of this machine"
        if _ADDRESS.search(text):
            yield "shows a memory address; give the class a __repr__"


def _text(output: NotebookNode) -> str:
    """Everything readable in an output; pictures have no words."""
    data = output.get("data", {})
    values = [value for name, value in data.items() if not name.startswith("image/")]
    values.append(output.get("text", ""))
    return "\n".join(v if isinstance(v, str) else json.dumps(v) for v in values)


def _this_machine() -> set[str]:
    root = Path(__file__).resolve().parents[1]
    return {str(path) for path in (root, Path.home(), Path(sys.prefix)) if len(path.parts) > 2}


def _forbidden(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [node.module or ""]
        else:
            modules = []
        yield from (f"imports {m}; drawing lives in the library" for m in modules if _draws(m))
        if isinstance(node, ast.Attribute) and _dotted(node.value) in _DRAWING_NAMES:
            yield f"draws with {_dotted(node)}; drawing lives in the library"
        if isinstance(node, ast.Call):
            yield from _forbidden_call(node)
        if isinstance(node, ast.Constant) and _absolute(node.value):
            yield f"has an absolute path: {node.value!r}"


def _absolute(value: object) -> bool:
    if not isinstance(value, str):
        return False
    return bool(re.match(r"/\w+/|~/|[A-Za-z]:\\", value) or _ABSOLUTE.search(value))


def _draws(module: str) -> bool:
    return module.partition(".")[0] in _DRAWING


def _forbidden_call(node: ast.Call) -> Iterator[str]:
    name = _dotted(node.func)
    if name in _SEEDS:
        yield f"sets a seed for everyone with {name}; pass a seed or a generator instead"
    magic = name.startswith("get_ipython().")
    first = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
    shell = magic and (name.endswith(("system", "getoutput")) or first in _SHELL_MAGICS)
    if shell or name in _SHELL_CALLS:
        yield "calls the shell, which differs on Windows"


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    if isinstance(node, ast.Call):
        return f"{_dotted(node.func)}()"
    return ""


def _missing_output(tree: ast.Module, cell: NotebookNode) -> Iterator[str]:
    """Complain where code surely leaves an output and none is stored.

    A call may return None, so of calls only print, display and constructors are sure.
    """
    kinds = {output.output_type for output in cell.get("outputs", [])}
    calls = [_called(statement) for statement in tree.body]
    if "print" in calls and "stream" not in kinds:
        yield "prints, but no printed output is stored; use `make notebooks`"
    if not tree.body or cell.source.rstrip().endswith(";"):
        return
    last = tree.body[-1]
    if not isinstance(last, ast.Expr) or calls[-1] == "print":
        return
    name = calls[-1].rpartition(".")[2]
    if isinstance(last.value, ast.Constant) and last.value.value in (None, ...):
        return
    sure = not isinstance(last.value, ast.Call | ast.Await | ast.Yield) or name[:1].isupper()
    if (sure or name == "display") and not kinds & {"execute_result", "display_data"}:
        yield "ends in a value, but none is stored; use `make notebooks`"


def _called(statement: ast.stmt) -> str:
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        return _dotted(statement.value.func)
    return ""


def _markdown(cell: NotebookNode) -> Iterator[str]:
    text = _FENCED.sub("", cell.source)
    pictures = _PICTURE.findall(text)
    finder = _Images()
    finder.feed(text)
    if not all(alt.strip() for alt in pictures + finder.alts):
        yield "has a picture without alt text"
    if _ABSOLUTE.search(text) or "](/" in text:
        yield "has an absolute path"


class _Images(html.parser.HTMLParser):
    """Collects the alt texts of the HTML pictures it is fed."""

    def __init__(self) -> None:
        super().__init__()
        self.alts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.alts.append(dict(attrs).get("alt") or "")
