import { ToolError, UsageError } from "@gitops-actions/report";
import type { GitEvent } from "./event.ts";
import { ensureCommit, fetchTip } from "./fetch.ts";
import { branchTip, resolveCommit } from "./refs.ts";
import { type FetchOptions, remoteUrl } from "./remote.ts";
import type { Repository } from "./repository.ts";
import { type Sides, short, sinceBranch } from "./sides.ts";

const fullId = /^([0-9a-f]{40}|[0-9a-f]{64})$/i;

/**
 * Against the base a person gave: a full id is that commit; a branch or tag stands for where `head` parted from it.
 * In a job the base given is compared with, and not trusted: a pull request may have a say in what it is.
 */
export async function againstGiven(
  repository: Repository,
  head: string | undefined,
  ref: string,
  event: GitEvent | undefined,
  options: FetchOptions,
): Promise<Sides> {
  const tip = await givenCommit(repository, ref, "base", options);
  const trusted = event === undefined ? tip : await trustedTip(repository, event, options);
  const trust = trusted === undefined ? {} : { trusted: { commit: trusted } };
  if (head === undefined || fullId.test(ref)) {
    const who = head === undefined ? "the working tree" : short(head);
    return {
      head,
      base: { commit: tip, how: "given" },
      ...trust,
      why: `${who} is compared with the given commit ${short(tip)}`,
    };
  }
  const { base, why } = await sinceBranch(repository, head, tip, ref, options);
  return { head, base: { commit: base.commit, how: "given" }, ...trust, why };
}

/** The commit a person's `--base` or `--head` names: here, at the remote by its id, or at the remote by its name. */
export async function givenCommit(
  repository: Repository,
  ref: string,
  which: "base" | "head",
  options: FetchOptions,
): Promise<string> {
  const here =
    (await resolveCommit(repository, ref)) ?? (await resolveCommit(repository, `refs/remotes/origin/${ref}`));
  if (here !== undefined) return here;
  if (fullId.test(ref)) {
    await ensureCommit(repository, ref.toLowerCase(), options);
    return ref.toLowerCase();
  }
  const fetchable = options.fetch && remoteUrl(repository) !== undefined;
  for (const full of fetchable ? [`refs/heads/${ref}`, `refs/tags/${ref}`] : []) {
    try {
      return await fetchTip(repository, full, options);
    } catch (error) {
      if (!(error instanceof ToolError) || !/couldn't find remote ref|invalid refspec/i.test(error.message))
        throw error;
    }
  }
  throw new UsageError(
    `--${which} ${ref}: no branch, tag or commit of that name is known here${fetchable ? " or at origin" : ""}.`,
  );
}

async function trustedTip(
  repository: Repository,
  event: GitEvent,
  options: FetchOptions,
): Promise<string | undefined> {
  if (event.name === "pull_request")
    return (await branchTip(repository, event.baseRef, options)) ?? event.baseSha;
  if (event.name === "merge_group") return event.baseSha;
  return event.name === "push" ? await branchTip(repository, event.defaultBranch, options) : undefined;
}
