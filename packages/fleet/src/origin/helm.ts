import {
  isObject,
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
import { isPrintedAs } from "./printed.ts";
import { findPrinted, foundIn } from "./template.ts";
import { fileText, positionOf, type SourceText } from "./text.ts";
import { readTrail, type Trail } from "./trail.ts";
import { isAlike } from "./unmarked.ts";
import { type Chart, type GivenValues, joinName, readValues, type Values } from "./values.ts";

/** One template file's output in one chart of the render. */
interface Print {
  template: Template;
  trail: Trail;
  chart: Chart;
  values: Values;
  metadata?: SourceText;
}

/** Where a resource was printed: in a template's output, or in a file of crds/ as it is. */
export interface Home {
  print?: Print;
  text: SourceText;
  document: number;
  /** The way to it, in a List. */
  base: string[];
}

interface Prints {
  instrumented: Instrumented;
  homes: Map<Resource, Home>;
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
    const home = all?.homes.get(resource);
    if (!all || !home) return undefined;
    const found = findInChart(home, all.instrumented, resource, splitPointer(pointer));
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

/** Every object that the templates of a chart printed, by the name Helm gives the file. */
export async function readHomes(
  tree: Tree,
  root: string,
  instrumented: Instrumented,
  rendered: readonly Json[],
  given: readonly GivenValues[],
): Promise<Map<string, Home[]>> {
  const homes = new Map<string, Home[]>();
  const charts = new Map<string, Promise<Omit<Print, "template" | "trail">>>();
  for (const [source, { template, output }] of readPrinted(rendered, instrumented)) {
    const keys = chartKeys(source);
    const chart =
      charts.get(keys.join("/")) ?? readChart(tree, root, { folder: template.chart, keys }, given);
    charts.set(keys.join("/"), chart);
    const print = { template, trail: readTrail(output, instrumented.spots), ...(await chart) };
    const text = { ...fileText(template.path, template.path, ""), source: print.trail.source };
    homes.set(source, homesIn(text, print));
  }
  return homes;
}

function homesIn(text: SourceText, print?: Print): Home[] {
  return text.source.documents.flatMap(({ value }, document) => {
    const list = isObject(value) && Array.isArray(value.items) && String(value.kind).endsWith("List");
    const bases = list ? (value.items as Json[]).map((_item, index) => ["items", String(index)]) : [[]];
    return bases.map((base) => ({ text, document, base, ...(print && { print }) }));
  });
}

/** Resources of one kind and name stand in the order in which their file prints them. */
function pairHomes(resources: readonly Resource[], homes: ReadonlyMap<string, Home[]>): Map<Resource, Home> {
  const keyOf = (kind: unknown, name: unknown) => `${kind}\0${name}`;
  const byKey = (some: readonly Home[]) =>
    Map.groupBy(some, ({ text, document, base }) => {
      const value = valueAt(text.source.documents[document]?.value, joinPointer(base));
      return keyOf(valueAt(value, "/kind"), valueAt(value, "/metadata/name"));
    });
  const bySource = new Map([...homes].map(([source, own]) => [source, byKey(own)]));
  const all = byKey([...homes.values()].flat());
  const pairs = new Map<Resource, Home>();
  for (const resource of resources) {
    const source = sourceOf(resource);
    const { kind, name } = resource.id;
    const key = keyOf(kind, valueAt(resource.value, "/metadata/name") ?? name);
    const home = (source === undefined ? all : bySource.get(source))?.get(key)?.shift();
    if (home) pairs.set(resource, home);
  }
  return pairs;
}

async function readChart(tree: Tree, root: string, chart: Chart, given: readonly GivenValues[]) {
  const path = joinName(chart.folder, "Chart.yaml");
  const metadata =
    tree.get(path)?.kind === "file"
      ? fileText(path, path, new TextDecoder().decode(await tree.read(path)))
      : undefined;
  return { chart, values: await readValues(tree, root, chart, given), ...(metadata && { metadata }) };
}

/** The place of a field of a resource that a chart printed. */
export function findInChart(
  home: Home,
  chart: Instrumented,
  resource: Pick<Resource, "value">,
  tokens: readonly string[],
): Found | undefined {
  const { print, text, document, base } = home;
  const value = valueAt(resource.value, joinPointer(tokens));
  if (value === undefined && tokens.length > 0) {
    const parent = findInChart(home, chart, resource, tokens.slice(0, -1));
    return parent && near(parent);
  }
  const path = [...base, ...tokens];
  const there = valueAt(text.source.documents[document]?.value, joinPointer(path));
  if (value === undefined || there === undefined) return print && near(foundIn(print.template, 0));
  const collection = typeof value === "object" && value !== null;
  if (!print) {
    const position = positionOf(text, document, joinPointer(path), collection);
    return position && { text, ...position };
  }
  const printed = { trail: print.trail, document, tokens: path, value: there };
  const world: World = { values: print.values, definitions: chart.definitions, budget: 500 };
  const found = findPrinted(printed, world, (source, rest, expected) =>
    resolveSource(source, rest, expected, print, chart),
  );
  // Two renders may differ in what is random or tells the time.
  return found && (collection || isSameText(there, value) ? found : near(found));
}

/** Helm takes the white space from the end of each file, which a block scalar may count as its own. */
function isSameText(a: Json, b: Json): boolean {
  return isAlike(a, b) || (typeof a === "string" && typeof b === "string" && a.trimEnd() === b.trimEnd());
}

function resolveSource(
  source: Source,
  rest: readonly string[],
  expected: Json,
  { values, metadata, chart }: Print,
  { files }: Instrumented,
): Found | undefined {
  switch (source.kind) {
    case "values": {
      const path = [...source.path, ...rest];
      if (source.key) return path.at(-1) === expected ? values.find(path, true) : undefined;
      if (isPrintedAs(values.merged(path), expected)) return values.find(path);
      return rest.length > 0 ? values.inside(source.path, rest, expected) : undefined;
    }
    case "chart": {
      const field = source.path[0]?.replace(/^[AV]/, (letter) => letter.toLowerCase());
      if (!metadata || (field !== "appVersion" && field !== "version")) return undefined;
      const value = valueAt(metadata.source.documents[0]?.value, `/${field}`);
      const position = isPrintedAs(value, expected) ? positionOf(metadata, 0, `/${field}`) : undefined;
      return position && { text: metadata, ...position };
    }
    case "text":
      return rest.length === 0 && source.value.trim() !== "" && isPrintedAs(source.value, expected)
        ? foundIn(source.template, source.offset)
        : undefined;
    case "file": {
      const text = files.get(joinName(chart.folder, source.path));
      const same = text && rest.length === 0 && text.source.text.trim() === String(expected).trim();
      return same ? { text, line: 1, column: 1, precision: "exact" } : undefined;
    }
    default:
      return undefined;
  }
}
