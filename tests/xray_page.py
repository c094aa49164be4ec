"""The X-ray in a page without a kernel."""

import json

from browser import blank_page, load_module
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
