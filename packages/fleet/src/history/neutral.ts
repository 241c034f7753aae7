import { equalJson, isObject, type Json, type JsonObject, parseSource } from "@gitops-actions/manifest";
import { kustomizationNames } from "../closure/kustomization.ts";
import { manifestKind } from "../discover/manifest.ts";
import { isTestDescription } from "../discover/testinputs.ts";

// What these fields say decides neither which overlays there are nor what belongs to which.
const harmless = new Set([
  "images",
  "replicas",
  "labels",
  "commonLabels",
  "commonAnnotations",
  "namePrefix",
  "nameSuffix",
]);

/**
 * Whether one file's change leaves the layout of a fleet as it is: which overlays there are, and where each file belongs.
 * In doubt it does not, and the tree is read whole.
 */
export function isNeutral(path: string, before: string, after: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  if (kustomizationNames.some((each) => each === name)) return equalJson(layoutOf(before), layoutOf(after));
  if (name === "Chart.yaml") return equalJson(chartOf(before), chartOf(after));
  if (isTestDescription(path)) return false;
  return manifestKind(before) === manifestKind(after);
}

function layoutOf(text: string): Json {
  const { documents, problems } = parseSource(text);
  if (problems.length > 0) return [text];
  return documents.map(({ value }) => {
    if (!isObject(value)) return value ?? null;
    const kept = Object.entries(value).filter(([key]) => !harmless.has(key));
    return Object.fromEntries(
      kept.map(([key, each]) => [key, key === "helmCharts" ? withoutVersions(each) : each]),
    );
  });
}

function withoutVersions(charts: Json): Json {
  if (!Array.isArray(charts)) return charts;
  return charts.map((chart) => (isObject(chart) ? without(chart, "version") : chart));
}

function chartOf(text: string): Json {
  const { documents, problems } = parseSource(text);
  const [chart] = documents;
  if (problems.length > 0 || !isObject(chart?.value)) return text;
  const { dependencies, ...rest } = without(without(chart.value, "version"), "appVersion");
  return [rest as Json, withoutVersions(dependencies ?? null)];
}

function without(object: JsonObject, key: string): JsonObject {
  const { [key]: _, ...rest } = object;
  return rest;
}
