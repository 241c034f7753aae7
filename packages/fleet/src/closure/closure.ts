import type { Closure, Overlay } from "../overlay.ts";
import { resolvePath } from "../resolve.ts";
import type { Tree } from "../tree.ts";
import {
  type ClosureContext,
  emptyReads,
  makeClosure,
  type Reads,
  touches,
  visit,
  withFolders,
} from "./context.ts";
import { helmClosure } from "./helm.ts";
import { kustomizeClosure } from "./kustomize.ts";
import { plainClosure } from "./plain.ts";

/**
 * Everything that a render of the overlay reads or looks for in this tree. What decides a render besides: the
 * overlay's options and the tool's version. With equal options and tools, equal digests and no gaps mean equal output.
 */
export async function closureOf(tree: Tree, overlay: Overlay, context: ClosureContext): Promise<Closure> {
  const path = overlay.path === "." ? "" : overlay.path;
  const found = await resolvePath(tree, path);
  if (found.kind === "found" && found.links.length === 0 && found.entry.kind === "directory") {
    return closureAt(tree, found.path, overlay, context);
  }
  const reads: Reads = emptyReads();
  await visit(tree, reads, path, "");
  if (found.kind !== "found" || found.entry.kind !== "directory") return makeClosure(tree, [reads]);
  return merge(tree, await closureAt(tree, found.path, overlay, context), reads);
}

function closureAt(tree: Tree, folder: string, overlay: Overlay, context: ClosureContext): Promise<Closure> {
  switch (overlay.kind) {
    case "kustomize":
      return kustomizeClosure(tree, folder, context);
    case "helm":
      return helmClosure(tree, folder, overlay.options, context);
    case "plain":
      return plainClosure(tree, folder, context);
  }
}

function merge(tree: Tree, closure: Closure, reads: Reads): Closure {
  const known = {
    files: new Set(closure.files),
    directories: new Set(closure.directories),
    absent: new Set(closure.absent),
    gaps: closure.gaps,
    escapes: closure.escapes,
    inflates: closure.inflatesCharts ?? false,
  };
  return makeClosure(tree, [known, reads]);
}

/**
 * Which closures a set of changed paths (added, removed or changed, on either side) can touch, as positions in the
 * given list. A closure that is not touched is the same on both sides, so it need be computed on one side only.
 */
export function affected(closures: readonly Closure[], changedPaths: Iterable<string>): number[] {
  const changed = withFolders(changedPaths);
  return closures.flatMap((closure, index) => (touches(closure, changed) ? [index] : []));
}
