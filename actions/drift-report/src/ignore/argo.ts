import { isObject, type Json, type JsonObject, parseSource } from "@gitops-actions/manifest";
import { type IgnoreRule, isPointer, type Subject } from "./rule.ts";

/** The rules in an Application's `ignoreDifferences`. */
export function applicationRules(spec: JsonObject, by: string): IgnoreRule[] {
  return list(spec.ignoreDifferences).map((rule) => argoRule(rule, by, selectorOf(rule)));
}

const customization = "resource.customizations.ignoreDifferences.";

/**
 * The rules that hold for all Applications: `resource.customizations.ignoreDifferences.<group>_<Kind>` (or `.all`) in the
 * ConfigMap argocd-cm. What cannot be read as YAML is left out.
 */
export function systemRules(data: JsonObject): IgnoreRule[] {
  return Object.entries(data).flatMap(([key, text]) => {
    if (!key.startsWith(customization) || typeof text !== "string") return [];
    const rule = parseSource(text).documents[0]?.value;
    const scope = key.slice(customization.length);
    const [, group, kind] = /^(?:(.*)_)?([^_]+)$/.exec(scope) ?? [];
    const selects = ({ group: g, kind: k }: Subject): boolean =>
      scope === "all" || (matches(group ?? "", g) && matches(kind ?? "", k));
    return isObject(rule) ? [argoRule(rule, `argocd-cm, ${key}`, selects)] : [];
  });
}

function argoRule(rule: JsonObject, by: string, selects: IgnoreRule["selects"]): IgnoreRule {
  const texts = (name: string): string[] =>
    (Array.isArray(rule[name]) ? rule[name] : []).filter((each) => typeof each === "string");
  const managers = new Set(texts("managedFieldsManagers"));
  return {
    by,
    selects,
    pointers: texts("jsonPointers").filter(isPointer),
    jq: texts("jqPathExpressions"),
    ownedBy: (manager) => managers.has(manager),
  };
}

/** `*` in group and kind matches anything; a name or namespace that is left out does too. */
function selectorOf(rule: JsonObject): IgnoreRule["selects"] {
  const text = (name: string): string => (typeof rule[name] === "string" ? rule[name] : "");
  return ({ group, kind, namespace, name }) =>
    matches(text("group"), group) &&
    matches(text("kind"), kind) &&
    (text("name") === "" || matches(text("name"), name)) &&
    (text("namespace") === "" || matches(text("namespace"), namespace));
}

function matches(pattern: string, text: string): boolean {
  if (!pattern.includes("*")) return pattern === text;
  const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(text);
}

function list(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}
