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
import { type Found, foundAt, near, toLocation } from "./located.ts";
import type { Leaf, Marks } from "./mark.ts";
import { type Unmarked, unmark } from "./plainvalue.ts";
import { markLevels, type Probe, probeKustomize } from "./probe.ts";
import { positionOf } from "./text.ts";
import { type KustomizeTexts, readTexts } from "./texts.ts";
import { pairTraced, parseTrace, type TracedResource } from "./trace.ts";
import { findUnmarked } from "./unmarked.ts";

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
): (resource: Resource, pointer: string) => Promise<Location | undefined> {
  let traces: Promise<Traces | undefined> | undefined;
  return async (resource, pointer) => {
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
    const found = findField(known, splitPointer(pointer));
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
