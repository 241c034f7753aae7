import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isObject, type JsonObject, writeJson } from "@gitops-actions/manifest";
import { ToolError } from "@gitops-actions/report";
import * as z from "zod";
import { childEnvironment, lazyCollector, withoutNetwork } from "../environment.ts";
import { type ProcessSpec, runProcess } from "../exec.ts";
import { stoppedBy } from "../limits.ts";
import type { Machine } from "../machine.ts";
import type { Tool } from "../tools/tool.ts";
import type { PolicyDocument, PolicyFailure, PolicyLimits } from "./outcome.ts";

const Violation = z.object({
  msg: z.string(),
  enforcementAction: z.string().optional(),
  constraint: z.record(z.string(), z.unknown()),
  violatingObject: z.record(z.string(), z.unknown()),
});

/** One violation, as `gator test --output json` prints it. */
export interface GatorViolation {
  message: string;
  /** `deny`, `warn`, `dryrun`: the constraint's own, or that of the expansion that made the resource. */
  action: string;
  constraint: { kind: string; name: string };
  resource: { apiVersion: string; kind: string; namespace: string; name: string };
}

/** Reads gator's JSON output, in its order. Throws ToolError when it is not that. */
export function parseGator(stdout: string): GatorViolation[] {
  try {
    const violations = z.array(Violation).nullable().parse(JSON.parse(stdout)) ?? [];
    return violations.map((each) => ({
      message: each.msg,
      action: each.enforcementAction ?? "deny",
      constraint: { kind: String(each.constraint.kind), name: nameIn(each.constraint).name },
      resource: {
        apiVersion: String(each.violatingObject.apiVersion),
        kind: String(each.violatingObject.kind),
        ...nameIn(each.violatingObject),
      },
    }));
  } catch (error) {
    const said = stdout.slice(0, 200) || "nothing";
    throw new ToolError("output", `gator printed something that is not its JSON output: ${said}`, {
      cause: error,
    });
  }
}

function nameIn({ metadata }: Record<string, unknown>): { namespace: string; name: string } {
  const { namespace = "", name = "" } = (metadata ?? {}) as { namespace?: string; name?: string };
  return { namespace, name };
}

/** What gator says when it ends without output: one template or constraint that it refuses ends the whole run. */
export function parseGatorError(stderr: string): { message: string; template?: string; constraint?: string } {
  const message = stderr
    // That an object is there twice is said of our file; the reason comes after it.
    .replace(/^.*\bWARNING - Resource named .*$/gm, "")
    .trim()
    .replace(/^(?:Error: )?(?:auditing objects: )?/, "")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, 1000);
  const template = /(?:adding template|to template|converting unstructured) "([^"]+)"/.exec(message)?.[1];
  const constraint = /adding constraint "([^"]+)"/.exec(message)?.[1];
  return {
    message: message || "gator ended without a word",
    ...(template && { template }),
    ...(constraint && { constraint }),
  };
}

/** A template of our own that every resource violates: under a constraint's match, it tells what the constraint is about. */
const seenKind = "GitopsActionsSeen";

/** One more, whose violation lists all that gator read. */
const readKind = "GitopsActionsRead";

function template(kind: string, rego: string): JsonObject {
  return {
    apiVersion: "templates.gatekeeper.sh/v1",
    kind: "ConstraintTemplate",
    metadata: { name: kind.toLowerCase() },
    spec: {
      crd: { spec: { names: { kind } } },
      targets: [{ target: "admission.k8s.gatekeeper.sh", rego: `package ${kind.toLowerCase()}\n${rego}` }],
    },
  };
}

const templates: readonly JsonObject[] = [
  template(seenKind, 'violation[{"msg": "seen"}] { true }\n'),
  template(
    readKind,
    `violation[{"msg": msg}] {
  namespaced := [[version, kind, namespace, name] | data.inventory.namespace[namespace][version][kind][name]]
  others := [[version, kind, "", name] | data.inventory.cluster[version][kind][name]]
  msg := json.marshal(array.concat(namespaced, others))
}
`,
  ),
];

function constraint(kind: string, name: string, match?: JsonObject): JsonObject {
  return {
    ...{ apiVersion: "constraints.gatekeeper.sh/v1beta1", kind, metadata: { name } },
    spec: { enforcementAction: "dryrun", ...(match && { match }) },
  };
}

/** A constraint about itself: gator reviews one object after the other and ends at the first that it cannot review. */
const witness = constraint(readKind, "witness", {
  kinds: [{ apiGroups: ["constraints.gatekeeper.sh"], kinds: [readKind] }],
});

/**
 * Whether gator takes a resource for something to judge by, wherever it stands: then the one that is read last counts. What
 * is rendered must not change what it is judged by.
 */
export function isGatorPolicy({ id }: Pick<PolicyDocument, "id">): boolean {
  return /^(?:constraints|expansion|mutations|templates)\.gatekeeper\.sh$/.test(id.group);
}

/** What a run says: violations by the document's position, and for each constraint the documents it is about. */
export type GatorRun =
  | { ok: true; violations: (GatorViolation & { document: number })[]; matched: Set<number>[] }
  | { ok: false; failure: PolicyFailure; template?: string; constraint?: string };

/**
 * Tests documents, no identity twice, in one start. A run counts only if the last object's violation names every
 * document: then each was read, and reviewed before that one (pkg/gator/test/test.go). Documents that gator would judge by
 * are left out. `others` are what referential policies and namespace selectors need and nobody rendered here; nothing is
 * said of them.
 */
export async function runGator(
  policies: readonly JsonObject[],
  constraints: readonly JsonObject[],
  documents: readonly PolicyDocument[],
  others: readonly JsonObject[],
  limits: PolicyLimits,
  tool: Tool,
  machine: Machine,
  signal?: AbortSignal,
): Promise<GatorRun> {
  const folder = mkdtempSync(join(machine.tempDir, "gator-"));
  try {
    const named = new Map(
      [...documents.entries()].flatMap(([index, document]) =>
        isGatorPolicy(document) ? [] : [[index, nameOf(document)] as const],
      ),
    );
    // What constraints are about is often the same, and a row for each resource is most of what gator prints.
    const matches = [
      ...new Map(constraints.map((each) => [writeJson(matchOf(each)), matchOf(each)] as const)),
    ];
    const objects = [
      ...policies,
      ...templates,
      // Before ours: what gator refuses for its match is to be called by its own name.
      ...constraints,
      ...matches.map(([, match], index) => constraint(seenKind, `seen-${index}`, match)),
      ...others,
      ...named.values(),
      witness,
    ];
    const input = join(folder, "input.yaml");
    writeFileSync(input, objects.map((each) => `---\n${writeJson(each, 0, false)}\n`).join(""), {
      mode: 0o600,
    });
    const spec: ProcessSpec = {
      command: tool.path,
      args: ["test", "--output", "json", "--filename", input],
      cwd: folder,
      env: withoutNetwork({ ...childEnvironment(machine, []), ...lazyCollector(limits.maxMemoryBytes) }),
      deadlineMs: limits.deadlineMs,
      maxOutputBytes: 512 * 1024 * 1024,
      maxMemoryBytes: limits.maxMemoryBytes,
    };
    const result = await runProcess(spec, signal);
    const stopped = stoppedBy(result, spec, "gator");
    if (stopped) return { ok: false, failure: { id: "gator", ...stopped } };
    const stdout = Buffer.from(result.stdout).toString("utf8");
    if (stdout.trim() === "") {
      const { message, ...names } = parseGatorError(result.stderr);
      return {
        ok: false,
        failure: { id: names.constraint ?? names.template ?? "gator", code: "refused", message },
        ...names,
      };
    }
    const sorted = sort(parseGator(stdout), named, matches.length);
    if (!sorted.ok) return sorted;
    const positions = new Map(matches.map(([text], index) => [text, index]));
    return {
      ...sorted,
      matched: constraints.map((each) => sorted.matched[positions.get(writeJson(matchOf(each)))!]!),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function matchOf({ spec }: JsonObject): JsonObject | undefined {
  return isObject(spec) && isObject(spec.match) ? spec.match : undefined;
}

/** Gives violations their documents, and each match of ours the documents that it is about. */
function sort(
  violations: readonly GatorViolation[],
  documents: ReadonlyMap<number, JsonObject>,
  matches: number,
): GatorRun {
  const positions = new Map([...documents].map(([index, each]) => [keyOf(each), index]));
  const matched = Array.from({ length: matches }, () => new Set<number>());
  const said: (GatorViolation & { document: number })[] = [];
  let read = new Set<string>();
  for (const violation of violations) {
    const { apiVersion, kind, namespace, name } = violation.resource;
    if (violation.constraint.kind === readKind) read = namesIn(violation.message);
    const document = positions.get(`${apiVersion} ${kind} ${namespace} ${name}`);
    if (document === undefined) continue;
    if (violation.constraint.kind === seenKind)
      matched[Number(violation.constraint.name.slice("seen-".length))]?.add(document);
    else said.push({ ...violation, document });
  }
  const lost = [...positions.keys()].filter((key) => !read.has(key)).length;
  if (lost === 0) return { ok: true, violations: said, matched };
  const message = `gator reviewed ${documents.size - lost} of ${documents.size} resources`;
  return { ok: false, failure: { id: "gator", code: "lost", message } };
}

/** Keys of what the witness names; none where its message is something else. */
function namesIn(message: string): Set<string> {
  try {
    const names = z.array(z.array(z.string())).parse(JSON.parse(message));
    return new Set(names.map((each) => each.join(" ")));
  } catch {
    return new Set();
  }
}

function keyOf(value: JsonObject): string {
  const { namespace, name } = nameIn(value);
  return `${value.apiVersion} ${value.kind} ${namespace} ${name}`;
}

/** A resource that gets its name from the API server has none in a report: give it one. */
function nameOf({ value }: PolicyDocument): JsonObject {
  const metadata = (value.metadata ?? {}) as JsonObject;
  if (typeof metadata.name === "string" || typeof metadata.generateName !== "string") return value;
  return { ...value, metadata: { ...metadata, name: `${metadata.generateName}generated` } };
}
