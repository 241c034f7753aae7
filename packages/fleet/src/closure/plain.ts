import { manifestKind } from "../discover/manifest.ts";
import { testInputs } from "../discover/testinputs.ts";
import type { Closure } from "../overlay.ts";
import type { Tree } from "../tree.ts";
import { type ClosureContext, emptyReads, exactly, makeClosure, visit } from "./context.ts";

/** The closure of a folder of plain manifests: the files that are rendered. A file that is added changes the list. */
export async function plainClosure(tree: Tree, folder: string, context: ClosureContext): Promise<Closure> {
  const reads = emptyReads();
  const tests = await testInputs(tree, context);
  for (const entry of tree.children(folder)) {
    if (tests(entry.path)) continue;
    if (!isManifestName(entry.path) || entry.kind === "directory" || entry.kind === "submodule") continue;
    const before = emptyReads();
    const found = await visit(tree, before, entry.path, "", exactly(entry.path, 1));
    if (found.kind === "found" && found.entry.kind === "file") {
      const kind = await context.parsed("manifest", tree, found.entry, manifestKind, () => "manifest");
      if (kind !== "manifest") continue;
    }
    for (const file of before.files) reads.files.add(file);
    for (const name of before.absent) reads.absent.add(name);
    reads.gaps.push(...before.gaps);
    reads.escapes.push(...before.escapes);
  }
  return makeClosure(tree, [reads]);
}

/** Whether a file name is one that manifests have. */
export function isManifestName(path: string): boolean {
  return /\.(?:ya?ml|json)$/.test(path);
}
