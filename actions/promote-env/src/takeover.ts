import { makeStep, makeTag, pushRef, type Repository } from "@gitops-actions/engine";
import { escapeMarkdown } from "@gitops-actions/report";
import { describeMove, formatMessage, versionTrailers } from "./change.ts";
import { author, type Change, type Delivery, deliver, fetchOptions, proofOf, refusalOf } from "./delivery.ts";
import { pullHeadOf } from "./heads.ts";
import type { PromoteInputs } from "./inputs.ts";
import { type Mark, pastTrailers } from "./mark.ts";
import { bodyOf } from "./promote.ts";
import { branchOf, type State, strategyOf } from "./state.ts";
import { formatTime } from "./verdict.ts";
import { ownPaths, type Whole } from "./whole.ts";
import type { PromoteWorld } from "./world.ts";

/** The change by which an environment takes over a commit of the one before: a merge into its branch, or its tag on it. */
export function takeOver(state: State, whole: Whole, inputs: PromoteInputs, world: PromoteWorld): Change {
  const { environment, source, commit, plans, candidates, since } = whole;
  const [from, to] = [branchOf(state, source), branchOf(state, environment)];
  const moves = plans.flatMap((plan) => plan.moves.map(describeMove));
  const short = commit.slice(0, 7);
  const subject = to.mark
    ? `Promote ${short} to ${environment}`
    : `Promote ${source} to ${environment}: merge ${short}`;
  const what = to.mark ? `Moves the tag ${to.name} to` : `Merges ${from.name} at`;
  const text = `${what} ${commit}, in ${source} since ${formatTime(since.at)}.`;
  return {
    apps: plans.length > 0 ? plans.map((plan) => plan.app) : ["everything"],
    environment,
    branch: to.name,
    tip: to.tip,
    plans,
    merge: { theirs: commit, keep: ownPaths(state) },
    story: {
      operation: "promote",
      subject,
      body: moves.join("\n"),
      trailers: [["Gitops-From", `${source}@${commit}`], ...versionTrailers(plans)],
    },
    date:
      strategyOf(state, inputs) === "direct" || to.mark || !Number.isFinite(since.at)
        ? world.host.now()
        : new Date(since.at),
    pull: {
      head: pullHeadOf(state, environment, "everything"),
      title: subject,
      body: [escapeMarkdown(text), bodyOf(candidates)].filter(Boolean).join("\n\n"),
      digest: JSON.stringify([commit, moves]),
      labels: inputs.labels,
    },
  };
}

/** Delivers a take-over. A tag is moved at once, by compare-and-swap: there is no pull request for one. */
export async function deliverWhole(
  repository: Repository,
  state: State,
  change: Change,
  inputs: PromoteInputs,
  world: PromoteWorld,
): Promise<Delivery> {
  const { mark } = branchOf(state, change.environment);
  if (!mark) return await deliver(repository, change, strategyOf(state, inputs), inputs, world);
  return await moveMark(repository, mark, change, inputs, world);
}

/** Moves the tag of an environment to the commit that `change.merge` names. */
export async function moveMark(
  repository: Repository,
  mark: Mark,
  change: Change,
  inputs: PromoteInputs,
  world: PromoteWorld,
): Promise<Delivery> {
  const commit = change.merge?.theirs ?? change.tip;
  if (commit === change.tip) return { kind: "nothing" };
  const step = await makeStep(repository, change.tip, commit);
  const proof = inputs.prove ? await proofOf(repository, change, step, inputs, world) : undefined;
  const refusal = proof && refusalOf(proof, change);
  if (refusal) return { kind: "refused", because: refusal, proof };
  const story = { ...change.story, trailers: [...change.story.trailers, ...pastTrailers(mark)] };
  const object = await makeTag(repository, {
    name: change.branch,
    commit,
    message: formatMessage(story),
    tagger: author,
    date: change.date,
  });
  const ref = `refs/tags/${change.branch}`;
  const result = await pushRef(repository, ref, mark.object, object, fetchOptions(inputs, world));
  if (result.kind === "done") return { kind: "pushed", commit, ...(proof ? { proof } : {}) };
  if (result.kind === "moved") return result;
  return { kind: "refused", because: `the tag ${change.branch} cannot be moved: ${result.reason}` };
}
