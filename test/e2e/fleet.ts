import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeDemo } from "../../packages/cli/src/demo.ts";
import { root } from "../contract/source.ts";

/** Runs Git without anybody's configuration, as one and the same person at one and the same moment. */
export function git(cwd: string, ...args: string[]): string {
  const when = "2026-11-20T12:00:00Z";
  const env = {
    PATH: process.env.PATH,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_AUTHOR_NAME: "Test",
    GIT_AUTHOR_EMAIL: "test@shop.example.com",
    GIT_AUTHOR_DATE: when,
    GIT_COMMITTER_NAME: "Test",
    GIT_COMMITTER_EMAIL: "test@shop.example.com",
    GIT_COMMITTER_DATE: when,
  };
  return execFileSync("git", args, { cwd, env, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();
}

/** The example repository with its pull request's branch, as `npm start` makes it. */
export async function makeFleet(folder: string): Promise<{ folder: string; main: string; head: string }> {
  mkdirSync(folder, { recursive: true });
  const demo = await makeDemo(folder, join(root, "examples"), async (args, { cwd, env, stdin }) =>
    execFileSync("git", args, {
      cwd,
      env: { PATH: process.env.PATH, ...env },
      input: stdin ?? "",
      encoding: "utf8",
    }),
  );
  // act wants to know which repository on GitHub this is.
  git(folder, "remote", "add", "origin", "https://github.com/shop/fleet.git");
  return { folder, main: git(folder, "rev-parse", "main"), head: git(folder, "rev-parse", demo.head) };
}

/** Commits one replacement in one file on a new branch that starts at `from`, and returns the commit. */
export function commitEdit(
  folder: string,
  from: string,
  branch: string,
  path: string,
  before: string,
  after: string,
): string {
  git(folder, "checkout", "--quiet", "--force", "-B", branch, from);
  const text = readFileSync(join(folder, path), "utf8");
  if (!text.includes(before)) throw new Error(`${path} does not hold ${before}`);
  writeFileSync(join(folder, path), text.replace(before, after));
  git(folder, "commit", "--quiet", "--all", "--message", `Edit ${path}`);
  return git(folder, "rev-parse", "HEAD");
}

/** Checks out what GitHub makes of a pull request: refs/pull/N/merge, a merge of its head into the base. */
export function checkOutMerge(folder: string, base: string, head: string): string {
  git(folder, "checkout", "--quiet", "--force", "--detach", base);
  git(folder, "merge", "--quiet", "--no-ff", "--message", `Merge ${head} into ${base}`, head);
  return git(folder, "rev-parse", "HEAD");
}

/** A clone with nothing but the commit that is checked out in `folder`, which is its `origin`. */
export function cloneShallow(folder: string, into: string): string {
  git(folder, "update-ref", "refs/heads/checked-out", "HEAD");
  git(folder, "config", "uploadpack.allowAnySHA1InWant", "true");
  git(folder, "clone", "--quiet", "--depth=1", "--branch=checked-out", `file://${folder}`, into);
  git(into, "checkout", "--quiet", "--detach");
  return into;
}
