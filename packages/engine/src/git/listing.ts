import type { Entry, Tree } from "@gitops-actions/fleet";

/** A tree from all its entries, directories and the root included, in any order. `read` gets a file's or symlink's entry. */
export function makeTree(
  name: string,
  entries: Iterable<Entry>,
  read: (entry: Entry) => Promise<Uint8Array>,
): Tree {
  const byPath = new Map<string, Entry>();
  for (const entry of entries) byPath.set(entry.path, entry);
  const paths = [...byPath.keys()].sort();
  const sorted = paths.map((path) => byPath.get(path)!);
  const below = new Map<string, Entry[]>();
  for (const entry of sorted) {
    if (entry.path === "") continue;
    const parent = parentOf(entry.path);
    const siblings = below.get(parent);
    if (siblings) siblings.push(entry);
    else below.set(parent, [entry]);
  }
  return {
    name,
    get: (path) => byPath.get(path),
    children: (path) => below.get(path) ?? [],
    entries: () => sorted,
    async read(path) {
      const entry = byPath.get(path);
      if (entry?.kind === "file" || entry?.kind === "symlink") return await read(entry);
      throw new Error(`${name} has no file named ${JSON.stringify(path)}`);
    },
  };
}

/** The directory that holds a path; "" for the root's own children. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}
