import type { Batch, PolicyObject } from "@gitops-actions/fleet";
import { isObject, type JsonObject, type Resource } from "@gitops-actions/manifest";
import { includesNamespaces } from "../placement.ts";
import { withoutScope } from "../scope.ts";
import { withPlainAction } from "./enforcement.ts";

/** A constraint as gator is given it. */
export interface AskedConstraint {
  constraint: PolicyObject;
  value: JsonObject;
  /** Whether it is asked, in the constraint's place, of resources that name no namespace. */
  isUnplaced: boolean;
}

/**
 * What gator is asked of one batch. It takes what names no namespace for being in one that is called nothing and has no
 * labels (NamespaceForResource in pkg/gator/expand/expand.go), where a cluster has a constraint's namespaces and
 * namespaceSelector match all that is in none. So a constraint with one of these is asked again without them, where there
 * is such a resource.
 */
export function askedOf(constraints: readonly PolicyObject[], { items }: Batch): AskedConstraint[] {
  const own = constraints.map((constraint) => ({
    constraint,
    value: withPlainAction(withoutScope(constraint)),
    isUnplaced: false,
  }));
  if (!items.some(({ resource }) => isInNone(resource))) return own;
  const others = new Set(
    items.map(({ resource: { id } }) => (isNamespace(id) ? id.name : id.namespace)).filter(isName),
  );
  const again = own
    .filter(({ value }) => selectsNamespaces(value))
    .map(({ constraint, value }, index) => ({
      constraint,
      value: withoutNamespaces(value, [...others].sort(), `gitops-actions-unplaced-${index}`),
      isUnplaced: true,
    }));
  return [...own, ...again];
}

/** Whether a resource names no namespace and is none. */
export function isInNone({ id }: Resource): boolean {
  return id.namespace === "" && !isNamespace(id);
}

/**
 * Whether a constraint chooses the namespaces it is about. Those that it excludes, by name or label, are no choice: all
 * others count, and so does what nobody knows the namespace of.
 */
function selectsNamespaces({ spec }: JsonObject): boolean {
  const match = isObject(spec) && isObject(spec.match) ? spec.match : {};
  const names = Array.isArray(match.namespaces) ? match.namespaces : [];
  return (names.length > 0 && !names.includes("*")) || includesNamespaces(match);
}

function withoutNamespaces(constraint: JsonObject, others: readonly string[], name: string): JsonObject {
  const spec = constraint.spec as JsonObject;
  const { namespaces: _, namespaceSelector: __, excludedNamespaces, ...match } = spec.match as JsonObject;
  const excluded = [...(Array.isArray(excludedNamespaces) ? excludedNamespaces : []), ...others];
  // What is somewhere is asked already; leaving it out saves time, and decides nothing.
  const excluding = excluded.length > 0 && { excludedNamespaces: excluded };
  return { ...constraint, metadata: { name }, spec: { ...spec, match: { ...match, ...excluding } } };
}

function isNamespace({ group, kind }: Resource["id"]): boolean {
  return group === "" && kind === "Namespace";
}

/** gator refuses a constraint with any other. */
function isName(namespace: string): boolean {
  return /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/.test(namespace);
}
