import {
  count,
  describePlaces,
  describeSource,
  describeSubject,
  describeValues,
  describeVerdict,
  describeWaived,
  formatLocation,
  groupDigits,
} from "./describe.ts";
import { activeFindings } from "./make.ts";
import { codeSpan, escapeMarkdown, fence, joinWithin, markerComment } from "./markup.ts";
import type { Finding, Location, Report, Severity, Unchecked } from "./report.ts";
import { shorten } from "./visible.ts";

/** Bytes GitHub takes; a job summary above its limit is dropped whole, a longer comment is refused. */
export const MARKDOWN_LIMITS = { summary: 1_048_576, comment: 65_536 } as const;

/** A part of the page that an action adds (a diff, a table): safe Markdown, from the fullest form to the shortest. */
export interface MarkdownSection {
  forms: readonly string[];
}

export interface MarkdownOptions {
  /** Bytes of UTF-8 at most. */
  limit: number;
  /** Where a reader finds what is hidden, in plain words: `report.json in the artifact "gitops"`. */
  rest?: string;
  /** Makes a location a link; undefined where there is nothing to link to. */
  linkTo?: (location: Location) => string | undefined;
  /** Shown between the verdict and the findings. */
  sections?: readonly MarkdownSection[];
  /** Names the comment, for finding it again; see `markerComment`. */
  marker?: string;
}

type Level = "full" | "short" | "list" | "counts";

/**
 * The report as GitHub Flavored Markdown, in the first form that fits the limit: full (every finding with all that is
 * known), short (a line or two each), list (a line each, as many as fit, then counts by rule), counts.
 * What is hidden is counted and the place of the rest named.
 */
export function formatMarkdown(report: Report, options: MarkdownOptions): string {
  const findings = activeFindings(report);
  for (const level of ["full", "short"] as const) {
    const page = joinWithin(wholePage(report, findings, level, options), options.limit);
    if (page !== undefined) return page;
  }
  return (
    listPage(report, findings, options) ??
    joinWithin(countsPage(report, findings, options), options.limit) ??
    // Nothing but the verdict: a limit this small is not GitHub's, but the promise is to fit.
    shortenBytes(`${heading(report)}`, options.limit)
  );
}

function* wholePage(
  report: Report,
  findings: Finding[],
  level: Level,
  options: MarkdownOptions,
): Generator<string> {
  yield* opening(report, options);
  yield* sectionsAt(options, level === "full" ? 0 : 1);
  for (const finding of findings)
    yield level === "full" ? fullFinding(finding, options) : shortFinding(finding, options);
  if (findings.length > 0) yield "\n";
  if (level === "short" && findings.length > 0) yield hiddenNote("Details of the findings are", options);
  yield* gaps(report, level === "full" ? Number.POSITIVE_INFINITY : 100, options);
  yield* closing(report);
}

/** As many findings as fit, the first ones first; undefined when not even the frame fits. */
function listPage(report: Report, findings: Finding[], options: MarkdownOptions): string | undefined {
  const before = joinWithin([...opening(report, options), ...sectionsAt(options, 2)], options.limit);
  const after = joinWithin(
    [...ruleCounts(findings), ...gaps(report, 20, options), ...closing(report)],
    options.limit,
  );
  if (before === undefined || after === undefined) return undefined;
  const note = (hidden: number) =>
    hiddenNote(`${count(hidden, "more finding", "more findings")} not shown here:`, options);
  let room =
    options.limit -
    Buffer.byteLength(before) -
    Buffer.byteLength(after) -
    Buffer.byteLength(note(findings.length)) -
    2;
  if (room < 0) return undefined;
  const lines: string[] = [];
  for (const finding of findings) {
    const line = listFinding(finding, options);
    room -= Buffer.byteLength(line);
    if (room < 0) break;
    lines.push(line);
  }
  const hidden = findings.length - lines.length;
  return [before, ...lines, "\n", hidden > 0 ? note(hidden) : "", after].join("");
}

function* countsPage(report: Report, findings: Finding[], options: MarkdownOptions): Generator<string> {
  yield* opening(report, options);
  if (findings.length > 0) yield hiddenNote(`${count(findings.length, "finding")} not shown here:`, options);
  const { failed, skipped } = report;
  if (failed.length > 0) yield `- ${count(failed.length, "thing")} could not be checked\n`;
  if (skipped.length > 0) yield `- ${count(skipped.length, "thing")} skipped\n`;
}

function* opening(report: Report, options: MarkdownOptions): Generator<string> {
  if (options.marker !== undefined) yield `${markerComment(options.marker)}\n`;
  yield heading(report);
  yield `${describeSource(report.source, codeSpan)}\n\n`;
}

function heading(report: Report): string {
  return `### ${ICONS[report.verdict]} ${escapeMarkdown(report.action)}: ${escapeMarkdown(describeVerdict(report))}\n\n`;
}

const ICONS: Record<Report["verdict"] | Severity, string> = {
  passed: "✅",
  findings: "❌",
  incomplete: "⚠️",
  "nothing-found": "❔",
  error: "❌",
  warning: "⚠️",
  notice: "ℹ️",
};

function* sectionsAt(options: MarkdownOptions, rung: number): Generator<string> {
  for (const { forms } of options.sections ?? []) {
    const form = forms[Math.min(rung, forms.length - 1)];
    if (form) yield `${form.trimEnd()}\n\n`;
  }
}

function listFinding(finding: Finding, options: MarkdownOptions): string {
  const subject = describeSubject(finding);
  const parts = [
    `- ${ICONS[finding.severity]} **${escapeMarkdown(shorten(finding.rule, 200))}**`,
    finding.location ? `${locationLink(finding.location, options)}` : "",
    subject ? codeSpan(shorten(subject, 300)) : "",
    escapeMarkdown(shorten(finding.message, 300)),
  ];
  return `${parts.filter(Boolean).join(" ")}\n`;
}

function shortFinding(finding: Finding, options: MarkdownOptions): string {
  const places = describePlaces(finding, 5);
  return listFinding(finding, options) + (places ? `  ${escapeMarkdown(shorten(places, 500))}\n` : "");
}

function fullFinding(finding: Finding, options: MarkdownOptions): string {
  const subject = describeSubject(finding);
  const where = finding.location ? ` ${locationLink(finding.location, options)}` : "";
  const blocks = [
    `- ${ICONS[finding.severity]} **${escapeMarkdown(finding.rule)}**${where}${subject ? ` ${codeSpan(subject)}` : ""}\n`,
  ];
  blocks.push(
    finding.message.includes("\n")
      ? `\n${fence(finding.message, "text", "  ")}`
      : `\n  ${escapeMarkdown(finding.message)}\n`,
  );
  for (const [label, value] of describeValues(finding)) blocks.push(`  - ${label} ${codeSpan(value)}\n`);
  const places = describePlaces(finding, 20);
  if (places) blocks.push(`  - ${escapeMarkdown(places)}\n`);
  const via = finding.location?.via ?? [];
  if (via.length > 0) blocks.push(`  - via ${via.map(codeSpan).join(", ")}\n`);
  for (const other of finding.related) {
    blocks.push(`  - ${escapeMarkdown(other.message)}: ${locationLink(other.location, options)}\n`);
  }
  if (finding.help) blocks.push(`  - 💡 ${escapeMarkdown(finding.help)}\n`);
  return `${blocks.join("")}\n`;
}

/** A location as a code span, linked when the caller knows an address for it. */
function locationLink(location: Location, options: MarkdownOptions): string {
  const label = codeSpan(shorten(formatLocation(location), 500));
  const url = options.linkTo?.(location);
  return url === undefined ? label : `[${label}](<${url.replace(/[<>\\\s]/g, encodeURIComponent)}>)`;
}

function* ruleCounts(findings: readonly Finding[]): Generator<string> {
  const counts = new Map<string, number>();
  for (const { rule } of findings) counts.set(rule, (counts.get(rule) ?? 0) + 1);
  const rules = [...counts].slice(0, 50);
  if (rules.length === 0) return;
  yield "By rule:\n\n";
  for (const [rule, number] of rules)
    yield `- ${groupDigits(number)} × **${escapeMarkdown(shorten(rule, 200))}**\n`;
  if (counts.size > rules.length)
    yield `- and ${count(counts.size - rules.length, "more rule", "more rules")}\n`;
  yield "\n";
}

function* gaps(report: Report, limit: number, options: MarkdownOptions): Generator<string> {
  yield* gapList("Could not be checked", report.failed, limit, options);
  const unevaluated = (report.engines ?? []).flatMap((engine) => engine.notEvaluated);
  if (unevaluated.length > 0) {
    yield `#### Not evaluated (${unevaluated.length})\n\n`;
    for (const name of unevaluated.slice(0, limit)) yield `- ${codeSpan(shorten(name, 300))}\n`;
    if (unevaluated.length > limit) yield `- and ${unevaluated.length - limit} more\n`;
    yield "\n";
  }
  yield* gapList("Skipped", report.skipped, limit, options);
}

function* gapList(
  title: string,
  list: readonly Unchecked[],
  limit: number,
  options: MarkdownOptions,
): Generator<string> {
  if (list.length === 0) return;
  yield `#### ${title} (${groupDigits(list.length)})\n\n`;
  for (const item of list.slice(0, limit)) {
    yield `- ${escapeMarkdown(item.kind)} ${codeSpan(shorten(item.id, 300))}: ${escapeMarkdown(shorten(item.message, 1_000))}\n`;
  }
  yield "\n";
  if (list.length > limit)
    yield hiddenNote(`${groupDigits(list.length - limit)} more not shown here:`, options);
}

function* closing(report: Report): Generator<string> {
  for (const note of report.notes.slice(0, 50)) yield `- ${escapeMarkdown(shorten(note, 1_000))}\n`;
  if (report.notes.length > 50) yield `- and ${report.notes.length - 50} more notes\n`;
  if (report.fixed.length > 0) yield `- ${count(report.fixed.length, "finding")} fixed\n`;
  const waived = describeWaived(report);
  for (const line of waived.slice(0, 50)) yield `- waived: ${escapeMarkdown(shorten(line, 1_000))}\n`;
  if (waived.length > 50) yield `- and ${waived.length - 50} more waived\n`;
  const tools = report.tools.map((tool) => `${tool.name} ${tool.version} (${tool.source})`).join(", ");
  if (tools) yield `\n<sub>${escapeMarkdown(tools)}</sub>\n`;
}

function hiddenNote(what: string, options: MarkdownOptions): string {
  return `${what} in ${escapeMarkdown(options.rest ?? "report.json")}.\n\n`.replace(": in ", ": see ");
}

function shortenBytes(text: string, limit: number): string {
  let end = Math.min(text.length, limit);
  while (Buffer.byteLength(text.slice(0, end)) > limit) end -= 1;
  return text.slice(0, end);
}
