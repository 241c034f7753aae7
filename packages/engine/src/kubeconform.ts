import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { ToolError } from "@gitops-actions/report";
import * as z from "zod";
import { childEnvironment, withoutNetwork } from "./environment.ts";
import { type ProcessSpec, runProcess } from "./exec.ts";
import { layersOf } from "./layers.ts";
import { stoppedBy } from "./limits.ts";
import type { Machine } from "./machine.ts";
import { fillText } from "./schemas/fill.ts";
import { type Problem, problemsOf } from "./schemas/problem.ts";
import { type SchemaText, schemaPath, schemaTemplate, writeSchemas } from "./schemas/unpack.ts";
import type { Tool } from "./tools/tool.ts";

/** One document to validate: a single resource as YAML or JSON text. */
export interface SchemaDocument {
  group: string;
  version: string;
  kind: string;
  text: string;
  /** The schema in force for it (`schemaSource`); undefined when there is none, and only its syntax can be checked. */
  schema?: SchemaText | undefined;
}

/** What an engine makes of one document. */
export type Verdict =
  | { status: "valid" }
  | { status: "skipped" }
  | { status: "invalid"; problems: Problem[] }
  /** No schema of that kind in any location. `broken`: there is one, and it does not compile. */
  | { status: "no-schema"; broken: boolean }
  /**
   * The document cannot be read: duplicate keys (`duplicate-key`), broken YAML, no kind, a rejected kind.
   * `not-evaluated`: the engine failed on it, or on its definition.
   */
  | {
      status: "unreadable";
      what: "duplicate-key" | "not-yaml" | "missing-kind" | "rejected-kind" | "not-evaluated";
      message: string;
      line?: number;
    };

export interface KubeconformSettings {
  /** Refuse duplicate keys. Unknown fields are refused or not by the schemas themselves. */
  strict: boolean;
  /** kubeconform's names: `Kind` or `group/version/Kind`. */
  skip?: readonly string[];
  reject?: readonly string[];
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
 * Validates documents and returns a verdict for each, in input order. What has equal text and an equal schema is
 * validated once. One kubeconform process does it, one more where there are many documents and some are not valid, and
 * as much again for each further schema that a kind has among the documents (several Kubernetes versions, or
 * environments with different definitions).
 * Throws ToolError when kubeconform itself fails or loses a document.
 */
export async function runKubeconform(
  documents: readonly SchemaDocument[],
  settings: KubeconformSettings,
  tool: Tool,
  machine: Machine,
  signal?: AbortSignal,
): Promise<Verdict[]> {
  const units = new Map<string, SchemaDocument>();
  const keys = documents.map((document) => {
    const text = createHash("sha256").update(document.text).digest("hex");
    const key = `${text} ${document.schema?.digest ?? ""}`;
    const structural = document.schema?.structural;
    if (!units.has(key))
      units.set(key, structural ? { ...document, text: fillText(document.text, structural) } : document);
    return key;
  });
  const verdicts = new Map<string, Verdict>();
  const layers = layersOf(
    units,
    ([, document]) => schemaPath(document),
    ([, document]) => document.schema?.digest ?? "",
  );
  for (const layer of layers) {
    const found = await runLayer(layer, settings, tool, machine, signal);
    for (const [index, [key]] of layer.entries()) verdicts.set(key, found[index]!);
  }
  return keys.map((key) => verdicts.get(key)!);
}

type Unit = [key: string, document: SchemaDocument];

/** A file for each document costs more than to validate it: so many share one, once there are as many files as that. */
const packSize = 50;

async function runLayer(
  layer: readonly Unit[],
  settings: KubeconformSettings,
  tool: Tool,
  machine: Machine,
  signal?: AbortSignal,
): Promise<Verdict[]> {
  const folder = mkdtempSync(join(machine.tempDir, "kubeconform-"));
  try {
    const schemas = new Map<string, string>();
    for (const [, document] of layer)
      if (document.schema) schemas.set(schemaPath(document), document.schema.text);
    writeSchemas(
      join(folder, "schemas"),
      [...schemas].map(([path, text]) => ({ path, text })),
    );
    const validate = async (name: string, texts: readonly string[]) => {
      const files = writeDocuments(join(folder, name), texts);
      return { files, results: await start(folder, name, settings, tool, machine, signal) };
    };
    const verdicts = new Map<number, Verdict>();
    const packs = packsOf(layer);
    if (packs.length > packSize) {
      const { files, results } = await validate(
        "packs",
        packs.map((pack) => pack.map((index) => layer[index]![1].text).join("\n---\n")),
      );
      const byFile = Map.groupBy(results, ({ filename }) => basename(filename));
      for (const [position, pack] of packs.entries()) {
        const documents = pack.map((index) => layer[index]![1]);
        if (!areValid(documents, byFile.get(files[position]!) ?? [])) continue;
        for (const index of pack) verdicts.set(index, { status: "valid" });
      }
    }
    // Which document of a file a result is about kubeconform does not say: whatever is not plainly valid gets its own.
    const open = [...layer.keys()].filter((index) => !verdicts.has(index));
    if (open.length > 0) {
      const { files, results } = await validate(
        "documents",
        open.map((index) => layer[index]![1].text),
      );
      const found = collect(results, new Set(files));
      for (const [position, index] of open.entries()) {
        const verdict = found.get(files[position]!)!;
        const isBroken = verdict.status === "no-schema" && layer[index]![1].schema !== undefined;
        verdicts.set(index, isBroken ? { status: "no-schema", broken: true } : verdict);
      }
    }
    return [...layer.keys()].map((index) => verdicts.get(index)!);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Writes each text to a file of its own; returns their names. */
function writeDocuments(folder: string, texts: readonly string[]): string[] {
  return texts.map((text, index) => {
    const name = `${String(index).padStart(7, "0")}.yaml`;
    // A folder of a hundred thousand files is slow to make on some file systems.
    const place = join(folder, name.slice(0, 4));
    if (index % 1000 === 0) mkdirSync(place, { recursive: true });
    writeFileSync(join(place, name), text);
    return name;
  });
}

/** Positions of documents that can share a file. Not what might be taken for more than one document, or for none. */
function packsOf(layer: readonly Unit[]): number[][] {
  const fit = layer.flatMap(([, { text, kind }], index) =>
    /^(?:---|\.\.\.|%|\ufeff)/m.test(text) || kind.endsWith("List") || text.length > 100_000 ? [] : [index],
  );
  const count = Math.ceil(fit.length / packSize);
  return Array.from({ length: count }, (_, pack) => fit.slice(pack * packSize, (pack + 1) * packSize));
}

/** Whether results are those of these documents, one of each, and all valid. */
function areValid(documents: readonly SchemaDocument[], results: readonly KubeconformResult[]): boolean {
  const given = documents.map(({ group, version, kind }) => `${group && `${group}/`}${version} ${kind}`);
  const found = results.map(({ version, kind }) => `${version} ${kind}`);
  return (
    results.every(({ status }) => status === "statusValid") && isDeepStrictEqual(given.sort(), found.sort())
  );
}

async function start(
  folder: string,
  documents: string,
  settings: KubeconformSettings,
  tool: Tool,
  machine: Machine,
  signal?: AbortSignal,
): Promise<KubeconformResult[]> {
  const spec: ProcessSpec = {
    command: tool.path,
    args: [
      ...["-output", "json", "-verbose", "-n", String(Math.max(1, machine.cores))],
      ...(settings.strict ? ["-strict"] : []),
      ...(settings.skip?.length ? ["-skip", settings.skip.join(",")] : []),
      ...(settings.reject?.length ? ["-reject", settings.reject.join(",")] : []),
      ...["-schema-location", join(folder, "schemas", schemaTemplate)],
      join(folder, documents),
    ],
    cwd: folder,
    env: withoutNetwork(childEnvironment(machine, [])),
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
    const file = basename(result.filename);
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
