import { isTemplated } from "../discover/manifest.ts";
import { fieldsOf, itemsOf, lineOf, readDocuments, textOf } from "../document.ts";

/** What Chart.yaml (or the older requirements.yaml) says that decides what is read. */
export interface ChartMetadata {
  name: string;
  /** application | library | "" */
  type: string;
  version: string;
  appVersion: string;
  dependencies: { name: string; repository: string; version: string; line: number; path: string }[];
  /** The text has `{{ }}` in places that YAML reads. */
  templated?: boolean;
  problem?: { message: string; line: number };
}

/** Reads Chart.yaml; `path` of the dependencies is left empty for the caller to fill in. */
export function parseChartMetadata(text: string): ChartMetadata {
  const metadata = parse(text);
  return isTemplated(text) ? { ...metadata, templated: true } : metadata;
}

function parse(text: string): ChartMetadata {
  const metadata: ChartMetadata = { name: "", type: "", version: "", appVersion: "", dependencies: [] };
  const [document] = readDocuments(text);
  if (document?.error) return { ...metadata, problem: document.error };
  if (!document || document.root === null) return { ...metadata, problem: { message: "is empty", line: 1 } };
  for (const { key, value } of fieldsOf(document.root)) {
    if (key === "name" || key === "type" || key === "version" || key === "appVersion") {
      metadata[key] = textOf(value) ?? "";
    }
    if (key !== "dependencies") continue;
    for (const item of itemsOf(value)) {
      const fields = new Map(fieldsOf(item).map((field) => [field.key, textOf(field.value) ?? ""]));
      metadata.dependencies.push({
        name: fields.get("name") ?? "",
        repository: fields.get("repository") ?? "",
        version: fields.get("version") ?? "",
        line: lineOf(item),
        path: "",
      });
    }
  }
  return metadata;
}

/** What stands in the place of a Chart.yaml that cannot be read. */
export function unreadableChart(message: string): ChartMetadata {
  return { name: "", type: "", version: "", appVersion: "", dependencies: [], problem: { message, line: 1 } };
}
