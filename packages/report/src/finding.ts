import type { JsonObject, ResourceId } from "@gitops-actions/manifest";
import { listSome } from "./describe.ts";
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
  const byKind = new Map<string, Finding[]>();
  // How many of one kind an overlay has had: its n-th joins the n-th of the other overlays.
  const turns = new Map<string, number>();
  for (const group of joinRepeated(findings)) {
    const kind = kindOf(group);
    const overlays = overlaysOf(group).map((overlay) => `${kind}\0${overlay}`);
    const turn = overlays.reduce((most, overlay) => Math.max(most, turns.get(overlay) ?? 0), 0);
    for (const overlay of overlays) turns.set(overlay, turn + 1);
    const targets = byKind.get(kind) ?? [];
    byKind.set(kind, targets);
    const target = targets[turn];
    if (target) join(target, group);
    else {
      targets[turn] = group;
      merged.push(group);
    }
  }
  return merged;
}

/** Joins what agrees in field and location too, and drops repetitions within one overlay. Makes copies. */
function joinRepeated(findings: Iterable<Finding>): Finding[] {
  const groups = new Map<string, Finding>();
  const seen = new Set<string>();
  for (const finding of findings) {
    const key = `${kindOf(finding)}\0${finding.field ?? ""}\0${locationKey(finding.location)}`;
    const group: Finding = groups.get(key) ?? { ...finding, places: [], related: [...finding.related] };
    groups.set(key, group);
    group.severity = graver(group.severity, finding.severity);
    for (const place of finding.places) {
      if (seen.has(`${key}\0${place.overlay}`)) continue;
      seen.add(`${key}\0${place.overlay}`);
      group.places.push(place);
    }
  }
  return [...groups.values()];
}

/** Adds the places of another, keeps the graver severity, and names its location instead of dropping it. */
function join(target: Finding, other: Finding): void {
  target.places.push(...other.places);
  target.severity = graver(target.severity, other.severity);
  if (!other.location) return;
  if (!target.location) target.location = other.location;
  else if (locationKey(target.location) !== locationKey(other.location)) {
    target.related.push({ message: describeElsewhere(overlaysOf(other)), location: other.location });
  }
}

function describeElsewhere(overlays: string[]): string {
  const named = overlays.filter(Boolean);
  if (named.length === 0) return "also here";
  return `also here, in ${listSome(named, 3)}`;
}

function kindOf(finding: Finding): string {
  return `${finding.fingerprint}\0${finding.message}`;
}

/** The overlays of a finding; of one that is about none, the nameless one. */
function overlaysOf(finding: Finding): string[] {
  return finding.places.length > 0 ? finding.places.map((place) => place.overlay) : [""];
}

function graver(a: Severity, b: Severity): Severity {
  return isAtLeast(a, b) ? a : b;
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
