import { join } from "node:path";
import type { Host } from "@gitops-actions/action";
import {
  ensureTool,
  openSandboxes,
  type RenderSettings,
  renderLimits,
  renderProvenance,
  type ToolSettings,
} from "@gitops-actions/engine";
import {
  closureOf,
  createClosureContext,
  createOrigins,
  discover,
  loadConfig,
  type Origins,
  type Overlay,
  type Tree,
} from "@gitops-actions/fleet";
import { ToolError, UsageError } from "@gitops-actions/report";
import type { Group } from "./documents.ts";
import type { Locate } from "./locations.ts";

export interface OriginWorld {
  host: Host;
  signal: AbortSignal;
  tools: ToolSettings;
}

/**
 * Finds the lines that made fields of the head's resources, in the tree they were rendered from. Where an overlay cannot
 * be traced, nothing is known of its lines; that is no reason to fail.
 */
export function createLocator(tree: Tree, { host, signal, tools }: OriginWorld): Locate {
  const context = createClosureContext();
  const traced = new Map<string, Promise<Origins | undefined>>();
  let fleet: Promise<Map<string, Overlay>> | undefined;
  const readFleet = async (): Promise<Map<string, Overlay>> => {
    const { overlays } = await discover(tree, await loadConfig(tree), context);
    return new Map(overlays.map((overlay) => [overlay.id, overlay]));
  };
  const sandboxes = openSandboxes(host);
  let probes = 0;

  const trace = async (group: Group): Promise<Origins | undefined> => {
    fleet ??= readFleet();
    const overlay = (await fleet).get(group.overlay);
    if (!overlay) return undefined;
    const closure = await closureOf(tree, overlay, context);
    const needsHelm = overlay.kind === "kustomize" && closure.directories.length > 0;
    return createOrigins({
      ...{ tree, overlay, closure, context, resources: group.resources },
      render: async (probe) => {
        const get = (name: "kustomize" | "helm") => ensureTool(name, tools, host, () => {}, { signal });
        const settings: RenderSettings = {
          ...renderLimits,
          kustomizeBuildArgs: [],
          ...(overlay.kind === "kustomize" && { kustomize: await get("kustomize") }),
          ...((overlay.kind === "helm" || needsHelm) && { helm: await get("helm") }),
        };
        const directory = join(host.tempDir, "origins", String(probes++));
        return renderProvenance(
          { tree, overlay, closure, probe, directory, needsHelm },
          settings,
          sandboxes,
          host,
          signal,
        );
      },
    });
  };

  return async (group, resource, pointer, part) => {
    if (group.side !== "head") return undefined;
    const known = traced.get(group.overlay);
    const origins = known ?? trace(group).catch(unlessBroken);
    traced.set(group.overlay, origins);
    // Several resources may have one identity.
    const of = group.resources.includes(resource) ? resource : resource.id;
    return (await origins)?.originOf(of, pointer, part).catch(unlessBroken);
  };
}

function unlessBroken(error: unknown): undefined {
  if (error instanceof ToolError || error instanceof UsageError) return undefined;
  throw error;
}
