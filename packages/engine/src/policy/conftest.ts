import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Json, writeJson } from "@gitops-actions/manifest";
import { ToolError } from "@gitops-actions/report";
import * as z from "zod";
import { childEnvironment, lazyCollector, withoutNetwork } from "../environment.ts";
import { type ProcessSpec, runProcess } from "../exec.ts";
import { stoppedBy } from "../limits.ts";
import type { Machine } from "../machine.ts";
import type { Tool } from "../tools/tool.ts";
import { policyDataFile } from "./data.ts";
import type { PolicyLimits } from "./outcome.ts";

/** Rego that is compiled together. Paths are those that messages should name: relative to the repository. */
export interface RegoSource {
  files: ReadonlyMap<string, string>;
  /** One for each folder of data, with paths relative to it: folders of it become names below `data`. */
  data: readonly ReadonlyMap<string, string>[];
}

export interface ConftestSettings extends PolicyLimits {
  /** Packages to ask, `*` matches; empty: all. */
  namespaces: readonly string[];
  /** Give all documents to the policy together. */
  combine: boolean;
  regoVersion: "v0" | "v1";
  /** A built-in function that fails makes its rule undefined, which looks like a pass: end the run instead. */
  strictBuiltins: boolean;
  /** Whether policies may use http.send, net.lookup_ip_addr and opa.runtime. */
  allowNetwork: boolean;
}

const Statement = z.object({ msg: z.string(), metadata: z.record(z.string(), z.unknown()).optional() });
export type ConftestStatement = z.infer<typeof Statement>;

/** What one namespace says of one file, as `--output json` prints it. */
export const ConftestResult = z.object({
  filename: z.string(),
  namespace: z.string(),
  successes: z.int(),
  failures: z.array(Statement).optional(),
  warnings: z.array(Statement).optional(),
  exceptions: z.array(Statement).optional(),
});
export type ConftestResult = z.infer<typeof ConftestResult>;

/** Why there are no results: the policies do not compile or do not end, or a built-in function failed while they ran. */
export interface ConftestFailure {
  code: "compile" | "data" | "evaluation" | "builtin" | "deadline" | "memory" | "output" | "killed";
  message: string;
  /** File and line, relative to the repository, where conftest names one. */
  location?: { path: string; line: number };
}

export type ConftestRun = { ok: true; results: ConftestResult[] } | { ok: false; failure: ConftestFailure };

/** Reads conftest's JSON output; results come in no stable order. Throws ToolError when it is not that. */
export function parseConftest(stdout: string): ConftestResult[] {
  try {
    return z.array(ConftestResult).nullable().parse(JSON.parse(stdout)) ?? [];
  } catch (error) {
    const said = stdout.slice(0, 200) || "nothing";
    throw new ToolError("output", `conftest printed something that is not its JSON output: ${said}`, {
      cause: error,
    });
  }
}

/** What conftest's error says, with its own path of a policy turned into the repository's. */
export function parseConftestError(stderr: string, folder: string): ConftestFailure {
  const message = stderr
    .replace(/^Error: /, "")
    .replace(
      /^(?:running test: |load: |loading policies: |get compiler: |query rule: |check combined: |check: )+/,
      "",
    )
    .replaceAll(`${folder}/policy/`, "")
    .replaceAll(`${folder}/`, "")
    // An address in conftest's memory, another one each time.
    .replace(/ err:0x[0-9a-f]+/g, "")
    .trim();
  const code =
    /eval_\w+_error/.test(message) && !/built-in error/.test(message)
      ? "evaluation"
      : /built-in error/.test(message)
        ? "builtin"
        : /load documents|merge error|documents store/.test(message)
          ? "data"
          : /rego_(?:parse|compile|type|unsafe_var|recursion)_error|\.rego:\d+|no policies found|without 'contains'/.test(
                message,
              )
            ? "compile"
            : "evaluation";
  const at = /([^\s:]+\.rego):(\d+)/.exec(message);
  return {
    code,
    message: message.slice(0, 2000) || "no message",
    ...(at && { location: { path: at[1]!, line: Number(at[2]) } }),
  };
}

/**
 * Runs conftest once over documents, each of them a file of its own, named by its position: `0000012.json`.
 * A policy that cannot be evaluated is a failure of the result. Throws ToolError when conftest itself cannot be run.
 */
export async function runConftest(
  source: RegoSource,
  documents: readonly { value: Json }[],
  settings: ConftestSettings,
  tool: Tool,
  machine: Machine,
  signal?: AbortSignal,
): Promise<ConftestRun> {
  const folder = mkdtempSync(join(machine.tempDir, "conftest-"));
  try {
    const spec = prepare(folder, source, documents, settings, tool, machine);
    const result = await runProcess(spec, signal);
    const stopped = stoppedBy(result, spec, "conftest");
    if (stopped) return { ok: false, failure: stopped };
    const stdout = Buffer.from(result.stdout).toString("utf8");
    // Exit status 1 stands for findings, with the output, and for an error, without.
    if (stdout.trim() !== "") return { ok: true, results: parseConftest(stdout) };
    return { ok: false, failure: parseConftestError(result.stderr, folder) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The name of the file that holds a document in `runConftest`. */
export function conftestFilename(document: number): string {
  return `${String(document).padStart(7, "0")}.json`;
}

/** Which document a file of `runConftest` held; undefined for `Combined`. */
export function conftestDocument(filename: string): number | undefined {
  const name = /(\d{7})\.json$/.exec(filename)?.[1];
  return name === undefined ? undefined : Number(name);
}

function prepare(
  folder: string,
  source: RegoSource,
  documents: readonly { value: Json }[],
  settings: ConftestSettings,
  tool: Tool,
  machine: Machine,
): ProcessSpec {
  const write = createWriter();
  const policy = join(folder, "policy");
  for (const [path, text] of source.files) write(join(policy, path), text);
  const data = source.data.map((files, index) => {
    const place = join(folder, `data-${index}`);
    mkdirSync(place);
    for (const [path, text] of files) write(join(place, path), text);
    return place;
  });
  for (const [index, document] of documents.entries()) {
    const name = conftestFilename(index);
    write(join(folder, "documents", name.slice(0, 4), name), writeJson(document.value, 0, false));
  }
  const env = { ...childEnvironment(machine, []), ...lazyCollector(settings.maxMemoryBytes) };
  return {
    command: tool.path,
    args: [
      ...["test", "--output", "json", "--no-color", "--rego-version", settings.regoVersion],
      ...(settings.strictBuiltins ? ["--show-builtin-errors"] : []),
      ...(settings.namespaces.length > 0
        ? settings.namespaces.flatMap((name) => ["--namespace", name])
        : ["--all-namespaces"]),
      ...(settings.combine ? ["--combine"] : []),
      ...(settings.allowNetwork ? [] : ["--capabilities", policyDataFile("capabilities.json")]),
      ...data.flatMap((place) => ["--data", place]),
      ...["--policy", policy, "--parser", "json", "--", join(folder, "documents")],
    ],
    cwd: folder,
    env: settings.allowNetwork ? env : withoutNetwork(env),
    deadlineMs: settings.deadlineMs,
    maxOutputBytes: 512 * 1024 * 1024,
    maxMemoryBytes: settings.maxMemoryBytes,
  };
}

/** Writes private files, and each folder once. */
function createWriter(): (path: string, text: string) => void {
  const made = new Set<string>();
  return (path, text) => {
    const folder = dirname(path);
    if (!made.has(folder)) mkdirSync(folder, { recursive: true });
    made.add(folder);
    writeFileSync(path, text, { mode: 0o600 });
  };
}
