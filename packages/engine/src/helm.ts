import { realpath } from "node:fs/promises";
import { join } from "node:path";
import { ToolError } from "@gitops-actions/report";
import { childEnvironment, withoutNetwork } from "./environment.ts";
import { type ProcessSpec, runProcess } from "./exec.ts";
import { parseHelmError, parseHelmWarnings } from "./helmerror.ts";
import { stoppedBy } from "./limits.ts";
import { locate } from "./locate.ts";
import type { Machine } from "./machine.ts";
import type { RenderJob, RenderResult, RenderSettings } from "./render.ts";

/** Renders one chart with `helm template`: no cluster, no repository, no plugin. */
export async function renderHelm(
  job: RenderJob,
  settings: RenderSettings,
  machine: Machine,
  signal?: AbortSignal,
): Promise<RenderResult> {
  const { helm } = settings;
  if (!helm) throw new ToolError("not-found", `${job.overlay.id} needs helm, and none was found.`);
  const env = withoutNetwork({ ...childEnvironment(machine, []), ...helmHomes(machine) });
  const { deadlineMs, maxOutputBytes, maxMemoryBytes } = settings;
  const spec: ProcessSpec = {
    command: helm.path,
    args: helmArguments(job),
    cwd: job.directory,
    env,
    deadlineMs,
    maxOutputBytes,
    maxMemoryBytes,
  };
  const result = await runProcess(spec, signal);
  const stopped = stoppedBy(result, spec, "helm");
  if (stopped) return { status: "failed", ...stopped };
  const place = { directories: [job.directory, await realpath(job.directory)], overlay: job.overlay.path };
  if (result.exitCode === 0) {
    return { status: "rendered", output: result.stdout, warnings: parseHelmWarnings(result.stderr, place) };
  }
  const { code, message, at } = parseHelmError(result.stderr, place);
  const location = at && (await locate(job.directory, at));
  return { status: "failed", code, message, ...(location ? { location } : {}) };
}

/** Arguments of `helm template` for an overlay. */
export function helmArguments(job: RenderJob): string[] {
  const { overlay } = job;
  const { releaseName, values, kubeVersion, apiVersions, includeCrds } = overlay.options;
  const name = releaseName ?? overlay.path.split("/").at(-1) ?? overlay.path;
  return [
    "template",
    // "-" alone would be standard input.
    ...values.map((path) => `--values=${listItem(path === "-" ? "./-" : path)}`),
    ...(overlay.namespace ? [`--namespace=${overlay.namespace}`] : []),
    ...(kubeVersion ? [`--kube-version=${kubeVersion}`] : []),
    ...apiVersions.map((version) => `--api-versions=${listItem(version)}`),
    ...(includeCrds ? ["--include-crds"] : []),
    "--",
    name,
    // With "./" a folder that is missing is an error, never the name of a chart in some repository.
    `./${overlay.path}`,
  ];
}

/** One value of a flag that Helm reads as a comma-separated list (CSV). */
function listItem(value: string): string {
  return /[",\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

/** Helm's own folders, private and empty: no repositories, no registry credentials, no plugins, no kubeconfig. */
export function helmHomes(machine: Machine): Record<string, string> {
  const home = join(machine.tempDir, "helm");
  return {
    HELM_CACHE_HOME: join(home, "cache"),
    HELM_CONFIG_HOME: join(home, "config"),
    HELM_DATA_HOME: join(home, "data"),
    HELM_PLUGINS: join(home, "plugins"),
    KUBECONFIG: join(home, "kubeconfig"),
  };
}
