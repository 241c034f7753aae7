import { hash } from "node:crypto";
import type { Entry } from "@gitops-actions/fleet";
import { parentOf } from "./listing.ts";
import { encodeName } from "./name.ts";

export type ObjectFormat = "sha1" | "sha256";

/** The id Git gives to an object of these bytes, without writing it. */
export function objectId(format: ObjectFormat, type: "blob" | "tree", bytes: Uint8Array): string {
  return hash(format, Buffer.concat([Buffer.from(`${type} ${bytes.length}\0`), bytes]), "hex");
}

/** The same entries with every directory above them, root included, each with the id Git would give its tree. */
export function withDirectories(format: ObjectFormat, leaves: readonly Entry[]): Entry[] {
  const contents = new Map<string, Entry[]>([["", []]]);
  for (const leaf of leaves) {
    let entry = leaf;
    for (;;) {
      const parent = parentOf(entry.path);
      const siblings = contents.get(parent);
      if (siblings) {
        siblings.push(entry);
        break;
      }
      contents.set(parent, [entry]);
      entry = { path: parent, kind: "directory", id: "", executable: false };
    }
  }
  // Deepest first: a tree's id is made of its children's ids.
  const directories: Entry[] = [];
  const deepestFirst = [...contents].sort(([a], [b]) => depthOf(b) - depthOf(a));
  for (const [path, children] of deepestFirst) {
    const id = treeId(format, children);
    const known =
      path === "" ? undefined : contents.get(parentOf(path))?.find((entry) => entry.path === path);
    if (known) known.id = id;
    directories.push(known ?? { path, kind: "directory", id, executable: false });
  }
  return [...leaves, ...directories];
}

const modes = { file: "100644", symlink: "120000", directory: "40000", submodule: "160000" } as const;

function treeId(format: ObjectFormat, children: readonly Entry[]): string {
  // Git sorts a directory as if its name ended with a slash.
  const named = children.map((entry) => {
    const name = encodeName(entry.path.slice(entry.path.lastIndexOf("/") + 1));
    return { entry, name, key: entry.kind === "directory" ? Buffer.concat([name, Buffer.from("/")]) : name };
  });
  named.sort((a, b) => Buffer.compare(a.key, b.key));
  const parts = named.flatMap(({ entry, name }) => {
    const mode = entry.executable ? "100755" : modes[entry.kind];
    return [Buffer.from(`${mode} `), name, Buffer.from([0]), Buffer.from(entry.id, "hex")];
  });
  return objectId(format, "tree", Buffer.concat(parts));
}

function depthOf(path: string): number {
  return path === "" ? 0 : path.split("/").length;
}
