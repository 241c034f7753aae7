import type { Token } from "./tokens.ts";

/** What code reads of a request. */
export interface Reading {
  /** Fields of the request by their names. */
  fields: Set<string>;
  /** Whether a field is looked up by a name that is found only when the code runs. */
  isComputed: boolean;
  /** What the operation is compared with: a change of something that is there only, or who knows. */
  operation: "none" | "change" | "other" | "open";
}

/** Names of what an AdmissionRequest has and a manifest has not, where the request is handed on as a whole. */
const absent = new Set(
  "resource requestKind requestResource operation userInfo dryRun options namespaceObject".split(" "),
);

/** Operations that creating something is none of. */
const changes = new Set(["UPDATE", "DELETE", "CONNECT"]);

/**
 * Which fields of a request code reads: `input.review` of Rego, `request` of CEL. Where the request is bound to a name,
 * or handed to a function, whatever is called like one of its fields counts, wherever it stands. `lists` are the tokens of
 * each module or expression; `given` are texts that the code may meet as well.
 */
export function readingOf(
  lists: readonly (readonly Token[])[],
  language: "rego" | "cel",
  given: readonly string[],
): Reading {
  const reading: Reading = { fields: new Set(), isComputed: false, operation: "none" };
  let isWhole = false;
  const told = lists.map((tokens) => {
    const { consumed, whole } = readDirectly(tokens, language, reading);
    isWhole ||= whole;
    return consumed;
  });
  if (isWhole) {
    for (const [index, tokens] of lists.entries()) readNames(tokens, told[index]!, language, reading);
    for (const text of given) readText(text, reading);
  }
  return reading;
}

/** Follows each mention of the request as far as it goes. */
function readDirectly(
  tokens: readonly Token[],
  language: "rego" | "cel",
  reading: Reading,
): { consumed: Set<number>; whole: boolean } {
  const consumed = new Set<number>();
  let whole = false;
  const root = language === "rego" ? "input" : "request";
  for (const [start, token] of tokens.entries()) {
    if (token.kind !== "name" || token.value !== root || isMark(tokens[start - 1], ".", ".?")) continue;
    let end = start + 1;
    let steps = language === "rego" ? ["review"] : [];
    const first = steps[0] && accessAt(tokens, end, language);
    if (first) {
      if (first.field !== "review") {
        consume(tokens, start, language, consumed);
        continue;
      }
      steps = [];
      end = first.end;
    }
    const field = accessAt(tokens, end, language);
    if (field && steps.length === 0) {
      note(field.field, tokens, start, field.end, reading);
      consume(tokens, start, language, consumed);
    } else if (isIndex(tokens[end], language)) reading.isComputed = true;
    else whole = readWhole(tokens, start, end, steps, reading) || whole;
  }
  return { consumed, whole };
}

/** A request, or what holds it, that no field follows: `object.get` is a way to read one; otherwise it is handed on. */
function readWhole(
  tokens: readonly Token[],
  start: number,
  end: number,
  steps: readonly string[],
  reading: Reading,
): boolean {
  const before = tokens
    .slice(Math.max(0, start - 4), start)
    .map(({ value }) => value)
    .join("");
  if (/(?:^|[^\w.])walk\($/.test(before) || tokens[start - 1]?.value === "in") {
    reading.isComputed = true;
    return false;
  }
  if (!before.endsWith("object.get(") || !isMark(tokens[end], ",")) return true;
  const path: Token[] = [];
  if (isMark(tokens[end + 1], "["))
    for (let at = end + 2; at < tokens.length && !isMark(tokens[at], "]"); at += 1)
      if (!isMark(tokens[at], ",")) path.push(tokens[at]!);
  if (path.length === 0) path.push(tokens[end + 1]!);
  const [field, ...more] = path.slice(
    steps.every((step, index) => path[index]?.value === step) ? steps.length : 0,
  );
  if (!field) return true;
  if (field.kind !== "text") reading.isComputed = true;
  else if (steps.length === 0 || path[0] !== field)
    note(field.value, tokens, start, more.length > 0 ? start : end, reading);
  return false;
}

/** Whatever is called like a field of a request. */
function readNames(
  tokens: readonly Token[],
  consumed: ReadonlySet<number>,
  language: "rego" | "cel",
  reading: Reading,
): void {
  for (const [index, token] of tokens.entries()) {
    if (consumed.has(index)) continue;
    if (token.kind === "text") readText(token.value, reading);
    const access = accessAt(tokens, index, language);
    if (access && absent.has(access.field)) {
      let start = index;
      while (tokens[start - 1]?.kind === "name" || isMark(tokens[start - 1], ".")) start -= 1;
      note(access.field, tokens, start, access.end, reading);
    }
  }
}

function readText(text: string, reading: Reading): void {
  // A path of JSON, too.
  const name = text.replace(/^\//, "").replace(/\/.*$/s, "");
  if (absent.has(name)) addField(name, "open", reading);
  if (text === "CREATE") addField("operation", "other", reading);
}

function note(field: string, tokens: readonly Token[], start: number, end: number, reading: Reading): void {
  addField(field, field === "operation" ? comparison(tokens, start, end) : "none", reading);
}

function addField(field: string, operation: Reading["operation"], reading: Reading): void {
  reading.fields.add(field);
  const order = ["none", "change", "open", "other"];
  if (order.indexOf(operation) > order.indexOf(reading.operation)) reading.operation = operation;
}

/** What the operation between two tokens is compared with. */
function comparison(tokens: readonly Token[], start: number, end: number): Reading["operation"] {
  const of = (texts: readonly string[]) => (texts.every((each) => changes.has(each)) ? "change" : "other");
  const isEqual = (token: Token | undefined) => isMark(token, "==", "!=", "=");
  const [next, after, beyond] = tokens.slice(end, end + 3);
  if (isEqual(next) && after?.kind === "text" && !isMark(beyond, "+")) return of([after.value]);
  const [far, near, previous] = [tokens[start - 3], tokens[start - 2], tokens[start - 1]];
  if (isEqual(previous) && near?.kind === "text" && !isMark(far, "+")) return of([near.value]);
  if (next?.value === "in" && isMark(after, "{", "[")) {
    const members = membersAt(tokens, end + 2);
    if (members) return of(members);
  }
  return "open";
}

/** The texts of a list or set; undefined where it holds something else. */
function membersAt(tokens: readonly Token[], from: number): string[] | undefined {
  const members: string[] = [];
  for (let at = from; at < tokens.length; at += 1) {
    const token = tokens[at]!;
    if (isMark(token, "}", "]")) return members.length > 0 ? members : undefined;
    if (token.kind === "text") members.push(token.value);
    else if (!isMark(token, ",")) return undefined;
  }
  return undefined;
}

/** `.name` or `["name"]` at a place. In Rego a space before a bracket begins something else. */
function accessAt(
  tokens: readonly Token[],
  at: number,
  language: "rego" | "cel",
): { field: string; end: number } | undefined {
  const [mark, key, close] = tokens.slice(at, at + 3);
  if (isMark(mark, ".", ".?") && key?.kind === "name") return { field: key.value, end: at + 2 };
  if (isIndex(mark, language) && key?.kind === "text" && isMark(close, "]"))
    return { field: key.value, end: at + 3 };
  return undefined;
}

function isIndex(token: Token | undefined, language: "rego" | "cel"): boolean {
  return isMark(token, "[", "[?") && (language === "cel" || !token!.isSpaced);
}

/** Marks what follows a root as read, so far as it is plain: fields of the object may be called anything. */
function consume(
  tokens: readonly Token[],
  start: number,
  language: "rego" | "cel",
  consumed: Set<number>,
): void {
  let end = start + 1;
  for (;;) {
    const isBound = isIndex(tokens[end], language) && tokens[end + 1]?.kind === "name";
    const next =
      accessAt(tokens, end, language)?.end ?? (isBound && isMark(tokens[end + 2], "]") ? end + 3 : end);
    if (next === end) break;
    end = next;
  }
  for (let at = start; at < end; at += 1) consumed.add(at);
}

function isMark(token: Token | undefined, ...values: readonly string[]): boolean {
  return token?.kind === "mark" && values.includes(token.value);
}
