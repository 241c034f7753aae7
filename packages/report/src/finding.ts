import type { JsonObject, ResourceId } from "@gitops-actions/manifest";
import { fingerprint, nameField } from "./fingerprint.ts";
import type { Finding, Location, Place, Severity } from "./report.ts";

/** What a check knows when it finds something. Every text must already be redacted. */
export interface FindingParts {
  /** `<tool or action>/<what>`, kebab-case. */
  rule: string;
  severity: Severity;
  message: string;
  help?: string | undefined;
  resource?: ResourceId | undefined;
  /** The resource's value: names the list items on the way to `field` in the fingerprint. It is not kept. */
  value?: JsonObject | undefined;
  /** JSON Pointer (RFC 6901) into the resource. */
  field?: string | undefined;
  expected?: string | undefined;
  actual?: string | undefined;
  location?: Location | undefined;
  related?: Finding["related"] | undefined;
  /** Overlays in which it was found. */
  overlays?: readonly string[] | undefined;
  /** Tells apart two things that one rule says of one field. Never a secret, a line or an index. */
  discriminator?: string | undefined;
}

/** A finding with its fingerprint; its places are "unknown" until `markAgainstBase` compares them. */
export function makeFinding(parts: FindingParts): Finding {
  const { resource, value, field, location, discriminator } = parts;
  const named = field === undefined ? undefined : nameField(field, value);
  const finding: Finding = {
    rule: parts.rule,
    severity: parts.severity,
    message: parts.message,
    related: parts.related ?? [],
    places: (parts.overlays ?? []).map((overlay): Place => ({ overlay, state: "unknown" })),
    fingerprint: fingerprint({
      rule: parts.rule,
      ...(resource && { resource }),
      ...(named !== undefined && { field: named }),
      ...(!resource && location && { path: location.path }),
      ...(discriminator !== undefined && { discriminator }),
    }),
  };
  if (parts.help !== undefined) finding.help = parts.help;
  if (resource) finding.resource = pickIdentity(resource);
  if (field !== undefined) finding.field = field;
  if (parts.expected !== undefined) finding.expected = parts.expected;
  if (parts.actual !== undefined) finding.actual = parts.actual;
  if (location) finding.location = location;
  return finding;
}

// Callers pass what they have, often a whole Resource's id with more in it; a report refuses unknown keys.
function pickIdentity({ group, version, kind, namespace, name }: ResourceId): ResourceId {
  return { group, version, kind, namespace, name };
}

/**
 * One finding with many places, instead of the same finding once for each overlay.
 * Two are the same when fingerprint and message agree and they stand in different overlays; within one overlay,
 * two that differ in field or location stay two. Order of first appearance; linear time. The input is not changed.
 */
export function mergeFindings(findings: Iterable<Finding>): Finding[] {
  const merged: Finding[] = [];
  const groups = new Map<string, Finding[]>();
  const taken = new Map<Finding, Set<string>>();
  const seen = new Set<string>();
  // How many of this kind each overlay has had: the n-th in one overlay joins the n-th in the others.
  const turn = new Map<string, number>();

  for (const finding of findings) {
    const kind = `${finding.fingerprint}\0${finding.message}`;
    const exact = `${finding.field ?? ""}\0${locationKey(finding.location)}`;
    const places = finding.places.length > 0 ? finding.places : [undefined];
    for (const place of places) {
      const here = `${kind}\0${place?.overlay ?? ""}`;
      if (seen.has(`${here}\0${exact}`)) continue;
      seen.add(`${here}\0${exact}`);
      const index = turn.get(here) ?? 0;
      turn.set(here, index + 1);
      const group = groups.get(kind) ?? [];
      groups.set(kind, group);
      let target = group[index];
      if (!target) {
        target = { ...finding, places: [], related: [...finding.related] };
        group[index] = target;
        merged.push(target);
        taken.set(target, new Set());
      }
      join(target, finding, place, taken.get(target)!);
    }
  }
  return merged;
}

/** Adds a place, keeps the graver severity, and names another location instead of dropping it. */
function join(target: Finding, finding: Finding, place: Place | undefined, locations: Set<string>): void {
  if (place) target.places.push(place);
  if (SEVERITIES.indexOf(finding.severity) < SEVERITIES.indexOf(target.severity)) {
    target.severity = finding.severity;
  }
  if (!finding.location) return;
  const key = locationKey(finding.location);
  if (locations.has(key)) return;
  locations.add(key);
  if (!target.location) target.location = finding.location;
  else if (locationKey(target.location) !== key) {
    target.related.push({
      message: place ? `also here, in ${place.overlay}` : "also here",
      location: finding.location,
    });
  }
}

function locationKey(location: Location | undefined): string {
  return location ? `${location.path}\0${location.line}\0${location.column ?? ""}` : "";
}

/** From the gravest to the mildest. */
export const SEVERITIES = ["error", "warning", "notice"] as const satisfies readonly Severity[];

/** Whether a severity is `threshold` or graver. */
export function isAtLeast(severity: Severity, threshold: Severity): boolean {
  return SEVERITIES.indexOf(severity) <= SEVERITIES.indexOf(threshold);
}
