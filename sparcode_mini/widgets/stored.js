// What changes with the values, looked up: for panels with few settings. A panel whose numbers are
// arithmetic has a module of its own with the same two names.

export const actions = {};

/** From the path of each part that ever changes to what it is at these values. */
export function patchOf(values, { controls, table }) {
  let place = 0;
  for (const [name, { options }] of Object.entries(controls)) {
    place = place * options.length + options.findIndex(([, value]) => value === values[name]);
  }
  return Object.fromEntries(Object.entries(table).map(([path, { leaves, at }]) => [path, leaves[at[place]]]));
}
