// Elements that all parts of the X-ray are made of. Films carry data-film.
import { html } from "./elements.js";

export const swatch = (token) => html("span", { class: `swatch t${token % 4}`, "aria-hidden": "true" });
export const star = () => html("span", { class: "star", role: "img", "aria-label": "rated next" }, "★");

/** A film that can be pointed at, focused (arrows move in its group) and clicked. */
export function filmButton(film, films, extra = [], attributes = {}) {
  const title = html("span", { class: "title" }, films[film]);
  return html("button", { type: "button", class: "film", "data-film": film, tabindex: -1, title: films[film], ...attributes }, ...[extra].flat().slice(0, 1), title, ...[extra].flat().slice(1));
}

/** A button with words on it. */
export function button(text, action) {
  const one = html("button", { type: "button", class: "push" }, text);
  one.addEventListener("click", action);
  return one;
}
