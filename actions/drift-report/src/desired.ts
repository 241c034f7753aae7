import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Index, IndexOverlay } from "@gitops-actions/fleet";
import { parseManifests, type Resource } from "@gitops-actions/manifest";
import { type RenderInputs, type RenderWorld, run as render } from "@gitops-actions/render-overlays";
import type { Report, Unchecked } from "@gitops-actions/report";

/** One overlay as Git has it at one commit. */
export interface Wanted {
  overlay: IndexOverlay;
  resources: Resource[];
}

export interface Desired {
  index: Index;
  report: Report;
  wanted: Wanted[];
  /** Overlays that could not be rendered: nothing can be said of their objects. */
  unrendered: Unchecked[];
}

/** Which overlays are looked at. Empty: all. */
export interface Selection {
  environment: string;
  cluster: string;
}

/** Renders the overlays of one environment and cluster at one commit. */
export async function readDesired(
  inputs: RenderInputs,
  selection: Selection,
  world: RenderWorld,
): Promise<Desired> {
  const { directory, index, report } = await render({ ...inputs, compare: false }, world);
  const chosen = index.overlays.filter(
    ({ environment, cluster }) =>
      (selection.environment === "" || environment === undefined || environment === selection.environment) &&
      (selection.cluster === "" || cluster === undefined || cluster === selection.cluster),
  );
  const wanted: Wanted[] = [];
  const unrendered: Unchecked[] = [];
  for (const overlay of chosen) {
    if (overlay.status === "rendered" && overlay.head) {
      const text = await readFile(join(directory, overlay.head.manifest), "utf8");
      wanted.push({ overlay, resources: parseManifests(text, overlay.id).resources });
    } else {
      const message = overlay.reason?.message ?? "it could not be rendered";
      unrendered.push({
        kind: "overlay",
        id: overlay.id,
        code: overlay.reason?.code ?? overlay.status,
        message,
      });
    }
  }
  return { index, report, wanted, unrendered };
}
