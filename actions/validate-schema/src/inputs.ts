import type { Host } from "@gitops-actions/action";
import {
  readBoolean,
  readFailOn,
  readInput,
  readList,
  readManifests,
  readPath,
  readSeverity,
  readString,
  readTools,
} from "@gitops-actions/action";
import type { ToolSettings } from "@gitops-actions/engine";
import { nearest, type Severity, UsageError } from "@gitops-actions/report";

/** What validates: kubeconform everything, against schemas; kubectl-validate the rules in CEL of custom resources. */
export type SchemaEngine = (typeof schemaEngines)[number];

/** Names a person may give for `engines`. */
export const schemaEngines = ["kubeconform", "kubectl-validate"] as const;

/** What happens to a resource of a foreign group for which there is no schema. */
export type MissingSchemas = "fail" | "warn" | { allow: string[] };

/** What a person asks of validate-schema, in a workflow or on the command line. */
export interface ValidateInputs {
  /** Absolute path of the index.json that render-overlays wrote, or of a folder of manifests. */
  manifests: string;
  /** Folder of the Git repository, whose definitions of custom resources count; relative to the workspace. */
  path: string;
  /** Whether the base commit may be fetched where a shallow checkout lacks it. */
  fetch: boolean;
  token?: string;
  /** Versions a person writes: `1.36`. */
  kubernetesVersions: string[];
  engines: SchemaEngine[];
  strict: boolean;
  /** Folders of the repository in which definitions are looked for; empty: everywhere. */
  crds: string[];
  missingSchemas: MissingSchemas;
  schemaLocations: string[];
  allowSchemaHosts: string[];
  skip: string[];
  reject: string[];
  ignoreFilenamePatterns: RegExp[];
  allowEmpty: boolean;
  failOn: "new" | "all" | "none";
  failOnSeverity: Severity;
  tools: ToolSettings;
  summary: boolean;
  annotations: boolean;
}

/** What holds where nothing is said; the same as the defaults in action.yml. */
export const defaults: ValidateInputs = {
  manifests: "",
  path: ".",
  fetch: true,
  kubernetesVersions: ["1.37"],
  engines: ["kubeconform"],
  strict: true,
  crds: [],
  missingSchemas: "fail",
  schemaLocations: [],
  allowSchemaHosts: [],
  skip: [],
  reject: [],
  ignoreFilenamePatterns: [],
  allowEmpty: false,
  failOn: "new",
  failOnSeverity: "error",
  tools: { allowBuild: false, from: "auto" },
  summary: true,
  annotations: true,
};

/** Reads the inputs of the step. Throws UsageError that names the input, its value and what was expected. */
export function readInputs(host: Pick<Host, "env" | "cwd">): ValidateInputs {
  const versions = readWords(host, "kubernetes-versions");
  const token = readString(host, "token");
  const ignoresMissing = readBoolean(host, "ignore-missing-schemas", false);
  return {
    manifests: readManifests(host),
    path: readPath(host, "path", defaults.path),
    fetch: readBoolean(host, "fetch", defaults.fetch),
    ...(token && { token }),
    kubernetesVersions: versions.length > 0 ? versions : defaults.kubernetesVersions,
    engines: parseEngines(readWords(host, "engines")),
    strict: readBoolean(host, "strict", defaults.strict),
    crds: readList(host, "crds"),
    missingSchemas: ignoresMissing
      ? { allow: ["*"] }
      : parseMissingSchemas(readInput(host, "missing-schemas")),
    schemaLocations: readList(host, "schema-locations"),
    allowSchemaHosts: readList(host, "allow-schema-hosts").map((name) => name.toLowerCase()),
    skip: readWords(host, "skip"),
    reject: readWords(host, "reject"),
    ignoreFilenamePatterns: readList(host, "ignore-filename-patterns").map(parsePattern),
    allowEmpty: readBoolean(host, "allow-empty", defaults.allowEmpty),
    failOn: readFailOn(host, defaults.failOn),
    failOnSeverity: readSeverity(host, defaults.failOnSeverity),
    tools: readTools(host, ["kubeconform", "kubectl-validate"]),
    summary: readBoolean(host, "summary", defaults.summary),
    annotations: readBoolean(host, "annotations", defaults.annotations),
  };
}

/** `kubeconform`, to which `kubectl-validate` may be added; empty: kubeconform. */
function parseEngines(words: readonly string[]): SchemaEngine[] {
  const unknown = words.find((word) => !schemaEngines.some((name) => name === word));
  if (unknown !== undefined) {
    const near = nearest(unknown, schemaEngines);
    throw new UsageError(
      `input 'engines' names '${unknown.slice(0, 100)}'; expected kubeconform, or kubeconform, kubectl-validate.${near ? ` Did you mean ${near}?` : ""}`,
    );
  }
  if (words.length > 0 && !words.includes("kubeconform")) {
    throw new UsageError(
      "input 'engines' lacks kubeconform, which validates everything but rules in CEL; write kubeconform, kubectl-validate.",
    );
  }
  return words.includes("kubectl-validate") ? [...schemaEngines] : ["kubeconform"];
}

/** `fail`, `warn`, or `allow: Kind, group/Kind`. */
function parseMissingSchemas(text: string): MissingSchemas {
  if (text === "" || text === "fail") return "fail";
  if (text === "warn") return "warn";
  const list = /^allow:\s*(.+)$/s.exec(text)?.[1];
  if (list) return { allow: splitWords(list) };
  const near = nearest(text, ["fail", "warn", "allow:"]);
  throw new UsageError(
    `input 'missing-schemas' is '${text.slice(0, 100)}'; expected fail, warn, or allow: and kinds, such as allow: ServiceMonitor, example.com/Thing.${near ? ` Did you mean ${near}?` : ""}`,
  );
}

/** Words between commas or line ends. */
function readWords(host: Pick<Host, "env">, name: string): string[] {
  return readList(host, name).flatMap(splitWords);
}

function splitWords(text: string): string[] {
  return text
    .split(/[,\n]/)
    .map((word) => word.trim())
    .filter(Boolean);
}

function parsePattern(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (error) {
    throw new UsageError(
      `input 'ignore-filename-patterns' is '${text}', which is no regular expression: ${(error as Error).message}`,
    );
  }
}
