import { ToolError } from "@gitops-actions/report";
import { renderEnvironment } from "./environment.ts";
import { parseHelmError, parseHelmWarnings } from "./helmerror.ts";
import type { Machine } from "./machine.ts";
import type { RenderJob, RenderResult, RenderSettings } from "./render.ts";
import { runRenderer } from "./renderprocess.ts";

const words = { tool: "helm", warnings: parseHelmWarnings, error: parseHelmError };

/** Renders one chart with `helm template`: no cluster, no repository, no plugin. */
export async function renderHelm(
  job: RenderJob,
  settings: RenderSettings,
  machine: Machine,
  signal?: AbortSignal,
): Promise<RenderResult> {
  const { helm, deadlineMs, maxOutputBytes, maxMemoryBytes } = settings;
  if (!helm) throw new ToolError("not-found", `${job.overlay.id} needs helm, and none was found.`);
  const env = renderEnvironment(machine);
  const limits = { deadlineMs, maxOutputBytes, maxMemoryBytes };
  const spec = { command: helm.path, args: helmArguments(job), cwd: job.directory, env, ...limits };
  return await runRenderer(spec, job, words, signal);
}

/** Arguments of `helm template` for an overlay. */
export function helmArguments(job: RenderJob): string[] {
  const { overlay } = job;
  const { releaseName, values, kubeVersion, apiVersions, includeCrds } = overlay.options;
  return [
    "template",
    // "-" alone would be standard input.
    ...values.map((path) => `--values=${listItem(path === "-" ? "./-" : path)}`),
    ...(overlay.namespace ? [`--namespace=${overlay.namespace}`] : []),
    ...(kubeVersion ? [`--kube-version=${kubeVersion}`] : []),
    ...apiVersions.map((version) => `--api-versions=${listItem(version)}`),
    ...(includeCrds ? ["--include-crds"] : []),
    "--",
    releaseName ?? defaultRelease(overlay.path),
    // With "./" a folder that is missing is an error, never the name of a chart in some repository.
    `./${overlay.path}`,
  ];
}

/** The chart folder's name; for a chart that is the whole repository, Helm's own default. */
function defaultRelease(path: string): string {
  return path === "." ? "release-name" : (path.split("/").at(-1) ?? path);
}

/** One value of a flag that Helm reads as a comma-separated list (CSV). */
function listItem(value: string): string {
  return /[",\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
