// The X-ray in sentences: one for each stage, one for each film.
import { fixed, grouped, percentOf, withMinus } from "./numbers.js";
import { byToken, partOf, rankIn, sharedCodes, topOf } from "./xray_sums.js";

export const STAGES = ["History", "Tokenizer", "Tokens", "Codebooks", "Codes", "Posting lists", "Sum and top 10", "Beside the two-tower"];
const MOST = 5; // parts of a score that are named
const NAMED = 4; // films of a list in a sentence, such as those that rounding lost

export const codeName = (code) => (code.length === 1 ? String(code[0]) : `(${code.join(", ")})`);
export const requestName = ({ wanted, unwanted }) => (unwanted ? `${wanted}, no ${unwanted}` : wanted);
export const gainName = ({ constant }) => `+${fixed(constant, 2)}`;
const counted = (n, [one, many]) => `${grouped(n)} ${n === 1 ? one : many}`;
const plural = (n, word) => counted(n, [word, `${word}s`]);
const codebooks = (model) => (model.M === 1 ? "the codebook" : `each of the ${model.M} codebooks`);
const keptAltogether = (reads) => reads.reduce((sum, read) => sum + (read.on ? read.kept : 0), 0);
export const together = (names) => (names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`);

/** Titles in a row; of many the first, and how many more. */
function someOf(found, films) {
  const named = found.slice(0, NAMED).map((film) => films[film]);
  return together(found.length > NAMED ? [...named, `${found.length - NAMED} more`] : named);
}

/** The films that the model read, oldest first, as [film, place among those read]. */
export function filmsRead(who, model) {
  return who.history.slice(-model.reads_last).map((film, place) => [film, place]);
}

/** Share of film l in how far token i moves when films are left out one at a time. */
export function shareOf(query, token, place) {
  const own = query.moved[token];
  return own[place] / Math.max(1e-9, own.reduce((a, b) => a + b, 0));
}

function strongest(view) {
  const { query, who, model, films } = view;
  const shares = filmsRead(who, model).map(([film, place]) => [
    query.moved.reduce((sum, _, token) => sum + shareOf(query, token, place), 0),
    films[film],
  ]);
  return shares.sort((a, b) => b[0] - a[0])[0][1];
}

const entries = (n) => `${grouped(n)} ${n === 1 ? "entry" : "entries"}`;

function overview({ who, reads, top, films, request, nouns }) {
  const lists = new Set(reads.filter((read) => read.on).map((read) => String(read.code))).size;
  const best = top.length ? `the largest sum has ${films[top[0].film]}` : "nothing positive is left, so nothing is found";
  return (
    `SparCode turns a history into a few codes, opens the list of ${nouns[1]} that each code owns, and adds the lists up. ` +
    `Here, for ${who.name}: ${counted(who.history.length, nouns)} in, ${plural(lists, "list")} read${request ? ` and the request “${requestName(request)}”` : ""}, ` +
    `${entries(keptAltogether(reads))} added up, once for each token that reads them; ${best}. ` +
    "Press Play to be led through, point at a title to see where its score comes from, or open a heading for its numbers."
  );
}

function aboutTokens({ model, query, nouns: [one] }) {
  const changed = new Set(query.changed?.map(([token]) => token)).size;
  const tail = !query.changed
    ? ` Without its only ${one} nothing would be left to read.`
    : changed
    ? ` Leaving out a single ${one} would change the code of ${changed} of them.`
    : ` Leaving out a single ${one} would change no code.`;
  return (
    `Out come ${plural(model.tokens, "token")}: vectors of ${model.width} numbers each, here drawn as small bars. ` +
    `A two-tower would add them up to one vector and stop here.${tail}`
  );
}

const TIMES = ["", "once", "twice"];

function aboutSharedCodes({ reads, probes }) {
  const same = sharedCodes(reads).map(({ code, tokens }) => {
    const names = together(tokens.map((token) => String(token + 1)));
    const effect = probes > 1 ? "their weights add up" : `it counts ${TIMES[tokens.length] ?? `${tokens.length} times`}`;
    return `Tokens ${names} chose the same code ${codeName(code)}: it is one list, and ${effect}.`;
  });
  return same.length ? ` ${same.join(" ")}` : "";
}

/** How far rounding moves the tokens. */
function aboutOff({ query }) {
  const [least, most] = [Math.min(...query.off), Math.max(...query.off)].map((share) => percentOf(share));
  return `Rounding moves ${query.off.length === 1 ? "the token" : "the tokens"} by ${least === most ? most : `${least.slice(0, -1)} to ${most}`} of their length.`;
}

/** What rounding costs in the top 10. */
function aboutLoss({ loss, query, films, probes, nouns: [, many] }) {
  if (!loss) return "";
  if (!loss.lost.length) return ` Rounding lost none of the ${many} that the unrounded tokens find.`;
  return ` Rounding${probes > 1 ? ` (to ${probes} codes a token)` : ""} lost ${loss.lost.length} of the ${query.unrounded.length} ${many} that the same network finds for the unrounded tokens: ${someOf(loss.lost, films)}.`;
}

/** What the lists of a request do, and where its constant is from. */
export function aboutRequest({ request, reads, bias, films, who, nouns }) {
  if (!request) return "";
  const out = request.unwanted ? `, and “${request.unwanted}” takes its ${grouped(request.out.size)} out` : "";
  const most = topOf(reads, bias, films.length, who.history, 1)[0]?.sum ?? 0;
  const first = request.constant > most ? ` Here it is more than what the tokens' lists add up to, so these ${nouns[1]} come first.` : "";
  return (
    ` The words of the request open lists, too, which are exact and need no training: “${request.wanted}” adds ${fixed(request.constant, 2)} to each of its ${counted(request.gains.size, nouns)}${out}. ` +
    `The constant is where those of lesson 10 start: validation chose ${request.logits} logits, ${fixed(request.constant, 2)} on the scale of this model.${first}`
  );
}

function aboutLists(view) {
  const { model, reads, catalogue, bias, nouns } = view;
  const empty = reads.filter((read) => read.on && read.kept === 0).length;
  return (
    "Each code opens a list that was made before this person came along: a small network scored the code against all " +
    `${counted(catalogue, nouns)}, and ReLU(S + b) with b = ${withMinus(bias)} kept what is above the threshold (the line). ` +
    "What was cut would have added 0, so nothing is lost: at the model's own b = " +
    `${withMinus(model.bias)} the index returns exactly what the model scores.` +
    aboutRequest(view) +
    (empty ? ` ${plural(empty, "list")} here ${empty === 1 ? "is" : "are"} empty and ${empty === 1 ? "adds" : "add"} nothing.` : "")
  );
}

function aboutSum(view) {
  const { top, reads, films, model, request, nouns: [one] } = view;
  if (!top.length) return `No ${one} has a positive sum: the search returns nothing rather than inventing something.`;
  const { film, sum, parts, gain } = top[0];
  const why = byToken(reads, parts, model.tokens).flatMap((part, token) => (part > 0 ? [`${fixed(part, 3)} (token ${token + 1})`] : []));
  if (gain) why.push(`${fixed(gain, 3)} (${request.wanted})`);
  return (
    `Add the entries ${one} by ${one}, leave out what was seen, take the ten largest sums. ` +
    `${films[film]}: ${why.join(" + ")} = ${fixed(sum, 2)}. Every score can be read off like this.${aboutLoss(view)}`
  );
}

export const everybodySetting = ({ model }) => `${model}, its own b, one probe, no request`;

/** For how many of all people SparCode finds more than the two-tower. */
function aboutEverybody({ everybody }) {
  if (!everybody) return "";
  const [more, equal, fewer] = ["better", "equal", "worse"].map((kind) => percentOf(everybody[kind] / everybody.people));
  return ` Over all ${grouped(everybody.people)} people, with whole histories and all that they rated later, SparCode (${everybodySetting(everybody)}) has more hits among its ${everybody.k} for ${more}, as many for ${equal}, fewer for ${fewer}.`;
}

function aboutTwoTower(view) {
  const { who, top, request, nouns } = view;
  const tower = new Set(who.tower.films);
  const shared = top.filter((one) => tower.has(one.film)).length;
  const start = `The two-tower compares one vector of the person with one vector of each ${nouns[0]}. The two agree on ${shared} of ${counted(top.length, nouns)}. `;
  const unasked = request ? "It was not given the request. " : "";
  if (!who.later) return `${start}${unasked}Nobody knows what this person rated next.${aboutEverybody(view)}`;
  const later = new Set(who.later);
  const hits = (list) => list.filter((film) => later.has(film)).length;
  return (
    `${start}${unasked}Among the next ${counted(who.later.length, nouns)} that this person really rated (★) SparCode has ` +
    `${hits(top.map((one) => one.film))} and the two-tower ${hits(who.tower.films)}. ${who.why || "One person proves nothing."}${aboutEverybody(view)}`
  );
}

/** The sentence of a stage; stage 0 is the whole picture. */
export function sentence(view, stage) {
  const { who, model, reads, probes } = view;
  const read = Math.min(who.history.length, model.reads_last);
  const codes = [...new Set(reads.filter((one) => one.on).map((one) => codeName(one.code)))];
  const say = [
    () => overview(view),
    () => `The query is a history: ${counted(read, view.nouns)}, oldest first${read < who.history.length ? ` (the last ${read} of ${who.history.length})` : ""}. Nothing else is known of the person.`,
    () => `The tokenizer (${model.tokenizer}) reads the ${view.nouns[1]} together. ${view.wide ? `The thicker a line, the` : "The larger a share, the"} further the token moves if that ${view.nouns[0]} is left out. Most depends on ${strongest(view)}.`,
    () => aboutTokens(view),
    () => `Each token is rounded: in ${codebooks(model)} of N = ${model.N} codewords it takes the nearest one. All tokens share ${model.M === 1 ? "this codebook" : "these codebooks"}. ${aboutOff(view)}`,
    () => `Now ${plural(codes.length, "code")} ${codes.length === 1 ? "stands" : "stand"} for the whole person: ${together(codes)}.${probes > 1 ? ` With ${probes} probes each token opens the lists of its ${probes} nearest codes, weighted by nearness.` : ""}${aboutSharedCodes(view)} That is all that the index is asked${view.request ? " for the history" : ""}. The bars: how far a token is from its ${probes > 1 ? "nearest " : ""}codeword, as a share of the token's length.`,
    () => aboutLists(view),
    () => aboutSum(view),
    () => aboutTwoTower(view),
  ];
  return say[stage]();
}

/** Where the score of a film comes from, or what a film of the history does. */
export function aboutFilm(view, film) {
  const { reads, bias, films, who, query, request, loss } = view;
  const read = filmsRead(who, view.model).find(([one]) => one === film);
  const parts = reads.map((one) => partOf(one, film, bias));
  const gain = request?.gains.has(film) ? request.constant : 0;
  const sum = parts.reduce((a, b) => a + b, gain);
  const why = parts
    .map((part, r) => ({ part, read: reads[r] }))
    .filter((one) => one.part > 0)
    .sort((a, b) => b.part - a.part)
    .map(({ part, read: one }) => `${fixed(part, 4)} from token ${one.token + 1}, code ${codeName(one.code)} (place ${rankIn(one, film) + 1} of ${one.kept})`);
  if (gain) why.unshift(`${fixed(gain, 4)} for “${request.wanted}”`);
  const more = why.length > MOST ? ` + ${plural(why.length - MOST, "smaller part")}` : "";
  const score = why.length ? `${fixed(sum, 3)} = ${why.slice(0, MOST).join(" + ")}${more}` : "in none of the lists read, so its score is 0";
  const rounding = loss?.lost.includes(film) ? " Without rounding it is among the ten." : loss?.gained.has(film) ? " Without rounding it is not among the ten." : "";
  const out = request?.out.has(film) ? ` It has “${request.unwanted}”, so it is left out.` : "";
  if (!who.history.includes(film)) return `${films[film]}: ${score}.${out}${rounding}`;
  if (!read) return `${films[film]}: seen long ago, not read any more. Seen ${view.nouns[1]} are left out of the results.`;
  const changed = (query.changed ?? []).filter(([, place]) => place === read[1]);
  const codes = changed.map(([token, , code]) => `token ${token + 1} would take code ${codeName(code)}`);
  const effect = codes.length ? `Without it ${together(codes)}.` : query.changed ? "Without it no code would change." : "Without it nothing would be left to read.";
  return `${films[film]}: seen. ${effect} Seen ${view.nouns[1]} are left out of the results (its sum would be ${fixed(sum, 3)}).`;
}

/** What the bias has done to the lists. */
export function aboutBias({ model, reads, bias }) {
  const own = reads.reduce((sum, read) => sum + (read.on ? read.S.filter((s) => s + model.bias > 0).length : 0), 0);
  const at = (b) => model.entries?.[model.grid.indexOf(b)];
  const whole = model.entries ? ` The whole index holds ${entries(at(bias))} (${grouped(at(model.bias))} as trained).` : "";
  const moved = bias === model.bias ? "" : bias < model.bias ? " A lower b raises the bar: shorter lists, smaller index, in the end nothing found." : " A higher b lowers the bar: longer lists, larger index.";
  return `b = ${withMinus(bias)}: the tokens read ${entries(keptAltogether(reads))} (${grouped(own)} as trained), those of a list that two tokens read twice.${whole}${moved}`;
}

/** What a control has done to the lists that are read. */
export const aboutReads = ({ reads }, before) => `The tokens now read ${entries(keptAltogether(reads))} (${grouped(keptAltogether(before.reads))} before).`;

/** The films found that were not found before. */
export function freshOf({ top }, before) {
  const old = new Set(before.top.map((one) => one.film));
  return top.map((one) => one.film).filter((film) => !old.has(film));
}

/** What a control has done to what is found: on a telephone that is far below the control. */
export function aboutFound(view, before) {
  const { top, films, nouns } = view;
  if (!top.length) return "Nothing positive is left, so nothing is found.";
  const first = `First: ${films[top[0].film]}, ${fixed(top[0].sum, 3)}.`;
  const fresh = freshOf(view, before);
  if (fresh.length) return `New among the ${counted(top.length, nouns)} found: ${someOf(fresh, films)}. ${first}`;
  const same = before.top.length === top.length && top.every((one, rank) => one.film === before.top[rank].film);
  return `${same ? `The ${nouns[1]} found and their order stay the same.` : `No ${nouns[0]} is new among those found.`} ${first}`;
}
