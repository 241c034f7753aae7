import type { Overlay } from "@gitops-actions/fleet";
import { ToolError } from "@gitops-actions/report";
import { pMapIterable } from "p-map";
import { renderHelm } from "./helm.ts";
import { renderKustomize } from "./kustomize.ts";
import type { Machine } from "./machine.ts";
import { renderPlain } from "./plain.ts";
import type { Tool } from "./tools/tool.ts";

export interface RenderJob {
  overlay: Overlay;
  /** Absolute path of a folder with the overlay's closure at repository-relative paths. */
  directory: string;
  /** Whether a kustomization of the closure inflates charts (`helmCharts`, `helmChartInflationGenerator`). */
  needsHelm?: boolean;
}

/** A file that stands in a render as it is, and the 1-based line of the render on which it begins. */
export interface SourceStart {
  path: string;
  line: number;
}

export type RenderResult =
  | { status: "rendered"; output: Uint8Array; warnings: string[]; sources?: SourceStart[] }
  | {
      status: "failed";
      code: string;
      message: string;
      location?: { path: string; line: number };
      /** A path that is named and does not exist, relative to the repository. */
      missing?: string;
    };

export interface RenderSettings {
  kustomize?: Tool;
  helm?: Tool;
  /** Renders kustomizations when there is no kustomize. */
  kubectl?: Tool;
  /** More arguments for `kustomize build`, checked by `checkBuildArgs`. */
  kustomizeBuildArgs: string[];
  deadlineMs: number;
  maxOutputBytes: number;
  maxMemoryBytes: number;
  /** The environment of an open `Gate`, for overlays whose remote sources were allowed by name. Without it: no network. */
  gate?: Readonly<Record<string, string>>;
}

export const renderLimits = {
  deadlineMs: 60_000,
  maxOutputBytes: 64 * 1024 * 1024,
  maxMemoryBytes: 1024 ** 3,
};

/**
 * Renders many overlays, as many at a time as there are cores, and yields the results in the order of the jobs.
 * Only a window of jobs is taken from `jobs` ahead of the consumer. Throws ToolError only when a tool is missing or
 * cannot be started, or when the signal is aborted.
 */
export function renderAll(
  jobs: Iterable<RenderJob> | AsyncIterable<RenderJob>,
  settings: RenderSettings,
  machine: Machine,
  signal?: AbortSignal,
): AsyncIterable<RenderResult> {
  const cores = Math.max(1, machine.cores);
  return pMapIterable(jobs, (job) => renderOne(job, settings, machine, signal), {
    concurrency: cores,
    backpressure: cores * 2,
  });
}

async function renderOne(
  job: RenderJob,
  settings: RenderSettings,
  machine: Machine,
  signal?: AbortSignal,
): Promise<RenderResult> {
  if (signal?.aborted) throw new ToolError("cancelled", "Cancelled while rendering.");
  switch (job.overlay.kind) {
    case "kustomize":
      return await renderKustomize(job, settings, machine, signal);
    case "helm":
      return await renderHelm(job, settings, machine, signal);
    case "plain":
      return await renderPlain(job, settings);
  }
}
