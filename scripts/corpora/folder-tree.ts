import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import type { Entry, Tree } from "@gitops-actions/fleet";

/**
 * A folder of the disk as a tree, read whole at once. The judge has its own, so that a mistake in the engine's trees
 * cannot hide one in the closures. Ids are SHA-256 of the contents: equal ids, equal contents is all that is asked.
 */
export function folderTree(folder: string): Tree {
  const entries = new Map<string, Entry>();
  const children = new Map<string, Entry[]>();
  const walk = (path: string): string => {
    const inner: Entry[] = [];
    for (const name of readdirSync(join(folder, path)).sort(byName)) {
      if (name === ".git") continue;
      const at = path === "" ? name : `${path}/${name}`;
      const state = lstatSync(join(folder, at));
      const entry: Entry = { path: at, kind: "file", id: "", executable: false };
      entries.set(at, entry);
      inner.push(entry);
      if (state.isDirectory()) {
        entry.kind = "directory";
        entry.id = walk(at);
      } else if (state.isSymbolicLink()) {
        entry.kind = "symlink";
        entry.id = hash(readlinkSync(join(folder, at)));
      } else {
        entry.id = hash(readFileSync(join(folder, at)));
        entry.executable = (state.mode & 0o100) !== 0;
      }
    }
    children.set(path, inner);
    return hash(
      inner.map((entry) => `${entry.kind} ${entry.executable} ${entry.id} ${entry.path}`).join("\n"),
    );
  };
  entries.set("", { path: "", kind: "directory", id: walk(""), executable: false });
  return {
    name: folder,
    get: (path) => entries.get(path),
    children: (path) => children.get(path) ?? [],
    entries: () => [...entries.values()].filter((entry) => entry.path !== ""),
    read: async (path) => {
      const entry = entries.get(path);
      if (entry?.kind === "file") return readFileSync(join(folder, path));
      if (entry?.kind === "symlink") return Buffer.from(readlinkSync(join(folder, path)));
      throw new Error(`${path} is neither a file nor a link`);
    },
  };
}

function hash(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

function byName(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
