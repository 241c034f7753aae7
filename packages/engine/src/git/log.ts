import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { History, LogChange, LogCommit } from "@gitops-actions/fleet";
import { ToolError } from "@gitops-actions/report";
import { decodeName } from "./name.ts";
import { reasonOf } from "./process.ts";
import type { Repository } from "./repository.ts";
import { kindOf, treeAt } from "./tree.ts";

/** The history of a repository: one `git log` for a branch, and objects through the repository's one batch process. */
export function gitHistory(repository: Repository): History {
  return {
    async log(tip) {
      const commits = await firstParentLog(repository, tip);
      const last = commits.at(-1);
      return { commits, cut: last !== undefined && (await isCut(repository, last)) };
    },
    tree: (commit) => treeAt(repository, commit),
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

/** The first-parent history of a commit (full id), newest first, with what each changes against its first parent. */
export async function firstParentLog(repository: Repository, tip: string): Promise<LogCommit[]> {
  const result = await repository.git([
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
  const file = join(repository.commonDir, "shallow");
  return existsSync(file) && readFileSync(file, "latin1").split("\n").includes(oldest.id);
}
