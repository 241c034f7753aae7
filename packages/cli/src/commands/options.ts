import { existsSync } from "node:fs";
import { resolve } from "node:path";
import type { Host } from "@gitops-actions/action";
import { currentPlatform, pins, type ToolName, type ToolSettings, wantedTool } from "@gitops-actions/engine";
import { checkSettings, type RenderInputs, readInputs } from "@gitops-actions/render-overlays";
import { type Severity, UsageError } from "@gitops-actions/report";
import { type Arguments, text } from "../arguments.ts";
import type { Option } from "../command.ts";
import { readTyped } from "../inputs.ts";

/** Which findings fail a command. */
export const severityOption = {
  "fail-on-severity": {
    type: "string",
    value: "LEVEL",
    help: "least severe finding that fails",
    words: ["error", "warning", "notice"],
    standard: "error",
  },
} as const satisfies Record<string, Option>;

/** The severity that was named, which `parseArguments` has made sure of. */
export function severityOf(args: Arguments): Severity {
  return (text(args, "fail-on-severity") as Severity | undefined) ?? "error";
}

/** Which findings fail a command that compares with a base. */
export const failOnOption = {
  "fail-on": {
    type: "string",
    value: "WHICH",
    help: "findings that fail",
    words: ["new", "all", "none"],
    standard: "new",
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
  "tools-from": {
    type: "string",
    value: "PLACE",
    help: "where tools come from",
    words: ["auto", "release", "go", "path"],
    standard: "auto",
  },
  "tools-mirror": {
    type: "string",
    value: "URL",
    help: "template of a mirror: https://mirror/{tool}/{version}/{asset}",
  },
} as const satisfies Record<string, Option>;

/** What each of these tools is, for the commands that use it. */
export function toolOptions(...names: readonly ToolName[]): Record<string, Option> {
  const options: Record<string, Option> = {};
  for (const name of names) {
    const { version } = pins[name];
    options[`${name}-version`] = {
      type: "string",
      value: "VERSION",
      help: `version of ${name}`,
      standard: version,
    };
    options[`${name}-path`] = { type: "string", value: "FILE", help: `${name} to use as it is` };
  }
  return options;
}

/** How long and how large what is started may become. */
export function limitOptions(seconds: string, mebibytes: string): Record<string, Option> {
  return {
    "time-limit": {
      type: "string",
      value: "SECONDS",
      help: "longest time that one start of a tool may take",
      standard: seconds,
    },
    "memory-limit": {
      type: "string",
      value: "MIB",
      help: "most memory that one start of a tool may take",
      standard: mebibytes,
    },
  };
}

/** Which overlays a command looks at. */
export const overlayOption = {
  overlay: {
    type: "string",
    multiple: true,
    value: "GLOB",
    help: "only these overlays; ! excludes; may be repeated",
    input: "kustomization",
    aliases: ["kustomization"],
  },
} as const satisfies Record<string, Option>;

/** Options of every command that renders; limits, severity and how it is reported come besides. */
export const renderOptions = {
  base: {
    type: "string",
    value: "REF",
    help: "compare with this branch, tag or commit",
    standard: "the default branch",
    input: "base-ref",
    aliases: ["base-ref"],
    raw: true,
  },
  head: {
    type: "string",
    value: "REF",
    help: "look at this branch, tag or commit",
    standard: "the working tree",
    input: "head-ref",
    aliases: ["head-ref"],
    raw: true,
  },
  ...overlayOption,
  "render-all": { type: "boolean", help: "render also what is proven unchanged" },
  fetch: { type: "boolean", on: true, help: "fail instead of fetching a commit that is not here" },
  "allow-remote-bases": {
    type: "string",
    multiple: true,
    value: "HOST",
    help: "hosts that remote bases may be fetched from",
  },
  "allow-empty": { type: "boolean", help: "accept a repository with nothing to render" },
  "kube-version": {
    type: "string",
    value: "VERSION",
    help: "Kubernetes version that charts are told while they render, as Helm's --kube-version",
  },
  "api-versions": {
    type: "string",
    multiple: true,
    value: "VERSION",
    help: "API versions that charts are told while they render",
  },
  "include-crds": { type: "boolean", help: "render the crds/ folder of charts too" },
  "kustomize-build-args": {
    type: "string",
    multiple: true,
    value: "ARG",
    help: "another argument for kustomize build",
  },
  ...toolOptions("kustomize", "helm"),
} satisfies Record<string, Option>;

/** The inputs of a render as they were typed; `path` is what was named, else the current folder. Throws UsageError. */
export function renderInputs(args: Arguments, host: Pick<Host, "cwd">): RenderInputs {
  const [base, head] = [text(args, "base"), text(args, "head")];
  const inputs: RenderInputs = {
    ...readTyped(readInputs, args, host),
    path: args.positionals[0] ?? ".",
    ...(base !== undefined && { baseRef: base }),
    ...(head !== undefined && { headRef: head }),
  };
  checkSettings(inputs);
  return { ...inputs, tools: typedTools(inputs.tools, host) };
}

/**
 * Where tools come from; on the command line, building from Go modules is the last resort. Throws UsageError for a version
 * without a checksum and a path with nothing there: that must not wait until a tool's turn comes.
 */
export function typedTools(tools: ToolSettings, { cwd }: Pick<Host, "cwd">): ToolSettings {
  for (const [name, version] of Object.entries(tools.versions ?? {}))
    wantedTool(name as ToolName, currentPlatform(), version);
  for (const [name, path] of Object.entries(tools.paths ?? {})) {
    if (existsSync(resolve(cwd, path))) continue;
    throw new UsageError(`--${name}-path ${path}: there is no such file. Name the program itself.`);
  }
  return { ...tools, allowBuild: true };
}

/** Where tools come from, for a command that is no action's. */
export function toolSettings(args: Arguments, ...names: readonly ToolName[]): ToolSettings {
  const named = (kind: "version" | "path") =>
    Object.fromEntries(
      names.flatMap((name) => {
        const given = text(args, `${name}-${kind}`);
        return given ? [[name, given]] : [];
      }),
    );
  const mirror = text(args, "tools-mirror");
  return {
    versions: named("version"),
    paths: named("path"),
    from: (text(args, "tools-from") ?? "auto") as NonNullable<ToolSettings["from"]>,
    allowBuild: true,
    ...(mirror && { mirror }),
  };
}
