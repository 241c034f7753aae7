import { isObject, type Json } from "@gitops-actions/manifest";
import type { Tree } from "../tree.ts";
import { chartKeys, type Instrumented, readPrinted } from "./charts.ts";
import type { Template } from "./instrument.ts";
import { fileText, type SourceText } from "./text.ts";
import { readTrail, type Trail } from "./trail.ts";
import { type Chart, type GivenValues, joinName, readValues, type Values } from "./values.ts";

/** One template file's output in one chart of the render. */
export interface Print {
  template: Template;
  trail: Trail;
  chart: Chart;
  values: Values;
  metadata?: SourceText;
}

/** Where a resource was printed: in a template's output, or in a file of crds/ as it is. */
export interface PrintedObject {
  print?: Print;
  text: SourceText;
  document: number;
  /** The way to it, in a List. */
  base: string[];
}

/** Every object that the templates of a chart printed, by the name Helm gives the file. */
export async function readHomes(
  tree: Tree,
  root: string,
  instrumented: Instrumented,
  rendered: readonly Json[],
  given: readonly GivenValues[],
): Promise<Map<string, PrintedObject[]>> {
  const homes = new Map<string, PrintedObject[]>();
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

/** The objects of a text of manifests, those of Lists one by one. */
export function homesIn(text: SourceText, print?: Print): PrintedObject[] {
  return text.source.documents.flatMap(({ value }, document) => {
    const list = isObject(value) && Array.isArray(value.items) && String(value.kind).endsWith("List");
    const bases = list ? (value.items as Json[]).map((_item, index) => ["items", String(index)]) : [[]];
    return bases.map((base) => ({ text, document, base, ...(print && { print }) }));
  });
}

async function readChart(tree: Tree, root: string, chart: Chart, given: readonly GivenValues[]) {
  const path = joinName(chart.folder, "Chart.yaml");
  const metadata =
    tree.get(path)?.kind === "file"
      ? fileText(path, path, new TextDecoder().decode(await tree.read(path)))
      : undefined;
  return { chart, values: await readValues(tree, root, chart, given), ...(metadata && { metadata }) };
}
