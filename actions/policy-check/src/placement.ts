import type { PolicyObject } from "@gitops-actions/fleet";
import { isObject, type Json, type JsonObject, writeJson } from "@gitops-actions/manifest";
import { filtersOf } from "./labels.ts";
import { namesKind } from "./namespaces.ts";

/** Fields by which policies take resources in for their namespace. */
export const placedBy = "namespaces or namespaceSelector of its match, or its own namespace";

/**
 * Whether a policy's rule takes resources of a kind in only where they are in some namespaces: one that names none is then
 * left out or taken in by nothing that a manifest says. What only excludes namespaces does not.
 */
export function selectsByNamespace({ resource }: PolicyObject, rule: string, kind: string): boolean {
  const spec = isObject(resource.value.spec) ? resource.value.spec : {};
  const isOwn = ["Policy", "NamespacedValidatingPolicy"].includes(resource.id.kind);
  if (!Array.isArray(spec.rules)) {
    const constraints = spec.matchConstraints ?? null;
    return namesKind(writeJson(constraints), kind) && (isOwn || includesNamespaces(constraints));
  }
  const match = spec.rules.filter(isObject).find(({ name }) => name === rule)?.match;
  if (!isObject(match) || !namesKind(writeJson(match), kind)) return false;
  const { any, ...needed } = match;
  const named = filtersOf(any ? { any } : null).filter((filter) => namesKind(writeJson(filter), kind));
  return isOwn || filtersOf(needed).some(selects) || (named.length > 0 && named.every(selects));
}

function selects({ resources }: JsonObject): boolean {
  if (!isObject(resources)) return false;
  const names = Array.isArray(resources.namespaces) ? resources.namespaces : [];
  return (names.length > 0 && !names.includes("*")) || includesNamespaces(resources);
}

/** Whether a namespaceSelector asks for a label; one that forbids labels takes in what has none. */
export function includesNamespaces(constraints: Json | undefined): boolean {
  const selector = isObject(constraints) ? constraints.namespaceSelector : undefined;
  if (!isObject(selector)) return false;
  const { matchLabels, matchExpressions } = selector;
  return (
    (isObject(matchLabels) && Object.keys(matchLabels).length > 0) ||
    (Array.isArray(matchExpressions) ? matchExpressions : []).some(
      (each) => isObject(each) && ["In", "Exists"].includes(String(each.operator)),
    )
  );
}
