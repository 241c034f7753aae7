import { ToolError } from "@gitops-actions/report";
import { reasonOf, runGit } from "./process.ts";
import type { Repository } from "./repository.ts";
import type { CommitParts } from "./write.ts";

export interface MergeParts extends Omit<CommitParts, "parent" | "files"> {
  /** Full ids: the branch that is merged into, and what is merged. */
  ours: string;
  theirs: string;
  /** The tree that stands for `ours`, where it is not its own: full id of a commit that stands on `ours`. */
  prepared?: string;
  /** Paths that stay as `ours` has them, whatever the merge makes of them. */
  keep: (path: string) => boolean;
}

/** What became of a merge. `nothing`: all of it is there already, or only what is kept differs. */
export type MergeResult =
  | { kind: "done"; commit: string }
  | { kind: "nothing" }
  | { kind: "conflict"; paths: string[] }
  | { kind: "unrelated" };

/**
 * Merges one commit into another by Git's own three-way merge, without a checkout, and makes the merge commit in the
 * repository's own store. Throws ToolError when Git fails or is older than 2.38.
 */
export async function makeMerge(repository: Repository, parts: MergeParts): Promise<MergeResult> {
  const { ours, theirs, prepared = ours, keep, message, author, date } = parts;
  const run = (args: readonly string[], more: { stdin?: string; env?: Record<string, string> } = {}) =>
    runGit(repository.machine, ["--git-dir", repository.store, ...args], more);
  const git = async (
    args: readonly string[],
    more: { stdin?: string; env?: Record<string, string> } = {},
  ) => {
    const result = await run(args, more);
    if (result.exitCode === 0) return result.stdout.toString("utf8");
    throw new ToolError("git/merge", `${theirs} could not be merged into ${ours}: ${reasonOf(result)}`);
  };
  if ((await run(["merge-base", "--is-ancestor", theirs, ours])).exitCode === 0) return { kind: "nothing" };
  if ((await run(["merge-base", ours, theirs])).exitCode !== 0) return { kind: "unrelated" };
  const merged = await run([
    "merge-tree",
    "--write-tree",
    "-z",
    "--name-only",
    "--no-messages",
    prepared,
    theirs,
  ]);
  if (merged.exitCode > 1)
    throw new ToolError(
      "git/merge",
      `${theirs} could not be merged into ${ours}: ${reasonOf(merged)} (Git 2.38 or newer is needed)`,
    );
  const [tree = "", ...conflicts] = merged.stdout.toString("utf8").split("\0").filter(Boolean);
  const paths = [...new Set(conflicts)].filter((path) => !keep(path)).sort();
  if (paths.length > 0) return { kind: "conflict", paths };
  const index = `${repository.store}/index-merge-${ours.slice(0, 12)}-${theirs.slice(0, 12)}`;
  const env = { GIT_INDEX_FILE: index };
  await git(["read-tree", tree], { env });
  const [now, own] = await Promise.all([listed(git, tree), listed(git, ours)]);
  const lines = [...new Set([...now.keys(), ...own.keys()])]
    .filter((path) => keep(path) && now.get(path) !== own.get(path))
    .map((path) => `${own.get(path) ?? `0 ${"0".repeat(ours.length)}`}\t${path}\0`);
  if (lines.length > 0) await git(["update-index", "-z", "--index-info"], { env, stdin: lines.join("") });
  const result = (await git(["write-tree"], { env })).trim();
  if (result === (await git(["rev-parse", `${ours}^{tree}`])).trim()) return { kind: "nothing" };
  const stamp = `${Math.floor(date.getTime() / 1000)} +0000`;
  const who = (role: string) => ({
    [`GIT_${role}_NAME`]: author.name,
    [`GIT_${role}_EMAIL`]: author.email,
    [`GIT_${role}_DATE`]: stamp,
  });
  const commit = await git(["commit-tree", result, "-p", ours, "-p", theirs], {
    stdin: `${message.trimEnd()}\n`,
    env: { ...who("AUTHOR"), ...who("COMMITTER") },
  });
  return { kind: "done", commit: commit.trim() };
}

/**
 * The first-parent history of a commit as far as another (both full ids) does not contain it: newest first, at most `most`,
 * with the committer's dates in seconds since 1970.
 */
export async function commitsBeyond(
  repository: Repository,
  tip: string,
  other: string,
  most: number,
): Promise<{ id: string; committed: number }[]> {
  const args = ["rev-list", "--first-parent", "--no-commit-header", "--format=%H %ct", `--max-count=${most}`];
  const result = await runGit(repository.machine, ["--git-dir", repository.store, ...args, tip, `^${other}`]);
  if (result.exitCode !== 0)
    throw new ToolError("git/log", `what ${other} lacks of ${tip} cannot be listed: ${reasonOf(result)}`);
  const lines = result.stdout.toString("latin1").split("\n").filter(Boolean);
  return lines.map((line) => ({ id: line.split(" ")[0]!, committed: Number(line.split(" ")[1]) }));
}

/** Where two commits (full ids) parted, in a history that is here as a whole; undefined when they have none in common. */
export async function commonCommit(
  repository: Repository,
  a: string,
  b: string,
): Promise<string | undefined> {
  const result = await runGit(repository.machine, ["--git-dir", repository.store, "merge-base", a, b]);
  return result.exitCode === 0 ? result.stdout.toString("latin1").trim() : undefined;
}

/** A commit that puts another commit's files on top of a parent: what a step from one to the other changes. */
export async function makeStep(repository: Repository, parent: string, commit: string): Promise<string> {
  const who = (role: string) => ({
    [`GIT_${role}_NAME`]: "gitops-actions",
    [`GIT_${role}_EMAIL`]: "gitops-actions@users.noreply.github.com",
    [`GIT_${role}_DATE`]: "946684800 +0000",
  });
  const args = ["commit-tree", `${commit}^{tree}`, "-p", parent, "-m", "step"];
  const env = { ...who("AUTHOR"), ...who("COMMITTER") };
  const result = await runGit(repository.machine, ["--git-dir", repository.store, ...args], { env });
  if (result.exitCode === 0) return result.stdout.toString("latin1").trim();
  throw new ToolError("git/commit", `a commit on ${parent} could not be made: ${reasonOf(result)}`);
}

/** Modes and ids as `update-index --index-info` reads them, by path. */
async function listed(
  git: (args: readonly string[]) => Promise<string>,
  tree: string,
): Promise<Map<string, string>> {
  const entries = (await git(["ls-tree", "-r", "-z", tree])).split("\0").filter(Boolean);
  return new Map(
    entries.map((entry): [string, string] => {
      const [head = "", path = ""] = [
        entry.slice(0, entry.indexOf("\t")),
        entry.slice(entry.indexOf("\t") + 1),
      ];
      const [mode, , id] = head.split(" ");
      return [path, `${mode} ${id}`];
    }),
  );
}
