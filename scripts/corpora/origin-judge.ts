import { parseAllDocuments } from "yaml";
import type { Edited } from "./origin-edit.ts";

/** A rendered stream as plain values, one for each document that is not empty. */
export function readStream(output: string): unknown[] {
  return parseAllDocuments(output, { uniqueKeys: false, logLevel: "silent" })
    .map((document) => document.toJS({ maxAliasCount: -1 }) as unknown)
    .filter((value) => value !== null && value !== undefined);
}

/** The value at a JSON Pointer of a document. */
export function pick(document: unknown, pointer: string): unknown {
  let value = document;
  for (const token of pointer.split("/").slice(1)) {
    value = (value as Record<string, unknown> | undefined)?.[
      token.replaceAll("~1", "/").replaceAll("~0", "~")
    ];
  }
  return value;
}

/** What an edit did to one field: whether it changed, and what changed that the edited word does not explain. */
export interface Effect {
  changed: boolean;
  others: string[];
}

/** Compares two renders around an edit. `index` is the document with the field, in the first. */
export function effectOf(
  before: unknown[],
  after: unknown[],
  index: number,
  pointer: string,
  edit: Edited,
): Effect {
  const pairs = pairDocuments(before, after);
  const others: string[] = [];
  const own = before[index];
  for (const { old, now } of pairs) {
    if (old === undefined || now === undefined) {
      others.push(`${nameOf(old ?? now)} ${old === undefined ? "appeared" : "went"}`);
      continue;
    }
    for (const change of changesOf(old, now, "")) {
      if ((old === own && change.pointer === pointer) || isExplained(change, edit)) continue;
      others.push(`${nameOf(old)} ${change.pointer}`);
    }
  }
  const now = pairs.find(({ old }) => old === own)?.now;
  // A resource that is gone, for example because its hook has no such event any more, has no such field.
  return { changed: !isSame(pick(own, pointer), pick(now, pointer)), others };
}

/** Whether a field is one by which other things find a resource, or a resource another. */
export function isIdentity(pointer: string): boolean {
  return /^\/(?:apiVersion|kind|metadata\/(?:name|namespace))$|^\/(?:roleRef|subjects\/\d+)\//.test(pointer);
}

/** Whether two documents have the same kind, name and namespace, hashes of generators aside. */
export function sameIdentity(a: unknown, b: unknown): boolean {
  return identityOf(a) === identityOf(b);
}

interface Change {
  pointer: string;
  old: unknown;
  now: unknown;
}

/**
 * Documents of the same kind and name belong together, those at the same place first, because several may have one
 * name; what is left over, by kind where there is one.
 */
function pairDocuments(before: unknown[], after: unknown[]): { old?: unknown; now?: unknown }[] {
  const rest = new Set(after);
  const pairs: { old: unknown; now?: unknown }[] = before.map((old) => ({ old }));
  const take = (choose: (old: unknown, index: number) => unknown) => {
    for (const [index, pair] of pairs.entries()) {
      if (pair.now !== undefined) continue;
      pair.now = choose(pair.old, index);
      rest.delete(pair.now);
    }
  };
  take((old, index) => (sameIdentity(old, after[index]) ? after[index] : undefined));
  take((old) => [...rest].find((each) => sameIdentity(each, old)));
  take((old) => [...rest].find((each) => pick(each, "/kind") === pick(old, "/kind")));
  if (before.length === after.length) take(() => [...rest][0]);
  return [...pairs, ...[...rest].map((now) => ({ old: undefined, now }))];
}

function identityOf(document: unknown): string {
  const at = (pointer: string) => String(pick(document, pointer) ?? "");
  return [at("/apiVersion"), at("/kind"), at("/metadata/namespace"), withoutHash(at("/metadata/name"))].join(
    "\0",
  );
}

function nameOf(document: unknown): string {
  return `${pick(document, "/kind")}/${pick(document, "/metadata/name")}`;
}

function withoutHash(name: string): string {
  return name.replace(/-[2456789bcdfghkmt]{10}$/, "");
}

function* changesOf(old: unknown, now: unknown, pointer: string): Generator<Change> {
  if (isSame(old, now)) return;
  if (!isContainer(old) || !isContainer(now) || Array.isArray(old) !== Array.isArray(now)) {
    yield { pointer, old, now };
    return;
  }
  const keys = new Set([...Object.keys(old), ...Object.keys(now)]);
  for (const key of keys) {
    const step = `${pointer}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    yield* changesOf((old as Record<string, unknown>)[key], (now as Record<string, unknown>)[key], step);
  }
}

function isContainer(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function isSame(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

/** A change that comes of the same line: the new word is in it, or it is a hash of what changed. */
function isExplained({ pointer, old, now }: Change, { before, after }: Edited): boolean {
  const [was, is] = [JSON.stringify(old) ?? "", JSON.stringify(now) ?? ""];
  if (/checksum|sha\d*sum|\bhash\b/i.test(pointer)) return true;
  if (withoutHash(String(old)) === withoutHash(String(now))) return true;
  if (was.replaceAll(before, "") === is.replaceAll(after, "")) return true;
  if (after !== "" && is.includes(after)) return true;
  return decoded(now).includes(after);
}

function decoded(value: unknown): string {
  return typeof value === "string" ? Buffer.from(value, "base64").toString("utf8") : "";
}
