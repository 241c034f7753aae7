import type { Unchecked } from "@gitops-actions/report";
import { mentionsPolicies } from "../check-inputs.ts";
import { type Resolved, resolvePath } from "../resolve.ts";
import type { Tree } from "../tree.ts";

/** A file that may hold policies: by the name under which it stands with them, and by the one where it really lies. */
export interface PolicyFile {
  path: string;
  real: string;
}

const readable = /\.(?:rego|ya?ml|json)$/;

/**
 * The files of a tree that are wanted and that engines would read. Links are followed inside the repository; what they
 * lead to is read once, under its own name where that is wanted too. What is left out with its reason goes to `aside`.
 */
export async function policyFiles(
  tree: Tree,
  wanted: (path: string) => boolean,
  aside: Unchecked[],
): Promise<PolicyFile[]> {
  const found = new Map<string, PolicyFile>();
  const links: string[] = [];
  for (const { path, kind } of tree.entries()) {
    if (!wanted(path)) continue;
    if (kind === "symlink") links.push(path);
    else if (kind === "file" && readable.test(path)) found.set(path, { path, real: path });
    else if (kind === "file" && (await isMisnamed(tree, path))) aside.push(misnamed(path));
  }
  for (const link of links) await follow(tree, link, link, found, aside);
  return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** `name` is what a link is called from outside, where it lies behind another one. */
async function follow(
  tree: Tree,
  link: string,
  name: string,
  found: Map<string, PolicyFile>,
  aside: Unchecked[],
  seen: ReadonlySet<string> = new Set(),
): Promise<void> {
  const target = await resolvePath(tree, link);
  if (target.kind !== "found") {
    // A link to a picture or a page is nobody's policy.
    if (readable.test(link) || !/\.\w+$/.test(link)) aside.push(lost(name, target));
    return;
  }
  if (target.entry.kind === "file") {
    if (readable.test(name) && !found.has(target.path))
      found.set(target.path, { path: name, real: target.path });
    return;
  }
  if (seen.has(target.path)) return;
  const inside = new Set([...seen, target.path]);
  for (const { path, kind } of below(tree, target.path)) {
    const own = `${name}/${target.path === "" ? path : path.slice(target.path.length + 1)}`;
    if (kind === "symlink") await follow(tree, path, own, found, aside, inside);
    else if (readable.test(path) && !found.has(path)) found.set(path, { path: own, real: path });
  }
}

function below(tree: Tree, folder: string): { path: string; kind: string }[] {
  return tree
    .children(folder)
    .flatMap((entry) => (entry.kind === "directory" ? below(tree, entry.path) : [entry]))
    .filter(({ kind }) => kind === "file" || kind === "symlink");
}

/** Whether a file is one that engines leave out for nothing but the case of its ending. */
async function isMisnamed(tree: Tree, path: string): Promise<boolean> {
  if (!/\.(?:rego|ya?ml|json)$/i.test(path)) return false;
  return /\.rego$/i.test(path) || mentionsPolicies(new TextDecoder().decode(await tree.read(path)));
}

function misnamed(path: string): Unchecked {
  const better = path.replace(/\.\w+$/, (ending) => ending.toLowerCase());
  const message = `files are read by endings in lower case, so it was not; call it ${better}`;
  return { kind: "policy", id: path, code: "file-ending", message };
}

function lost(link: string, target: Exclude<Resolved, { kind: "found" }>): Unchecked {
  const why =
    target.kind === "escape"
      ? target.reason.replace(/^is a link/, "it is a link")
      : target.kind === "submodule"
        ? `it leads into the submodule ${target.path}`
        : target.blocker
          ? `${target.blocker} stands in the way`
          : `it leads to ${target.missing}, which does not exist`;
  const message = `a link that was not followed: ${why}. Put the file itself here, or name its folder with \`policy\``;
  return { kind: "policy", id: link, code: "link", message };
}
