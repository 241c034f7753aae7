import { UsageError } from "@gitops-actions/report";
import { fetchTip } from "./fetch.ts";
import { type FetchOptions, remoteUrl } from "./remote.ts";
import type { Repository } from "./repository.ts";

/** The full id of the commit a ref, id or expression of the person names; undefined when there is none. */
export async function resolveCommit(repository: Repository, ref: string): Promise<string | undefined> {
  requireRef(ref);
  const result = await repository.git([
    "rev-parse",
    "--verify",
    "--quiet",
    "--end-of-options",
    `${ref}^{commit}`,
  ]);
  return result.exitCode === 0 ? result.stdout.toString("latin1").trim() : undefined;
}

/** Throws UsageError for a ref that Git could take for an option or for more than one ref. */
export function requireRef(ref: string): void {
  if (ref !== "" && !ref.startsWith("-") && !/[\s\p{Cc}:?*[\\]/u.test(ref) && !ref.includes("..")) return;
  throw new UsageError(`${JSON.stringify(ref)} is not a ref: name a branch, a tag or a commit id.`);
}

/** The full id of HEAD; undefined before the first commit. */
export async function headCommit(repository: Repository): Promise<string | undefined> {
  return await resolveCommit(repository, "HEAD");
}

/**
 * The tip of a branch as the remote has it now, or, where fetching is forbidden or impossible, as it was when last
 * fetched; undefined when neither is known.
 */
export async function branchTip(
  repository: Repository,
  branch: string,
  options: FetchOptions,
): Promise<string | undefined> {
  requireRef(branch);
  if (options.fetch && remoteUrl(repository) !== undefined) {
    return await fetchTip(repository, `refs/heads/${branch}`, options);
  }
  return (
    (await resolveCommit(repository, `refs/remotes/origin/${branch}`)) ??
    (await resolveCommit(repository, `refs/heads/${branch}`))
  );
}

/** Parents of a commit that is here. */
export async function parentsOf(repository: Repository, commit: string): Promise<string[]> {
  const object = await repository.object(commit);
  const header = object?.bytes.toString("latin1").split("\n\n", 1)[0] ?? "";
  return [...header.matchAll(/^parent ([0-9a-f]+)$/gm)].map((match) => match[1]!);
}
