// The lines between the stages of the X-ray: what flows from one to the next.
import { byToken } from "./xray_sums.js";
import { filmsRead, shareOf } from "./xray_words.js";
import { svg } from "./elements.js";
import { RECENT } from "./xray_stages.js";

/** Draw what flows from stage to stage; where the stages stand below each other, nothing. */
export function drawWires(flow, wires, view) {
  wires.replaceChildren();
  if (!view.wide) return;
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
  fromRequest(box, add, view);
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

function fromRequest(box, add, { request, top }) {
  if (!request) return;
  for (const word of request.unwanted ? ["wanted", "unwanted"] : ["wanted"]) {
    const [code, list] = [box(`.word[data-word="${word}"]`), box(`.list[data-word="${word}"]`)];
    add(6, [code.right, code.y], [list.left, list.top + list.height * 0.3], 2.4, "");
  }
  const from = box('.list[data-word="wanted"]');
  for (const { film, gain } of top) {
    const to = box(`.results [data-film="${film}"]`);
    if (gain) add(7, [from.right, from.top + from.height * 0.4], [to.left, to.y], 0.4 + (5 * gain) / top[0].sum, "", film);
  }
}
