import { isObject, type JsonObject, writeJson } from "@gitops-actions/manifest";
import { minimalDefinition } from "./minimal.ts";

/** The rules in CEL (`x-kubernetes-validations`) of one version of a CustomResourceDefinition. */
export interface CelRules {
  rules: number;
  /** The definition as JSON, without what says nothing of validity. Equal texts: equal rules. */
  definition: string;
}

/** The rules of each version of a definition that has any, by the version's name. */
export function celRulesOf(definition: JsonObject): Map<string, CelRules> {
  const { spec } = definition;
  const versions = isObject(spec) && Array.isArray(spec.versions) ? spec.versions.filter(isObject) : [];
  const counts = versions.flatMap((version): [string, number][] => {
    const rules = countRules(version.schema);
    return typeof version.name === "string" && rules > 0 ? [[version.name, rules]] : [];
  });
  if (counts.length === 0) return new Map();
  const text = writeJson(minimalDefinition(definition));
  return new Map(counts.map(([name, rules]) => [name, { rules, definition: text }]));
}

/** Below `properties` keys are names of fields: one may well be called x-kubernetes-validations. */
function countRules(value: unknown, isFields = false): number {
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + countRules(item), 0);
  if (value === null || typeof value !== "object") return 0;
  return Object.entries(value).reduce((sum, [key, item]) => {
    if (!isFields && key === "x-kubernetes-validations") return sum + (Array.isArray(item) ? item.length : 0);
    if (!isFields && (key === "default" || key === "enum" || key === "example")) return sum;
    return sum + countRules(item, !isFields && key === "properties");
  }, 0);
}
