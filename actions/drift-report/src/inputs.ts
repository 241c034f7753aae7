import type { Host } from "@gitops-actions/action";
import {
  compact,
  readBoolean,
  readChoice,
  readInput,
  readInteger,
  readList,
  readPath,
  readRef,
  readSeverity,
  readString,
  readTools,
} from "@gitops-actions/action";
import type { ToolSettings } from "@gitops-actions/engine";
import { type Severity, UsageError } from "@gitops-actions/report";

/** What a person asks of drift-report, in a workflow or on the command line. */
export interface DriftInputs {
  /** Folder inside the repository, relative to the working folder or absolute. */
  path: string;
  kustomization: string[];
  /** Only overlays of this environment and cluster (and those of none); empty: all. */
  environment: string;
  cluster: string;
  /** applied: what each controller says it has applied. head: what is checked out, or `ref`. */
  revision: "applied" | "head";
  /** read: compared here. server-dry-run: the server says what an apply would change; needs `patch`. */
  mode: "read" | "server-dry-run";
  /** Whether objects that nobody tracks are looked for, in the namespaces that the fleet owns. */
  orphans: boolean;
  ref?: string;
  fetch: boolean;
  token?: string;
  kubeconfig?: string;
  context?: string;
  /** Context of the cluster in which the objects of Argo CD and Flux are; empty: the same. */
  hubContext?: string;
  /** Patterns of field managers that may write what they like. */
  owners: RegExp[];
  /** Suspended, failing or out of sync for longer than this is a finding. */
  syncLimitMinutes: number;
  /** What Git has beyond the commit applied is a finding only when it is older than this. */
  pendingGraceMinutes: number;
  allowEmpty: boolean;
  tools: ToolSettings;
  failOn: "drift" | "none";
  failOnSeverity: Severity;
  timeLimitSeconds: number;
  issue: boolean;
  allowPublicIssue: boolean;
  status: boolean;
  webhook?: string;
  webhookFormat: "json" | "slack";
  summary: boolean;
}

/** What holds where nothing is said; the same as the defaults in action.yml. */
export const defaults: DriftInputs = {
  path: ".",
  kustomization: [],
  environment: "",
  cluster: "",
  revision: "applied",
  mode: "read",
  orphans: false,
  fetch: true,
  owners: [],
  syncLimitMinutes: 60,
  pendingGraceMinutes: 60,
  allowEmpty: false,
  tools: { allowBuild: false, from: "auto" },
  failOn: "drift",
  failOnSeverity: "error",
  timeLimitSeconds: 60,
  issue: false,
  allowPublicIssue: false,
  status: false,
  webhookFormat: "json",
  summary: true,
};

/** Reads the inputs of the step. Throws UsageError that names the input, its value and what was expected. */
export function readInputs(host: Pick<Host, "env" | "cwd">): DriftInputs {
  const given = (name: string): string | undefined => readString(host, name) || undefined;
  return compact({
    path: readPath(host, "path", defaults.path),
    kustomization: readList(host, "kustomization"),
    environment: readString(host, "environment"),
    cluster: readString(host, "cluster"),
    revision: readChoice(host, "revision", ["applied", "head"] as const, defaults.revision),
    mode: readChoice(host, "mode", ["read", "server-dry-run"] as const, defaults.mode),
    orphans: readBoolean(host, "orphans", defaults.orphans),
    ref: readRef(host, "ref") || undefined,
    fetch: readBoolean(host, "fetch", defaults.fetch),
    token: given("token"),
    // Cloud log-in actions write it outside the workspace.
    kubeconfig: given("kubeconfig"),
    context: given("context"),
    hubContext: given("hub-context"),
    owners: readList(host, "owners").map(parseOwner),
    syncLimitMinutes: readInteger(host, "sync-limit", {
      default: defaults.syncLimitMinutes,
      min: 0,
      max: 525_600,
      unit: "minutes",
    }),
    pendingGraceMinutes: readInteger(host, "pending-grace", {
      default: defaults.pendingGraceMinutes,
      min: 0,
      max: 525_600,
      unit: "minutes",
    }),
    allowEmpty: readBoolean(host, "allow-empty", defaults.allowEmpty),
    tools: readTools(host, ["kubectl"]),
    failOn: readChoice(host, "fail-on", ["drift", "none"] as const, defaults.failOn),
    failOnSeverity: readSeverity(host, defaults.failOnSeverity),
    timeLimitSeconds: readInteger(host, "time-limit", {
      default: defaults.timeLimitSeconds,
      min: 1,
      max: 3600,
      unit: "seconds",
    }),
    issue: readBoolean(host, "issue", defaults.issue),
    allowPublicIssue: readBoolean(host, "allow-public-issue", defaults.allowPublicIssue),
    status: readBoolean(host, "status", defaults.status),
    webhook: readWebhook(readInput(host, "webhook")),
    webhookFormat: readChoice(host, "webhook-format", ["json", "slack"] as const, defaults.webhookFormat),
    summary: readBoolean(host, "summary", defaults.summary),
  });
}

/** A pattern such as `keda-*`: only `*` is special. */
export function parseOwner(pattern: string): RegExp {
  const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`);
}

function readWebhook(text: string): string | undefined {
  if (text === "") return undefined;
  // The address itself is often the secret: it is not repeated.
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new UsageError("input 'webhook' is not an http(s) URL.");
}
