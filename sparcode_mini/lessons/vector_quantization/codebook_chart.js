// Distortion over the steps, a line for each of the three ways.
import { svg } from "../../widgets/elements.js";
import { fixed } from "../../widgets/numbers.js";

export function drawChart(chart, histories, methods) {
  const [W, H, L, R, T, B] = [Math.min(900, chart.parentElement?.clientWidth || 900), 170, 54, 96, 14, 30];
  chart.setAttribute("viewBox", `0 0 ${W} ${H}`); // one unit is one pixel, so letters keep their size
  const steps = Math.max(10, histories[0].length - 1);
  const most = Math.max(...histories.flat()) * 1.05;
  const x = (step) => L + (step / steps) * (W - L - R);
  const y = (value) => H - B - (value / most) * (H - T - B);
  const ends = methods.map((method, m) => ({ m, value: histories[m].at(-1), y: y(histories[m].at(-1)) }));
  ends.sort((a, b) => a.y - b.y);
  ends.forEach((end, i) => (end.y = i ? Math.max(end.y, ends[i - 1].y + 14) : end.y));
  ends.toReversed().forEach((end, i, all) => (end.y = Math.min(end.y, H - B - 14 * i, i ? all[i - 1].y - 14 : H)));
  chart.replaceChildren(
    svg("path", { class: "axis", d: `M${L} ${T}V${H - B}H${W - R}` }),
    svg("text", { class: "tick", x: L - 6, y: y(0), "text-anchor": "end" }, "0"),
    svg("text", { class: "tick", x: L - 6, y: y(most / 1.05), "text-anchor": "end", dy: "0.35em" }, fixed(most / 1.05, 2)),
    svg("text", { class: "tick", x: L, y: H - 12 }, "step 0"),
    svg("text", { class: "tick", x: x(steps), y: H - 12, "text-anchor": "end" }, String(steps)),
    svg("text", { class: "tick", x: (L + W - R) / 2, y: H - 12, "text-anchor": "middle" }, "distortion"),
    ...methods.map((method, m) =>
      svg("polyline", {
        class: "curve",
        "stroke-dasharray": method.dash,
        points: histories[m].map((value, step) => `${x(step)},${y(value)}`).join(" "),
      }),
    ),
    ...ends.map((end) => svg("text", { class: "end", x: x(histories[0].length - 1) + 8, y: end.y, dy: "0.35em" }, methods[end.m].name)),
  );
  const now = methods.map((method, m) => `${method.name} ${fixed(histories[m].at(-1), 4)}`).join(", ");
  chart.setAttribute("aria-label", `Distortion after ${histories[0].length - 1} steps: ${now}`);
  return now;
}
