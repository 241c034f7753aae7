import { itemsOf, lineOf, readDocuments, textOf, type YamlNode } from "../document.ts";
import { lowerCased, makeChartUse, pushGenerator, pushPatches, pushPath, type Uses } from "./use.ts";

// Builtins that read nothing, by name (internal/plugins/builtinhelpers/builtins.go).
const readless = new Set([
  "AnnotationsTransformer",
  "HashTransformer",
  "IAMPolicyGenerator",
  "ImageTagTransformer",
  "LabelTransformer",
  "NamespaceTransformer",
  "PrefixSuffixTransformer",
  "PrefixTransformer",
  "ReplicaCountTransformer",
  "SuffixTransformer",
]);

/**
 * Reads the objects that configure generators, transformers and validators. Their paths are relative to the folder
 * of the kustomization that names them, wherever they themselves stand. Anything but a builtin runs foreign code
 * or a container, which is never enabled: it is named in `plugins`.
 */
export function pluginUses(text: string): Uses {
  const found: Uses = { uses: [], charts: [], plugins: [] };
  for (const document of readDocuments(text)) {
    if (document.error) found.problem = document.error;
    else if (document.root !== null) readPlugin(document.root, found);
  }
  return found;
}

function readPlugin(root: YamlNode, found: Uses): void {
  const fields = lowerCased(root);
  const text = (key: string) => textOf(fields.find((field) => field.key === key)?.value ?? null) ?? "";
  const kind = text("kind");
  const line = lineOf(root);
  if (text("apiversion") !== "builtin") {
    found.plugins.push({ message: `${kind || "an object"} is not a builtin plugin`, line });
    return;
  }
  const path = (key: string) => {
    for (const field of fields) {
      const value = field.key === key ? textOf(field.value) : undefined;
      if (value) found.uses.push({ kind: "file", path: value, line: field.line, field: `${kind}.${key}` });
    }
  };
  switch (kind) {
    case "PatchTransformer":
    case "PatchJson6902Transformer":
      path("path");
      return;
    case "ValueAddTransformer":
      path("targetfilepath");
      return;
    case "PatchStrategicMergeTransformer":
      for (const field of fields) if (field.key === "paths") pushPatches(field.value, found, kind);
      return;
    case "ReplacementTransformer":
      readReplacements(root, found);
      return;
    case "ConfigMapGenerator":
    case "SecretGenerator":
      pushGenerator(root, found, kind);
      return;
    case "HelmChartInflationGenerator":
      found.charts.push(makeChartUse(fields, text("charthome"), line));
      return;
    default:
      if (!readless.has(kind)) found.plugins.push({ message: `${kind} is not a builtin plugin`, line });
  }
}

function readReplacements(root: YamlNode, found: Uses): void {
  for (const field of lowerCased(root)) {
    if (field.key !== "replacements") continue;
    for (const item of itemsOf(field.value)) pushPath(item, found, "ReplacementTransformer");
  }
}
