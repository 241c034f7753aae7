import { resolve } from "node:path";
import { type Event, type Host, workspaceOf } from "@gitops-actions/action";
import {
  type Cluster,
  clusterLimits,
  ensureTool,
  openCluster,
  type Progress,
  type Tool,
} from "@gitops-actions/engine";
import { makeReport, type Report } from "@gitops-actions/report";
import { checkObjects } from "./check.ts";
import { readLags, withCheckout } from "./checkout.ts";
import { readControllers } from "./controllers.ts";
import { readDesired } from "./desired.ts";
import { makeRulebook } from "./governance.ts";
import { ownRules } from "./ignore/own.ts";
import type { DriftInputs } from "./inputs.ts";
import { renderInputs } from "./rendering.ts";
import { reportParts } from "./reporting.ts";
import { placeResources } from "./revision.ts";
import type { Counts } from "./summary.ts";
import type { SyncStatus } from "./sync.ts";

/** What a run is given besides its inputs. */
export interface DriftWorld {
  host: Host;
  event?: Event;
  progress: Progress;
  signal: AbortSignal;
  /** Random bytes with which Secret values are compared; never kept. */
  secretKey: Uint8Array;
}

export interface DriftOutcome {
  report: Report;
  counts: Counts;
  statuses: SyncStatus[];
  /** unknown: nothing differs among what was checked, and not all could be. */
  drifted: "true" | "false" | "unknown";
}

/**
 * Says in what a cluster differs from Git. It reads (get and list) and writes nothing. Throws UsageError for wrong
 * inputs, ToolError when Git or kubectl fails; what cannot be read of the cluster is "not checked" in the report.
 */
export async function run(inputs: DriftInputs, world: DriftWorld): Promise<DriftOutcome> {
  const { host, progress, signal } = world;
  const tool = await ensureTool("kubectl", inputs.tools, host, progress, { signal });
  const clusters = await openClusters(tool, inputs, world);
  try {
    progress("Reading what Argo CD and Flux say");
    const controllers = await readControllers(clusters.hub, host.now());
    progress("Rendering what Git says");
    const head = await readDesired(renderInputs(inputs), inputs, world);
    return await withCheckout(head.index.source.head.commit, inputs, world, async (checkout) => {
      const placed = await placeResources(head, controllers.deliverers, clusters.workload, inputs, world);
      progress("Reading the cluster");
      const own = ownRules(checkout.config, host.now());
      const rulebook = makeRulebook(own, controllers);
      const { deliverers, statuses } = controllers;
      const checked = await checkObjects(placed, deliverers, clusters.workload, inputs, world, rulebook);
      const lags = await readLags(placed, statuses, checkout);
      const learnt = { head, placed, checked, controllers, own, lags, tool };
      const { parts, counts } = reportParts(learnt, inputs, world);
      const report = makeReport({ ...parts, action: "drift-report" });
      return { report, counts, statuses, drifted: drifted(report) };
    });
  } finally {
    await clusters.close();
  }
}

/** What the cluster itself has otherwise; a controller that lags or fails, or is yet to apply a commit, is no drift. */
const driftRules = new Set(
  ["changed", "missing", "extra", "removed-from-git", "unmanaged-addition"].map((name) => `drift/${name}`),
);

function drifted({ findings, failed }: Report): DriftOutcome["drifted"] {
  if (findings.some(({ rule }) => driftRules.has(rule))) return "true";
  return failed.length > 0 ? "unknown" : "false";
}

interface Clusters {
  /** Where the objects of Git are. */
  workload: Cluster;
  /** Where the objects of Argo CD and Flux are. */
  hub: Cluster;
  close(): Promise<void>;
}

async function openClusters(
  tool: Tool,
  inputs: DriftInputs,
  { host, signal }: DriftWorld,
): Promise<Clusters> {
  const open = (context: string | undefined, name: string): Promise<Cluster> =>
    openCluster(
      tool,
      {
        pageSize: clusterLimits.pageSize,
        limits: { ...clusterLimits.limits, deadlineMs: inputs.timeLimitSeconds * 1000 },
        // kubectl runs in the private folder of this run: a relative path is the person's.
        ...(inputs.kubeconfig && { kubeconfig: resolve(workspaceOf(host), inputs.kubeconfig) }),
        ...(context && { context }),
      },
      host,
      name,
      signal,
    );
  const workload = await open(inputs.context, "cluster");
  if (!inputs.hubContext) return { workload, hub: workload, close: () => workload.close() };
  try {
    const hub = await open(inputs.hubContext, "hub");
    return { workload, hub, close: async () => void (await Promise.all([workload.close(), hub.close()])) };
  } catch (error) {
    await workload.close();
    throw error;
  }
}
