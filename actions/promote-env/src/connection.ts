import { setTimeout as wait } from "node:timers/promises";
import { createClient, type Host } from "@gitops-actions/action";
import { UsageError } from "@gitops-actions/report";
import { type Forge, githubForge } from "./forge.ts";

/** GitHub, where there is a token for it and a repository is known; undefined otherwise: then Git is all there is. */
export function connect(token: string | undefined, host: Host, signal: AbortSignal): Forge | undefined {
  const { GITHUB_REPOSITORY: repository, GITHUB_API_URL: apiUrl = "https://api.github.com" } = host.env;
  if (!token || !repository) return undefined;
  if (!/^[\w.-]+\/[\w.-]+$/.test(repository))
    throw new UsageError(`GITHUB_REPOSITORY is '${repository}'; expected owner/name.`);
  const client = createClient({
    apiUrl,
    token,
    signal,
    now: () => host.now().getTime(),
    sleep: (milliseconds) => wait(milliseconds, undefined, { signal }),
  });
  return githubForge(client, repository);
}
