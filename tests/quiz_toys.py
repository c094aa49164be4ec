"""A small project with a quiz of two items, and signs that file formats use for themselves."""

import json
from pathlib import Path

import nbformat

from sparcode_mini.course.quiz.bank import FOLDER

ROOT = Path(__file__).resolve().parents[1]
STRANGE = r"= ~ {1} # < & > \$ : \ % -> ' \" ~= {= } ü"  # in the markup of the bank
PLAIN = STRANGE.replace(r"\$", "$")
ITEM = """
[[item]]
id = "00-lists"
objective = 1
difficulty = "easy"
minutes = 1
cell = "00-001"
kind = "choice"
stem = "How many lists has it?"
answer = "One for each code: {lists}."
why = "There are {lists} codes."
uses = ["exit"]
[[item.distractor]]
text = "One for each person."
why = "Many people share a list."
[[item.distractor]]
text = "One for each film."
why = "Films stand in the lists."
[[item.distractor]]
text = "One for each token."
why = "A token reads a list."
[item.numbers.lists]
cell = "00-001"
find = 'lists: (\\d+)'
"""
NUMBER = """
[[item]]
id = "00-many"
objective = 2
difficulty = "hard"
minutes = 1.5
cell = "00-001"
kind = "number"
stem = "How large is it?"
answer = "{mean}"
why = "As stored."
tolerance = 0.05
uses = ["final"]
[[item.distractor]]
text = 1.5
why = "Too large."
[item.numbers.mean]
result = "table"
path = ["rows", 1, "mean"]
scale = 100
format = ".1f"
"""
LESSON = """# Title of 0/1

**After this lesson you can**

- count lists;
- weigh them.

**Needs.** Nothing.
"""


def project(root):
    """Write a project into an empty folder."""
    for folder in ("notebooks", "assets/results", "assets/course/quiz"):
        (root / folder).mkdir(parents=True)
    text, code = nbformat.v4.new_markdown_cell(LESSON), nbformat.v4.new_code_cell("")
    text["id"], code["id"] = "00-000", "00-001"
    code.outputs = [nbformat.v4.new_output("stream", text="lists: 64\nused: 64\n")]
    notebook = nbformat.v4.new_notebook(cells=[text, code])
    nbformat.write(notebook, root / "notebooks" / "00_start.ipynb")
    table = json.dumps({"rows": [{"mean": 1}, {"mean": 0.0123}], "name": "x"})
    (root / "assets" / "results" / "table.json").write_text(table, "utf-8")
    write(root, ITEM + NUMBER)
    (root / "assets" / FOLDER / "guide.md").write_text("# What is what", "utf-8")
    return root


def write(root, items):
    """Write the items of lesson 00."""
    path = root / "assets" / FOLDER / "00.toml"
    path.write_text('lesson = "00_start"\n' + items, "utf-8")
