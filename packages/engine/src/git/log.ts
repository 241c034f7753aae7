import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { History, LogChange, LogCommit } from "@gitops-actions/fleet";
import { ToolError } from "@gitops-actions/report";
import { decodeName } from "./name.ts";
import { reasonOf, runGit } from "./process.ts";
import { branchTip, requireRef } from "./refs.ts";
import { type FetchOptions, fetchError, remoteRun, remoteUrl } from "./remote.ts";
import type { Repository } from "./repository.ts";
import { copyShallow } from "./store.ts";
import { kindOf, treeAt } from "./tree.ts";
import { remoteRefs } from "./write.ts";

/** The history of a repository: one `git log` for a branch, and objects through the repository's one batch process. */
export function gitHistory(repository: Repository): History {
  return {
    async log(tip) {
      const commits = await firstParentLog(repository, tip);
      const last = commits.at(-1);
      return { commits, cut: last !== undefined && (await isCut(repository, last)) };
    },
    // A tree is remembered as long as its repository: one that a walk passes through must not be.
    tree: (commit) => treeAt({ ...repository }, commit),
    async blob(id) {
      const object = await repository.object(id);
      if (object) return object.bytes;
      throw new ToolError(
        "git/object-missing",
        `object ${id} is not in this clone: check out without a filter`,
      );
    },
  };
}

const deepened = new WeakSet<Repository>();

/**
 * Fetches a remote branch with all its history, deepening what a shallow clone left out, and returns its tip; undefined
 * when the remote has no such branch. Where fetching is forbidden or there is no remote, the tip as it is known here.
 */
export async function fetchHistory(
  repository: Repository,
  branch: string,
  options: FetchOptions,
): Promise<string | undefined> {
  requireRef(branch);
  if (!options.fetch || remoteUrl(repository) === undefined)
    return await branchTip(repository, branch, options);
  const ref = `refs/heads/${branch}`;
  const tip = (await remoteRefs(repository, [ref], options)).get(ref);
  if (tip === undefined) return undefined;
  copyOnce(repository);
  const { store } = repository;
  const shallow = existsSync(join(store, "shallow")) ? ["--unshallow"] : [];
  if (shallow.length === 0 && (await isWhole(repository, tip))) return tip;
  const args = [
    "--git-dir",
    store,
    "fetch",
    "--quiet",
    "--no-tags",
    "--no-write-fetch-head",
    ...shallow,
    "origin",
    tip,
  ];
  const result = await runGit(repository.machine, args, remoteRun(repository, options));
  if (result.exitCode !== 0) throw fetchError(`the history of ${branch}`, repository, result, options);
  deepened.add(repository);
  return tip;
}

/** Each commit that is not here costs a request, and one that nobody has costs it every time. */
const mostAbsent = 20;

/**
 * Brings in commits (full ids) that no branch holds any more, with their history, where the remote still has them. One
 * that nobody has stays absent: that is for whoever asks for it to say.
 */
export async function fetchCommits(
  repository: Repository,
  ids: readonly string[],
  options: FetchOptions,
): Promise<void> {
  if (!options.fetch || remoteUrl(repository) === undefined) return;
  let asked = 0;
  for (const id of ids) {
    if (/^0*$/.test(id) || (await repository.object(id))) continue;
    if (asked++ === mostAbsent) return;
    const args = ["--git-dir", repository.store, "fetch", "--quiet", "--no-tags", "--no-write-fetch-head"];
    await runGit(repository.machine, [...args, "origin", id], remoteRun(repository, options));
  }
}

/** A shallow clone's boundary must be known where its objects are borrowed; once deepened it must not come back. */
function copyOnce(repository: Repository): void {
  if (!deepened.has(repository)) copyShallow(repository.commonDir, repository.store);
}

/** Whether a commit and all that came before it are here. */
async function isWhole(repository: Repository, commit: string): Promise<boolean> {
  const args = ["--git-dir", repository.store, "rev-list", "--first-parent", "--count", commit];
  return (await runGit(repository.machine, args)).exitCode === 0;
}

/** The first-parent history of a commit (full id), newest first, with what each changes against its first parent. */
export async function firstParentLog(repository: Repository, tip: string): Promise<LogCommit[]> {
  copyOnce(repository);
  const result = await runGit(repository.machine, [
    "--git-dir",
    repository.store,
    "log",
    "--first-parent",
    "--diff-merges=first-parent",
    "--raw",
    "-z",
    "--no-renames",
    "--no-abbrev",
    "--root",
    "--no-show-signature",
    "--no-decorate",
    "--format=%x1e%H %ct %P",
    "--end-of-options",
    tip,
    "--",
  ]);
  if (result.exitCode === 0) return parseLog(result.stdout);
  throw new ToolError("git/log", `the history of ${tip} cannot be read: ${reasonOf(result)}`);
}

/**
 * Reads `git log --raw -z` with a record separator before each commit: `\x1e<id> <seconds> <parents>\0`, then for each
 * change `:<mode> <mode> <id> <id> <status>\0<path>\0`. Names may hold any byte but NUL, so it is read in order.
 */
export function parseLog(output: Buffer): LogCommit[] {
  const commits: LogCommit[] = [];
  const field = (from: number) => {
    const end = output.indexOf(0, from);
    return end < 0 ? output.length : end;
  };
  for (let at = 0; at < output.length; ) {
    const end = field(at);
    const head = output.toString("latin1", at, end).replace(/^\n/, "");
    if (head.startsWith("\x1e")) {
      const [id = "", seconds = "0", ...parents] = head.slice(1).trim().split(" ");
      commits.push({ id, parents, committed: Number(seconds), changes: [] });
      at = end + 1;
    } else if (head.startsWith(":")) {
      const stop = field(end + 1);
      const change = readChange(head, decodeName(output.subarray(end + 1, stop)));
      if (change) commits.at(-1)?.changes.push(change);
      at = stop + 1;
    } else at = end + 1;
  }
  return commits;
}

function readChange(head: string, path: string): LogChange | undefined {
  const [from = "", to = "", before = "", after = ""] = head.slice(1).split(" ");
  const side = (mode: string, id: string) => (/^0+$/.test(mode) ? undefined : { id, kind: kindOf(mode) });
  const [old, now] = [side(from, before), side(to, after)];
  return { path, ...(old ? { before: old } : {}), ...(now ? { after: now } : {}) };
}

/** Whether the oldest commit that is here has parents that are not: where a shallow clone ends. */
async function isCut(repository: Repository, oldest: LogCommit): Promise<boolean> {
  if (oldest.parents.length > 0) return true;
  const file = join(repository.store, "shallow");
  return existsSync(file) && readFileSync(file, "latin1").split("\n").includes(oldest.id);
}

/** The short name of the remote's default branch; without a remote, of the branch that is checked out. Undefined for neither. */
export async function remoteHead(repository: Repository, options: FetchOptions): Promise<string | undefined> {
  if (options.fetch && remoteUrl(repository) !== undefined) {
    const args = ["--git-dir", repository.store, "ls-remote", "--symref", "origin", "HEAD"];
    const result = await runGit(repository.machine, args, remoteRun(repository, options));
    if (result.exitCode !== 0) throw fetchError("the default branch", repository, result, options);
    const found = /^ref: refs\/heads\/(\S+)\tHEAD$/m.exec(result.stdout.toString("utf8"))?.[1];
    if (found !== undefined) return found;
  }
  const here = await repository.git(["symbolic-ref", "--quiet", "--short", "HEAD"]);
  return here.exitCode === 0 ? here.stdout.toString("utf8").trim() : undefined;
}
