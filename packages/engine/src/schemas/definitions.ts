import type { Tree } from "@gitops-actions/fleet";
import { compareText } from "@gitops-actions/manifest";
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

/** Where definitions are looked for: a tree, and its commit; the working tree when that is null. */
export interface Searched {
  tree: Tree;
  commit: string | null;
}

/** More files than this are Git's to search: a read each would cost more than its one process. */
const fewFiles = 500;

/**
 * YAML and JSON files that name a kind that defines kinds, sorted by path, of the tree and of the one it is compared
 * with. Git looks for the words: reading every file of a large fleet here would take seconds. Of the other tree only
 * what differs is looked at, since the same bytes have the same words.
 */
export async function findDefinitionFiles(
  repository: Repository,
  head: Searched,
  base?: Searched,
): Promise<{ head: DefinitionFile[]; base: DefinitionFile[] }> {
  const found = await searchWithGit(repository, head);
  if (!base) return { head: found, base: [] };
  const sameAtHead = new Set(found.map(({ path }) => path));
  const paths: string[] = [];
  const differing: string[] = [];
  for (const { path, kind, id } of base.tree.entries()) {
    if (kind !== "file" || !isManifest(path)) continue;
    const there = head.tree.get(path);
    if (there?.kind !== "file" || there.id !== id) differing.push(path);
    else if (sameAtHead.has(path)) paths.push(path);
  }
  if (differing.length > fewFiles) return { head: found, base: await searchWithGit(repository, base) };
  const files = [
    ...(await readAll(base.tree, paths)),
    ...(await readAll(base.tree, differing)).filter(isDefinition),
  ];
  return { head: found, base: files.toSorted((a, b) => compareText(a.path, b.path)) };
}

async function searchWithGit(repository: Repository, { tree, commit }: Searched): Promise<DefinitionFile[]> {
  const what = commit === null ? ["--untracked"] : [commit];
  // -a: a file that .gitattributes calls binary is looked at as well.
  const args = ["grep", "-l", "-z", "-a", "-F", ...words.flatMap((word) => ["-e", word]), ...what];
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
  return (await readAll(tree, paths)).filter(isDefinition);
}

function isDefinition({ text }: DefinitionFile): boolean {
  return words.some((word) => text.includes(word));
}

async function readAll(tree: Tree, paths: readonly string[]): Promise<DefinitionFile[]> {
  const files: DefinitionFile[] = [];
  for (const path of [...paths].sort()) {
    if (tree.get(path)?.kind !== "file") continue;
    files.push({ path, text: new TextDecoder().decode(await tree.read(path)) });
  }
  return files;
}
