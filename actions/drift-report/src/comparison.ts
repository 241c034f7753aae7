import { isObject, type Json, type JsonObject, joinPointer } from "@gitops-actions/manifest";
import { pairItems } from "./items.ts";
import { isLeftToServer, isPlaceholder, normaliseDesired } from "./normalise.ts";
import { equalScalar } from "./scalar.ts";
import type { Shape } from "./shape.ts";

/** A field that Git sets and the cluster has otherwise, or not at all. Holds Secret values. */
export interface Difference {
  /** JSON Pointer into Git's object. */
  pointer: string;
  /** JSON Pointer into the live object: list items may stand elsewhere there. */
  livePointer: string;
  desired: Json;
  /** Undefined when the cluster has no such field. */
  live: Json | undefined;
}

export interface Comparison {
  differences: Difference[];
  /** How many values (texts, numbers, switches, empty lists and maps) Git sets and were compared. */
  compared: number;
  /** JSON Pointers of what Git sets and the type does not have: the server drops it, so it cannot drift. */
  unknown: string[];
}

type Walk = Comparison;

interface Place {
  desired: Json;
  live: Json | undefined;
  shape: Shape;
  tokens: readonly (string | number)[];
  liveTokens: readonly (string | number)[];
}

/**
 * Compares every field that Git sets with the live object; what only the live object has is no difference.
 * Both are of the same version. Differences are in the order of Git's fields.
 */
export function compareObjects(desired: JsonObject, live: JsonObject, shape: Shape): Comparison {
  const walk: Walk = { differences: [], compared: 0, unknown: [] };
  compare({ desired: normaliseDesired(desired), live, shape, tokens: [], liveTokens: [] }, walk);
  return walk;
}

function compare(place: Place, walk: Walk): void {
  const { desired, live } = place;
  // Where all labels are gone, each that Git sets is missing by its own name.
  const isGoneMap = live === undefined && place.shape.isMap && isObject(desired) && !isEmpty(desired);
  if (isGoneMap) compareFields(place, desired, {}, walk);
  else if (isObject(desired) && isObject(live)) compareFields(place, desired, live, walk);
  else if (Array.isArray(desired) && Array.isArray(live)) compareItems(place, desired, live, walk);
  else {
    walk.compared += countValues(desired);
    if (live === undefined || !equalScalar(desired, live, place.shape.format)) differ(place, walk);
  }
}

function compareFields(place: Place, desired: JsonObject, live: JsonObject, walk: Walk): void {
  const { shape, tokens, liveTokens } = place;
  if (Object.keys(desired).length === 0) walk.compared++;
  for (const [name, wanted] of Object.entries(desired)) {
    const has = Object.hasOwn(live, name) && live[name] !== null;
    const value = has ? live[name] : undefined;
    if (value === undefined && !shape.knows(name)) {
      walk.unknown.push(joinPointer([...tokens, name]));
      continue;
    }
    if (isAbsent(name, wanted, value, shape)) {
      walk.compared++;
      continue;
    }
    compare(
      {
        desired: wanted,
        live: value,
        shape: shape.field(name),
        tokens: [...tokens, name],
        liveTokens: [...liveTokens, name],
      },
      walk,
    );
  }
}

/** Whether what Git writes is stored as nothing, and the cluster agrees with that. */
function isAbsent(name: string, wanted: Json, value: Json | undefined, shape: Shape): boolean {
  // A null says nothing: the server drops it, or puts the default in its place.
  if (wanted === null || isPlaceholder(name, wanted)) return true;
  if (!shape.drops(name, wanted)) return false;
  return value === undefined || isEmpty(value) || isLeftToServer(name, wanted);
}

function isEmpty(value: Json): boolean {
  return Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0;
}

function compareItems(place: Place, desired: Json[], live: Json[], walk: Walk): void {
  const { shape, tokens, liveTokens } = place;
  if (desired.length === 0) walk.compared++;
  const pairs = pairItems(desired, live, shape);
  if (pairs === undefined) {
    walk.compared += countValues(desired);
    differ(place, walk);
    return;
  }
  for (const [index, liveIndex] of pairs.entries()) {
    compare(
      {
        desired: desired[index]!,
        live: liveIndex === undefined ? undefined : live[liveIndex],
        shape: shape.item(),
        tokens: [...tokens, index],
        liveTokens: [...liveTokens, liveIndex ?? live.length],
      },
      walk,
    );
  }
}

function differ({ tokens, liveTokens, desired, live }: Place, walk: Walk): void {
  walk.differences.push({
    pointer: joinPointer(tokens),
    livePointer: joinPointer(liveTokens),
    desired,
    live,
  });
}

function countValues(value: Json): number {
  if (typeof value !== "object" || value === null) return 1;
  const children = Object.values(value);
  return children.length === 0 ? 1 : children.reduce<number>((sum, child) => sum + countValues(child), 0);
}
