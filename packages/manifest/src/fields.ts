import { alignItems } from "./align.ts";
import { compareText } from "./identity.ts";
import { appendField, appendItem, itemKey, mergeKey } from "./path.ts";
import { joinPointer } from "./pointer.ts";
import type { Json, JsonObject } from "./resource.ts";
import { equalJson, isObject, writeJson } from "./values.ts";

/** One field that differs. Absent `base`: added; absent `head`: removed. A whole subtree that appears or goes is one change. */
export interface FieldChange {
  /** JSON Pointer into the head's value, or into the base's when the field is gone. */
  pointer: string;
  /** JSON Pointer into the base's value, where the field stands elsewhere there (an item that moved in its list). */
  basePointer?: string;
  /** For people: list items are named by their merge key. */
  path: string;
  base?: Json;
  head?: Json;
  /** Set when only the order of a list's items differs: base and head are then their keys, in order. */
  order?: true;
}

interface Side {
  value: Json | undefined;
  tokens: readonly (string | number)[];
}

/** The fields in which two values differ, in the order of their paths; none when they are equal. */
export function diffValues(base: Json, head: Json): FieldChange[] {
  const changes: FieldChange[] = [];
  compare({ value: base, tokens: [] }, { value: head, tokens: [] }, "", "", changes);
  return changes;
}

function compare(base: Side, head: Side, path: string, list: string, changes: FieldChange[]): void {
  if (base.value === head.value) return;
  if (isObject(base.value) && isObject(head.value)) {
    compareObjects(base, head, path, changes);
  } else if (Array.isArray(base.value) && Array.isArray(head.value)) {
    compareLists(base, head, path, list, changes);
  } else if (!equalJson(base.value, head.value)) {
    const change: FieldChange = { ...placeOf(base, head), path };
    if (base.value !== undefined) change.base = base.value;
    if (head.value !== undefined) change.head = head.value;
    changes.push(change);
  }
}

function placeOf(base: Side, head: Side): Pick<FieldChange, "pointer" | "basePointer"> {
  const inBase = joinPointer(base.tokens);
  if (head.value === undefined) return { pointer: inBase };
  const pointer = joinPointer(head.tokens);
  return base.value === undefined || inBase === pointer ? { pointer } : { pointer, basePointer: inBase };
}

function field(side: Side, key: string): Side {
  const object = side.value as JsonObject;
  return { value: Object.hasOwn(object, key) ? object[key] : undefined, tokens: [...side.tokens, key] };
}

function compareObjects(base: Side, head: Side, path: string, changes: FieldChange[]): void {
  const keys = new Set([...Object.keys(base.value as JsonObject), ...Object.keys(head.value as JsonObject)]);
  for (const key of [...keys].sort(compareText)) {
    compare(field(base, key), field(head, key), appendField(path, key), key, changes);
  }
}

function item(side: Side, index: number | undefined): Side {
  if (index === undefined) return { value: undefined, tokens: side.tokens };
  return { value: (side.value as Json[])[index], tokens: [...side.tokens, index] };
}

function compareLists(base: Side, head: Side, path: string, list: string, changes: FieldChange[]): void {
  const fields = mergeKey(list, base.value as Json[], head.value as Json[]);
  if (fields) compareKeyed(base, head, path, fields, changes);
  else compareAligned(base, head, path, changes);
}

function compareKeyed(
  base: Side,
  head: Side,
  path: string,
  fields: readonly string[],
  changes: FieldChange[],
): void {
  const baseKeys = (base.value as JsonObject[]).map((entry) => itemKey(entry, fields));
  const headKeys = (head.value as JsonObject[]).map((entry) => itemKey(entry, fields));
  const inBase = new Map(baseKeys.map((key, index) => [key, index]));
  const inHead = new Map(headKeys.map((key, index) => [key, index]));
  const common = baseKeys.filter((key) => inHead.has(key));
  const reordered = headKeys.filter((key) => inBase.has(key));
  if (common.some((key, index) => key !== reordered[index])) {
    changes.push({ ...placeOf(base, head), path, base: common, head: reordered, order: true });
  }
  for (const key of [...baseKeys, ...headKeys.filter((added) => !inBase.has(added))]) {
    compare(item(base, inBase.get(key)), item(head, inHead.get(key)), appendItem(path, key), "", changes);
  }
}

function compareAligned(base: Side, head: Side, path: string, changes: FieldChange[]): void {
  const texts = (side: Side) => (side.value as Json[]).map((entry) => writeJson(entry));
  for (const pair of alignItems(texts(base), texts(head))) {
    const index = pair.head ?? (pair.base as number);
    compare(item(base, pair.base), item(head, pair.head), appendItem(path, index), "", changes);
  }
}
