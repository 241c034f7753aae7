import {
  isObject,
  type Json,
  type JsonObject,
  joinPointer,
  splitPointer,
  valueAt,
} from "@gitops-actions/manifest";
import { compareObjects } from "./comparison.ts";
import { pairItems } from "./items.ts";
import type { Shape } from "./shape.ts";

/** The annotation in which client-side appliers keep what they applied. */
export const lastAppliedName = "kubectl.kubernetes.io/last-applied-configuration";

/** What a client-side applier (kubectl apply, Argo CD) says it applied last; undefined when there is no such note. */
export function readLastApplied(live: JsonObject): JsonObject | undefined {
  const text = valueAt(live, joinPointer(["metadata", "annotations", lastAppliedName]));
  if (typeof text !== "string") return undefined;
  try {
    const value = JSON.parse(text) as Json;
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** JSON Pointers into the live object of what was applied, is not in Git any more, and is still there. */
export function removedSince(
  applied: JsonObject,
  desired: JsonObject,
  live: JsonObject,
  shape: Shape,
): string[] {
  return compareObjects(applied, desired, shape)
    .differences.filter((difference) => difference.live === undefined)
    .flatMap(({ pointer }) => {
      const tokens = follow(splitPointer(pointer), applied, live, shape);
      return tokens ? [joinPointer(tokens)] : [];
    });
}

/** The way to the same place in another object, where list items may stand elsewhere; undefined when it is not there. */
function follow(
  tokens: readonly string[],
  from: Json,
  to: Json,
  shape: Shape,
): (string | number)[] | undefined {
  const [token, ...rest] = tokens;
  if (token === undefined) return [];
  if (Array.isArray(from) && Array.isArray(to)) {
    const index = pairItems(from, to, shape)?.[Number(token)];
    if (index === undefined) return undefined;
    const below = follow(rest, from[Number(token)]!, to[index]!, shape.item());
    return below && [index, ...below];
  }
  if (!isObject(from) || !isObject(to) || !Object.hasOwn(to, token) || to[token] === null) return undefined;
  const below = follow(rest, from[token]!, to[token]!, shape.field(token));
  return below && [token, ...below];
}
