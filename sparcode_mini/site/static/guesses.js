// Keeps the guesses of a reader, in this browser only, and shows them beside the answers.
(() => {
  const place = (name) => `sparcode-guess-${name}`;

  function said(name, guess) {
    for (const line of document.querySelectorAll(`.sparcode-said[data-guess="${name}"]`)) {
      line.hidden = !guess;
      line.textContent = guess && line.dataset.words.replace("{}", () => guess);
    }
  }

  function start(form) {
    const name = form.dataset.guess;
    const inputs = [...form.querySelectorAll("input")];
    const field = inputs[0].type === "text" ? inputs[0] : null;
    const guess = () => (field ?? inputs.find((input) => input.checked))?.value.trim() ?? "";
    const kept = sparcodeKept.get(place(name)); // a number, or the place of a choice: so in each language
    if (field) field.value = kept ?? "";
    else inputs.forEach((input, i) => (input.checked = String(i) === kept));
    form.addEventListener("change", () => {
      sparcodeKept.set(place(name), field ? guess() : String(inputs.findIndex((input) => input.checked)));
      said(name, guess());
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    said(name, guess());
  }

  addEventListener("DOMContentLoaded", () => document.querySelectorAll("form.sparcode-guess").forEach(start));
})();
