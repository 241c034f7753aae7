import { compareText, equalJson, parseSource } from "@gitops-actions/manifest";
import { changedPaths } from "../check-inputs.ts";
import type { Config } from "../config.ts";
import type { Closure, Overlay } from "../overlay.ts";
import type { Tree } from "../tree.ts";
import { sourcesOf } from "./graph.ts";
import { placementOf } from "./placement.ts";

/** An overlay whose result changed, and what it reads on one side. */
export interface ChangedOverlay {
  overlay: Overlay;
  closure: Closure;
}

/** Files that change what later environments run, all at once and without a promotion. */
export interface SharedChange {
  /** Sorted; never empty. */
  paths: string[];
  /** Environments in the order of promotion. */
  environments: string[];
  /** Ids, sorted. */
  overlays: string[];
}

/** One side of a comparison. */
export interface SharedSide {
  tree: Tree;
  overlays: readonly Overlay[];
}

/**
 * The files that reach an environment which versions come to by promotion, and that are not that environment's own: a base,
 * a component, a chart, or another environment's overlay that it is built from. Nothing where `config` puts no environment
 * behind another. `changed`: both sides of the overlays whose result differs. Grouped by the overlays they reach.
 */
export async function sharedChanges(
  config: Config,
  sides: { base: SharedSide; head: SharedSide },
  changed: readonly ChangedOverlay[],
): Promise<SharedChange[]> {
  const later = config.environments.filter((each) => sourcesOf(each).length > 0).map((each) => each.name);
  const reached = changed.filter(({ overlay }) => later.includes(overlay.environment ?? ""));
  if (reached.length === 0) return [];
  const [now, then] = [sides.head, sides.base].map(({ overlays }) => placementOf(overlays, config));
  const groups = new Map<string, SharedChange>();
  for (const path of changedPaths(sides.base.tree, sides.head.tree)) {
    const owners = [now?.ownerOf(path)?.environment, then?.ownerOf(path)?.environment];
    const here = reached.filter(
      ({ overlay, closure }) => !owners.includes(overlay.environment) && reads(closure, path),
    );
    if (here.length === 0 || (await saysTheSame(sides, path))) continue;
    const overlays = [...new Set(here.map(({ overlay }) => overlay.id))].sort(compareText);
    const key = overlays.join("\0");
    const names = new Set(here.map(({ overlay }) => overlay.environment));
    const group = groups.get(key) ?? {
      paths: [],
      environments: later.filter((name) => names.has(name)),
      overlays,
    };
    group.paths.push(path);
    groups.set(key, group);
  }
  return [...groups.values()];
}

function reads({ files, directories }: Closure, path: string): boolean {
  return files.includes(path) || directories.some((folder) => path.startsWith(`${folder}/`));
}

/** Whether a file's change is one of comments and layout alone. */
async function saysTheSame(
  { base, head }: Record<"base" | "head", SharedSide>,
  path: string,
): Promise<boolean> {
  if (!/\.ya?ml$|(?:^|\/)Kustomization$/.test(path)) return false;
  if (base.tree.get(path)?.kind !== "file" || head.tree.get(path)?.kind !== "file") return false;
  const read = async ({ tree }: SharedSide) =>
    parseSource(new TextDecoder().decode(await tree.read(path)), path);
  const [before, after] = await Promise.all([read(base), read(head)]);
  if (before.problems.length + after.problems.length > 0) return false;
  const values = ({ documents }: typeof before) => documents.map(({ value }) => value ?? null);
  return equalJson(values(before), values(after));
}
