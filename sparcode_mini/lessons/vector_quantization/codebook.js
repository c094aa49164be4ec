// The codebook playground: three codebooks that start alike and learn in three ways.
import { html, svg } from "../../widgets/elements.js";
import { fixed } from "../../widgets/numbers.js";
import { drawChart } from "./codebook_chart.js";
import { batchOf, begin, boxOf, cellsOf, generator, learn, measure, startOf } from "./codebook_steps.js";

const METHODS = [
  { key: "lloyd", name: "Lloyd", says: "each codeword jumps to the mean of its points", dash: "" },
  { key: "gradient", name: "Gradient", says: "a step down the codebook loss", dash: "7 4" },
  { key: "ema", name: "EMA", says: "a moving average of its points", dash: "2 3" },
];
const SIZE = 300; // of a panel, in its own units
const PER_SECOND = 4;

const round = (value) => Number(value.toFixed(2));
const spoken = (c) => `(${fixed(c[0], 2)}, ${fixed(c[1], 2)})`;

// --- controls -----------------------------------------------------------------------------------

function range(model, name, label, attributes, changed) {
  const input = html("input", { type: "range", "aria-label": label, ...attributes });
  const output = html("output");
  const show = () => {
    input.value = model.get(name);
    output.textContent = model.get(name);
  };
  input.addEventListener("input", () => set(model, name, Number(input.value)));
  listen(model, name, show, changed);
  return html("label", {}, html("span", {}, label), input, output);
}

function choice(model, name, label, options, changed) {
  const select = html("select", { "aria-label": label });
  for (const [value, text] of options) select.append(html("option", { value }, text));
  const number = typeof options[0][0] === "number";
  const show = () => (select.value = String(model.get(name)));
  select.addEventListener("change", () => set(model, name, number ? Number(select.value) : select.value));
  listen(model, name, show, changed);
  return html("label", {}, html("span", {}, label), select);
}

function check(model, name, label, on, changed) {
  const box = html("input", { type: "checkbox", "aria-label": label });
  const show = () => (box.checked = model.get(name) > 0);
  box.addEventListener("change", () => set(model, name, box.checked ? on : 0));
  listen(model, name, show, changed);
  return html("label", {}, box, html("span", {}, label));
}

function set(model, name, value) {
  model.set(name, value);
  model.save_changes();
}

function listen(model, name, show, changed) {
  model.on(`change:${name}`, () => {
    show();
    changed();
  });
  show();
}

// --- one panel ----------------------------------------------------------------------------------

function makePanel(method, points, box, moved) {
  const [low, high] = box;
  const right = (x) => ((x - low) / (high - low)) * SIZE;
  const down = (y) => SIZE - right(y);
  const cells = svg("g");
  const dots = svg("g");
  const trails = svg("g");
  const marks = svg("g");
  const picture = svg("svg", { viewBox: `0 0 ${SIZE} ${SIZE}`, role: "group", class: "plane" });
  picture.setAttribute("aria-label", `${method.name}: points, cells and codewords`);
  picture.append(cells, dots, trails, marks);
  for (const x of points) dots.append(svg("circle", { cx: right(x[0]), cy: down(x[1]), r: 2.3, class: "point" }));
  const bars = svg("svg", { viewBox: `0 0 ${SIZE} 48`, role: "img", class: "bars" });
  const numbers = html("p", { class: "numbers" });
  const heading = html("h4", {}, method.name, html("small", {}, method.says));
  const element = html("section", { "aria-label": method.name }, heading, picture, bars, numbers);
  const handles = [];

  function handle(k) {
    const ring = svg("circle", { r: 9, class: "codeword" });
    const text = svg("text", { "text-anchor": "middle", dy: "0.35em" }, String(k));
    const cross = svg("path", { d: "M-13 -13L13 13M-13 13L13 -13", class: "cross" });
    const group = svg("g", { tabindex: 0, role: "button", class: "handle" }, ring, text, cross);
    const place = (event) => {
      const frame = picture.getBoundingClientRect();
      const x = low + ((event.clientX - frame.left) / frame.width) * (high - low);
      const y = high - ((event.clientY - frame.top) / frame.height) * (high - low);
      return [x, y].map((value) => Math.min(high, Math.max(low, value)));
    };
    group.addEventListener("pointerdown", (event) => {
      group.setPointerCapture(event.pointerId);
      group.focus();
      event.preventDefault();
    });
    group.addEventListener("pointermove", (event) => {
      if (group.hasPointerCapture(event.pointerId)) moved(k, () => place(event));
    });
    group.addEventListener("keydown", (event) => {
      const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
      if (!way) return;
      event.preventDefault();
      const stride = ((high - low) / 60) * (event.shiftKey ? 5 : 1);
      moved(k, (c) => c.map((value, d) => Math.min(high, Math.max(low, value + stride * way[d]))));
    });
    return group;
  }

  function draw(state, trail, found, factor) {
    const { codewords } = state;
    while (handles.length < codewords.length) {
      handles.push(handle(handles.length));
      marks.append(handles.at(-1));
    }
    while (handles.length > codewords.length) handles.pop().remove();
    cells.replaceChildren(
      ...cellsOf(codewords, box, factor).map((polygon) =>
        svg("polygon", { class: "cell", points: polygon.map((p) => `${right(p[0])},${down(p[1])}`).join(" ") }),
      ),
    );
    trails.replaceChildren(
      ...codewords.map((_, k) =>
        svg("polyline", { class: "trail", points: trail.map((at) => `${right(at[k][0])},${down(at[k][1])}`).join(" ") }),
      ),
    );
    dots.childNodes.forEach((dot, i) => dot.classList.toggle("wrong", found.wrong[i]));
    handles.forEach((group, k) => {
      const c = codewords[k];
      const count = found.counts[k];
      group.setAttribute("transform", `translate(${right(c[0])} ${down(c[1])})`);
      group.classList.toggle("dead", count === 0);
      const state = count === 0 ? "dead, no point" : `${count} points`;
      group.setAttribute("aria-label", `${method.name}, codeword ${k} at ${spoken(c)}, ${state}; arrow keys move it`);
    });
    drawBars(bars, found.counts);
    const wrong = found.wrong.filter(Boolean).length;
    const dead = found.counts.flatMap((count, k) => (count === 0 ? [k] : []));
    numbers.replaceChildren(
      html("b", {}, `distortion ${fixed(found.distortion, 4)}`),
      ` · used ${found.used} of ${codewords.length} · perplexity ${fixed(found.perplexity, 2)}`,
      html("br"),
      dead.length ? `dead codewords: ${dead.join(", ")}` : "no dead codeword",
      state.restarted ? ` · ${state.restarted} restarted` : "",
      wrong ? html("b", {}, ` · ${wrong} points not at their nearest`) : "",
    );
  }
  return { element, draw };
}

function drawBars(bars, counts) {
  const most = Math.max(1, ...counts);
  const width = SIZE / counts.length;
  bars.setAttribute("aria-label", `usage: ${counts.map((n, k) => `codeword ${k}: ${n}`).join(", ")}`);
  bars.replaceChildren(
    ...counts.flatMap((count, k) => [
      svg("rect", { class: "bar", x: k * width + 2, width: width - 4, y: 34 - (32 * count) / most, height: (32 * count) / most }),
      svg("text", { class: "tick", x: (k + 0.5) * width, y: 46, "text-anchor": "middle" }, String(k)),
    ]),
  );
}

// --- all together ---------------------------------------------------------------------------------

function render({ model, el }) {
  const points = model.get("points");
  const box = boxOf(points);
  let start = model.get("codewords").map((c) => [...c]);
  let seed = 1;
  let pick;
  let states;
  let trails;
  let histories;
  let timer = null;
  let drawing = false; // a new start that this code writes into the model is no news

  const button = (text, action) => {
    const made = html("button", { type: "button", class: "jupyter-button" }, text);
    made.addEventListener("click", action);
    return made;
  };
  const status = html("p", { role: "status", "aria-live": "polite", class: "status" });
  const chart = svg("svg", { role: "img", class: "chart" });
  const panels = METHODS.map((method, m) => makePanel(method, points, box, (k, where) => move(m, k, where)));
  const play = button("▶ Play", () => (timer ? pause() : run()));

  function show(announce = true) {
    const factor = model.get("factor");
    const found = states.map((state) => measure(state.codewords, points, factor));
    found.forEach((one, m) => {
      panels[m].draw(states[m], trails[m], one, factor);
      histories[m][states[m].steps] = one.distortion;
    });
    const now = drawChart(chart, histories, METHODS);
    status.setAttribute("aria-live", announce ? "polite" : "off"); // while it plays, it is only to be seen
    status.textContent = `After ${states[0].steps} steps, distortion: ${now}.`;
  }

  function reset() {
    pause();
    const random = generator(1000 + seed);
    pick = (n) => Math.floor(random() * n);
    states = METHODS.map(() => begin(start));
    trails = METHODS.map(() => [start]);
    histories = METHODS.map(() => []);
    show();
  }

  function step() {
    const batch = batchOf(points, model.get("batch"), states[0].steps);
    const rest = { rate: model.get("rate"), decay: model.get("decay"), factor: model.get("factor") };
    METHODS.forEach((method, m) => {
      learn(states[m], batch, { method: method.key, restart: model.get("restart"), pick, ...rest });
      trails[m].push(states[m].codewords.map((c) => [...c]));
    });
    show(!timer);
  }

  function run() {
    timer = setInterval(() => (states[0].steps < 200 ? step() : pause()), 1000 / PER_SECOND);
    play.textContent = "⏸ Pause";
  }

  function pause() {
    if (!timer) return;
    clearInterval(timer);
    timer = null;
    play.textContent = "▶ Play";
    show();
  }

  // A dragged codeword makes the panel's codewords the new start of all three: they stay comparable.
  function move(m, k, where) {
    start = states[m].codewords.map((c, j) => (j === k ? where(c).map(round) : [...c]));
    share();
    reset();
  }

  function share() {
    drawing = true;
    set(model, "codewords", start);
    drawing = false;
  }

  function newStart() {
    start = startOf(model.get("start"), points, model.get("N"), generator(seed));
    share();
    reset();
  }

  const settings = html(
    "div",
    { class: "settings" },
    range(model, "N", "N, codewords", { min: 1, max: Math.min(12, points.length), step: 1 }, newStart),
    choice(model, "start", "start", ["k-means++", "random points", "one corner"].map((s) => [s, s]), newStart),
    choice(model, "batch", "points in a step", [[0, "all"], [32, "32"], [8, "8"]], reset),
    check(model, "restart", "restart dead codewords", 0.05, reset),
    range(model, "rate", "learning rate (gradient)", { min: 0.5, max: 12, step: 0.5 }, reset),
    range(model, "decay", "decay (EMA)", { min: 0, max: 0.98, step: 0.02 }, reset),
    choice(model, "factor", "factor in the distance", [[2, "2, right"], [1, "1"], [4, "4"], [100, "100"]], reset),
  );
  model.on("change:codewords", () => {
    if (drawing) return;
    start = model.get("codewords").map((c) => [...c]);
    reset();
  });
  const buttons = html("div", { class: "buttons" });
  buttons.append(
    button("Step", () => (pause(), step())),
    play,
    button("Reset", reset),
    button("New start", () => ((seed += 1), newStart())),
  );
  const root = html("div", { class: "sparcode-codebook", role: "group", "aria-label": "Codebook playground" });
  const row = html("div", { class: "panels" }, ...panels.map((panel) => panel.element));
  root.append(settings, buttons, row, html("figure", {}, chart, status));
  // JupyterLab has its own use for the arrow keys; in here they belong to sliders and codewords.
  root.addEventListener("keydown", (event) => event.stopPropagation());
  el.append(root);
  reset();
  const sizes = new ResizeObserver(() => drawChart(chart, histories, METHODS));
  sizes.observe(root);
  return () => (pause(), sizes.disconnect());
}

export default { render };
