// Elements that all parts of the X-ray are made of. Films carry data-film.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== false && value !== undefined) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

export const html = (name, attributes = {}, ...children) => fill(document.createElement(name), attributes, children);
export const svg = (name, attributes = {}, ...children) => fill(document.createElementNS(SVG, name), attributes, children);

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
