// All that the X-ray computes in the page: which entries b keeps, their sums, the top k.
// A list is { items, S }: films and their scores before the bias, largest S first.

const cache = new WeakMap(); // list of films -> film -> place in it

function placeIn(items, film) {
  if (!cache.has(items)) cache.set(items, new Map(items.map((item, place) => [item, place])));
  return cache.get(items).get(film);
}

/** How many entries of a list ReLU(S + b) keeps. */
export function keptOf(S, bias) {
  let count = 0;
  while (count < S.length && S[count] + bias > 0) count += 1;
  return count;
}

/** The lists that a query reads, token by token, the nearest code first. */
export function readsOf(model, query, { probes, bias, on }) {
  const { rows, weights } = query.reads[probes];
  return rows.flatMap((own, token) =>
    own.map((row, probe) => ({
      token,
      probe,
      code: model.codes[row],
      weight: weights[token][probe],
      items: model.lists.items[row],
      S: model.lists.S[row],
      kept: keptOf(model.lists.S[row], bias),
      on: on[token] !== false, // a token that is switched off adds nothing
    })),
  );
}

/** What a list adds to a film: weight * ReLU(S + b), 0 where the film is not in the list. */
export function partOf(read, film, bias) {
  const place = placeIn(read.items, film);
  return !read.on || place === undefined ? 0 : read.weight * Math.max(0, read.S[place] + bias);
}

/** Where a film stands in a list (0 = first), or -1 if the list does not keep it. */
export function rankIn(read, film) {
  const place = placeIn(read.items, film);
  return place === undefined || place >= read.kept ? -1 : place;
}

/** A request of the data (numbered from 1) as a model answers it; null for none. */
export function requestOf(data, model, wish) {
  const one = data.wishes[wish - 1];
  return one ? { ...one, constant: model.constant, logits: data.logits, gains: new Set(one.gains), out: new Set(one.out) } : null;
}

/** What the lists read add to each film. */
export function sumsOf(reads, bias, films) {
  const sums = new Float64Array(films);
  for (const read of reads) {
    if (!read.on) continue;
    for (let e = 0; e < read.kept; e += 1) sums[read.items[e]] += read.weight * (read.S[e] + bias);
  }
  return sums;
}

/** The k films with the largest sums, without those seen; of equal sums the earlier film. */
export function topOf(reads, bias, films, seen, k, request) {
  const sums = sumsOf(reads, bias, films);
  for (const film of request?.gains ?? []) sums[film] += request.constant;
  for (const film of [...seen, ...(request?.out ?? [])]) sums[film] = 0;
  const found = [...sums.keys()].filter((film) => sums[film] > 0);
  found.sort((a, b) => sums[b] - sums[a] || a - b);
  return found.slice(0, k).map((film) => ({
    film,
    sum: sums[film],
    parts: reads.map((read) => partOf(read, film, bias)),
    gain: request?.gains.has(film) ? request.constant : 0,
  }));
}

/** Parts of the reads added up token by token. */
export function byToken(reads, parts, tokens) {
  const sums = new Array(tokens).fill(0);
  reads.forEach((read, r) => (sums[read.token] += parts[r]));
  return sums;
}

/** What rounding the tokens costs: films that the unrounded tokens find and these do not, and the
    other way round. Null where the two can't be compared: the unrounded ten are those of the model's
    own b, all tokens and no request. */
export function lossOf({ model, query, reads, top, bias, request }) {
  if (bias !== model.bias || request || !reads.every((read) => read.on)) return null;
  const [rounded, unrounded] = [new Set(top.map((one) => one.film)), new Set(query.unrounded)];
  return { lost: query.unrounded.filter((film) => !rounded.has(film)), gained: new Set([...rounded].filter((film) => !unrounded.has(film))) };
}

/** Tokens (numbered from 0) that chose the same code: { code, tokens }, only where there are several. */
export function sharedCodes(reads) {
  const tokens = new Map(); // code -> tokens
  for (const read of reads) if (read.on && read.probe === 0) tokens.set(String(read.code), [...(tokens.get(String(read.code)) ?? []), read]);
  return [...tokens.values()].filter((own) => own.length > 1).map((own) => ({ code: own[0].code, tokens: own.map((read) => read.token) }));
}

/** Everything that is shown of one query at one setting. */
export function follow(data, { person, which, probes, bias, on, wish }, k = 10) {
  const model = data.models[which];
  const query = model.queries[person];
  const who = data.people[person];
  const reads = readsOf(model, query, { probes, bias, on });
  const request = requestOf(data, model, wish);
  const top = topOf(reads, bias, data.films.length, who.history, k, request);
  // The longest bars are those of the model's own b, so that a smaller b is seen to shorten them.
  const trained = topOf(readsOf(model, query, { probes, bias: model.bias, on }), model.bias, data.films.length, who.history, 1, request);
  const most = {
    entry: Math.max(1e-9, ...reads.map((read) => (read.S[0] ?? 0) + Math.max(bias, model.bias))),
    sum: Math.max(1e-9, ...[top[0], trained[0]].map((one) => one?.sum ?? 0)),
  };
  const view = { model, query, who, reads, top, most, bias, probes, request, films: data.films, catalogue: data.catalogue, everybody: data.everybody };
  return { ...view, loss: lossOf(view) };
}
