// The marks of a chart: each kind of chart.py as SVG. `inside` is cut at the border of the area.
import { DASHES, tone } from "./chart.js";
import { svg } from "./elements.js";

const LEVELS = 40; // shades of a table of cells: one path each, however many cells

const SIGNS = {
  circle: (r) => `M${-r} 0a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`,
  square: (r) => `M${-r} ${-r}h${2 * r}v${2 * r}h${-2 * r}z`,
  diamond: (r) => `M0 ${-1.25 * r}L${r} 0L0 ${1.25 * r}L${-r} 0z`,
  cross: (r) => `M${-r} ${-r}L${r} ${r}M${-r} ${r}L${r} ${-r}`,
  plus: (r) => `M${-r} 0H${r}M0 ${-r}V${r}`,
  tick: (r) => `M0 ${-r}V${r}`,
  star: (r) => Array.from({ length: 10 }, (_, k) => { const a = (Math.PI * k) / 5; const R = 1.2 * (k % 2 ? 0.45 * r : r); return `${k ? "L" : "M"}${(R * Math.sin(a)).toFixed(2)} ${(-R * Math.cos(a)).toFixed(2)}`; }).join("") + "z",
};
const THIN = ["cross", "plus", "tick"]; // signs that have no inside

/** One sign at (x, y). */
export function signPath(mark, x, y, size = mark.size) {
  const d = SIGNS[mark.sign](size / 2);
  const color = tone(mark.color);
  const style = THIN.includes(mark.sign) ? `fill: none; stroke: ${color}; stroke-width: ${mark.sign === "tick" ? 1 : 2.5}` : mark.filled ? `fill: ${color}` : `fill: none; stroke: ${color}; stroke-width: 1.8`;
  return svg("path", { d, transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})`, style, class: mark.filled ? "sign filled" : "sign" });
}

function points({ mark, x, y }) {
  const above = mark.x.flatMap((value, i) => {
    if (value === null || mark.y[i] === null) return [];
    const sign = signPath(mark, x(value), y(mark.y[i]));
    sign.append(svg("title", {}, `${mark.names[i] ?? mark.name}: ${format(value)}, ${format(mark.y[i])}`));
    const text = mark.texts[i] ? svg("text", { x: x(value) + mark.size * 0.8, y: y(mark.y[i]) + 4 }, mark.texts[i]) : null;
    return [sign, text];
  });
  return { inside: [], above };
}

const format = (value) => (Math.abs(value) >= 1000 ? Math.round(value).toLocaleString("en") : Number(value.toPrecision(4)).toString());

function arrow({ mark, x, y }) {
  if (!mark.x.length) return { inside: [], above: [] };
  const [x0, x1] = mark.x.map(x);
  const [y0, y1] = mark.y.map(y);
  const angle = (Math.atan2(y1 - y0, x1 - x0) * 180) / Math.PI;
  const style = `stroke: ${tone(mark.color)}`;
  const line = svg("path", { class: "arrow", d: `M${x0} ${y0}L${x1} ${y1}`, style, "stroke-dasharray": DASHES[mark.dash] }, svg("title", {}, mark.name));
  const head = svg("path", { d: "M0 0L-13 -6V6z", transform: `translate(${x1} ${y1}) rotate(${angle})`, style: `fill: ${tone(mark.color)}` });
  return { inside: [line, head], above: [] };
}

function level({ mark, y, area }) {
  if (mark.y === null) return { inside: [], above: [] };
  const at = y(mark.y);
  const line = svg("path", { class: "level", d: `M${area.left} ${at}H${area.right}`, style: `stroke: ${tone(mark.color)}` });
  return { inside: [line], above: mark.name ? [svg("text", { x: area.left + 6, y: at - 5, class: "level-name" }, mark.name)] : [] };
}

function bars({ mark, x, y, id }) {
  const thick = Math.abs(y(0.66) - y(0));
  const inside = [];
  const above = [];
  mark.lengths.forEach((length, row) => {
    if (length === null) return;
    const start = x(mark.starts[row] ?? 0);
    const end = x((mark.starts[row] ?? 0) + length);
    const box = { x: start, y: y(row) - thick / 2, width: Math.max(0, end - start), height: thick };
    inside.push(svg("rect", { ...box, style: `fill: ${tone(mark.colors[row])}` }, svg("title", {}, `${mark.name}: ${format(length)}`)));
    if (mark.hatched[row]) inside.push(svg("rect", { ...box, fill: `url(#${id}-hatch)`, "pointer-events": "none" }));
    if (mark.texts[row]) above.push(svg("text", { x: end + 5, y: y(row) + 4 }, mark.texts[row]));
  });
  return { inside, above };
}

function cells({ mark, x, y }) {
  const paths = Array.from({ length: LEVELS + 1 }, () => []);
  const [width, height] = [Math.abs(x(1) - x(0)) - mark.gap, Math.abs(y(1) - y(0)) - mark.gap];
  const above = [];
  mark.values.forEach((row, r) =>
    row.forEach((value, c) => {
      const share = Math.max(0, Math.min(1, (value - mark.low) / (mark.high - mark.low)));
      const [left, top] = [x(c) - width / 2, y(r) - height / 2];
      paths[Math.round(share * LEVELS)].push(`M${left.toFixed(1)} ${top.toFixed(1)}h${width.toFixed(1)}v${height.toFixed(1)}h${(-width).toFixed(1)}z`);
      const text = mark.texts[r]?.[c];
      if (text && text.length * 6.6 < width + 2) above.push(svg("text", { x: x(c), y: y(r) + 4, "text-anchor": "middle", class: share > 0.55 ? "on-dark" : "on-light" }, text));
    }),
  );
  const inside = paths.flatMap((path, level) => (path.length ? [svg("path", { d: path.join(""), style: `fill: ${between(mark.colors, level / LEVELS)}` })] : []));
  return { inside, above };
}

/** The colour at a share of the way from the first to the last. */
function between(colors, share) {
  const place = share * (colors.length - 1);
  const from = Math.min(Math.floor(place), colors.length - 2);
  const percent = Math.round(100 * (place - from));
  return `color-mix(in srgb, ${tone(colors[from + 1])} ${percent}%, ${tone(colors[from])})`;
}

function area({ mark, x, y }) {
  const d = mark.x.map((value, i) => `${i ? "L" : "M"}${x(value).toFixed(1)} ${y(mark.y[i]).toFixed(1)}`).join("");
  const fill = between(["#FFFFFF", mark.color], mark.shade);
  return { inside: [svg("path", { d: `${d}z`, class: "area", style: `fill: ${fill}` }, svg("title", {}, mark.name))], above: [] };
}

const KINDS = { points, arrow, level, bars, cells, area };

/** What a mark draws inside the area of its chart, and above its border. */
export const markIn = (place) => KINDS[place.mark.kind](place);
