import { resolve } from "node:path";
import { workspaceOf } from "@gitops-actions/action";
import {
  type Cluster,
  type ClusterSettings,
  clusterLimits,
  type DryRunner,
  openCluster,
  openDryRunner,
  type Tool,
} from "@gitops-actions/engine";
import type { DriftInputs } from "./inputs.ts";
import type { DriftWorld } from "./run.ts";

export interface Clusters {
  /** Where the objects of Git are. */
  workload: Cluster;
  /** Where the objects of Argo CD and Flux are. */
  hub: Cluster;
  /** Asks the workload cluster what an apply would give; only in `mode: server-dry-run`. */
  runner?: DryRunner;
}

/** Opens the clusters of a run for as long as `work` takes. Throws ToolError when kubectl does not start. */
export async function withClusters<T>(
  tool: Tool,
  inputs: DriftInputs,
  { host, signal }: DriftWorld,
  work: (clusters: Clusters) => Promise<T>,
): Promise<T> {
  const settings = (context: string | undefined): ClusterSettings => ({
    pageSize: clusterLimits.pageSize,
    limits: { ...clusterLimits.limits, deadlineMs: inputs.timeLimitSeconds * 1000 },
    // kubectl runs in the private folder of this run: a relative path is the person's.
    ...(inputs.kubeconfig && { kubeconfig: resolve(workspaceOf(host), inputs.kubeconfig) }),
    ...(context && { context }),
  });
  const opened: { close(): Promise<void> }[] = [];
  const open = async <O extends { close(): Promise<void> }>(opening: Promise<O>): Promise<O> => {
    const one = await opening;
    opened.push(one);
    return one;
  };
  try {
    const own = settings(inputs.context);
    const workload = await open(openCluster(tool, own, host, "cluster", signal));
    const hub = inputs.hubContext
      ? await open(openCluster(tool, settings(inputs.hubContext), host, "hub", signal))
      : workload;
    const runner =
      inputs.mode === "server-dry-run"
        ? await open(openDryRunner(tool, own, host, workload, "dry-run", signal))
        : undefined;
    return await work({ workload, hub, ...(runner && { runner }) });
  } finally {
    for (const each of opened.reverse()) await each.close();
  }
}
