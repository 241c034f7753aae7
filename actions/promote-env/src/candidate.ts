import {
  type Cell,
  cellKey,
  describeVersion,
  gatesOf,
  type Plan,
  planPromotion,
  signatureOf,
  sourcesOf,
} from "@gitops-actions/fleet";
import type { Report } from "@gitops-actions/report";
import type { Forge, Pull } from "./forge.ts";
import {
  checks,
  complete,
  drift,
  freezes,
  hold,
  lastOf,
  limit,
  order,
  reports,
  type Status,
  soak,
  windows,
} from "./gates/index.ts";
import { type Moment, type Occupancy, occupancies } from "./occupancy.ts";
import { branchOf, type State, timeOf } from "./state.ts";
import { decide, type Verdict } from "./verdict.ts";

/** A version that may enter an environment, what speaks for it and against it, and what would be written. */
export interface Candidate {
  app: string;
  environment: string;
  source: string;
  run: Occupancy;
  plan: Plan;
  verdicts: Verdict[];
  open: boolean;
}

/** What candidates are judged by, besides what Git says. */
export interface Evidence {
  now: number;
  forge: Forge | undefined;
  /** Undefined: there is no forge, or it does not tell. */
  pulls: Pull[] | undefined;
  reports: { given: Report[]; wanted: number };
  /** The name of the branch a promotion's pull request has. */
  headOf: (app: string, environment: string) => string;
}

/**
 * The newest version of the environment before that may enter this one; where none may yet, the newest, with what it waits
 * for. Undefined when there is nothing to promote: no source, nothing there, or all of it is here already.
 */
export async function findCandidate(
  state: State,
  app: string,
  environment: string,
  evidence: Evidence,
): Promise<Candidate | undefined> {
  const target = state.cells.get(cellKey({ app, environment }));
  const own = state.environments.find((each) => each.name === environment);
  const sources = own ? sourcesOf(own) : [];
  const [source, ...others] = sources;
  if (!target || source === undefined) return undefined;
  const runs = await occupanciesOf(state, app, source, evidence);
  let first: Candidate | undefined;
  for (const [index, run] of runs.entries()) {
    const plan = planPromotion(run.cell, target);
    // What runs here already ends the search: older versions are no candidates, with the first they are no news.
    if (plan.moves.length === 0) {
      if (plan.notes.some((note) => note.kind === "obstacle"))
        first ??= judged({ app, environment, source, run, plan }, []);
      if (index > 0 || !run.withdrawn) break;
      continue;
    }
    const verdicts = await judge(state, { app, environment, source, others, run, plan, target }, evidence);
    const candidate = judged({ app, environment, source, run, plan }, verdicts);
    if (candidate.open) return candidate;
    first ??= candidate;
    // Only time in the source environment tells versions apart; any other closed gate closes for older ones as well.
    if (
      verdicts.some(
        (verdict) =>
          verdict.gate !== "soak" &&
          verdict.gate !== "checks" &&
          verdict.gate !== "complete" &&
          verdict.state !== "open",
      )
    )
      break;
  }
  return first;
}

function judged(parts: Omit<Candidate, "verdicts" | "open">, verdicts: Verdict[]): Candidate {
  const obstacles = parts.plan.notes
    .filter((note) => note.kind === "obstacle")
    .map((note): Verdict => ({ gate: note.code, state: "closed", because: note.message }));
  const all = [...obstacles, ...verdicts];
  return { ...parts, verdicts: all, open: all.length > 0 && decide(all).open };
}

interface Judged {
  app: string;
  environment: string;
  source: string;
  others: readonly string[];
  run: Occupancy;
  plan: Plan;
  target: Cell;
}

async function judge(state: State, judgedBy: Judged, evidence: Evidence): Promise<Verdict[]> {
  const { app, environment, source, others, run, plan } = judgedBy;
  const { now, forge, pulls } = evidence;
  const settings = gatesOf(state.settings, environment);
  const asks =
    settings.checks.length > 0 || settings.drift !== undefined || settings["healthy-since"] !== undefined;
  const statuses = asks ? await statusesOf(state, run, source, forge) : undefined;
  const context = settings["healthy-since"];
  const healthy = context === undefined || !statuses ? undefined : firstSuccess(statuses, context);
  const head = evidence.headOf(app, environment);
  const here = pulls?.filter((pull) => pull.base === branchOf(state, environment).name);
  const rollbacks = forge
    ? pulls
        ?.filter((pull) => pull.head === head.replace("/promote/", "/rollback/"))
        .map((pull) => `pull request #${pull.number}`)
    : [];
  const verdicts = [
    hold(app, environment, state.holds, rollbacks, now),
    soak({ run, environment: source, ...(healthy === undefined ? {} : { healthy }) }, settings, now),
    checks(settings.checks, statuses),
    drift(source, settings.drift, statuses, now),
    complete(run.cell, settings.complete),
    order(stepsOf(plan), ranBefore(state, judgedBy), settings.downgrade),
    freezes(settings.freezes, now),
    windows(settings.windows, now),
    limit(
      settings["max-open-pull-requests"],
      openIn(here, environment),
      here?.some((pull) => pull.head === head) ?? false,
    ),
    reports(evidence.reports.given, evidence.reports.wanted, branchOf(state, environment).tip),
  ];
  for (const other of others) verdicts.push(await parallel(state, judgedBy, other, evidence));
  return verdicts;
}

/** Where an environment comes from several, each of them must have run the version long enough. */
async function parallel(
  state: State,
  { app, environment, run, target }: Judged,
  other: string,
  evidence: Evidence,
): Promise<Verdict> {
  const gate = `also in ${other}`;
  const wanted = versionsOf(planPromotion(run.cell, target));
  const settings = gatesOf(state.settings, environment);
  const same = (await occupanciesOf(state, app, other, evidence)).filter(
    (each) => versionsOf(planPromotion(each.cell, target)) === wanted,
  );
  if (same.length === 0) return { gate, state: "waiting", because: `${other} has not run this version` };
  const verdicts = same.map((each) =>
    soak({ run: each, environment: other }, { ...settings, "healthy-since": undefined }, evidence.now),
  );
  return { ...(verdicts.find((verdict) => verdict.state === "open") ?? verdicts[0]!), gate };
}

/** What an environment had, with times the forge vouches for where it can be asked. */
async function occupanciesOf(
  state: State,
  app: string,
  environment: string,
  { forge }: Evidence,
): Promise<Occupancy[]> {
  const branch = branchOf(state, environment);
  const transitions = state.history.get(cellKey({ app, environment })) ?? [];
  const runs = occupancies(transitions, (commit, committed) => timeOf(branch, commit, committed));
  // The first two are all that is mostly asked of; each question costs a request.
  for (const run of runs.slice(0, 5)) {
    run.since = await vouched(run.since, run.commit, forge);
    const next = runs[runs.indexOf(run) - 1];
    if (next && run.until) run.until = next.since;
  }
  return runs;
}

async function vouched(moment: Moment, commit: string, forge: Forge | undefined): Promise<Moment> {
  if (moment.verified || !forge) return moment;
  const merged = await forge.mergeOf(commit);
  return merged ? { at: merged.at, verified: true } : moment;
}

/** Statuses of the commit that brought a version, and of the tip where it still runs: later ones count as well. */
async function statusesOf(
  state: State,
  run: Occupancy,
  source: string,
  forge: Forge | undefined,
): Promise<Status[] | undefined> {
  if (!forge) return undefined;
  const { tip } = branchOf(state, source);
  const commits = run.until === undefined && tip !== run.commit ? [run.commit, tip] : [run.commit];
  const found = await Promise.all(commits.map((commit) => forge.statuses(commit)));
  return found.some((each) => each === undefined) ? undefined : found.flatMap((each) => each ?? []);
}

function firstSuccess(statuses: readonly Status[], context: string): Moment | null {
  const successes = statuses.filter((status) => status.context === context && status.state === "success");
  // A failure since then is the business of `checks`; it also says that it is not healthy now.
  if (lastOf(statuses, context)?.state !== "success") return null;
  return { at: Math.min(...successes.map((status) => status.at)), verified: true };
}

function stepsOf({ moves }: Plan) {
  return moves.map(({ subject, from, to }) => ({ subject, from: textOf(from), to: textOf(to) }));
}

function textOf(version: Plan["moves"][number]["to"]): string | undefined {
  return version.tag ?? version.version ?? version.digest ?? version.value;
}

/** Whether the target had, before what it runs now, what would come. Undefined where its history is cut off. */
function ranBefore(state: State, { app, environment, run, target }: Judged): boolean | undefined {
  const [, ...past] = state.history.get(cellKey({ app, environment })) ?? [];
  const wanted = versionsOf(planPromotion(run.cell, target));
  const had = past.some(
    ({ cell }) =>
      cell && signatureOf(cell) !== signatureOf(target) && versionsOf(planPromotion(cell, target)) === wanted,
  );
  return had || (past.at(-1)?.cut ? undefined : false);
}

function versionsOf(plan: Plan): string {
  return plan.moves.map((move) => `${move.id} ${describeVersion(move.to)}`).join("\n");
}

function openIn(pulls: readonly Pull[] | undefined, environment: string): number | undefined {
  return pulls?.filter((pull) => pull.head.startsWith(`gitops/promote/${environment}/`)).length;
}
