import { realpath } from "node:fs/promises";
import { ToolError } from "@gitops-actions/report";
import { checkBuildArgs } from "./buildargs.ts";
import { childEnvironment, withoutNetwork } from "./environment.ts";
import { type ProcessSpec, runProcess } from "./exec.ts";
import { helmHomes } from "./helm.ts";
import { parseKustomizeError, parseKustomizeWarnings } from "./kustomizeerror.ts";
import { stoppedBy } from "./limits.ts";
import { locate } from "./locate.ts";
import type { Machine } from "./machine.ts";
import type { RenderJob, RenderResult, RenderSettings } from "./render.ts";

/** Renders one kustomization with `kustomize build`, or with `kubectl kustomize` when there is no kustomize. */
export async function renderKustomize(
  job: RenderJob,
  settings: RenderSettings,
  machine: Machine,
  signal?: AbortSignal,
): Promise<RenderResult> {
  const spec = kustomizeProcess(job, settings, machine);
  const result = await runProcess(spec, signal);
  const stopped = stoppedBy(result, spec, "kustomize");
  if (stopped) return { status: "failed", ...stopped };
  const place = { directories: [job.directory, await realpath(job.directory)], overlay: job.overlay.path };
  if (result.exitCode === 0) {
    return {
      status: "rendered",
      output: result.stdout,
      warnings: parseKustomizeWarnings(result.stderr, place),
    };
  }
  const { code, message, at } = parseKustomizeError(result.stderr, place);
  const location = at && (await locate(job.directory, at));
  return { status: "failed", code, message, ...(location ? { location } : {}) };
}

function kustomizeProcess(job: RenderJob, settings: RenderSettings, machine: Machine): ProcessSpec {
  const { kustomize, kubectl, helm } = settings;
  const tool = kustomize ?? kubectl;
  if (!tool) throw new ToolError("not-found", `${job.overlay.id} needs kustomize, and none was found.`);
  const args = [
    tool.name === "kubectl" ? "kustomize" : "build",
    ...checkBuildArgs(settings.kustomizeBuildArgs),
  ];
  if (job.needsHelm) {
    if (!helm)
      throw new ToolError(
        "not-found",
        `${job.overlay.id} inflates Helm charts and needs helm, and none was found.`,
      );
    args.push("--enable-helm", "--helm-command", helm.path);
  }
  // `--` because a folder may be called `-o`.
  args.push("--", job.overlay.path);
  const { deadlineMs, maxOutputBytes, maxMemoryBytes } = settings;
  return {
    command: tool.path,
    args,
    cwd: job.directory,
    env: environment(settings, machine),
    deadlineMs,
    maxOutputBytes,
    maxMemoryBytes,
  };
}

function environment(settings: RenderSettings, machine: Machine): Record<string, string> {
  const base = childEnvironment(machine, []);
  // A render lives for 50 ms: collecting garbage costs a quarter of its CPU and frees nothing anybody waits for.
  // The soft limit brings the collector back for the few that grow.
  const env = { ...base, ...helmHomes(machine), GOGC: "off", GOMEMLIMIT: "512MiB" };
  return settings.network ? env : withoutNetwork(env);
}
