import type { Node } from "yaml";
import { type Field, readDocuments, type YamlDocument } from "../document.ts";

/**
 * How kustomize uses a path: `resource` may be a file, a folder or a remote; `component` is never a file;
 * `file` is read as it is; `plugin` is a resource whose objects configure generators and transformers.
 */
export type UseKind = "resource" | "component" | "file" | "plugin";

/** One path that a kustomization names, with the line and the field it stands in. */
export interface Use {
  kind: UseKind;
  path: string;
  line: number;
  field: string;
}

/** One chart that a kustomization inflates. Paths are relative to the kustomization's folder. */
export interface ChartUse {
  name: string;
  /** Where kustomize looks for the chart's folder. */
  path: string;
  /** The repository it is pulled from when that folder is absent. */
  repo?: string;
  version?: string;
  values: { path: string; line: number }[];
  line: number;
}

/** What a text names that decides which files are read. */
export interface Uses {
  uses: Use[];
  charts: ChartUse[];
  /** Things that would run foreign code, or that we cannot follow. */
  plugins: { message: string; line: number }[];
}

/** The fields of a mapping with their keys in lower case: kustomize reads through encoding/json, which ignores case. */
export function lowerCased(document: YamlDocument, node: Node | null): Field[] {
  return document.fields(node).map((field) => ({ ...field, key: field.key.toLowerCase() }));
}

/** Adds one path; anything but a text that is not empty names none. */
export function pushUse(
  document: YamlDocument,
  node: Node | null,
  found: Uses,
  kind: UseKind,
  field: string,
): void {
  const path = document.text(node);
  if (path) found.uses.push({ kind, path, line: document.lineOf(node), field });
}

/** Adds every path of a list. */
export function pushList(
  document: YamlDocument,
  list: Node | null,
  found: Uses,
  kind: UseKind,
  field: string,
): void {
  for (const item of document.items(list)) pushUse(document, item, found, kind, field);
}

/** Adds the `path` of a mapping. */
export function pushPath(document: YamlDocument, map: Node | null, found: Uses, field: string): void {
  for (const { key, value } of lowerCased(document, map)) {
    if (key === "path") pushUse(document, value, found, "file", field);
  }
}

/** Entries of patchesStrategicMerge and `paths`: text that reads as an object is the patch itself, all else a path. */
export function pushPatches(document: YamlDocument, list: Node | null, found: Uses, field: string): void {
  for (const item of document.items(list)) {
    const text = document.text(item);
    if (text && !isInline(text)) pushUse(document, item, found, "file", field);
  }
}

/** `files` (with or without `key=`), `envs` and the older `env` of a ConfigMap or Secret generator. */
export function pushGenerator(document: YamlDocument, map: Node | null, found: Uses, label: string): void {
  for (const { key, value } of lowerCased(document, map)) {
    if (key === "envs") pushList(document, value, found, "file", `${label}.envs`);
    if (key === "env") pushUse(document, value, found, "file", `${label}.env`);
    if (key !== "files") continue;
    for (const item of document.items(value)) {
      // More than one "=" is an error of kustomize; then nothing is read, and reading too much does no harm.
      const path = document.text(item)?.replace(/^[^=]*=/, "");
      if (path) found.uses.push({ kind: "file", path, line: document.lineOf(item), field: `${label}.files` });
    }
  }
}

/** A chart entry (helmCharts, the older helmChartInflationGenerator, or the builtin generator's configuration). */
export function makeChartUse(document: YamlDocument, fields: Field[], home: string, line: number): ChartUse {
  const get = (...keys: string[]) => fields.findLast((field) => keys.includes(field.key));
  const text = (...keys: string[]) => document.text(get(...keys)?.value ?? null) ?? "";
  const name = text("name", "chartname");
  const version = text("version", "chartversion");
  const repo = text("repo", "chartrepourl");
  // absChartHome of internal/builtins/HelmChartInflationGenerator.go.
  const path = [home || "charts", ...(version && repo ? [`${name}-${version}`] : []), name].join("/");
  const file = get("valuesfile", "values");
  const given = document.text(file?.value ?? null);
  const values = [given ? { path: given, line: file?.line ?? line } : { path: `${path}/values.yaml`, line }];
  for (const item of document.items(get("additionalvaluesfiles")?.value ?? null)) {
    const more = document.text(item);
    if (more) values.push({ path: more, line: document.lineOf(item) });
  }
  return { name, path, ...(repo ? { repo } : {}), ...(version ? { version } : {}), values, line };
}

/** Whether kustomize takes a text as objects rather than as a path (SliceFromBytes of resource/factory.go succeeds). */
export function isInline(text: string): boolean {
  if (!/[\n{:#]/.test(text)) return false;
  const documents = readDocuments(text);
  if (documents.some((document) => document.error)) return false;
  const roots = documents.filter((document) => document.root !== null);
  return roots.every((document) => document.fields(document.root).length > 0);
}
