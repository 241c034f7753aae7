import type { Tree } from "@gitops-actions/fleet";
import { nearest } from "@gitops-actions/report";

/**
 * What a path that does not exist was most likely meant to be: the first part of it that is not there misspelt, else the
 * only file of its name in the repository. Undefined where neither is.
 */
export function nearestPath(tree: Tree, path: string): string | undefined {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) return undefined;
  let folder = "";
  for (const [index, part] of parts.entries()) {
    const here = join(folder, part);
    if (tree.get(here)) {
      folder = here;
      continue;
    }
    const near = nearest(
      part,
      namesIn(tree, folder).filter((name) => mayMean(part, name)),
    );
    if (near === undefined) break;
    const meant = join(folder, near);
    const rest = join(meant, parts.slice(index + 1).join("/"));
    return tree.get(rest) ? rest : index === parts.length - 1 ? meant : nearestPath(tree, rest);
  }
  return onlyNamed(tree, parts.at(-1) ?? "");
}

/** Of short names another first letter makes another word: b.yaml is no misspelt a.yaml. */
function mayMean(written: string, name: string): boolean {
  return written.replace(/\.\w+$/, "").length > 3 || written[0]?.toLowerCase() === name[0]?.toLowerCase();
}

function namesIn(tree: Tree, folder: string): string[] {
  return tree.children(folder).map(({ path }) => path.slice(path.lastIndexOf("/") + 1));
}

function onlyNamed(tree: Tree, name: string): string | undefined {
  const found = [...tree.entries()].filter(({ path }) => path.slice(path.lastIndexOf("/") + 1) === name);
  return found.length === 1 ? found[0]!.path : undefined;
}

function join(folder: string, name: string): string {
  return folder === "" || name === "" ? folder + name : `${folder}/${name}`;
}
