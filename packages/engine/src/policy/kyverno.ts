import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type JsonObject, writeJson } from "@gitops-actions/manifest";
import { ToolError } from "@gitops-actions/report";
import * as z from "zod";
import { childEnvironment, lazyCollector, withoutNetwork } from "../environment.ts";
import { type ProcessSpec, runProcess } from "../exec.ts";
import { stoppedBy } from "../limits.ts";
import type { Machine } from "../machine.ts";
import type { Tool } from "../tools/tool.ts";
import type { PolicyDocument, PolicyFailure, PolicyLimits } from "./outcome.ts";

/** What `kyverno apply` is given, besides resources. All are YAML or JSON texts of one object each. */
export interface KyvernoSource {
  policies: readonly string[];
  exceptions?: readonly string[];
  /** `kind: Values`. */
  values?: string;
  /** CustomResourceDefinitions: without the one of a custom resource some policies end the whole run. */
  definitions?: readonly JsonObject[];
  /** Objects that bindings of ValidatingAdmissionPolicies may name as parameters. */
  parameters?: readonly string[];
  /**
   * Whole numbers of resources are integers, as CEL in a cluster sees them. JMESPath wants them as doubles, as the CLI
   * has them otherwise: the policies of one start are either in CEL or have none.
   */
  wholeNumbers?: boolean;
}

const ResultResource = z.object({
  kind: z.string(),
  apiVersion: z.string(),
  namespace: z.string().optional(),
  name: z.string().optional(),
});

/** One row of the policy report that the CLI prints. */
export const KyvernoResult = z.object({
  source: z.string().optional(),
  policy: z.string(),
  rule: z.string().optional(),
  severity: z.string().optional(),
  result: z.enum(["pass", "fail", "warn", "error", "skip"]),
  message: z.string().optional(),
  resources: z.array(ResultResource).optional(),
  properties: z.record(z.string(), z.string()).optional(),
});
export type KyvernoResult = z.infer<typeof KyvernoResult>;

/**
 * Reads the reports in what `kyverno apply --policy-report --output-format json` prints, each on a line of its own: one
 * for all ClusterPolicies and one for each namespaced policy and resource. Undefined when there is none.
 */
export function parseKyverno(stdout: string): KyvernoResult[] | undefined {
  const lines = stdout
    .split("\n")
    // A report begins in the line in which a mutation was announced.
    .map((each) => each.replace(/^Mutation has been applied successfully\./, ""))
    .filter((each) => each.startsWith("{"));
  if (lines.length === 0) return undefined;
  return lines.flatMap((line) => {
    try {
      return z.object({ results: z.array(KyvernoResult).nullish() }).parse(JSON.parse(line)).results ?? [];
    } catch (error) {
      const message = `kyverno printed something that is not its report: ${line.slice(0, 200)}`;
      throw new ToolError("output", message, { cause: error });
    }
  });
}

/** What the CLI says of a policy on its own: why it was not loaded, or undefined. */
export function parseKyvernoProbe(output: string): string | undefined {
  const error = /Error: (.*)$/s.exec(output)?.[1];
  if (error) return shorten(error.replace(/^failed to apply policies on resource \S+ \(/, ""));
  // It counts the rules of a policy that it then passes over.
  const skipped = /^Policies Skipped:\s*^\d+\. [^:\n]*: (.*)$/m.exec(output)?.[1];
  if (skipped) return shorten(`kyverno skips it: ${skipped}`);
  const rules = /Applying (\d+) policy rule/.exec(output)?.[1];
  if (rules === "0") return "kyverno does not load it, and does not say why: it is not what its schema wants";
  return rules === undefined ? shorten(output.trim() || "kyverno said nothing of it") : undefined;
}

function shorten(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > 1000 ? `${line.slice(0, 1000)}...` : line;
}

/** The name of a policy of our own that every resource passes. */
export const kyvernoSentinel = "gitops-actions-seen";

/**
 * A resource without a row of this one was lost, and all that was said with it: the CLI drops what every kind of policy
 * said of a resource when one of them ends in an error (applyPolicies and ApplyPoliciesOnResource of its processor).
 * About 0.2 ms a resource; one in CEL would be compiled for each, which takes 5 ms.
 */
const sentinel: JsonObject = {
  ...{ apiVersion: "kyverno.io/v1", kind: "ClusterPolicy" },
  metadata: {
    name: kyvernoSentinel,
    annotations: { "pod-policies.kyverno.io/autogen-controllers": "none" },
  },
  spec: {
    // A policy about all kinds may look at nothing but metadata, and not in the background.
    ...{ background: false, validationFailureAction: "Audit" },
    rules: [
      {
        name: "seen",
        match: { any: [{ resources: { kinds: ["*"] } }] },
        validate: { message: "seen", pattern: { metadata: { name: "?*" } } },
      },
    ],
  },
};

const restorerName = "gitops-actions-whole-numbers";

/**
 * Adds a field and takes it away again. The CLI makes every number a double (ProcessResources of its test command), which
 * CEL neither adds to an integer nor takes for one; what a mutation leaves it reads anew, with whole numbers as integers.
 * About 0.4 ms a resource.
 */
function restorer(documents: readonly JsonObject[]): JsonObject {
  const kinds = [...new Set(documents.map(({ kind }) => String(kind)))].sort();
  const patch = (name: string, operation: JsonObject): JsonObject => ({
    name,
    match: { any: [{ resources: { kinds } }] },
    mutate: { patchesJson6902: writeJson([{ ...operation, path: "/gitopsActions" }], 0, false) },
  });
  return {
    ...{ apiVersion: "kyverno.io/v1", kind: "ClusterPolicy" },
    metadata: {
      name: restorerName,
      annotations: { "pod-policies.kyverno.io/autogen-controllers": "none" },
    },
    spec: {
      background: false,
      rules: [patch("add", { op: "add", value: "" }), patch("remove", { op: "remove" })],
    },
  };
}

/** The rows of one document: its position, and undefined for a row of a resource that was not given. */
export interface KyvernoRow extends KyvernoResult {
  document: number;
}

export type KyvernoRun =
  | { ok: true; rows: KyvernoRow[] }
  /** No row of the sentinel for some document: nothing can be said of the batch. */
  | { ok: false; failure: PolicyFailure };

/**
 * Applies policies to documents, no identity twice, in one start. The CLI ends with status 0 and says nothing when a
 * policy does not compile, and leaves out what it cannot load: a run counts only if it saw every document.
 */
export async function runKyverno(
  source: KyvernoSource,
  documents: readonly PolicyDocument[],
  settings: PolicyLimits & { auditWarn: boolean },
  tool: Tool,
  machine: Machine,
  signal?: AbortSignal,
): Promise<KyvernoRun> {
  const folder = mkdtempSync(join(machine.tempDir, "kyverno-"));
  try {
    const named = documents.map(nameOf);
    writeFileSync(join(folder, "resources.yaml"), stream(named.map((each) => writeJson(each, 0, false))), {
      mode: 0o600,
    });
    const definitions = definitionsOf(named, source.definitions ?? []);
    const own = [sentinel, ...(source.wholeNumbers && named.length > 0 ? [restorer(named)] : [])];
    const args = [
      ...write(folder, "definitions", definitions, ["--crd-paths"]),
      ...write(folder, "policies", [...source.policies, ...own.map((each) => writeJson(each))], []),
      ...(source.wholeNumbers ? ["--output", join(folder, "mutated.yaml")] : []),
      ...["--resource", join(folder, "resources.yaml")],
      ...write(folder, "exceptions", source.exceptions ?? [], ["--exception"]),
      ...write(folder, "values", source.values === undefined ? [] : [source.values], ["--values-file"]),
      ...write(folder, "parameters", source.parameters ?? [], ["--parameter-resource"]),
      ...(settings.auditWarn ? ["--audit-warn"] : []),
      ...["--policy-report", "--output-format", "json", "--continue-on-fail", "--remove-color"],
    ];
    const { stdout, stderr, stopped } = await start(folder, args, settings, tool, machine, signal);
    if (stopped) return { ok: false, failure: { id: "kyverno", ...stopped } };
    const rows = parseKyverno(stdout);
    const seen = rows && place(rows, named);
    const found = documentsOf(seen, kyvernoSentinel, "seen");
    const whole = source.wholeNumbers ? documentsOf(seen, restorerName, "remove") : found;
    const lost = seen && named.findIndex((_, index) => !found.has(index) || !whole.has(index));
    if (seen && lost === -1)
      return {
        ok: true,
        rows: seen.filter(({ policy }) => ![kyvernoSentinel, restorerName].includes(policy)),
      };
    const said = shorten(stderr.replace(/^Warning: .*$/gm, "")) || "it said nothing";
    const count = rows ? "not every resource" : "no resource";
    return {
      ok: false,
      failure: { id: "kyverno", code: "lost", message: `kyverno evaluated ${count}: ${said}` },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Documents that passed a rule of our own. */
function documentsOf(rows: readonly KyvernoRow[] | undefined, policy: string, rule: string): Set<number> {
  const own = rows?.filter((row) => row.policy === policy && row.rule === rule && row.result === "pass");
  return new Set(own?.map(({ document }) => document));
}

/** Why a policy cannot be loaded or compiled, asked with a resource of a kind that it may be about; undefined when it can. */
export async function probeKyverno(
  policy: string,
  documents: readonly PolicyDocument[],
  limits: PolicyLimits,
  tool: Tool,
  machine: Machine,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const folder = mkdtempSync(join(machine.tempDir, "kyverno-"));
  try {
    const probes = documents.length > 0 ? documents.map(nameOf) : [pod];
    writeFileSync(join(folder, "resources.yaml"), stream(probes.map((each) => writeJson(each, 0, false))), {
      mode: 0o600,
    });
    const args = [
      ...write(folder, "definitions", definitionsOf(probes, []), ["--crd-paths"]),
      ...write(folder, "policies", [policy], []),
      "--resource",
      join(folder, "resources.yaml"),
      "--remove-color",
    ];
    const { stdout, stderr, stopped } = await start(folder, args, limits, tool, machine, signal);
    return stopped ? stopped.message : parseKyvernoProbe(`${stdout}\n${stderr}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const pod: JsonObject = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "probe", namespace: "default" },
  spec: { containers: [{ name: "a", image: "a" }] },
};

/** A resource that gets its name from the API server has none in a report: give it one. */
function nameOf({ value }: PolicyDocument): JsonObject {
  const metadata = (value.metadata ?? {}) as JsonObject;
  if (typeof metadata.name === "string" || typeof metadata.generateName !== "string") return value;
  return { ...value, metadata: { ...metadata, name: `${metadata.generateName}generated` } };
}

/**
 * What the CLI knows without a definition: Kubernetes' own groups, in versions that stay. With a kind that it does not
 * know, one of gateway.networking.k8s.io or of policy/v1beta1, it evaluates no ValidatingAdmissionPolicy.
 */
const builtIn =
  /^(?:v1|(?:apps|batch|policy)\/v1|autoscaling\/v[12]|(?:admissionregistration|apiextensions|apiregistration|authentication|authorization|certificates|coordination|discovery|events|flowcontrol\.apiserver|networking|node|rbac\.authorization|resource|scheduling|storage)\.k8s\.io\/v1)$/;

/**
 * A definition for each custom kind, of which the CLI reads names and scope: the fleet's own, or one made up from the
 * kind. Its plural is then a guess, by the rule that generators of definitions follow.
 */
function definitionsOf(documents: readonly JsonObject[], given: readonly JsonObject[]): string[] {
  const texts = new Map<string, string>();
  const known = new Map(given.map((each) => [definitionKey(each), each]));
  for (const { apiVersion, kind, metadata } of documents) {
    const [group, version] = String(apiVersion).split("/");
    const key = `${group}/${kind}`;
    if (builtIn.test(String(apiVersion)) || !group || !version) continue;
    const own = known.get(key);
    const isNamespaced = typeof (metadata as JsonObject | undefined)?.namespace === "string";
    texts.set(
      own ? key : `${key}/${version}`,
      writeJson(own ?? madeUp(group, version, String(kind), isNamespaced)),
    );
  }
  return [...texts.keys()].sort().map((key) => texts.get(key)!);
}

function definitionKey({ spec }: JsonObject): string {
  const { group, names } = (spec ?? {}) as { group?: string; names?: { kind?: string } };
  return `${group}/${names?.kind}`;
}

function madeUp(group: string, version: string, kind: string, isNamespaced: boolean): JsonObject {
  const singular = kind.toLowerCase();
  const plural = /(?:s|x|ch|sh)$/.test(singular)
    ? `${singular}es`
    : singular.replace(/([^aeiou])y$/, "$1ie").concat("s");
  const schema = { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } };
  return {
    ...{
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: `${plural}.${group}` },
    },
    spec: {
      ...{
        group,
        scope: isNamespaced ? "Namespaced" : "Cluster",
        names: { kind, plural, singular, listKind: `${kind}List` },
      },
      versions: [{ name: version, served: true, storage: true, schema }],
    },
  };
}

function stream(texts: readonly string[]): string {
  return texts.map((text) => `---\n${text.trimEnd()}\n`).join("");
}

/** Writes texts to one file and names it as an option's value, or as an argument. */
function write(folder: string, name: string, texts: readonly string[], option: readonly string[]): string[] {
  if (texts.length === 0) return [];
  const path = join(folder, `${name}.yaml`);
  writeFileSync(path, stream(texts), { mode: 0o600 });
  return [...option, path];
}

async function start(
  folder: string,
  args: readonly string[],
  { deadlineMs, maxMemoryBytes }: PolicyLimits,
  tool: Tool,
  machine: Machine,
  signal?: AbortSignal,
) {
  const spec: ProcessSpec = {
    command: tool.path,
    args: ["apply", ...args],
    cwd: folder,
    env: withoutNetwork({
      ...childEnvironment(machine, []),
      ...lazyCollector(maxMemoryBytes),
      KUBECONFIG: join(folder, "none"),
    }),
    deadlineMs,
    maxOutputBytes: 512 * 1024 * 1024,
    maxMemoryBytes,
  };
  const result = await runProcess(spec, signal);
  const stopped = stoppedBy(result, spec, "kyverno");
  return { stdout: Buffer.from(result.stdout).toString("utf8"), stderr: result.stderr, stopped };
}

/** Rows with the position of their document; what is about no document that was given is dropped. */
function place(rows: readonly KyvernoResult[], documents: readonly JsonObject[]): KyvernoRow[] {
  const positions = new Map<string, number>();
  for (const [index, { apiVersion, kind, metadata }] of documents.entries()) {
    const { namespace, name } = (metadata ?? {}) as { namespace?: string; name?: string };
    positions.set(`${apiVersion} ${kind} ${namespace ?? ""} ${name ?? ""}`, index);
  }
  return rows.flatMap((row) =>
    (row.resources ?? []).flatMap(({ apiVersion, kind, namespace = "", name = "" }) => {
      const at = (space: string) => positions.get(`${apiVersion} ${kind} ${space} ${name}`);
      // What names no namespace is put into the default one.
      const document = at(namespace) ?? (namespace === "default" ? at("") : undefined);
      return document === undefined ? [] : [{ ...row, document }];
    }),
  );
}
