import type { Tree } from "@gitops-actions/fleet";
import { ToolError } from "@gitops-actions/report";
import { reasonOf } from "../git/process.ts";
import type { Repository } from "../git/repository.ts";

/** A file that may hold CustomResourceDefinitions, or templates that Gatekeeper makes some of. */
export interface DefinitionFile {
  /** Relative to the root of the tree. */
  path: string;
  text: string;
}

const words = ["CustomResourceDefinition", "ConstraintTemplate"];
const isManifest = (path: string): boolean => /\.(?:ya?ml|json)$/i.test(path);

/**
 * YAML and JSON files of a commit, or of the working tree when `commit` is null, that name a kind that defines kinds;
 * sorted by path. Git looks for the words: reading every file of a large fleet here would take seconds.
 */
export async function findDefinitionFiles(
  repository: Repository,
  tree: Tree,
  commit: string | null,
): Promise<DefinitionFile[]> {
  const what = commit === null ? ["--untracked"] : [commit];
  const args = ["grep", "-l", "-z", "-I", "-F", ...words.flatMap((word) => ["-e", word]), ...what];
  const found = await repository.git(args, commit === null ? { cwd: repository.root } : {});
  // 1: nothing found.
  if (found.exitCode > 1)
    throw new ToolError("git/grep", `Git could not look for definitions: ${reasonOf(found)}`);
  const prefix = commit === null ? "" : `${commit}:`;
  const paths = found.stdout
    .toString("utf8")
    .split("\0")
    .filter(Boolean)
    .map((path) => path.slice(prefix.length));
  return await readAll(tree, paths.filter(isManifest));
}

/** The same in a folder that is not in Git. */
export async function findDefinitionFilesIn(tree: Tree): Promise<DefinitionFile[]> {
  const paths = [...tree.entries()]
    .filter(({ kind, path }) => kind === "file" && isManifest(path))
    .map(({ path }) => path);
  return (await readAll(tree, paths)).filter(({ text }) => words.some((word) => text.includes(word)));
}

async function readAll(tree: Tree, paths: readonly string[]): Promise<DefinitionFile[]> {
  const files: DefinitionFile[] = [];
  for (const path of [...paths].sort()) {
    if (tree.get(path)?.kind !== "file") continue;
    files.push({ path, text: new TextDecoder().decode(await tree.read(path)) });
  }
  return files;
}
