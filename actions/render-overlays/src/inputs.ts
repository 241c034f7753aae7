import type { Host } from "@gitops-actions/action";
import {
  compact,
  readBoolean,
  readInput,
  readLimits,
  readList,
  readPath,
  readRef,
  readSeverity,
  readString,
  readTools,
} from "@gitops-actions/action";
import type { ToolSettings } from "@gitops-actions/engine";
import { type Severity, UsageError } from "@gitops-actions/report";

/** What a person asks of render-overlays, in a workflow or on the command line. */
export interface RenderInputs {
  /** Folder inside the repository, relative to the working folder or absolute. */
  path: string;
  /** Globs of overlay folders; empty: all that are found. `!` excludes. */
  kustomization: string[];
  /** Whether one of them may match nothing: what was there at one commit need not be there at another. */
  mayMatchNothing?: true;
  /** Absolute or relative folder for the result; undefined: a private folder of this run. */
  output?: string;
  baseRef?: string;
  headRef?: string;
  /** false: nothing is compared, everything at head is rendered. */
  compare: boolean;
  fetch: boolean;
  token?: string;
  renderAll: boolean;
  allowEmpty: boolean;
  allowRemoteBases: string[];
  kustomizeBuildArgs: string[];
  kubeVersion?: string;
  apiVersions: string[];
  includeCrds: boolean;
  tools: ToolSettings;
  failOnSeverity: Severity;
  timeLimitSeconds: number;
  memoryLimitMebibytes: number;
  summary: boolean;
  annotations: boolean;
}

/** What holds where nothing is said; the same as the defaults in action.yml. */
export const defaults: RenderInputs = {
  path: ".",
  kustomization: [],
  compare: true,
  fetch: true,
  renderAll: false,
  allowEmpty: false,
  allowRemoteBases: [],
  kustomizeBuildArgs: [],
  apiVersions: [],
  includeCrds: false,
  tools: { allowBuild: false, from: "auto" },
  failOnSeverity: "error",
  timeLimitSeconds: 120,
  memoryLimitMebibytes: 2048,
  summary: true,
  annotations: true,
};

/** Reads the inputs of the step. Throws UsageError that names the input, its value and what was expected. */
export function readInputs(host: Pick<Host, "env" | "cwd">): RenderInputs {
  const given = (name: string): string | undefined => readString(host, name) || undefined;
  return compact({
    path: readPath(host, "path", defaults.path),
    kustomization: readList(host, "kustomization"),
    output: readInput(host, "output") === "" ? undefined : readPath(host, "output"),
    baseRef: readRef(host, "base-ref") || undefined,
    headRef: readRef(host, "head-ref") || undefined,
    compare: true,
    fetch: readBoolean(host, "fetch", defaults.fetch),
    token: given("token"),
    renderAll: readBoolean(host, "render-all", defaults.renderAll),
    allowEmpty: readBoolean(host, "allow-empty", defaults.allowEmpty),
    allowRemoteBases: readList(host, "allow-remote-bases"),
    kustomizeBuildArgs: readList(host, "kustomize-build-args"),
    kubeVersion: given("kube-version"),
    apiVersions: readList(host, "api-versions"),
    includeCrds: readBoolean(host, "include-crds", defaults.includeCrds),
    tools: readTools(host, ["kustomize", "helm"]),
    failOnSeverity: readSeverity(host, defaults.failOnSeverity),
    ...readLimits(host, defaults),
    summary: readBoolean(host, "summary", defaults.summary),
    annotations: readBoolean(host, "annotations", defaults.annotations),
  });
}

/** Throws UsageError for settings that no run could make sense of, wherever they came from. */
export function checkSettings({
  allowRemoteBases,
  kubeVersion,
  tools,
}: Pick<RenderInputs, "allowRemoteBases" | "kubeVersion" | "tools">): void {
  for (const host of allowRemoteBases) {
    if (/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(host)) continue;
    throw new UsageError(`allow-remote-bases: ${quote(host)} is not a host. Name it as in github.com.`);
  }
  if (kubeVersion !== undefined && !/^v?\d+\.\d+(\.\d+)?([-+][\w.+-]*)?$/.test(kubeVersion))
    throw new UsageError(`kube-version: ${quote(kubeVersion)} is not a version. Name it as in 1.35.0.`);
  if (tools.mirror !== undefined && !/^https?:\/\/[^\s/]/i.test(tools.mirror)) {
    const example = "https://mirror.example/{tool}/{version}/{asset}";
    throw new UsageError(
      `tools-mirror: ${quote(tools.mirror)} is not an http(s) address. Example: ${example}`,
    );
  }
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 100));
}
