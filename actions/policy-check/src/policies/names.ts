import type { PolicyObject } from "@gitops-actions/fleet";

/** Where a policy stands, for people. */
export function placeOf({ path, resource }: PolicyObject): string {
  return `${path}:${resource.line}`;
}

/** How a policy is called: a namespaced one may share its name with another. */
export function nameOf({ resource }: PolicyObject): string {
  const { namespace, name, kind } = resource.id;
  return namespace && !kind.startsWith("Cluster") ? `${namespace}/${name}` : name;
}
