import { isObject, type Json, type JsonObject } from "@gitops-actions/manifest";
import * as z from "zod";
import { itemName } from "./items.ts";

/** One entry of metadata.managedFields: the fields that one manager wrote last. */
export interface Manager {
  name: string;
  operation: "Apply" | "Update";
  /** Such as `status` or `scale`; "" for the object itself. */
  subresource: string;
  /** Time of its last write to any of its fields, RFC 3339; undefined in objects of very old servers. */
  time: string | undefined;
  /** FieldsV1: names with a prefix of their kind (apimachinery, structured-merge-diff/fieldpath/serialize.go). */
  fields: JsonObject;
}

const Entry = z.object({
  manager: z.string().default(""),
  operation: z.enum(["Apply", "Update"]),
  subresource: z.string().default(""),
  time: z.string().optional(),
  fieldsV1: z.record(z.string(), z.unknown()).optional(),
});

/** The managers of a live object, in the order of the object; what cannot be read is left out. */
export function readManagers(live: JsonObject): Manager[] {
  const entries = isObject(live.metadata) ? live.metadata.managedFields : undefined;
  if (!Array.isArray(entries)) return [];
  return entries.flatMap((value) => {
    const entry = Entry.safeParse(value);
    if (!entry.success) return [];
    const { manager, operation, subresource, time, fieldsV1 } = entry.data;
    return [{ name: manager, operation, subresource, time, fields: (fieldsV1 ?? {}) as JsonObject }];
  });
}

/**
 * How much of the way to a field a manager's set names. `exact`: the field itself or something below it; `above`: it
 * owns what the field is part of as a whole. Undefined: it does not own it.
 */
export function ownershipOf(
  fields: JsonObject,
  live: JsonObject,
  tokens: readonly string[],
): "exact" | "above" | undefined {
  let set: JsonObject = fields;
  let value: Json | undefined = live;
  for (const [index, token] of tokens.entries()) {
    const isWhole = index > 0 && Object.keys(set).length === 0;
    if (isWhole) return "above";
    const next = Array.isArray(value)
      ? itemSet(set, value[Number(token)], Number(token))
      : childSet(set, `f:${token}`);
    if (next === undefined) return undefined;
    set = next;
    value = Array.isArray(value) ? value[Number(token)] : isObject(value) ? value[token] : undefined;
  }
  return "exact";
}

function childSet(set: JsonObject, name: string): JsonObject | undefined {
  const child = Object.hasOwn(set, name) ? set[name] : undefined;
  return isObject(child) ? child : undefined;
}

function itemSet(set: JsonObject, item: Json | undefined, index: number): JsonObject | undefined {
  for (const name of Object.keys(set)) {
    if (item !== undefined && matchesItem(name, item)) return childSet(set, name);
  }
  return childSet(set, `i:${index}`);
}

/** Whether `k:{"name":"app"}` or `v:"x"` names this item. */
export function matchesItem(name: string, item: Json): boolean {
  const prefix = name.slice(0, 2);
  if (prefix !== "k:" && prefix !== "v:") return false;
  let key: Json;
  try {
    key = JSON.parse(name.slice(2)) as Json;
  } catch {
    return false;
  }
  if (prefix === "v:") return key === item;
  return isObject(key) && itemName(key, Object.keys(key)) === itemName(item, Object.keys(key));
}
