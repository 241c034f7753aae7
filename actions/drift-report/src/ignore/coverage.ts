import { isObject, type Json, type JsonObject, splitPointer } from "@gitops-actions/manifest";
import { compareObjects, type Difference } from "../comparison.ts";
import type { Shape } from "../shape.ts";
import { below, isWithin, type Path } from "./path.ts";
import type { IgnoreRule } from "./rule.ts";

/** A rule with the places it names in one object. */
export interface ResolvedRule {
  rule: IgnoreRule;
  desired: readonly Path[];
  live: readonly Path[];
}

/** What the ignore rules that govern one object say. */
export interface Coverage {
  /** The rule by which the object as a whole is not looked at. */
  whole: IgnoreRule | undefined;
  /**
   * The rule that covers a difference. As in Argo CD and Flux, the places are taken out of both sides: a difference of
   * which nothing is left then is none. `owners` are the managers of the live field.
   */
  ofDifference(difference: Difference, owners: readonly string[]): IgnoreRule | undefined;
  /** The rule that covers what only the live object has. */
  ofAddition(livePointer: string, owner: string): IgnoreRule | undefined;
}

export function coverageOf(
  rules: readonly ResolvedRule[],
  sides: { desired: JsonObject; live: JsonObject | undefined; shape: Shape },
): Coverage {
  const byOwner = (owners: readonly string[]): IgnoreRule | undefined =>
    rules.find(({ rule }) => owners.some((owner) => rule.ownedBy(owner)))?.rule;
  return {
    whole: rules.find(({ desired }) => desired.some((path) => path.length === 0))?.rule,
    ofDifference(difference, owners) {
      const tokens = splitPointer(difference.pointer);
      const named = rules.find(({ desired }) => desired.some((path) => isWithin(tokens, path)));
      return named?.rule ?? byOwner(owners) ?? rules.find((rule) => isEmptied(difference, rule, sides))?.rule;
    },
    ofAddition(livePointer, owner) {
      const tokens = splitPointer(livePointer);
      return rules.find(({ live }) => live.some((path) => isWithin(tokens, path)))?.rule ?? byOwner([owner]);
    },
  };
}

/** Whether nothing differs at a place any more once what a rule names below it is gone on both sides. */
function isEmptied(
  { pointer, livePointer, desired, live }: Difference,
  rule: ResolvedRule,
  sides: { desired: JsonObject; live: JsonObject | undefined; shape: Shape },
): boolean {
  if (live === undefined || sides.live === undefined) return false;
  const inner = (at: string, paths: readonly Path[]): Path[] =>
    paths.flatMap((path) => {
      const rest = below(splitPointer(at), path);
      return rest ? [rest] : [];
    });
  const [inDesired, inLive] = [inner(pointer, rule.desired), inner(livePointer, rule.live)];
  if (inDesired.length + inLive.length === 0) return false;
  const { differences } = compareObjects(
    withValue(sides.desired, splitPointer(pointer), without(desired, inDesired)) as JsonObject,
    withValue(sides.live, splitPointer(livePointer), without(live, inLive)) as JsonObject,
    sides.shape,
  );
  return !differences.some((each) => each.pointer === pointer || each.pointer.startsWith(`${pointer}/`));
}

/** A copy of a value in which other values are gone; items of lists move up. */
function without(value: Json, paths: readonly Path[]): Json {
  if (Array.isArray(value))
    return value.flatMap((item, index) => {
      const own = stepsInto(paths, String(index));
      return own.some((path) => path.length === 0) ? [] : [without(item, own)];
    });
  if (!isObject(value)) return value;
  const kept: JsonObject = {};
  for (const [name, child] of Object.entries(value)) {
    const own = stepsInto(paths, name);
    if (!own.some((path) => path.length === 0)) kept[name] = without(child, own);
  }
  return kept;
}

function stepsInto(paths: readonly Path[], name: string): Path[] {
  return paths.flatMap((path) => (isWithin([name], path.slice(0, 1)) ? [path.slice(1)] : []));
}

function withValue(root: Json, tokens: Path, value: Json): Json {
  const [token, ...rest] = tokens;
  if (token === undefined) return value;
  if (Array.isArray(root))
    return root.map((item, index) => (String(index) === token ? withValue(item, rest, value) : item));
  return isObject(root) ? { ...root, [token]: withValue(root[token] ?? null, rest, value) } : root;
}
