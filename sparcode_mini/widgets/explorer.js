// A panel on a page: its controls, and its charts at the values of the controls. The names of the
// controls are the names of the model's values; `panel` says what they offer (see site/stored.py).
import { html } from "./elements.js";
import { chartOf, legendOf } from "./chart.js";
import { actions, patchOf } from "./stored.js";

const NARROW = 620; // pixels; narrower, charts stand one below the other (explorer.css)

/** The view at some values: the first view with what is different. */
export function viewOf(panel, values) {
  const view = structuredClone(panel.first);
  for (const [path, leaf] of Object.entries(patchOf(values, panel))) {
    const keys = path.split(".");
    const last = keys.pop();
    keys.reduce((inside, key) => inside[key], view)[last] = leaf;
  }
  return view;
}

function render({ model, el }) {
  const panel = model.get("panel");
  const names = Object.keys(panel.controls);
  const { root, inputs, status, columns, legend } = partsOf(panel, model);
  let waits = false;
  let said = "";
  const show = () => {
    waits = false;
    const view = viewOf(panel, valuesOf(panel, model));
    for (const name of names) inputs[name].show();
    if (said !== view.text) status.textContent = said = view.text; // it is read out
    drawColumns(columns, view.columns);
    legend.replaceChildren(legendOf(view.columns.flatMap((column) => column.charts)));
    model.set("code", view.code);
  };
  // Several values may change at once: one drawing, before the browser paints.
  const soon = () => {
    if (!waits) queueMicrotask(show);
    waits = true;
  };
  for (const name of names) model.on(`change:${name}`, soon);
  el.append(root);
  let width = 0;
  const sizes = new ResizeObserver(() => {
    if (columns.clientWidth !== width) {
      width = columns.clientWidth;
      show();
    }
  });
  show();
  sizes.observe(columns);
}

const valuesOf = (panel, model) => Object.fromEntries(Object.keys(panel.controls).map((name) => [name, model.get(name)]));

/** What stands on the page, and of it what changes. */
function partsOf(panel, model) {
  const inputs = {};
  for (const [name, control] of Object.entries(panel.controls)) {
    inputs[name] = inputOf(control, () => model.get(name), (value) => model.set({ [name]: value }));
  }
  const status = html("p", { class: "status", role: "status", "aria-live": "polite" });
  const columns = html("div", { class: "columns" });
  const legend = html("div");
  const note = html("p", { class: "note" }, panel.note);
  note.hidden = !panel.note;
  const controls = html("div", { class: "controls" }, ...Object.values(inputs).map((input) => input.label));
  const card = html("div", { class: "card" }, controls, buttonsOf(panel, model), status, columns, legend, note);
  const root = html("div", { class: "sparcode-explorer", role: "group", "aria-label": panel.title }, card);
  return { root, inputs, status, columns, legend };
}

/** The panel's own buttons, and one that goes back to the start. */
function buttonsOf(panel, model) {
  const buttons = html("div", { class: "buttons" });
  const add = (text, valuesThen) => {
    const button = html("button", { type: "button" }, text);
    button.addEventListener("click", () => model.set(valuesThen()));
    buttons.append(button);
  };
  for (const [text, name] of Object.entries(panel.actions)) add(text, () => actions[name](valuesOf(panel, model), panel));
  add("Reset", () => Object.fromEntries(Object.entries(panel.controls).map(([name, control]) => [name, control.start])));
  return buttons;
}

function drawColumns(place, columns) {
  const wide = place.clientWidth > NARROW;
  const whole = columns.reduce((sum, column) => sum + column.weight, 0);
  const gaps = 18 * (columns.length - 1);
  place.replaceChildren(
    ...columns.map((column) => {
      const width = wide ? ((place.clientWidth - gaps) * column.weight) / whole : place.clientWidth;
      const style = `flex: ${column.weight} 1 0`;
      return html("div", { class: "column", style }, ...column.charts.map((chart) => chartOf(chart, Math.max(240, Math.floor(width)))));
    }),
  );
}

/** A control: a box for yes or no, a list of names, a slider over choices, or over numbers. */
function inputOf(control, get, set) {
  if (control.options?.every(([, value]) => typeof value === "boolean")) {
    const box = html("input", { type: "checkbox" });
    box.addEventListener("change", () => set(box.checked));
    return { label: html("label", { class: "yes" }, html("span", {}, control.label), box), show: () => (box.checked = get()) };
  }
  const words = control.options?.every(([, value]) => typeof value === "string");
  if (words) {
    const select = html("select", {}, ...control.options.map(([text], i) => html("option", { value: i }, text)));
    select.addEventListener("change", () => set(control.options[Number(select.value)][1]));
    const show = () => (select.value = String(control.options.findIndex(([, value]) => value === get())));
    return { label: html("label", {}, html("span", {}, control.label), select), show };
  }
  const ends = control.span ?? { low: 0, high: control.options.length - 1, step: 1 };
  const input = html("input", { type: "range", min: ends.low, max: ends.high, step: ends.step });
  const output = html("span", { class: "value", "aria-hidden": "true" }); // the slider says it itself
  input.addEventListener("input", () => set(control.span ? Number(input.value) : control.options[Number(input.value)][1]));
  const show = () => {
    const place = control.span ? get() : control.options.findIndex(([, value]) => value === get());
    input.value = place;
    output.textContent = control.span ? get().toFixed(2) : control.options[place][0];
    input.setAttribute("aria-valuetext", output.textContent);
  };
  return { label: html("label", {}, html("span", {}, control.label), input, output), show };
}

export default { render };
