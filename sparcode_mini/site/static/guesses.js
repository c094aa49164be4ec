// Keeps the guesses of a reader, in this browser only, and shows them beside the answers.
(() => {
  const place = (name) => `sparcode-guess-${name}`;

  function said(name, guess) {
    for (const line of document.querySelectorAll(`.sparcode-said[data-guess="${name}"]`)) {
      line.hidden = !guess;
      line.textContent = line.dataset.words.replace("{}", () => guess);
    }
  }

  function start(form) {
    const name = form.dataset.guess;
    const kept = sparcodeKept.get(place(name)) ?? "";
    const inputs = [...form.querySelectorAll("input")];
    for (const input of inputs) {
      if (input.type === "text") input.value = kept;
      else input.checked = input.value === kept;
    }
    const take = () => {
      const guess = (inputs.find((input) => input.type === "text" || input.checked)?.value ?? "").trim();
      sparcodeKept.set(place(name), guess);
      said(name, guess);
    };
    form.addEventListener("change", take);
    form.addEventListener("submit", (event) => event.preventDefault());
    take();
  }

  addEventListener("DOMContentLoaded", () => document.querySelectorAll("form.sparcode-guess").forEach(start));
})();
