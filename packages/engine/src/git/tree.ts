import type { Entry, Tree } from "@gitops-actions/fleet";
import { ToolError } from "@gitops-actions/report";
import { withoutPointer } from "./lfs.ts";
import { makeTree } from "./listing.ts";
import { decodeName, quoteName } from "./name.ts";
import { fetchConfiguration, fetchLate, fetchTrees } from "./partial.ts";
import { reasonOf, runGit } from "./process.ts";
import type { Repository } from "./repository.ts";

const trees = new WeakMap<Repository, Map<string, Promise<Tree>>>();

/**
 * The tree of a commit, given by its full id; the same tree when asked again. Names that are not valid UTF-8 carry lone
 * surrogates (see `decodeName`). Throws ToolError when the commit or one of its trees is not in the repository.
 */
export function treeAt(repository: Repository, commit: string): Promise<Tree> {
  const known = trees.get(repository) ?? new Map<string, Promise<Tree>>();
  trees.set(repository, known);
  let tree = known.get(commit);
  if (!tree) {
    tree = readTree(repository, commit);
    tree.catch(() => known.delete(commit));
    known.set(commit, tree);
  }
  return tree;
}

async function readTree(repository: Repository, commit: string): Promise<Tree> {
  const object = await repository.object(commit);
  const root = object && /^tree ([0-9a-f]+)$/m.exec(object.bytes.toString("latin1"))?.[1];
  if (object?.type !== "commit" || root === undefined) {
    throw new ToolError("git/commit-missing", `commit ${commit} is not in the repository`);
  }
  const args = ["--git-dir", repository.store, "ls-tree", "-r", "-t", "-z", "--full-tree", root];
  let listed = await runGit(repository.machine, args);
  if (listed.exitCode !== 0) {
    await fetchTrees(repository, commit);
    listed = await runGit(repository.machine, args);
  }
  if (listed.exitCode !== 0) {
    throw new ToolError(
      "git/tree-missing",
      `the files of commit ${commit} cannot be listed: ${reasonOf(listed)}`,
    );
  }
  const entries = parseLsTree(listed.stdout);
  await fetchConfiguration(repository, entries);
  entries.push({ path: "", kind: "directory", id: root, executable: false });
  const name = `commit ${commit.slice(0, 7)}`;
  return makeTree(name, entries, (entry) => readBlob(repository, entry, name));
}

/**
 * The bytes of a blob; of an LFS pointer, the file it stands for, where that is known.
 * Throws ToolError when the repository lacks it (partial clone) or it is too large.
 */
export async function readBlob(repository: Repository, entry: Entry, name: string): Promise<Uint8Array> {
  let object = await repository.object(entry.id);
  if (!object) {
    await fetchLate(repository, entry.id);
    object = await repository.object(entry.id);
  }
  if (object) return entry.kind === "file" ? await withoutPointer(repository, object.bytes) : object.bytes;
  throw new ToolError(
    "git/object-missing",
    `${quoteName(entry.path)} of ${name} is not in this partial clone. ` +
      "Allow fetching, or check out without `filter` and `sparse-checkout`.",
  );
}

/** What `git ls-tree -r -t -z` prints: `<mode> <type> <id>\t<path>\0`. */
export function parseLsTree(output: Buffer): Entry[] {
  const text = output.toString("utf8");
  // Names in any bytes are rare: the slow way only where decoding lost something.
  const clean = !text.includes("\uFFFD");
  const entries: Entry[] = [];
  for (let at = 0; ; ) {
    const end = clean ? text.indexOf("\0", at) : output.indexOf(0, at);
    if (end < 0) return entries;
    const line = clean ? text.slice(at, end) : decodeName(output.subarray(at, end));
    at = end + 1;
    const mode = line.slice(0, 6);
    const tab = line.indexOf("\t");
    entries.push({
      path: line.slice(tab + 1),
      kind: kindOf(mode),
      id: line.slice(line.lastIndexOf(" ", tab) + 1, tab),
      executable: mode === "100755",
    });
  }
}

/** The kind of entry that a six-digit mode of Git stands for. */
export function kindOf(mode: string): Entry["kind"] {
  if (mode === "040000") return "directory";
  if (mode === "120000") return "symlink";
  return mode === "160000" ? "submodule" : "file";
}
