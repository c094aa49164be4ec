// The story of the first page. The X-ray stands still while the page scrolls; each stretch of the
// scrolling is a step, which has a text and sets the X-ray's traits (see ../story.py). Buttons and
// the keys ← and → only scroll to the middle of a stretch, so that there is one state: the place.
(() => {
  const story = document.querySelector(".sparcode-story");
  const words = story.querySelector(".story-words");
  const place = story.querySelector(".sparcode-live");
  const texts = [...story.querySelectorAll("[data-set]")]; // the first is the start, no step
  const steps = texts.length - 1;
  const track = document.createElement("div"); // what there is to scroll while the X-ray stands
  const MOST = 0.62; // of the window, for the words
  const LOW = 560; // pixels: below, words and picture are side by side (landing.css)
  const BAR = 150; // pixels: a telephone's own bars come and go
  let now = -1;
  let pointer = ""; // where it is on the screen
  let resting = ""; // where it was when the step began

  // --- buttons -------------------------------------------------------------------------------
  function button(text, action, label = "") {
    const one = document.createElement("button");
    one.type = "button";
    one.textContent = text;
    if (label) one.setAttribute("aria-label", label);
    one.addEventListener("click", action);
    return one;
  }

  function span(text) {
    const one = document.createElement("span");
    one.textContent = text;
    return one;
  }

  const back = button("◀", () => go(now - 1), "Previous step");
  const next = button("Next ▶", () => (now === steps ? leave() : go(now + 1)));
  next.className = "story-next";
  const dots = texts.slice(1).map((text, s) => {
    const dot = button(`${s + 1}`, () => go(s + 1), `Step ${s + 1}`);
    dot.title = text.querySelector("h2").textContent;
    return dot;
  });
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

  /** Go to what follows the story. */
  function leave() {
    scrollTo({ top: scrollY + story.getBoundingClientRect().bottom - header(), behavior: "instant" });
  }

  function look() {
    if (story.dataset.mode === "story") show(past() < 0 ? 0 : Math.min(steps, 1 + Math.floor(past() / stretch())));
  }

  function show(step) {
    if (step === now) return;
    now = step;
    words.classList.remove("telling");
    resting = pointer;
    texts.forEach((text, t) => text.classList.toggle("now", t === step));
    dots.forEach((dot, d) => (d + 1 === step ? dot.setAttribute("aria-current", "step") : dot.removeAttribute("aria-current")));
    back.disabled = step === 0;
    next.textContent = step === 0 ? "Start ▶" : step === steps ? "Sizes ▼" : "Next ▶";
    spoken.replaceChildren(); // two texts: the second is in the page's language already
    if (step) spoken.append(span(`Step ${step} of ${steps}.`), " ", span(texts[step].textContent));
    move();
  }

  function move() {
    if (!place.model || story.dataset.mode !== "story") return; // not there yet, or the reader has it
    point("pointerout");
    place.querySelector('[aria-expanded="true"]')?.click(); // numbers that were opened in another step
    const { set, near, more } = texts[now].dataset;
    place.model.set(JSON.parse(set));
    for (const stage of place.querySelectorAll("[data-stage]")) {
      const name = stage.dataset.stage; // "1" to "8"
      stage.classList.toggle("story-far", !`${near} ${more}`.includes(name));
      stage.classList.toggle("story-more", more.includes(name));
    }
    if (texts[now].hasAttribute("data-point")) queueMicrotask(() => point("pointerover")); // after the drawing
    place.scrollTop = 0; // a telephone shows some stages in a box of its own
  }

  // Point at the first result, or no longer, as a mouse would.
  function point(kind) {
    place.querySelector(".results [data-film]")?.dispatchEvent(new PointerEvent(kind, { bubbles: true }));
  }

  const where = (event) => `${event.screenX} ${event.screenY}`;

  // The X-ray's own sentences are not shown within the story, but for the answer to a reader.
  function tell(event) {
    if (!event.isTrusted) return; // it was the story itself
    if (event.type === "pointerover" && where(event) === resting) return; // the page moved, not the pointer
    const about = place.querySelector(".pointing");
    words.classList.toggle("telling", Boolean(about));
    told.textContent = about ? place.querySelector(".status").textContent : "";
  }

  // --- the story, or the X-ray with all its controls -----------------------------------------
  function setMode(mode) {
    story.dataset.mode = mode;
    free.textContent = mode === "free" ? "◀ Back to the story" : "Explore it yourself";
    if (mode === "free") {
      point("pointerout");
      place.model?.set("stage", 0);
      story.scrollIntoView({ behavior: "instant" });
      place.querySelector("select")?.focus({ preventScroll: true });
    } else {
      place.querySelector(".sparcode-xray")?.dispatchEvent(new CustomEvent("sparcode:pause"));
      history.replaceState(history.state, "", location.href.split("#")[0]); // of what was explored
      const step = Math.max(1, now);
      now = -1; // whatever the reader has set meanwhile
      go(step);
    }
  }

  /** With very large letters the words would cover the picture: then they stand below it, as without a script. */
  function fit() {
    if (story.dataset.mode === "free") return;
    story.dataset.mode = "story";
    const high = words.offsetHeight > MOST * innerHeight && innerHeight > LOW;
    if (high) delete story.dataset.mode;
    track.hidden = bar.hidden = high;
  }

  // An address with a state of the X-ray, such as a shared link, shows that and not the story.
  const shared = () => location.hash.startsWith("#XRay:") && story.dataset.mode !== "free";

  build();
  fit();
  if (shared()) setMode("free");
  look();
  addEventListener("hashchange", () => shared() && setMode("free"));
  addEventListener("scroll", look, { passive: true });
  let size = [innerWidth, innerHeight];
  addEventListener("resize", () => {
    const bar = innerWidth === size[0] && Math.abs(innerHeight - size[1]) < BAR;
    if (!bar) size = [innerWidth, innerHeight];
    fit();
    if (!bar && story.dataset.mode === "story" && now > 0) go(now); // the track is as long as the window is high
    else look();
  });
  place.addEventListener("sparcode:live", move);
  addEventListener("pointermove", (event) => (pointer = where(event)), { passive: true });
  for (const kind of ["pointerover", "pointerout", "focusin", "focusout", "click"]) place.addEventListener(kind, tell);
  document.addEventListener("keydown", (event) => {
    const way = { ArrowRight: 1, PageDown: 1, " ": 1, ArrowLeft: -1, PageUp: -1 }[event.key];
    const box = story.getBoundingClientRect();
    const here = story.dataset.mode === "story" && box.top < innerHeight && box.bottom > innerHeight / 2;
    const plain = !(event.altKey || event.ctrlKey || event.metaKey || event.shiftKey);
    if (!way || !here || !plain || (event.target !== document.body && !words.contains(event.target))) return;
    if (event.key === " " && event.target !== document.body) return; // it presses the button
    if (!event.key.startsWith("Arrow") && (now + way < 0 || now + way > steps)) return; // out of the story
    event.preventDefault();
    go(now + way);
  });
})();
