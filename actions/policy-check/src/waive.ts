import { daysLeft, type Exception, exceptionMatcher, isExpired } from "@gitops-actions/fleet";
import { type Finding, makeFinding, type Report } from "@gitops-actions/report";

export interface Waived {
  /** Without the places that are excepted; a finding all of whose places are stays, and is named in `waived`. */
  findings: Finding[];
  waived: Report["waived"];
  /** Exceptions whose time is over, and ones that except nothing. */
  problems: Finding[];
}

/** Applies exceptions to findings, overlay by overlay. `all`: everything was looked at, so what is unused is known. */
export function waive(
  findings: readonly Finding[],
  exceptions: readonly Exception[],
  now: Date,
  all: boolean,
): Waived {
  const used = new Set<Exception>();
  const matchers = exceptions.map((exception) => ({
    exception,
    matches: exceptionMatcher(exception),
    expired: isExpired(exception, now),
  }));
  const result: Waived = { findings: [], waived: [], problems: [] };
  for (const finding of findings) {
    const waivedBy = (overlay: string): Exception | undefined => {
      const { rule, resource } = finding;
      const found = matchers.filter(({ matches }) =>
        matches({ rule, ...(resource && { resource }), overlay }),
      );
      for (const { exception } of found) used.add(exception);
      return found.find(({ expired }) => !expired)?.exception;
    };
    const places = finding.places.length > 0 ? finding.places : [{ overlay: "", state: "unknown" as const }];
    const excused = places.map(({ overlay }) => waivedBy(overlay));
    const [first] = excused;
    if (excused.every((each) => each !== undefined)) {
      const { owner, reason, expires } = first!;
      result.waived.push({ fingerprint: finding.fingerprint, owner, reason, expires });
      result.findings.push(finding);
    } else result.findings.push({ ...finding, places: finding.places.filter((_, index) => !excused[index]) });
  }
  keepActive(result);
  for (const { exception, expired } of matchers) {
    if (expired)
      result.problems.push(
        problem(
          exception,
          "expired",
          `the exception from ${exception.rule} ended on ${exception.expires} (${-daysLeft(exception, now)} days ago)`,
        ),
      );
    else if (all && !used.has(exception))
      result.problems.push(
        problem(exception, "unused", `the exception from ${exception.rule} excepts nothing`),
      );
  }
  return result;
}

/** A fingerprint that also stands for something that is not excepted must not be waived whole. */
function keepActive(result: Waived): void {
  const seen = new Map<string, number>();
  for (const { fingerprint } of result.findings) seen.set(fingerprint, (seen.get(fingerprint) ?? 0) + 1);
  const waived = new Map<string, number>();
  for (const { fingerprint } of result.waived) waived.set(fingerprint, (waived.get(fingerprint) ?? 0) + 1);
  const mixed = new Set(
    [...waived].filter(([print, count]) => count < seen.get(print)!).map(([print]) => print),
  );
  if (mixed.size > 0) {
    // The excepted ones go; those that count stay.
    let left = new Map(waived);
    result.findings = result.findings.filter(({ fingerprint }) => {
      if (!mixed.has(fingerprint)) return true;
      const count = left.get(fingerprint) ?? 0;
      left = new Map(left).set(fingerprint, count - 1);
      return count <= 0;
    });
  }
  const unique = new Map(
    result.waived
      .filter(({ fingerprint }) => !mixed.has(fingerprint))
      .map((each) => [each.fingerprint, each]),
  );
  result.waived = [...unique.values()];
}

function problem(
  { rule, resource, owner, location }: Exception,
  what: "expired" | "unused",
  message: string,
): Finding {
  return makeFinding({
    rule: `exceptions/${what}`,
    severity: what === "expired" ? "error" : "warning",
    message,
    help:
      what === "expired"
        ? `Mend what it excepted, or let ${owner} renew it.`
        : "Remove it: nothing needs it any more.",
    location,
    discriminator: JSON.stringify([rule, resource]),
  });
}
