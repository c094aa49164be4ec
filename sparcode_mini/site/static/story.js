// The story of the first page. The X-ray stands still while the page scrolls; each stretch of the
// scrolling is a step, which has a text and sets the X-ray's traits (see ../story.py). Buttons and
// the keys ← and → only scroll to the middle of a stretch, so that there is one state: the place.
(() => {
  const story = document.querySelector(".sparcode-story");
  const frame = story.querySelector(".story-frame");
  const words = story.querySelector(".story-words");
  const place = story.querySelector(".sparcode-live");
  const texts = [...story.querySelectorAll("[data-set]")]; // the first is the start, no step
  const steps = texts.length - 1;
  const track = document.createElement("div"); // what there is to scroll while the X-ray stands
  let now = -1;

  // --- buttons -------------------------------------------------------------------------------
  function button(text, action, label = text) {
    const one = document.createElement("button");
    one.type = "button";
    one.textContent = text;
    one.setAttribute("aria-label", label);
    one.addEventListener("click", action);
    return one;
  }

  const back = button("◀", () => go(now - 1), "Previous step");
  const next = button("Next ▶", () => go(now + 1), "Next step");
  const dots = texts.slice(1).map((text, s) => button(`${s + 1}`, () => go(s + 1), `Step ${s + 1}: ${text.querySelector("h2").textContent}`));
  const free = button("Explore it yourself", () => setMode(story.dataset.mode === "free" ? "story" : "free"));
  const spoken = document.createElement("p");
  const told = document.createElement("p"); // about the film that is pointed at, in the place of the text
  const bar = document.createElement("div");

  function build() {
    track.className = "story-track";
    bar.className = "story-bar";
    bar.setAttribute("role", "group");
    bar.setAttribute("aria-label", "Steps of the story");
    spoken.className = "story-spoken";
    told.className = "story-told";
    for (const one of [spoken, told]) one.setAttribute("role", "status");
    bar.append(back, ...dots, next, free, spoken);
    words.querySelector(".story-texts").append(told);
    words.append(bar);
    story.append(track);
  }

  // --- from the place to the step, and back --------------------------------------------------
  const header = () => document.querySelector(".mobile-header").offsetHeight;
  const past = () => header() - story.getBoundingClientRect().top; // pixels that the story has scrolled
  const stretch = () => track.offsetHeight / steps;

  function go(step) {
    const to = Math.max(0, Math.min(steps, step));
    const top = scrollY + (to ? (to - 0.5) * stretch() - past() : -scrollY);
    scrollTo({ top, behavior: "instant" }); // the X-ray stands still, so there is nothing to animate
    look();
  }

  function look() {
    if (story.dataset.mode === "story") show(past() < 0 ? 0 : Math.min(steps, 1 + Math.floor(past() / stretch())));
  }

  function show(step) {
    if (step === now) return;
    now = step;
    texts.forEach((text, t) => text.classList.toggle("now", t === step));
    dots.forEach((dot, d) => (d + 1 === step ? dot.setAttribute("aria-current", "step") : dot.removeAttribute("aria-current")));
    back.disabled = step === 0;
    next.disabled = step === steps;
    next.textContent = step === 0 ? "Start ▶" : "Next ▶";
    spoken.textContent = step ? `Step ${step} of ${steps}: ${texts[step].textContent}` : "";
    move();
  }

  function move() {
    if (!place.model) return; // not there yet, or it failed and said so
    place.model.set(JSON.parse(texts[now].dataset.set));
    const near = texts[now].dataset.stages.split(" ");
    for (const stage of place.querySelectorAll("[data-stage]")) stage.classList.toggle("story-far", !near.includes(stage.dataset.stage));
    place.scrollTop = 0; // a telephone shows some stages in a box of its own
  }

  // The X-ray's own sentences are not shown within the story, but for the answer to a reader.
  function tell(event) {
    const about = place.querySelector(".pointing") || event.type === "input";
    words.classList.toggle("telling", Boolean(about));
    told.textContent = about ? place.querySelector(".status").textContent : "";
  }

  // --- the story, or the X-ray with all its controls -----------------------------------------
  function setMode(mode) {
    story.dataset.mode = mode;
    free.textContent = mode === "free" ? "◀ Back to the story" : "Explore it yourself";
    free.setAttribute("aria-label", free.textContent);
    place.model?.set("stage", 0);
    if (mode === "free") story.scrollIntoView({ behavior: "instant" });
    else go(Math.max(1, now));
    now = -1; // whatever the reader has set meanwhile
    look();
  }

  // A frame higher than the window stands with its lower edge, the text, in sight.
  function fit() {
    story.style.setProperty("--story-top", `${Math.min(header(), innerHeight - frame.offsetHeight)}px`);
    look();
  }

  build();
  story.dataset.mode = "story";
  fit();
  addEventListener("scroll", look, { passive: true });
  addEventListener("resize", fit);
  new ResizeObserver(fit).observe(frame);
  place.addEventListener("sparcode:live", move);
  for (const kind of ["pointerover", "pointerout", "focusin", "focusout", "click", "input"]) place.addEventListener(kind, tell);
  document.addEventListener("keydown", (event) => {
    const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const box = story.getBoundingClientRect();
    const here = story.dataset.mode === "story" && box.top < innerHeight && box.bottom > innerHeight / 2;
    const plain = !(event.altKey || event.ctrlKey || event.metaKey || event.shiftKey);
    if (!way || !here || !plain || (event.target !== document.body && !words.contains(event.target))) return;
    event.preventDefault();
    go(now + way);
  });
})();
