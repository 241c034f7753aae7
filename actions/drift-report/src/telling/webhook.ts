import { setTimeout as delay } from "node:timers/promises";
import type { Report } from "@gitops-actions/report";
import { type Counts, describeCounts } from "../summary.ts";

export interface Message {
  report: Report;
  counts: Counts;
  environment: string;
  drifted: "true" | "false" | "unknown";
  run: string | undefined;
}

/** What a webhook receives: the findings that matter most, or a text in Slack's form. Nothing in it is unredacted. */
export function composeMessage(message: Message, format: "json" | "slack"): object {
  const { report, counts, environment, drifted, run } = message;
  if (format === "slack") return { text: composeText(message) };
  return {
    version: 1,
    environment,
    drifted,
    counts,
    commit: report.source.head.commit,
    notChecked: Math.max(report.failed.length, counts.notChecked ?? 0),
    findings: report.findings
      .slice(0, 50)
      .map(({ rule, severity, message: text, resource, field, places }) => ({
        rule,
        severity,
        message: text,
        resource,
        field,
        overlays: places.map(({ overlay }) => overlay),
      })),
    ...(run && { run }),
  };
}

function composeText({ report, counts, environment, drifted, run }: Message): string {
  const words = { true: "has drifted", false: "is as Git says", unknown: "could not be checked completely" };
  const lines = report.findings.slice(0, 10).map(({ resource, message, places }) => {
    const name = resource ? `${resource.kind} ${resource.namespace}/${resource.name}: ` : "";
    const [first, ...others] = places.map(({ overlay }) => overlay);
    const where = first ? ` (${first}${others.length > 0 ? ` and ${others.length} more` : ""})` : "";
    return `• ${escapeSlack(`${name}${message}`.slice(0, 300) + where)}`;
  });
  const more = report.findings.length > 10 ? [`and ${report.findings.length - 10} more`] : [];
  const head = `*${escapeSlack(environment || "The cluster")}* ${words[drifted]}: ${describeCounts(counts)}`;
  return [head, ...lines, ...more, ...(run ? [run] : [])].join("\n");
}

/** Slack reads `<...>` as links and mentions (api.slack.com/reference/surfaces/formatting). */
function escapeSlack(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Posts to a webhook, up to four times. Says what came of it, without the address: that is often the secret. */
export async function tellWebhook(
  url: string,
  body: object,
  signal: AbortSignal,
  waitMs = 1000,
): Promise<string> {
  let last = "";
  for (let attempt = 0; attempt < 4 && !signal.aborted; attempt++) {
    if (attempt > 0) await delay(waitMs * 2 ** (attempt - 1));
    try {
      const answer = await fetch(url, {
        method: "POST",
        redirect: "error",
        headers: { "content-type": "application/json", "user-agent": "gitops-actions" },
        body: JSON.stringify(body),
        signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]),
      });
      await answer.body?.cancel();
      if (answer.ok) return "The webhook was told.";
      last = `status ${answer.status}`;
      if (answer.status !== 429 && answer.status < 500) break;
    } catch {
      last = "no answer";
    }
  }
  return `The webhook could not be told: ${last}.`;
}
