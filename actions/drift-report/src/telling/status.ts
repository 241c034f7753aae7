import { type Counts, describeCounts } from "../summary.ts";
import type { Github } from "./github.ts";

/** Sets the commit status `gitops/drift/<environment>`, which promotion gates read. Says what came of it. */
export async function tellStatus(
  parts: {
    commit: string;
    environment: string;
    drifted: "true" | "false" | "unknown";
    counts: Counts;
    run: string | undefined;
  },
  repository: string,
  github: Github,
): Promise<string> {
  const { commit, environment, drifted, counts, run } = parts;
  const state = { true: "failure", false: "success", unknown: "error" } as const;
  const answer = await github("POST", `/repos/${repository}/statuses/${commit}`, {
    state: state[drifted],
    context: `gitops/drift/${environment || "cluster"}`,
    // 140 characters are GitHub's limit.
    description: describeCounts(counts).slice(0, 140),
    ...(run && { target_url: run }),
  });
  if (answer.status === 201) return "The commit status is set.";
  const why =
    answer.status === 403 || answer.status === 404
      ? "the token needs `statuses: write`"
      : `status ${answer.status}`;
  return `The commit status could not be set: ${why}.`;
}
