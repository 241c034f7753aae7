import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { type JsonObject, writeJson } from "@gitops-actions/manifest";
import { ToolError } from "@gitops-actions/report";
import * as z from "zod";
import { childEnvironment, withoutNetwork } from "./environment.ts";
import { type ProcessSpec, runProcess } from "./exec.ts";
import type { Verdict } from "./kubeconform.ts";
import { layersOf } from "./layers.ts";
import { stoppedBy } from "./limits.ts";
import type { Machine } from "./machine.ts";
import { problemOfCause } from "./schemas/cause.ts";
import type { CelRules } from "./schemas/cel.ts";
import type { Tool } from "./tools/tool.ts";

/** A custom resource, and the definition whose rules it is held against. */
export interface RuledDocument {
  group: string;
  kind: string;
  value: JsonObject;
  cel: CelRules;
}

/** metav1.Status, as far as it is read. */
const Status = z.object({
  status: z.string(),
  message: z.string().default(""),
  reason: z.string().optional(),
  details: z
    .object({
      causes: z
        .array(z.object({ reason: z.string().optional(), message: z.string(), field: z.string().optional() }))
        .optional(),
    })
    .optional(),
});
export type KubectlValidateStatus = z.infer<typeof Status>;
const Output = z.record(z.string(), z.array(Status));

/** Reads kubectl-validate's JSON output: for each file, a status for each document in it. Throws ToolError when it is not that. */
export function parseKubectlValidate(stdout: string): Record<string, KubectlValidateStatus[]> {
  try {
    return Output.parse(JSON.parse(stdout));
  } catch (error) {
    const said = stdout.slice(0, 200) || "nothing";
    throw new ToolError("output", `kubectl-validate printed something that is not its JSON output: ${said}`, {
      cause: error,
    });
  }
}

/** What one status says of the resource with this value. */
export function verdictOfStatus(
  { status, reason, message, details }: KubectlValidateStatus,
  value: JsonObject,
): Verdict {
  if (status === "Success") return { status: "valid" };
  const causes = details?.causes ?? [];
  if (reason === "Invalid" && causes.length > 0) {
    // Beside a mistake of its type it says, of the whole resource, that it looked at no rules.
    const own = causes.filter((cause) => !/some validation rules were not checked/.test(cause.message));
    const said = own.length > 0 ? own : causes;
    return { status: "invalid", problems: said.map((cause) => problemOfCause(cause, value)) };
  }
  return { status: "unreadable", what: "not-evaluated", message };
}

/**
 * Holds custom resources against the rules in CEL of their definitions, and returns a verdict for each, in input order.
 * The engine is the API server's own code, of the Kubernetes version kubectl-validate was built with. It looks for
 * no cluster. One process does it, and one more for each further definition of the same kind.
 * Throws ToolError when kubectl-validate itself fails or loses a document.
 */
export async function runKubectlValidate(
  documents: readonly RuledDocument[],
  tool: Tool,
  machine: Machine,
  signal?: AbortSignal,
): Promise<Verdict[]> {
  const units = new Map<string, Unit>();
  const keys = documents.map((document) => {
    const text = writeJson(document.value);
    const key = createHash("sha256").update(`${document.cel.definition}\0${text}`).digest("hex");
    if (!units.has(key)) units.set(key, { key, text, document });
    return key;
  });
  const verdicts = new Map<string, Verdict>();
  const judge = async (layer: readonly Unit[]): Promise<void> => {
    const found = await runLayer(layer, tool, machine, signal);
    if (Array.isArray(found)) {
      for (const [index, { key }] of layer.entries()) verdicts.set(key, found[index]!);
      return;
    }
    // A definition that cannot be read ends the whole process: the others are looked at one by one.
    const byDefinition = [...Map.groupBy(layer, ({ document }) => document.cel.definition).values()];
    if (byDefinition.length > 1) for (const own of byDefinition) await judge(own);
    else for (const { key } of layer) verdicts.set(key, found);
  };
  const layers = layersOf(
    units.values(),
    ({ document: { group, kind } }) => `${group}/${kind}`,
    ({ document }) => document.cel.definition,
  );
  for (const layer of layers) await judge(layer);
  return keys.map((key) => verdicts.get(key)!);
}

interface Unit {
  key: string;
  text: string;
  document: RuledDocument;
}

/** The verdicts of a layer; one for all when kubectl-validate could not begin. */
async function runLayer(
  layer: readonly Unit[],
  tool: Tool,
  machine: Machine,
  signal?: AbortSignal,
): Promise<Verdict[] | Verdict> {
  const folder = mkdtempSync(join(machine.tempDir, "kubectl-validate-"));
  try {
    const place = join(folder, "documents");
    for (const made of [place, join(folder, "definitions")]) mkdirSync(made);
    const definitions = new Set(layer.map(({ document }) => document.cel.definition));
    for (const [index, text] of [...definitions].entries())
      writeFileSync(join(folder, "definitions", `${index}.json`), text);
    const names = layer.map(({ text }, index) => {
      const name = `${String(index).padStart(7, "0")}.json`;
      writeFileSync(join(place, name), text);
      return name;
    });
    const output = await start(folder, tool, machine, signal);
    if (typeof output !== "string") return output;
    const statuses = new Map(
      Object.entries(parseKubectlValidate(output)).map(([file, each]) => [basename(file), each]),
    );
    return names.map((name, index) => {
      const own = statuses.get(name) ?? [];
      if (own.length === 1) return verdictOfStatus(own[0]!, layer[index]!.document.value);
      throw new ToolError("kubectl-validate", `kubectl-validate gave ${own.length} verdicts on one resource`);
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function start(
  folder: string,
  tool: Tool,
  machine: Machine,
  signal?: AbortSignal,
): Promise<string | Verdict> {
  const spec: ProcessSpec = {
    command: tool.path,
    args: [
      ...["--output", "json", "--local-crds", join(folder, "definitions")],
      // It asks a cluster for schemas where it finds one; nothing listens there.
      ...["--kube-server", "http://127.0.0.1:9"],
      join(folder, "documents"),
    ],
    cwd: folder,
    env: { ...withoutNetwork(childEnvironment(machine, [])), KUBECONFIG: join(folder, "kubeconfig") },
    deadlineMs: 10 * 60_000,
    maxOutputBytes: 256 * 1024 * 1024,
    maxMemoryBytes: 2 * 1024 ** 3,
  };
  const result = await runProcess(spec, signal);
  const stopped = stoppedBy(result, spec, "kubectl-validate");
  if (stopped) throw new ToolError(stopped.code, stopped.message);
  const stdout = Buffer.from(result.stdout).toString("utf8");
  // Exit status 1 stands for "some resource is not valid".
  if (stdout.trim() !== "" && (result.exitCode === 0 || result.exitCode === 1)) return stdout;
  const message = result.stderr.trim().split("\n")[0]?.slice(0, 500) || "no message";
  return { status: "unreadable", what: "not-evaluated", message: message.replace(/^Error: /, "") };
}
