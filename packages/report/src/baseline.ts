import type { Finding, Place } from "./report.ts";

export interface BaseOptions {
  /** Overlays that could not be looked at on the base side: what they have now may be old or new, "unknown". */
  uncheckedAtBase?: ReadonlySet<string>;
  /** Overlays that could not be looked at on the head side: nothing in them counts as fixed. */
  uncheckedAtHead?: ReadonlySet<string>;
}

/** What `markAgainstBase` found. */
export interface Marked {
  /** The head's findings, in their order, with the state of each place set. */
  findings: Finding[];
  /** Fingerprints that some overlay had at the base and none has at the head; sorted. */
  fixed: string[];
}

/**
 * Tells new findings from existing ones, overlay by overlay: what exists in dev is still new in prod.
 * Counts matter: where the base had one finding of a fingerprint and the head has two, one of them is new
 * (the one whose message the base did not have, if any). A wrong value that a change replaces by another wrong one is
 * new: whoever made the change wrote it. Linear time. The inputs are not changed.
 */
export function markAgainstBase(
  head: readonly Finding[],
  base: readonly Finding[],
  options: BaseOptions = {},
): Marked {
  const byMessage = countPlaces(base, messageKey);
  const byPrint = countPlaces(base, printKey);
  const states = new Map<Place, Place["state"]>();

  // First those that say the same as at the base, so that a second finding of one kind is not taken for the first.
  for (const finding of head) {
    for (const place of finding.places) {
      if (options.uncheckedAtBase?.has(place.overlay)) states.set(place, "unknown");
      else if (take(byMessage, messageKey(finding, place.overlay))) {
        take(byPrint, printKey(finding, place.overlay));
        states.set(place, "existing");
      }
    }
  }
  for (const finding of head) {
    for (const place of finding.places) {
      if (states.has(place)) continue;
      states.set(place, take(byPrint, printKey(finding, place.overlay)) ? "existing" : "new");
    }
  }
  const findings = head.map((finding) => ({
    ...finding,
    places: finding.places.map((place) => ({ ...place, state: states.get(place) ?? place.state })),
  }));
  return { findings, fixed: findFixed(head, base, options.uncheckedAtHead) };
}

function findFixed(
  head: readonly Finding[],
  base: readonly Finding[],
  unchecked?: ReadonlySet<string>,
): string[] {
  const present = new Set(head.map((finding) => finding.fingerprint));
  const fixed = new Set<string>();
  const doubtful = new Set<string>();
  for (const finding of base) {
    if (present.has(finding.fingerprint)) continue;
    const lost = finding.places.some((place) => unchecked?.has(place.overlay));
    (lost ? doubtful : fixed).add(finding.fingerprint);
  }
  return [...fixed].filter((print) => !doubtful.has(print)).sort();
}

function messageKey(finding: Finding, overlay: string): string {
  return `${printKey(finding, overlay)}\0${finding.message}`;
}

function printKey(finding: Finding, overlay: string): string {
  return `${finding.fingerprint}\0${overlay}\0${finding.actual ?? ""}`;
}

function countPlaces(
  findings: readonly Finding[],
  key: (finding: Finding, overlay: string) => string,
): Map<string, number> {
  const counts = new Map<string, number>();
  for (const finding of findings) {
    for (const { overlay } of finding.places) {
      counts.set(key(finding, overlay), (counts.get(key(finding, overlay)) ?? 0) + 1);
    }
  }
  return counts;
}

function take(counts: Map<string, number>, key: string): boolean {
  const left = counts.get(key) ?? 0;
  if (left === 0) return false;
  counts.set(key, left - 1);
  return true;
}
