import type { Tool } from "@gitops-actions/engine";
import { count, type Unchecked } from "@gitops-actions/report";
import type { Check } from "./check.ts";
import type { ValidateInputs } from "./inputs.ts";
import { isAllowedMissing, kindName } from "./kinds.ts";
import type { Learnt } from "./reporting.ts";

/** How many resources at head were looked at. */
export interface Counts {
  /** Held against a schema. */
  validated: number;
  skipped: number;
}

/** Counts resources, each of which has a check for every version. */
export function countResources(checks: readonly Check[], inputs: ValidateInputs): Counts {
  const each = inputs.kubernetesVersions.length;
  let validated = 0;
  let skipped = 0;
  for (let start = 0; start < checks.length; start += each) {
    const isValidated = checks
      .slice(start, start + each)
      .some(({ schema, listed }) => schema && listed !== "skip");
    if (isValidated) validated += 1;
    else skipped += 1;
  }
  return { validated, skipped };
}

/** Kinds that were not validated, with how many resources of each and why. */
export function skippedKinds(checks: readonly Check[], inputs: ValidateInputs): Unchecked[] {
  const found = new Map<string, { item: Unchecked; resources: Set<unknown> }>();
  for (const { resource, listed, availability } of checks) {
    const isAllowed =
      availability?.what === "missing-schema" && isAllowedMissing(resource.id, inputs.missingSchemas);
    const code = listed === "skip" ? "skip" : isAllowed ? "missing-schema" : undefined;
    if (!code) continue;
    const id = kindName(resource.id);
    const message =
      code === "skip" ? "is in the list of kinds to skip" : "has no schema, which missing-schemas allows";
    const entry = found.get(`${code} ${id}`) ?? {
      item: { kind: "resource", id, code, message },
      resources: new Set(),
    };
    entry.resources.add(resource);
    found.set(`${code} ${id}`, entry);
  }
  return [...found.values()].map(({ item, resources }) => ({
    ...item,
    message: `${count(resources.size, "resource")}: ${item.message}`,
  }));
}

/** What it was held against, and what of it. */
export function notesOf(
  learnt: Pick<Learnt, "kubernetes" | "definitions">,
  counts: Counts,
  inputs: ValidateInputs,
): string[] {
  const versions = [...learnt.kubernetes.values()].map(({ kubernetes }) => kubernetes).join(", ");
  const definitions = new Set(
    learnt.definitions.filter(({ side }) => side === "head").map(({ name }) => name),
  ).size;
  const strictness = inputs.strict ? "strict" : "not strict: unknown fields pass";
  const notes = [
    `held against Kubernetes ${versions} (${strictness}): ${count(counts.validated, "resource")}, ${counts.skipped} without a schema or skipped`,
  ];
  if (definitions > 0)
    notes.push(`${count(definitions, "definition")} of custom resources found in the fleet`);
  return notes;
}

/** Whether rules in CEL were looked at, which a schema does not say. */
export function ruleNotes(checks: readonly Check[], ruler: Tool | undefined): string[] {
  const ruled = checks.filter(({ cel }) => cel && cel.rules > 0);
  if (ruled.length === 0) return [];
  const byKind = new Map(ruled.map(({ resource, cel }) => [kindName(resource.id), cel!.rules]));
  const rules = count(
    [...byKind.values()].reduce((sum, each) => sum + each, 0),
    "rule",
  );
  const resources = count(new Set(ruled.map(({ resource }) => resource)).size, "resource");
  const kinds = [...byKind.keys()].sort().slice(0, 5).join(", ") + (byKind.size > 5 ? ", ..." : "");
  const what = `${rules} in CEL (x-kubernetes-validations) of ${kinds}`;
  return ruler
    ? [`${what} held against ${resources} by kubectl-validate ${ruler.version}`]
    : [`${what} NOT evaluated on ${resources}: engines: kubeconform, kubectl-validate does that`];
}
