import { copyFileSync, existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ToolError, UsageError } from "@gitops-actions/report";
import { quoteName } from "./name.ts";
import { reasonOf, runGit } from "./process.ts";
import { type FetchOptions, fetchError, remoteRun, remoteUrl } from "./remote.ts";
import type { Repository } from "./repository.ts";

const stores = new WeakMap<Repository, Promise<string>>();

/** Whether the repository holds an object, given by its full id. */
export async function hasCommit(repository: Repository, id: string): Promise<boolean> {
  return (await repository.object(id))?.type === "commit";
}

/**
 * Makes sure that a commit (full id) and its tree are readable, fetching it by its id when it is absent.
 * Throws UsageError when fetching is forbidden or there is no remote, ToolError when the fetch fails.
 */
export async function ensureCommit(repository: Repository, id: string, options: FetchOptions): Promise<void> {
  if (await hasCommit(repository, id)) return;
  await fetchInto(repository, id, `commit ${id}`, options);
  if (!(await hasCommit(repository, id)))
    throw new ToolError("git/fetch", `commit ${id} was fetched but is not there`);
}

/** Fetches what a ref of the remote (full name, such as refs/heads/main) points to now, and returns the commit's id. */
export async function fetchTip(repository: Repository, ref: string, options: FetchOptions): Promise<string> {
  const store = await fetchInto(repository, `+${ref}:refs/fetched/tip`, ref, options);
  const parsed = await runGit(repository.machine, [
    "--git-dir",
    store,
    "rev-parse",
    "--verify",
    "refs/fetched/tip^{commit}",
  ]);
  if (parsed.exitCode !== 0) throw new ToolError("git/fetch", `${ref} is not a commit: ${reasonOf(parsed)}`);
  return parsed.stdout.toString("latin1").trim();
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

/**
 * A repository of our own beside the checkout that sees its objects (alternates) and takes what we fetch, so that the
 * checkout's own repository stays as it is, and several jobs or actions at once do not meet.
 */
export async function makeStore(repository: Repository, kind: string): Promise<string> {
  const store = mkdtempSync(join(repository.machine.tempDir, `git-${kind}-`));
  const format = `--object-format=${repository.objectFormat}`;
  const made = await runGit(repository.machine, ["init", "--quiet", "--bare", "--template=", format, store]);
  if (made.exitCode !== 0)
    throw new ToolError("git/init", `a folder for fetched commits cannot be made: ${reasonOf(made)}`);
  writeFileSync(
    join(store, "objects/info/alternates"),
    `${quoteName(join(repository.commonDir, "objects"))}\n`,
  );
  return store;
}

async function fetchInto(
  repository: Repository,
  what: string,
  name: string,
  options: FetchOptions,
): Promise<string> {
  requireFetch(repository, name, options);
  let making = stores.get(repository);
  if (!making) {
    making = makeStore(repository, "objects");
    stores.set(repository, making);
  }
  const store = await making;
  // Without it the server would be told that we have all that came before a shallow commit.
  const shallow = join(repository.commonDir, "shallow");
  if (existsSync(shallow) && !existsSync(join(store, "shallow")))
    copyFileSync(shallow, join(store, "shallow"));
  const head = await repository.git(["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]);
  const tip = head.exitCode === 0 ? [`--negotiation-tip=${head.stdout.toString("latin1").trim()}`] : [];
  const args = [
    "--git-dir",
    store,
    "fetch",
    "--quiet",
    "--no-tags",
    "--no-write-fetch-head",
    "--depth=1",
    ...tip,
  ];
  const result = await runGit(repository.machine, [...args, "origin", what], remoteRun(repository, options));
  if (result.exitCode !== 0) throw fetchError(name, repository, result, options);
  await repository.borrow(join(store, "objects"));
  return store;
}
