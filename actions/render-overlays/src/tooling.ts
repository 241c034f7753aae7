import {
  ensureTool,
  type Machine,
  type Progress,
  type RenderSettings,
  renderLimits,
  type ToolName,
  type ToolSettings,
} from "@gitops-actions/engine";
import type { ToolUse } from "@gitops-actions/report";
import type { RenderInputs } from "./inputs.ts";
import type { Task } from "./rendering.ts";

/** Which programs these tasks need. Charts inflated by a kustomization need both. */
export function neededTools(tasks: readonly Task[]): ToolName[] {
  const names = new Set<ToolName>();
  for (const { sighting } of tasks) {
    const { kind } = sighting.overlay;
    if (kind === "kustomize") names.add("kustomize");
    if (kind === "helm" || needsHelm(sighting)) names.add("helm");
  }
  return [...names].sort();
}

/** Whether a kustomization of the closure inflates a chart: then a whole folder, the chart's, belongs to it. */
export function needsHelm({ overlay, closure }: Task["sighting"]): boolean {
  return overlay.kind === "kustomize" && closure.directories.length > 0;
}

/** Gets the tools that these tasks need, in the versions one side asks for, with the limits that hold for each run. */
export async function prepareTools(
  tasks: readonly Task[],
  inputs: RenderInputs,
  tools: ToolSettings,
  machine: Machine,
  progress: Progress,
  signal: AbortSignal,
): Promise<{ settings: RenderSettings; uses: ToolUse[] }> {
  const settings: RenderSettings = {
    kustomizeBuildArgs: inputs.kustomizeBuildArgs,
    deadlineMs: inputs.timeLimitSeconds * 1000,
    maxOutputBytes: renderLimits.maxOutputBytes,
    maxMemoryBytes: inputs.memoryLimitMebibytes * 1024 ** 2,
  };
  const found = await Promise.all(
    neededTools(tasks).map((name) => ensureTool(name, tools, machine, progress, { signal })),
  );
  for (const tool of found) if (isRenderer(tool.name)) settings[tool.name] = tool;
  return {
    settings,
    uses: found.map(({ name, version, source, sha256 }) => ({ name, version, source, sha256 })),
  };
}

function isRenderer(name: ToolName): name is "kustomize" | "helm" | "kubectl" {
  return name === "kustomize" || name === "helm" || name === "kubectl";
}
