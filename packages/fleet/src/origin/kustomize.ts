import { type Resource, splitPointer } from "@gitops-actions/manifest";
import type { Location } from "@gitops-actions/report";
import type { ClosureContext } from "../closure/context.ts";
import type { Closure } from "../overlay.ts";
import { resolvePath } from "../resolve.ts";
import type { Tree } from "../tree.ts";
import { type Inflated, instrumentCharts, readInflated } from "./inflation.ts";
import { findBody, findField, findKey } from "./kustomizefield.ts";
import { type Part, toLocation } from "./located.ts";
import type { Marks } from "./mark.ts";
import { type Unmarked, unmark } from "./plainvalue.ts";
import { markLevels, type Probe, probeKustomize } from "./probe.ts";
import { type KustomizeTexts, readTexts } from "./texts.ts";
import { pairTraced, parseTrace, type TracedResource } from "./trace.ts";

/** Renders an overlay once more with a probe's files; undefined when the tool fails. */
export type RenderProbe = (probe: Probe) => Promise<string | undefined>;

interface Traces {
  texts: KustomizeTexts;
  marks: Marks;
  traced: Map<Resource, TracedResource>;
  unmarked: Map<Resource, Unmarked>;
  inflated: Inflated;
}

const findPart = { value: findField, key: findKey, body: findBody };

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
    const found = findPart[part](known, tokens);
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
