import { isObject, type JsonObject, writeJson } from "@gitops-actions/manifest";
import { minimalDefinition } from "./minimal.ts";

/** What no schema says of one version of a CustomResourceDefinition: rules in CEL, and lists whose items have keys. */
export interface CelRules {
  /** Of `x-kubernetes-validations`; none where only lists (`x-kubernetes-list-type: map` or `set`) want looking at. */
  rules: number;
  /** The definition as JSON, without what says nothing of validity. Equal texts: equal rules. */
  definition: string;
}

/** The rules of each version of a definition that has any, or lists with keys, by the version's name. */
export function celRulesOf(definition: JsonObject): Map<string, CelRules> {
  const { spec } = definition;
  const versions = isObject(spec) && Array.isArray(spec.versions) ? spec.versions.filter(isObject) : [];
  const counts = versions.flatMap((version): [string, number][] => {
    const rules = countRules(version.schema);
    const isNeeded = rules > 0 || hasKeyedLists(version.schema);
    return typeof version.name === "string" && isNeeded ? [[version.name, rules]] : [];
  });
  if (counts.length === 0) return new Map();
  const text = writeJson(minimalDefinition(definition));
  return new Map(counts.map(([name, rules]) => [name, { rules, definition: text }]));
}

/** Whether some list of a schema is a map or a set: an item may occur once in it, by its keys or as a whole. */
function hasKeyedLists(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(hasKeyedLists);
  if (value === null || typeof value !== "object") return false;
  return Object.entries(value).some(
    ([key, item]) =>
      (key === "x-kubernetes-list-type" && (item === "map" || item === "set")) || hasKeyedLists(item),
  );
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
