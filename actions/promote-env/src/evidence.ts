import {
  type Cell,
  cellKey,
  describeVersion,
  type GateSettings,
  type Plan,
  planPromotion,
  signatureOf,
} from "@gitops-actions/fleet";
import type { Report } from "@gitops-actions/report";
import type { Forge, Pull } from "./forge.ts";
import { type Facts, lastOf, type Status } from "./gates/index.ts";
import { type Moment, type Occupancy, occupancies } from "./occupancy.ts";
import { branchOf, type State, timeOf } from "./state.ts";

/** What candidates are judged by, besides what Git says. */
export interface Evidence {
  now: number;
  forge: Forge | undefined;
  /** Undefined: there is no forge, or it does not tell. */
  pulls: Pull[] | undefined;
  /** Branches of rollbacks that the remote has, where no forge tells of pull requests. Undefined: nobody could be asked. */
  rollbackBranches: readonly string[] | undefined;
  reports: { given: Report[]; wanted: number };
  /** The workflow run this is part of. */
  runId?: string;
}

/** A version of the environment before, on its way into another. */
export interface Passage {
  app: string;
  environment: string;
  source: string;
  others: readonly string[];
  run: Occupancy;
  plan: Plan;
  target: Cell;
  /** Name of the branch on which the app would be rolled back. */
  rollbackHead: string;
}

/** Most tips that are asked for statuses, of those on which a version ran. Each costs two requests. */
const mostTips = 30;

/** Gathers what the gates of an environment look at; nobody is asked for what no gate wants to know. */
export async function gatherFacts(
  state: State,
  passage: Passage,
  settings: GateSettings,
  evidence: Evidence,
): Promise<Facts> {
  const { app, environment, source, others, run, plan, target } = passage;
  const wanted = versionsOf(planPromotion(run.cell, target));
  const statuses = await statusesOf(state, run, source, settings, evidence.forge);
  const same = others.map(async (other) => ({
    environment: other,
    runs: await Promise.all(
      (await occupanciesOf(state, app, other, evidence))
        .filter((each) => versionsOf(planPromotion(each.cell, target)) === wanted)
        .map(async (each) =>
          sightOf(each, await statusesOf(state, each, other, settings, evidence.forge), settings),
        ),
    ),
  }));
  return {
    app,
    environment,
    source,
    ...sightOf(run, statuses, settings),
    others: await Promise.all(same),
    holds: state.holds,
    rollbacks: rollbacksOf(passage.rollbackHead, evidence),
    steps: plan.moves.map(({ subject, from, to }) => ({ subject, from: textOf(from), to: textOf(to) })),
    ranBefore: ranBefore(state, passage, wanted),
    reports: evidence.reports,
    tip: branchOf(state, environment).tip,
  };
}

/** What an environment had, with times the forge vouches for where it can be asked. */
export async function occupanciesOf(
  state: State,
  app: string,
  environment: string,
  { forge }: Pick<Evidence, "forge">,
): Promise<Occupancy[]> {
  const branch = branchOf(state, environment);
  const transitions = state.history.get(cellKey({ app, environment })) ?? [];
  const runs = occupancies(transitions, (commit, committed) => timeOf(branch, commit, committed));
  // The first two are all that is mostly asked of; each question costs a request.
  for (const [index, run] of runs.slice(0, 5).entries()) {
    run.since = await vouched(run.since, run.commit, forge);
    const next = runs[index - 1];
    if (next && run.until) run.until = next.since;
  }
  return runs;
}

function sightOf(
  run: Occupancy,
  statuses: Status[] | undefined,
  settings: GateSettings,
): Facts["others"][number]["runs"][number] {
  const context = settings["healthy-since"];
  const healthy = context === undefined || !statuses ? undefined : firstSuccess(statuses, context);
  return { run, statuses, ...(healthy === undefined ? {} : { healthy }) };
}

async function vouched(moment: Moment, commit: string, forge: Forge | undefined): Promise<Moment> {
  if (moment.verified || !forge) return moment;
  const merged = await forge.mergeOf(commit);
  return merged ? { at: merged.at, verified: true } : moment;
}

/**
 * Statuses of the commit that brought a version, and of the tips on which it ran since. From the newest, until every
 * context that is asked for has been heard of: what an older tip said is then the past.
 */
async function statusesOf(
  state: State,
  run: Occupancy,
  source: string,
  settings: GateSettings,
  forge: Forge | undefined,
): Promise<Status[] | undefined> {
  const wanted = new Set([
    ...settings.checks,
    ...(settings.drift === undefined ? [] : [`gitops/drift/${source}`]),
    ...(settings["healthy-since"] === undefined ? [] : [settings["healthy-since"]]),
  ]);
  if (wanted.size === 0 || !forge) return undefined;
  const found = (await forge.statuses(run.commit))?.slice();
  for (const commit of tipsSince(state, run, source)) {
    if (!found || wanted.size === 0) break;
    const said = await forge.statuses(commit);
    if (!said) return undefined;
    found.push(...said);
    for (const { context } of said) wanted.delete(context);
  }
  return found;
}

/** The tips on which a version ran after the one that brought it, newest first. */
function tipsSince(state: State, run: Occupancy, source: string): string[] {
  const { pushes } = branchOf(state, source);
  const newest = pushes?.findIndex((push) => push.after === run.last) ?? -1;
  const oldest = pushes?.findIndex((push) => push.after === run.commit) ?? -1;
  const between =
    pushes && newest >= 0 && oldest > newest
      ? pushes.slice(newest, oldest).map((push) => push.after)
      : [run.last];
  return [...new Set(between)].filter((commit) => commit !== run.commit).slice(0, mostTips);
}

function firstSuccess(statuses: readonly Status[], context: string): Moment | null {
  const successes = statuses.filter((status) => status.context === context && status.state === "success");
  // A failure since then is the business of `checks`; it also says that it is not healthy now.
  if (lastOf(statuses, context)?.state !== "success") return null;
  return { at: Math.min(...successes.map((status) => status.at)), verified: true };
}

function rollbacksOf(head: string, { forge, pulls, rollbackBranches }: Evidence): string[] | undefined {
  if (forge) return pulls?.filter((pull) => pull.head === head).map((pull) => `pull request #${pull.number}`);
  return rollbackBranches?.filter((branch) => branch === head).map((branch) => `the branch ${branch}`);
}

function textOf(version: Plan["moves"][number]["to"]): string | undefined {
  return version.tag ?? version.version ?? version.digest ?? version.value;
}

/** Whether the target had, before what it runs now, what would come. Undefined where its history is cut off. */
function ranBefore(state: State, { app, environment, target }: Passage, wanted: string): boolean | undefined {
  const [, ...past] = state.history.get(cellKey({ app, environment })) ?? [];
  const had = past.some(
    ({ cell }) =>
      cell && signatureOf(cell) !== signatureOf(target) && versionsOf(planPromotion(cell, target)) === wanted,
  );
  return had || (past.at(-1)?.cut ? undefined : false);
}

function versionsOf(plan: Plan): string {
  return plan.moves.map((move) => `${move.id} ${describeVersion(move.to)}`).join("\n");
}
