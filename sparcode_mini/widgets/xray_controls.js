// What a reader can set: person, model, tokens, b, probes, a request, films of one's own.
import { withMinus } from "./numbers.js";
import { requestName } from "./xray_words.js";
import { html } from "./elements.js";
import { button, swatch } from "./xray_elements.js";

/** The value of a grid nearest to b. */
export const nearestOf = (grid, b) => grid.reduce((a, c) => (Math.abs(c - b) < Math.abs(a - b) ? c : a));

/** The controls as one element. `at` gives and sets what the widget shows, see xray.js. */
export function makeControls(at, root) {
  const own = at.data().models[at.which()];
  const people = at.data().people.map((one, p) => [p, one.name]);
  const several = at.data().models.length > 1 ? choose(at, "model", "which", at.data().models.map((one, m) => [m, `${one.name} (width ${one.width})`])) : null;
  const R = Object.keys(own.queries[0].reads).map((value) => [value, value]);
  const wishes = at.data().wishes.map((wish, w) => [w + 1, requestName(wish)]);
  const request = wishes.length ? choose(at, "request", "wish", [[0, "no request"], ...wishes]) : null;
  const parts = [choose(at, "person", "person", people), several, tokenControl(at, own), biasControl(at, own), choose(at, "probes", "probes", R), request, ownFilms(at)];
  // By place: labels may be in another language by now.
  const labelled = () => [...root.querySelectorAll("[aria-label]")];
  const focused = labelled().indexOf(document.activeElement);
  root.replaceChildren(...parts.filter(Boolean));
  labelled()[focused]?.focus();
}

function choose(at, label, name, options) {
  const select = html("select", { "aria-label": label }, options.map(([value, text]) => html("option", { value }, text)));
  select.value = String(at.get(name, options[0][0]));
  select.addEventListener("change", () => at.set(name, Number(select.value)));
  return html("label", { class: name }, html("span", {}, label), select); // the label may be in another language
}

function biasControl(at, own) {
  const input = html("input", { type: "range", min: 0, max: own.grid.length - 1, step: 1, "aria-label": "bias b" });
  const output = html("span", { class: "value", "aria-hidden": "true" });
  input.addEventListener("input", () => at.set("bias", own.grid[Number(input.value)]));
  const label = html("label", { class: "bias" }, html("span", {}, "bias b"), input, output, button("as trained", () => at.set("bias", own.bias)));
  showBias(at, label);
  return label;
}

/** Set the slider, and the number beside it, to the b that is shown. */
export function showBias(at, root) {
  const [input, output] = [root.querySelector("input[type=range]"), root.querySelector(".value")];
  input.value = at.data().models[at.which()].grid.indexOf(at.bias());
  output.textContent = withMinus(at.bias());
  input.setAttribute("aria-valuetext", `b = ${withMinus(at.bias())}`);
}

function tokenControl(at, own) {
  const on = () => Array.from({ length: own.tokens }, (_, token) => at.tokensOn()[token] !== false);
  const boxes = on().map((added, token) => {
    const box = html("input", { type: "checkbox", "aria-label": `token ${token + 1}` });
    box.checked = added;
    box.addEventListener("change", () => at.set("tokens", on().with(token, box.checked)));
    return html("label", { class: "small" }, box, swatch(token), String(token + 1));
  });
  return html("span", { class: "group", role: "group", "aria-label": "tokens added up" }, html("span", {}, "tokens"), boxes);
}

function ownFilms(at) {
  const titles = at.get("titles", []);
  if (!titles.length) return null;
  const ask = (films) => {
    at.set("films", films);
    at.say(`Your ${at.nouns()[1]} have gone to the kernel.`);
  };
  const input = html("input", { type: "text", list: `${at.id}-titles`, "aria-label": `add a ${at.nouns()[0]} by title`, placeholder: "a title, such as Alien (1979)" });
  const list = html("datalist", { id: `${at.id}-titles` }, titles.map((value) => html("option", { value })));
  const chips = html("ul", { class: "chips", "aria-label": `Your ${at.nouns()[1]}, oldest first` }, at.get("films", []).map((title, place) => {
    const remove = button("×", () => ask(at.get("films", []).filter((_, other) => other !== place)));
    remove.setAttribute("aria-label", `take out ${title}`);
    return html("li", {}, title, remove);
  }));
  const add = () => {
    if (input.value.trim()) ask([...at.get("films", []), input.value.trim()]);
  };
  input.addEventListener("keydown", (event) => event.key === "Enter" && add());
  const note = html("p", { class: "note", role: "alert" }, at.get("note", ""));
  return html("div", { class: "own" }, html("b", {}, `Your own ${at.nouns()[1]} `), input, list, button("Add", add), chips, note);
}
