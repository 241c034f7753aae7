import type { FoundPolicies, PolicyObject } from "@gitops-actions/fleet";
import { compareText, type Redactor } from "@gitops-actions/manifest";
import { type Finding, makeFinding } from "@gitops-actions/report";
import { nameOf } from "./kyverno.ts";

const shown = 10;

/** One warning that names the policies that a change removes; none where it removes none. */
export function findRemoved(base: FoundPolicies, head: FoundPolicies, redactor: Redactor): Finding[] {
  const left = countNames(head);
  const removed = [...countNames(base)]
    .filter(([name, count]) => count > (left.get(name) ?? 0))
    .map(([name, count]) => {
      const more = left.get(name) ?? 0;
      return more === 0 ? name : `${name} (in ${count - more} of ${count} files)`;
    })
    .sort(compareText);
  if (removed.length === 0) return [];
  const what = removed.length === 1 ? "1 policy" : `${removed.length} policies`;
  const others = removed.length > shown ? ` and ${removed.length - shown} more` : "";
  const names = redactor.redactText(removed.slice(0, shown).join(", "));
  return [
    makeFinding({
      rule: "policy/removed",
      severity: "warning",
      message: `this change removes ${what}: ${names}${others}`,
      help: "This change is still judged by them; once it is merged nothing is. See that who answers for them agrees.",
      discriminator: removed.join("\n"),
    }),
  ];
}

/** The policies that are objects, each with its engine and what it is called. */
export function namedPolicies({
  kyverno,
  gatekeeper,
  admission,
}: FoundPolicies): { name: string; policy: PolicyObject }[] {
  const byKind = (engine: string) => (policy: PolicyObject) => {
    const { kind, name } = policy.resource.id;
    return { name: `${engine} ${kind}/${name}`, policy };
  };
  return [
    // An exception that goes makes nothing laxer.
    ...kyverno
      .filter(({ resource }) => resource.id.kind !== "PolicyException")
      .map((policy) => ({ name: `kyverno ${nameOf(policy)}`, policy })),
    ...gatekeeper.map(byKind("gatekeeper")),
    ...admission.map(byKind("vap")),
  ];
}

/** How many times there is a policy of each name: one rule of Rego may stand in several files. */
function countNames(found: FoundPolicies): Map<string, number> {
  const files = found.rego.flatMap((set) => set.files).filter(({ isTest }) => !isTest);
  const names = [
    ...files.flatMap((file) =>
      file.rules
        .filter(({ kind }) => kind !== "misnamed")
        .map(({ name }) => `conftest ${file.package}/${name}`),
    ),
    ...namedPolicies(found).map(({ name }) => name),
  ];
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
