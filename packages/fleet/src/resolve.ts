import type { Entry, Tree } from "./tree.ts";

/** What a path of the repository leads to when links are followed, and every entry passed on the way. */
export type Resolved =
  /**
   * `path` is the real one, free of links; `links` are the symlinks that were traversed, in order. `passed` are
   * folders that a link's target enters and leaves again by `..`: they must be there.
   */
  | { kind: "found"; path: string; entry: Entry; links: string[]; passed?: string[] }
  /**
   * `missing` is the first name that does not exist (everything behind it was not looked at). `blocker` is the file
   * that stands where a folder was needed, or the link that leads to itself.
   */
  | { kind: "absent"; missing: string; links: string[]; blocker?: string }
  /** `reason` completes "PATH ..."; `link` is the symlink to blame, when it was one. */
  | { kind: "escape"; reason: string; links: string[]; link?: string }
  /** The path leads into a submodule, whose contents this repository does not hold. */
  | { kind: "submodule"; path: string; links: string[] };

// filepath.EvalSymlinks of Go gives up after 255 links.
const maxLinks = 255;
const text = new TextDecoder();

/**
 * Joins like Go's `filepath.Join`: `..` is taken lexically, before any link is followed. Undefined when the result
 * is above the repository root or absolute. The root itself is "".
 */
export function joinPath(folder: string, path: string): string | undefined {
  if (path.startsWith("/")) return undefined;
  const parts = folder === "" ? [] : folder.split("/");
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.join("/");
}

/** Follows `path` (taken from `folder`, a real folder of the tree) to what it means, inside the tree. */
export async function resolvePath(tree: Tree, path: string, folder = ""): Promise<Resolved> {
  if (path.startsWith("/")) return { kind: "escape", reason: "is absolute", links: [] };
  const joined = joinPath(folder, path);
  if (joined === undefined) return { kind: "escape", reason: "leads above the repository root", links: [] };
  const entry = entryAt(tree, joined);
  if (entry && (entry.kind === "file" || entry.kind === "directory")) {
    return { kind: "found", path: joined, entry, links: [] };
  }
  return walk(tree, joined);
}

/** The entry of a path, with one for the root even where the tree has none. */
export function entryAt(tree: Tree, path: string): Entry | undefined {
  return (
    tree.get(path) ?? (path === "" ? { path: "", kind: "directory", id: "", executable: false } : undefined)
  );
}

/** The folder of a path: "" for a name at the root. */
export function folderOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}

/** The last name of a path. */
export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

async function walk(tree: Tree, path: string): Promise<Resolved> {
  const links: string[] = [];
  const passed: string[] = [];
  const rest = path.split("/").reverse();
  let at = "";
  for (let part = rest.pop(); part !== undefined; part = rest.pop()) {
    if (part === "" || part === ".") continue;
    if (part === "..") {
      // Only a link's target brings ".." here, and there it is meant physically.
      if (at === "")
        return { kind: "escape", reason: "leads above the repository root", links, ...lastOf(links) };
      // The folders above the link are there because it is.
      if (!`${links.at(-1)}/`.startsWith(`${at}/`)) passed.push(at);
      at = folderOf(at);
      continue;
    }
    const next = at === "" ? part : `${at}/${part}`;
    const entry = tree.get(next);
    if (!entry) {
      const here = entryAt(tree, at);
      return { kind: "absent", missing: next, links, ...(here?.kind === "file" ? { blocker: at } : {}) };
    }
    if (entry.kind === "submodule") return { kind: "submodule", path: next, links };
    if (entry.kind !== "symlink") {
      at = next;
      continue;
    }
    links.push(next);
    if (links.length > maxLinks) {
      return { kind: "absent", missing: path, links: [...new Set(links)], blocker: next };
    }
    const target = text.decode(await tree.read(next));
    if (target.startsWith("/"))
      return { kind: "escape", reason: `is a link to ${target}`, links, link: next };
    rest.push(...target.split("/").reverse());
  }
  const entry = entryAt(tree, at);
  if (!entry) return { kind: "absent", missing: at, links };
  return { kind: "found", path: at, entry, links, ...(passed.length > 0 ? { passed } : {}) };
}

function lastOf(links: string[]): { link?: string } {
  const link = links.at(-1);
  return link === undefined ? {} : { link };
}
