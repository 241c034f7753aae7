import { setTimeout as wait } from "node:timers/promises";
import { type Client, createClient, type Host } from "@gitops-actions/action";
import { UsageError } from "@gitops-actions/report";
import { type Inspection, inspect } from "./doctor/inspection.ts";
import type { Forge } from "./forge.ts";
import { githubForge } from "./githubforge.ts";

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
  const found = reach(token, host, signal, named);
  return found && githubForge(found.client, found.repository);
}

/** The same, to look at how a repository is set up. */
export function connectInspection(
  token: string | undefined,
  host: Host,
  signal: AbortSignal,
  named?: string,
): Inspection | undefined {
  const found = reach(token, host, signal, named);
  return found && inspect(found.client, found.repository);
}

function reach(
  token: string | undefined,
  host: Host,
  signal: AbortSignal,
  named: string | undefined,
): { client: Client; repository: string } | undefined {
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
  return { client, repository };
}
