import type { Host } from "@gitops-actions/action";
import type { DriftInputs } from "./inputs.ts";
import type { DriftOutcome } from "./run.ts";
import { syncSection } from "./summary.ts";
import { createGithub } from "./telling/github.ts";
import { tellIssue } from "./telling/issue.ts";
import { tellStatus } from "./telling/status.ts";
import { composeMessage, tellWebhook } from "./telling/webhook.ts";

/**
 * Tells whoever the inputs name: an issue, a commit status, a webhook. Answers what came of each; none of it fails
 * the run, because the report is there all the same.
 */
export async function tell(
  outcome: DriftOutcome,
  inputs: DriftInputs,
  host: Host,
  signal: AbortSignal,
): Promise<string[]> {
  const { report, counts, drifted, statuses } = outcome;
  const { environment } = inputs;
  const {
    GITHUB_REPOSITORY: repository,
    GITHUB_API_URL: api,
    GITHUB_SERVER_URL: server,
    GITHUB_RUN_ID: id,
  } = host.env;
  const run = repository && server && id ? `${server}/${repository}/actions/runs/${id}` : undefined;
  const said: string[] = [];
  if (inputs.issue || inputs.status) {
    if (!repository || !inputs.token)
      said.push("No issue and no status: there is no repository or no token.");
    else {
      const github = createGithub(api ?? "https://api.github.com", inputs.token, signal);
      const now = host.now();
      const parts = { report, environment, drifted, sections: [syncSection(statuses, now)], now, run };
      const { commit } = report.source.head;
      if (inputs.issue)
        said.push(await calmly("issue", tellIssue(parts, repository, github, inputs.allowPublicIssue)));
      if (inputs.status && commit) {
        said.push(
          await calmly(
            "commit status",
            tellStatus({ commit, environment, drifted, counts, run }, repository, github),
          ),
        );
      }
    }
  }
  if (inputs.webhook) {
    const message = composeMessage({ report, counts, environment, drifted, run }, inputs.webhookFormat);
    said.push(await tellWebhook(inputs.webhook, message, signal));
  }
  return said;
}

/** A failure to tell is told, not thrown. */
async function calmly(what: string, telling: Promise<string>): Promise<string> {
  try {
    return await telling;
  } catch (error) {
    return `The ${what} could not be written: ${(error as Error).message}.`;
  }
}
