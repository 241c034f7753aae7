import {
  isObject,
  type Json,
  joinPointer,
  type Resource,
  splitPointer,
  valueAt,
} from "@gitops-actions/manifest";
import type { Location } from "@gitops-actions/report";
import type { ClosureContext } from "../closure/context.ts";
import type { Closure } from "../overlay.ts";
import { resolvePath } from "../resolve.ts";
import type { Tree } from "../tree.ts";
import { alignPath } from "./align.ts";
import { contains, isAlike } from "./alike.ts";
import { homeOf } from "./home.ts";
import { type Inflated, instrumentCharts, readInflated } from "./inflation.ts";
import type { Known } from "./known.ts";
import { type Found, foundAt, near, type Part, toLocation } from "./located.ts";
import type { Leaf, Marks } from "./mark.ts";
import { type Unmarked, unmark } from "./plainvalue.ts";
import { markLevels, type Probe, probeKustomize } from "./probe.ts";
import { positionOf } from "./text.ts";
import { type KustomizeTexts, readTexts } from "./texts.ts";
import { pairTraced, parseTrace, type TracedResource } from "./trace.ts";
import { findRemoval, findUnmarked } from "./unmarked.ts";

/** Renders an overlay once more with a probe's files; undefined when the tool fails. */
export type RenderProbe = (probe: Probe) => Promise<string | undefined>;

interface Traces {
  texts: KustomizeTexts;
  marks: Marks;
  traced: Map<Resource, TracedResource>;
  unmarked: Map<Resource, Unmarked>;
  inflated: Inflated;
}

/** Origins of what kustomize renders. Everything is read and rendered with the first question, and once. */
export function kustomizeOrigins(
  tree: Tree,
  path: string,
  closure: Closure,
  context: ClosureContext,
  resources: readonly Resource[],
  render: RenderProbe,
): (resource: Resource, pointer: string, part: Part) => Promise<Location | undefined> {
  let traces: Promise<Traces | undefined> | undefined;
  return async (resource, pointer, part) => {
    traces ??= trace(tree, path, closure, context, resources, render);
    const all = await traces;
    const traced = all?.traced.get(resource);
    if (!all || !traced) return undefined;
    let unmarked = all.unmarked.get(resource);
    if (!unmarked) {
      unmarked = unmark(traced.value, all.marks);
      all.unmarked.set(resource, unmarked);
    }
    const known = { resource, traced, unmarked, texts: all.texts, inflated: all.inflated };
    const tokens = splitPointer(pointer);
    const found = part === "key" ? findKey(known, tokens) : findField(known, tokens);
    return (
      found &&
      toLocation(
        found,
        traced.transformations.map((each) => each.path),
      )
    );
  };
}

async function trace(
  tree: Tree,
  path: string,
  closure: Closure,
  context: ClosureContext,
  resources: readonly Resource[],
  render: RenderProbe,
): Promise<Traces | undefined> {
  const folder = await resolvePath(tree, path === "." ? "" : path);
  if (folder.kind !== "found") return undefined;
  const texts = await readTexts(tree, folder.path, context);
  const charts = await instrumentCharts(tree, texts.charts);
  // What refuses marks is rendered with fewer, at last with none: kinds, names and files are known then.
  for (const level of markLevels) {
    const { probe, marks } = probeKustomize(texts, closure, level);
    if (level.length > 0)
      for (const { probe: more } of charts.values())
        for (const [file, text] of more.files) probe.files.set(file, text);
    const output = await render(probe);
    if (output === undefined) continue;
    const traced = await followLinks(tree, parseTrace(output));
    const inflated = await readInflated(tree, texts, charts, traced);
    return { texts, marks, traced: pairTraced(resources, traced), unmarked: new Map(), inflated };
  }
  return undefined;
}

/** Kustomize names files by the links that it came through. */
async function followLinks(tree: Tree, traced: TracedResource[]): Promise<TracedResource[]> {
  const real = new Map<string, string>();
  const follow = async (path: string) => {
    const found = real.get(path) ?? (await resolvePath(tree, path));
    const target = typeof found === "string" ? found : found.kind === "found" ? found.path : path;
    real.set(path, target);
    return target;
  };
  const followed: TracedResource[] = [];
  for (const each of traced) {
    const { origin } = each;
    const transformations: TracedResource["transformations"] = [];
    for (const { path, kind } of each.transformations)
      transformations.push({ path: await follow(path), kind });
    followed.push({
      ...each,
      transformations,
      ...(origin && { origin: { ...origin, path: await follow(origin.path) } }),
    });
  }
  return followed;
}

function findField(known: Known, tokens: readonly string[]): Found | undefined {
  const value = valueAt(known.resource.value, joinPointer(tokens));
  if (value === undefined) {
    const parent = findField(known, tokens.slice(0, -1));
    return parent && near(parent);
  }
  if (tokens.length === 0) return findDocument(known);
  if (isCollection(value)) return findCollection(known, tokens) ?? findUnmarked(known, tokens);
  const path = alignPath(known.resource.value, known.unmarked.value, tokens);
  const leaves = path ? (known.unmarked.leaves.get(joinPointer(path)) ?? []) : [];
  const leaf = leaves.at(-1);
  if (!path || !leaf) return findUnmarked(known, tokens);
  const plain = valueAt(known.unmarked.value, joinPointer(path));
  // References to names get prefixes and hashes after everything else; a marked one does not.
  if (isAlike(plain, value) || contains(value, plain)) return foundAt(leaf);
  return findUnmarked(known, tokens);
}

/** Where a field's name is written; of an absent field, the key it belongs under, or what took it away. */
function findKey(known: Known, tokens: readonly string[]): Found | undefined {
  const { resource, traced, inflated, unmarked } = known;
  const value = valueAt(resource.value, joinPointer(tokens));
  if (value === undefined) {
    const parent = findKey(known, tokens.slice(0, -1));
    if (!isInHome(known, tokens)) return parent;
    return findRemoval(known, tokens) ?? (parent && near(parent));
  }
  if (traced.origin?.generator === "HelmChartInflationGenerator") {
    const printed = inflated.find(traced, resource, tokens, "key");
    if (printed) return printed;
  }
  if (tokens.length === 0) return findDocument(known);
  if (isCollection(value)) return keyInHome(known, tokens) ?? findField(known, tokens);
  const path = alignPath(resource.value, unmarked.value, tokens);
  const leaf = path && unmarked.leaves.get(joinPointer(path))?.at(-1);
  const position = leaf?.field && positionOf(leaf.text, leaf.field.document, leaf.field.pointer, true);
  return position && leaf ? { text: leaf.text, ...position } : findField(known, tokens);
}

/** The key of a mapping or list in the file of the resource, whatever patches add to it. */
function keyInHome(known: Known, tokens: readonly string[]): Found | undefined {
  const home = homeOf(known);
  const path = home && alignPath(known.resource.value, home.value, tokens);
  const there = path && valueAt(home.value, joinPointer(path));
  const isSame = Array.isArray(there) === Array.isArray(valueAt(known.resource.value, joinPointer(tokens)));
  if (!path || there === undefined || !isCollection(there) || !isSame) return undefined;
  const position = positionOf(home.text, home.document, joinPointer([...home.base, ...path]), true);
  return position && { text: home.text, ...position };
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

function isCollection(value: Json): boolean {
  return typeof value === "object" && value !== null && Object.keys(value).length > 0;
}

/** Where the resource itself begins. */
function findDocument(known: Known): Found | undefined {
  const home = homeOf(known);
  const position = home && positionOf(home.text, home.document, joinPointer(home.base));
  if (home && position) return { text: home.text, ...position };
  const name = findUnmarked(known, ["metadata", "name"]);
  return name && near(name);
}

/** A mapping or list stands where what it holds does: exactly, if all of that stands below one key. */
function findCollection(known: Known, tokens: readonly string[]): Found | undefined {
  const path = alignPath(known.resource.value, known.unmarked.value, tokens);
  if (!path) return undefined;
  const pointer = joinPointer(path);
  const places: Found[] = [];
  for (const [at, leaves] of known.unmarked.leaves) {
    if (!at.startsWith(`${pointer}/`)) continue;
    const depth = splitPointer(at).length - path.length;
    const found = ancestorOf(leaves.at(-1) as Leaf, depth);
    if (found) places.push(found);
  }
  const [first] = places;
  if (!first) return undefined;
  const same = places.every((each) => each.text === first.text && each.line === first.line);
  const value = valueAt(known.resource.value, joinPointer(tokens));
  return same && (isObject(value) || Array.isArray(value)) ? first : near(first);
}

/** The key that stands `depth` levels above a leaf in its own text. */
function ancestorOf({ text, field }: Leaf, depth: number): Found | undefined {
  const tokens = field && splitPointer(field.pointer);
  if (!field || !tokens || tokens.length < depth) return undefined;
  const position = positionOf(
    text,
    field.document,
    joinPointer(tokens.slice(0, tokens.length - depth)),
    true,
  );
  return position && { text, ...position };
}
