import { UsageError } from "./errors.ts";
import { isAtLeast } from "./finding.ts";
import { compare, isNew, rankFindings } from "./order.ts";
import { type Finding, Report, type Severity, type Unchecked } from "./report.ts";

/** What an action hands to `makeReport`: everything but the version, the verdict and the counts, which follow from it. */
export interface ReportParts {
  action: string;
  source: Report["source"];
  tools: Report["tools"];
  checked: Report["checked"];
  findings: readonly Finding[];
  unchanged?: number | undefined;
  engines?: Report["engines"] | undefined;
  notes?: readonly string[] | undefined;
  skipped?: readonly Unchecked[] | undefined;
  failed?: readonly Unchecked[] | undefined;
  fixed?: readonly string[] | undefined;
  waived?: Report["waived"] | undefined;
}

/** The report of an action. Findings are ranked, lists sorted; verdict and counts follow from the contents. */
export function makeReport(parts: ReportParts): Report {
  const report: Report = {
    version: 1,
    action: parts.action,
    source: parts.source,
    tools: [...parts.tools].sort((a, b) => compare(a.name, b.name) || compare(a.version, b.version)),
    verdict: "passed",
    checked: parts.checked,
    unchanged: parts.unchanged ?? 0,
    ...(parts.engines && { engines: parts.engines }),
    notes: [...(parts.notes ?? [])],
    skipped: sortUnchecked(parts.skipped ?? []),
    failed: sortUnchecked(parts.failed ?? []),
    findings: rankFindings(parts.findings).map(sortPlaces),
    fixed: [...new Set(parts.fixed ?? [])].sort(),
    waived: [...(parts.waived ?? [])].sort((a, b) => compare(a.fingerprint, b.fingerprint)),
    summary: { error: 0, warning: 0, notice: 0, new: 0, existing: 0 },
  };
  for (const finding of activeFindings(report)) {
    report.summary[finding.severity] += 1;
    report.summary[isNew(finding) ? "new" : "existing"] += 1;
  }
  report.verdict = decideVerdict(report);
  return report;
}

/** The findings that count: those that no exception waives. */
export function activeFindings(report: Pick<Report, "findings" | "waived">): Finding[] {
  if (report.waived.length === 0) return report.findings;
  const waived = new Set(report.waived.map((waiver) => waiver.fingerprint));
  return report.findings.filter((finding) => !waived.has(finding.fingerprint));
}

/** The gravest thing that can be said: that nothing was looked at, that not all was, that something is wrong. */
function decideVerdict(report: Report): Report["verdict"] {
  const { checked, unchanged, failed, engines = [] } = report;
  const findings = activeFindings(report);
  const looked =
    checked.overlays + checked.resources + checked.unique + (checked.checks ?? 0) + unchanged > 0;
  if (!looked && failed.length === 0 && findings.length === 0) return "nothing-found";
  if (failed.length > 0 || engines.some((engine) => engine.notEvaluated.length > 0)) return "incomplete";
  return findings.length > 0 ? "findings" : "passed";
}

/** What makes a run fail, as the person asked for it. */
export interface ExitPolicy {
  /** Findings milder than this never fail a run. */
  failOnSeverity: Severity;
  /** new: findings that the base does not have. all: any. none: only say, never fail because of what was found. */
  failOn: "new" | "all" | "none";
  /** Whether a run that found nothing to look at may pass. */
  allowEmpty: boolean;
}

/** 0 clean, 1 findings that count, something that could not be checked, or nothing found to look at. */
export function exitStatus(report: Report, policy: ExitPolicy): 0 | 1 {
  if (report.verdict === "nothing-found") return policy.allowEmpty ? 0 : 1;
  if (policy.failOn === "none") return 0;
  if (report.verdict === "incomplete") return 1;
  return activeFindings(report).some((finding) => counts(finding, policy)) ? 1 : 0;
}

function counts(finding: Finding, policy: ExitPolicy): boolean {
  if (!isAtLeast(finding.severity, policy.failOnSeverity)) return false;
  return policy.failOn === "all" || isNew(finding);
}

/**
 * Reads a report.json. `path` is for the message.
 * Throws UsageError when it is not JSON, of another version, or not of the shape.
 */
export function parseReport(text: string, path: string): Report {
  const value = parseJson(text, path);
  const version =
    typeof value === "object" && value !== null ? (value as { version?: unknown }).version : undefined;
  if (version !== 1) {
    throw new UsageError(
      `${path}: this is not a report of version 1 (its version is ${JSON.stringify(version) ?? "missing"}). ` +
        "Use the same release of gitops-actions for the action that wrote it and the one that reads it.",
    );
  }
  const parsed = Report.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new UsageError(
    `${path}: not a report: ${issue?.path.join(".") || "(root)"}: ${issue?.message ?? "invalid"}`,
  );
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${path}: not JSON: ${(error as Error).message}`, { cause: error });
  }
}

function sortUnchecked(list: readonly Unchecked[]): Unchecked[] {
  return [...list].sort((a, b) => compare(a.kind, b.kind) || compare(a.id, b.id) || compare(a.code, b.code));
}

function sortPlaces(finding: Finding): Finding {
  return { ...finding, places: [...finding.places].sort((a, b) => compare(a.overlay, b.overlay)) };
}
