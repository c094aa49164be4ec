// Numbers in words, as Python writes them.

/** The nearest whole number; of two equally near ones the even one, as Python, numpy and torch do. */
export function toEven(value) {
  const up = Math.round(value);
  return Math.abs(value % 1) === 0.5 && up % 2 ? up - 1 : up;
}

/** `digits` decimals; of two equally near numbers the even one, as Python's format does. */
export function fixed(value, digits) {
  const scaled = Math.abs(value) * 10 ** digits;
  const tie = Number.isInteger(value * 2 ** (digits + 1)) && scaled % 1 === 0.5;
  if (!tie) return value.toFixed(digits);
  return (value < 0 ? "-" : "") + (toEven(scaled) / 10 ** digits).toFixed(digits);
}

/** With commas between thousands. */
export function grouped(value, digits = 0) {
  const [whole, rest] = fixed(value, digits).split(".");
  return whole.replace(/\B(?=(\d{3})+$)/g, ",") + (rest ? `.${rest}` : "");
}

/** With a minus sign where it is negative. */
export const withMinus = (value, digits = 2) => (value < 0 ? "−" : "") + fixed(Math.abs(value), digits);

/** With a sign, also if it is positive. */
export const withSign = (value, digits) => (value < 0 || Object.is(value, -0) ? "" : "+") + fixed(value, digits);

/** A share as a percentage. */
export const percentOf = (share, digits = 0) => `${fixed(100 * share, digits)}%`;

/** Three digits, without zeros at the end: a number below 1000. */
export function shortOf(value) {
  const [, exponent] = value.toExponential().split("e");
  return String(Number(fixed(value, Math.max(0, 2 - exponent))));
}

/** A number of bytes with three digits: 437 kB, 1.2 GB. */
export function bytesOf(size) {
  const units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
  let unit = 0;
  while (size >= 999.5 && unit < units.length - 1) [size, unit] = [size / 1000, unit + 1];
  return `${shortOf(size)} ${units[unit]}`;
}
