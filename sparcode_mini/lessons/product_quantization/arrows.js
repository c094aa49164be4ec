// The gradients that each estimator sends to a token: the formulas of `model/gradients.py` in the
// plane, see also `widget_arrows.py`. The loss is |T~ - z|^2 / 2.
import { fixed, withSign } from "./numbers.js";

const minus = (a, b) => [a[0] - b[0], a[1] - b[1]];
const plus = (a, b) => [a[0] + b[0], a[1] + b[1]];
const times = (s, a) => [s * a[0], s * a[1]];
const dot = (a, b) => a[0] * b[0] + a[1] * b[1];
const lengthOf = (a) => Math.sqrt(dot(a, a));
const directionOf = (a) => times(1 / Math.max(lengthOf(a), 1e-12), a);
const placeOfLargest = (values) => values.indexOf(Math.max(...values));

// As `model/kmeans.py` computes them, in float64: |T - c|^2 rounds otherwise, so a token in the middle
// between two codewords would take the other one.
const squaredDistances = (T, codewords) => codewords.map((c) => dot(T, T) - 2 * dot(T, c) + dot(c, c));

/** The gradient through softmax(logits) C, if the loss sends `g(mixed)` to the mixture. */
function throughSoftmax(T, { codewords }, logits, temperature, g) {
  const most = Math.max(...logits);
  const raw = logits.map((l) => Math.exp(l - most));
  const whole = raw.reduce((a, b) => a + b, 0);
  const p = raw.map((r) => r / whole);
  const mixed = codewords.reduce((sum, c, n) => plus(sum, times(p[n], c)), [0, 0]);
  const sent = g(mixed);
  return codewords.reduce((sum, c, n) => plus(sum, times((-2 * p[n] * dot(minus(c, mixed), sent)) / temperature, minus(T, c))), [0, 0]);
}

/** For each estimator the gradient at the token T, whose nearest codeword is q. */
function gradientsOf(T, q, temperature, world) {
  const { codewords, target, noise, beta } = world;
  const g = minus(q, target);
  const logits = squaredDistances(T, codewords).map((d) => -d / temperature);
  const [a, b] = [directionOf(T), directionOf(q)];
  const r = directionOf(plus(a, b));
  const turned = plus(minus(g, times(2 * dot(r, g), r)), times(2 * dot(b, g), a)); // Q^t g
  const draws = noise.map((row) => {
    const noisy = logits.map((l, n) => l + row[n]);
    const hard = codewords[placeOfLargest(noisy)];
    return throughSoftmax(T, world, noisy, temperature, () => minus(hard, target));
  });
  return {
    nothing: [0, 0],
    literal: times(2 * beta, minus(T, q)),
    "straight-through": g,
    rotation: lengthOf(T) > 1e-12 ? times(lengthOf(q) / lengthOf(T), turned) : g,
    gumbel: times(1 / draws.length, draws.reduce(plus)),
    soft: throughSoftmax(T, world, logits, temperature, (mixed) => minus(mixed, target)),
  };
}

function arrowsAt({ x, y, temperature }, world) {
  const T = [x, y];
  const distances = squaredDistances(T, world.codewords);
  const code = distances.indexOf(Math.min(...distances));
  return { T, code, temperature, gradients: gradientsOf(T, world.codewords[code], temperature, world) };
}

/** What the values change of the first view. */
export function patchOf(values, { fixed: world }) {
  const { T, code, gradients } = arrowsAt(values, world);
  const marks = "columns.0.charts.0.marks";
  const [cx, cy] = world.codewords[code];
  const patch = { text: sentenceOf(T, code, values.temperature, gradients, world), [`${marks}.${world.first}.x`]: [cx], [`${marks}.${world.first}.y`]: [cy] };
  world.ways.forEach(([name], way) => {
    const [dx, dy] = times(-1, gradients[name]);
    const moves = lengthOf(gradients[name]) > world.still;
    patch[`${marks}.${world.first + 1 + way}.x`] = moves ? [T[0], T[0] + dx] : [];
    patch[`${marks}.${world.first + 1 + way}.y`] = moves ? [T[1], T[1] + dy] : [];
  });
  const token = world.first + 1 + world.ways.length;
  return { ...patch, [`${marks}.${token}.x`]: [T[0]], [`${marks}.${token}.y`]: [T[1]] };
}

function sentenceOf(T, code, temperature, gradients, { codewords, target, ways }) {
  const soft = directionOf(gradients.soft);
  // 0 + makes 0 of -0: a sum of torch begins with 0.
  const parts = ways
    .filter(([name]) => name !== "nothing" && name !== "soft")
    .map(([name, label]) => `${label} ${fixed(lengthOf(gradients[name]), 2)} (cosine ${withSign(0 + dot(directionOf(gradients[name]), soft), 2)})`);
  const known = ways.some(([name]) => name === "soft");
  const yardstick = known ? ` (${fixed(lengthOf(gradients.soft), 2)} long at temperature ${fixed(temperature, 2)})` : "";
  const off = minus(codewords[code], target);
  return `Token at (${fixed(T[0], 2)}, ${fixed(T[1], 2)}), nearest codeword ${code}, loss ${fixed(dot(off, off) / 2, 2)}. The true slope of this loss is 0: it is flat around the token. Length of what is sent instead, and its cosine to the gradient of the soft assignment${yardstick}: ${parts.join("; ")}.`;
}

/** One step along the chosen arrow, inside the picture. */
function step(values, { fixed: world }) {
  const { T, gradients } = arrowsAt(values, world);
  const to = plus(T, times(-world.step, gradients[values.way]));
  const inside = (value, [low, high]) => Math.min(high, Math.max(low, value));
  return { x: inside(to[0], world.ends.x), y: inside(to[1], world.ends.y) };
}

export const actions = { step };
