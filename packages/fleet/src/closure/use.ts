import { type Field, fieldsOf, itemsOf, lineOf, readDocuments, textOf, type YamlNode } from "../document.ts";
import { isRemoteFile, parseRepoSpec } from "./remote.ts";

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
  /** What of it would reach Helm as something else than it says. */
  refused: { message: string; line: number }[];
  line: number;
}

/** What a text names that decides which files are read. */
export interface Uses {
  uses: Use[];
  charts: ChartUse[];
  /** Things that would run foreign code, or that we cannot follow. */
  plugins: { message: string; line: number }[];
  /** Why the text cannot be read; what it names is then not known. */
  problem?: { message: string; line: number };
}

/** What a file that cannot be read names: nobody knows. */
export function unreadableUses(message: string): Uses {
  return { uses: [], charts: [], plugins: [], problem: { message, line: 1 } };
}

/**
 * The fields of a mapping with their keys in lower case: kustomize reads through encoding/json, which ignores case, and
 * for which the long s (U+017F) is an s and the Kelvin sign a k.
 */
export function lowerCased(node: YamlNode): Field[] {
  return fieldsOf(node).map((field) => ({
    ...field,
    key: field.key.toLowerCase().replaceAll("\u017f", "s"),
  }));
}

/** Adds one path; anything but a text that is not empty names none. */
export function pushUse(node: YamlNode, found: Uses, kind: UseKind, field: string): void {
  const path = textOf(node);
  if (path) found.uses.push({ kind, path, line: lineOf(node), field });
}

/** Adds every path of a list. */
export function pushList(list: YamlNode, found: Uses, kind: UseKind, field: string): void {
  for (const item of itemsOf(list)) pushUse(item, found, kind, field);
}

/** Adds the `path` of a mapping. */
export function pushPath(map: YamlNode, found: Uses, field: string): void {
  for (const { key, value } of lowerCased(map)) {
    if (key === "path") pushUse(value, found, "file", field);
  }
}

/** Entries of patchesStrategicMerge and `paths`: text that reads as an object is the patch itself, all else a path. */
export function pushPatches(list: YamlNode, found: Uses, field: string): void {
  for (const item of itemsOf(list)) {
    const text = textOf(item);
    if (text && mayBePath(text)) pushUse(item, found, "file", field);
  }
}

/** `files` (with or without `key=`), `envs` and the older `env` of a ConfigMap or Secret generator. */
export function pushGenerator(map: YamlNode, found: Uses, label: string): void {
  for (const { key, value } of lowerCased(map)) {
    if (key === "envs") pushList(value, found, "file", `${label}.envs`);
    if (key === "env") pushUse(value, found, "file", `${label}.env`);
    if (key !== "files") continue;
    for (const item of itemsOf(value)) {
      // More than one "=" is an error of kustomize; then nothing is read, and reading too much does no harm.
      const path = textOf(item)?.replace(/^[^=]*=/, "");
      if (path) found.uses.push({ kind: "file", path, line: lineOf(item), field: `${label}.files` });
    }
  }
}

/** A chart entry (helmCharts, the older helmChartInflationGenerator, or the builtin generator's configuration). */
export function makeChartUse(fields: Field[], home: string, line: number): ChartUse {
  const get = (...keys: string[]) => fields.findLast((field) => keys.includes(field.key));
  const text = (...keys: string[]) => textOf(get(...keys)?.value ?? null) ?? "";
  const name = text("name", "chartname");
  const version = text("version", "chartversion");
  const repo = text("repo", "chartrepourl");
  // absChartHome of internal/builtins/HelmChartInflationGenerator.go.
  const path = [home || "charts", ...(version && repo ? [`${name}-${version}`] : []), name].join("/");
  const file = get("valuesfile", "values");
  const given = textOf(file?.value ?? null);
  const values = [given ? { path: given, line: file?.line ?? line } : { path: `${path}/values.yaml`, line }];
  for (const item of itemsOf(get("additionalvaluesfiles")?.value ?? null)) {
    const more = textOf(item);
    if (more) values.push({ path: more, line: lineOf(item) });
  }
  const refused = [
    ...refusedOption(get("releasename"), /^-/, "Helm would take it for an option"),
    ...refusedOption(get("name", "chartname"), /^-/, "Helm would take it for an option"),
    // kustomize writes the values into a temporary folder under the chart's name.
    ...refusedOption(
      get("name", "chartname"),
      /(?:^|\/)\.\.(?:\/|$)/,
      "it leads out of kustomize's own folder",
    ),
    // A name template has sprig's functions, also those that Helm takes away from charts.
    ...refusedOption(get("nametemplate"), /\b(?:env|expandenv|getHostByName)\b/, "it looks at the machine"),
  ];
  return { name, path, ...(repo ? { repo } : {}), ...(version ? { version } : {}), values, refused, line };
}

function refusedOption(
  field: Field | undefined,
  pattern: RegExp,
  why: string,
): { message: string; line: number }[] {
  const text = textOf(field?.value ?? null) ?? "";
  return field && pattern.test(text)
    ? [{ message: `${field.key} ${text} is refused: ${why}`, line: field.line }]
    : [];
}

/**
 * Whether kustomize takes a text as objects (SliceFromBytes of resource/factory.go succeeds) or as a path. Unsure where
 * our parser refuses what another one might read.
 */
export function readAs(text: string): "objects" | "path" | "unsure" {
  if (!/[\n{:#]/.test(text)) return "path";
  const documents = readDocuments(text);
  if (documents.some((document) => document.error)) return "unsure";
  const roots = documents.filter((document) => document.root !== null);
  return roots.every((document) => document.root?.kind === "map") ? "objects" : "path";
}

/**
 * Whether kustomize may take a text as a path. What is a mapping is no path, unless it lacks what an object must have:
 * then a key such as `https://example.com/x` makes it one that is fetched.
 */
export function mayBePath(text: string): boolean {
  return readAs(text) !== "objects" || isRemoteFile(text) || parseRepoSpec(text) !== undefined;
}

/** Whether a text is surely objects. */
export function isInline(text: string): boolean {
  return readAs(text) === "objects";
}
