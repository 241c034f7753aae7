import { cellKey, gatesOf, type Plan, planPromotion, sourcesOf } from "@gitops-actions/fleet";
import { askApprovals } from "./approvals.ts";
import { type Evidence, gatherFacts, occupanciesOf, type Passage } from "./evidence.ts";
import { approval, judge, needsPull, tellsVersionsApart } from "./gates/index.ts";
import { headOf, pullHeadOf } from "./heads.ts";
import type { Occupancy } from "./occupancy.ts";
import { branchOf, type State } from "./state.ts";
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
  /** What is said of the pull request's merge, where promote-env merges it or somebody must approve it. */
  approval: Verdict[];
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
  strategy: "pull-request" | "direct",
): Promise<Candidate | undefined> {
  const target = state.cells.get(cellKey({ app, environment }));
  const own = state.environments.find((each) => each.name === environment);
  const sources = own ? sourcesOf(own) : [];
  const [source, ...others] = sources;
  if (!target || source === undefined) return undefined;
  const runs = await occupanciesOf(state, app, source, evidence);
  const rollbackHead = headOf("rollback", environment, app);
  let first: Candidate | undefined;
  for (const [index, run] of runs.entries()) {
    const plan = planPromotion(run.cell, target);
    // What runs here already ends the search: older versions are no candidates, with the first they are no news.
    if (plan.moves.length === 0) {
      if (plan.notes.some((note) => note.kind === "obstacle"))
        first ??= judged({ app, environment, source, run, plan }, [], []);
      if (index > 0 || !run.withdrawn) break;
      continue;
    }
    const passage = { app, environment, source, others, run, plan, target, rollbackHead };
    const candidate = await weigh(state, passage, evidence, strategy);
    if (candidate.open) return candidate;
    first ??= candidate;
    // Where another gate than those is not open, it is not open for older versions either.
    if (candidate.verdicts.some((each) => each.state !== "open" && !tellsVersionsApart(each))) break;
  }
  return first;
}

async function weigh(
  state: State,
  passage: Passage,
  evidence: Evidence,
  strategy: "pull-request" | "direct",
): Promise<Candidate> {
  const { app, environment, source, run, plan } = passage;
  const settings = gatesOf(state.settings, environment);
  const verdicts = judge(await gatherFacts(state, passage, settings, evidence), settings, evidence.now);
  const wanted = settings.approval;
  // Nobody is asked of approvals while something else is in the way.
  if (!wanted || !verdicts.every((each) => each.state === "open"))
    return judged({ app, environment, source, run, plan }, verdicts, []);
  const head = pullHeadOf(state, environment, app);
  const base = branchOf(state, environment).name;
  const pull = evidence.pulls?.find((each) => each.head === head && each.base === base);
  const said = approval(wanted, await askApprovals(evidence, wanted, pull));
  // A tag is moved at once, whatever the strategy.
  const waits = strategy === "pull-request" && !branchOf(state, environment).mark;
  if (waits && needsPull(wanted)) return judged({ app, environment, source, run, plan }, verdicts, said);
  const direct: Verdict[] = needsPull(wanted)
    ? [
        {
          gate: "approval",
          state: "unknown",
          because: "what is written at once has no pull request that somebody could approve",
          mend: "use `strategy: pull-request` and a branch, or an approval by `environment`",
        },
      ]
    : said;
  return judged({ app, environment, source, run, plan }, [...verdicts, ...direct], []);
}

function judged(
  parts: Omit<Candidate, "verdicts" | "open" | "approval">,
  verdicts: Verdict[],
  approvals: Verdict[],
): Candidate {
  const obstacles = parts.plan.notes
    .filter((note) => note.kind === "obstacle")
    .map((note): Verdict => ({ gate: note.code, state: "closed", because: note.message }));
  const all = [...obstacles, ...verdicts];
  return { ...parts, verdicts: all, open: all.length > 0 && decide(all).open, approval: approvals };
}
