import { commitsBeyond, commonCommit, type Repository, treeAt } from "@gitops-actions/engine";
import {
  type Cell,
  cellKey,
  compilePattern,
  gatesOf,
  type Plan,
  planPromotion,
  signatureOf,
  sourcesOf,
  type Tree,
} from "@gitops-actions/fleet";
import { askApprovals } from "./approvals.ts";
import type { Candidate } from "./candidate.ts";
import { type Evidence, gatherFacts } from "./evidence.ts";
import { approval, judge, needsPull } from "./gates/index.ts";
import { folderOf } from "./heads.ts";
import type { Moment } from "./occupancy.ts";
import { branchOf, type State, timeOf, tipsOf } from "./state.ts";
import { decide, foremost, type Verdict } from "./verdict.ts";

/** A commit of the environment before, all of which may enter an environment, with what is said of it. */
export interface Whole {
  environment: string;
  source: string;
  commit: string;
  since: Moment;
  /** What it makes of the versions; empty where it brings none. */
  plans: Plan[];
  candidates: Candidate[];
  verdicts: Verdict[];
  open: boolean;
}

/** How far back a commit is looked for in which nothing has to wait. */
const mostCommits = 200;

/**
 * The newest commit of the environment before in which every version that is new may go on, and that itself has been there
 * long enough. Where there is none, the newest with what it waits for. Undefined when there is nothing that is not here.
 */
export async function findWhole(
  repository: Repository,
  state: State,
  environment: string,
  candidates: readonly Candidate[],
  evidence: Evidence,
  strategy: "pull-request" | "direct",
): Promise<Whole | undefined> {
  const own = state.environments.find((each) => each.name === environment);
  const [source] = own ? sourcesOf(own) : [];
  if (source === undefined) return undefined;
  const [from, to] = [branchOf(state, source), branchOf(state, environment)];
  const beyond = await commitsBeyond(repository, from.tip, to.tip, mostCommits);
  // A tag marks one commit: those behind it did not run, or are the past.
  const wasTip = tipsOf(from.pushes);
  const commits = from.mark ? beyond.slice(0, 1) : beyond.filter(({ id }) => wasTip(id));
  let first: Whole | undefined;
  for (const { id, committed } of commits) {
    const moment = from.mark ? momentOfMark(from.mark.ran[0]!.at) : timeOf(from, id, committed);
    const since = await vouched(moment, id, evidence);
    const found = { environment, source, commit: id, since };
    const { plans, brought, waits } = versionsAt(state, source, environment, beyond, id, candidates);
    const cells = appsOf(state, source).flatMap((app) => cellAt(state, source, app, beyond, id) ?? []);
    const verdicts = waits ?? [
      ...(await judgeCommit(state, found, cells, evidence)),
      ...(await approvalOf(state, environment, to.mark ? "direct" : strategy, evidence)),
    ];
    const whole = { ...found, plans, candidates: brought, verdicts, open: decide(verdicts).open };
    if (whole.open && (await isWithdrawn(repository, state, environment, from.tip, id)))
      whole.verdicts.push({
        gate: "soak",
        state: "closed",
        because: `${source} took back some of what ${id.slice(0, 7)} brings`,
      });
    whole.open = decide(whole.verdicts).open;
    if (whole.open) return whole;
    first ??= whole;
  }
  return first;
}

/** Whether a path belongs to the environment alone, so that nothing that comes changes it. */
export function ownPaths({ settings }: Pick<State, "settings">): (path: string) => boolean {
  const patterns = settings.own.map(compilePattern);
  return (path) => patterns.some((pattern) => pattern.match(path) !== undefined);
}

/** Which versions a commit brings, or why one of them may not go on. */
function versionsAt(
  state: State,
  source: string,
  environment: string,
  beyond: readonly { id: string }[],
  commit: string,
  candidates: readonly Candidate[],
): { plans: Plan[]; brought: Candidate[]; waits?: Verdict[] } {
  const [plans, brought]: [Plan[], Candidate[]] = [[], []];
  for (const target of state.cells.values()) {
    if (target.environment !== environment) continue;
    const cell = cellAt(state, source, target.app, beyond, commit);
    const plan = cell && planPromotion(cell, target);
    if (!plan || plan.moves.length === 0) continue;
    const candidate = candidates.find((each) => each.app === target.app && each.environment === environment);
    if (!candidate?.open || signatureOf(candidate.run.cell) !== signatureOf(cell))
      return { plans, brought, waits: [waitingFor(target.app, commit, candidate)] };
    plans.push(plan);
    brought.push(candidate);
  }
  return { plans, brought };
}

function waitingFor(app: string, commit: string, candidate: Candidate | undefined): Verdict {
  const why = candidate && foremost(candidate.verdicts);
  const because = why ? `${why.gate}: ${why.because}` : "it has a version that may not go on";
  return {
    gate: "whole",
    state: "waiting",
    because: `${commit.slice(0, 7)} brings ${app} as well: ${because}`,
  };
}

/** What an app ran at a commit of the source's branch, by the transitions that are known of it. */
function cellAt(
  state: State,
  source: string,
  app: string,
  beyond: readonly { id: string }[],
  commit: string,
): Cell | undefined {
  const place = (id: string) => beyond.findIndex((each) => each.id === id);
  const at = place(commit);
  return state.history.get(cellKey({ app, environment: source }))?.find(({ commit: since, last }) => {
    const [newest, oldest] = [place(last.id), place(since.id)];
    return newest >= 0 && newest <= at && (oldest < 0 || at <= oldest);
  })?.cell;
}

function appsOf(state: State, environment: string): string[] {
  return [...state.history.keys()]
    .map((key) => key.split("\0"))
    .filter(([, name]) => name === environment)
    .map(([app = ""]) => app);
}

async function judgeCommit(
  state: State,
  { environment, source, commit, since }: Pick<Whole, "environment" | "source" | "commit" | "since">,
  cells: readonly Cell[],
  evidence: Evidence,
): Promise<Verdict[]> {
  const settings = gatesOf(state.settings, environment);
  const nothing = (name: string): Cell => ({ app: "*", environment: name, slots: [] });
  const run = {
    cell: { ...nothing(source), slots: cells.flatMap((cell) => cell.slots) },
    commit,
    last: branchOf(state, source).tip,
    since,
    cut: false,
    withdrawn: false,
  };
  const plan = { app: "*", environment, moves: [], notes: [] };
  const target = nothing(environment);
  const passage = { app: "*", environment, source, others: [], run, plan, target, rollbackHead: "" };
  const facts = await gatherFacts(state, passage, settings, evidence);
  const folder = folderOf("rollback", environment);
  const rollbacks = evidence.forge
    ? evidence.pulls
        ?.filter((pull) => pull.head.startsWith(folder))
        .map((pull) => `pull request #${pull.number}`)
    : evidence.rollbackBranches?.filter((branch) => branch.startsWith(folder));
  // Everything comes at once, so whoever holds one app holds all of them.
  const holds = facts.holds?.map((hold) => (hold.environment === environment ? { ...hold, app: "*" } : hold));
  return judge({ ...facts, holds, rollbacks }, settings, evidence.now);
}

/** What is asked for before something is written at once; a pull request is asked before it is merged. */
async function approvalOf(
  state: State,
  environment: string,
  strategy: "pull-request" | "direct",
  evidence: Evidence,
): Promise<Verdict[]> {
  const wanted = gatesOf(state.settings, environment).approval;
  if (!wanted || (strategy === "pull-request" && needsPull(wanted))) return [];
  if (!needsPull(wanted)) return approval(wanted, await askApprovals(evidence, wanted, undefined));
  return [
    {
      gate: "approval",
      state: "unknown",
      because: "what is written at once has no pull request that somebody could approve",
      mend: "ask for the approval of a GitHub `environment` instead",
    },
  ];
}

/** Whether the source has since put back, to what the target stands on, something that a commit changes. */
async function isWithdrawn(
  repository: Repository,
  state: State,
  environment: string,
  tip: string,
  commit: string,
): Promise<boolean> {
  if (tip === commit) return false;
  const target = branchOf(state, environment);
  const parted = target.mark ? target.tip : await commonCommit(repository, target.tip, commit);
  if (parted === undefined) return false;
  const [before, then, now] = await Promise.all([parted, commit, tip].map((id) => treeAt(repository, id)));
  const own = ownPaths(state);
  const idOf = (tree: Tree | undefined, path: string) => {
    const entry = tree?.get(path);
    return entry?.kind === "directory" ? undefined : entry?.id;
  };
  const paths = new Set([...before!.entries(), ...then!.entries()].map((entry) => entry.path));
  return [...paths].some(
    (path) => !own(path) && idOf(then, path) !== idOf(before, path) && idOf(now, path) === idOf(before, path),
  );
}

function momentOfMark(at: number): Moment {
  return { at: at * 1000, verified: false };
}

async function vouched(moment: Moment, commit: string, { forge }: Evidence): Promise<Moment> {
  if (moment.verified || !forge) return moment;
  const merged = await forge.mergeOf(commit);
  return merged ? { at: merged.at, verified: true } : moment;
}
