import { ToolError } from "@gitops-actions/report";
import { type GitResult, type GitRun, reasonOf } from "./process.ts";
import type { Repository } from "./repository.ts";

/** Whether and how missing commits may be brought in. */
export interface FetchOptions {
  fetch: boolean;
  /** Sent only to the origin (scheme, host, port) of `serverUrl`. */
  token?: string;
  /** Where the repository lives; default: GITHUB_SERVER_URL, else https://github.com. */
  serverUrl?: string;
  signal?: AbortSignal;
}

/** The URL that `origin` is fetched from; undefined when the repository has no such remote. */
export function remoteUrl(repository: Repository): string | undefined {
  return repository.config.get("remote.origin.url")?.[0];
}

/** Where else this repository is: its remotes, and what a job says of it. */
export function remoteAddresses({ config, machine: { env } }: Repository): string[] {
  const remotes = [...config].filter(([key]) => /^remote\..*\.url$/.test(key)).flatMap(([, urls]) => urls);
  const job = env.GITHUB_REPOSITORY;
  return [...remotes, ...(job ? [`${env.GITHUB_SERVER_URL ?? "https://github.com"}/${job}`] : [])];
}

const inherited = /^(http|credential|url)\.|^core\.sshcommand$|^core\.gitproxy$|^ssh\.variant$/;

/**
 * The configuration of a fetch from `origin` as environment variables, which unlike arguments no other user can list:
 * where it is, how the checkout was told to reach it, and the token where that is due.
 */
export function remoteEnvironment(repository: Repository, options: FetchOptions): Record<string, string> {
  const url = remoteUrl(repository) ?? "";
  const token = options.token && isOwnServer(url, repository, options) ? options.token : undefined;
  const pairs: [string, string][] = [["remote.origin.url", url]];
  for (const [key, values] of repository.config) {
    if (!inherited.test(key) || key === "http.followredirects") continue;
    for (const value of values) pairs.push([key, value]);
  }
  if (token) {
    const basic = Buffer.from(`x-access-token:${token}`).toString("base64");
    // The empty value drops the header that actions/checkout leaves: GitHub refuses a request with two.
    pairs.push([`http.${url}.extraheader`, ""], [`http.${url}.extraheader`, `Authorization: Basic ${basic}`]);
  }
  const environment: Record<string, string> = { GIT_CONFIG_COUNT: String(pairs.length) };
  for (const [index, [key, value]] of pairs.entries()) {
    environment[`GIT_CONFIG_KEY_${index}`] = key;
    environment[`GIT_CONFIG_VALUE_${index}`] = value;
  }
  return environment;
}

function isOwnServer(url: string, repository: Repository, options: FetchOptions): boolean {
  const server = options.serverUrl ?? repository.machine.env.GITHUB_SERVER_URL ?? "https://github.com";
  if (!URL.canParse(url) || !URL.canParse(server)) return false;
  const { origin, protocol } = new URL(url);
  return (protocol === "https:" || protocol === "http:") && origin === new URL(server).origin;
}

/** How one fetch or ls-remote runs: with transports, with the person's settings, and with `remoteEnvironment`. */
export function remoteRun(repository: Repository, options: FetchOptions): GitRun {
  return {
    cwd: repository.root,
    network: true,
    userSettings: true,
    env: remoteEnvironment(repository, options),
    deadlineMs: 300_000,
    signal: options.signal,
  };
}

/** The error for a fetch that failed: Git's reason without the token or anything a URL carries before its host. */
export function fetchError(
  what: string,
  repository: Repository,
  result: GitResult,
  options: FetchOptions,
): ToolError {
  const url = hideUser(remoteUrl(repository) ?? "origin");
  let reason = hideUser(reasonOf(result));
  if (options.token) reason = reason.replaceAll(options.token, "***");
  return new ToolError("git/fetch", `${what} could not be fetched from ${url}: ${reason}`);
}

function hideUser(text: string): string {
  return text.replace(/([a-z][a-z0-9+.-]*:\/\/)[^/@\s'"]*@/gi, "$1");
}
