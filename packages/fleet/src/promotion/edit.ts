import { diffValues, EditError, parseSource, replaceValue } from "@gitops-actions/manifest";
import { UsageError } from "@gitops-actions/report";
import { writeReference } from "./reference.ts";
import type { Part, Role, Slot, Version } from "./slot.ts";

/** One scalar to be written: its new text, as a value or, where the very bytes matter, as it stands in a file. */
export interface Edit {
  path: string;
  document: number;
  pointer: string;
  value: string;
  raw?: string;
}

/** What has to be written so that a slot holds a version, and which parts of it have no place there. */
export interface SlotEdits {
  edits: Edit[];
  /** Parts of the version for which the file has no field: reported, never invented. */
  missing: Role[];
  /** Parts the slot has and the version has not: a digest left behind would pin what ran before. */
  stale: Role[];
}

/**
 * The edits that give a slot a version. Tag and digest move together: where one of them cannot, that is said, and the
 * caller decides. `raw` holds the bytes of parts as they once stood in this very file, for going back.
 */
export function editsOf(slot: Slot, version: Version, raw: Partial<Record<Role, string>> = {}): SlotEdits {
  const { reference } = slot;
  if (reference) {
    const text = writeReference({ ...version, name: version.name ?? slot.version.name ?? "" });
    const bytes = raw.name ?? raw.tag ?? raw.digest;
    return {
      edits:
        same(slot.version, version) && (bytes === undefined || bytes === reference.raw)
          ? []
          : [edit(slot, reference, text, bytes)],
      missing: [],
      stale: [],
    };
  }
  const edits: Edit[] = [];
  const missing: Role[] = [];
  for (const [role, value] of Object.entries(version) as [Role, string][]) {
    const part = slot.parts[role];
    if (!part) missing.push(role);
    else if (slot.version[role] !== value || (raw[role] !== undefined && raw[role] !== part.raw)) {
      const { before = "", after = "" } = part.around ?? {};
      // What is no string there stays none where that is the same value: quotes would make another of it. 1.10 is not.
      const bare = isBare(part.raw) && isBare(value) && keepsForm(value) ? value : undefined;
      edits.push(edit(slot, part, `${before}${value}${after}`, raw[role] ?? bare));
    }
  }
  const stale = (["tag", "digest"] as const).filter(
    (role) => slot.version[role] !== undefined && version[role] === undefined,
  );
  return { edits, missing: missing.sort(), stale: edits.length > 0 ? stale : [] };
}

/** The bytes of each part of a slot, as they stand: what `editsOf` takes to go back to them. */
export function rawOf(slot: Slot): Partial<Record<Role, string>> {
  return Object.fromEntries(Object.entries(slot.parts).map(([role, part]) => [role, part.raw]));
}

/**
 * Applies edits to the text of one file and changes nothing else: each result is read again and compared.
 * Throws UsageError where a field is not there or cannot be written without changing something besides.
 */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  return edits.reduce((result, each) => {
    if (each.raw !== undefined) return replaceRaw(result, each, each.raw);
    try {
      return replaceValue(result, each.pointer, each.value, each.document);
    } catch (error) {
      // An anchor's value, which aliases elsewhere repeat: they mean to change with it.
      if (error instanceof EditError && error.code === "changes-more")
        return replaceRaw(result, each, JSON.stringify(each.value));
      if (error instanceof EditError)
        throw new UsageError(`${each.path}: ${error.message}`, { cause: error });
      throw error;
    }
  }, text);
}

/** Puts bytes in the place of a scalar's, and makes sure that nothing else of the file changes its meaning. */
function replaceRaw(text: string, { document, pointer, path }: Edit, raw: string): string {
  const before = parseSource(text, path);
  const span = before.locate(document, pointer);
  if (!span) throw new UsageError(`${path} has no field ${pointer} any more: edit it by hand`);
  const [start, end] = span.range;
  const result =
    text.slice(0, start) + fitBreak(raw, text.slice(start, end), text.slice(end)) + text.slice(end);
  const after = parseSource(result, path);
  const samePlace = (other: string) => before.locate(document, other)?.range.join() === span.range.join();
  const inside = before.documents.every(({ value }, index) =>
    diffValues(value ?? null, after.documents[index]?.value ?? null).every(
      (change) => index === document && samePlace(change.pointer),
    ),
  );
  const whole =
    after.documents.length === before.documents.length && after.problems.length <= before.problems.length;
  if (inside && whole) return result;
  throw new UsageError(`${path}: ${pointer} cannot be written as ${raw} without changing something else`);
}

/** A block scalar ends with its last line's break, any other before it: what takes its place must end as it did. */
function fitBreak(raw: string, old: string, rest: string): string {
  const ending = /\r?\n$/;
  if (ending.test(old)) return ending.test(raw) ? raw : raw + (ending.exec(old)?.[0] ?? "");
  return ending.test(raw) && /^(?:\r?\n|$)/.test(rest) ? raw.replace(ending, "") : raw;
}

/** Whether a number reads back as it is written. */
function keepsForm(text: string): boolean {
  return text === "true" || text === "false" || text === String(Number(text));
}

/** Whether a text, written without quotes, is a number or a truth value. */
function isBare(text: string): boolean {
  return /^(?:true|false|[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)$/.test(text);
}

function edit(slot: Slot, part: Part, value: string, raw: string | undefined): Edit {
  return {
    path: slot.path,
    document: slot.document,
    pointer: part.pointer,
    value,
    ...(raw === undefined ? {} : { raw }),
  };
}

function same(a: Version, b: Version): boolean {
  return (
    a.tag === b.tag &&
    a.digest === b.digest &&
    (b.name === undefined || a.name === b.name) &&
    a.version === b.version
  );
}
