import {
  type Json,
  joinPointer,
  parseManifests,
  type Resource,
  splitPointer,
  valueAt,
} from "@gitops-actions/manifest";
import type { Location } from "@gitops-actions/report";
import type { OverlayOptions } from "../overlay.ts";
import { resolvePath } from "../resolve.ts";
import type { Tree } from "../tree.ts";
import { findInChart } from "./chartfield.ts";
import { type Instrumented, instrumentChart } from "./charts.ts";
import type { RenderProbe } from "./kustomize.ts";
import { type Part, toLocation } from "./located.ts";
import { homesIn, type PrintedObject, readHomes } from "./prints.ts";
import { fileText } from "./text.ts";
import { joinName } from "./values.ts";

interface Prints {
  instrumented: Instrumented;
  homes: Map<Resource, PrintedObject>;
}

/** Origins of what `helm template` renders. Everything is read and rendered with the first question, and once. */
export function helmOrigins(
  tree: Tree,
  path: string,
  options: Pick<OverlayOptions, "values">,
  resources: readonly Resource[],
  render: RenderProbe,
): (resource: Resource, pointer: string, part: Part) => Promise<Location | undefined> {
  let prints: Promise<Prints | undefined> | undefined;
  return async (resource, pointer, part) => {
    prints ??= readPrints(tree, path, options, resources, render);
    const all = await prints;
    const home = all?.homes.get(resource);
    if (!all || !home) return undefined;
    const found = findInChart(home, all.instrumented, resource, splitPointer(pointer), part);
    return found && toLocation(found, home.print ? [home.print.template.path] : []);
  };
}

/** The file that Helm names above each resource; not above the items of a List. */
function sourceOf({ text }: Resource): string | undefined {
  return /^(?:\s*\n)*# Source: ([^\r\n]+)/.exec(text)?.[1]?.trim();
}

async function readPrints(
  tree: Tree,
  path: string,
  options: Pick<OverlayOptions, "values">,
  resources: readonly Resource[],
  render: RenderProbe,
): Promise<Prints | undefined> {
  const folder = await resolvePath(tree, path === "." ? "" : path);
  if (folder.kind !== "found") return undefined;
  const instrumented = await instrumentChart(tree, folder.path);
  const output = await render(instrumented.probe);
  if (output === undefined) return undefined;
  const values = parseManifests(output, "").resources.map((resource) => resource.value);
  const given = options.values.map((file) => ({ path: file }));
  const homes = await readHomes(tree, folder.path, instrumented, values, given);
  for (const source of new Set(resources.map((resource) => sourceOf(resource) ?? ""))) {
    const inChart = source.replace(/^[^/]+\//, "");
    const file = /^(?:charts\/[^/]+\/)*crds\//.test(inChart) ? joinName(folder.path, inChart) : "";
    if (!homes.has(source) && tree.get(file)?.kind === "file")
      homes.set(source, homesIn(fileText(file, file, new TextDecoder().decode(await tree.read(file)))));
  }
  return { instrumented, homes: pairHomes(resources, homes) };
}

/** Resources of one kind and name stand in the order in which their file prints them. */
function pairHomes(
  resources: readonly Resource[],
  homes: ReadonlyMap<string, PrintedObject[]>,
): Map<Resource, PrintedObject> {
  const keyOf = (value: Json | undefined) => {
    const name = valueAt(value, "/metadata/name") ?? valueAt(value, "/metadata/generateName");
    return `${valueAt(value, "/kind")}\0${name}`;
  };
  const byKey = (some: readonly PrintedObject[]) =>
    Map.groupBy(some, ({ text, document, base }) => {
      const value = valueAt(text.source.documents[document]?.value, joinPointer(base));
      return keyOf(value);
    });
  const bySource = new Map([...homes].map(([source, own]) => [source, byKey(own)]));
  const all = byKey([...homes.values()].flat());
  const pairs = new Map<Resource, PrintedObject>();
  for (const resource of resources) {
    const source = sourceOf(resource);
    const home = (source === undefined ? all : bySource.get(source))?.get(keyOf(resource.value))?.shift();
    if (home) pairs.set(resource, home);
  }
  return pairs;
}
