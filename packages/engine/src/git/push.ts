import { UsageError } from "@gitops-actions/report";
import type { GitEvent } from "./event.ts";
import { branchTip } from "./refs.ts";
import type { FetchOptions } from "./remote.ts";
import type { Repository } from "./repository.ts";
import { type Sides, short, sinceBranch } from "./sides.ts";

/** A push against what was there before; a new branch against where it parted from the default branch. */
export async function ofPush(
  repository: Repository,
  head: string,
  event: Extract<GitEvent, { name: "push" }>,
  options: FetchOptions,
): Promise<Sides> {
  const { before, after, ref, defaultBranch } = event;
  if (isZeros(after))
    return { head, why: `${ref} was deleted: there is nothing to compare ${short(head)} with` };
  const onDefault = ref === `refs/heads/${defaultBranch}`;
  if (isZeros(before)) {
    if (onDefault)
      return {
        head,
        trusted: { commit: head },
        why: `${ref} is new at ${short(head)}: there is nothing to compare it with`,
      };
    const tip = await branchTip(repository, defaultBranch, options);
    if (tip !== undefined) {
      const sides = await sinceBranch(repository, head, tip, defaultBranch, options);
      return { ...sides, why: `${ref} is new: ${sides.why}` };
    }
    throw new UsageError(
      `${ref} is new, and the tip of ${defaultBranch} is not known. Allow fetching, or check out with fetch-depth: 0.`,
    );
  }
  if (head === before && after !== before) {
    throw new UsageError(
      `the checkout (${short(head)}) is what ${ref} was before the push. Leave out "ref" of actions/checkout.`,
    );
  }
  const trusted = onDefault ? head : await branchTip(repository, defaultBranch, options);
  return {
    head,
    base: { commit: before, how: "push-before" },
    ...(trusted === undefined ? {} : { trusted: { commit: trusted } }),
    why: `${short(head)} is compared with what ${ref} was before the push, ${short(before)}`,
  };
}

/** A merge group against what it is to be merged into, earlier groups of the queue included. */
export function ofMergeGroup(head: string, event: Extract<GitEvent, { name: "merge_group" }>): Sides {
  if (head !== event.headSha) {
    throw new UsageError(
      `the checkout (${short(head)}) is not the merge group's head (${short(event.headSha)}). Leave out "ref" of actions/checkout.`,
    );
  }
  return {
    head,
    base: { commit: event.baseSha, how: "merge-group" },
    trusted: { commit: event.baseSha },
    why: `the merge group at ${short(head)} is compared with what it is merged into, ${short(event.baseSha)}`,
  };
}

function isZeros(id: string): boolean {
  return /^0+$/.test(id);
}
