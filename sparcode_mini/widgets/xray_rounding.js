// What it costs to round the tokens, drawn: how far each is moved, tokens of one code, films lost.
import { percentOf } from "./numbers.js";
import { sharedCodes } from "./xray_sums.js";
import { html } from "./elements.js";
import { filmButton, star } from "./xray_elements.js";

/** How far a token is from its codeword, as a share of the token's length. */
export function drawOff({ query }, token) {
  const off = query.off[token];
  const bar = html("span", { class: "off-scale", "aria-hidden": "true" }, html("span", { style: `width:${Math.min(100, 100 * off).toFixed(0)}%` }));
  return html("p", { class: "off-by" }, bar, html("span", { class: "unseen" }, `Rounding moves token ${token + 1} by `), percentOf(off), html("span", { class: "unseen" }, " of its length"));
}

/** The other tokens that chose the code of this one. */
export function drawSame({ reads }, token) {
  const others = sharedCodes(reads).find(({ tokens }) => tokens.includes(token))?.tokens.filter((other) => other !== token);
  return others ? html("p", { class: "same" }, `as token${others.length > 1 ? "s" : ""} ${others.map((other) => other + 1).join(", ")}`) : null;
}

/** The sign of a film that is in the top 10 only because the tokens are rounded. */
export function lossSign({ loss }, film) {
  return loss?.gained.has(film) ? html("span", { class: "rounded", role: "img", "aria-label": "only with rounded tokens" }, "≈") : null;
}

/** The films that rounding lost. */
export function drawLost({ loss, films, who, nouns: [, many] }) {
  if (!loss) return html("p", { class: "hint lost" }, "What rounding costs is shown at the model's own b, with all tokens and without a request.");
  if (!loss.lost.length) return html("p", { class: "hint lost" }, `Rounding lost none of the ${many} that the unrounded tokens find.`);
  const later = new Set(who.later ?? []);
  const rows = loss.lost.map((film) => html("li", {}, filmButton(film, films, [html("span", {}, "− ", later.has(film) ? star() : null)])));
  return html("div", { class: "lost" }, html("h5", {}, "Lost by rounding"), html("ol", { class: "films roving", "aria-label": `${many} that the unrounded tokens find among their ten, and the rounded ones do not` }, rows));
}
