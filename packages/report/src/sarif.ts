import type { Log, Notification, ReportingDescriptor, Result, Location as SarifLocation } from "sarif";
import { count, describePlaces, describeSubject } from "./describe.ts";
import { activeFindings } from "./make.ts";
import type { Finding, Location, Report, Severity } from "./report.ts";
import { shorten, visibleLines } from "./visible.ts";

/** What GitHub's code scanning takes in one file (docs.github.com, "SARIF support for code scanning"). */
export const SARIF_LIMITS = { results: 25_000, locations: 1_000, rules: 25_000 } as const;

const MESSAGE_LIMIT = 10_000;
const LEVELS = { error: "error", warning: "warning", notice: "note" } as const satisfies Record<
  Severity,
  string
>;

export interface SarifOptions {
  /** Version of gitops-actions. */
  version: string;
  /** Address of a rule's documentation, where it has one. */
  helpUri?: (rule: string) => string | undefined;
}

/**
 * The report as SARIF 2.1.0 (OASIS), one run, within GitHub's limits; what is left out is said in a notification.
 * Waived findings are left out. A finding without a location points to its overlay's folder: GitHub refuses results
 * that point nowhere.
 */
export function formatSarif(report: Report, options: SarifOptions): string {
  const findings = activeFindings(report);
  const rules = collectRules(findings, options);
  const seen = new Map<string, number>();
  const results = findings
    .filter((finding) => rules.has(finding.rule))
    .slice(0, SARIF_LIMITS.results)
    .map((finding) => result(finding, rules.get(finding.rule)!.index, seen));
  const log: Log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: `gitops-actions ${report.action}`,
            semanticVersion: options.version,
            informationUri: "https://github.com/org/gitops-actions",
            rules: [...rules.values()].map(({ descriptor }) => descriptor),
          },
        },
        // Tells GitHub's code scanning apart what the actions of one workflow upload.
        automationDetails: { id: `gitops-actions/${report.action}/` },
        invocations: [
          {
            executionSuccessful: report.verdict !== "incomplete" && report.verdict !== "nothing-found",
            toolExecutionNotifications: notifications(report, findings.length - results.length),
          },
        ],
        columnKind: "utf16CodeUnits",
        results,
      },
    ],
  };
  return `${JSON.stringify(log, null, 1)}\n`;
}

type Rules = Map<string, { index: number; descriptor: ReportingDescriptor }>;

function collectRules(findings: readonly Finding[], options: SarifOptions): Rules {
  const rules: Rules = new Map();
  for (const finding of findings) {
    if (rules.has(finding.rule) || rules.size >= SARIF_LIMITS.rules) continue;
    const helpUri = options.helpUri?.(finding.rule);
    const descriptor: ReportingDescriptor = {
      id: plainText(finding.rule, 255),
      shortDescription: { text: plainText(finding.rule, 1_000) },
      // Findings are ranked: the first one of a rule is its gravest.
      defaultConfiguration: { level: LEVELS[finding.severity] },
      ...(helpUri !== undefined && { helpUri }),
    };
    rules.set(finding.rule, { index: rules.size, descriptor });
  }
  return rules;
}

function result(finding: Finding, ruleIndex: number, seen: Map<string, number>): Result {
  const turn = (seen.get(finding.fingerprint) ?? 0) + 1;
  seen.set(finding.fingerprint, turn);
  const subject = describeSubject(finding);
  const text = [
    subject ? `${subject}: ${finding.message}` : finding.message,
    describePlaces(finding),
    finding.help ?? "",
  ];
  const related = finding.related.slice(0, SARIF_LIMITS.locations);
  return {
    ruleId: plainText(finding.rule, 255),
    ruleIndex,
    level: LEVELS[finding.severity],
    message: { text: plainText(text.filter(Boolean).join("\n"), MESSAGE_LIMIT) },
    locations: [locate(finding.location ?? standIn(finding))],
    ...(related.length > 0 && {
      relatedLocations: related.map(({ message, location }, id) => ({
        id: id + 1,
        message: { text: plainText(message, 1_000) },
        ...locate(location),
      })),
    }),
    partialFingerprints: {
      // The one GitHub compares; given, it need not be computed from a line that may move.
      primaryLocationLineHash: `${finding.fingerprint}:${turn}`,
      "gitopsActions/v1": finding.fingerprint,
    },
  };
}

function locate(location: Location): SarifLocation {
  const { path, line, column, precision } = location;
  const exact = precision === "exact";
  return {
    physicalLocation: {
      artifactLocation: { uri: relativeUri(path), uriBaseId: "%SRCROOT%" },
      region: { startLine: exact ? line : 1, ...(exact && column !== undefined && { startColumn: column }) },
    },
  };
}

function standIn(finding: Finding): Location {
  // An id is a path, or path@environment: the folder is as near as can be said.
  const folder = finding.places[0]?.overlay.replace(/@[^/@]*$/, "");
  return { path: folder || ".", line: 1, precision: "near", via: [] };
}

/** A relative URI reference (RFC 3986): each segment percent-encoded, so that none can be a scheme, query or authority. */
function relativeUri(path: string): string {
  const segments = path.toWellFormed().split("/").filter(Boolean);
  return segments.map((segment) => encodeURIComponent(segment)).join("/") || ".";
}

function notifications(report: Report, left: number): Notification[] {
  const notes: Notification[] = [];
  const say = (level: "error" | "note", text: string) =>
    notes.push({ level, message: { text: plainText(text, 1_000) } });
  if (left > 0)
    say(
      "note",
      `${count(left, "more finding", "more findings")} left out of this file; all are in report.json.`,
    );
  const unchecked = [
    ...report.failed.map((item) => ({ level: "error" as const, what: "could not be checked", item })),
    ...report.skipped.map((item) => ({ level: "note" as const, what: "skipped", item })),
  ];
  for (const { level, what, item } of unchecked.slice(0, NOTIFICATION_LIMIT)) {
    say(level, `${item.kind} ${item.id} ${what}: ${item.message}`);
  }
  const more = unchecked.length - NOTIFICATION_LIMIT;
  if (more > 0)
    say(
      "note",
      `${count(more, "more thing", "more things")} skipped or not checked; all are in report.json.`,
    );
  return notes;
}

const NOTIFICATION_LIMIT = 1_000;

// In SARIF `[text](target)` within a message is a link (3.11.6): what is quoted must not become one.
function plainText(text: string, limit: number): string {
  return shorten(visibleLines(text), limit).replaceAll("](", "] (");
}
