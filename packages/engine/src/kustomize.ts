import { ToolError } from "@gitops-actions/report";
import { checkBuildArgs } from "./buildargs.ts";
import { renderEnvironment } from "./environment.ts";
import { parseKustomizeError, parseKustomizeWarnings } from "./kustomizeerror.ts";
import type { Machine } from "./machine.ts";
import type { RenderJob, RenderResult, RenderSettings } from "./render.ts";
import { runRenderer } from "./renderprocess.ts";

const words = { tool: "kustomize", warnings: parseKustomizeWarnings, error: parseKustomizeError };

/** Renders one kustomization with `kustomize build`, or with `kubectl kustomize` when there is no kustomize. */
export async function renderKustomize(
  job: RenderJob,
  settings: RenderSettings,
  machine: Machine,
  signal?: AbortSignal,
): Promise<RenderResult> {
  const tool = settings.kustomize ?? settings.kubectl;
  if (!tool) throw new ToolError("not-found", `${job.overlay.id} needs kustomize, and none was found.`);
  const command = tool.name === "kubectl" ? "kustomize" : "build";
  const args = [
    command,
    ...checkBuildArgs(settings.kustomizeBuildArgs),
    ...helmFlags(job, settings),
    // `--` because a folder may be called `-o`.
    "--",
    job.overlay.path,
  ];
  const env = renderEnvironment(machine, settings.gate);
  const { deadlineMs, maxOutputBytes, maxMemoryBytes } = settings;
  const limits = { deadlineMs, maxOutputBytes, maxMemoryBytes };
  return await runRenderer(
    { command: tool.path, args, cwd: job.directory, env, ...limits },
    job,
    words,
    signal,
  );
}

function helmFlags(job: RenderJob, { helm }: RenderSettings): string[] {
  if (!job.needsHelm) return [];
  if (helm) return ["--enable-helm", "--helm-command", helm.path];
  throw new ToolError(
    "not-found",
    `${job.overlay.id} inflates Helm charts and needs helm, and none was found.`,
  );
}
