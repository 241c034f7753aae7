import { compareText, formatIdentity } from "@gitops-actions/manifest";
import type { Finding, Location, Report } from "./report.ts";

// Sentences that every output format uses, as plain text: each format escapes them its own way.

/** `12 errors`, `1 error`, `12,345 findings`. */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${groupDigits(number)} ${number === 1 ? noun : plural}`;
}

/** `a, b and 3 more`: the first `most` of some texts. */
export function listSome(texts: readonly string[], most: number, separator = ", "): string {
  const more = texts.length > most ? ` and ${texts.length - most} more` : "";
  return `${texts.slice(0, most).join(separator)}${more}`;
}

/** A whole number as English writes it: `12,345`. Not by toLocaleString: loading its tables takes ten milliseconds, of every run. */
export function groupDigits(number: number): string {
  return String(number).replace(/\B(?=(?:\d{3})+$)/g, ",");
}

/** `apps/web/base/deployment.yaml:12:5`; with `near`, only the file is sure and no line is claimed. */
export function formatLocation(location: Location): string {
  if (location.precision === "near") return location.path;
  const column = location.column === undefined ? "" : `:${location.column}`;
  return `${location.path}:${location.line}${column}`;
}

/** What an exception waives, and why: one line for each, those without a finding left out. */
export function describeWaived(report: Report): string[] {
  const findings = new Map(report.findings.map((finding) => [finding.fingerprint, finding]));
  return report.waived.flatMap(({ fingerprint, owner, reason, expires }) => {
    const finding = findings.get(fingerprint);
    if (!finding) return [];
    const what = [finding.rule, describeSubject(finding)].filter(Boolean).join(" ");
    return [`${what}: ${reason} (${owner}, until ${expires})`];
  });
}

/** What a finding is about: `Deployment shop/web /spec/replicas`; "" when it names no resource. */
export function describeSubject(finding: Finding): string {
  const identity = finding.resource ? formatIdentity(finding.resource) : "";
  return [identity, finding.field ?? ""].filter(Boolean).join(" ");
}

/** What was expected and what was there, as far as the message does not say it. */
export function describeValues({ message, expected, actual }: Finding): [label: string, value: string][] {
  const values: [string, string][] = [];
  if (expected !== undefined && !says(message, expected, wants)) values.push(["expected", expected]);
  if (actual !== undefined && !says(message, actual, ["found "])) values.push(["actual", actual]);
  return values;
}

const wants = ["expected ", "must be ", "must be a valid ", "must be one of: ", "must have ", "needs "];

/** Whether a message says a value, rather than having the same word in it by chance. */
function says(message: string, value: string, before: readonly string[]): boolean {
  return before.some((words) => {
    const at = message.indexOf(words + value);
    const behind = message.charAt(at + words.length + value.length);
    return at >= 0 && value !== "" && !/\w/.test(behind);
  });
}

/** `new in prod; existing in dev, staging`, naming at most `limit` overlays of each state. */
export function describePlaces(finding: Finding, limit = 5): string {
  const parts: string[] = [];
  for (const state of ["new", "existing", "unknown"] as const) {
    const overlays = finding.places.filter((place) => place.state === state).map((place) => place.overlay);
    if (overlays.length === 0) continue;
    const label = state === "unknown" ? "in" : `${state} in`;
    parts.push(`${label} ${listSome(overlays, limit)}`);
  }
  return parts.join("; ");
}

/** One line that says how it went: `2 errors, 1 warning (1 new, 2 existing), 3 overlays not looked at. ...`. */
export function describeVerdict(report: Report): string {
  const { summary, failed } = report;
  const found = (["error", "warning", "notice"] as const)
    .filter((severity) => summary[severity] > 0)
    .map((severity) => count(summary[severity], severity))
    .join(", ");
  const states =
    summary.existing > 0
      ? ` (${groupDigits(summary.new)} new, ${groupDigits(summary.existing)} existing)`
      : "";
  const looked = describeChecked(report);
  const left = describeLeft(report);
  switch (report.verdict) {
    case "nothing-found":
      return report.skipped.length === 0
        ? "Nothing found to look at."
        : `Nothing was looked at: all that was found, ${count(report.skipped.length, "thing")}, was skipped.`;
    case "incomplete":
      return `Incomplete: ${failed.length > 0 ? `${count(failed.length, "thing")} could not be checked` : "not everything was evaluated"}${found ? `; ${found}${states}` : ""}${left}. ${looked}`;
    case "findings":
      return `${found}${states}${left}. ${looked}`;
    case "passed":
      return `Passed${left}. ${looked}`;
  }
}

/** What is there and was left out, overlays and engines: a pass says nothing of it, and must not read as if it did. */
function describeLeft({ skipped }: Report): string {
  const of = (wanted: string) => [...new Set(skipped.flatMap(({ kind, id }) => (kind === wanted ? id : [])))];
  const overlays = of("overlay").length;
  const engines = of("engine").sort(compareText);
  return [
    overlays > 0 ? `, ${count(overlays, "overlay")} not looked at` : "",
    engines.length > 0 ? `, policies of ${engines.join(", ")} not asked` : "",
  ].join("");
}

function describeChecked({ checked, unchanged, engines }: Report): string {
  if (checked.checks !== undefined) return `${count(checked.checks, "check")} made.`;
  const parts: string[] = [];
  if (checked.overlays > 0 || unchanged === 0) parts.push(`${count(checked.overlays, "overlay")} looked at`);
  if (checked.resources > 0) parts.push(count(checked.resources, "resource"));
  if (unchanged > 0) parts.push(`${count(unchanged, "overlay")} proven unchanged`);
  if (engines) parts.push(describeAsked(engines));
  return `${parts.join(", ")}.`;
}

/** `16 policies asked (conftest 12, kyverno 4), 2 of them about nothing here`: those that an engine evaluated on anything. */
function describeAsked(engines: NonNullable<Report["engines"]>): string {
  const asked = engines.filter(({ evaluated }) => evaluated > 0);
  const names = [...new Set(asked.map(({ name }) => name))];
  const each = names.map(
    (name) => `${name} ${groupDigits(asked.filter((engine) => engine.name === name).length)}`,
  );
  const what = count(asked.length, "policy", "policies");
  const idle = asked.filter(({ matched, notEvaluated }) => matched === 0 && notEvaluated.length === 0).length;
  const of = asked.length === 1 ? "" : `${idle === asked.length ? "all" : groupDigits(idle)} of them `;
  return `${what} asked${each.length > 0 ? ` (${each.join(", ")})` : ""}${idle > 0 ? `, ${of}about nothing here` : ""}`;
}

/** `commit 1a2b3c4d5e6f with uncommitted changes, compared with 0f9e8d7c6b5a (merge-base)`; `mark` dresses commit ids. */
export function describeSource(source: Report["source"], mark = (commit: string) => commit): string {
  const { head, base } = source;
  const dirty = head.dirty ? " with uncommitted changes" : "";
  const what = head.commit ? `commit ${mark(head.commit.slice(0, 12))}${dirty}` : "working tree";
  return base ? `${what}, compared with ${mark(base.commit.slice(0, 12))} (${base.how})` : what;
}
