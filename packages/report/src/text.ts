import {
  count,
  describePlaces,
  describeSource,
  describeSubject,
  describeValues,
  describeVerdict,
  describeWaived,
  formatLocation,
} from "./describe.ts";
import { activeFindings } from "./make.ts";
import type { Finding, Report, Unchecked } from "./report.ts";
import { shorten, visible, visibleLines } from "./visible.ts";

/** How text is coloured. Whoever writes to a terminal passes one that colours; the text given to it is already safe. */
export type Paint = (style: "error" | "warning" | "notice" | "good" | "bold" | "dim", text: string) => string;

/** No colour. */
export const plain: Paint = (_style, text) => text;

export interface TextOptions {
  paint?: Paint;
  /** Findings printed at most; how many are not is said. Default: all. */
  limit?: number;
  /** `gapKey` of what was skipped or could not be checked and was said of a report before this one: it is only counted. */
  told?: ReadonlySet<string>;
}

/** One thing that was not looked at, and why: the same in the reports of several actions. */
export function gapKey({ kind, id, code, message }: Unchecked): string {
  return [kind, id, code, message].join("\0");
}

/** The report for a terminal: a line of what and where for each finding, then gaps, then the verdict. */
export function formatText(report: Report, options: TextOptions = {}): string {
  const paint = options.paint ?? plain;
  const findings = activeFindings(report);
  const shown = findings.slice(0, options.limit ?? findings.length);
  const lines: string[] = [];
  for (const finding of shown) lines.push(...findingLines(finding, paint));
  if (shown.length < findings.length) {
    lines.push(
      paint(
        "dim",
        `... and ${count(findings.length - shown.length, "more finding", "more findings")}, see report.json`,
      ),
      "",
    );
  }
  lines.push(...uncheckedLines("could not be checked", "error", report.failed, paint, options.told));
  lines.push(...uncheckedLines("skipped", "dim", report.skipped, paint, options.told));
  for (const engine of report.engines ?? []) {
    for (const name of engine.notEvaluated)
      lines.push(`${paint("error", "not evaluated")} ${visible(name)} ${paint("dim", visible(engine.name))}`);
  }
  for (const note of report.notes) lines.push(`${paint("dim", "note")} ${visible(note)}`);
  if (report.fixed.length > 0) lines.push(paint("good", `${count(report.fixed.length, "finding")} fixed`));
  for (const line of describeWaived(report)) lines.push(paint("dim", `waived ${visible(line)}`));
  const tools = report.tools
    .map((tool) => `${visible(tool.name)} ${visible(tool.version)} (${visible(tool.source)})`)
    .join(", ");
  if (tools) lines.push(paint("dim", `tools: ${tools}`));
  lines.push(paint("dim", visible(describeSource(report.source))));
  lines.push(
    `${paint("bold", visible(report.action))}: ${paint(verdictStyle(report), describeVerdict(report))}`,
  );
  return `${lines.join("\n")}\n`;
}

function verdictStyle(report: Report): "good" | "warning" | "error" {
  if (report.verdict === "passed") return "good";
  return report.verdict === "findings" && report.summary.error === 0 ? "warning" : "error";
}

function findingLines(finding: Finding, paint: Paint): string[] {
  const where = finding.location ? ` ${visible(formatLocation(finding.location))}` : "";
  const lines = [
    `${paint(finding.severity, finding.severity)} ${paint("bold", visible(finding.rule))}${where}`,
  ];
  const subject = describeSubject(finding);
  if (subject) lines.push(`  ${visible(subject)}`);
  // A gutter shows where the message goes on, so that no line of it can pass for one of ours.
  const [first = "", ...rest] = visibleLines(shorten(finding.message, MESSAGE_LIMIT)).trimEnd().split("\n");
  lines.push(`  ${first}`, ...rest.map((line) => `  | ${line}`));
  for (const [label, value] of describeValues(finding))
    lines.push(`  ${`${label}:`.padEnd(9)} ${visible(shorten(value, VALUE_LIMIT))}`);
  const places = describePlaces(finding);
  if (places) lines.push(paint("dim", `  ${visible(places)}`));
  if (finding.location?.via.length)
    lines.push(paint("dim", `  via ${visible(finding.location.via.join(", "))}`));
  for (const other of finding.related.slice(0, RELATED_LIMIT)) {
    lines.push(paint("dim", `  ${visible(other.message)}: ${visible(formatLocation(other.location))}`));
  }
  if (finding.related.length > RELATED_LIMIT)
    lines.push(paint("dim", `  and ${finding.related.length - RELATED_LIMIT} more places`));
  if (finding.help) lines.push(`  ${paint("good", "help:")} ${visible(finding.help)}`);
  return [...lines, ""];
}

const MESSAGE_LIMIT = 10_000;
const VALUE_LIMIT = 1_000;
const RELATED_LIMIT = 5;
/** Fields that were not looked at, of which there may be one in every resource. */
const FIELD_LIMIT = 5;

function uncheckedLines(
  label: string,
  style: "error" | "dim",
  list: readonly Unchecked[],
  paint: Paint,
  told: ReadonlySet<string> = new Set(),
): string[] {
  const again = list.filter((item) => told.has(gapKey(item)));
  const untold = list.filter((item) => !told.has(gapKey(item)));
  const fields = untold.filter(({ kind }) => kind === "field");
  const more = fields.slice(FIELD_LIMIT);
  const lines = untold
    .filter((item) => !more.includes(item))
    .map((item) => {
      const what = `${visible(item.kind)} ${visible(item.id)}`;
      return `${paint(style, label)} ${what}: ${visible(shorten(item.message, VALUE_LIMIT))} ${paint("dim", `(${visible(item.code)})`)}`;
    });
  if (more.length > 0)
    lines.push(`${paint(style, label)} ${count(more.length, "more field", "more fields")}, see report.json`);
  if (again.length > 0) {
    const kinds = [...Map.groupBy(again, ({ kind }) => kind)].map(([kind, of]) =>
      count(of.length, visible(kind), `${visible(kind).replace(/([^aeiou])y$/, "$1ie")}s`),
    );
    lines.push(`${paint(style, label)} ${kinds.join(", ")}: named above, with the reason`);
  }
  return lines;
}
