import { join } from "node:path";
import { openSandboxes, type Progress } from "@gitops-actions/engine";
import type { IndexSide } from "@gitops-actions/fleet";
import type { ToolUse } from "@gitops-actions/report";
import type { Pair } from "./compare.ts";
import type { RenderInputs } from "./inputs.ts";
import { type Outcome, refuse, renderTasks, type Task } from "./rendering.ts";
import type { RenderWorld } from "./run.ts";
import type { Side } from "./side.ts";
import { storeRender } from "./store.ts";
import { prepareTools } from "./tooling.ts";
import { type Judged, judge, type Outcomes } from "./verdict.ts";

/** Both sides, and what is allowed. */
export interface Comparison {
  head: Side;
  base?: Side;
  /** Hosts that renders may fetch from, in lower case. */
  allowedHosts: ReadonlySet<string>;
}

/** An overlay that was looked at, with what was written of it. */
export interface RenderedPair extends Judged {
  stored: { base?: IndexSide; head?: IndexSide };
}

/** Renders both sides of the pairs and writes the manifests below `directory`. Pairs come back in their order. */
export async function renderPairs(
  pairs: readonly Pair[],
  comparison: Comparison,
  directory: string,
  inputs: RenderInputs,
  world: RenderWorld,
): Promise<{ rendered: RenderedPair[]; uses: ToolUse[] }> {
  const outcomes = new Map<string, Outcomes>(pairs.map((pair) => [pair.id, {}]));
  const done = new Map<string, RenderedPair>();
  const uses = new Map<string, ToolUse>();
  const tell = counter(pairs.length, world.progress);

  const settle = async (task: Task, outcome: Outcome): Promise<void> => {
    const of = outcomes.get(task.id)!;
    of[task.side] = outcome;
    const pair = byId.get(task.id)!;
    if ((pair.base && !of.base) || (pair.head && !of.head)) return;
    // Once judged and written, an overlay's bytes are let go: a fleet may be larger than memory.
    outcomes.delete(task.id);
    done.set(pair.id, await finish(pair, of, comparison.base !== undefined, directory));
    tell(done.size);
  };

  const byId = new Map(pairs.map((pair) => [pair.id, pair]));
  const tasks = pairs.flatMap((pair) => tasksOf(pair, comparison));
  const startable: Task[] = [];
  for (const task of tasks) {
    const refused = refuse(task, comparison.allowedHosts);
    if (refused) await settle(task, refused);
    else startable.push(task);
  }
  const sandboxes = openSandboxes(world.host);
  const folder = join(world.host.tempDir, "sandboxes");
  for (const group of Map.groupBy(startable, (task) => task.sighting.pin).values()) {
    const versions = comparison[group[0]!.side]!.tools;
    const { settings, uses: used } = await prepareTools(
      group,
      inputs,
      versions,
      world.host,
      world.progress,
      world.signal,
    );
    for (const use of used) uses.set(`${use.name} ${use.version}`, use);
    for await (const [task, outcome] of renderTasks(
      group,
      folder,
      settings,
      sandboxes,
      world.host,
      world.signal,
    )) {
      await settle(task, outcome);
    }
  }
  return { rendered: pairs.map(({ id }) => done.get(id)!), uses: [...uses.values()] };
}

function tasksOf({ id, base, head }: Pair, comparison: Comparison): Task[] {
  const tasks: Task[] = [];
  if (base && comparison.base) tasks.push({ id, side: "base", sighting: base, tree: comparison.base.tree });
  if (head) tasks.push({ id, side: "head", sighting: head, tree: comparison.head.tree });
  return tasks;
}

async function finish(
  pair: Pair,
  outcomes: Outcomes,
  compared: boolean,
  directory: string,
): Promise<RenderedPair> {
  const judged = judge(pair, outcomes, compared);
  const stored: RenderedPair["stored"] = {};
  for (const side of ["base", "head"] as const) {
    const outcome = outcomes[side];
    const manifests = judged[side];
    if (outcome?.status !== "rendered" || !manifests) continue;
    stored[side] = await storeRender(directory, side, pair.id, outcome.output, manifests.resources);
    outcome.output = nothing;
  }
  return { ...judged, stored };
}

const nothing = new Uint8Array();

function counter(total: number, progress: Progress): (done: number) => void {
  return (done) => progress(`Rendered ${done} of ${total} overlays`);
}
