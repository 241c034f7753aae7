import type { ResourceChange } from "./diff.ts";
import type { FieldChange } from "./fields.ts";
import { canonicalId, stripHash } from "./identity.ts";
import type { Json } from "./resource.ts";
import { isObject, setOwn, writeJson } from "./values.ts";

/**
 * Splits each changed resource into parts whose fields reach the same overlays. What a shared base changes in fifty
 * overlays is then one part in all of them, whatever else each of them changes in the same resource.
 */
export function splitByReach(
  changesByOverlay: ReadonlyMap<string, readonly ResourceChange[]>,
): Map<string, ResourceChange[]> {
  const reach = measureReach(changesByOverlay);
  const split = new Map<string, ResourceChange[]>();
  for (const [overlay, changes] of changesByOverlay) {
    split.set(
      overlay,
      changes.flatMap((change) => splitChange(change, reach)),
    );
  }
  return split;
}

/** The overlays of each field change, as one text; the same for two that happen in exactly the same overlays. */
function measureReach(changesByOverlay: ReadonlyMap<string, readonly ResourceChange[]>): Map<string, string> {
  const overlays = new Map<string, Set<string>>();
  for (const [overlay, changes] of changesByOverlay) {
    for (const change of changes) {
      for (const field of change.fields) {
        const key = fieldKey(change, field);
        const found = overlays.get(key);
        if (found) found.add(overlay);
        else overlays.set(key, new Set([overlay]));
      }
    }
  }
  return new Map([...overlays].map(([key, set]) => [key, [...set].sort().join("\0")]));
}

function splitChange(change: ResourceChange, reach: ReadonlyMap<string, string>): ResourceChange[] {
  if (change.fields.length < 2) return [change];
  const parts = Map.groupBy(change.fields, (field) => reach.get(fieldKey(change, field)));
  if (parts.size === 1) return [change];
  return [...parts.values()].map((fields) => ({ ...change, fields }));
}

/** Equal for the same change to the same field of a kind; the resource's name is left out, overlays add to it. */
function fieldKey(change: ResourceChange, field: FieldChange): string {
  const { group, kind } = canonicalId(change.id);
  const values = [field.base, field.head].map((value) => (value === undefined ? [] : [withoutHashes(value)]));
  return writeJson([group, kind, field.path, field.order === true, values]);
}

/** The value with the hashes of generated names left out: they differ in each overlay although nothing else does. */
export function withoutHashes(value: Json): Json {
  if (typeof value === "string") return stripHash(value);
  if (Array.isArray(value)) return value.map(withoutHashes);
  if (!isObject(value)) return value;
  const copy = {};
  for (const key of Object.keys(value)) setOwn(copy, key, withoutHashes(value[key] as Json));
  return copy;
}
