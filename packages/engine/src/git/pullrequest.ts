import { ToolError, UsageError } from "@gitops-actions/report";
import { mergeBase } from "./ancestry.ts";
import type { GitEvent } from "./event.ts";
import { hasCommit } from "./fetch.ts";
import { branchTip, parentsOf } from "./refs.ts";
import type { FetchOptions } from "./remote.ts";
import type { Repository } from "./repository.ts";
import { type Sides, short, sinceParting } from "./sides.ts";

type PullRequest = Extract<GitEvent, { name: "pull_request" }>;

/**
 * The merge GitHub made against its first parent, which shows what merging does; any other checkout against where it
 * parted from the base branch.
 */
export async function ofPullRequest(
  repository: Repository,
  head: string,
  event: PullRequest,
  options: FetchOptions,
): Promise<Sides> {
  const [first, second, ...more] = await parentsOf(repository, head);
  const merged = first !== undefined && second === event.headSha && more.length === 0;
  if (merged && (await isBase(repository, head, first, event, options))) {
    const { number, baseRef } = event;
    return {
      head,
      base: { commit: first, how: "merge-parent" },
      trusted: { commit: first },
      why: `pull request ${number} merged into ${baseRef} (${short(head)}) is compared with ${baseRef} before that merge (${short(first)})`,
    };
  }
  const { tip, note } = await baseTip(repository, event, options);
  const sides = await sinceParting(repository, head, tip, event.baseRef, options);
  if (!sides)
    throw new UsageError(`${short(head)} and ${event.baseRef} (${short(tip)}) have no common history.`);
  if (sides.base.commit === head && head !== event.headSha) {
    throw new UsageError(
      `the checkout (${short(head)}) is part of ${event.baseRef} and does not hold pull request ${event.number}. ` +
        `Give actions/checkout the input "ref: refs/pull/${event.number}/merge".`,
    );
  }
  return { ...sides, why: sides.why + note };
}

/**
 * Whether the first parent of a merge is the base branch's, so that the merge is GitHub's. Anybody can push a merge of
 * the pull request's head with a first parent of their own making, which must not become what is trusted.
 */
async function isBase(
  repository: Repository,
  head: string,
  first: string,
  event: PullRequest,
  options: FetchOptions,
): Promise<boolean> {
  if (event.sha === head || event.baseSha === first) return true;
  const { tip } = await baseTip(repository, event, options);
  return tip === first || (await mergeBase(repository, first, tip, options))?.commit === first;
}

/** The base branch as it is now, or as the event knew it when it cannot be fetched. */
async function baseTip(
  repository: Repository,
  event: PullRequest,
  options: FetchOptions,
): Promise<{ tip: string; note: string }> {
  try {
    return { tip: (await branchTip(repository, event.baseRef, options)) ?? event.baseSha, note: "" };
  } catch (error) {
    if (!(error instanceof ToolError) || !(await hasCommit(repository, event.baseSha))) throw error;
    return {
      tip: event.baseSha,
      note: `; ${event.baseRef} is taken as the event knew it, since ${error.message}`,
    };
  }
}
