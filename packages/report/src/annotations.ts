import { count, describePlaces, describeSubject } from "./describe.ts";
import { SEVERITIES } from "./finding.ts";
import { activeFindings } from "./make.ts";
import type { Report, Severity } from "./report.ts";
import { shorten, visible, visibleLines } from "./visible.ts";

/** One annotation of a check run: not escaped for any transport yet. Path and line only where they are sure. */
export interface Annotation {
  level: Severity;
  title: string;
  message: string;
  path?: string;
  line?: number;
  column?: number;
}

/** GitHub keeps ten annotations a level for each step and drops the rest without a word. */
const PER_LEVEL = 10;
const MESSAGE_LIMIT = 4_096;
const TITLE_LIMIT = 255;

/**
 * The findings to annotate, ranked as in the report: at most ten a level. Where more exist, the tenth says how many
 * are hidden and where they are. `reserved` keeps places free for what the caller itself says at a level.
 */
export function annotate(report: Report, reserved: Partial<Record<Severity, number>> = {}): Annotation[] {
  const annotations: Annotation[] = [];
  for (const level of SEVERITIES) {
    const room = PER_LEVEL - (reserved[level] ?? 0);
    const findings = activeFindings(report).filter((finding) => finding.severity === level);
    const shown = findings.slice(0, findings.length > room ? Math.max(0, room - 1) : room);
    for (const finding of shown) {
      const lines = [
        describeSubject(finding),
        finding.message,
        describePlaces(finding),
        finding.help ? `help: ${finding.help}` : "",
      ];
      const { location } = finding;
      annotations.push({
        level,
        title: shorten(visible(finding.rule), TITLE_LIMIT),
        message: shorten(visibleLines(lines.filter(Boolean).join("\n")), MESSAGE_LIMIT),
        ...(location && { path: location.path }),
        ...(location?.precision === "exact" && { line: location.line }),
        ...(location?.precision === "exact" && location.column !== undefined && { column: location.column }),
      });
    }
    const hidden = findings.length - shown.length;
    if (hidden > 0 && room > 0) {
      annotations.push({
        level,
        title: `${report.action}: ${count(hidden, `more ${level}`)}`,
        message: `${count(hidden, `more ${level}`)}, not annotated: all are in the job summary and in report.json.`,
      });
    }
  }
  return annotations;
}
