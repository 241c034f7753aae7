import { type Json, joinPointer, valueAt } from "@gitops-actions/manifest";
import { alignPath } from "./align.ts";
import { contains, isAlike } from "./alike.ts";
import { findCollection, findMade, isCollection } from "./collection.ts";
import { type Home, homeOf } from "./home.ts";
import type { Known } from "./known.ts";
import { type Found, foundAt, near } from "./located.ts";
import type { Leaf } from "./mark.ts";
import { positionOf, scalarsOf } from "./text.ts";
import { findRemoval, findUnmarked } from "./unmarked.ts";

/** Where a field's value is written; of an absent field near its nearest parent that exists. */
export function findField(known: Known, tokens: readonly string[]): Found | undefined {
  const value = valueAt(known.resource.value, joinPointer(tokens));
  if (value === undefined) {
    const parent = findField(known, tokens.slice(0, -1));
    return parent && near(parent);
  }
  if (tokens.length === 0) return findDocument(known);
  if (isCollection(value)) return findCollection(known, tokens) ?? findUnmarked(known, tokens);
  const path = alignPath(known.resource.value, known.unmarked.value, tokens);
  const leaf = path && leafAt(known, path);
  if (!path || !leaf) return findUnmarked(known, tokens);
  const plain = valueAt(known.unmarked.value, joinPointer(path));
  // References to names get prefixes and hashes after everything else; a marked one does not.
  if (isAlike(plain, value) || contains(value, plain)) return foundAt(leaf);
  return findUnmarked(known, tokens);
}

/** Where a field's name is written; of an absent field, the body it belongs in, or what took it away. */
export function findKey(known: Known, tokens: readonly string[]): Found | undefined {
  const { resource, traced, inflated, unmarked } = known;
  const value = valueAt(resource.value, joinPointer(tokens));
  if (value === undefined) return findAbsent(known, tokens);
  const path = alignPath(resource.value, unmarked.value, tokens);
  const leaf = path && !isCollection(value) ? leafAt(known, path) : undefined;
  const position = leaf?.field && positionOf(leaf.text, leaf.field.document, leaf.field.pointer, true);
  if (position && leaf) return { text: leaf.text, ...position };
  if (isInflated(known)) {
    const printed = inflated.find(traced, resource, tokens, "key");
    if (printed) return printed;
  }
  if (tokens.length === 0) return findDocument(known);
  if (!isCollection(value)) return findField(known, tokens);
  return findMade(known, tokens) ?? keyInHome(known, tokens)?.found ?? findField(known, tokens);
}

/**
 * Where a person changes or adds what a mapping or list holds: where its key stands in the file of the resource, as long
 * as something that stands there is left of it. Near if other files add to it.
 */
export function findBody(known: Known, tokens: readonly string[], lacks?: string): Found | undefined {
  const { resource, traced, inflated } = known;
  const value = valueAt(resource.value, joinPointer(tokens));
  if (value === undefined) return findAbsent(known, tokens);
  if (!isCollection(value)) return findKey(known, tokens);
  const made = findMade(known, tokens);
  if (made) return made;
  const chart = isInflated(known) ? inflated.find(traced, resource, tokens, "body", lacks) : undefined;
  const there = isInflated(known) ? undefined : keyInHome(known, tokens);
  const own = chart ?? there?.found;
  if (!own) return tokens.length === 0 ? findDocument(known) : findField(known, tokens);
  const parts = Object.keys(value).map((name) => partOf(known, [...tokens, name], there?.home));
  if (parts.every((part) => part === "other")) {
    const found = findCollection(known, tokens);
    if (found) return near(found);
  }
  const isThere = (name: string): boolean =>
    there
      ? valueAt(there.value, joinPointer([name])) !== undefined
      : inflated.find(traced, resource, [...tokens, name], "key") !== undefined;
  const isAdded = Object.keys(value).some((name, index) => parts[index] === "other" && !isThere(name));
  return isAdded ? near(own) : own;
}

/** Whether something below a field is the resource's own (its file's, or its chart's), or all of it comes from others. */
function partOf(known: Known, tokens: readonly string[], home: Home | undefined): "own" | "other" {
  const { resource, unmarked } = known;
  const isWritten = (at: readonly string[]): boolean =>
    home === undefined || alignPath(resource.value, home.value, at) !== undefined;
  const scalars = [...scalarsOf(valueAt(resource.value, joinPointer(tokens)) as Json, tokens)];
  const isOwn = scalars.some(({ tokens: at }) => {
    const path = alignPath(resource.value, unmarked.value, at);
    const leaf = path && leafAt(known, path);
    return leaf ? leaf.text === home?.text : isWritten(at);
  });
  return isOwn || (scalars.length === 0 && isWritten(tokens)) ? "own" : "other";
}

function findAbsent(known: Known, tokens: readonly string[]): Found | undefined {
  const parent = findBody(known, tokens.slice(0, -1), tokens.at(-1));
  const home = homeOf(known);
  if (!isInflated(known) && !isInHome(known, tokens)) return parent;
  const removal = findRemoval(known, tokens);
  if (removal || isInflated(known)) return removal ?? parent;
  // What took it away is not known, unless it is what made all of the parent anew.
  return parent && (parent.text.path === home?.text.path ? near(parent) : parent);
}

function isInflated({ traced }: Known): boolean {
  return traced.origin?.generator === "HelmChartInflationGenerator";
}

function leafAt({ unmarked }: Known, path: readonly string[]): Leaf | undefined {
  return unmarked.leaves.get(joinPointer(path))?.at(-1);
}

/** The key of a mapping or list in the file of the resource, whatever patches add to it. */
function keyInHome(
  known: Known,
  tokens: readonly string[],
): { found: Found; value: Json; home: Home } | undefined {
  const home = homeOf(known);
  const path = home && alignPath(known.resource.value, home.value, tokens);
  const there = path && valueAt(home.value, joinPointer(path));
  const isSame = Array.isArray(there) === Array.isArray(valueAt(known.resource.value, joinPointer(tokens)));
  if (!path || there === undefined || !isCollection(there) || !isSame) return undefined;
  const position = positionOf(home.text, home.document, joinPointer([...home.base, ...path]), true);
  return position && { found: { text: home.text, ...position }, value: there, home };
}

/** Whether a field that is absent stands in the file of the resource all the same. */
function isInHome(known: Known, tokens: readonly string[]): boolean {
  const home = homeOf(known);
  if (!home) return false;
  for (let length = tokens.length - 1; length >= 0; length--) {
    const parent = alignPath(known.resource.value, home.value, tokens.slice(0, length));
    if (parent) return valueAt(home.value, joinPointer([...parent, ...tokens.slice(length)])) !== undefined;
  }
  return false;
}

/** Where the resource itself begins. */
function findDocument(known: Known): Found | undefined {
  const home = homeOf(known);
  const position = home && positionOf(home.text, home.document, joinPointer(home.base));
  if (home && position) return { text: home.text, ...position };
  const name = findUnmarked(known, ["metadata", "name"]);
  return name && near(name);
}
