// Texts and labels in the reader's language. They are looked up once they are shown, sentence by
// sentence, as sparcode_mini/tools/language.py does it: a test holds both alike.
const NUMBER = /(?<![\p{L}\p{N}_)\]])[-+\u2212]?\d+(?:[.,]\d+)*|\d+(?:[.,]\d+)*/gu;
const PLACE = /\{([a-z_]+|\d+)\}/g;
const SIGNS = { ".": "。", ":": "：", ";": "；", ",": "，" };
const LABELS = ["aria-label", "aria-valuetext", "title", "placeholder", "alt"];
const literal = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** A text with {0}, {1}, ... in place of its numbers, and the numbers. */
function keyOf(text) {
  const numbers = [];
  return [text.replace(NUMBER, (number) => `{${numbers.push(number) - 1}}`), numbers];
}

function patternOf(key) {
  let text = "";
  let end = 0;
  for (const place of key.matchAll(PLACE)) {
    const number = /^\d/.test(place[1]);
    text += literal(key.slice(end, place.index)) + (number ? `(?<n${place[1]}>${NUMBER.source})` : `(?<${place[1]}>.+?)`);
    end = place.index + place[0].length;
  }
  const last = key.slice(end) ? "" : "(?<![.:;,])"; // the sign at the end belongs to the sentence
  return new RegExp(`^${text}${literal(key.slice(end))}${last}$`, "su");
}

/** Sentences in a row: among Chinese ones, numbers end in full-width signs; no space follows them. */
function joined(parts) {
  const wide = parts.some((part) => [...part].some((letter) => letter.codePointAt(0) > 0x2e7f));
  let text = "";
  for (const [place, part] of parts.entries()) {
    const ends = place === parts.length - 1 || /[;,]$/.test(part) || !/^(?:[A-Z.]+|\d+)[.:]$/.test(part);
    const number = wide && ends && SIGNS[part.at(-1)] && !/[A-Za-z]{2}/.test(part);
    const shown = number ? part.slice(0, -1) + SIGNS[part.at(-1)] : part;
    if (!(part === " " && text && text.codePointAt(text.length - 1) > 0x2e7f)) text += shown;
  }
  return text;
}

/** A function that translates a text: keys and what they become. */
export function translator(words) {
  const known = new Map();
  const size = (key) => key.replace(PLACE, "").length;
  const named = Object.keys(words).filter((key) => /\{[a-z_]+\}/.test(key));
  const needle = (key) => key.split(PLACE).filter((_, place) => place % 2 === 0).reduce((a, b) => (b.length > a.length ? b : a));
  const patterns = named.sort((a, b) => size(b) - size(a)).map((key) => [needle(key), patternOf(key), words[key]]);
  const exact = new Map(Object.entries(words).filter(([key]) => !named.includes(key)));
  const filled = (text, values) => text.replace(PLACE, (_, name) => values[name]);

  function matched(text) {
    const [key, numbers] = keyOf(text);
    if (exact.has(key)) return filled(exact.get(key), numbers);
    for (const [part, pattern, sentence] of patterns) {
      const found = text.includes(part) ? text.match(pattern)?.groups : null;
      if (!found) continue;
      const values = {};
      for (const [name, value] of Object.entries(found)) {
        if (/^n\d+$/.test(name)) values[name.slice(1)] = value;
        else values[name] = lookedUp(value) === null ? value : translated(value);
      }
      return filled(sentence, values);
    }
    return null;
  }

  function lookedUp(text) {
    const whole = matched(text);
    if (whole !== null) return whole;
    const sign = SIGNS[text.at(-1)];
    const inside = sign && /[A-Za-z]{2}/.test(text.slice(0, -1)) ? matched(text.slice(0, -1)) : null;
    return inside === null ? null : inside + sign;
  }

  function translated(text) {
    if (!/[A-Za-z]{2}/.test(text)) return text;
    if (!known.has(text)) known.set(text, look(text));
    return known.get(text);
  }

  function look(text) {
    const whole = lookedUp(text.trim());
    if (whole !== null) return text.replace(text.trim(), () => whole);
    for (const split of /\(\d{4}\)$|…$|[\u4e00-\u9fff]/.test(text) ? [] : [/(\n\s*)/, /(?<=[.!?;:])( )/]) {
      const parts = text.split(split);
      if (parts.length < 2) continue;
      const each = parts.map((part, place) => (place % 2 ? part : translated(part)));
      return joined(each);
    }
    return text;
  }
  return translated;
}

/** Translate all texts and labels below an element, now and whenever they change. */
export function translate(root, words) {
  const translated = translator(words);
  const change = (node) => {
    if (node.nodeType === Node.TEXT_NODE) {
      if (node.parentElement?.closest("textarea, code, pre, script, style, .untranslated, .own-names .title, .own-names .chips, .own-names .person")) return;
      const text = translated(node.data);
      if (text !== node.data) node.data = text;
    } else if (node.nodeType === Node.ELEMENT_NODE) {
      for (const name of LABELS) {
        const text = translated(node.getAttribute(name) ?? "");
        if (text !== (node.getAttribute(name) ?? "")) node.setAttribute(name, text);
      }
      node.childNodes.forEach(change);
    }
  };
  change(root);
  const observer = new MutationObserver((records) => {
    for (const { type, target, addedNodes } of records) {
      if (type === "childList") addedNodes.forEach(change);
      else change(target);
    }
  });
  observer.observe(root, { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: LABELS });
  return () => observer.disconnect();
}
