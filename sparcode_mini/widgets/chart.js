// Charts as SVG: draws what chart.py describes. Colours follow light and dark.
import { svg } from "./elements.js";
import { markIn, signPath } from "./chart_marks.js";

const TITLE = 30; // pixels above the area of a chart; the same as in chart_plotly.py
const LABEL = 44; // below it, for ticks and a label
const TICKS = 24; // below it, for ticks only
const RIGHT = 14; // on its right
const LETTER = 6.6; // pixels of a letter; those of Chinese are twice as wide
const signs = (text) => [...text].reduce((sum, letter) => sum + (letter > "\u2e7f" ? 2 : 1), 0);

const DARK = { "#0072B2": "#56b4e9", "#AA4499": "#e08fd0", "#009E73": "#3fc49a", "#D55E00": "#ff9d4d", "#6B7280": "#9aa3af", "#1F2933": "#e9e7e1", "#FFFFFF": "#262b33", "#8C8878": "#a8a493" };

/** The colour of the palette, lighter where the page is dark. */
export const tone = (color) => `light-dark(${color}, ${DARK[color] ?? color})`;

const longest = (axis) => Math.max(0, ...axis.ticks.map(([, text]) => signs(text)));
const rise = (axis) => (axis.slant ? longest(axis) * LETTER * 0.6 : 0); // of names drawn aslant

/** From values to pixels, for an axis that goes from `start` to `end`. */
export function scaleOf(axis, start, end) {
  const at = axis.log ? Math.log10 : (value) => value;
  const [low, high] = [at(axis.low), at(axis.high)];
  return (value) => start + ((at(value) - low) / (high - low)) * (end - start);
}

/** Where the area must begin, so that no name drawn aslant below it reaches out of the picture. */
function leftOf({ ticks, low, high }, width) {
  const needs = ticks.map(([value, text]) => {
    const share = (value - low) / (high - low); // of the area's width, left of the name's end
    return (LETTER * 0.85 * signs(text) + 4 - share * (width - RIGHT)) / (1 - share);
  });
  return Math.max(0, ...needs);
}

/** Where the area of a chart lies in its picture. */
function areaOf(chart, width) {
  const names = 10 + LETTER * longest(chart.y) + (chart.y.label ? 20 : 0);
  const left = Math.max(names, chart.x.slant ? leftOf(chart.x, width) : 0);
  const below = (chart.x.label ? LABEL : chart.x.ticks.length ? TICKS : 6) + rise(chart.x);
  const area = { left, top: chart.title ? TITLE : 8, right: width - RIGHT, bottom: chart.height - below };
  if (!chart.square) return area;
  const units = [Math.abs(chart.x.high - chart.x.low), Math.abs(chart.y.high - chart.y.low)];
  const unit = Math.min((area.right - left) / units[0], (area.bottom - area.top) / units[1]);
  return { ...area, right: left + unit * units[0], bottom: area.top + unit * units[1] };
}

/** One chart as an SVG of this width. */
export function chartOf(chart, width) {
  const area = areaOf(chart, width);
  const height = chart.square ? area.bottom + 10 : chart.height;
  const x = scaleOf(chart.x, area.left, area.right);
  const y = scaleOf(chart.y, area.bottom, area.top);
  window.sparcodeCharts = (window.sparcodeCharts ?? 0) + 1; // of all widgets of the page
  const id = `sparcode-chart-${window.sparcodeCharts}`;
  const frame = { x: area.left, y: area.top, width: area.right - area.left, height: area.bottom - area.top };
  const hatch = svg("pattern", { id: `${id}-hatch`, width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" }, svg("rect", { width: 2.2, height: 6, class: "hatch" }));
  const clip = svg("clipPath", { id: `${id}-area` }, svg("rect", frame));
  const marks = chart.marks.map((mark) => markIn({ mark, x, y, area, id }));
  const whole = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": chart.title || chart.x.label, class: "chart" });
  whole.append(svg("defs", {}, hatch, clip), ...axesOf(chart, x, y, area), svg("g", { "clip-path": `url(#${id}-area)` }, marks.map((mark) => mark.inside).flat()), svg("g", {}, marks.map((mark) => mark.above).flat()));
  if (chart.title) whole.append(svg("text", { x: Math.min(area.left, 14), y: 19, class: "title" }, chart.title));
  return whole;
}

function axesOf(chart, x, y, area) {
  const across = chart.x.ticks.filter(([value]) => x(value) >= area.left - 1 && x(value) <= area.right + 1);
  const parts = [];
  let free = -Infinity; // the first pixel without a tick's text
  for (const [value, text] of across) {
    if (chart.x.lines) parts.push(svg("path", { class: "grid", d: `M${x(value)} ${area.top}V${area.bottom}` }));
    const half = (signs(text) * LETTER) / 2;
    if (!chart.x.slant && x(value) - half < free) continue; // no room beside the one before
    free = x(value) + half + 4;
    const at = { x: x(value), y: area.bottom + 16, "text-anchor": chart.x.slant ? "end" : "middle" };
    if (chart.x.slant) at.transform = `rotate(-35 ${at.x} ${at.y})`;
    parts.push(svg("text", at, text));
  }
  for (const [value, text] of chart.y.ticks) {
    if (chart.y.lines) parts.push(svg("path", { class: "grid", d: `M${area.left} ${y(value)}H${area.right}` }));
    parts.push(svg("text", { x: area.left - 6, y: y(value) + 4, "text-anchor": "end" }, text));
  }
  parts.push(svg("path", { class: "axis", d: `M${area.left} ${area.top}V${area.bottom}H${area.right}` }));
  const middle = [(area.left + area.right) / 2, (area.top + area.bottom) / 2];
  if (chart.x.label) parts.push(svg("text", { x: middle[0], y: area.bottom + 36 + rise(chart.x), "text-anchor": "middle", class: "label" }, chart.x.label));
  if (chart.y.label) parts.push(svg("text", { x: 13, y: middle[1], transform: `rotate(-90 13 ${middle[1]})`, "text-anchor": "middle", class: "label" }, chart.y.label));
  return parts;
}

/** The signs of a chart with their names. */
export function legendOf(charts) {
  const named = charts.flatMap((chart) => chart.marks.filter((mark) => mark.name && mark.legend !== false && ["points", "arrow", "bars"].includes(mark.kind) && (mark.kind !== "arrow" || mark.x.length)));
  const scales = charts.flatMap((chart) => chart.marks.filter((mark) => mark.scale));
  const entry = (sample, name) => {
    const one = document.createElement("li");
    const picture = svg("svg", { width: 22, height: 16, viewBox: "-11 -8 22 16", "aria-hidden": "true" }, sample);
    one.append(picture, name);
    return one;
  };
  const list = document.createElement("ul");
  list.className = "legend";
  list.append(...named.map((mark) => entry(sampleOf(mark), mark.name)));
  for (const mark of scales) {
    const steps = mark.colors.map((color, c) => svg("rect", { x: -11 + (c * 22) / mark.colors.length, y: -7, width: 22 / mark.colors.length, height: 14, style: `fill: ${tone(color)}` }));
    list.append(entry(steps, `${mark.scale}: ${mark.low} to ${mark.high}`));
  }
  return list;
}

function sampleOf(mark) {
  if (mark.kind === "points") return signPath(mark, 0, 0, Math.min(mark.size, 13));
  if (mark.kind === "arrow") return svg("path", { d: "M-10 0H10", class: "arrow", style: `stroke: ${tone(mark.color)}`, "stroke-dasharray": DASHES[mark.dash] });
  return svg("rect", { x: -9, y: -6, width: 18, height: 12, style: `fill: ${tone(mark.colors.at(-1))}` });
}

export const DASHES = { solid: undefined, dot: "2 4", dash: "8 5", dashdot: "9 4 2 4", longdash: "14 5" };
