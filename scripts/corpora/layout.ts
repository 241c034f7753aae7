import { linkSync, lstatSync, mkdirSync, readdirSync, readlinkSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Closure, Tree } from "@gitops-actions/fleet";

/** Makes a folder that holds a closure and nothing else. */
export function layOut(tree: Tree, from: string, closure: Closure, to: string): void {
  mkdirSync(to, { recursive: true });
  const put = (path: string) => {
    mkdirSync(dirname(join(to, path)), { recursive: true });
    const state = lstatSync(join(to, path), { throwIfNoEntry: false });
    if (state) return;
    if (lstatSync(join(from, path)).isSymbolicLink())
      symlinkSync(readlinkSync(join(from, path)), join(to, path));
    else linkSync(join(from, path), join(to, path));
  };
  const putAll = (folder: string) => {
    mkdirSync(join(to, folder), { recursive: true });
    for (const name of readdirSync(join(from, folder))) {
      const path = folder === "" ? name : `${folder}/${name}`;
      if (lstatSync(join(from, path)).isDirectory()) putAll(path);
      else put(path);
    }
  };
  for (const path of closure.directories) putAll(path);
  for (const path of closure.files) if (tree.get(path)) put(path);
}
