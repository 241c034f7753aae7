import type { KustomizationFolder } from "../closure/kustomize.ts";
import type { Noticed, Overlay } from "../overlay.ts";
import { resolvePath } from "../resolve.ts";
import type { Tree } from "../tree.ts";

/**
 * Links to folders with overlays: a controller may well deploy what lies behind one under its name, and it is looked at
 * only where it really lies. A link that a kustomization goes through is looked at with that.
 */
export async function linkedOverlays(
  tree: Tree,
  links: readonly string[],
  folders: ReadonlyMap<string, KustomizationFolder>,
  overlays: readonly Overlay[],
): Promise<Noticed[]> {
  const passed = new Set([...folders.values()].flatMap(({ files }) => [...files]));
  const found = await Promise.all(
    links.map(async (link): Promise<Noticed[]> => {
      if (passed.has(link) || link.split("/").some((part) => part.startsWith("."))) return [];
      const target = await resolvePath(tree, link);
      if (target.kind !== "found" || target.entry.kind !== "directory") return [];
      const holds = overlays.some(({ path }) => path === target.path || path.startsWith(`${target.path}/`));
      if (!holds) return [];
      const message = `a link to ${target.path || "the root"}, whose overlays are looked at there and not under this name`;
      return [{ path: link, code: "link", message }];
    }),
  );
  return found.flat();
}
