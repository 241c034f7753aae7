import {
  everyVersion,
  type FoundPolicies,
  lostPolicies,
  type PolicyObject,
  type PolicyPlace,
  policiesAt,
  policyEngineOf,
  policyEngines,
  type RenderedPolicy,
  versionsOf,
  withoutEqual,
} from "@gitops-actions/fleet";
import type { Redactor } from "@gitops-actions/manifest";
import { type Finding, mergeFindings } from "@gitops-actions/report";
import type { Rendered } from "../manifests.ts";
import type { Judges } from "../policies/policies.ts";
import { findExcepted } from "./excepted.ts";
import { findRemoved } from "./removed.ts";
import { findWeakened } from "./weakened.ts";

/** What a change makes laxer once it is merged: in files, and in what overlays make of them. */
export function findLaxer(
  base: Judges,
  head: Judges,
  rendered: Pick<Rendered, "uncheckedAtHead" | "head">,
  redactor: Redactor,
): Finding[] {
  const { uncheckedAtHead } = rendered;
  const known = base.rendered.filter(({ overlay }) => overlay !== "" && !uncheckedAtHead.has(overlay));
  const overlays = new Set(rendered.head.map(({ overlay }) => overlay));
  const lost = lostPolicies(known, head.rendered, overlays);
  // What cannot be compared was said to be so.
  const now = { ...head, rendered: head.rendered.filter(({ overlay }) => !base.unknown?.has(overlay)) };
  const weakened = findWeakenedAtPlaces(base, now, redactor);
  return [
    ...findRemoved(base.policies, head.policies, lost, redactor),
    ...weakened.findings,
    ...findWeakenedInOverlays(known, now.rendered, weakened.said, redactor),
    ...findExcepted(withVersions(base), withVersions(head), redactor),
  ];
}

function withVersions(judges: Judges): Judges {
  const { policies, rendered } = judges;
  return { ...judges, policies: everyVersion(policies, versionsOf(policies, rendered)) };
}

/** Place by place: what a policy refuses in prod says nothing of what it refuses in dev. `said`: what the policies were told. */
function findWeakenedAtPlaces(
  base: Judges,
  head: Judges,
  redactor: Redactor,
): { findings: Finding[]; said: Set<string> } {
  const places = new Map<string, PolicyPlace>([["", { cluster: "", environment: "" }]]);
  for (const { cluster, environment } of [...base.rendered, ...head.rendered])
    places.set(`${cluster}\0${environment}`, { cluster, environment });
  const sides = [base, head].map(({ policies, rendered }) => ({
    policies,
    versions: versionsOf(policies, rendered),
  }));
  const said = new Set<string>();
  const findings = [...places.values()].flatMap((place) => {
    const [old, now] = sides.map(({ policies, versions }) => joined(policiesAt(policies, versions, place)));
    for (const engine of policyEngines) old![engine] = withoutEqual(old![engine], now![engine]);
    return findWeakened(old!, now!, redactor).map((finding) => {
      said.add(finding.message);
      return whereRendered(finding, now!);
    });
  });
  return { findings: mergeFindings(findings), said };
}

function joined(sets: readonly FoundPolicies[]): FoundPolicies {
  const all = { ...sets[0]! };
  for (const engine of policyEngines)
    all[engine] = [...new Set<PolicyObject>(sets.flatMap((set) => set[engine]))];
  return all;
}

/** Overlay by overlay: another one of the same place, which may be new, says nothing of what this one does. */
function findWeakenedInOverlays(
  base: readonly RenderedPolicy[],
  head: readonly RenderedPolicy[],
  said: ReadonlySet<string>,
  redactor: Redactor,
): Finding[] {
  const after = Map.groupBy(head, ({ overlay }) => overlay);
  const found = [...Map.groupBy(base, ({ overlay }) => overlay)].flatMap(([overlay, before]) =>
    findWeakened(foundIn(before), foundIn(after.get(overlay) ?? []), redactor)
      .filter(({ message }) => !said.has(message))
      .map((finding) => ({ ...finding, message: `${finding.message}, as rendered in ${overlay}` })),
  );
  return mergeFindings(found);
}

function foundIn(policies: readonly RenderedPolicy[]): FoundPolicies {
  const found: FoundPolicies = {
    ...{ rego: [], kyverno: [], gatekeeper: [], admission: [], others: [], aside: [] },
  };
  for (const policy of policies) found[policyEngineOf(policy.resource.id)!].push(policy);
  return found;
}

/** A policy's file may be as it was: what is to be looked at is then what overlays make of it. */
function whereRendered(finding: Finding, now: FoundPolicies): Finding {
  const { location } = finding;
  const policy = policyEngines
    .flatMap((engine) => now[engine])
    .find(({ path, resource }) => path === location?.path && resource.line === location.line);
  if (!policy?.rendered || !location) return finding;
  const { overlays, path } = policy.rendered;
  return {
    ...finding,
    message: `${finding.message}, as rendered in ${overlays.slice(0, 5).join(", ")}`,
    location: path === location.path ? location : { ...location, path, line: 1, precision: "near" },
  };
}
