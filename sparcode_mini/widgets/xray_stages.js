// The stages of the X-ray, from left to right, as elements. Films carry data-film, tokens data-token.
import { fixed, grouped, percentOf } from "./numbers.js";
import { byToken, rankIn } from "./xray_sums.js";
import { codeName, everybodySetting, filmsRead, shareOf } from "./xray_words.js";
import { html, svg } from "./elements.js";
import { filmButton, star, swatch } from "./xray_elements.js";
import { drawLost, drawOff, drawSame, lossSign } from "./xray_rounding.js";
import { drawAnswers, drawWords, pointInAnswers } from "./xray_request.js";

export const RECENT = 9; // films of a long history that are drawn
const ENTRIES = 3; // of a list

// --- 1 history, 3 tokens --------------------------------------------------------------------------

export function drawHistory({ who, model, films, nouns }) {
  const all = filmsRead(who, model);
  const shown = all.slice(-RECENT);
  const rest = all.length - shown.length;
  const earlier = rest ? html("p", { class: "earlier", "data-earlier": rest }, `${grouped(rest)} earlier ${nouns[1]}`) : null;
  const items = shown.map(([film]) => html("li", {}, filmButton(film, films)));
  return [earlier, html("ol", { class: "films roving", "aria-label": "History, oldest first" }, items)];
}

/** The tokenizer's name, and in words what the lines show, for where there are none. */
export function drawTokenizer({ query, who, model, films }) {
  const read = filmsRead(who, model);
  const leans = query.values.map((_, token) => {
    const shares = read.map(([film, place]) => [shareOf(query, token, place), films[film]]).sort((a, b) => b[0] - a[0]);
    const most = shares.slice(0, 2).map(([share, title]) => `${title} ${percentOf(share)}`);
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
    ["≈ among the ten only because the tokens are rounded"],
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
export function drawCodes(view, chosen) {
  const { reads, model, probes } = view;
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
              "aria-label": `token ${token + 1}, code ${codeName(read.code)}${probes > 1 ? `, weight ${fixed(read.weight, 2)}` : ""}: show its list`,
            },
            codeName(read.code),
            probes > 1 ? html("small", {}, ` ×${fixed(read.weight, 2)}`) : null,
          ),
        );
        return html("li", { class: `lane codes roving${own[0].on ? "" : " off"}`, "data-token": token }, chips, drawSame(view, token), drawOff(view, token));
      }),
      drawWords(view),
    ),
  ];
}

// --- 6 posting lists ---------------------------------------------------------------------------------

export function drawLists(view, chosen) {
  const { reads, model } = view;
  const lanes = Array.from({ length: model.tokens }, (_, token) => drawList(view, reads.find((read) => read.token === token && read.probe === chosen[token])));
  return [html("div", { class: "lanes" }, lanes, drawAnswers(view))];
}

function drawList({ bias, films, who, catalogue, model, most, nouns: [one, many] }, read) {
  const later = new Set(who.later ?? []);
  const seen = new Set(who.history);
  const entries = read.items.slice(0, Math.min(ENTRIES, read.kept)).map((film, e) => {
    const value = read.S[e] + bias;
    const mark = later.has(film) ? star() : seen.has(film) ? html("span", { class: "seen" }, "✓", html("span", { class: "unseen" }, "seen: ")) : html("span");
    const bar = html("span", { class: "scale", "aria-hidden": "true" }, html("span", { class: `bar t${read.token % 4}`, style: `width:${((value / most.entry) * 100).toFixed(1)}%` }));
    return html("li", {}, filmButton(film, films, [mark, bar, html("span", { class: "value" }, fixed(value, 2))]));
  });
  const name = `code ${codeName(read.code)}`;
  const head = html("p", { class: "head" }, html("b", {}, name), `: ${grouped(read.kept)} of ${grouped(catalogue)} ${many}${read.on ? "" : ", switched off"}`);
  const list = entries.length
    ? html("ol", { class: "films roving", "aria-label": `Token ${read.token + 1}, list of ${name}: ${grouped(read.kept)} ${many}; the first ${entries.length}` }, entries)
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
    const text = place < 0 ? "not in this list" : `${fixed(read.S[place] + view.bias, 2)}, place ${place + 1} of ${grouped(read.kept)}`;
    card.querySelector(".pointed").textContent = film === null ? "" : text;
    const x = ((place + 0.5) / Math.max(1, read.S.length)) * CURVE.width;
    card.querySelector(".mark").setAttribute("d", place < 0 ? "" : `M${x.toFixed(1)} 0V${CURVE.height}`);
    card.classList.toggle("without", film !== null && place < 0);
  }
  pointInAnswers(root, view, film);
}

// --- 7 sums, 8 two-tower -------------------------------------------------------------------------------

export function drawSums(view) {
  const { top, reads, films, who, model, request } = view;
  const later = new Set(who.later ?? []);
  if (!top.length) return [html("p", { class: "nothing" }, `No ${view.nouns[0]} has a positive sum: nothing is found.`), drawLost(view)];
  const segment = (part, kind) => html("span", { class: `segment ${kind}`, style: `width:${((part / view.most.sum) * 100).toFixed(2)}%` });
  const rows = top.map(({ film, sum, parts, gain }, rank) => {
    const segments = byToken(reads, parts, model.tokens).map((part, token) => segment(part, `t${token % 4}`));
    if (request && gain) segments.push(segment(gain, "word"));
    const bar = html("span", { class: "stack", "aria-hidden": "true" }, segments);
    const mark = html("span", { class: "rank" }, `${rank + 1}. `, later.has(film) ? star() : null, lossSign(view, film));
    return html("li", {}, filmButton(film, films, [mark, html("span", { class: "value" }, fixed(sum, 3)), bar]));
  });
  return [html("ol", { class: "films results roving", "aria-label": `SparCode's ${top.length} best` }, rows), drawLost(view)];
}

export function drawTower({ who, films, top, everybody }) {
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
    drawEverybody(everybody),
  ];
}

/** For how many of all people SparCode finds more, as many and fewer than the two-tower. */
function drawEverybody(everybody) {
  if (!everybody) return null;
  const kinds = [["better", "more"], ["equal", "as many"], ["worse", "fewer"]];
  const parts = kinds.map(([kind]) => html("span", { class: `share ${kind}`, style: `width:${((100 * everybody[kind]) / everybody.people).toFixed(2)}%` }));
  const counts = kinds.map(([kind, words]) => html("li", {}, html("span", { class: `share key ${kind}`, "aria-hidden": "true" }), ` ${words}: ${grouped(everybody[kind])}`));
  return html("div", { class: "everybody" }, html("h5", {}, `All ${grouped(everybody.people)} people (${everybodySetting(everybody)}): SparCode's hits beside the two-tower's`), html("div", { class: "stack", "aria-hidden": "true" }, parts), html("ul", {}, counts));
}
