// Code that can be read, selected, and copied with one button. Nothing is loaded from elsewhere.

async function toClipboard(area) {
  try {
    await navigator.clipboard.writeText(area.value);
  } catch {
    // No permission, or no secure connection: the old way, through a selection.
    area.select();
    if (!document.execCommand("copy")) throw new Error("the browser refused");
  }
}

// plotly measures its width before the notebook has laid the panel out, and later follows only the
// window. So tell it that the window changed: when its first drawing is there, and when this element,
// which is as wide as the panel, changes its width.
function fitPlots(el) {
  const announce = () => window.dispatchEvent(new Event("resize"));
  let width = 0;
  const observer = new ResizeObserver(() => {
    if (el.clientWidth !== width) {
      width = el.clientWidth;
      announce();
    }
  });
  observer.observe(el);
  let tries = 0;
  const timer = setInterval(() => {
    const drawn = el.parentElement?.querySelector(".js-plotly-plot .main-svg");
    tries += 1;
    if (drawn || tries > 100) clearInterval(timer);
    if (drawn) announce();
  }, 100);
  return () => {
    observer.disconnect();
    clearInterval(timer);
  };
}

function render({ model, el }) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "jupyter-button sparcode-copy";
  button.textContent = "Copy the code of this setting";

  const note = document.createElement("span");
  note.setAttribute("role", "status");
  note.style.cssText = "margin-left: 8px; font-size: 85%";

  const area = document.createElement("textarea");
  area.readOnly = true;
  area.spellcheck = false;
  area.setAttribute("aria-label", "Code of the chosen setting");
  area.style.cssText = `display: block; box-sizing: border-box; width: 100%; margin-top: 6px;
    padding: 8px; resize: vertical; white-space: pre; border-radius: 4px;
    font-family: var(--jp-code-font-family, monospace); font-size: var(--jp-code-font-size, 13px);
    color: var(--jp-content-font-color1, #1f2933);
    background: var(--jp-cell-editor-background, #f5f5f5);
    border: 1px solid var(--jp-border-color2, #bbb)`;

  const show = () => {
    area.value = model.get("code");
    area.rows = area.value.split("\n").length + 1; // room for a horizontal scroll bar
    note.textContent = "";
  };
  button.addEventListener("click", async () => {
    try {
      await toClipboard(area);
      note.textContent = "Copied.";
    } catch {
      area.focus();
      area.select();
      note.textContent = "The browser does not allow copying; press Ctrl+C (or Cmd+C).";
    }
  });
  // Keep the notebook's own shortcuts away from keys that are meant for this text.
  el.addEventListener("keydown", (event) => event.stopPropagation());

  show();
  model.on("change:code", show);
  el.append(button, note, area);
  const stopFitting = fitPlots(el);
  return () => {
    model.off("change:code", show);
    stopFitting();
  };
}

export default { render };
