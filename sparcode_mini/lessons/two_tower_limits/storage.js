// The storage calculator: the arithmetic of `evaluation/storage.py`, see also `widget_storage.py`.
import { bytesOf, grouped, percentOf } from "./numbers.js";

export const actions = {};

/** What the values change of the first view. */
export function patchOf(values, { fixed: { number, entry } }) {
  const length = Math.round(values.density * values.items);
  const sizes = [
    number * (values.width + 1) * values.items,
    number * values.users * values.items,
    entry * values.codes * (values.cap ? Math.min(length, values.cap) : length),
  ];
  const patch = { text: sentenceOf(values, sizes, number, entry) };
  sizes.forEach((size, row) => {
    patch[`columns.0.charts.0.marks.${row}.x`] = [size || null];
    patch[`columns.0.charts.0.marks.${row}.texts`] = [bytesOf(size)];
  });
  return patch;
}

function sentenceOf(values, [matrix, table, lists], number, entry) {
  const sizes = `Matrix ${bytesOf(matrix)}, table ${bytesOf(table)}, lists ${bytesOf(lists)}`;
  const text =
    lists <= matrix
      ? `${sizes}: the matrix is ${grouped(matrix / Math.max(lists, 1), 1)} times as large as the lists. `
      : `${sizes}: the lists are ${grouped(lists / matrix, 1)} times as large as the matrix. `;
  if (values.cap) {
    const most = bytesOf(entry * values.codes * values.cap);
    return `${text}With this cap the lists never exceed ${most}, but they approximate.`;
  }
  const even = (number * (values.width + 1)) / (entry * values.codes);
  return `${text}With ${grouped(values.codes)} lists and width ${values.width}, lists that keep all entries are smaller below a density of ${percentOf(even, 2)}, for any number of items.`;
}
