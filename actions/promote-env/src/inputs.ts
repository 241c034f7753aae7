import {
  compact,
  type Host,
  readBoolean,
  readChoice,
  readInput,
  readList,
  readPath,
  readPaths,
  readRef,
  readString,
  readTools,
} from "@gitops-actions/action";
import type { ToolSettings } from "@gitops-actions/engine";
import { UsageError } from "@gitops-actions/report";

export const operations = ["promote", "plan", "status", "set", "rollback", "hold", "resume"] as const;
export type Operation = (typeof operations)[number];

/** What a person asks of promote-env, in a workflow or on the command line. */
export interface PromoteInputs {
  operation: Operation;
  /** Folder inside the repository, relative to the working folder or absolute. */
  path: string;
  /** `owner/name` of a repository to work in instead of the checkout. */
  repository?: string;
  /** Only these; empty: all. */
  apps: string[];
  environments: string[];
  /** Default: the remote's default branch. */
  branch?: string;
  /** Default: what gitops.yaml says. */
  strategy?: "pull-request" | "direct";
  tag?: string;
  digest?: string;
  /** A chart's version or a revision. */
  version?: string;
  /** Which image or chart is set, where an app has several. */
  image?: string;
  /** The commit to whose versions a rollback returns; default: those before the present ones. */
  to?: string;
  /** Roll back the overlay's files as well as its versions. */
  exact: boolean;
  reason: string;
  owner: string;
  /** When a hold ends: milliseconds since 1970. */
  until?: number;
  labels: string[];
  /** report.json files of other actions. */
  reports: string[];
  fetch: boolean;
  /** Render what changes and refuse what reaches others. */
  prove: boolean;
  allowRemoteBases: string[];
  tools: ToolSettings;
  token?: string;
  summary: boolean;
  annotations: boolean;
}

/** What holds where nothing is said; the same as the defaults in action.yml. */
export const defaults: PromoteInputs = {
  operation: "promote",
  path: ".",
  apps: [],
  environments: [],
  exact: false,
  reason: "",
  owner: "",
  labels: ["promotion"],
  reports: [],
  fetch: true,
  prove: true,
  allowRemoteBases: [],
  tools: { allowBuild: false, from: "auto" },
  summary: true,
  annotations: true,
};

/** Reads the inputs of the step. Throws UsageError that names the input, its value and what was expected. */
export function readInputs(host: Pick<Host, "env" | "cwd">): PromoteInputs {
  const given = (name: string): string | undefined => readString(host, name) || undefined;
  const strategy = readChoice(host, "strategy", ["auto", "pull-request", "direct"], "auto");
  return checkInputs(
    compact({
      operation: readChoice(host, "operation", operations, defaults.operation),
      path: readPath(host, "path", defaults.path),
      repository: given("repository"),
      apps: readList(host, "app"),
      environments: readList(host, "environment"),
      branch: readRef(host, "branch") || undefined,
      strategy: strategy === "auto" ? undefined : strategy,
      tag: given("tag"),
      digest: given("digest"),
      version: given("version"),
      image: given("image"),
      to: readRef(host, "to") || undefined,
      exact: readBoolean(host, "exact", defaults.exact),
      reason: readString(host, "reason"),
      owner: readString(host, "owner") || (host.env.GITHUB_ACTOR ?? ""),
      until: readTime(given("until")),
      labels: readInput(host, "labels") === "" ? defaults.labels : readList(host, "labels"),
      reports: readPaths(host, "reports"),
      fetch: readBoolean(host, "fetch", defaults.fetch),
      prove: readBoolean(host, "prove", defaults.prove),
      allowRemoteBases: readList(host, "allow-remote-bases"),
      tools: readTools(host, []),
      token: given("token"),
      summary: readBoolean(host, "summary", defaults.summary),
      annotations: readBoolean(host, "annotations", defaults.annotations),
    }),
  );
}

/** Refuses inputs that cannot mean anything together. */
export function checkInputs(inputs: PromoteInputs): PromoteInputs {
  const { operation, apps, environments, tag, digest, version } = inputs;
  if (inputs.repository !== undefined && !/^[\w.-]+\/[\w.-]+$/.test(inputs.repository))
    throw new UsageError(`repository ${JSON.stringify(inputs.repository)}: expected owner/name.`);
  if (inputs.repository !== undefined && !inputs.fetch)
    throw new UsageError(
      "repository names one that is not checked out: it cannot be read with fetch: false.",
    );
  const one =
    operation === "set" || operation === "rollback" || operation === "hold" || operation === "resume";
  if (one && (apps.length !== 1 || environments.length !== 1))
    throw new UsageError(
      `operation ${operation} needs one app and one environment: it changes what both name.`,
    );
  const something = tag ?? digest ?? version;
  if (operation === "set" && something === undefined)
    throw new UsageError("operation set needs a tag, a digest or a version to set.");
  if (operation !== "set" && something !== undefined)
    throw new UsageError(`operation ${operation} takes no tag, digest or version: only set does.`);
  if (digest !== undefined && !/^[a-z0-9]+:[0-9a-f]{32,128}$/.test(digest))
    throw new UsageError(`digest ${JSON.stringify(digest)}: expected sha256: and 64 hexadecimal digits.`);
  for (const [name, value] of Object.entries({ tag, version }))
    if (value !== undefined && !/^[\w][\w.+-]{0,127}$/.test(value))
      throw new UsageError(
        `${name} ${JSON.stringify(value)}: expected letters, digits, '.', '_', '+' and '-'.`,
      );
  if (operation === "hold" && inputs.reason === "")
    throw new UsageError("operation hold needs a reason: the next person will ask.");
  return inputs;
}

function readTime(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const at = Date.parse(text);
  if (/^\d{4}-\d{2}-\d{2}/.test(text) && !Number.isNaN(at)) return at;
  throw new UsageError(`input 'until' is '${text}'; expected a time such as 2026-12-24T18:00:00Z.`);
}
