import { defaults, type RenderInputs } from "@gitops-actions/render-overlays";
import { UsageError } from "@gitops-actions/report";
import { type Arguments, flag, list, type Option, suggestion, text } from "../command.ts";

/** Which findings fail a command. */
export const severityOption = {
  "fail-on-severity": {
    type: "string",
    value: "LEVEL",
    help: "least severe finding that fails: error, warning, notice (default: error)",
  },
} as const satisfies Record<string, Option>;

/** How a command's report is printed and written. */
export const reportOptions = {
  report: {
    type: "string",
    value: "DIR",
    help: "write report.json, report.sarif and report.junit.xml to this folder",
  },
  json: { type: "boolean", help: "print report.json instead of text" },
  help: { type: "boolean", short: "h", help: "show this" },
} as const satisfies Record<string, Option>;

/** Where every tool comes from. */
export const toolSourceOptions = {
  "tools-from": { type: "string", value: "PLACE", help: "auto, release, go or path (default: auto)" },
  "tools-mirror": {
    type: "string",
    value: "URL",
    help: "template of a mirror: https://mirror/{tool}/{version}/{asset}",
  },
} as const satisfies Record<string, Option>;

/** Options of every command that renders. */
export const renderOptions = {
  base: {
    type: "string",
    value: "REF",
    help: "compare with this branch, tag or commit (default: the default branch)",
  },
  head: {
    type: "string",
    value: "REF",
    help: "look at this branch, tag or commit (default: the working tree)",
  },
  overlay: {
    type: "string",
    multiple: true,
    value: "GLOB",
    help: "only these overlays; ! excludes; may be repeated",
  },
  "render-all": { type: "boolean", help: "render also what is proven unchanged" },
  "no-fetch": { type: "boolean", help: "fail instead of fetching a commit that is not here" },
  "allow-remote-bases": {
    type: "string",
    multiple: true,
    value: "HOST",
    help: "hosts that remote bases may be fetched from",
  },
  "allow-empty": { type: "boolean", help: "accept a repository with nothing to render" },
  "kube-version": { type: "string", value: "VERSION", help: "Kubernetes version that charts see" },
  "api-versions": { type: "string", multiple: true, value: "VERSION", help: "API versions that charts see" },
  "include-crds": { type: "boolean", help: "render the crds/ folder of charts too" },
  "kustomize-build-args": {
    type: "string",
    multiple: true,
    value: "ARG",
    help: "another argument for kustomize build",
  },
  ...toolOptions(),
  ...severityOption,
  "time-limit": {
    type: "string",
    value: "SECONDS",
    help: "longest time one overlay may take (default: 120)",
  },
  "memory-limit": { type: "string", value: "MIB", help: "most memory one tool may take (default: 2048)" },
  ...reportOptions,
} satisfies Record<string, Option>;

/** Options that say where tools come from. */
export function toolOptions() {
  return {
    "kustomize-version": { type: "string", value: "VERSION", help: "version of kustomize" },
    "kustomize-path": { type: "string", value: "FILE", help: "kustomize (or kubectl) to use as it is" },
    "kubeconform-version": { type: "string", value: "VERSION", help: "version of kubeconform" },
    "kubeconform-path": { type: "string", value: "FILE", help: "kubeconform to use as it is" },
    "kubectl-validate-version": { type: "string", value: "VERSION", help: "version of kubectl-validate" },
    "kubectl-validate-path": { type: "string", value: "FILE", help: "kubectl-validate to use as it is" },
    "helm-version": { type: "string", value: "VERSION", help: "version of Helm" },
    "helm-path": { type: "string", value: "FILE", help: "Helm to use as it is" },
    ...toolSourceOptions,
  } as const satisfies Record<string, Option>;
}

/** The inputs of a render as the command line gives them; `path` is what was named, else the current folder. */
export function renderInputs(args: Arguments): RenderInputs {
  const optional = <Key extends string>(key: Key, value: string | undefined) =>
    value === undefined ? {} : ({ [key]: value } as Record<Key, string>);
  return {
    ...defaults,
    path: args.positionals[0] ?? ".",
    kustomization: list(args, "overlay"),
    ...optional("baseRef", text(args, "base")),
    ...optional("headRef", text(args, "head")),
    fetch: !flag(args, "no-fetch"),
    renderAll: flag(args, "render-all"),
    allowEmpty: flag(args, "allow-empty"),
    allowRemoteBases: list(args, "allow-remote-bases"),
    kustomizeBuildArgs: list(args, "kustomize-build-args"),
    ...optional("kubeVersion", text(args, "kube-version")),
    apiVersions: list(args, "api-versions"),
    includeCrds: flag(args, "include-crds"),
    tools: toolSettings(args),
    failOnSeverity: choice(args, "fail-on-severity", ["error", "warning", "notice"], "error"),
    timeLimitSeconds: whole(args, "time-limit", defaults.timeLimitSeconds),
    memoryLimitMebibytes: whole(args, "memory-limit", defaults.memoryLimitMebibytes),
  };
}

/** Where tools come from. On the command line, building from Go modules is the last resort. */
export function toolSettings(args: Arguments): RenderInputs["tools"] {
  const named = (kind: "version" | "path") => ({
    ...(text(args, `kustomize-${kind}`) && { kustomize: text(args, `kustomize-${kind}`)! }),
    ...(text(args, `kubeconform-${kind}`) && { kubeconform: text(args, `kubeconform-${kind}`)! }),
    ...(text(args, `kubectl-validate-${kind}`) && {
      "kubectl-validate": text(args, `kubectl-validate-${kind}`)!,
    }),
    ...(text(args, `helm-${kind}`) && { helm: text(args, `helm-${kind}`)! }),
  });
  const mirror = text(args, "tools-mirror");
  return {
    versions: named("version"),
    paths: named("path"),
    from: choice(args, "tools-from", ["auto", "release", "go", "path"], "auto"),
    allowBuild: true,
    ...(mirror && { mirror }),
  };
}

/** One of a few words. Throws UsageError that names the option and the words. */
export function choice<Word extends string>(
  args: Arguments,
  name: string,
  words: readonly Word[],
  fallback: Word,
): Word {
  const given = text(args, name);
  if (given === undefined) return fallback;
  const word = words.find((each) => each === given);
  if (word) return word;
  throw new UsageError(`--${name} ${given}: expected one of ${words.join(", ")}${suggestion(given, words)}`);
}

function whole(args: Arguments, name: string, fallback: number): number {
  const given = text(args, name);
  if (given === undefined) return fallback;
  if (/^[1-9]\d{0,6}$/.test(given)) return Number(given);
  throw new UsageError(`--${name} ${given}: expected a whole number above 0`);
}
