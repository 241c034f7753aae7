import type { Repository } from "@gitops-actions/engine";
import { gatesOf, type Plan } from "@gitops-actions/fleet";
import { codeSpan, escapeMarkdown } from "@gitops-actions/report";
import type { Candidate } from "./candidate.ts";
import { describeMove, shortVersion, versionTrailers } from "./change.ts";
import { type Change, type Delivery, deliver, fetchOptions } from "./delivery.ts";
import type { Evidence } from "./evidence.ts";
import type { Pull } from "./forge.ts";
import { folderOf, headOf, pullHeadOf } from "./heads.ts";
import type { PromoteInputs } from "./inputs.ts";
import { mergePull } from "./merging.ts";
import { closePull, tableOf } from "./pull.ts";
import { tidySigning } from "./signing.ts";
import { branchOf, type State, strategyOf, takesAll } from "./state.ts";
import { deliverWhole, takeOver } from "./takeover.ts";
import { foremost, formatTime } from "./verdict.ts";
import type { Whole } from "./whole.ts";
import type { PromoteWorld } from "./world.ts";

/** What became of one promotion, rollback or setting. */
export interface Delivered {
  apps: string[];
  environment: string;
  /** `web 1.2 -> 1.3`, one for each thing that moves. */
  moves: string[];
  delivery: Exclude<Delivery, { kind: "moved" }>;
}

/**
 * Delivers every candidate whose gates are open; undefined when a branch moved meanwhile, so that all must be read anew.
 * What was delivered before that is in `done`.
 */
export async function promoteAll(
  repository: Repository,
  state: State,
  candidates: readonly Candidate[],
  wholes: readonly Whole[],
  evidence: Evidence,
  inputs: PromoteInputs,
  world: PromoteWorld,
  done: Delivered[],
): Promise<true | undefined> {
  const strategy = strategyOf(state, inputs);
  const tips = new Map<string, string>();
  for (const whole of wholes.filter((each) => each.open)) {
    const change = takeOver(state, whole, inputs, world);
    world.progress(change.story.subject);
    const delivery = await deliverWhole(repository, state, change, inputs, world);
    if (delivery.kind === "moved") return undefined;
    await mergeIfAsked(state, change, delivery, evidence, world);
    // What a merge leaves as it is, is no news.
    if (delivery.kind !== "nothing") record(done, deliveredOf(change, delivery));
  }
  const alone = candidates.filter((each) => each.open && !takesAll(state, each.environment));
  for (const group of groupsOf(state, alone)) {
    const change = changeOf(state, group, inputs, world, strategy, tips);
    world.progress(change.story.subject);
    const delivery = await deliver(repository, change, strategy, inputs, world);
    if (delivery.kind === "moved") return undefined;
    if (delivery.kind === "pushed") tips.set(change.branch, delivery.commit);
    await mergeIfAsked(state, change, delivery, evidence, world);
    record(done, deliveredOf(change, delivery));
  }
  const alive = new Set(
    wholes
      .filter(({ verdicts }) => verdicts.every((verdict) => verdict.state !== "closed"))
      .map(({ environment }) => pullHeadOf(state, environment, "everything")),
  );
  if (evidence.pulls) {
    const others = evidence.pulls.filter((pull) => !alive.has(pull.head));
    done.push(...(await tidyPulls(repository, state, candidates, others, inputs, world)));
    const now = [...state.branches.values()].map(({ tip }) => tip);
    if (state.settings.sign) await tidySigning(repository, new Set(now), fetchOptions(inputs, world));
  }
  return true;
}

/** Merges the pull request of a change where the settings leave that to us, and adds to the delivery what came of it. */
async function mergeIfAsked(
  state: State,
  { environment }: Change,
  delivery: Delivery,
  { runId }: Evidence,
  { forge }: PromoteWorld,
): Promise<void> {
  if (delivery.kind !== "pull" || !forge) return;
  const settings = gatesOf(state.settings, environment);
  const merge = await mergePull(forge, delivery.pull, delivery.head, settings, runId);
  if (merge) delivery.merge = merge;
}

/** Adds what became of a change. Where all was read anew in between, what was done before is not undone by being found done. */
function record(done: Delivered[], one: Delivered): void {
  const same = done.findIndex(
    (each) => each.environment === one.environment && each.apps.join() === one.apps.join(),
  );
  if (same < 0) done.push(one);
  else if (one.delivery.kind !== "nothing" && !(one.delivery.kind === "pull" && one.delivery.done === "kept"))
    done[same] = one;
}

/** What is said of a change and what became of it. */
export function deliveredOf(change: Change, delivery: Delivered["delivery"]): Delivered {
  return {
    apps: [...change.apps],
    environment: change.environment,
    moves: change.plans.flatMap((plan) => plan.moves.map(describeMove)),
    delivery,
  };
}

function groupsOf(state: State, open: readonly Candidate[]): Candidate[][] {
  if (state.settings.group === "app") return open.map((each) => [each]);
  const groups = Map.groupBy(open, (each) => each.environment);
  return [...groups.values()];
}

function changeOf(
  state: State,
  group: readonly Candidate[],
  inputs: PromoteInputs,
  world: PromoteWorld,
  strategy: string,
  tips: ReadonlyMap<string, string>,
): Change {
  const { environment } = group[0]!;
  const gates = gatesOf(state.settings, environment);
  const branch = branchOf(state, environment);
  const apps = group.map((each) => each.app);
  const plans = group.map((each) => each.plan);
  const what = apps.length === 1 ? apps[0]! : `${apps.length} apps`;
  const moves = plans.flatMap((plan) => plan.moves);
  const [only] = moves;
  const versions =
    moves.length === 1 && only ? `: ${shortVersion(only.from)} to ${shortVersion(only.to)}` : "";
  const subject = `Promote ${what} to ${environment}${versions}`;
  const froms = group.map((each): [string, string] => [
    "Gitops-From",
    `${each.app}/${each.source}@${each.run.commit}`,
  ]);
  return {
    apps,
    environment,
    branch: branch.name,
    tip: tips.get(branch.name) ?? branch.tip,
    plans,
    story: {
      operation: "promote",
      subject,
      body: plans.map(describePlan).join("\n"),
      trailers: [...froms, ...versionTrailers(plans)],
    },
    // A push is dated when it happens. What waits in a pull request is dated by what it comes from, so that the same
    // promotion is the same commit however often it is looked at.
    date:
      strategy === "direct"
        ? world.host.now()
        : new Date(Math.max(0, ...group.map((each) => each.run.since.at).filter(Number.isFinite))),
    pull: {
      head: pullHeadOf(state, environment, apps[0]!),
      title: subject,
      body: bodyOf(group),
      digest: JSON.stringify(
        group.map(({ plan, verdicts }) => [
          moveTexts(plan),
          verdicts.map(({ gate, state: said }) => [gate, said]),
        ]),
      ),
      labels: [...new Set([...inputs.labels, ...gates.labels])],
      reviewers: gates.reviewers,
    },
    sign: state.settings.sign,
  };
}

function describePlan(plan: Plan): string {
  return plan.moves.map((move) => `${plan.app}: ${describeMove(move)}`).join("\n");
}

function moveTexts(plan: Plan): string[] {
  return plan.moves.map(describeMove);
}

/** What a pull request says of the apps it moves, as safe Markdown. */
export function bodyOf(group: readonly Candidate[]): string {
  const parts: string[] = [];
  for (const { app, environment, source, run, plan, verdicts } of group) {
    const rows = plan.moves.map(({ subject, from, to }) => [
      codeSpan(subject),
      codeSpan(shortVersion(from)),
      codeSpan(shortVersion(to)),
    ]);
    const notes = plan.notes.map((note) => `- ${escapeMarkdown(note.message)}`);
    parts.push(
      `## ${escapeMarkdown(app)}: ${escapeMarkdown(source)} → ${escapeMarkdown(environment)}`,
      tableOf(["what", "now", "then"], rows),
      `It runs in ${escapeMarkdown(source)} since ${formatTime(run.since.at)} (commit ${run.commit}).`,
      tableOf(
        ["gate", "", "why"],
        verdicts.map((verdict) => [
          escapeMarkdown(verdict.gate),
          verdict.state,
          escapeMarkdown(verdict.because),
        ]),
      ),
      ...(notes.length > 0 ? [notes.join("\n")] : []),
    );
  }
  return parts.join("\n\n");
}

/** Closes promotions that are done by other means, or that a gate has closed since they were opened; says which it could not. */
async function tidyPulls(
  repository: Repository,
  state: State,
  candidates: readonly Candidate[],
  pulls: readonly Pull[],
  inputs: PromoteInputs,
  world: PromoteWorld,
): Promise<Delivered[]> {
  const { forge } = world;
  if (!forge) return [];
  const kept: Delivered[] = [];
  const byHead = new Map<string, Candidate[]>();
  for (const each of candidates) {
    for (const head of [
      headOf("promote", each.environment, each.app),
      `${folderOf("promote", each.environment)}all`,
    ])
      byHead.set(head, [...(byHead.get(head) ?? []), each]);
  }
  const looked = new Set(
    [...state.cells.values()]
      .filter((cell) => isAsked(inputs, cell))
      .map((cell) => headOf("promote", cell.environment, cell.app)),
  );
  for (const pull of pulls.filter((each) => each.head.startsWith("gitops/promote/"))) {
    const grouped = pull.head.endsWith("/all");
    const all = state.environments.some(
      ({ name }) => takesAll(state, name) && pull.head === pullHeadOf(state, name, "everything"),
    );
    const other = grouped !== (state.settings.group === "environment" || all);
    const mine = byHead.get(pull.head) ?? [];
    const closed = mine.flatMap(({ verdicts }) => verdicts.filter((verdict) => verdict.state === "closed"));
    const reason = other
      ? "Superseded: promotions are grouped in another way now."
      : mine.length === 0 &&
          (looked.has(pull.head) || (grouped && inputs.apps.length === 0 && inputs.environments.length === 0))
        ? "Nothing is left to promote: what this brings is there already, or has been replaced."
        : mine.length > 0 && mine.every((each) => !each.open) && closed.length > 0
          ? `A gate has closed: ${foremost(closed)?.because}. It will be opened again when all gates are open.`
          : undefined;
    // What GitHub merges by itself must not be merged while a gate is shut.
    if (reason === undefined) {
      if (pull.auto && mine.length > 0 && mine.every((each) => !each.open)) await forge.mergeNever(pull);
      continue;
    }
    const because = await closePull(repository, forge, pull, reason, fetchOptions(inputs, world));
    if (because !== undefined)
      kept.push({ ...placeOf(pull.head), moves: [], delivery: { kind: "refused", because } });
  }
  return kept;
}

/** Which promotion a branch of ours is for: `gitops/promote/<environment>/<app>`, see heads.ts. */
function placeOf(head: string): Pick<Delivered, "apps" | "environment"> {
  const [, , environment = "", app = ""] = head.split("/");
  return { apps: [app], environment };
}

/** Whether the inputs ask for a cell. */
export function isAsked(
  { apps, environments }: Pick<PromoteInputs, "apps" | "environments">,
  cell: { app: string; environment: string },
): boolean {
  return (
    (apps.length === 0 || apps.includes(cell.app)) &&
    (environments.length === 0 || environments.includes(cell.environment))
  );
}
