import { randomUUID } from "node:crypto";
import { appendFileSync, statSync } from "node:fs";
import { error, notice, setOutput as setRunnerOutput, setSecret, warning } from "@actions/core";
import { type Annotation, MARKDOWN_LIMITS, ToolError, visibleLines } from "@gitops-actions/report";
import { type Host, isJob } from "./host.ts";

// Everything that leaves a run towards GitHub's runner. The runner parses both output streams for commands:
// `::command` at the start of a line (after white space) and `##[command]` anywhere
// (actions/runner, src/Runner.Common/ActionCommand.cs).

/** A sink of text, normally process.stdout. */
export type Write = (text: string) => void;

/** Bytes of all outputs of a job that GitHub keeps; more fails the job with an unclear message. */
const OUTPUT_LIMIT = 1_000_000;

/** Sets a step output, through the runner's file with a random delimiter. Outside a job nothing happens. */
export function setOutput(host: Pick<Host, "env">, name: string, value: string): void {
  if (!host.env.GITHUB_OUTPUT) return;
  if (Buffer.byteLength(value) > OUTPUT_LIMIT) {
    throw new ToolError(
      "output-too-large",
      `output '${name}' has ${Buffer.byteLength(value)} bytes; GitHub takes ${OUTPUT_LIMIT}.`,
    );
  }
  setRunnerOutput(name, value);
}

/** Bytes that the job summary of this step still takes; 0 outside a job. */
export function summaryRoom(host: Pick<Host, "env">): number {
  const path = host.env.GITHUB_STEP_SUMMARY;
  if (!path) return 0;
  const used = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  return Math.max(0, MARKDOWN_LIMITS.summary - used - 1);
}

/** Appends Markdown to the job summary; false when it does not fit (GitHub would drop the summary whole) or cannot be written. */
export function appendSummary(host: Pick<Host, "env">, markdown: string): boolean {
  const path = host.env.GITHUB_STEP_SUMMARY;
  if (!path) return false;
  const text = markdown.endsWith("\n") ? markdown : `${markdown}\n`;
  if (Buffer.byteLength(text) > summaryRoom(host)) return false;
  try {
    appendFileSync(path, text);
    return true;
  } catch {
    // All that a summary says stands in report.json too: no reason to fail a run over it.
    return false;
  }
}

const SHOW = { error, warning, notice };

/** Shows annotations on the check run. Outside a job nothing happens: the text already says it all. */
export function showAnnotations(host: Pick<Host, "env">, annotations: readonly Annotation[]): void {
  if (!isJob(host)) return;
  for (const { level, title, message, path, line, column } of annotations) {
    SHOW[level](message, {
      title,
      ...(path !== undefined && { file: path }),
      ...(line !== undefined && { startLine: line }),
      ...(column !== undefined && { startColumn: column }),
    });
  }
}

/** Tells the runner to hide a value wherever it would be printed from now on. */
export function hideSecret(host: Pick<Host, "env">, secret: string): void {
  if (isJob(host) && secret) setSecret(secret);
}

/** Text in which the runner finds no command: the marks of one are broken by a space. Other text is unchanged. */
export function inert(text: string): string {
  // White space as .NET's TrimStart sees it; each line is scanned once.
  return text
    .replace(/(^|[\r\n])([^\S\r\n]|\u0085)*::/g, (found) => `${found.slice(0, -1)} :`)
    .replaceAll("##[", "# #[");
}

/** Prints our own text, in which nothing can be a command to the runner. */
export function say(text: string, write: Write): void {
  write(inert(text.endsWith("\n") ? text : `${text}\n`));
}

/**
 * Prints what a tool or a repository wrote. In a job command parsing is stopped around it with a token nobody can
 * guess; on a terminal its control characters are made visible.
 */
export function printToolOutput(host: Pick<Host, "env">, text: string, write: Write): void {
  const shown = visibleLines(text.endsWith("\n") ? text : `${text}\n`);
  if (!isJob(host)) {
    write(shown);
    return;
  }
  const token = randomUUID();
  write(`::stop-commands::${token}\n${inert(shown)}::${token}::\n`);
}
