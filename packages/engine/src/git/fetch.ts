import { ToolError, UsageError } from "@gitops-actions/report";
import { reasonOf, runGit } from "./process.ts";
import { type FetchOptions, fetchError, remoteRun, remoteUrl } from "./remote.ts";
import type { Repository } from "./repository.ts";
import { copyShallow, forgetPromisor } from "./store.ts";

/** Whether the repository holds a commit, given by its full id. */
export async function hasCommit(repository: Repository, id: string): Promise<boolean> {
  return (await repository.object(id))?.type === "commit";
}

/** Whether this is a partial clone, made with `--filter`: objects may be missing that its commits need. */
export function isPartial(repository: Repository): boolean {
  const keys = [...repository.config.keys()];
  return keys.some((key) => key === "extensions.partialclone" || /^remote\..*\.promisor$/s.test(key));
}

/**
 * Makes sure that a commit (full id) is readable, fetching it with its files by its id when it is absent.
 * Throws UsageError when fetching is forbidden or there is no remote, ToolError when the fetch fails.
 */
export async function ensureCommit(repository: Repository, id: string, options: FetchOptions): Promise<void> {
  if (await hasCommit(repository, id)) return;
  await fetchSnapshot(repository, id, `commit ${id}`, options);
  if (await hasCommit(repository, id)) return;
  throw new ToolError("git/fetch", `commit ${id} was fetched but is not there`);
}

/** Fetches what a ref of the remote (full name, such as refs/heads/main) points to now, and returns the commit's id. */
export async function fetchTip(repository: Repository, ref: string, options: FetchOptions): Promise<string> {
  await fetchSnapshot(repository, `+${ref}:refs/fetched/tip`, ref, options);
  const args = ["--git-dir", repository.store, "rev-parse", "--verify", "refs/fetched/tip^{commit}"];
  const parsed = await runGit(repository.machine, args);
  if (parsed.exitCode === 0) return parsed.stdout.toString("latin1").trim();
  throw new ToolError("git/fetch", `${ref} is not a commit: ${reasonOf(parsed)}`);
}

/**
 * Fetches one commit with all its files, and nothing that came before it. In a partial clone the files are left out,
 * for `readBlob` to fetch: the server would leave out those it believes the clone to have.
 */
export async function fetchSnapshot(
  repository: Repository,
  what: string,
  name: string,
  options: FetchOptions,
): Promise<void> {
  copyShallow(repository.commonDir, repository.store);
  if (isPartial(repository)) {
    await fetchIntoStore(
      repository,
      ["--depth=1", "--filter=blob:none", "origin", what],
      name,
      options,
      "noop",
    );
    forgetPromisor(repository.store, repository.objectFormat);
    return;
  }
  const head = await repository.git(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]);
  const tip = head.exitCode === 0 ? [`--negotiation-tip=${head.stdout.toString("latin1").trim()}`] : [];
  await fetchIntoStore(repository, ["--depth=1", ...tip, "origin", what], name, options);
}

/** Fetches objects of any type by their full ids. */
export async function fetchObjects(
  repository: Repository,
  ids: readonly string[],
  options: FetchOptions,
): Promise<void> {
  const name = ids.length === 1 ? `object ${ids[0]}` : `${ids.length} objects that the partial clone lacks`;
  await fetchIntoStore(repository, ["--stdin", "origin"], name, options, "noop", `${ids.join("\n")}\n`);
}

/** Throws the UsageError for something that is absent and may or can not be fetched. */
export function requireFetch(repository: Repository, what: string, options: FetchOptions): void {
  if (options.fetch && remoteUrl(repository) !== undefined) return;
  const why = options.fetch
    ? "the repository has no remote named origin to fetch it from"
    : "fetching is forbidden (fetch: false)";
  throw new UsageError(
    `${what} is not in this checkout, and ${why}. ` +
      "Check out more history (actions/checkout with `fetch-depth: 0`, or git fetch --unshallow), or allow fetching.",
  );
}

async function fetchIntoStore(
  repository: Repository,
  args: readonly string[],
  name: string,
  options: FetchOptions,
  negotiation: "default" | "noop" = "default",
  stdin?: string,
): Promise<void> {
  requireFetch(repository, name, options);
  const before = ["--git-dir", repository.store, "-c", `fetch.negotiationAlgorithm=${negotiation}`];
  const quiet = ["fetch", "--quiet", "--no-tags", "--no-write-fetch-head"];
  const run = { ...remoteRun(repository, options), ...(stdin === undefined ? {} : { stdin }) };
  const result = await runGit(repository.machine, [...before, ...quiet, ...args], run);
  if (result.exitCode !== 0) throw fetchError(name, repository, result, options);
}
