import { isObject, type Json, joinPointer, splitPointer, valueAt } from "@gitops-actions/manifest";
import { alignPath } from "./align.ts";
import type { Known } from "./known.ts";
import { type Found, near } from "./located.ts";
import type { Leaf } from "./mark.ts";
import { positionOf } from "./text.ts";

/** A mapping or list that is not empty. */
export function isCollection(value: Json): value is Json[] | { [key: string]: Json } {
  return typeof value === "object" && value !== null && Object.keys(value).length > 0;
}

/** A mapping or list stands where what it holds does: exactly, if all of that stands below one key. */
export function findCollection(known: Known, tokens: readonly string[]): Found | undefined {
  const places = leavesBelow(known, tokens).flatMap(({ leaf, depth }) => ancestorOf(leaf, depth) ?? []);
  return placeOfAll(places, valueAt(known.resource.value, joinPointer(tokens)));
}

/** The value of the JSON 6902 operation that made a mapping or list, or a part of such a value. */
export function findMade(known: Known, tokens: readonly string[]): Found | undefined {
  const leaves = leavesBelow(known, tokens);
  const made = leaves.filter(({ leaf, depth }) => isOperation(leaf) && depth <= below(leaf));
  const places = made.flatMap(({ leaf, depth }) => ancestorOf(leaf, depth) ?? []);
  const found = placeOfAll(places, valueAt(known.resource.value, joinPointer(tokens)));
  return found && made.length < leaves.length ? near(found) : found;
}

/** What carries a mark below a field, and how far below. */
function leavesBelow(
  { resource, unmarked }: Known,
  tokens: readonly string[],
): { leaf: Leaf; depth: number }[] {
  const path = alignPath(resource.value, unmarked.value, tokens);
  const pointer = path && joinPointer(path);
  return [...unmarked.leaves].flatMap(([at, leaves]) => {
    const leaf = leaves.at(-1);
    if (pointer === undefined || !at.startsWith(`${pointer}/`) || !leaf) return [];
    return [{ leaf, depth: splitPointer(at).length - path!.length }];
  });
}

function placeOfAll(places: readonly Found[], value: Json | undefined): Found | undefined {
  const [first] = places;
  if (!first) return undefined;
  const same = places.every((each) => each.text === first.text && each.line === first.line);
  return same && (isObject(value) || Array.isArray(value)) ? first : near(first);
}

function isOperation({ text, field }: Leaf): boolean {
  return field !== undefined && Array.isArray(text.source.documents[field.document]?.value);
}

/** How far below the value of its operation a leaf stands, which is `/INDEX/value`. */
function below({ field }: Leaf): number {
  return field ? splitPointer(field.pointer).length - 2 : 0;
}

/** The key that stands `depth` levels above a leaf in its own text; of an operation at most its value. */
function ancestorOf(leaf: Leaf, depth: number): Found | undefined {
  const { text, field } = leaf;
  const tokens = field && splitPointer(field.pointer);
  const most = isOperation(leaf) ? below(leaf) : (tokens?.length ?? 0);
  if (!field || !tokens || (depth > most && !isOperation(leaf))) return undefined;
  const above = tokens.slice(0, tokens.length - Math.min(depth, most));
  const position = positionOf(text, field.document, joinPointer(above), true);
  const found = position && { text, ...position };
  return found && depth > most ? near(found) : found;
}
