import {
  type Config,
  closureOf,
  createClosureContext,
  discover,
  type FoundPolicies,
  type Index,
  kustomizationNames,
  type RenderedPolicy,
  type Tree,
  versionsOf,
} from "@gitops-actions/fleet";
import { listSome, type Unchecked } from "@gitops-actions/report";

/**
 * Files of policies that overlays read which were not rendered here, as when only some were chosen: what these make of
 * them nobody knows. Looks no further where every policy is rendered or no kustomization is near one.
 */
export async function unrenderedPolicies(
  found: FoundPolicies,
  rendered: readonly RenderedPolicy[],
  index: Index,
  tree: Tree,
  config: Config,
): Promise<Unchecked[]> {
  const paths = new Set(
    versionsOf(found, rendered)
      .filter((versions) => versions.rendered.length === 0)
      .flatMap(({ sources }) => sources.flatMap(({ path, foreign }) => (foreign ? [] : [path])))
      .filter((path) => hasKustomization(tree, path)),
  );
  if (paths.size === 0) return [];
  const known = new Set(index.overlays.filter(({ status }) => status !== "unchanged").map(({ id }) => id));
  const context = createClosureContext();
  const { overlays } = await discover(tree, config, context);
  const holders = new Map<string, string[]>();
  for (const overlay of overlays) {
    // What a folder of manifests renders is what its files say.
    if (known.has(overlay.id) || overlay.kind === "plain") continue;
    const { files } = await closureOf(tree, overlay, context);
    for (const path of files.filter((file) => paths.has(file)))
      holders.set(path, [...(holders.get(path) ?? []), overlay.id]);
  }
  return [...holders].map(([path, ids]) => {
    const message = `its policies are asked as the file has them: what ${listSome(ids, 5)} ${ids.length === 1 ? "makes" : "make"} of them was not rendered`;
    return { kind: "policy", id: path, code: "not-rendered", message };
  });
}

function hasKustomization(tree: Tree, path: string): boolean {
  for (let folder = path; folder !== ""; ) {
    folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/")));
    if (kustomizationNames.some((name) => tree.get(folder === "" ? name : `${folder}/${name}`))) return true;
  }
  return false;
}
