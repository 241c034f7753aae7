import { ToolError } from "@gitops-actions/report";
import { quoteName } from "./name.ts";
import { reasonOf, runGit } from "./process.ts";
import { type FetchOptions, fetchError, remoteRun } from "./remote.ts";
import type { Repository } from "./repository.ts";

/** A file of the new commit: its bytes, or an object that is here already. The mode stays; a new file is 100644. */
export type FileWrite =
  | { path: string; bytes: Uint8Array }
  | { path: string; blob: string }
  | { path: string; remove: true };

export interface CommitParts {
  /** Full id of the commit the new one stands on. */
  parent: string;
  files: readonly FileWrite[];
  message: string;
  author: { name: string; email: string };
  /** Author's and committer's date: the same parts make the same commit. */
  date: Date;
}

/**
 * Makes a commit and returns its id. It lies in the repository's own store: the person's clone is not touched.
 * The id of the parent is returned when nothing would change.
 */
export async function makeCommit(repository: Repository, parts: CommitParts): Promise<string> {
  const { parent, message, author, date } = parts;
  const index = `${repository.store}/index-${parent.slice(0, 12)}-${++indexes}`;
  const git = async (
    args: readonly string[],
    stdin?: string | Uint8Array,
    env: Record<string, string> = {},
  ) => {
    const run = { ...(stdin === undefined ? {} : { stdin }), env: { GIT_INDEX_FILE: index, ...env } };
    const result = await runGit(repository.machine, ["--git-dir", repository.store, ...args], run);
    if (result.exitCode === 0) return result.stdout.toString("utf8").trim();
    throw new ToolError("git/commit", `a commit on ${parent} could not be made: ${reasonOf(result)}`);
  };
  await git(["read-tree", parent]);
  const lines: string[] = [];
  for (const file of parts.files) lines.push(await indexLine(parent, file, git));
  // Names may hold anything but NUL: they go in through a pipe that ends each with one.
  await git(["update-index", "-z", "--index-info"], lines.map((line) => `${line}\0`).join(""));
  const tree = await git(["write-tree"]);
  if (tree === (await git(["rev-parse", `${parent}^{tree}`]))) return parent;
  const stamp = `${Math.floor(date.getTime() / 1000)} +0000`;
  const who = (role: string) => ({
    [`GIT_${role}_NAME`]: author.name,
    [`GIT_${role}_EMAIL`]: author.email,
    [`GIT_${role}_DATE`]: stamp,
  });
  return await git(["commit-tree", tree, "-p", parent], `${message.trimEnd()}\n`, {
    ...who("AUTHOR"),
    ...who("COMMITTER"),
  });
}

let indexes = 0;

type Git = (args: readonly string[], stdin?: string | Uint8Array) => Promise<string>;

async function indexLine(parent: string, file: FileWrite, git: Git): Promise<string> {
  if ("remove" in file) return `0 ${"0".repeat(parent.length)}\t${file.path}`;
  const listed = await git(["ls-tree", "-z", parent, "--", file.path]);
  const mode = /^(100\d{3}) blob /.exec(listed)?.[1] ?? "100644";
  if (listed !== "" && !/^100\d{3} blob /.test(listed))
    throw new ToolError(
      "git/not-a-file",
      `${quoteName(file.path)} is no ordinary file; only those are written`,
    );
  const blob = "blob" in file ? file.blob : await git(["hash-object", "-w", "--stdin"], file.bytes);
  return `${mode} ${blob}\t${file.path}`;
}

/** What became of a push: `moved` when the ref was not where it was expected, `refused` when the server declined. */
export type PushResult = { kind: "done" } | { kind: "moved" } | { kind: "refused"; reason: string };

/**
 * Sets a ref of the remote (full name) if it still is where it was read, `expected` undefined for one that is not there.
 * A push whose answer got lost is read back: it is done if the ref is where it should be. Undefined `to` deletes the ref.
 * Throws ToolError when the remote cannot be reached.
 */
export async function pushRef(
  repository: Repository,
  ref: string,
  expected: string | undefined,
  to: string | undefined,
  options: FetchOptions,
): Promise<PushResult> {
  const lease = `--force-with-lease=${ref}:${expected ?? ""}`;
  const args = [
    "--git-dir",
    repository.store,
    "push",
    "--porcelain",
    "--no-verify",
    "--no-recurse-submodules",
    lease,
    "origin",
    `${to ?? ""}:${ref}`,
  ];
  const result = await runGit(repository.machine, args, remoteRun(repository, options));
  if (result.exitCode === 0) return { kind: "done" };
  const said = `${result.stdout.toString("utf8")}\n${result.stderr}`;
  const now = (await remoteRefs(repository, [ref], options)).get(ref);
  if (now === to) return { kind: "done" };
  if (now !== expected) return { kind: "moved" };
  if (/\[(?:remote )?rejected\]|pre-receive hook declined|protected branch|GH0\d\d/i.test(said)) {
    return { kind: "refused", reason: refusalOf(said) };
  }
  throw fetchError(`the push to ${ref}`, repository, result, options);
}

function refusalOf(said: string): string {
  const lines = said.split("\n").map((line) => line.replace(/^remote: ?/, "").trim());
  const telling = lines.filter((line) =>
    /GH0\d\d|protected|declined|required|not allowed|denied/i.test(line),
  );
  return (telling.length > 0 ? telling : lines.filter(Boolean)).slice(0, 3).join(" ");
}

/** Where refs of the remote (full names, or patterns of ls-remote) are now. */
export async function remoteRefs(
  repository: Repository,
  patterns: readonly string[],
  options: FetchOptions,
): Promise<Map<string, string>> {
  const args = ["--git-dir", repository.store, "ls-remote", "--refs", "origin", ...patterns];
  const result = await runGit(repository.machine, args, remoteRun(repository, options));
  if (result.exitCode !== 0) throw fetchError("the list of refs", repository, result, options);
  const refs = new Map<string, string>();
  for (const line of result.stdout.toString("utf8").split("\n")) {
    const [id, ref] = line.split("\t");
    if (id && ref) refs.set(ref, id);
  }
  return refs;
}
