import {
  type FoundPolicies,
  type PolicyObject,
  policyEngineOf,
  type RenderedPolicy,
} from "@gitops-actions/fleet";
import { compareText, type Redactor } from "@gitops-actions/manifest";
import { type Finding, listSome, makeFinding } from "@gitops-actions/report";
import { nameOf } from "../policies/names.ts";

const shown = 10;

/**
 * One warning that names the policies that a change removes; none where it removes none. `lost`: those that overlays
 * render no longer, whether their files are still there or not.
 */
export function findRemoved(
  base: FoundPolicies,
  head: FoundPolicies,
  lost: readonly RenderedPolicy[],
  redactor: Redactor,
): Finding[] {
  const left = countNames(head);
  const gone = [...countNames(base)].filter(([name, count]) => count > (left.get(name) ?? 0));
  const removed = [
    ...gone.map(([name, count]) => {
      const more = left.get(name) ?? 0;
      return more === 0 ? name : `${name} (in ${count - more} of ${count} files)`;
    }),
    ...describeLost(lost, new Set(gone.map(([name]) => name))),
  ].sort(compareText);
  if (removed.length === 0) return [];
  const what = removed.length === 1 ? "1 policy" : `${removed.length} policies`;
  const names = redactor.redactText(listSome(removed, shown));
  return [
    makeFinding({
      rule: "policy/removed",
      severity: "warning",
      message: `this change removes ${what}: ${names}`,
      help: "This change is still judged by them; once it is merged nothing is. See that who answers for them agrees.",
      discriminator: removed.join("\n"),
    }),
  ];
}

function describeLost(lost: readonly RenderedPolicy[], gone: ReadonlySet<string>): string[] {
  const overlays = new Map<string, Set<string>>();
  for (const policy of lost) {
    const name = policyName(policy);
    if (policy.resource.id.kind === "PolicyException" || gone.has(name)) continue;
    overlays.set(name, (overlays.get(name) ?? new Set()).add(policy.overlay));
  }
  return [...overlays].map(([name, ids]) => `${name} (no longer rendered in ${[...ids].sort().join(", ")})`);
}

/** A policy that is an object, with its engine, for people: `kyverno require-probes`, `vap ValidatingAdmissionPolicy/p`. */
function policyName(policy: PolicyObject): string {
  const { id } = policy.resource;
  const engine = policyEngineOf(id);
  if (engine === "kyverno") return `kyverno ${nameOf(policy)}`;
  return `${engine === "admission" ? "vap" : engine} ${id.kind}/${id.name}`;
}

/** The policies that are objects, each with its engine and what it is called. */
export function namedPolicies({
  kyverno,
  gatekeeper,
  admission,
}: FoundPolicies): { name: string; policy: PolicyObject }[] {
  // An exception that goes makes nothing laxer.
  const policies = kyverno.filter(({ resource }) => resource.id.kind !== "PolicyException");
  return [...policies, ...gatekeeper, ...admission].map((policy) => ({ name: policyName(policy), policy }));
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
