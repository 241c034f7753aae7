import type { Batch } from "@gitops-actions/fleet";
import type { Unchecked } from "@gitops-actions/report";

/** Policies, by file and line, with the resources whose namespace would decide what they say. */
export type Unplaced = Map<string, Set<string>>;

/**
 * Adds resources that name no namespace, by their positions, to those of a policy. Argo CD, Flux or kubectl give them one
 * when they are applied; which one is in no manifest.
 */
export function addUnplaced(
  unplaced: Unplaced,
  policy: string,
  documents: Iterable<number>,
  items: Batch["items"],
): void {
  for (const document of documents) {
    const { kind, name } = items[document]!.resource.id;
    unplaced.set(policy, (unplaced.get(policy) ?? new Set()).add(`${kind} ${name}`));
  }
}

/** One gap for each policy, with how many resources it is about. `field` is what the policy selects namespaces by. */
export function unplacedSkips(unplaced: Unplaced, field: string): Unchecked[] {
  return [...unplaced].map(([id, found]) => {
    const names = [...found].sort();
    const others = names.length > 3 ? ` and of ${names.length - 3} more` : "";
    const message = `not evaluated for ${names.length === 1 ? "1 resource" : `${names.length} resources`}: the namespace of ${names.slice(0, 3).join(", ")}${others} is unknown, and the policy selects by it (${field}). Write metadata.namespace`;
    return { kind: "policy", id, code: "unknown-namespace", message };
  });
}
