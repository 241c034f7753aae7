import {
  codeSpan,
  escapeMarkdown,
  formatMarkdown,
  type MarkdownSection,
  markerComment,
  type Report,
} from "@gitops-actions/report";
import * as z from "zod";
import type { Github } from "./github.ts";

/** The label by which issues are found: only who may triage can set it, so a stranger cannot forge one. */
export const issueLabel = "gitops-drift";

const Issue = z.object({
  number: z.int(),
  state: z.enum(["open", "closed"]),
  body: z.string().nullable(),
  pull_request: z.unknown().optional(),
});
type Issue = z.infer<typeof Issue>;

export interface IssueParts {
  report: Report;
  environment: string;
  drifted: "true" | "false" | "unknown";
  sections: readonly MarkdownSection[];
  now: Date;
  /** Address of the run, for readers; undefined outside a job. */
  run: string | undefined;
}

/** Bytes that a body may have: 65,536 are GitHub's limit, the rest is for the dates below. */
const bodyLimit = 40_000;

/** When each finding was first seen, by fingerprint: days, as dates. */
type Seen = Record<string, string>;

/** The text of the issue. What stood in the earlier one says since when each finding is known. */
export function composeIssue(parts: IssueParts, previous: string | null): { title: string; body: string } {
  const { report, environment, now, run } = parts;
  const before = readSeen(previous ?? "");
  const today = now.toISOString().slice(0, 10);
  const seen: Seen = {};
  for (const { fingerprint } of report.findings) seen[fingerprint] = before[fingerprint] ?? today;
  const page = formatMarkdown(report, {
    limit: bodyLimit,
    marker: markerOf(environment),
    rest: "the job's summary and report.json",
    sections: [...parts.sections, seenSection(report, seen)],
  });
  const checked = `Last checked ${now.toISOString().slice(0, 16).replace("T", " ")} UTC${run ? ` by ${run}` : ""}. `;
  const closing = "This issue is kept up to date, and closes by itself when nothing differs any more.";
  // Dates of what does not fit are forgotten rather than the body being refused.
  const kept = Object.fromEntries(Object.entries(seen).slice(0, 250));
  return {
    title: `Drift: ${environment || "cluster"}`,
    body: `${page}\n\n${checked}${closing}\n\n<!-- gitops-drift-seen ${JSON.stringify(kept)} -->\n`,
  };
}

function seenSection({ findings }: Report, seen: Seen): MarkdownSection {
  if (findings.length === 0) return { forms: [] };
  const days = Map.groupBy(findings, ({ fingerprint }) => seen[fingerprint]!);
  const lines = [...days.keys()].sort().map((day) => {
    const names = new Set(
      days
        .get(day)!
        .map(({ resource, rule }) =>
          resource ? `${resource.kind} ${resource.namespace}/${resource.name}` : rule,
        ),
    );
    const shown = [...names].slice(0, 10).map(codeSpan).join(", ");
    return `- ${escapeMarkdown(day)}: ${shown}${names.size > 10 ? ` and ${names.size - 10} more` : ""}\n`;
  });
  return { forms: [`#### First seen\n\n${lines.join("")}`, ""] };
}

function readSeen(body: string): Seen {
  const text = /<!-- gitops-drift-seen (\{.*?\}) -->/.exec(body)?.[1];
  try {
    const dates = z.record(z.string().regex(/^[\w-]+$/), z.iso.date());
    return text ? dates.parse(JSON.parse(text)) : {};
  } catch {
    return {};
  }
}

function markerOf(environment: string): string {
  return `gitops-drift-${environment || "cluster"}`;
}

/** Opens, updates, closes or reopens the issue of an environment, and says what it did. */
export async function tellIssue(
  parts: IssueParts,
  repository: string,
  github: Github,
  allowPublic: boolean,
): Promise<string> {
  const about = await github("GET", `/repos/${repository}`);
  if (about.status !== 200) return `No issue: the repository cannot be read (status ${about.status}).`;
  const { has_issues, private: isPrivate } = about.body as { has_issues?: boolean; private?: boolean };
  if (has_issues === false)
    return "No issue: issues are switched off in this repository. The summary has all.";
  if (!isPrivate && !allowPublic)
    return "No issue: the repository is public and names of the cluster's objects would be too. Set allow-public-issue to allow it.";
  const found = await findIssue(repository, parts.environment, github);
  if (typeof found === "string") return found;
  const { title, body } = composeIssue(parts, found?.body ?? null);
  if (!found) {
    if (parts.drifted !== "true") return "No issue is needed.";
    const made = await github("POST", `/repos/${repository}/issues`, { title, body, labels: [issueLabel] });
    return made.status === 201
      ? `Opened issue #${(made.body as Issue).number}.`
      : refused("opened", made.status);
  }
  if (found.state === "closed" && parts.drifted !== "true") return "No issue is needed.";
  // What could not be checked closes nothing.
  const state = parts.drifted === "false" ? "closed" : "open";
  const change = { title, body, state, ...(state === "closed" && { state_reason: "completed" }) };
  const changed = await github("PATCH", `/repos/${repository}/issues/${found.number}`, change);
  if (changed.status !== 200) return refused("updated", changed.status);
  const verb = state === "closed" ? "Closed" : found.state === "closed" ? "Reopened" : "Updated";
  return `${verb} issue #${found.number}.`;
}

/** The open issue of the environment, else the one closed last; a text when issues cannot be read. */
async function findIssue(
  repository: string,
  environment: string,
  github: Github,
): Promise<Issue | undefined | string> {
  const marker = markerComment(markerOf(environment));
  let closed: Issue | undefined;
  for (let page = 1; page <= 10; page++) {
    const query = `labels=${issueLabel}&state=all&sort=updated&direction=desc&per_page=100&page=${page}`;
    const answer = await github("GET", `/repos/${repository}/issues?${query}`);
    if (answer.status !== 200) return refused("found", answer.status);
    const issues = z.array(Issue).safeParse(answer.body).data ?? [];
    for (const issue of issues) {
      if (issue.pull_request || !issue.body?.includes(marker)) continue;
      if (issue.state === "open") return issue;
      closed ??= issue;
    }
    if (issues.length < 100) break;
  }
  return closed;
}

function refused(what: string, status: number): string {
  const why = status === 403 || status === 404 ? "the token needs `issues: write`" : `status ${status}`;
  return `The issue could not be ${what}: ${why}.`;
}
