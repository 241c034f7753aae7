import { join } from "node:path";
import {
  type Machine,
  openGate,
  type RenderJob,
  type RenderResult,
  type RenderSettings,
  renderAll,
  type Sandboxes,
  type SourceStart,
} from "@gitops-actions/engine";
import type { Gap, Tree } from "@gitops-actions/fleet";
import type { Sighting } from "./compare.ts";
import { sha256 } from "./digest.ts";
import { nearestPath } from "./nearestpath.ts";
import { needsHelm } from "./tooling.ts";

/** One overlay to render on one side. */
export interface Task {
  id: string;
  side: "base" | "head";
  sighting: Sighting;
  tree: Tree;
}

export interface Reason {
  code: string;
  message: string;
  location?: { path: string; line: number };
  /** What to do next. */
  help?: string;
}

/**
 * What came of a task. failed: the tool or the files say no. rejected: it would leave the repository. withheld: it
 * needs something that is not allowed or not there (a remote base, a chart that is not vendored, a submodule).
 */
export type Outcome =
  | { status: "rendered"; output: Uint8Array; warnings: string[]; sources?: SourceStart[] }
  | { status: "failed" | "rejected" | "withheld"; reasons: [Reason, ...Reason[]] };

/** Why a task must not be started; undefined when it may be. Hosts are in lower case. */
export function refuse({ sighting }: Task, allowedHosts: ReadonlySet<string>): Outcome | undefined {
  const { escapes, gaps } = sighting.closure;
  const [outside, ...more] = escapes.map(toReason);
  if (outside) return { status: "rejected", reasons: [outside, ...more] };
  // What we cannot read may name anything: the tool, which may read it all the same, is not let near it.
  const [unread, ...unreadToo] = gaps.filter(({ code }) => unknown.has(code)).map(toReason);
  if (unread) return { status: "failed", reasons: [unread, ...unreadToo] };
  const missing = gaps.filter((gap) =>
    gap.remote ? !allowedHosts.has(gap.remote.host) : gap.code === "submodule",
  );
  const [first, ...others] = missing.map(toReason);
  return first && { status: "withheld", reasons: [first, ...others] };
}

const unknown: ReadonlySet<string> = new Set([
  "unreadable-kustomization",
  "unreadable-archive",
  "computed-plugin",
  // Never started anyhow; but what we take for foreign, kustomize may take for one of its own.
  "plugin",
]);

function toReason({ code, message, location, remote }: Gap): Reason {
  const help =
    remote?.host &&
    (code === "chart-dependency"
      ? "Vendor the chart (helm dependency build) and commit its charts/ folder."
      : `Copy what it names into this repository, or allow the host: allow-remote-bases: ${remote.host}`);
  return {
    code,
    message,
    ...(location && { location: { path: location.path, line: location.line } }),
    ...(help && { help }),
  };
}

/**
 * Renders tasks, each in a folder of its own below `folder` that holds its closure and nothing else, and yields what
 * came of each, in an order that is the same for each run.
 */
export async function* renderTasks(
  tasks: readonly Task[],
  folder: string,
  settings: RenderSettings,
  allowedHosts: ReadonlySet<string>,
  sandboxes: Sandboxes,
  machine: Machine,
  signal: AbortSignal,
): AsyncGenerator<[Task, Outcome]> {
  const isRemote = (task: Task): boolean => task.sighting.closure.gaps.some((gap) => gap.remote);
  const offline = tasks.filter((task) => !isRemote(task));
  const online = tasks.filter(isRemote);
  yield* renderGroup(offline, folder, settings, sandboxes, machine, signal);
  if (online.length === 0) return;
  const gate = await openGate(allowedHosts, machine);
  try {
    yield* renderGroup(online, folder, { ...settings, gate: gate.environment }, sandboxes, machine, signal);
  } finally {
    await gate.close();
  }
}

async function* renderGroup(
  tasks: readonly Task[],
  folder: string,
  settings: RenderSettings,
  sandboxes: Sandboxes,
  machine: Machine,
  signal: AbortSignal,
): AsyncGenerator<[Task, Outcome]> {
  if (tasks.length === 0) return;
  // Jobs are made while earlier ones render. What cannot be laid out never becomes a job, so both orders are kept.
  const started: Task[] = [];
  const unplaced: [Task, Outcome][] = [];
  async function* jobs(): AsyncGenerator<RenderJob> {
    for (const task of tasks) {
      // Not under the overlay's own name: overlays lie in one another, and names can be as long as paths may get.
      const directory = join(folder, task.side, sha256(task.id).slice(0, 32));
      const { overlay, closure } = task.sighting;
      const laid = await sandboxes.materialise(task.tree, closure, directory);
      if (laid.ok) {
        started.push(task);
        yield { overlay, directory, needsHelm: needsHelm(task.sighting) };
      } else {
        const [first, ...more] = laid.reasons.map(toReason);
        unplaced.push([task, { status: "failed", reasons: [first!, ...more] }]);
      }
    }
  }
  let next = 0;
  for await (const result of renderAll(jobs(), settings, machine, signal)) {
    const task = started[next++]!;
    yield [task, toOutcome(result, task.tree)];
  }
  yield* unplaced;
}

/** Each is kept in memory with its values; a few kilobytes of a template can make millions. */
const maxDocuments = 20_000;

function toOutcome(result: RenderResult, tree: Tree): Outcome {
  if (result.status === "rendered") {
    if (!hasMoreDocuments(result.output, maxDocuments)) return result;
    const message = `it renders more than ${maxDocuments.toLocaleString("en-US")} documents. Nothing of that size can be reviewed: split it into several overlays.`;
    return { status: "failed", reasons: [{ code: "output", message }] };
  }
  const { code, message, location, missing } = result;
  const near = missing === undefined ? undefined : nearestPath(tree, missing);
  const help = near && { help: `Did you mean ${near}?` };
  return { status: "failed", reasons: [{ code, message, ...(location && { location }), ...help }] };
}

/** Whether a stream has more than `limit` lines that begin a document. */
function hasMoreDocuments(output: Uint8Array, limit: number): boolean {
  const bytes = Buffer.from(output.buffer, output.byteOffset, output.byteLength);
  let count = 1;
  for (let at = bytes.indexOf("\n---"); at >= 0; at = bytes.indexOf("\n---", at + 4))
    if (++count > limit) return true;
  return false;
}
