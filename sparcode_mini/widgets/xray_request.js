// A request beside the history, drawn: words are codes, too, and open exact lists of their own.
import { fixed, grouped } from "./numbers.js";
import { sumsOf } from "./xray_sums.js";
import { gainName } from "./xray_words.js";
import { html } from "./elements.js";
import { filmButton } from "./xray_elements.js";

const ANSWERS = 3; // films of such a list that are drawn

/** The words as codes, one lane each. */
export function drawWords({ request }) {
  if (!request) return [];
  const lane = (name, text) => html("li", { class: "lane codes" }, html("span", { class: "code word", "data-word": name }, text));
  return [lane("wanted", request.wanted), request.unwanted ? lane("unwanted", `no ${request.unwanted}`) : null];
}

/** The lists of the words: one adds a constant, the other takes its films out. */
export function drawAnswers(view) {
  const { request, films, who, catalogue, reads, bias, top, nouns: [, many] } = view;
  if (!request) return [];
  const gains = top.filter((one) => one.gain).slice(0, ANSWERS);
  const wanted = html("ol", { class: "films roving", "aria-label": `${many} with ${request.wanted} among the ten, the first ${gains.length}` }, gains.map(({ film }) => html("li", {}, filmButton(film, films, [html("span"), html("span", { class: "value" }, gainName(request))]))));
  const head = (name, size, effect) => html("p", { class: "head" }, html("b", {}, name), `: ${grouped(size)} of ${grouped(catalogue)} ${many}, ${effect}`);
  const lane = (name, ...parts) => html("div", { class: "lane list answer", "data-word": name }, parts, html("p", { class: "pointed", "aria-hidden": "true" }));
  const first = lane("wanted", head(request.wanted, request.gains.size, `each ${gainName(request)}`), wanted);
  if (!request.unwanted) return [first];
  const sums = sumsOf(reads, bias, films.length);
  const seen = new Set(who.history);
  const out = [...request.out].filter((film) => sums[film] > 0 && !seen.has(film)).sort((a, b) => sums[b] - sums[a] || a - b).slice(0, ANSWERS);
  const unwanted = html("ol", { class: "films roving", "aria-label": `${many} with ${request.unwanted} that the tokens' lists hold, the first ${out.length}` }, out.map((film) => html("li", {}, filmButton(film, films, [html("span", {}, "✗"), html("span", { class: "value gone" }, fixed(sums[film], 2))]))));
  return [first, lane("unwanted", head(`no ${request.unwanted}`, request.out.size, "left out"), unwanted)];
}

/** Say in the lists of the words whether they hold the film pointed at. */
export function pointInAnswers(root, { request }, film) {
  for (const card of root.querySelectorAll(".answer")) {
    const [has, effect] = card.dataset.word === "wanted" ? [request.gains.has(film), gainName(request)] : [request.out.has(film), "left out"];
    card.querySelector(".pointed").textContent = film === null ? "" : has ? effect : "not in this list";
    card.classList.toggle("without", film !== null && !has);
  }
}
