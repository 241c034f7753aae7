import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Closure, type Entry, type Gap, resolvePath, type Tree } from "@gitops-actions/fleet";
import { parentOf } from "../git/listing.ts";
import { quoteName } from "../git/name.ts";
import type { Machine } from "../machine.ts";
import { type BlobStore, openBlobs } from "./blobs.ts";
import { caseClash, refusedName } from "./names.ts";
import { at, gap, reasonFor, sorted, wrongContents, wrongLink } from "./reasons.ts";

/** `files` counts what was written. `reasons`, sorted, is all that keeps an overlay from being rendered; then nothing is left on the disk. */
export type Materialised = { ok: true; directory: string; files: number } | { ok: false; reasons: Gap[] };

/** Makes folders that hold an overlay's closure and nothing else. Contents are written once and shared. */
export interface Sandboxes {
  /** Writes the closure's files to their places below `directory`, which must not exist yet. */
  materialise(tree: Tree, closure: Closure, directory: string): Promise<Materialised>;
}

/** Sandboxes whose contents are kept in the machine's temporary folder. */
export function openSandboxes(machine: Machine): Sandboxes {
  const blobs = openBlobs(mkdtempSync(join(machine.tempDir, "blobs-")));
  return {
    async materialise(tree, closure, directory) {
      const { entries, reasons } = collect(tree, closure);
      if (reasons.length > 0) return { ok: false, reasons: sorted(reasons) };
      const links = await prepare(blobs, tree, new Set(closure.files), entries, reasons);
      if (reasons.length > 0) return { ok: false, reasons: sorted(reasons) };
      return place(blobs, entries, links, directory);
    },
  };
}

/** The files and links of a closure, sorted, and what about their names or kinds forbids making them. */
function collect(tree: Tree, closure: Closure): { entries: Entry[]; reasons: Gap[] } {
  const found = new Map<string, Entry>();
  const reasons: Gap[] = [...closure.escapes];
  const submodules = new Set<string>();

  const add = (entry: Entry): void => {
    if (found.has(entry.path)) return;
    if (entry.kind === "submodule") submodules.add(entry.path);
    if (entry.kind === "directory") for (const child of tree.children(entry.path)) add(child);
    if (entry.kind !== "file" && entry.kind !== "symlink") return;
    found.set(entry.path, entry);
    const refused = refusedName(entry.path) ?? strayParent(tree, entry.path);
    if (refused) reasons.push({ ...refused, ...at(entry.path) });
  };

  for (const path of [...closure.files, ...closure.directories]) {
    const entry = tree.get(path === "." ? "" : path);
    if (entry) add(entry);
  }
  for (const path of [...closure.files, ...closure.directories, ...closure.absent]) {
    const submodule = submoduleAbove(tree, path);
    if (submodule !== undefined) submodules.add(submodule);
  }
  for (const path of submodules) {
    const message = "is a submodule, whose files are not in this repository: nothing in it can be read";
    reasons.push(gap(path, "submodule", message));
  }
  const entries = [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
  const clash = caseClash(entries.map((entry) => entry.path));
  if (clash) reasons.push(clash);
  return { entries, reasons };
}

/** Puts all contents into the store and returns what the links say. Adds to `reasons`. */
async function prepare(
  blobs: BlobStore,
  tree: Tree,
  named: ReadonlySet<string>,
  entries: readonly Entry[],
  reasons: Gap[],
): Promise<Map<string, Uint8Array>> {
  const links = new Map<string, Uint8Array>();
  const one = async (entry: Entry): Promise<void> => {
    const { path, id, executable, kind } = entry;
    if (kind === "symlink") {
      const wrong = wrongLink(path, await resolvePath(tree, path));
      if (wrong) reasons.push(wrong);
      links.set(path, await tree.read(path));
      return;
    }
    const facts = await blobs.keep(id, executable, () => tree.read(path));
    const wrong = wrongContents(path, facts, named.has(path));
    if (wrong) reasons.push(wrong);
  };
  await Promise.all(
    entries.map((entry) =>
      one(entry).catch((error: unknown) => {
        reasons.push(reasonFor(entry.path, error));
      }),
    ),
  );
  return links;
}

/** Makes the folder beside its place and moves it there whole, so that no half of it is ever used. */
function place(
  blobs: BlobStore,
  entries: readonly Entry[],
  links: ReadonlyMap<string, Uint8Array>,
  directory: string,
): Materialised {
  const partial = `${directory}.partial`;
  const made = new Set([""]);
  try {
    mkdirSync(dirname(directory), { recursive: true, mode: 0o700 });
    mkdirSync(partial, { mode: 0o700 });
    for (const { path, id, executable } of entries) {
      makeFolder(partial, parentOf(path), made);
      const target = links.get(path);
      if (target) symlinkSync(Buffer.from(target), join(partial, path));
      else blobs.link(id, executable, join(partial, path));
    }
    renameSync(partial, directory);
    return { ok: true, directory, files: entries.length };
  } catch (error) {
    rmSync(partial, { recursive: true, force: true });
    return { ok: false, reasons: [reasonFor(directory, error)] };
  }
}

/** One call a folder, which `recursive` would take three for. */
function makeFolder(root: string, folder: string, made: Set<string>): void {
  if (made.has(folder)) return;
  makeFolder(root, parentOf(folder), made);
  mkdirSync(join(root, folder), { mode: 0o700 });
  made.add(folder);
}

/** A tree made by hand may hold a file below what is not a folder. */
function strayParent(tree: Tree, path: string): Gap | undefined {
  for (let above = parentOf(path); above !== ""; above = parentOf(above)) {
    if (tree.get(above)?.kind !== "directory")
      return gap(path, "escape", `lies below ${quoteName(above)}, which is not a folder`);
  }
  return undefined;
}

function submoduleAbove(tree: Tree, path: string): string | undefined {
  for (let above = path; above !== "" && above !== "."; above = parentOf(above)) {
    if (tree.get(above)?.kind === "submodule") return above;
  }
  return undefined;
}
