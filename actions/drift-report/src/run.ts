import type { Event, Host } from "@gitops-actions/action";
import { ensureTool, type Progress } from "@gitops-actions/engine";
import { makeReport, type Report, UsageError } from "@gitops-actions/report";
import { checkObjects } from "./check.ts";
import { readLags, withCheckout } from "./checkout.ts";
import { withClusters } from "./clusters.ts";
import { readControllers } from "./controllers.ts";
import { readDesired } from "./desired.ts";
import { makeRulebook } from "./governance.ts";
import { ownRules } from "./ignore/own.ts";
import type { DriftInputs } from "./inputs.ts";
import { findOrphans } from "./orphans.ts";
import { renderInputs } from "./rendering.ts";
import { reportParts } from "./reporting.ts";
import { placeResources } from "./revision.ts";
import { requireSelection } from "./selection.ts";
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
  checkInputs(inputs);
  const tool = await ensureTool("kubectl", inputs.tools, host, progress, { signal });
  return await withClusters(tool, inputs, world, async ({ workload, hub, runner }) => {
    progress("Reading what Argo CD and Flux say");
    const controllers = await readControllers(hub, host.now());
    const { deliverers, statuses } = controllers;
    progress("Rendering what Git says");
    const head = await readDesired(renderInputs(inputs), inputs, world);
    return await withCheckout(head.index.source.head.commit, inputs, world, async (checkout) => {
      const { config, names } = checkout;
      requireSelection(head.index.overlays, config, inputs);
      const placed = await placeResources(head, { deliverers, names }, workload, inputs, world);
      progress("Reading the cluster");
      const own = ownRules(config, host.now());
      const rulebook = makeRulebook(own, controllers);
      const asking = { rulebook, ...(runner && { runner }) };
      const checked = await checkObjects(placed, deliverers, workload, inputs, world, asking);
      const orphans = await findOrphans({ head, placed, deliverers, config }, workload, inputs);
      const lags = await readLags(placed, statuses, checkout);
      const learnt = { head, placed, checked, controllers, names, own, orphans, lags, tool };
      const { parts, counts } = reportParts(learnt, inputs, world);
      const report = makeReport({ ...parts, action: "drift-report" });
      return { report, counts, statuses, drifted: drifted(report) };
    });
  });
}

function checkInputs({ orphans, kustomization }: DriftInputs): void {
  if (orphans && kustomization.length > 0)
    throw new UsageError(
      "orphans needs all overlays, to know what belongs to Git: leave out the patterns of overlays, or orphans.",
    );
}

/** What the cluster itself has otherwise; a controller that lags or fails, or is yet to apply a commit, is no drift. */
const driftRules = new Set(
  ["changed", "missing", "extra", "orphan", "removed-from-git", "unmanaged-addition"].map(
    (name) => `drift/${name}`,
  ),
);

function drifted({ findings, failed }: Report): DriftOutcome["drifted"] {
  if (findings.some(({ rule }) => driftRules.has(rule))) return "true";
  return failed.length > 0 ? "unknown" : "false";
}
