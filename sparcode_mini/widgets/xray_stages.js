// The stages of the X-ray, from left to right, as elements. Films carry data-film, tokens data-token.
import { byToken, rankIn } from "./xray_sums.js";
import { codeName, count, filmsRead, shareOf } from "./xray_words.js";

const SVG = "http://www.w3.org/2000/svg";
const RECENT = 9; // films of a long history that are drawn
const ENTRIES = 3; // of a list

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
const star = () => html("span", { class: "star", role: "img", "aria-label": "rated next" }, "★");

/** A film that can be pointed at, focused (arrows move in its group) and clicked. */
function filmButton(film, films, extra = [], attributes = {}) {
  const title = html("span", { class: "title" }, films[film]);
  return html("button", { type: "button", class: "film", "data-film": film, tabindex: -1, title: films[film], ...attributes }, ...[extra].flat().slice(0, 1), title, ...[extra].flat().slice(1));
}

// --- 1 history, 3 tokens --------------------------------------------------------------------------

export function drawHistory({ who, model, films, nouns }) {
  const all = filmsRead(who, model);
  const shown = all.slice(-RECENT);
  const rest = all.length - shown.length;
  const earlier = rest ? html("p", { class: "earlier", "data-earlier": rest }, `${count(rest)} earlier ${nouns[1]}`) : null;
  const items = shown.map(([film]) => html("li", {}, filmButton(film, films)));
  return [earlier, html("ol", { class: "films roving", "aria-label": "History, oldest first" }, items)];
}

/** The tokenizer's name, and in words what the lines show, for where there are none. */
export function drawTokenizer({ query, who, model, films }) {
  const read = filmsRead(who, model);
  const leans = query.values.map((_, token) => {
    const shares = read.map(([film, place]) => [shareOf(query, token, place), films[film]]).sort((a, b) => b[0] - a[0]);
    const most = shares.slice(0, 2).map(([share, title]) => `${title} ${Math.round(100 * share)} %`);
    return html("li", {}, html("b", {}, swatch(token), ` token ${token + 1}`), ` ${most.join(", ")}`);
  });
  return [html("p", { class: "hint" }, model.tokenizer), html("ul", { class: "leans", "aria-label": "What each token leans on most" }, leans)];
}

export function drawTokens({ query, model }) {
  return [
    html(
      "ul",
      { class: "lanes", "aria-label": "Tokens" },
      query.values.map((values, token) =>
        html("li", { class: "lane token", "data-token": token }, html("b", {}, swatch(token), ` token ${token + 1}`), barcode(values, `${model.width} numbers`)),
      ),
    ),
  ];
}

/** A vector as bars up and down. */
function barcode(values, label) {
  const most = Math.max(...values.map(Math.abs), 1e-9);
  const d = values.map((value, i) => `M${i + 0.5} 14v${((-value / most) * 13).toFixed(1)}`).join("");
  return svg("svg", { class: "barcode", viewBox: `0 0 ${values.length} 28`, preserveAspectRatio: "none", role: "img", "aria-label": label }, svg("path", { d: `M0 14H${values.length}`, class: "axis" }), svg("path", { d, class: "bars" }));
}

/** What the signs mean. */
export function legend() {
  const sample = svg("svg", { viewBox: "0 0 26 10", "aria-hidden": "true" }, svg("path", { class: "kept", d: "M0 0L17 6H0z" }), svg("path", { class: "cut", d: "M17 6H26V9z" }), svg("path", { class: "line", d: "M0 6H26" }));
  const signs = [
    [sample, " scores of a list, largest first; the dashed line is the threshold of ReLU(S + b), grey is cut"],
    [star(), " rated next"],
    ["✓ seen, left out of the results"],
    ["= found by both models"],
  ];
  return html("p", { class: "legend" }, signs.map((sign) => html("span", {}, sign)));
}

// --- 4 codebooks, 5 codes --------------------------------------------------------------------------

/** The codewords as numbered cells; those that a token chose are lit. */
export function drawCodebooks({ model, reads }) {
  const across = model.N > 64 ? 8 : Math.max(2, Math.ceil(Math.sqrt(model.N)));
  return Array.from({ length: model.M }, (_, m) => {
    const rows = Math.ceil(model.N / across);
    const chosen = new Map(); // codeword -> reads
    for (const read of reads) if (read.on) chosen.set(read.code[m], [...(chosen.get(read.code[m]) ?? []), read]);
    const cells = Array.from({ length: model.N }, (_, n) => `M${(n % across) * 15 + 1} ${Math.floor(n / across) * 15 + 1}h13v13h-13z`);
    const lit = [...chosen].map(([n, own]) => {
      const first = own.some((read) => read.probe === 0);
      const place = `translate(${(n % across) * 15} ${Math.floor(n / across) * 15})`;
      return svg("g", { transform: place, class: first ? "lit-cell first" : "lit-cell", "data-cell": `${m}-${n}` }, svg("rect", { x: 0, y: 0, width: 15, height: 15, rx: 2 }), svg("text", { x: 7.5, y: 10.8, "text-anchor": "middle" }, String(n)));
    });
    const label = `Codebook ${m + 1} of ${model.M}: ${model.N} codewords; chosen: ${[...chosen.keys()].join(", ")}`;
    const picture = svg("svg", { class: "cells", viewBox: `0 0 ${across * 15} ${rows * 15}`, role: "img", "aria-label": label }, svg("path", { d: cells.join(""), class: "dark-cells" }), lit);
    return html("figure", {}, picture, html("figcaption", {}, model.M > 1 ? `codebook ${m + 1}` : `${model.N} codewords`));
  });
}

/** The codes, one lane per token; with several probes a click says which list its lane shows. */
export function drawCodes({ reads, model, probes }, chosen) {
  return [
    html(
      "ul",
      { class: "lanes", "aria-label": "Codes" },
      Array.from({ length: model.tokens }, (_, token) => {
        const own = reads.filter((read) => read.token === token);
        const chips = own.map((read) =>
          html(
            "button",
            {
              type: "button",
              class: "code",
              tabindex: -1,
              "data-read": `${token}-${read.probe}`,
              "aria-pressed": String(chosen[token] === read.probe),
              "aria-label": `token ${token + 1}, code ${codeName(read.code)}${probes > 1 ? `, weight ${read.weight.toFixed(2)}` : ""}: show its list`,
            },
            codeName(read.code),
            probes > 1 ? html("small", {}, ` ×${read.weight.toFixed(2)}`) : null,
          ),
        );
        return html("li", { class: `lane codes roving${own[0].on ? "" : " off"}`, "data-token": token }, chips);
      }),
    ),
  ];
}

// --- 6 posting lists ---------------------------------------------------------------------------------

export function drawLists(view, chosen) {
  const { reads, model } = view;
  const most = Math.max(...reads.map((read) => (read.S[0] ?? 0) + view.bias), 1e-9);
  const lanes = Array.from({ length: model.tokens }, (_, token) => drawList(view, reads.find((read) => read.token === token && read.probe === chosen[token]), most));
  return [html("div", { class: "lanes" }, lanes)];
}

function drawList({ bias, films, who, catalogue, model, nouns: [one, many] }, read, most) {
  const later = new Set(who.later ?? []);
  const seen = new Set(who.history);
  const entries = read.items.slice(0, Math.min(ENTRIES, read.kept)).map((film, e) => {
    const value = read.S[e] + bias;
    const mark = later.has(film) ? star() : seen.has(film) ? html("span", { class: "seen" }, "✓", html("span", { class: "unseen" }, "seen: ")) : html("span");
    const bar = html("span", { class: "scale", "aria-hidden": "true" }, html("span", { class: `bar t${read.token % 4}`, style: `width:${((value / most) * 100).toFixed(1)}%` }));
    return html("li", {}, filmButton(film, films, [mark, bar, html("span", { class: "value" }, value.toFixed(2))]));
  });
  const name = `code ${codeName(read.code)}`;
  const head = html("p", { class: "head" }, html("b", {}, name), `: ${count(read.kept)} of ${count(catalogue)} ${many}${read.on ? "" : ", switched off"}`);
  const list = entries.length
    ? html("ol", { class: "films roving", "aria-label": `Token ${read.token + 1}, list of ${name}: ${count(read.kept)} ${many}; the first ${entries.length}` }, entries)
    : html("p", { class: "nothing" }, `no ${one} is above the threshold`);
  return html("div", { class: `lane list${read.on ? "" : " off"}`, "data-token": read.token, "data-list": `${read.token}-${read.probe}` }, head, list, threshold(read, model, bias), html("p", { class: "pointed", "aria-hidden": "true" }));
}

const CURVE = { width: 200, height: 30 };

/** Scores of the list, largest first, and the line at S = -b: what is above it is kept. */
function threshold(read, model, bias) {
  const floor = -Math.max(...model.grid);
  const top = Math.max(read.S[0] ?? 0, -bias, floor + 0.1) * 1.08;
  const x = (place) => (place / Math.max(1, read.S.length)) * CURVE.width;
  const y = (s) => CURVE.height - ((s - floor) / (top - floor)) * CURVE.height;
  const line = y(-bias).toFixed(1);
  const area = (from, to) => (to > from ? `M${x(from).toFixed(1)} ${line}${read.S.slice(from, to).map((s, i) => `L${x(from + i).toFixed(1)} ${y(s).toFixed(1)}H${x(from + i + 1).toFixed(1)}`).join("")}V${line}z` : "");
  const says = `${read.kept} scores above the threshold, ${read.S.length - read.kept} of those drawn below it`;
  return svg(
    "svg",
    { class: "threshold", viewBox: `0 0 ${CURVE.width} ${CURVE.height}`, preserveAspectRatio: "none", role: "img", "aria-label": says },
    svg("path", { class: "kept", d: area(0, read.kept) }),
    svg("path", { class: "cut", d: area(read.kept, read.S.length) }),
    svg("path", { class: "line", d: `M0 ${line}H${CURVE.width}` }),
    svg("path", { class: "mark", d: "" }),
  );
}

/** Say in each list where the film pointed at stands. */
export function pointInLists(root, view, film) {
  for (const card of root.querySelectorAll("[data-list]")) {
    const read = view.reads.find((one) => `${one.token}-${one.probe}` === card.dataset.list);
    const place = film === null ? -1 : rankIn(read, film);
    const text = place < 0 ? "not in this list" : `${(read.S[place] + view.bias).toFixed(2)}, place ${place + 1} of ${count(read.kept)}`;
    card.querySelector(".pointed").textContent = film === null ? "" : text;
    const x = ((place + 0.5) / Math.max(1, read.S.length)) * CURVE.width;
    card.querySelector(".mark").setAttribute("d", place < 0 ? "" : `M${x.toFixed(1)} 0V${CURVE.height}`);
    card.classList.toggle("without", film !== null && place < 0);
  }
}

// --- 7 sums, 8 two-tower -------------------------------------------------------------------------------

export function drawSums({ top, reads, films, who, model, nouns }) {
  const later = new Set(who.later ?? []);
  if (!top.length) return [html("p", { class: "nothing" }, `No ${nouns[0]} has a positive sum: nothing is found.`)];
  const most = top[0].sum;
  const rows = top.map(({ film, sum, parts }, rank) => {
    const segments = byToken(reads, parts, model.tokens).map((part, token) => html("span", { class: `segment t${token % 4}`, style: `width:${((part / most) * 100).toFixed(2)}%` }));
    const bar = html("span", { class: "stack", "aria-hidden": "true" }, segments);
    const mark = html("span", { class: "rank" }, `${rank + 1}. `, later.has(film) ? star() : null);
    return html("li", {}, filmButton(film, films, [mark, html("span", { class: "value" }, sum.toFixed(3)), bar]));
  });
  return [html("ol", { class: "films results roving", "aria-label": `SparCode's ${top.length} best` }, rows)];
}

export function drawTower({ who, films, top }) {
  const later = new Set(who.later ?? []);
  const found = new Set([...top.map((one) => one.film), ...who.tower.films]);
  const ours = new Set(top.map((one) => one.film));
  const rows = who.tower.films.map((film, rank) => {
    const mark = html("span", { class: "rank" }, `${rank + 1}. `, later.has(film) ? star() : null);
    const both = ours.has(film) ? html("span", { class: "both", title: "SparCode has it too" }, "=", html("span", { class: "unseen" }, " in both")) : html("span");
    return html("li", {}, filmButton(film, films, [mark, both]));
  });
  const next = who.later
    ? html("ol", { class: "films later roving", "aria-label": "Rated next" }, who.later.map((film) => html("li", {}, filmButton(film, films, [found.has(film) ? star() : html("span", { class: "dot", "aria-hidden": "true" }, "·")]))))
    : html("p", { class: "nothing" }, "nobody knows");
  return [
    html("div", {}, html("h5", {}, "Two-tower's top 10"), html("ol", { class: "films tower roving", "aria-label": "The two-tower's ten best" }, rows)),
    html("div", {}, html("h5", {}, "Rated next"), next),
  ];
}

// --- the lines between them -------------------------------------------------------------------------------

/** Draw what flows from stage to stage; where the stages stand below each other, nothing. */
export function drawWires(flow, wires, view, wide) {
  wires.replaceChildren();
  if (!wide) return;
  const frame = flow.getBoundingClientRect();
  wires.setAttribute("viewBox", `0 0 ${frame.width} ${frame.height}`);
  const box = (selector) => {
    const element = flow.querySelector(selector);
    if (!element) return null;
    const r = element.getBoundingClientRect();
    return { left: r.left - frame.left, right: r.right - frame.left, y: r.top - frame.top + r.height / 2, top: r.top - frame.top, height: r.height };
  };
  const groups = Array.from({ length: 9 }, (_, stage) => svg("g", { "data-wires": stage }));
  const add = (stage, from, to, width, token, film = "") => {
    const middle = (from[0] + to[0]) / 2;
    const d = `M${from[0].toFixed(1)} ${from[1].toFixed(1)}C${middle.toFixed(1)} ${from[1].toFixed(1)} ${middle.toFixed(1)} ${to[1].toFixed(1)} ${to[0].toFixed(1)} ${to[1].toFixed(1)}`;
    groups[stage].append(svg("path", { d, "stroke-width": width.toFixed(2), class: `wire w${stage}`, "data-token": token, "data-film": film }));
  };
  fromHistory(box, add, view);
  throughCodebooks(box, add, view);
  intoSums(box, add, view);
  wires.append(...groups);
}

function fromHistory(box, add, { who, model, query }) {
  const read = filmsRead(who, model);
  const hidden = Math.max(0, read.length - RECENT);
  const tokens = Array.from({ length: model.tokens }, (_, token) => box(`.token[data-token="${token}"]`));
  const sources = read.slice(hidden).map(([film, place]) => [film, box(`[data-stage="1"] [data-film="${film}"]`), (token) => shareOf(query, token, place)]);
  if (hidden) sources.unshift(["", box("[data-earlier]"), (token) => read.slice(0, hidden).reduce((sum, [, place]) => sum + shareOf(query, token, place), 0)]);
  for (const [film, from, share] of sources) {
    tokens.forEach((to, token) => add(2, [from.right, from.y], [to.left, to.y], 0.4 + 12 * share(token), token, film));
  }
}

function throughCodebooks(box, add, { reads, model }) {
  for (const read of reads) {
    if (!read.on) continue;
    const token = box(`.token[data-token="${read.token}"]`);
    const code = box(`[data-read="${read.token}-${read.probe}"]`);
    for (let m = 0; m < model.M; m += 1) {
      const cell = box(`[data-cell="${m}-${read.code[m]}"]`);
      add(4, [token.right, token.y], [cell.left, cell.y], 0.6 + 1.8 * read.weight, read.token);
      add(5, [cell.right, cell.y], [code.left, code.y], 0.6 + 1.8 * read.weight, read.token);
    }
    const list = box(`.list[data-token="${read.token}"]`);
    add(6, [code.right, code.y], [list.left, list.top + list.height * 0.3], 0.6 + 1.8 * read.weight, read.token);
  }
}

function intoSums(box, add, { top, reads, model }) {
  const most = top[0]?.sum ?? 1;
  top.forEach(({ film, parts }) => {
    const to = box(`.results [data-film="${film}"]`);
    byToken(reads, parts, model.tokens).forEach((part, token) => {
      const from = box(`.list[data-token="${token}"]`);
      if (part > 0) add(7, [from.right, from.top + from.height * 0.4], [to.left, to.y], 0.4 + (5 * part) / most, token, film);
    });
  });
}
