import type { Tree } from "@gitops-actions/fleet";
import { UsageError } from "@gitops-actions/report";
import { workingTree } from "../folder/tree.ts";
import { mergeBase } from "./ancestry.ts";
import type { GitEvent } from "./event.ts";
import { ensureCommit } from "./fetch.ts";
import { branchTip, headCommit, parentsOf, resolveCommit } from "./refs.ts";
import type { FetchOptions } from "./remote.ts";
import type { Repository } from "./repository.ts";
import { treeAt } from "./tree.ts";

export type BaseReason = "merge-parent" | "merge-base" | "merge-group" | "push-before" | "given";

/** Which two states of a repository are compared, and why. */
export interface ChosenCommits {
  /** `commit` is null when the working tree is meant and differs from HEAD. */
  head: { commit: string | null; dirty: boolean; tree: Tree };
  /** Absent when everything is looked at without a comparison. Its tree is readable: `treeAt(repository, base.commit)`. */
  base?: { commit: string; how: BaseReason };
  /** Tip of the base branch, where what judges is read. Its tree is readable. */
  trusted?: { commit: string };
  /** One sentence for people. */
  why: string;
}

export interface ChooseOptions extends FetchOptions {
  /** Refs or ids the person gave. A base given by its full id is taken as it is, by name it stands for the merge base. */
  base?: string;
  head?: string;
}

type Sides = Omit<ChosenCommits, "head"> & { head: string | undefined };

/**
 * Chooses the commits by what the person gave, else by the event, else (no event: a laptop) the working tree against
 * the merge base with the default branch. What is missing is fetched. Throws UsageError when it cannot be found.
 */
export async function chooseCommits(
  repository: Repository,
  event: GitEvent | undefined,
  options: ChooseOptions,
): Promise<ChosenCommits> {
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

async function workingSide(repository: Repository, head: string | undefined): Promise<ChosenCommits["head"]> {
  const tree = await workingTree(repository);
  const { dirty } = tree;
  return { commit: dirty || head === undefined ? null : head, dirty, tree };
}

async function commitSide(repository: Repository, head: string | undefined): Promise<ChosenCommits["head"]> {
  if (head === undefined) throw new UsageError(`${repository.root} has no commits yet.`);
  return { commit: head, dirty: false, tree: await treeAt(repository, head) };
}

async function chooseSides(
  repository: Repository,
  event: GitEvent | undefined,
  options: ChooseOptions,
): Promise<Sides> {
  const head =
    options.head === undefined
      ? await headCommit(repository)
      : await given(repository, options.head, "head", options);
  if (options.base !== undefined) return await againstGiven(repository, head, options.base, options);
  if (event === undefined || options.head !== undefined)
    return await againstDefault(repository, head, options);
  if (head === undefined)
    throw new UsageError(`${repository.root} has no commits: has the repository been checked out?`);
  switch (event.name) {
    case "pull_request":
      return await ofPullRequest(repository, head, event, options);
    case "merge_group":
      return {
        head,
        base: { commit: event.baseSha, how: "merge-group" },
        trusted: { commit: event.baseSha },
        why: `the merge group at ${short(head)} is compared with what it is merged into, ${short(event.baseSha)}`,
      };
    case "push":
      return await ofPush(repository, head, event, options);
    default:
      return {
        head,
        trusted: { commit: head },
        why: `everything at ${short(head)} is looked at; this event compares nothing`,
      };
  }
}

async function ofPullRequest(
  repository: Repository,
  head: string,
  event: Extract<GitEvent, { name: "pull_request" }>,
  options: ChooseOptions,
): Promise<Sides> {
  const [first, second, ...more] = await parentsOf(repository, head);
  if (first !== undefined && second === event.headSha && more.length === 0) {
    return {
      head,
      base: { commit: first, how: "merge-parent" },
      trusted: { commit: first },
      why: `pull request ${event.number} merged into ${event.baseRef} (${short(head)}) is compared with ${event.baseRef} before that merge (${short(first)})`,
    };
  }
  const tip = (await branchTip(repository, event.baseRef, options)) ?? event.baseSha;
  const base = await mergeBase(repository, head, tip, options);
  if (base === undefined)
    throw new UsageError(`${short(head)} and ${event.baseRef} (${short(tip)}) have no common history.`);
  if (base.commit === head && head !== event.headSha) {
    throw new UsageError(
      `the checkout (${short(head)}) is part of ${event.baseRef} and does not hold pull request ${event.number}. ` +
        `Give actions/checkout the input "ref: refs/pull/${event.number}/merge".`,
    );
  }
  return {
    head,
    base: { commit: base.commit, how: "merge-base" },
    trusted: { commit: tip },
    why: `${short(head)} is compared with ${short(base.commit)}, where it parted from ${event.baseRef} (${short(tip)})${oneOf(base.candidates)}`,
  };
}

async function ofPush(
  repository: Repository,
  head: string,
  event: Extract<GitEvent, { name: "push" }>,
  options: ChooseOptions,
): Promise<Sides> {
  const onDefault = event.ref === `refs/heads/${event.defaultBranch}`;
  if (!/^0+$/.test(event.before)) {
    const trusted = onDefault ? head : await branchTip(repository, event.defaultBranch, options);
    return {
      head,
      base: { commit: event.before, how: "push-before" },
      ...(trusted === undefined ? {} : { trusted: { commit: trusted } }),
      why: `${short(head)} is compared with what ${event.ref} was before the push, ${short(event.before)}`,
    };
  }
  if (onDefault) {
    return {
      head,
      trusted: { commit: head },
      why: `${event.ref} is new at ${short(head)}: there is nothing to compare it with`,
    };
  }
  const tip = await branchTip(repository, event.defaultBranch, options);
  if (tip === undefined)
    throw new UsageError(
      `${event.ref} is new, and the tip of ${event.defaultBranch} is not known. Allow fetching, or check out with fetch-depth: 0.`,
    );
  return await parted(repository, head, tip, event.defaultBranch, `${event.ref} is new: `, options);
}

async function againstDefault(
  repository: Repository,
  head: string | undefined,
  options: ChooseOptions,
): Promise<Sides> {
  if (head === undefined)
    return {
      head,
      why: "the repository has no commits yet: the working tree is looked at, and compared with nothing",
    };
  const names = ["origin/HEAD", "origin/main", "origin/master", "main", "master"];
  for (const name of names) {
    const full = name.startsWith("origin/") ? `refs/remotes/${name}` : `refs/heads/${name}`;
    const tip = await resolveCommit(repository, full);
    if (tip !== undefined) return await parted(repository, head, tip, name, "", options);
  }
  throw new UsageError(
    `the default branch is not known: none of ${names.join(", ")} exists. Name what to compare with: --base REF.`,
  );
}

async function againstGiven(
  repository: Repository,
  head: string | undefined,
  ref: string,
  options: ChooseOptions,
): Promise<Sides> {
  const tip = await given(repository, ref, "base", options);
  const exact = tip.startsWith(ref.toLowerCase()) && /^[0-9a-f]{40,64}$/i.test(ref);
  if (head === undefined || exact) {
    return {
      head,
      base: { commit: tip, how: "given" },
      trusted: { commit: tip },
      why: `${named(head)} is compared with the given commit ${short(tip)}`,
    };
  }
  const sides = await parted(repository, head, tip, ref, "", options);
  return { ...sides, base: { commit: sides.base?.commit ?? tip, how: "given" } };
}

/** The commit a person's `--base` or `--head` names: here, at the remote by name, or at the remote by id. */
async function given(
  repository: Repository,
  ref: string,
  which: "base" | "head",
  options: ChooseOptions,
): Promise<string> {
  const here =
    (await resolveCommit(repository, ref)) ?? (await resolveCommit(repository, `refs/remotes/origin/${ref}`));
  if (here !== undefined) return here;
  if (/^([0-9a-f]{40}|[0-9a-f]{64})$/i.test(ref)) {
    await ensureCommit(repository, ref.toLowerCase(), options);
    return ref.toLowerCase();
  }
  const tip = options.fetch ? await branchTip(repository, ref, options).catch(() => undefined) : undefined;
  if (tip !== undefined) return tip;
  throw new UsageError(
    `--${which} ${ref}: no branch, tag or commit of that name is known here${options.fetch ? " or at origin" : ""}.`,
  );
}

async function parted(
  repository: Repository,
  head: string,
  tip: string,
  name: string,
  before: string,
  options: ChooseOptions,
): Promise<Sides> {
  const base = await mergeBase(repository, head, tip, options);
  if (base === undefined) {
    const why = `${before}${short(head)} is compared with ${name} (${short(tip)}), with which it has no common history`;
    return { head, base: { commit: tip, how: "given" }, trusted: { commit: tip }, why };
  }
  return {
    head,
    base: { commit: base.commit, how: "merge-base" },
    trusted: { commit: tip },
    why: `${before}${short(head)} is compared with ${short(base.commit)}, where it parted from ${name} (${short(tip)})${oneOf(base.candidates)}`,
  };
}

function oneOf(candidates: number): string {
  return candidates > 1 ? `; ${candidates} merge bases are equally good, the first is taken` : "";
}

function named(head: string | undefined): string {
  return head === undefined ? "the working tree" : short(head);
}

function short(commit: string): string {
  return commit.slice(0, 7);
}
