import { Report } from "./report.ts";

/**
 * report.json: two spaces, keys in the order of the schema whatever order the value had, a newline at the end.
 * Whoever prints it in a job prints no workflow command: `##[` is written with an escape, and no line begins with `::`.
 * Throws when the report is not of the published shape, which is a mistake of ours.
 */
export function formatJson(report: Report): string {
  return `${JSON.stringify(Report.parse(report), null, 2).replaceAll("##[", "#\\u0023[")}\n`;
}
