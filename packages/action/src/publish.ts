import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  annotate,
  describeVerdict,
  type ExitPolicy,
  exitStatus,
  formatJson,
  formatJUnit,
  formatMarkdown,
  formatSarif,
  formatText,
  type Location,
  type MarkdownSection,
  type Paint,
  plain,
  type Report,
  ToolError,
} from "@gitops-actions/report";
import { type Host, isJob } from "./host.ts";
import { appendSummary, say, setOutput, showAnnotations, summaryRoom, type Write } from "./outputs.ts";
import { readVersion } from "./release.ts";
import { makeMask, mapStrings, secretsOf } from "./secrets.ts";

/** What an action wants published besides the report. */
export interface PublishExtra {
  policy: ExitPolicy;
  /** Where to write text; normally process.stdout. */
  write: Write;
  /** Outputs of the step. `report`, `sarif` and `junit` (paths of files) are always set. */
  outputs?: Readonly<Record<string, string>>;
  /** Parts of the job summary that the action adds: safe Markdown. */
  sections?: readonly MarkdownSection[];
  /** Absolute path of report.json; default: in the run's temporary folder. report.sarif and report.junit.xml stand beside it. */
  reportPath?: string;
  /** More files to write, by absolute path. */
  files?: Readonly<Record<string, string>>;
  paint?: Paint;
  /** Whether to write a job summary, and to annotate; default: both. */
  summary?: boolean;
  annotations?: boolean;
  /** What reports before this one have told already: see `TextOptions`. */
  told?: ReadonlySet<string>;
  /** Print the report as JSON instead of text. */
  json?: boolean;
}

/**
 * Says what was found, everywhere it should be said, and returns the exit status: 0 or 1. A report is redacted already;
 * the tokens of this run are masked once more in all that leaves it.
 */
export function publish(given: Report, host: Host, extra: PublishExtra): 0 | 1 {
  const mask = makeMask(secretsOf(host));
  // Masked as values, before any format escapes them: an escaped token would be read by a person all the same.
  const report = mapStrings(given, mask);
  const json = formatJson(report);
  const reportPath = extra.reportPath ?? join(host.tempDir, "report.json");
  const sarifPath = beside(reportPath, "report.sarif");
  const junitPath = beside(reportPath, "report.junit.xml");
  const files = {
    ...extra.files,
    [sarifPath]: formatSarif(report, { version: readVersion() }),
    [junitPath]: formatJUnit(report),
    [reportPath]: json,
  };
  // Files first: whoever is told of a finding must be able to look it up, whatever fails after.
  for (const [path, text] of Object.entries(files)) {
    writeOut(path, mask(text));
  }
  if (extra.json) extra.write(json);
  else {
    const limit = isJob(host) ? { limit: LOG_LIMIT } : {};
    say(
      formatText(report, { paint: extra.paint ?? plain, ...limit, ...(extra.told && { told: extra.told }) }),
      extra.write,
    );
  }
  if (extra.annotations ?? true) showAnnotations(host, annotate(report));
  if (extra.summary ?? true)
    summarise(report, host, { ...extra, sections: mapStrings(extra.sections ?? [], mask) });
  for (const [name, value] of Object.entries(extra.outputs ?? {})) setOutput(host, name, mask(value));
  setOutput(host, "report", reportPath);
  setOutput(host, "sarif", sarifPath);
  setOutput(host, "junit", junitPath);
  return exitStatus(report, extra.policy);
}

function beside(path: string, name: string): string {
  return join(dirname(path), name);
}

/** Findings printed in a job's log; the report has all. */
const LOG_LIMIT = 1_000;

function summarise(report: Report, host: Host, extra: PublishExtra): void {
  const room = summaryRoom(host);
  if (room === 0) return;
  const linkTo = locationLinks(report, host);
  const markdown = formatMarkdown(report, {
    limit: room,
    rest: "report.json, the output 'report' of this step",
    ...(linkTo && { linkTo }),
    ...(extra.sections && { sections: extra.sections }),
  });
  if (!appendSummary(host, markdown)) {
    say(`The job summary could not be written. ${describeVerdict(report)}`, extra.write);
  }
}

/** Links to lines on GitHub, at the commit that was looked at; undefined when there is no such commit. */
function locationLinks(report: Report, host: Host): ((location: Location) => string) | undefined {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository } = host.env;
  const { commit } = report.source.head;
  if (!server || !repository || !commit) return undefined;
  return ({ path, line, precision }) => {
    const file = path.split("/").map(encodeURIComponent).join("/");
    return `${server}/${repository}/blob/${commit}/${file}${precision === "exact" ? `#L${line}` : ""}`;
  };
}

function writeOut(path: string, text: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  } catch (error) {
    throw new ToolError("cannot-write", `cannot write ${path}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
