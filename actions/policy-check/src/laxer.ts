import {
  everyVersion,
  type FoundPolicies,
  lostPolicies,
  type PolicyObject,
  type PolicyPlace,
  policiesAt,
  policyEngines,
  versionsOf,
  withoutEqual,
} from "@gitops-actions/fleet";
import type { Redactor } from "@gitops-actions/manifest";
import { type Finding, mergeFindings } from "@gitops-actions/report";
import { findExcepted } from "./excepted.ts";
import type { Rendered } from "./manifests.ts";
import type { Judges } from "./policies.ts";
import { findRemoved } from "./removed.ts";
import { findWeakened } from "./weakened.ts";

/** What a change makes laxer once it is merged: in files, and in what overlays make of them. */
export function findLaxer(
  base: Judges,
  head: Judges,
  { uncheckedAtHead }: Pick<Rendered, "uncheckedAtHead">,
  redactor: Redactor,
): Finding[] {
  const known = base.rendered.filter(({ overlay }) => overlay !== "" && !uncheckedAtHead.has(overlay));
  const lost = lostPolicies(known, head.rendered);
  // What cannot be compared was said to be so.
  const now = { ...head, rendered: head.rendered.filter(({ overlay }) => !base.unknown?.has(overlay)) };
  return [
    ...findRemoved(base.policies, head.policies, lost, redactor),
    ...findWeakenedAnywhere(base, now, redactor),
    ...findExcepted(withVersions(base), withVersions(head), redactor),
  ];
}

function withVersions(judges: Judges): Judges {
  const { policies, rendered } = judges;
  return { ...judges, policies: everyVersion(policies, versionsOf(policies, rendered)) };
}

/** Place by place: what a policy refuses in prod says nothing of what it refuses in dev. */
function findWeakenedAnywhere(base: Judges, head: Judges, redactor: Redactor): Finding[] {
  const places = new Map<string, PolicyPlace>([["", { cluster: "", environment: "" }]]);
  for (const { cluster, environment } of [...base.rendered, ...head.rendered])
    places.set(`${cluster}\0${environment}`, { cluster, environment });
  const at = ({ policies, rendered }: Judges, place: PolicyPlace) =>
    policiesAt(policies, versionsOf(policies, rendered), place);
  return mergeFindings(
    [...places.values()].flatMap((place) => {
      const [before, after] = [at(base, place), at(head, place)];
      const all = (sets: readonly FoundPolicies[]): FoundPolicies => ({
        ...sets[0]!,
        ...Object.fromEntries(
          policyEngines.map((engine) => [
            engine,
            [...new Set<PolicyObject>(sets.flatMap((set) => set[engine]))],
          ]),
        ),
      });
      const [old, now] = [all(before), all(after)];
      for (const engine of policyEngines) old[engine] = withoutEqual(old[engine], now[engine]);
      return findWeakened(old, now, redactor).map((finding) => whereRendered(finding, now));
    }),
  );
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
