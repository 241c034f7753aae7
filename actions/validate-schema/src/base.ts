import type { Resource } from "@gitops-actions/manifest";
import type { Check } from "./check.ts";
import type { Group } from "./documents.ts";
import type { Draft } from "./locations.ts";

/** Rules that say that a resource was not validated, where it had no schema that could be used. */
const schemaless = [
  "missing-schema",
  "broken-schema",
  "not-yaml",
  "unknown-kind",
  "unknown-version",
  "removed-api",
];

/**
 * Of what the base says, that with which the head can be compared. What both say is no news, unless it says that a resource
 * was not validated, and there is another one now: what is wrong with that nobody has looked at.
 */
export function comparable(base: readonly Draft[], checks: readonly Check[]): Draft[] {
  const validated = new Set(
    checks
      .filter(({ schema, verdict }) => schema && verdict.status !== "no-schema")
      .map(({ resource }) => resource),
  );
  const isStopped = ({ finding: { rule }, resource }: Draft): boolean =>
    rule === "kubectl-validate/not-evaluated" ||
    (schemaless.some((what) => rule === `kubeconform/${what}`) && !validated.has(resource));
  if (!base.some(isStopped)) return [...base];
  const key = (group: Group, { id }: Resource): string => JSON.stringify([group.overlay, Object.values(id)]);
  const head = checks.filter(({ group }) => group.side === "head");
  const texts = new Map(head.map(({ group, resource }) => [key(group, resource), resource.text]));
  return base.filter((draft) => {
    const text = texts.get(key(draft.group, draft.resource));
    return !isStopped(draft) || text === undefined || text === draft.resource.text;
  });
}
