// What every page does: widgets follow the page's light or dark, what scrolls can be reached by keys,
// and the link to the other language keeps the place.
// What the reader chose, in this browser; where nothing may be kept, for as long as the page is open.
const sparcodeKept = (() => {
  const values = new Map();
  return {
    get(name) {
      try {
        return localStorage.getItem(name);
      } catch {
        return values.get(name) ?? null;
      }
    },
    set(name, value) {
      values.set(name, value);
      try {
        localStorage.setItem(name, value);
      } catch {
        return; // kept for this page
      }
    },
  };
})();
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");

  // Widgets are written for JupyterLab, which says so by this attribute.
  function follow() {
    const theme = document.body?.dataset.theme ?? "auto";
    const isDark = theme === "dark" || (theme === "auto" && dark.matches);
    document.documentElement.dataset.jpThemeLight = String(!isDark);
  }

  function reachable() {
    const boxes = "pre, figure, .cell_output, .output, .math-block, .table-wrapper, .toc-scroll, .sidebar-scroll";
    for (const box of document.querySelectorAll(boxes)) {
      const scrolls = box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight;
      if (scrolls) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  }

  // A page from the file system may not read other pages, so its search shows titles only.
  if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
  dark.addEventListener("change", follow);
  follow();
  // The link to the other language keeps the place, which has the same name there. The choice is
  // remembered: pages of the other language then show their link in bold; nobody is sent elsewhere.
  function languages() {
    const wanted = sparcodeKept.get("sparcode-language");
    for (const link of document.querySelectorAll("a.language")) {
      link.classList.toggle("wanted", link.hreflang === wanted);
      link.addEventListener("click", () => {
        sparcodeKept.set("sparcode-language", link.hreflang);
        link.hash = location.hash;
      });
    }
  }
  // A translated lesson shows its English below the text on demand; the choice is remembered.
  function beside() {
    const buttons = document.querySelectorAll("button.beside");
    const show = (on) => {
      document.documentElement.classList.toggle("beside", on);
      for (const button of buttons) button.setAttribute("aria-pressed", String(on));
    };
    show(sparcodeKept.get("sparcode-beside") === "true");
    for (const button of buttons) {
      button.addEventListener("click", () => {
        const on = button.getAttribute("aria-pressed") !== "true";
        sparcodeKept.set("sparcode-beside", String(on));
        show(on);
      });
    }
  }
  addEventListener("DOMContentLoaded", () => {
    follow();
    languages();
    beside();
    document.querySelector(".sidebar-drawer")?.setAttribute("aria-label", "All pages");
    document.querySelector(".toc-drawer")?.setAttribute("aria-label", "On this page");
    new MutationObserver(follow).observe(document.body, { attributeFilter: ["data-theme"] });
    new ResizeObserver(reachable).observe(document.body);
  });
})();
