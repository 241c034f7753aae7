import { fieldPath, type Json, joinPointer, type Source } from "@gitops-actions/manifest";
import { holdsVariable } from "./reference.ts";
import type { FileVersions, Immovable, Part, Role, Slot, SlotKind, Version } from "./slot.ts";

export type Tokens = readonly (string | number)[];

/** One document being read, and what was found in it so far. */
export interface Collector {
  path: string;
  document: number;
  root: Json;
  source: Source;
  found: FileVersions;
  /** Pointers that something has claimed: nothing is found twice. */
  taken: Set<string>;
  /** Put before items' names, so that two objects in one file stay apart. */
  owner: string;
}

/** What a finder knows of a slot. */
export interface SlotParts {
  kind: SlotKind;
  subject: string;
  /** Where the slot stands: the parts are children of it, or it is the scalar itself. */
  at: Tokens;
  /** Keys of the parts below `at`, by role. */
  roles: Partial<Record<Role, string>>;
}

/** A scalar's text as it is written, for what is no string too: `1.10` stays `1.10`. */
export function scalarAt(collector: Collector, tokens: Tokens): { text: string; part: Part } | undefined {
  const pointer = joinPointer(tokens);
  const span = collector.source.locate(collector.document, pointer);
  if (!span || span.alias) return undefined;
  const raw = collector.source.text.slice(...span.range);
  const value = childAt(collector.root, tokens);
  if (value === null || value === undefined || typeof value === "object") return undefined;
  const text = typeof value === "string" ? value : raw.trim();
  return { text, part: { pointer, line: span.line, range: span.range, raw } };
}

/** Adds a slot whose parts are fields of their own. Nothing is added where none of them has a value. */
export function addSlot(collector: Collector, { kind, subject, at, roles }: SlotParts): void {
  const version: Version = {};
  const parts: Slot["parts"] = {};
  for (const [role, name] of Object.entries(roles) as [Role, string][]) {
    const tokens = [...at, name];
    const scalar = scalarAt(collector, tokens);
    if (!scalar || collector.taken.has(scalar.part.pointer)) continue;
    collector.taken.add(scalar.part.pointer);
    if (holdsVariable(scalar.text)) {
      addImmovable(collector, scalar.part.line, scalar.text, "variable", "something else fills it in");
      continue;
    }
    parts[role] = scalar.part;
    if (scalar.text !== "") version[role] = scalar.text;
  }
  if (Object.keys(parts).length === 0) return;
  const item = itemName(collector, at);
  collector.found.slots.push({
    path: collector.path,
    document: collector.document,
    kind,
    subject,
    item,
    version,
    parts,
  });
}

/** Adds a slot that is a part of one scalar, or several parts of it. */
export function addReference(
  collector: Collector,
  kind: SlotKind,
  subject: string,
  at: Tokens,
  version: Version,
  around?: Part["around"],
): void {
  const scalar = scalarAt(collector, at);
  if (!scalar || collector.taken.has(scalar.part.pointer)) return;
  collector.taken.add(scalar.part.pointer);
  const part: Part = { ...scalar.part, ...(around ? { around } : {}) };
  const parts = Object.fromEntries(Object.keys(version).map((role) => [role, part]));
  // The items of a list of texts have no names of their own: what they are a version of names them.
  const inList = typeof at.at(-1) === "number" || /^\d+$/.test(String(at.at(-1)));
  const item = inList ? `${itemName(collector, at.slice(0, -1))} ${subject}` : itemName(collector, at);
  const slot: Slot = {
    path: collector.path,
    document: collector.document,
    kind,
    subject,
    item,
    version,
    parts,
  };
  if (!around) slot.reference = part;
  collector.found.slots.push(slot);
}

export function addImmovable(
  collector: Pick<Collector, "path" | "found">,
  line: number,
  value: string,
  code: Immovable["code"],
  reason: string,
): void {
  const shown = value.length > 120 ? `${value.slice(0, 117)}...` : value;
  collector.found.immovable.push({ path: collector.path, line, value: shown, code, reason });
}

/** Marks one scalar as not moved; false when there is none. */
export function refuseAt(collector: Collector, at: Tokens, code: Immovable["code"], reason: string): boolean {
  const scalar = scalarAt(collector, at);
  if (!scalar || collector.taken.has(scalar.part.pointer)) return false;
  collector.taken.add(scalar.part.pointer);
  addImmovable(collector, scalar.part.line, scalar.text, code, reason);
  return true;
}

export function childAt(root: Json | undefined, tokens: Tokens): Json | undefined {
  let value = root;
  for (const token of tokens) {
    if (typeof value !== "object" || value === null) return undefined;
    value = Array.isArray(value)
      ? value[Number(token)]
      : Object.hasOwn(value, token)
        ? value[token]
        : undefined;
  }
  return value;
}

export function textAt(root: Json | undefined, ...tokens: Tokens): string {
  const value = childAt(root, tokens);
  return typeof value === "string" ? value : "";
}

function itemName(collector: Collector, at: Tokens): string {
  const path = fieldPath(collector.root, joinPointer(at));
  return collector.owner === "" ? path : `${collector.owner} ${path}`;
}
