import { SEVERITIES } from "./finding.ts";
import type { Finding } from "./report.ts";

/** Whether a finding has a place that is not known to have been so before. Without places nothing is known: new. */
export function isNew(finding: Finding): boolean {
  return finding.places.length === 0 || finding.places.some((place) => place.state !== "existing");
}

/**
 * The order in which a person wants to read: the gravest first, new before existing, one whose line is known before
 * one whose file is; then by place, so that two runs give the same bytes.
 */
export function rankFindings(findings: readonly Finding[]): Finding[] {
  return findings
    .map((finding) => ({ finding, key: rank(finding) }))
    .sort((a, b) => compareKeys(a.key, b.key))
    .map(({ finding }) => finding);
}

type Key = (number | string)[];

function rank(finding: Finding): Key {
  const { location, resource } = finding;
  return [
    SEVERITIES.indexOf(finding.severity),
    isNew(finding) ? 0 : 1,
    location ? (location.precision === "exact" ? 0 : 1) : 2,
    location?.path ?? "",
    location?.line ?? 0,
    location?.column ?? 0,
    resource ? `${resource.namespace}\0${resource.kind}\0${resource.name}\0${resource.group}` : "",
    finding.field ?? "",
    finding.rule,
    finding.message,
    finding.fingerprint,
    finding.places.map((place) => place.overlay).join("\0"),
  ];
}

function compareKeys(a: Key, b: Key): number {
  for (let index = 0; index < a.length; index++) {
    const order = compare(a[index]!, b[index]!);
    if (order !== 0) return order;
  }
  return 0;
}

/** By UTF-16 code unit, never by locale: two machines must sort alike. */
export function compare<T extends string | number>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
