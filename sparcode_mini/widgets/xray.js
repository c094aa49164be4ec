// The SparCode X-ray: controls, steps, and what pointing at a film does. See xray.py for the traits.
import { follow } from "./xray_sums.js";
import { STAGES, aboutBias, aboutFilm, aboutFound, aboutReads, aboutRequest, freshOf, sentence } from "./xray_words.js";
import { html, svg } from "./elements.js";
import { button } from "./xray_elements.js";
import { drawCodebooks, drawCodes, drawHistory, drawLists, drawSums, drawTokenizer, drawTokens, drawTower, legend, pointInLists } from "./xray_stages.js";
import { drawWires } from "./xray_wires.js";
import { makeControls, nearestOf, showBias } from "./xray_controls.js";
import { numbersOf } from "./xray_numbers.js";

const SECONDS = 6; // of a step while playing
let made = 0; // widgets on this page, for ids of their own

function render({ model, el }) {
  const id = `xray-${(made += 1)}`;
  const off = [];
  const listen = (name, action) => {
    model.on(`change:${name}`, action);
    off.push([`change:${name}`, action]);
  };
  const get = (name, otherwise) => model.get(name) ?? otherwise;
  const set = (name, value) => {
    model.set(name, value);
    model.save_changes?.();
  };
  const local = { film: null, pinned: null, opened: 0, chosen: [], timer: null, stepping: false };
  let held = model.get("data"); // a model may copy what it gives away, so it is asked once
  let view;

  // --- what stands still ---------------------------------------------------------------------
  const status = html("p", { class: "status", role: "status", "aria-live": "polite" });
  const step = html("span", { class: "step" });
  const back = button("◀ Back", () => (pause(), goTo(get("stage", 0) - 1)));
  const play = button("▶ Play", () => (local.timer ? pause() : run()));
  const next = button("Next ▶", () => (pause(), goTo(get("stage", 0) + 1)));
  const whole = button("Whole", () => (pause(), goTo(0)));
  const controls = html("div", { class: "controls" });
  const wires = svg("svg", { class: "wires", "aria-hidden": "true", preserveAspectRatio: "none" });
  const bodies = STAGES.map(() => html("div", { class: "body" }));
  const heads = STAGES.map((name, s) => {
    const head = html("button", { type: "button", class: "stage-head", "aria-expanded": "false", "aria-controls": `${id}-numbers` }, html("span", { class: "number" }, String(s + 1)), ` ${name}`);
    head.addEventListener("click", () => open(local.opened === s + 1 ? 0 : s + 1));
    return head;
  });
  const sections = STAGES.map((name, s) => html("section", { "data-stage": s + 1, class: `stage s${s + 1}`, "aria-label": name }, html("h4", {}, heads[s]), bodies[s]));
  const flow = html("div", { class: "flow" }, wires, sections);
  const numbers = html("div", { class: "numbers", id: `${id}-numbers`, hidden: true });
  const steps = html("div", { class: "steps", role: "group", "aria-label": "Step by step" }, back, play, next, whole, step);
  const lead = html("div", { class: "lead" }, steps, status);
  const card = html("div", { class: "card" }, controls, lead, flow, legend(), numbers);
  const root = html("div", { class: "sparcode-xray", role: "group", "aria-label": "SparCode X-ray: one query from history to results" }, card);

  // --- what is shown ---------------------------------------------------------------------------
  const data = () => held;
  const nouns = () => get("nouns", ["film", "films"]); // one, several
  const which = () => Math.min(get("which", 0), data().models.length - 1);
  const person = () => Math.min(get("person", 0), data().people.length - 1);
  const tokensOn = () => get("tokens", []);
  const bias = () => nearestOf(data().models[which()].grid, get("bias", data().models[which()].bias));
  const wish = () => Math.min(get("wish", 0), data().wishes.length);
  const probes = () => {
    const known = Object.keys(data().models[which()].queries[0].reads).map(Number);
    return known.includes(get("probes", 1)) ? get("probes", 1) : known.at(-1);
  };

  const at = { id, get, set, nouns: () => nouns(), data, which, tokensOn, bias, say: (text) => (status.textContent = text) };
  const drawControls = () => makeControls(at, controls);

  // --- drawing -------------------------------------------------------------------------------
  function draw() {
    view = { ...follow(data(), { person: person(), which: which(), probes: probes(), bias: bias(), on: tokensOn(), wish: wish() }), nouns: nouns(), wide: isWide() };
    local.chosen = Array.from({ length: view.model.tokens }, (_, token) => (local.chosen[token] ?? 0) % probes());
    local.film = local.pinned = null;
    const drawn = [drawHistory(view), drawTokenizer(view), drawTokens(view), drawCodebooks(view), drawCodes(view, local.chosen), drawLists(view, local.chosen), drawSums(view), drawTower(view)];
    drawn.forEach((parts, s) => bodies[s].replaceChildren(...parts.filter(Boolean)));
    root.querySelectorAll(".roving").forEach((group) => group.querySelector("button")?.setAttribute("tabindex", 0));
    showNumbers();
    showStage();
    connect();
  }

  /** Draw what a control has changed, mark what is new among the results, and say it. */
  function redraw(about) {
    const before = view;
    draw();
    if (!calm()) for (const film of freshOf(view, before)) root.querySelector(`.results [data-film="${film}"]`).animate({ boxShadow: ["0 0 0 3px currentColor", "0 0 0 3px transparent"] }, 1500);
    if (about || !get("stage", 0)) status.textContent = `${(about ?? aboutReads)(view, before)} ${aboutFound(view, before)}`.trim(); // else the sentence of the step
  }

  const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  const isWide = () => getComputedStyle(flow).gridTemplateColumns.split(" ").length > 1; // see xray.css

  function connect() {
    view.wide = isWide();
    drawWires(flow, wires, view);
    light(local.film ?? local.pinned);
  }

  function showStage() {
    const stage = get("stage", 0);
    flow.dataset.step = stage;
    sections.forEach((section, s) => {
      section.classList.toggle("now", stage === s + 1);
      section.classList.toggle("yet", stage > 0 && s + 1 > stage);
    });
    flow.classList.toggle("stepping", stage > 0);
    root.classList.toggle("own-names", nouns()[0] !== "film"); // titles of somebody's own stay as they are
    step.textContent = stage ? `step ${stage} of ${STAGES.length}` : "";
    back.disabled = stage === 0;
    next.disabled = stage === STAGES.length;
    status.style.height = "";
    status.textContent = sentence(view, stage);
  }

  function showNumbers() {
    const s = local.opened;
    heads.forEach((head, h) => head.setAttribute("aria-expanded", String(h + 1 === s)));
    numbers.hidden = s === 0;
    if (!s) return numbers.replaceChildren();
    if (isWide()) card.append(numbers);
    else bodies[s - 1].before(numbers); // right below its heading, where the stages stand below each other
    const shut = button("Close", () => (open(0), heads[s - 1].focus()));
    numbers.replaceChildren(html("h4", {}, `${s} ${STAGES[s - 1]}: its numbers`, shut), html("div", { class: "tables" }, numbersOf(s, view, local.chosen)));
  }

  function open(stage) {
    local.opened = stage;
    showNumbers();
    connect();
    if (stage && isWide()) numbers.scrollIntoView({ block: "nearest", behavior: calm() ? "instant" : "smooth" });
    else if (stage) bring(stage);
  }

  // --- steps ---------------------------------------------------------------------------------
  function goTo(stage) {
    local.stepping = true;
    set("stage", Math.max(0, Math.min(STAGES.length, stage)));
    local.stepping = false;
    if (get("stage", 0) > 0 && !isWide()) bring(get("stage", 0));
  }

  function bring(stage) {
    flow.style.setProperty("--lead", `${lead.offsetHeight}px`); // which stays in sight above
    sections[stage - 1].scrollIntoView({ block: "start", behavior: calm() ? "instant" : "smooth" });
  }

  function run() {
    if (get("stage", 0) >= STAGES.length) goTo(0);
    goTo(get("stage", 0) + 1);
    local.timer = setInterval(() => (get("stage", 0) < STAGES.length ? goTo(get("stage", 0) + 1) : pause()), 1000 * SECONDS);
    play.textContent = "⏸ Pause";
  }

  function pause() {
    clearInterval(local.timer);
    local.timer = null;
    play.textContent = "▶ Play";
  }

  // --- pointing ------------------------------------------------------------------------------
  function light(film) {
    root.querySelectorAll(".lit").forEach((one) => one.classList.remove("lit"));
    flow.classList.toggle("pointing", film !== null);
    if (film !== null) root.querySelectorAll(`[data-film="${film}"]`).forEach((one) => one.classList.add("lit"));
    pointInLists(root, view, film);
  }

  function point(film) {
    if (film === local.film) return;
    local.film = film;
    const shown = film ?? local.pinned;
    light(shown);
    status.style.height = shown === null ? "" : `${status.getBoundingClientRect().height}px`; // what is pointed at must not move away
    status.textContent = shown === null ? sentence(view, get("stage", 0)) : aboutFilm(view, shown);
  }

  const filmAt = (target) => target.closest?.("button[data-film]")?.dataset.film;
  const over = (event) => filmAt(event.target) !== undefined && point(Number(filmAt(event.target)));
  const away = (event) => filmAt(event.target) !== undefined && filmAt(event.relatedTarget ?? root) === undefined && point(null);
  root.addEventListener("pointerover", (event) => event.pointerType !== "touch" && over(event));
  root.addEventListener("pointerout", (event) => event.pointerType !== "touch" && away(event));
  root.addEventListener("focusin", over);
  root.addEventListener("focusout", away);
  root.addEventListener("click", (event) => {
    const film = filmAt(event.target);
    if (film !== undefined) {
      local.pinned = local.pinned === Number(film) ? null : Number(film);
      root.querySelectorAll("button[data-film]").forEach((one) => one.setAttribute("aria-pressed", String(Number(one.dataset.film) === local.pinned)));
      local.film = undefined;
      point(local.pinned);
    }
    const read = event.target.closest?.("[data-read]")?.dataset.read;
    if (read !== undefined) {
      const [token, probe] = read.split("-").map(Number);
      local.chosen[token] = probe;
      draw();
      root.querySelector(`[data-read="${read}"]`).focus();
    }
  });

  // Arrows move inside a group of buttons, and from one stage to the next. JupyterLab has its own
  // use for the keys, so none leaves the widget.
  root.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Escape" && local.opened) {
      heads[local.opened - 1].focus();
      open(0);
    }
    const way = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key];
    if (!way) return;
    const group = heads.includes(event.target) ? heads : [...(event.target.closest?.(".roving")?.querySelectorAll("button") ?? [])];
    if (!group.includes(event.target)) return;
    event.preventDefault();
    const to = group[Math.max(0, Math.min(group.length - 1, group.indexOf(event.target) + way))];
    if (group !== heads) group.forEach((one) => one.setAttribute("tabindex", one === to ? 0 : -1));
    to.focus();
  });

  // --- all together --------------------------------------------------------------------------
  listen("stage", () => {
    if (!local.stepping) pause(); // somebody else chose a stage
    showStage();
  });
  // Several traits may change at once: one drawing, before the browser paints.
  const changed = new Set();
  function update() {
    const only = (...names) => [...changed].every((name) => names.includes(name));
    if (!only("bias")) drawControls();
    if (only("bias")) redraw(aboutBias);
    else if (only("wish") && wish()) redraw(aboutRequest);
    else if (only("bias", "probes", "tokens", "wish")) redraw();
    else draw();
    showBias(at, controls);
    changed.clear();
  }
  for (const name of ["bias", "probes", "tokens", "wish", "person", "which", "data", "films", "note", "titles"]) {
    listen(name, () => {
      if (!changed.size) queueMicrotask(update);
      changed.add(name);
    });
  }
  listen("data", () => (held = model.get("data")));
  listen("which", () => {
    set("bias", data().models[which()].bias);
    set("probes", probes()); // another model may have fewer codes
  });
  root.addEventListener("sparcode:pause", pause); // the page has other plans
  const sizes = new ResizeObserver(() => view && connect());
  el.append(root);
  drawControls();
  draw();
  sizes.observe(flow);
  return () => {
    pause();
    sizes.disconnect();
    off.forEach(([name, action]) => model.off?.(name, action));
  };
}

export default { render };
