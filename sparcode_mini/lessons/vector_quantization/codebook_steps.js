// Learning a codebook in the plane, step by step: pure functions, no page needed.
// The tests hold each of them against the Python library on the same start.

const sum = (values) => values.reduce((a, b) => a + b, 0);

// ||x - c||^2 without ||x||^2, which is the same for every codeword. The factor must be 2.
export function encode(codewords, points, factor = 2) {
  return points.map((x) => {
    const far = codewords.map((c) => c[0] * c[0] + c[1] * c[1] - factor * (x[0] * c[0] + x[1] * c[1]));
    return far.indexOf(Math.min(...far)); // of equals the first, as argmin does
  });
}

// What the points lose by their codes, and how the codewords are used.
export function measure(codewords, points, factor = 2) {
  const codes = encode(codewords, points, factor);
  const counts = codewords.map(() => 0);
  let lost = 0;
  codes.forEach((k, i) => {
    counts[k] += 1;
    lost += (points[i][0] - codewords[k][0]) ** 2 + (points[i][1] - codewords[k][1]) ** 2;
  });
  const shares = counts.map((count) => count / points.length);
  const entropy = -sum(shares.filter((p) => p > 0).map((p) => p * Math.log(p)));
  const nearest = factor === 2 ? codes : encode(codewords, points, 2);
  return {
    codes,
    counts,
    distortion: lost / points.length, // mean squared distance
    used: counts.filter((count) => count > 0).length,
    perplexity: Math.exp(entropy),
    wrong: codes.map((k, i) => k !== nearest[i]),
  };
}

// A codebook that is going to learn, with the state of its moving averages.
export function begin(codewords) {
  return {
    codewords: codewords.map((c) => [...c]),
    share: codewords.map(() => 0), // of the points, on each codeword
    total: codewords.map(() => [0, 0]), // sum of those points, divided by how many there are
    weight: 0, // of the averages so far; dividing by it is the bias correction
    steps: 0,
    restarted: 0,
  };
}

// One step on a batch. method: "lloyd", "gradient" or "ema". `pick(n)` chooses one of n points.
export function learn(state, batch, { method, rate, decay, restart, factor, pick }) {
  const { codewords, share, total } = state;
  const N = codewords.length;
  const n = batch.length;
  const keep = method === "lloyd" ? 0 : decay; // Lloyd's step is an average without memory
  const codes = encode(codewords, batch, factor);
  const newShare = codewords.map(() => 0);
  const newTotal = codewords.map(() => [0, 0]);
  codes.forEach((k, i) => {
    newShare[k] += 1 / n;
    newTotal[k][0] += batch[i][0] / n;
    newTotal[k][1] += batch[i][1] / n;
  });
  state.weight += (1 - keep) * (1 - state.weight);
  for (let k = 0; k < N; k += 1) {
    if (method === "gradient") {
      // of the mean of (x - c)^2 over the 2 n coordinates
      for (const d of [0, 1]) codewords[k][d] -= rate * (newShare[k] * codewords[k][d] - newTotal[k][d]);
    }
    share[k] += (1 - keep) * (newShare[k] - share[k]);
    for (const d of [0, 1]) total[k][d] += (1 - keep) * (newTotal[k][d] - total[k][d]);
    if (method !== "gradient" && share[k] > 1e-12) {
      codewords[k] = [total[k][0] / share[k], total[k][1] / share[k]];
    }
  }
  const dead = share.flatMap((p, k) => (p / state.weight < restart / N ? [k] : []));
  for (const k of dead) {
    codewords[k] = [...batch[pick(n)]];
    share[k] = state.weight / N; // as if it had been used like the mean codeword
    total[k] = codewords[k].map((value) => (value * state.weight) / N);
  }
  state.restarted += dead.length;
  state.steps += 1;
  return state;
}

// The points of step t (0, 1, ...): all of them, or the next `size` in a circle.
export function batchOf(points, size, t) {
  if (size <= 0 || size >= points.length) return points;
  return Array.from({ length: size }, (_, i) => points[(t * size + i) % points.length]);
}

// Small generator of random numbers in [0, 1) that gives the same on every machine (mulberry32).
export function generator(seed) {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = a;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

// Each next codeword is a point drawn in proportion to its squared distance from those chosen.
export function kmeansPlusPlus(points, N, random) {
  const chosen = [points[Math.floor(random() * points.length)]];
  const squared = (a, b) => (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2;
  const distance = points.map((x) => squared(x, chosen[0]));
  while (chosen.length < N) {
    const draw = random() * sum(distance);
    let reached = 0;
    let next = distance.findIndex((d) => (reached += d) >= draw);
    if (next < 0) next = points.length - 1;
    chosen.push(points[next]);
    points.forEach((x, i) => (distance[i] = Math.min(distance[i], squared(x, points[next]))));
  }
  return chosen.map((c) => [...c]);
}

export function startOf(kind, points, N, random) {
  if (kind === "k-means++") return kmeansPlusPlus(points, N, random);
  if (kind === "random points") {
    const left = points.map((_, i) => i); // no point twice
    return Array.from({ length: N }, () => [...points[left.splice(Math.floor(random() * left.length), 1)[0]]]);
  }
  const [low, high] = boxOf(points); // "one corner": nothing is near
  const side = high - low;
  return Array.from({ length: N }, () => [high - 0.18 * side * random(), high - 0.18 * side * random()]);
}

// A square around all points, with a margin: [low, high] for both axes.
export function boxOf(points) {
  const most = Math.max(1e-9, ...points.map((x) => Math.max(Math.abs(x[0]), Math.abs(x[1]))));
  return [-1.1 * most, 1.1 * most];
}

// Polygons of the places that each codeword wins: Voronoi cells when the factor is 2.
export function cellsOf(codewords, [low, high], factor = 2) {
  const square = [[low, low], [high, low], [high, high], [low, high]];
  return codewords.map((c, k) =>
    codewords.reduce((polygon, other, j) => {
      if (j === k) return polygon;
      // k wins against j where factor * x.(c - other) >= ||c||^2 - ||other||^2
      const normal = [factor * (c[0] - other[0]), factor * (c[1] - other[1])];
      const offset = c[0] ** 2 + c[1] ** 2 - other[0] ** 2 - other[1] ** 2;
      const same = normal[0] === 0 && normal[1] === 0;
      return same ? (j < k ? [] : polygon) : clip(polygon, normal, offset);
    }, square),
  );
}

function clip(polygon, normal, offset) {
  const side = (p) => p[0] * normal[0] + p[1] * normal[1] - offset;
  return polygon.flatMap((p, i) => {
    const q = polygon[(i + 1) % polygon.length];
    const [a, b] = [side(p), side(q)];
    const kept = a >= 0 ? [p] : [];
    if (a >= 0 === b >= 0) return kept;
    const t = a / (a - b);
    return [...kept, [p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])]];
  });
}
