import { pins, type ToolSettings } from "@gitops-actions/engine";
import {
  type ClosureContext,
  type Config,
  closureOf,
  discover,
  type Fleet,
  loadConfig,
  type Overlay,
  type Tree,
} from "@gitops-actions/fleet";
import type { Sighting } from "./compare.ts";
import type { RenderInputs } from "./inputs.ts";
import { selectOverlays } from "./selection.ts";

/** One side of a comparison: what the repository holds at that commit, and what each overlay reads. */
export interface Side {
  tree: Tree;
  config: Config;
  fleet: Fleet;
  sightings: Map<string, Sighting>;
  /** Where tools come from, with the versions that this side's gitops.yaml asks for. */
  tools: ToolSettings;
}

/** Discovers the overlays of a tree and what each reads. Nothing is rendered. Throws UsageError for a broken gitops.yaml, unless one is `given`. */
export async function readSide(
  tree: Tree,
  inputs: RenderInputs,
  context: ClosureContext,
  given?: Config,
): Promise<Side> {
  const config = given ?? (await loadConfig(tree));
  const fleet = await discover(tree, config, context);
  const wanted = fleet.overlays
    .filter(selectOverlays(inputs.kustomization))
    .map((overlay) => withOptions(overlay, inputs));
  const sightings = new Map<string, Sighting>();
  // What the person names for this run holds on both sides; what gitops.yaml names holds for its own commit.
  const tools = { ...inputs.tools, versions: { ...config.tools, ...inputs.tools.versions } };
  const version = (name: "kustomize" | "helm"): string => tools.versions[name] ?? pins[name].version;
  const pin = JSON.stringify([version("kustomize"), version("helm"), inputs.kustomizeBuildArgs]);
  const closures = await Promise.all(wanted.map((overlay) => closureOf(tree, overlay, context)));
  for (const [i, overlay] of wanted.entries())
    sightings.set(overlay.id, { overlay, closure: closures[i]!, pin });
  return { tree, config, fleet, sightings, tools };
}

/** What the person says holds for every chart that gitops.yaml says nothing of. */
function withOptions(overlay: Overlay, inputs: RenderInputs): Overlay {
  if (overlay.kind !== "helm") return overlay;
  const { options } = overlay;
  const kubeVersion = options.kubeVersion ?? inputs.kubeVersion;
  return {
    ...overlay,
    options: {
      ...options,
      ...(kubeVersion && { kubeVersion }),
      apiVersions: options.apiVersions.length > 0 ? options.apiVersions : inputs.apiVersions,
      includeCrds: options.includeCrds ?? inputs.includeCrds,
    },
  };
}
