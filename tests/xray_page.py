"""The X-ray in a page without a kernel, and in Python what it must show of a query."""

import functools
import json
import operator

import numpy as np

from browser import blank_page, load_module
from sparcode_mini.explain.xray import explanation
from sparcode_mini.widgets import esm
from sparcode_mini.widgets import xray as widget_module

MODEL = """(text) => {
  const state = JSON.parse(text);
  const listeners = {};
  window.state = state;
  window.outside = 0;
  const model = {
    get: (name) => structuredClone(state[name]),
    set: (name, value) => {
      if (JSON.stringify(state[name]) === JSON.stringify(value)) return;
      state[name] = value;
      (listeners["change:" + name] ?? []).forEach((f) => f());
    },
    on: (name, f) => (listeners[name] ??= []).push(f),
  };
  window.model = model;
  document.body.addEventListener("keydown", () => (window.outside += 1));
  window.stop = window.module.default.render({ model, el: document.body });
}"""

ROWS = """(all) => all.map((table) => [...table.tBodies[0].rows]
  .map((row) => [...row.cells].map((cell) => cell.textContent)))"""
STYLES = "(all) => all.map((one) => one.getAttribute('style'))"
TEXTS = "(all) => all.map((one) => one.textContent)"
WIRES = """(all) => all.map(({ dataset, attributes }) =>
  [Number(dataset.token), dataset.film, attributes["stroke-width"].value])"""


def open_page(browser, state, width=1280, **options):
    page = blank_page(browser, viewport={"width": width, "height": 900}, **options)
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("console", lambda message: page.errors.append(message.text))
    load_module(page, esm.one_module(widget_module.HERE, *widget_module.FILES))
    page.add_style_tag(content=(widget_module.HERE / "xray.css").read_text("utf-8"))
    page.evaluate(MODEL, json.dumps(state))
    return page


def status(page):
    return page.locator(".status").inner_text()


def results_shown(page):
    return page.locator(".results .title").all_inner_texts()


def code_name(code) -> str:
    return str(code[0]) if len(code) == 1 else f"({', '.join(map(str, code))})"


def added(values):
    """From left to right, as JavaScript adds: `sum` of newer Pythons is more exact."""
    return functools.reduce(operator.add, values, 0.0)


class Query:
    """One query: its page, its data, and what the library finds in them."""

    def __init__(self, page, data, person, which, probes) -> None:
        self.page, self.data, self.probes = page, data, probes
        self.model, self.who = data["models"][which], data["people"][person]
        self.query, self.films = self.model["queries"][person], data["films"]
        self.answer = explanation(data, person, which, probes=probes)
        self.found = [film for film in self.answer.positions.tolist() if film >= 0]
        self.tokens = range(self.model["tokens"])
        self.read, self.bias = self.who["history"][-self.model["reads_last"] :], self.model["bias"]

    def rows(self) -> list[tuple[int, int]]:
        """(token, row of the lists) of each list that is read."""
        rows = self.query["reads"][str(self.probes)]["rows"]
        return [(token, row) for token in self.tokens for row in rows[token]]

    def kept(self, row: int, bias: float) -> int:
        """Entries of a list that are above the threshold."""
        return int((np.array(self.model["lists"]["S"][row]) + bias > 0).sum())

    def all_kept(self, bias: float) -> int:
        return sum(self.kept(row, bias) for _, row in self.rows())

    def shares(self, token: int) -> list[float]:
        """How far each film read moves a token, as a share of all of them together."""
        moved = self.query["moved"][token]
        return [one / added(moved) for one in moved]

    def by_token(self, rank: int) -> list[float]:
        """What the lists of each token add to a result."""
        parts = zip(self.answer.reads, self.answer.parts[rank], strict=True)
        pairs = [(read.token, part) for read, part in parts]
        return [added(part for at, part in pairs if at == token) for token in self.tokens]

    def said(self, stage: int) -> str:
        """The sentence of a stage, whatever was said before."""
        for number in (0 if stage else 1, stage):
            self.page.evaluate("(stage) => model.set('stage', stage)", number)
        return self.status()

    def status(self) -> str:
        return status(self.page)

    def tables(self, stage: int) -> list[list[list[str]]]:
        """The numbers that open below the head of a stage."""
        head = self.page.locator(".stage-head").nth(stage - 1)
        head.click()
        found = self.page.locator(".numbers table").evaluate_all(ROWS)
        head.click()
        return found

    def all(self, selector: str, what: str):
        return self.page.locator(selector).evaluate_all(what)

    def titles(self, films) -> list[str]:
        return [self.films[film] for film in films]
