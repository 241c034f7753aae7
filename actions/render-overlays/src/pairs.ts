import { join } from "node:path";
import { openSandboxes, type Progress, type RenderSettings } from "@gitops-actions/engine";
import type { IndexSide } from "@gitops-actions/fleet";
import { parseManifests } from "@gitops-actions/manifest";
import type { ToolUse } from "@gitops-actions/report";
import type { Pair, Sighting } from "./compare.ts";
import type { RenderInputs } from "./inputs.ts";
import { type Outcome, refuse, renderTasks, type Task } from "./rendering.ts";
import type { RenderWorld } from "./run.ts";
import type { Side } from "./side.ts";
import { storeRender } from "./store.ts";
import { needsHelm, prepareTools } from "./tooling.ts";
import { findUnstable, withoutUnstable } from "./unstable.ts";
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
  /** What of it differs each time it is rendered, and was left out of the changes. */
  unstable?: string[];
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
    if (pair.expected === "unchanged") of.base = outcome;
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
  const settingsOf = new Map<string, RenderSettings>();
  const again = (tasks: readonly Task[]) =>
    renderTasks(
      tasks,
      `${folder}-again`,
      settingsOf.get(tasks[0]!.sighting.pin)!,
      comparison.allowedHosts,
      sandboxes,
      world.host,
      world.signal,
    );
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
    settingsOf.set(group[0]!.sighting.pin, settings);
    for (const use of used) uses.set(`${use.name} ${use.version}`, use);
    for await (const [task, outcome] of renderTasks(
      group,
      folder,
      settings,
      comparison.allowedHosts,
      sandboxes,
      world.host,
      world.signal,
    )) {
      await settle(task, outcome);
    }
  }
  const rendered = pairs.map(({ id }) => done.get(id)!);
  await setUnstableAside(rendered, again, comparison);
  return { rendered, uses: [...uses.values()] };
}

/**
 * Templates may use the clock and random numbers, so a chart that differs between the commits may differ between any
 * two renders: it is rendered once more at head, and what differs there is not shown as a change.
 */
async function setUnstableAside(
  rendered: readonly RenderedPair[],
  again: (tasks: readonly Task[]) => AsyncIterable<[Task, Outcome]>,
  { head }: Comparison,
): Promise<void> {
  const doubtful = rendered.filter(
    ({ pair, changes }) => changes.length > 0 && pair.head && mayVary(pair.head),
  );
  if (doubtful.length === 0) return;
  const byId = new Map(doubtful.map((each) => [each.pair.id, each]));
  const tasks = doubtful.map(
    ({ pair }): Task => ({ id: pair.id, side: "head", sighting: pair.head!, tree: head.tree }),
  );
  for await (const [task, outcome] of again(tasks)) {
    const each = byId.get(task.id)!;
    if (outcome.status !== "rendered" || !each.head) continue;
    const second = parseManifests(new TextDecoder().decode(outcome.output), task.id);
    const unstable = findUnstable(each.head.resources, second.resources);
    if (unstable.named.length === 0) continue;
    each.unstable = unstable.named;
    each.changes = withoutUnstable(each.changes, unstable);
    if (each.changes.length === 0 && each.change === "changed") each.change = "unchanged";
  }
}

function mayVary(sighting: Sighting): boolean {
  return sighting.overlay.kind === "helm" || needsHelm(sighting);
}

function tasksOf({ id, base, head, expected }: Pair, comparison: Comparison): Task[] {
  const tasks: Task[] = [];
  // What is proven unchanged is rendered once, for both sides.
  if (base && comparison.base && expected !== "unchanged")
    tasks.push({ id, side: "base", sighting: base, tree: comparison.base.tree });
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
    if (side === "base" && outcomes.base === outcomes.head) continue;
    const written = await storeRender(directory, side, pair.id, outcome.output, manifests.resources);
    stored[side] = { ...written, ...(outcome.sources && { sources: outcome.sources }) };
    outcome.output = nothing;
  }
  if (stored.head && outcomes.base === outcomes.head) stored.base = stored.head;
  return { ...judged, stored };
}

const nothing = new Uint8Array();

function counter(total: number, progress: Progress): (done: number) => void {
  return (done) => progress(`Rendered ${done} of ${total} overlays`);
}
