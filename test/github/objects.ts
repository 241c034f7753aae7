import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";

const zeros = "0".repeat(40);
const who = { name: "GitHub", email: "noreply@github.com" };

/** The bare repository behind the API: what GitHub does in it by itself. */
export interface Objects {
  tip(branch: string): string | undefined;
  /** Makes a commit on a branch that is at `tip`, every file with mode 100644; undefined when the branch has moved. */
  commit(
    branch: string,
    tip: string,
    message: string,
    additions: readonly { path: string; contents: string }[],
    deletions: readonly { path: string }[],
  ): string | undefined;
  /** Merges a branch into another by a merge commit; undefined when that conflicts. */
  merge(head: string, base: string, message: string): string | undefined;
}

export function openObjects(repository: string): Objects {
  const git = (args: readonly string[], input?: string | Buffer, env: Record<string, string> = {}): string =>
    execFileSync("git", ["--git-dir", repository, ...args], {
      input: input ?? "",
      stdio: ["pipe", "pipe", "pipe"],
      encoding: "utf8",
      env: {
        PATH: process.env.PATH ?? "",
        GIT_CONFIG_NOSYSTEM: "1",
        GIT_CONFIG_GLOBAL: "/dev/null",
        GIT_AUTHOR_NAME: "gitops[bot]",
        GIT_AUTHOR_EMAIL: "bot@example.com",
        GIT_COMMITTER_NAME: who.name,
        GIT_COMMITTER_EMAIL: who.email,
        ...env,
      },
    }).trim();
  const tip = (branch: string) =>
    git(["for-each-ref", "--format=%(objectname)", `refs/heads/${branch}`]) || undefined;
  const update = (branch: string, to: string, from: string): string | undefined => {
    try {
      git(["update-ref", `refs/heads/${branch}`, to, from]);
      return to;
    } catch {
      return undefined;
    }
  };
  return {
    tip,
    commit(branch, expected, message, additions, deletions) {
      if (tip(branch) !== expected) return undefined;
      const index = join(repository, `index-${randomBytes(6).toString("hex")}`);
      try {
        const env = { GIT_INDEX_FILE: index };
        git(["read-tree", expected], undefined, env);
        const lines = [
          ...additions.map(({ path, contents }) => {
            const blob = git(["hash-object", "-w", "--stdin"], Buffer.from(contents, "base64"));
            return `100644 ${blob}\t${path}\0`;
          }),
          ...deletions.map(({ path }) => `0 ${zeros}\t${path}\0`),
        ];
        git(["update-index", "-z", "--index-info"], lines.join(""), env);
        const tree = git(["write-tree"], undefined, env);
        return update(branch, git(["commit-tree", tree, "-p", expected], `${message}\n`), expected);
      } finally {
        rmSync(index, { force: true });
      }
    },
    merge(head, base, message) {
      const [ours, theirs] = [tip(base), tip(head)];
      if (!ours || !theirs) return undefined;
      try {
        const tree = git(["merge-tree", "--write-tree", ours, theirs]).split("\n")[0]!;
        return update(base, git(["commit-tree", tree, "-p", ours, "-p", theirs], `${message}\n`), ours);
      } catch {
        return undefined;
      }
    },
  };
}
