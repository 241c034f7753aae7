import { childOf, type Json, joinPointer, type Resource, valueAt } from "@gitops-actions/manifest";
import type { Tree } from "../tree.ts";
import { contains, isAlike } from "./alike.ts";
import { findInChart } from "./chartfield.ts";
import { type Instrumented, instrumentChart, isAdded } from "./charts.ts";
import type { Found, Part } from "./located.ts";
import { type PrintedObject, readHomes } from "./prints.ts";
import type { ChartEntry, KustomizeTexts } from "./texts.ts";
import type { TracedResource } from "./trace.ts";
import type { GivenValues } from "./values.ts";

/** The charts that a kustomization inflates, instrumented, and what they printed. */
export interface Inflated {
  /** Of the charts of one kustomization. */
  find(
    traced: TracedResource,
    resource: Resource,
    tokens: readonly string[],
    part?: Part,
    /** A name that a mapping lacks, if its body is asked for. */
    lacks?: string,
  ): Found | undefined;
}

/** Instruments every chart that an overlay's kustomizations inflate, each once. */
export async function instrumentCharts(
  tree: Tree,
  entries: readonly ChartEntry[],
): Promise<Map<string, Instrumented>> {
  const charts = new Map<string, Instrumented>();
  for (const { folder } of entries)
    if (!charts.has(folder)) charts.set(folder, await instrumentChart(tree, folder));
  return charts;
}

/** Reads what the charts printed from what kustomize made of it. */
export async function readInflated(
  tree: Tree,
  texts: KustomizeTexts,
  charts: ReadonlyMap<string, Instrumented>,
  traced: readonly TracedResource[],
): Promise<Inflated> {
  const homes = new Map<string, { home: PrintedObject; chart: Instrumented }[]>();
  const added = traced.filter(({ value }) => isAdded(value));
  for (const [path, entries] of Map.groupBy(texts.charts, (entry) => entry.path)) {
    const own = added.filter(({ origin }) => origin?.path === path);
    for (const entry of entries) {
      const chart = charts.get(entry.folder);
      // Which of two entries of one chart printed a resource is not known.
      if (!chart || entries.filter(({ folder }) => folder === entry.folder).length > 1) continue;
      const printed = await readHomes(
        tree,
        entry.folder,
        chart,
        own.map(({ value }) => value),
        givenValues(entry, texts),
      );
      homes.set(path, [
        ...(homes.get(path) ?? []),
        ...[...printed.values()].flat().map((home) => ({ home, chart })),
      ]);
    }
  }
  return {
    find(each, resource, tokens, part = "value", lacks) {
      const known = (homes.get(each.origin?.path ?? "") ?? []).filter(({ home }) => isHome(home, resource));
      const [only] = known;
      if (!only || known.length > 1) return undefined;
      // What the chart did not print as it is was changed by kustomize.
      const value = valueAt(resource.value, joinPointer(tokens));
      const printed = valueAt(objectAt(only.home), joinPointer(tokens));
      const same =
        (printed !== undefined && typeof value === "object" && value !== null) ||
        isAlike(printed, value) ||
        contains(value, printed);
      if (!same && (part === "value" || printed === undefined)) return undefined;
      return findInChart(only.home, only.chart, resource, tokens, part, lacks);
    },
  };
}

/** Kustomize gives prefixes and suffixes to names. */
function isHome(home: PrintedObject, { id }: Resource): boolean {
  const value = objectAt(home);
  const name = childOf(childOf(value, "metadata"), "name");
  return childOf(value, "kind") === id.kind && contains(id.name, name);
}

function objectAt({ text, document, base }: PrintedObject): Json | undefined {
  return valueAt(text.source.documents[document]?.value, joinPointer(base));
}

/** In the order in which they count (createNewMergedValuesFile of HelmChartInflationGenerator.go). */
function givenValues({ path, tokens, values }: ChartEntry, texts: KustomizeTexts): GivenValues[] {
  const text = texts.kustomizations.find((each) => each.path === path);
  const [first, ...more] = values.map((file) => ({ path: file }));
  const entry: Json | undefined = valueAt(text?.source.documents[0]?.value, joinPointer(tokens));
  const inline =
    text && childOf(entry, "valuesInline") ? [{ text, tokens: [...tokens, "valuesInline"] }] : [];
  const file = first ? [first] : [];
  const how = childOf(entry, "valuesMerge") ?? "override";
  const merged =
    how === "merge"
      ? [...inline, ...file]
      : how === "replace" && inline.length > 0
        ? inline
        : [...file, ...inline];
  return [...merged, ...more];
}
