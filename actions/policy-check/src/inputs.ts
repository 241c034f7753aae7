import type { Host } from "@gitops-actions/action";
import {
  readBoolean,
  readChoice,
  readFailOn,
  readLimits,
  readList,
  readManifests,
  readPath,
  readSeverity,
  readString,
  readTools,
} from "@gitops-actions/action";
import { type PolicyEngine, packNames, parseBundles, type ToolSettings } from "@gitops-actions/engine";
import { nearest, type Severity, UsageError } from "@gitops-actions/report";

/** Names a person may give for `engines`. */
export const engineNames = [
  "conftest",
  "kyverno",
  "gatekeeper",
  "vap",
  "gitleaks",
] as const satisfies readonly PolicyEngine[];

/** What a person asks of policy-check, in a workflow or on the command line. */
export interface PolicyInputs {
  /** The index.json that render-overlays wrote, or a folder of manifests; relative to the workspace or absolute. */
  manifests: string;
  /** Folder of the Git repository that holds the policies, relative to the workspace. */
  path: string;
  /** Whether commits may be fetched that a shallow checkout lacks. */
  fetch: boolean;
  token?: string;
  /** Folders and files of policies, relative to the repository; empty: the usual places. */
  policy: string[];
  /** Bundles of policies in registries and Git repositories, each with its digest or commit. */
  policyBundles: string[];
  /** Hosts that bundles may come from, in lower case. */
  allowPolicyHosts: string[];
  /** Built-in packs. */
  packs: string[];
  engines: PolicyEngine[];
  /** conftest: packages to ask; empty: all. */
  namespace: string[];
  /** conftest: folders of values, relative to the repository. */
  data: string[];
  combine: "auto" | boolean;
  failOnWarn: boolean;
  /** Kyverno: what Audit policies find is a warning. */
  auditWarn: boolean;
  /** File of Kyverno's values and variables, relative to the repository. */
  valuesFile?: string;
  /** File of exceptions, relative to the repository. */
  exceptions?: string;
  allowNetwork: boolean;
  allowEmpty: boolean;
  failOn: "new" | "all" | "none";
  failOnSeverity: Severity;
  tools: ToolSettings;
  timeLimitSeconds: number;
  memoryLimitMebibytes: number;
  summary: boolean;
  annotations: boolean;
}

/** What holds where nothing is said; the same as the defaults in action.yml. */
export const defaults: PolicyInputs = {
  manifests: "",
  path: ".",
  fetch: true,
  policy: [],
  policyBundles: [],
  allowPolicyHosts: [],
  packs: [],
  engines: [...engineNames],
  namespace: [],
  data: [],
  combine: "auto",
  failOnWarn: false,
  auditWarn: true,
  allowNetwork: false,
  allowEmpty: false,
  failOn: "new",
  failOnSeverity: "error",
  tools: { allowBuild: false, from: "auto" },
  timeLimitSeconds: 300,
  memoryLimitMebibytes: 4096,
  summary: true,
  annotations: true,
};

/** Reads the inputs of the step. Throws UsageError that names the input, its value and what was expected. */
export function readInputs(host: Pick<Host, "env" | "cwd">): PolicyInputs {
  const engines = readNames(host, "engines", engineNames);
  const combine = readChoice(host, "combine", ["auto", "true", "false"] as const, "auto");
  const exceptions = readString(host, "exceptions");
  const valuesFile = readString(host, "values-file");
  const token = readString(host, "token");
  return {
    manifests: readManifests(host),
    path: readPath(host, "path", defaults.path),
    fetch: readBoolean(host, "fetch", defaults.fetch),
    ...(token && { token }),
    policy: readList(host, "policy"),
    policyBundles: readList(host, "policy-bundles"),
    allowPolicyHosts: readList(host, "allow-policy-hosts").map((name) => name.toLowerCase()),
    packs: readNames(host, "packs", packNames()),
    engines: engines.length > 0 ? engines : defaults.engines,
    namespace: readList(host, "namespace"),
    data: readList(host, "data"),
    combine: combine === "auto" ? "auto" : combine === "true",
    failOnWarn: readBoolean(host, "fail-on-warn", defaults.failOnWarn),
    auditWarn: readBoolean(host, "audit-warn", defaults.auditWarn),
    ...(valuesFile && { valuesFile }),
    ...(exceptions && { exceptions }),
    allowNetwork: readBoolean(host, "allow-network", defaults.allowNetwork),
    allowEmpty: readBoolean(host, "allow-empty", defaults.allowEmpty),
    failOn: readFailOn(host, defaults.failOn),
    failOnSeverity: readSeverity(host, defaults.failOnSeverity),
    tools: readTools(host, ["conftest", "kyverno", "gator", "gitleaks"]),
    ...readLimits(host, defaults),
    summary: readBoolean(host, "summary", defaults.summary),
    annotations: readBoolean(host, "annotations", defaults.annotations),
  };
}

/** Throws UsageError for settings that no run could make sense of. Nothing is read or fetched. */
export function checkSettings({ policyBundles, allowPolicyHosts }: PolicyInputs): void {
  parseBundles(policyBundles, new Set(allowPolicyHosts));
}

/** Words between commas or line ends, each one of those known. Throws UsageError for another. */
function parseNames<Name extends string>(
  given: readonly string[],
  name: string,
  known: readonly Name[],
): Name[] {
  const words = given.flatMap((line) => line.split(/[,\s]+/)).filter(Boolean);
  return words.map((word) => {
    const found = known.find((each) => each === word);
    if (found) return found;
    const near = nearest(word, known);
    throw new UsageError(
      `${name}: there is no ${word.slice(0, 100)}; expected some of ${known.join(", ")}.${near ? ` Did you mean ${near}?` : ""}`,
    );
  });
}

function readNames<Name extends string>(
  host: Pick<Host, "env">,
  name: string,
  known: readonly Name[],
): Name[] {
  return parseNames(readList(host, name), `input '${name}'`, known);
}
