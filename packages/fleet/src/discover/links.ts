import type { ClosureContext } from "../closure/context.ts";
import type { KustomizationFolder } from "../closure/kustomize.ts";
import { isManifestName } from "../closure/plain.ts";
import type { Noticed, Overlay } from "../overlay.ts";
import { folderOf, resolvePath } from "../resolve.ts";
import type { Tree } from "../tree.ts";
import { isPartOfChart } from "./charts.ts";
import type { Inventory } from "./inventory.ts";
import { manifestKind } from "./manifest.ts";

/**
 * Links to folders with overlays, and to manifests from folders that hold none of their own: a controller may well deploy what lies behind one under its name, and it is looked at
 * only where it really lies. A link that a kustomization goes through is looked at with that.
 */
export async function linkedOverlays(
  tree: Tree,
  { links, charts }: Inventory,
  folders: ReadonlyMap<string, KustomizationFolder>,
  overlays: readonly Overlay[],
  context: ClosureContext,
): Promise<Noticed[]> {
  const passed = new Set([...folders.values()].flatMap(({ files }) => [...files]));
  const found = await Promise.all(
    links.map(async (link): Promise<Noticed[]> => {
      if (passed.has(link) || link.split("/").some((part) => part.startsWith("."))) return [];
      const target = await resolvePath(tree, link);
      if (target.kind !== "found") return [];
      if (target.entry.kind === "file") {
        const folder = folderOf(link);
        const isPlain = overlays.some(({ path, kind }) => kind === "plain" && path === (folder || "."));
        if (!isManifestName(link) || isPlain || charts.has(folder) || isPartOfChart(folder, charts))
          return [];
        const kind = await context.parsed("manifest", tree, target.entry, manifestKind, () => "other");
        const message = `a link to ${target.path}, which is not looked at under this name`;
        return kind === "manifest" ? [{ path: link, code: "link", message }] : [];
      }
      const holds = overlays.some(({ path }) => path === target.path || path.startsWith(`${target.path}/`));
      if (!holds) return [];
      const message = `a link to ${target.path || "the root"}, whose overlays are looked at there and not under this name`;
      return [{ path: link, code: "link", message }];
    }),
  );
  return found.flat();
}
