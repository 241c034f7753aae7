import { isTemplated } from "../discover/manifest.ts";
import { type Field, itemsOf, lineOf, readDocuments, textOf, type YamlNode } from "../document.ts";
import { pluginUses } from "./plugin.ts";
import {
  lowerCased,
  makeChartUse,
  mayBePath,
  pushGenerator,
  pushList,
  pushPatches,
  pushPath,
  pushUse,
  readAs,
  type Uses,
  unreadableUses,
} from "./use.ts";

/** The names under which kustomize looks for a kustomization, in its order (konfig.RecognizedKustomizationFileNames). */
export const kustomizationNames = ["kustomization.yaml", "kustomization.yml", "Kustomization"] as const;

/** What a kustomization file says that decides which files are read. Depends on the text alone. */
export interface Kustomization extends Uses {
  /** "" where it is left out, which means Kustomization. */
  kind: string;
  apiVersion: string;
  namespace?: string;
  /** The text has `{{ }}` in places that YAML reads: it is a template of a kustomization. */
  templated?: boolean;
  /** Fields that stand twice, without regard to case: kustomize takes the last and says nothing. */
  repeated?: { key: string; line: number }[];
  /** The first field that changes or makes objects other than by reading them; see `computed-plugin`. */
  alters?: string;
}

/**
 * Reads a kustomization as kustomize does: only the first document, keys without regard to case. Of duplicate keys
 * kustomize takes the last; here all count, so that nothing is missed.
 */
export function parseKustomization(text: string): Kustomization {
  const found = parse(text);
  return isTemplated(text) ? { ...found, templated: true } : found;
}

/** What stands in the place of a kustomization that cannot be read. */
export function unreadableKustomization(message: string): Kustomization {
  return { kind: "", apiVersion: "", ...unreadableUses(message) };
}

function parse(text: string): Kustomization {
  const [document] = readDocuments(text);
  const found: Kustomization = { kind: "", apiVersion: "", uses: [], charts: [], plugins: [] };
  if (!document) return found;
  if (document.error) return { ...found, problem: document.error };
  if (document.root && document.root.kind !== "map") {
    return { ...found, problem: { message: "is not a mapping", line: lineOf(document.root) } };
  }
  const fields = lowerCased(document.root);
  for (const field of fields) {
    if (field.key === "kind") found.kind = textOf(field.value) ?? "";
    else if (field.key === "apiversion") found.apiVersion = textOf(field.value) ?? "";
    else if (field.key === "namespace") found.namespace = textOf(field.value) ?? "";
    else readers[field.key]?.(field.value, found);
  }
  readCharts(fields, found);
  const repeated = fields.filter(
    (field, at) =>
      !field.merged && fields.slice(0, at).some((other) => other.key === field.key && !other.merged),
  );
  if (repeated.length > 0) found.repeated = repeated.map(({ key, line }) => ({ key, line }));
  const alters = fields.find((field) => altering.has(field.key));
  return alters ? { ...found, alters: alters.key } : found;
}

const altering = new Set([
  "configmapgenerator",
  "generators",
  "helmchartinflationgenerator",
  "helmcharts",
  "patches",
  "patchesjson6902",
  "patchesstrategicmerge",
  "replacements",
  "secretgenerator",
  "transformers",
  "vars",
]);

type Reader = (value: YamlNode, found: Uses) => void;

// One entry for every field of types.Kustomization that names a file, sigs.k8s.io/kustomize/api v0.21.2.
const readers: Record<string, Reader> = {
  resources: (value, found) => pushList(value, found, "resource", "resources"),
  bases: (value, found) => pushList(value, found, "resource", "bases"),
  components: (value, found) => pushList(value, found, "component", "components"),
  crds: (value, found) => pushList(value, found, "file", "crds"),
  configurations: (value, found) => pushList(value, found, "file", "configurations"),
  openapi: (value, found) => pushPath(value, found, "openapi"),
  patches: pathOfEach("patches"),
  patchesjson6902: pathOfEach("patchesJson6902"),
  replacements: pathOfEach("replacements"),
  patchesstrategicmerge: (value, found) => pushPatches(value, found, "patchesStrategicMerge"),
  configmapgenerator: generator("configMapGenerator"),
  secretgenerator: generator("secretGenerator"),
  generators: plugins("generators"),
  transformers: plugins("transformers"),
  validators: plugins("validators"),
};

function pathOfEach(field: string): Reader {
  return (value, found) => {
    for (const item of itemsOf(value)) pushPath(item, found, field);
  };
}

function generator(field: string): Reader {
  return (value, found) => {
    for (const item of itemsOf(value)) pushGenerator(item, found, field);
  };
}

function plugins(field: string): Reader {
  return (value, found) => {
    for (const item of itemsOf(value)) {
      const text = textOf(item) ?? "";
      const what = readAs(text);
      if (what === "unsure")
        found.problem = { message: `${field} holds what is no YAML`, line: lineOf(item) };
      if (mayBePath(text)) pushUse(item, found, "plugin", field);
      if (what !== "objects") continue;
      // Of an inline text, the item's own line is where a person looks.
      const line = lineOf(item);
      const inner = pluginUses(text);
      found.uses.push(...inner.uses.map((use) => ({ ...use, line })));
      found.charts.push(...inner.charts.map((chart) => ({ ...chart, line })));
      found.plugins.push(...inner.plugins.map((plugin) => ({ ...plugin, line })));
    }
  };
}

function readCharts(fields: Field[], found: Uses): void {
  const valuesOf = (key: string) => fields.filter((field) => field.key === key).map((field) => field.value);
  const homeIn = (map: YamlNode) => {
    const home = lowerCased(map).findLast((field) => field.key === "charthome");
    return textOf(home?.value ?? null) ?? "";
  };
  const charts = valuesOf("helmcharts").flatMap((list) => itemsOf(list));
  const older = valuesOf("helmchartinflationgenerator").flatMap((list) => itemsOf(list));
  const globals = valuesOf("helmglobals");
  // FixKustomization: the older field's last chartHome counts only where there are no helmGlobals.
  const home =
    globals.length > 0 ? homeIn(globals.at(-1) ?? null) : (older.map(homeIn).findLast(Boolean) ?? "");
  for (const item of [...charts, ...older]) {
    found.charts.push(makeChartUse(lowerCased(item), home, lineOf(item)));
  }
}
