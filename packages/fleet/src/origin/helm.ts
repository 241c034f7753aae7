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
import { chartKeys, type Instrumented, instrumentChart, readPrinted } from "./charts.ts";
import type { Source, World } from "./expression.ts";
import type { Template } from "./instrument.ts";
import type { RenderProbe } from "./kustomize.ts";
import { type Found, near, toLocation } from "./located.ts";
import { documentsOf, findPrinted, foundIn, isPrintedAs } from "./template.ts";
import { fileText, positionOf, type SourceText } from "./text.ts";
import { readTrail, type Trail } from "./trail.ts";
import { isAlike } from "./unmarked.ts";
import { type Chart, joinName, readValues, type Values } from "./values.ts";

/** One template file's output in one chart of the render. */
interface Print {
  template: Template;
  trail: Trail;
  chart: Chart;
  values: Values;
  metadata?: SourceText;
}

interface Prints {
  instrumented: Instrumented;
  bySource: Map<string, Print>;
  /** Which of the documents of equal kind and name in its file a resource is. */
  turns: Map<Resource, number>;
}

/** Origins of what `helm template` renders. Everything is read and rendered with the first question, and once. */
export function helmOrigins(
  tree: Tree,
  path: string,
  options: Pick<OverlayOptions, "values">,
  resources: readonly Resource[],
  render: RenderProbe,
): (resource: Resource, pointer: string) => Promise<Location | undefined> {
  let prints: Promise<Prints | undefined> | undefined;
  return async (resource, pointer) => {
    prints ??= readPrints(tree, path, options, resources, render);
    const all = await prints;
    const source = sourceOf(resource);
    const print = source === undefined ? undefined : all?.bySource.get(source);
    if (!all || !print) return undefined;
    return findField(print, all, resource, splitPointer(pointer));
  };
}

/** The file that Helm names above each resource. */
function sourceOf({ text }: Resource): string | undefined {
  return /^(?:\s*\n)*# Source: ([^\r\n]+)/.exec(text)?.[1]?.trim();
}

async function readPrints(
  tree: Tree,
  path: string,
  { values }: Pick<OverlayOptions, "values">,
  resources: readonly Resource[],
  render: RenderProbe,
): Promise<Prints | undefined> {
  const folder = await resolvePath(tree, path === "." ? "" : path);
  if (folder.kind !== "found") return undefined;
  const instrumented = await instrumentChart(tree, folder.path);
  const output = await render(instrumented.probe);
  if (output === undefined) return undefined;
  const bySource = new Map<string, Print>();
  const charts = new Map<string, Promise<Omit<Print, "template" | "trail">>>();
  for (const [source, { template, output: own }] of readPrinted(
    parseManifests(output, "").resources,
    instrumented,
  )) {
    const keys = chartKeys(source);
    const chart =
      charts.get(keys.join("/")) ?? readChart(tree, folder.path, { folder: template.chart, keys }, values);
    charts.set(keys.join("/"), chart);
    bySource.set(source, { template, trail: readTrail(own, instrumented.spots), ...(await chart) });
  }
  return { instrumented, bySource, turns: countTurns(resources) };
}

async function readChart(tree: Tree, root: string, chart: Chart, given: readonly string[]) {
  const path = joinName(chart.folder, "Chart.yaml");
  const metadata =
    tree.get(path)?.kind === "file"
      ? fileText(path, path, new TextDecoder().decode(await tree.read(path)))
      : undefined;
  return { chart, values: await readValues(tree, root, chart, given), ...(metadata && { metadata }) };
}

function countTurns(resources: readonly Resource[]): Map<Resource, number> {
  const seen = new Map<string, number>();
  return new Map(
    resources.map((resource) => {
      const key = `${sourceOf(resource)}\0${resource.id.kind}\0${resource.id.name}`;
      const turn = seen.get(key) ?? 0;
      seen.set(key, turn + 1);
      return [resource, turn];
    }),
  );
}

function findField(
  print: Print,
  all: Prints,
  resource: Resource,
  tokens: readonly string[],
): Location | undefined {
  const { trail, template, values } = print;
  const document = documentsOf(trail, resource.id.kind, resource.id.name)[all.turns.get(resource) ?? 0];
  const inTemplate = (found: Found) => toLocation(found, [template.path]);
  if (document === undefined) return inTemplate(near(foundIn(template, 0)));
  const value = valueAt(resource.value, joinPointer(tokens));
  if (value === undefined && tokens.length > 0) {
    const parent = findField(print, all, resource, tokens.slice(0, -1));
    return parent && { ...parent, precision: "near" };
  }
  if (value === undefined || !isSameThere(trail, document, tokens, value))
    return inTemplate(near(foundIn(template, 0)));
  const world: World = { values, definitions: all.instrumented.definitions, budget: 500 };
  const found = findPrinted({ trail, document, tokens, value }, world, (source, rest, expected) =>
    resolveSource(source, rest, expected, print),
  );
  return found && inTemplate(found);
}

/** Two renders may differ in what is random or tells the time. */
function isSameThere(trail: Trail, document: number, tokens: readonly string[], value: Json): boolean {
  const there = valueAt(trail.source.documents[document]?.value, joinPointer(tokens));
  return typeof value === "object" && value !== null ? there !== undefined : isAlike(there, value);
}

function resolveSource(
  source: Source,
  rest: readonly string[],
  expected: Json,
  print: Print,
): Found | undefined {
  switch (source.kind) {
    case "values": {
      const path = [...source.path, ...rest];
      if (source.key) return path.at(-1) === expected ? print.values.find(path, true) : undefined;
      return isPrintedAs(print.values.merged(path), expected) ? print.values.find(path) : undefined;
    }
    case "chart": {
      const [field] = source.path;
      const { metadata } = print;
      if (
        (field !== "appVersion" && field !== "version" && field !== "AppVersion" && field !== "Version") ||
        !metadata
      )
        return undefined;
      const pointer = `/${field.charAt(0).toLowerCase()}${field.slice(1)}`;
      const value = valueAt(metadata.source.documents[0]?.value, pointer);
      const position = isPrintedAs(value, expected) ? positionOf(metadata, 0, pointer) : undefined;
      return position && { text: metadata, ...position };
    }
    case "text":
      return rest.length === 0 && source.value.trim() !== "" && isPrintedAs(source.value, expected)
        ? foundIn(source.template, source.offset)
        : undefined;
    default:
      return undefined;
  }
}
