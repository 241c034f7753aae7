import { daysLeft, type Excepted, type Exception, exceptionMatcher, isExpired } from "@gitops-actions/fleet";
import { describeSubject, type Finding, listSome, makeFinding, type Report } from "@gitops-actions/report";

export interface Waived {
  /** Without the places that are excepted; a finding all of whose places are stays, and is named in `waived`. */
  findings: Finding[];
  waived: Report["waived"];
  /** What is excepted in some overlays and counts in others, which `waived` cannot say: one line each, for people. */
  partly: string[];
  /** Exceptions whose time is over, and ones that except nothing. */
  problems: Finding[];
}

/** Tells whether an exception that is not over waives a finding in an overlay. */
export function excuserOf(exceptions: readonly Exception[], now: Date): (finding: Excepted) => boolean {
  const matchers = exceptions.filter((exception) => !isExpired(exception, now)).map(exceptionMatcher);
  return (finding) => matchers.some((matches) => matches(finding));
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
  const result: Waived = { findings: [], waived: [], partly: [], problems: [] };
  const whole = new Map<Finding, Exception>();
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
    if (first && excused.every((each) => each !== undefined)) {
      whole.set(finding, first);
      const { owner, reason, expires } = first;
      result.waived.push({ fingerprint: finding.fingerprint, owner, reason, expires });
      result.findings.push(finding);
    } else {
      for (const exception of new Set(excused.filter((each) => each !== undefined))) {
        const own = finding.places.filter((_, index) => excused[index] === exception);
        result.partly.push(describePart({ ...finding, places: own }, exception));
      }
      result.findings.push({ ...finding, places: finding.places.filter((_, index) => !excused[index]) });
    }
  }
  keepActive(result, whole);
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

/** A fingerprint that also stands for something that is not excepted must not be waived whole: those excepted go. */
function keepActive(result: Waived, whole: ReadonlyMap<Finding, Exception>): void {
  const active = new Set(
    result.findings.filter((finding) => !whole.has(finding)).map(({ fingerprint }) => fingerprint),
  );
  const mixed = new Set(
    [...whole.keys()].flatMap(({ fingerprint }) => (active.has(fingerprint) ? [fingerprint] : [])),
  );
  result.findings = result.findings.filter((finding) => {
    const exception = whole.get(finding);
    if (!exception || !mixed.has(finding.fingerprint)) return true;
    result.partly.push(describePart(finding, exception));
    return false;
  });
  const unique = new Map(
    result.waived
      .filter(({ fingerprint }) => !mixed.has(fingerprint))
      .map((each) => [each.fingerprint, each]),
  );
  result.waived = [...unique.values()];
}

function describePart(finding: Finding, { reason, owner, expires }: Exception): string {
  const overlays = finding.places.map(({ overlay }) => overlay);
  const what = [finding.rule, describeSubject(finding)].filter(Boolean).join(" ");
  return `waived in ${listSome(overlays, 5)} only: ${what}: ${reason} (${owner}, until ${expires})`;
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
