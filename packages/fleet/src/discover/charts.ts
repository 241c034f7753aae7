import type { ClosureContext } from "../closure/context.ts";
import { chartMetadata } from "../closure/helm.ts";
import type { Config } from "../config.ts";
import type { Noticed } from "../overlay.ts";
import type { Tree } from "../tree.ts";
import { parentsOf } from "./inventory.ts";
import { type ChartOverlay, variantsOf } from "./variants.ts";

/** The charts of the given folders that are not parts of other charts, with their sets of values. `charts`: the folders of those. */
export async function chartOverlays(
  tree: Tree,
  folders: Iterable<string>,
  config: Config,
  context: ClosureContext,
): Promise<{ overlays: ChartOverlay[]; noticed: Noticed[]; charts: string[] }> {
  const all = new Set(folders);
  const overlays: ChartOverlay[] = [];
  const noticed: Noticed[] = [];
  const charts: string[] = [];
  for (const folder of all) {
    if (isPartOfChart(folder, all)) continue;
    const path = folder === "" ? "." : folder;
    const metadata = await chartMetadata(tree, folder, context);
    if (path.includes("{{") || metadata?.templated) {
      noticed.push({ path, code: "template", message: "a template of a chart is not rendered" });
    } else if (metadata?.type === "library") {
      noticed.push({ path, code: "library-chart", message: "a library chart cannot be rendered by itself" });
    } else {
      charts.push(folder);
      overlays.push(...variantsOf(tree, folder, config));
    }
  }
  return { overlays, noticed, charts };
}

/** Whether a folder lies in a chart: its charts/ folder, its templates, its files. */
export function isPartOfChart(folder: string, charts: ReadonlySet<string>): boolean {
  for (const parent of parentsOf(folder)) {
    // A Chart.yaml at the root does not make the whole repository a part of it: only its own folders do.
    if (charts.has(parent) && (parent !== "" || /^(?:charts|templates|crds|ci|files)(?:\/|$)/.test(folder)))
      return true;
  }
  return false;
}
