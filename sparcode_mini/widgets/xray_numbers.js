// The numbers of a stage, as tables: what opens below the picture.
import { fixed, grouped, percentOf, withMinus } from "./numbers.js";
import { partOf } from "./xray_sums.js";
import { codeName, filmsRead, gainName, shareOf } from "./xray_words.js";
import { html, svg } from "./elements.js";

const LONG = 30; // rows of a list that are told

function table(caption, head, rows) {
  const cells = (tag, row) => row.map((cell, i) => html(tag === "th" || i === 0 ? "th" : "td", { scope: tag === "th" ? "col" : i === 0 ? "row" : false }, String(cell)));
  const inside = html("table", {}, html("caption", {}, caption), html("thead", {}, html("tr", {}, cells("th", head))), html("tbody", {}, rows.map((row) => html("tr", {}, cells("td", row)))));
  return html("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": caption }, inside);
}

const tokensOf = (model) => Array.from({ length: model.tokens }, (_, token) => token);
const says = (text) => html("p", {}, text);

function historyNumbers({ who, films, nouns: [one] }) {
  return [table("The history as the model gets it, oldest first", ["place", one], who.history.map((film, place) => [place + 1, films[film]]))];
}

function tokenizerNumbers({ who, model, query, films, nouns: [one] }) {
  const heads = query.attention ?? [];
  const head = [one, ...heads.map((_, h) => `attention, head ${h + 1}`), ...tokensOf(model).map((token) => `moves token ${token + 1} by`), "without it"];
  const rows = filmsRead(who, model).map(([film, place]) => {
    const changed = (query.changed ?? []).filter(([, at]) => at === place).map(([token, , code]) => `token ${token + 1}: code ${codeName(code)}`);
    const moved = tokensOf(model).map((token) => `${fixed(query.moved[token][place], 2)} (${percentOf(shareOf(query, token, place))})`);
    return [films[film], ...heads.map((weights) => fixed(weights[place], 2)), ...moved, changed.join("; ") || (query.changed ? "same codes" : "nothing left to read")];
  });
  const attention = heads.length
    ? `Attention: what the newest place takes from each ${one} in the last self-attention block, head by head. All tokens are made from that one state, so attention can't tell them apart. `
    : `The tokenizer "${model.tokenizer}" has no attention weights. `;
  return [says(`${attention}Moves token: the ${one} is left out, the rest is read again, and this is the distance from the old token to the new one. The lines of the picture show its share.`), table(`What each ${one} does to the tokens`, head, rows)];
}

function tokenNumbers({ query, model }) {
  const rows = query.values.map((values, token) => [`token ${token + 1}`, fixed(Math.hypot(...values), 2), values.slice(0, 8).map((v) => fixed(v, 2)).join("  ") + (values.length > 8 ? " …" : "")]);
  return [table(`Tokens: ${model.width} numbers each`, ["token", "length", "the first numbers"], rows)];
}

function codebookNumbers({ query, model }) {
  const maps = model.codewords.map((codewords, m) => codebookMap(codewords, query.points[m], query.nearest[m], m));
  const rows = query.nearest.flatMap((own, m) => own.map((found, token) => [`token ${token + 1}${model.M > 1 ? `, part ${m + 1}` : ""}`, ...found.map(([n, d]) => `${n} (${fixed(d, 2)})`)]));
  const head = ["token", ...query.nearest[0][0].map((_, r) => (r ? `${r + 1}. nearest` : "nearest: its code"))];
  return [
    says("The maps flatten codewords (dots) and tokens (numbered rings) to the two directions in which the codewords spread most. Distances on the map are shorter than the true ones; the table has those."),
    html("div", { class: "maps" }, maps),
    table("Nearest codewords, with squared distances", head, rows),
  ];
}

function codebookMap(codewords, points, nearest, m) {
  const all = [...codewords, ...points];
  const [xs, ys] = [0, 1].map((axis) => all.map((p) => p[axis]));
  const scale = (values, size) => {
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return (v) => 12 + ((v - low) / (high - low || 1)) * (size - 24);
  };
  const [x, y] = [scale(xs, 320), scale(ys, 200)];
  const lines = points.map((p, token) => {
    const c = codewords[nearest[token][0][0]];
    return svg("path", { class: "to-codeword", d: `M${x(p[0])} ${y(p[1])}L${x(c[0])} ${y(c[1])}` });
  });
  const chosen = new Set(nearest.map((found) => found[0][0]));
  const dots = codewords.map((c, n) => svg("circle", { class: chosen.has(n) ? "dot chosen" : "dot", cx: x(c[0]), cy: y(c[1]), r: chosen.has(n) ? 5 : 2.5 }));
  const rings = points.map((p, token) => svg("g", {}, svg("circle", { class: "ring", cx: x(p[0]), cy: y(p[1]), r: 8 }), svg("text", { x: x(p[0]), y: y(p[1]) + 3.5, "text-anchor": "middle" }, String(token + 1))));
  return svg("svg", { viewBox: "0 0 320 200", class: "map", role: "img", "aria-label": `Codebook ${m + 1} on a plane, with the tokens` }, lines, dots, rings);
}

function codeNumbers({ reads, catalogue, query, request, nouns: [, many] }) {
  const rows = reads.filter((read) => read.on).map((read) => [`token ${read.token + 1}`, read.probe + 1, codeName(read.code), fixed(read.weight, 3), `${grouped(read.kept)} of ${grouped(catalogue)}`, read.probe ? "·" : percentOf(query.off[read.token])]);
  const words = request ? [["request", request.wanted, request.gains.size, gainName(request)], ["request", request.unwanted, request.out.size, "left out"]].filter(([, word]) => word) : [];
  return [
    says("Moved by: the distance from the token to the codeword that it is rounded to, as a share of the token's length."),
    table("Lists to read", ["token", "probe", "code", "weight", `${many} in its list`, "moved by"], rows),
    words.length ? table("Lists of the request", ["opened by", "word", many, "each"], words) : null,
  ];
}

function listNumbers({ reads, bias, films, nouns: [one] }, chosen) {
  const shown = reads.filter((read) => chosen[read.token] === read.probe);
  return shown.map((read) => {
    const rows = read.items.slice(0, Math.min(LONG, read.items.length)).map((film, e) => [films[film], fixed(read.S[e], 3), fixed(read.S[e] + bias, 3), fixed(Math.max(0, read.S[e] + bias), 3), fixed(partOf(read, film, bias), 3)]);
    return table(`Token ${read.token + 1}, code ${codeName(read.code)}: the first ${rows.length} scores`, [one, "S", `S + b, b = ${withMinus(bias)}`, "ReLU", "adds"], rows);
  });
}

function sumNumbers({ reads, top, films, request, loss, query, nouns }) {
  const head = [nouns[0], ...reads.map((read) => `token ${read.token + 1}, code ${codeName(read.code)}`), ...(request ? [request.wanted] : []), "sum"];
  const show = (part) => (part > 0 ? fixed(part, 4) : "·") // one digit more than the sum;
  const rows = top.map(({ film, sum, parts, gain }) => [films[film], ...parts.map(show), ...(request ? [show(gain)] : []), fixed(sum, 3)]);
  const place = new Map(top.map((one, rank) => [one.film, rank + 1]));
  return [
    table("What each list adds to each result", head, rows),
    loss ? table("Without rounding: the same scorer, b and sum, for the tokens themselves", [nouns[0], "place", "place with rounding"], query.unrounded.map((film, rank) => [films[film], rank + 1, place.get(film) ?? "lost"])) : null,
  ];
}

function towerNumbers({ who, films, top, nouns: [one] }) {
  const place = new Map(top.map((one, rank) => [one.film, rank + 1]));
  const later = new Set(who.later ?? []);
  const rows = who.tower.films.map((film, rank) => [films[film], rank + 1, fixed(who.tower.scores[rank], 3), place.get(film) ?? "·", later.has(film) ? "★" : ""]);
  return [says("The two models have scales of their own: compare places, not scores."), table("The two-tower's results", [one, "place", `dot product + bias of the ${one}`, "place with SparCode", "rated next"], rows)];
}

/** Elements with the numbers of a stage (1 to 8). */
export function numbersOf(stage, view, chosen) {
  const tell = [historyNumbers, tokenizerNumbers, tokenNumbers, codebookNumbers, codeNumbers, listNumbers, sumNumbers, towerNumbers];
  return tell[stage - 1](view, chosen).filter(Boolean);
}
