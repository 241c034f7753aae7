import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ToolError } from "@gitops-actions/report";
import * as z from "zod";
import { childEnvironment, withoutNetwork } from "./environment.ts";
import { type ProcessSpec, runProcess } from "./exec.ts";
import { stoppedBy } from "./limits.ts";
import type { Machine } from "./machine.ts";
import { findKind, type SchemaSet } from "./schemas/lookup.ts";
import { type Problem, problemsOf } from "./schemas/problem.ts";
import { schemaPath, schemaTemplate, standaloneSchema, writeSchemas } from "./schemas/unpack.ts";
import type { Tool } from "./tools/tool.ts";

/** One document to validate: a single resource as YAML or JSON text. */
export interface SchemaDocument {
  group: string;
  version: string;
  kind: string;
  text: string;
}

/** What kubeconform makes of one document. */
export type Verdict =
  | { status: "valid" }
  | { status: "skipped" }
  | { status: "invalid"; problems: Problem[] }
  /** No schema of that kind in any location. `broken`: there is one, and it does not compile. */
  | { status: "no-schema"; broken: boolean }
  /** The document cannot be read: duplicate keys (`duplicate-key`), broken YAML, no kind, a rejected kind. */
  | {
      status: "unreadable";
      what: "duplicate-key" | "not-yaml" | "missing-kind" | "rejected-kind";
      message: string;
      line?: number;
    };

export interface KubeconformSettings {
  /** Refuse unknown fields and duplicate keys. */
  strict: boolean;
  /** kubeconform's names: `Kind` or `group/version/Kind`. */
  skip?: readonly string[];
  reject?: readonly string[];
  /** Further schema locations (kubeconform templates or paths), asked after ours, in order. */
  schemaLocations?: readonly string[];
  /** Whether the locations above may be reached over the network. */
  network?: boolean;
}

/** One validated resource, as `-output json -verbose` prints it. */
export const KubeconformResult = z.object({
  filename: z.string(),
  kind: z.string(),
  name: z.string(),
  version: z.string(),
  status: z.enum(["statusValid", "statusInvalid", "statusError", "statusSkipped", ""]),
  msg: z.string(),
});
export type KubeconformResult = z.infer<typeof KubeconformResult>;

const KubeconformOutput = z.object({ resources: z.array(KubeconformResult) });

/** Reads kubeconform's JSON output, in its order, which is none. Throws ToolError when it is not that. */
export function parseKubeconform(stdout: string): KubeconformResult[] {
  try {
    return KubeconformOutput.parse(JSON.parse(stdout)).resources;
  } catch (error) {
    throw new ToolError(
      "output",
      `kubeconform printed something that is not its JSON output: ${stdout.slice(0, 200) || "nothing"}`,
      { cause: error },
    );
  }
}

/** What one result means. */
export function verdictOf(result: KubeconformResult): Verdict {
  const { status, msg } = result;
  if (status === "statusValid") return { status: "valid" };
  if (status === "statusSkipped") return { status: "skipped" };
  if (status === "statusInvalid") return { status: "invalid", problems: problemsOf(msg) };
  if (status === "") return { status: "unreadable", what: "missing-kind", message: "the document is empty" };
  if (msg.startsWith("could not find schema for ")) return { status: "no-schema", broken: false };
  const line = /line (\d+)/.exec(msg)?.[1];
  const where = line ? { line: Number(line) } : {};
  if (/key "?.+"? already set in map/s.test(msg))
    return { status: "unreadable", what: "duplicate-key", message: duplicateKey(msg), ...where };
  if (msg.startsWith("prohibited resource kind "))
    return { status: "unreadable", what: "rejected-kind", message: msg };
  if (msg.startsWith("error while parsing: missing "))
    return { status: "unreadable", what: "missing-kind", message: msg.slice("error while parsing: ".length) };
  if (msg.startsWith("error unmarshalling resource: "))
    return {
      status: "unreadable",
      what: "not-yaml",
      message: msg.slice("error unmarshalling resource: ".length),
      ...where,
    };
  // Before it looks at a schema, kubeconform reads the identity, and cannot if one of its fields is no text.
  const identity =
    /^error while parsing: .*cannot unmarshal (\w+) into Go (?:struct field \.(\w+)|value)/s.exec(msg);
  if (identity) return { status: "invalid", problems: [identityProblem(identity[1]!, identity[2])] };
  throw new ToolError(
    "kubeconform",
    `kubeconform could not check ${result.version} ${result.kind} ${result.name}: ${msg}`,
  );
}

/**
 * Validates documents with one kubeconform process and returns a verdict for each, in input order.
 * Documents of equal text are validated once. Throws ToolError when kubeconform itself fails or loses a document.
 */
export async function runKubeconform(
  documents: readonly SchemaDocument[],
  schemas: SchemaSet,
  settings: KubeconformSettings,
  tool: Tool,
  machine: Machine,
  signal?: AbortSignal,
): Promise<Verdict[]> {
  if (documents.length === 0) return [];
  const folder = mkdtempSync(join(machine.tempDir, "kubeconform-"));
  try {
    const names = new Map<string, string>();
    const files = documents.map(({ text }) => {
      const key = createHash("sha256").update(text).digest("hex");
      const known = names.get(key);
      if (known) return known;
      const name = `${String(names.size).padStart(7, "0")}.yaml`;
      names.set(key, name);
      const place = join(folder, "documents", name.slice(0, 4));
      mkdirSync(place, { recursive: true });
      writeFileSync(join(place, name), text);
      return name;
    });
    const written = writeNeededSchemas(join(folder, "schemas"), documents, schemas, settings.strict);
    const results = await start(folder, schemas, settings, tool, machine, signal);
    const verdicts = collect(results, new Set(files));
    return files.map((file, index) => {
      const verdict = verdicts.get(file)!;
      const broken = verdict.status === "no-schema" && written.has(schemaPath(documents[index]!));
      return broken ? { status: "no-schema", broken } : verdict;
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function writeNeededSchemas(
  folder: string,
  documents: readonly SchemaDocument[],
  set: SchemaSet,
  strict: boolean,
): Set<string> {
  const paths = new Map<string, SchemaDocument>();
  for (const document of documents) paths.set(schemaPath(document), document);
  const needed = [...paths].flatMap(([path, document]) => {
    const kind = findKind(set, document);
    return kind ? [{ path, schema: standaloneSchema(kind, set.definitions, strict) }] : [];
  });
  mkdirSync(folder, { recursive: true });
  writeSchemas(folder, needed);
  return new Set(needed.map(({ path }) => path));
}

async function start(
  folder: string,
  schemas: SchemaSet,
  settings: KubeconformSettings,
  tool: Tool,
  machine: Machine,
  signal?: AbortSignal,
): Promise<KubeconformResult[]> {
  const locations = [join(folder, "schemas", schemaTemplate), ...(settings.schemaLocations ?? [])];
  const workers = String(Math.max(1, machine.cores));
  const environment = childEnvironment(machine, []);
  const spec: ProcessSpec = {
    command: tool.path,
    args: [
      ...["-output", "json", "-verbose", "-kubernetes-version", schemas.kubernetes, "-n", workers],
      ...(settings.strict ? ["-strict"] : []),
      ...(settings.skip?.length ? ["-skip", settings.skip.join(",")] : []),
      ...(settings.reject?.length ? ["-reject", settings.reject.join(",")] : []),
      ...locations.flatMap((location) => ["-schema-location", location]),
      join(folder, "documents"),
    ],
    cwd: folder,
    env: settings.network ? environment : withoutNetwork(environment),
    deadlineMs: 10 * 60_000,
    maxOutputBytes: 512 * 1024 * 1024,
    maxMemoryBytes: 2 * 1024 ** 3,
  };
  const result = await runProcess(spec, signal);
  const stopped = stoppedBy(result, spec, "kubeconform");
  if (stopped) throw new ToolError(stopped.code, stopped.message);
  const stdout = Buffer.from(result.stdout).toString("utf8");
  // Exit status 1 stands both for "some resource is not valid", with the output, and for a failure, without.
  if (stdout.trim() === "" || (result.exitCode !== 0 && result.exitCode !== 1)) {
    const said = result.stderr.trim().slice(0, 1000) || "no message";
    throw new ToolError("kubeconform", `kubeconform failed (exit status ${result.exitCode}): ${said}`);
  }
  return parseKubeconform(stdout);
}

/** One verdict a file; a file without one or with two means that a document was lost or split, and nothing can be trusted. */
function collect(results: KubeconformResult[], files: Set<string>): Map<string, Verdict> {
  const verdicts = new Map<string, Verdict>();
  for (const result of results) {
    const file = result.filename.slice(result.filename.lastIndexOf("/") + 1);
    if (verdicts.has(file))
      throw new ToolError(
        "kubeconform",
        `kubeconform found two documents in one resource (${result.version} ${result.kind} ${result.name})`,
      );
    verdicts.set(file, verdictOf(result));
  }
  const lost = [...files].filter((file) => !verdicts.has(file));
  if (lost.length > 0)
    throw new ToolError(
      "kubeconform",
      `kubeconform gave no verdict on ${lost.length} of ${files.size} documents`,
    );
  return verdicts;
}

function identityProblem(actual: string, field = ""): Problem {
  const pointer = /^metadata$/i.test(field) ? "/metadata" : /^kind$/i.test(field) ? "/kind" : "/apiVersion";
  const expected = pointer === "/metadata" ? "name, namespace and generateName as text" : "text";
  return {
    what: "wrong-type",
    field: pointer,
    expected,
    actual,
    message: `expected ${expected}, found ${actual}`,
  };
}

function duplicateKey(msg: string): string {
  const key = /key "?(.+?)"? already set in map/s.exec(msg)?.[1];
  return `the key ${key} is given twice`;
}
