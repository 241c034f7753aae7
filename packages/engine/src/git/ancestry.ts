import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ToolError } from "@gitops-actions/report";
import { requireFetch } from "./fetch.ts";
import { type GitResult, runGit } from "./process.ts";
import { type FetchOptions, fetchError, remoteRun } from "./remote.ts";
import type { Repository } from "./repository.ts";
import { makeStore } from "./store.ts";

/** How far back the history is fetched, step by step, to find where two commits parted. Commits only, no files. */
const depths = [64, 512, 4096, 32_768];

export interface MergeBase {
  commit: string;
  /** How many equally good merge bases there are; more than one after criss-cross merges. */
  candidates: number;
}

type Runner = (args: readonly string[]) => Promise<GitResult>;

/**
 * The commit from which `a` and `b` (full ids) parted; undefined when they have no common history.
 * In a shallow checkout history is fetched until the answer is certain: a common ancestor that is near can hide a
 * nearer one behind a commit whose parents are missing. Several candidates are put in Git's own order, the first taken.
 */
export async function mergeBase(
  repository: Repository,
  a: string,
  b: string,
  options: FetchOptions,
): Promise<MergeBase | undefined> {
  if (a === b) return { commit: a, candidates: 1 };
  const local = await certainBase((args) => repository.git(args), a, b, shallowCommits(repository.commonDir));
  if (local !== "unknown") return local;

  requireFetch(repository, `the history between ${a} and ${b}`, options);
  const store = makeStore(repository.machine, repository.objectFormat, repository.commonDir);
  const inStore: Runner = (args) => runGit(repository.machine, ["--git-dir", store, ...args]);
  const wanted = await boundary(repository, a, b);
  for (const depth of depths) {
    const args = [
      "--git-dir",
      store,
      "-c",
      "fetch.negotiationAlgorithm=noop",
      "fetch",
      "--quiet",
      "--no-tags",
    ];
    const result = await runGit(
      repository.machine,
      [...args, "--no-write-fetch-head", `--depth=${depth}`, "--filter=tree:0", "origin", ...wanted],
      remoteRun(repository, options),
    );
    if (result.exitCode !== 0)
      throw fetchError(`the history of ${wanted.join(" and ")}`, repository, result, options);
    const found = await certainBase(inStore, a, b, shallowCommits(store));
    if (found !== "unknown") return found;
  }
  throw new ToolError(
    "git/history-too-deep",
    `where ${a} and ${b} parted is not within ${depths.at(-1)} commits. Check out the whole history (fetch-depth: 0).`,
  );
}

/** "unknown" when commits are missing that could change the answer. */
async function certainBase(
  git: Runner,
  a: string,
  b: string,
  shallow: ReadonlySet<string>,
): Promise<MergeBase | undefined | "unknown"> {
  const result = await git(["merge-base", "--all", a, b]);
  if (result.exitCode > 1) return "unknown";
  const bases = linesOf(result);
  // Git's merge-base passes over commits it cannot read; rev-list fails on them.
  const between = await git(["rev-list", a, b, "--not", ...bases]);
  if (between.exitCode !== 0 || linesOf(between).some((line) => shallow.has(line))) return "unknown";
  const [commit] = bases;
  return commit === undefined ? undefined : { commit, candidates: bases.length };
}

/** What to ask the server for: each side that is absent, and for one that is here the commits where its history is cut. */
async function boundary(repository: Repository, a: string, b: string): Promise<string[]> {
  const shallow = shallowCommits(repository.commonDir);
  const wanted = new Set<string>();
  for (const side of [a, b]) {
    const known = await repository.git(["rev-list", side, "--"]);
    if (known.exitCode !== 0) {
      wanted.add(side);
      continue;
    }
    for (const commit of linesOf(known)) if (shallow.has(commit)) wanted.add(commit);
  }
  return [...wanted].sort();
}

function linesOf(result: GitResult): string[] {
  return result.stdout.toString("latin1").split("\n").filter(Boolean);
}

function shallowCommits(gitDir: string): ReadonlySet<string> {
  const file = join(gitDir, "shallow");
  return new Set(existsSync(file) ? readFileSync(file, "latin1").split("\n").filter(Boolean) : []);
}
