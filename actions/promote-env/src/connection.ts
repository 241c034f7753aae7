import { setTimeout as wait } from "node:timers/promises";
import { createClient, type Host } from "@gitops-actions/action";
import { UsageError } from "@gitops-actions/report";
import { type Forge, githubForge } from "./forge.ts";

/**
 * GitHub, where there is a token for it and a repository is known; undefined otherwise: then Git is all there is.
 * `named`: another repository than the job's own.
 */
export function connect(
  token: string | undefined,
  host: Host,
  signal: AbortSignal,
  named?: string,
): Forge | undefined {
  const { GITHUB_REPOSITORY, GITHUB_API_URL: apiUrl = "https://api.github.com" } = host.env;
  const repository = named ?? GITHUB_REPOSITORY;
  if (!token || !repository) return undefined;
  if (!/^[\w.-]+\/[\w.-]+$/.test(repository))
    throw new UsageError(
      `${named === undefined ? "GITHUB_REPOSITORY" : "repository"} is '${repository}'; expected owner/name.`,
    );
  const client = createClient({
    apiUrl,
    token,
    signal,
    now: () => host.now().getTime(),
    sleep: (milliseconds) => wait(milliseconds, undefined, { signal }),
  });
  return githubForge(client, repository);
}
