import type { Tree } from "@gitops-actions/fleet";
import { UsageError } from "@gitops-actions/report";
import { workingTree } from "../folder/tree.ts";
import type { GitEvent, OtherEvent } from "./event.ts";
import { ensureCommit } from "./fetch.ts";
import { againstGiven, givenCommit } from "./given.ts";
import { againstDefault } from "./laptop.ts";
import { permitFetch } from "./partial.ts";
import { ofPullRequest } from "./pullrequest.ts";
import { ofMergeGroup, ofPush } from "./push.ts";
import { branchTip, headCommit } from "./refs.ts";
import type { FetchOptions } from "./remote.ts";
import type { Repository } from "./repository.ts";
import { type BaseReason, type Sides, short } from "./sides.ts";
import { treeAt } from "./tree.ts";

/** Which two states of a repository are compared, and why. */
export interface ChosenCommits {
  /** `commit` is null when the working tree is meant and differs from HEAD. */
  head: { commit: string | null; dirty: boolean; tree: Tree };
  /** Absent when everything is looked at without a comparison. Its tree is readable: `treeAt(repository, base.commit)`. */
  base?: { commit: string; how: BaseReason };
  /** Tip of the base branch, where what judges is read. Its tree is readable. */
  trusted?: { commit: string };
  /** One sentence for people, without a full stop. */
  why: string;
}

export interface ChooseOptions extends FetchOptions {
  /** A ref or id the person gave: by name it stands for where head parted from it, by its full id for itself. */
  base?: string;
  /** A ref or id to take in place of HEAD and the working tree. */
  head?: string;
}

/**
 * Chooses the commits by what the person gave, else by the event, else (no event: a laptop) the working tree against
 * where it parted from the default branch. What is missing is fetched.
 * Throws UsageError when that is forbidden or a commit cannot be told, ToolError when Git or a fetch fails.
 */
export async function chooseCommits(
  repository: Repository,
  event: GitEvent | undefined,
  options: ChooseOptions,
): Promise<ChosenCommits> {
  permitFetch(repository, options);
  const sides = await chooseSides(repository, event, options);
  for (const commit of [sides.head, sides.base?.commit, sides.trusted?.commit]) {
    if (commit !== undefined) await ensureCommit(repository, commit, options);
  }
  const working = event === undefined && options.head === undefined && !repository.bare;
  return {
    ...sides,
    head: working ? await workingSide(repository, sides.head) : await commitSide(repository, sides.head),
  };
}

async function chooseSides(
  repository: Repository,
  event: GitEvent | undefined,
  options: ChooseOptions,
): Promise<Sides> {
  const head =
    options.head === undefined
      ? await headCommit(repository)
      : await givenCommit(repository, options.head, "head", options);
  if (options.base !== undefined) return await againstGiven(repository, head, options.base, event, options);
  if (event === undefined) return await againstDefault(repository, head, options);
  if (head === undefined) {
    throw new UsageError(`${repository.root} has no commits: has the repository been checked out?`);
  }
  if (event.name === "pull_request") return await ofPullRequest(repository, head, event, options);
  if (event.name === "merge_group") return ofMergeGroup(head, event);
  if (event.name === "push") return await ofPush(repository, head, event, options);
  return await ofAnyOther(repository, head, event, options);
}

/** Everything, without a comparison. What is dispatched on a branch is not trusted: the default branch is. */
async function ofAnyOther(
  repository: Repository,
  head: string,
  event: OtherEvent,
  options: ChooseOptions,
): Promise<Sides> {
  const { ref, defaultBranch } = event;
  const elsewhere = ref !== undefined && defaultBranch !== undefined && ref !== `refs/heads/${defaultBranch}`;
  const trusted = elsewhere ? await branchTip(repository, defaultBranch, options) : head;
  return {
    head,
    ...(trusted === undefined ? {} : { trusted: { commit: trusted } }),
    why: `everything at ${short(head)} is looked at; this event compares nothing`,
  };
}

async function workingSide(repository: Repository, head: string | undefined): Promise<ChosenCommits["head"]> {
  const tree = await workingTree(repository);
  const { dirty } = tree;
  return { commit: dirty || head === undefined ? null : head, dirty, tree };
}

async function commitSide(repository: Repository, head: string | undefined): Promise<ChosenCommits["head"]> {
  if (head === undefined) throw new UsageError(`${repository.root} has no commits yet.`);
  return { commit: head, dirty: false, tree: await treeAt(repository, head) };
}
