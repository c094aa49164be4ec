// Below each live widget: its state as a link, as code, and as a picture. The state is also in the
// address: #Panel:M=2,N=64. `shared` names the values of the model that make the state, as at the start.
(() => {
  const node = (name, attributes = {}, text = "") => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.textContent = text;
    return element;
  };
  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

  // --- the address ------------------------------------------------------------------------------
  const short = (_, value) => (typeof value === "number" ? Number(value.toFixed(4)) : value);
  const written = (value) => encodeURIComponent(typeof value === "string" ? value : JSON.stringify(value, short));

  function read(text, like) {
    const plain = decodeURIComponent(text);
    return typeof like === "string" ? plain : JSON.parse(plain);
  }

  function addressOf(id, model, shared) {
    const changed = Object.keys(shared).filter((name) => !same(model.get(name), shared[name]));
    return `#${id}:${changed.map((name) => `${name}=${written(model.get(name))}`).join(",")}`;
  }

  const cut = (text) => (text.length > 60 ? `${text.slice(0, 60)}…` : text);

  /** Is it one of the choices (a list), in the range (an object), or else made like that at the start? */
  function isOffered(value, like, offer) {
    if (Array.isArray(offer)) return offer.some((one) => same(one, value));
    if (offer?.each) return Array.isArray(value) && offer.sizes.includes(value.length) && value.every((one) => isOffered(one, null, offer.each));
    if (!offer) return typeof value === typeof like && value !== null;
    if (value === null) return like === null;
    return typeof value === "number" && value >= offer.low && value <= offer.high && (!offer.whole || Number.isInteger(value));
  }

  /** Put the state of the address into the model; return what it can't take, in words. */
  function take(id, model, { shared, offered, drawn }) {
    const [name, settings = ""] = location.hash.slice(1).split(/:(.*)/s);
    if (name !== id) return null;
    const values = { ...shared };
    const refused = [];
    const named = new Set();
    for (const [key, text] of settings.split(",").filter(Boolean).map((one) => one.split(/=(.*)/s))) {
      try {
        const value = read(text, shared[key]);
        if (!(key in shared) || !isOffered(value, shared[key], offered[key])) throw new Error();
        values[key] = value;
        named.add(key);
      } catch {
        refused.push(text === undefined ? key : `${key}=${text}`);
      }
    }
    for (const [made, from] of Object.entries(drawn)) if (!named.has(made) && from.some((one) => named.has(one))) delete values[made];
    model.set(values);
    return refused.length ? `This widget does not offer ${cut(refused.join(", "))} of the address; the rest of it is shown.` : "";
  }

  // --- code -------------------------------------------------------------------------------------
  const PYTHON = { true: "True", false: "False", null: "None" };
  const python = (value) => (Array.isArray(value) ? `[${value.map(python).join(", ")}]` : (PYTHON[value] ?? JSON.stringify(value)));

  /** Python that shows this widget at its present state. */
  function callOf(model, shared, { module, kind, args }) {
    const changed = Object.keys(shared).filter((name) => !same(model.get(name), shared[name]));
    const settings = changed.map((name) => `${name}=${python(model.get(name))}`);
    return `from ${module} import ${kind}\n\n${kind}(${[...args.map(python), ...settings].join(", ")})`;
  }

  // --- pictures ---------------------------------------------------------------------------------
  const PAINT = ["fill", "stroke", "stroke-width", "stroke-dasharray", "opacity", "font-family", "font-size", "font-weight", "paint-order"];
  const escaped = (text) => text.replace(/[<>&]/g, (sign) => `&#${sign.charCodeAt(0)};`);
  const EDGE = 16; // pixels around saved charts
  const plain = (value) => value.replace(/color\(srgb ([\d.e-]+) ([\d.e-]+) ([\d.e-]+)[^)]*\)/g, (_, ...rgb) => `rgb(${rgb.slice(0, 3).map((x) => Math.round(255 * x)).join(",")})`);

  /** A copy of an SVG at its place on the page, with colours and fonts as attributes. */
  function copyOf(svg, frame) {
    const copy = svg.cloneNode(true);
    const originals = [svg, ...svg.querySelectorAll("*")];
    [copy, ...copy.querySelectorAll("*")].forEach((element, i) => {
      const style = getComputedStyle(originals[i]);
      element.removeAttribute("style");
      for (const name of PAINT) if (!element.getAttribute(name)?.startsWith("url")) element.setAttribute(name, plain(style.getPropertyValue(name)));
    });
    const box = svg.getBoundingClientRect();
    copy.setAttribute("x", box.left - frame.left);
    copy.setAttribute("y", box.top - frame.top);
    copy.setAttribute("overflow", "visible");
    return new XMLSerializer().serializeToString(copy);
  }

  /** The charts and their legend as one SVG that any program can read; light. */
  function ofCharts(root) {
    root.style.colorScheme = "light";
    const columns = root.querySelector(".columns").getBoundingClientRect();
    const frame = { left: columns.left - EDGE, top: columns.top - EDGE };
    const names = [...root.querySelectorAll(".legend li")].map((entry) => {
      const sample = entry.querySelector("svg").getBoundingClientRect();
      return `<text x="${sample.right + 5 - frame.left}" y="${sample.bottom - 3 - frame.top}" font-family="sans-serif" font-size="13" fill="#1f2933">${escaped(entry.textContent)}</text>`;
    });
    const parts = [...root.querySelectorAll("svg.chart, .legend svg")].map((svg) => copyOf(svg, frame));
    const height = root.querySelector(".legend").getBoundingClientRect().bottom - frame.top + EDGE;
    const words = root.querySelector(".status").textContent;
    root.style.colorScheme = "";
    return wrapped(columns.width + 2 * EDGE, height, [...parts, ...names].join(""), words);
  }

  /** Any other widget as one SVG with HTML inside, which browsers can read. */
  function ofPage(root, css) {
    const copy = root.cloneNode(true);
    const controls = [...root.querySelectorAll(".controls, .steps, .settings, .buttons")];
    const saved = controls.reduce((sum, one) => sum + one.offsetHeight, 0);
    for (const one of copy.querySelectorAll(".controls, .steps, .settings, .buttons")) one.remove(); // nothing to press
    const { width, height: whole } = root.getBoundingClientRect();
    const height = whole - saved + EDGE;
    const html = new XMLSerializer().serializeToString(copy);
    const style = `<style>${escaped(css)}</style>`;
    const inside = `<foreignObject width="100%" height="100%"><div xmlns="http://www.w3.org/1999/xhtml">${style}${html}</div></foreignObject>`;
    return wrapped(width, height, inside, root.querySelector(".status, [role=status]")?.textContent ?? "");
  }

  function wrapped(width, height, inside, words) {
    const text = `<desc>${escaped(words)}</desc>`;
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${Math.ceil(width)}" height="${Math.ceil(height)}">${text}<rect width="100%" height="100%" fill="#fcfbf8"/>${inside}</svg>`;
  }

  async function toPng(svg) {
    const image = new Image();
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
    await image.decode();
    const canvas = node("canvas", { width: 2 * image.width, height: 2 * image.height });
    const context = canvas.getContext("2d");
    context.scale(2, 2);
    context.drawImage(image, 0, 0);
    return new Promise((done, fail) => canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error("the browser made no picture"))), "image/png"));
  }

  function download(blob, name) {
    const link = node("a", { href: URL.createObjectURL(blob), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }

  // --- the line of buttons ------------------------------------------------------------------------
  function lineOf(actions, status) {
    const line = node("div", { class: "sparcode-share", role: "group", "aria-label": "Share and keep" });
    for (const [text, action] of actions) {
      const button = node("button", { type: "button" }, text);
      button.addEventListener("click", async () => {
        try {
          status.textContent = (await action()) ?? "";
        } catch (error) {
          status.textContent = `That did not work: ${error.message}.`;
        }
      });
      line.append(button);
    }
    line.append(status);
    return line;
  }

  async function copy(text, words) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // No permission, or no secure connection, as in a class: the old way, through a selection.
      const area = node("textarea", { class: "sparcode-copied" }, text);
      document.body.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      if (!done) throw new Error("the browser refused to copy");
    }
    return words;
  }

  /** Show what the address says, now and when it changes. */
  function follow(place, id, model, state, status) {
    const look = () => {
      const words = take(id, model, state);
      if (words === null) return;
      status.textContent = words;
      place.scrollIntoView({ block: "start", behavior: "instant" });
    };
    addEventListener("hashchange", look);
    look();
  }

  /** Write into the address what a reader does, but not what plays by itself. */
  function write(place, id, model, shared, status) {
    let last = addressOf(id, model, shared);
    const look = () => {
      const now = addressOf(id, model, shared);
      const story = place.closest('[data-mode="story"]'); // which sets the state itself
      if (now !== last && !story) {
        history.replaceState(history.state, "", now);
        status.textContent = ""; // it spoke of another state
      }
      last = now;
    };
    for (const kind of ["input", "change", "click", "keyup", "pointerup"]) {
      place.addEventListener(kind, (event) => event.isTrusted && setTimeout(look));
    }
  }

  function attach(place, id, { model, root, css, shared, offered, drawn, call }) {
    place.id = id;
    const panel = root.querySelector(".sparcode-explorer");
    const picture = () => (panel ? ofCharts(panel) : ofPage(root, css));
    const link = () => location.href.split("#")[0] + addressOf(id, model, shared);
    const code = () => model.get("code") || callOf(model, shared, call);
    const status = node("span", { role: "status", class: "sparcode-share-status" });
    const actions = [
      ["Copy link", () => copy(link(), "The link is copied.")],
      [panel ? "Save as SVG" : "Save as SVG (for browsers)", () => download(new Blob([picture()], { type: "image/svg+xml" }), `${id}.svg`)],
      ["Save as PNG", async () => download(await toPng(picture()), `${id}.png`)],
    ];
    if (call) actions.splice(1, 0, ["Copy code", () => copy(code(), "The code of this setting is copied.")]);
    place.append(lineOf(actions, status));
    write(place, id, model, shared, status);
    follow(place, id, model, { shared, offered, drawn }, status);
  }

  window.sparcodeShare = attach;
})();
