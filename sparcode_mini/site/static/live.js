// Starts the widgets of a page. Each is an anywidget whose logic is in its own JavaScript; here is
// as much of anywidget's model as such a widget needs, without Python behind it.
(() => {
  const waiting = new Map(); // name of a widget -> what to do with what its script offers
  const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

  function makeModel(state) {
    const values = structuredClone(state); // two widgets of a page share nothing
    const listeners = new Map();
    const model = {
      get: (name) => values[name],
      set(name, value) {
        if (typeof name === "object") {
          for (const [key, each] of Object.entries(name)) model.set(key, each);
        } else if (!same(values[name], value)) {
          values[name] = value;
          emit(`change:${name}`, value);
          emit("change");
        }
      },
      on(name, callback) {
        listeners.set(name, [...(listeners.get(name) ?? []), callback]);
      },
      off(name, callback) {
        if (!name) listeners.clear();
        else listeners.set(name, callback ? (listeners.get(name) ?? []).filter((each) => each !== callback) : []);
      },
      save_changes() {}, // nobody to tell
      send() {},
    };
    const emit = (name, value) => {
      for (const callback of listeners.get(name) ?? []) callback(model, value);
    };
    return model;
  }

  // A script, not a request: a page from the file system may make none. A page that is one file has
  // what the script would offer inside: `sparcodeInside`.
  function load(name) {
    return new Promise((resolve, reject) => {
      if (window.sparcodeInside?.[name]) return resolve(window.sparcodeInside[name]);
      waiting.set(name, resolve);
      const script = document.createElement("script");
      script.src = `${document.documentElement.dataset.content_root}_static/live/${name}.js`;
      script.onerror = () => reject(new Error(`${script.src} is not there`));
      document.head.append(script);
    }).then(async ({ esm, css, state, ...sharing }) => {
      const style = document.createElement("style");
      style.textContent = css;
      document.head.append(style);
      const url = URL.createObjectURL(new Blob([esm], { type: "text/javascript" }));
      const { default: made } = await import(url);
      return { widget: typeof made === "function" ? await made() : made, state, css, sharing };
    });
  }

  async function start(place, id, loaded) {
    const el = document.createElement("div");
    try {
      const { widget, state, css, sharing } = await loaded;
      const model = makeModel(state);
      await widget.initialize?.({ model });
      place.append(el);
      await widget.render({ model, el });
      place.model = model; // for what else is on the page
      sparcodeShare(place, id, { model, root: el, css, ...sharing });
      place.dataset.state = "live";
      place.dispatchEvent(new CustomEvent("sparcode:live", { bubbles: true }));
    } catch (error) {
      el.textContent = `This could not start here (${error.message}); the picture shows it.`;
      place.append(el);
      place.dataset.state = "failed";
      console.error(error);
    }
  }

  window.sparcode = { offer: (name, bundle) => waiting.get(name)(bundle) };
  const loading = new Map();
  const count = new Map(); // widgets of a class, for names of their own
  for (const place of document.querySelectorAll(".sparcode-live")) {
    const name = place.dataset.widget;
    const [kind] = name.split("-");
    count.set(kind, (count.get(kind) ?? 0) + 1);
    if (!loading.has(name)) loading.set(name, load(name));
    start(place, count.get(kind) > 1 ? `${kind}-${count.get(kind)}` : kind, loading.get(name));
  }
})();
