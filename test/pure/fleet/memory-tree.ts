import { createHash } from "node:crypto";
import type { Entry, Tree } from "@gitops-actions/fleet";

/** Contents by path: text is a file, `link` a symlink, `submodule` a commit of another repository. */
export type Files = Record<
  string,
  string | { link: string } | { submodule: string } | { text: string; executable: true }
>;

/** A tree that holds what is written down, with the ids Git would give. */
export function memoryTree(files: Files, name = "memory"): Tree & { reads: string[] } {
  const entries = new Map<string, Entry>();
  const children = new Map<string, Entry[]>([["", []]]);
  const bytes = new Map<string, Uint8Array>();
  const reads: string[] = [];

  const folders = new Set([""]);
  for (const path of Object.keys(files)) {
    const parts = path.split("/");
    for (let length = 1; length < parts.length; length++) folders.add(parts.slice(0, length).join("/"));
  }
  for (const folder of folders) children.set(folder, []);
  const attach = (entry: Entry) => {
    entries.set(entry.path, entry);
    if (entry.path !== "") children.get(parentOf(entry.path))?.push(entry);
  };
  for (const [path, content] of Object.entries(files)) {
    const text =
      typeof content === "string"
        ? content
        : "link" in content
          ? content.link
          : "text" in content
            ? content.text
            : "";
    const data = new TextEncoder().encode(text);
    bytes.set(path, data);
    const kind =
      typeof content === "string" || "text" in content ? "file" : "link" in content ? "symlink" : "submodule";
    const id = typeof content === "object" && "submodule" in content ? content.submodule : hash("blob", data);
    attach({ path, kind, id, executable: typeof content === "object" && "executable" in content });
  }
  for (const folder of [...folders].sort().reverse()) {
    const inner = (children.get(folder) ?? []).sort(byPath);
    const listing = inner.map((each) => `${each.kind} ${each.executable} ${each.id} ${each.path}`).join("\n");
    attach({
      path: folder,
      kind: "directory",
      id: hash("tree", new TextEncoder().encode(listing)),
      executable: false,
    });
  }
  return {
    name,
    reads,
    get: (path) => entries.get(path),
    children: (path) => (children.get(path) ?? []).sort(byPath),
    entries: () => [...entries.values()].filter((entry) => entry.path !== "").sort(byPath),
    read: (path) => {
      reads.push(path);
      const data = bytes.get(path);
      const entry = entries.get(path);
      if (!data || entry?.kind === "submodule") return Promise.reject(new Error(`${path} is no file`));
      return Promise.resolve(data);
    },
  };
}

function hash(type: string, data: Uint8Array): string {
  return createHash("sha1").update(`${type} ${data.length}\0`).update(data).digest("hex");
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}

function byPath(a: Entry, b: Entry): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
}
