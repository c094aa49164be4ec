// The panel of the bias: stored measurements, and S + b of a corner of the score matrix.
import { fixed, grouped, percentOf, toEven, withSign } from "./numbers.js";

export const actions = {};

/** What the values change of the first view. */
export function patchOf({ bias, relu }, { fixed: { biases, measured, corner, codes, most, colors } }) {
  const point = measured[relu ? "on" : "off"][biases.indexOf(bias)];
  const entry = (S) => toEven(100 * (relu ? Math.max(0, S + bias) : S + bias)) / 100;
  const cells = "columns.1.charts.0.marks.0";
  return {
    "columns.0.charts.0.marks.1.x": [bias],
    "columns.0.charts.0.marks.1.y": [point["ndcg@50"]],
    "columns.0.charts.1.marks.1.x": [bias],
    "columns.0.charts.1.marks.1.y": [point.density],
    [`${cells}.values`]: corner.map((row) => row.map(entry)),
    [`${cells}.low`]: relu ? 0 : -most,
    [`${cells}.colors`]: colors[relu ? "on" : "off"],
    text:
      `b = ${withSign(bias, 2)}, ${relu ? "ReLU(S + b)" : "S + b without ReLU"}: ${grouped(point.entries)} entries in ${codes} lists, ` +
      `density ${percentOf(point.density, 1)}, ${point.empty} lists empty; a person reads ${grouped(point.read)} entries. NDCG@50 ${fixed(point["ndcg@50"], 4)}.`,
  };
}
