import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { workspaceOf } from "@gitops-actions/action";
import { openRepository, type Repository, remoteHead, remoteRefs, remoteUrl } from "@gitops-actions/engine";
import { type Finding, parseReport, type Report, ToolError, UsageError } from "@gitops-actions/report";
import { explainAccess } from "./access.ts";
import { admit } from "./admission.ts";
import { type Alteration, changeHold, rollBack, setVersion } from "./alter.ts";
import { type BoardRow, makeBoard } from "./board.ts";
import { type Candidate, findCandidate } from "./candidate.ts";
import { type Change, deliver, fetchOptions } from "./delivery.ts";
import { openElsewhere } from "./elsewhere.ts";
import type { Evidence } from "./evidence.ts";
import { rememberAnswers } from "./forge.ts";
import { checkInputs, type PromoteInputs } from "./inputs.ts";
import { type Delivered, deliveredOf, isAsked, promoteAll } from "./promote.ts";
import { reportOf } from "./reporting.ts";
import { readState, type State, strategyOf, takesAll } from "./state.ts";
import { findStuck } from "./stuck.ts";
import { deliverWhole } from "./takeover.ts";
import { foremost, type Verdict } from "./verdict.ts";
import { findWhole, type Whole } from "./whole.ts";
import { compareWorkingCopy, findUnpushed } from "./workingcopy.ts";
import type { PromoteWorld } from "./world.ts";

export interface PromoteOutcome {
  report: Report;
  board: BoardRow[];
  delivered: Delivered[];
  candidates: Candidate[];
}

/** How often a run begins anew because a branch moved under it. */
const attempts = 12;

/**
 * Does one operation. Every decision is made from what the remote holds at that moment, and every write is taken by the
 * remote only if that is still so: else all is read again. Throws UsageError for inputs and settings that cannot be,
 * ToolError when Git, GitHub or a tool fail; what may not happen is a finding.
 */
export async function run(given: PromoteInputs, world: PromoteWorld): Promise<PromoteOutcome> {
  const inputs = checkInputs(given);
  const { repository: name } = inputs;
  const { env } = world.host;
  const attempt = {
    repository: name ?? env.GITHUB_REPOSITORY,
    elsewhere: name !== undefined && name !== env.GITHUB_REPOSITORY,
    token: inputs.token !== undefined,
    fork: world.event?.name === "pull_request" && world.event.fork,
  };
  if (name === undefined) {
    const repository = await openRepository(resolve(workspaceOf(world.host), inputs.path), world.host);
    try {
      return await runIn(repository, inputs, world);
    } catch (error) {
      throw explainAccess(error, attempt);
    } finally {
      await repository.close();
    }
  }
  const serverUrl = env.GITHUB_SERVER_URL ?? "https://github.com";
  const elsewhere = await openElsewhere(name, serverUrl, world.host);
  try {
    // The event is of the repository that asks, and says nothing of the one that is changed.
    const { event: _, ...rest } = world;
    return await runIn(elsewhere.repository, inputs, rest);
  } catch (error) {
    throw explainAccess(error, attempt);
  } finally {
    await elsewhere.remove();
  }
}

/** Who asks, where nobody said so and no job did: the name under which Git would commit, else that of the account. */
function personOf({ config }: Repository, { env }: PromoteWorld["host"]): string {
  return config.get("user.name")?.at(-1)?.trim() || (env.USER ?? "");
}

async function runIn(
  repository: Repository,
  asked: PromoteInputs,
  world: PromoteWorld,
): Promise<PromoteOutcome> {
  const inputs = { ...asked, owner: asked.owner || personOf(repository, world.host) };
  const branch = await defaultBranchOf(repository, inputs, world);
  const delivered: Delivered[] = [];
  for (let attempt = 1; attempt <= attempts; attempt++) {
    world.progress(
      attempt === 1 ? "Reading versions and their history" : "A branch has moved: reading again",
    );
    if (world.signal.aborted) throw new ToolError("cancelled", "cancelled");
    const state = await readState(repository, {
      ...fetchOptions(inputs, world),
      ...(world.forge ? { forge: world.forge } : {}),
      defaultBranch: branch,
      history: inputs.operation !== "hold" && inputs.operation !== "resume",
    });
    requireAsked(state, inputs);
    const result = isBoard(inputs)
      ? await moveVersions(repository, state, inputs, world, delivered)
      : await alter(repository, state, inputs, world, delivered);
    if (result) {
      const only = inputs.operation === "status" || inputs.operation === "plan";
      const copy = only ? await compareWorkingCopy(repository, state) : undefined;
      const unpushed = only ? await findUnpushed(repository, state) : [];
      return {
        ...result,
        delivered,
        report: reportOf({
          state,
          repository: inputs.repository ?? world.host.env.GITHUB_REPOSITORY,
          inputs,
          delivered,
          ...result,
          notes: [...(copy?.notes ?? []), ...unpushed, ...result.notes],
          mistakes: [...(copy?.findings ?? []), ...(result.findings ?? [])],
        }),
      };
    }
  }
  throw new ToolError(
    "git/moving",
    `the branches moved ${attempts} times while this ran: other jobs write to them without end. Run it again.`,
  );
}

interface Result {
  board: BoardRow[];
  candidates: Candidate[];
  notes: string[];
  findings?: Finding[];
}

function isBoard({ operation }: PromoteInputs): boolean {
  return operation === "promote" || operation === "plan" || operation === "status";
}

async function moveVersions(
  repository: Repository,
  state: State,
  inputs: PromoteInputs,
  world: PromoteWorld,
  delivered: Delivered[],
): Promise<Result | undefined> {
  const evidence = await gather(repository, inputs, world);
  const strategy = strategyOf(state, inputs);
  const found: Candidate[] = [];
  for (const cell of state.cells.values()) {
    if (!isAsked(inputs, cell)) continue;
    const candidate = await findCandidate(state, cell.app, cell.environment, evidence, strategy);
    if (candidate) found.push(candidate);
  }
  const rank = new Map(state.environments.map(({ name }, index) => [name, index]));
  found.sort((a, b) => rank.get(a.environment)! - rank.get(b.environment)! || (a.app < b.app ? -1 : 1));
  const admitted = admit(state, found, evidence, strategy);
  const wholes: Whole[] = [];
  for (const { name } of state.environments) {
    if (!takesAll(state, name) || !asksForAll(inputs, name)) continue;
    const whole = await findWhole(repository, state, name, admitted, evidence, strategy);
    if (whole) wholes.push(whole);
  }
  const candidates = admitted.map((each) => withWhole(state, each, wholes));
  const board = makeBoard(state, candidates, inputs);
  const stuck = await findStuck(state, inputs);
  const done =
    inputs.operation !== "promote" ||
    (await promoteAll(repository, state, candidates, wholes, evidence, inputs, world, delivered));
  return done
    ? {
        board,
        candidates,
        notes: [...wholes.flatMap((whole) => describeWhole(whole, inputs)), ...stuck.notes],
        findings: stuck.findings,
      }
    : undefined;
}

/** Whether all of an environment was asked for: what is taken over whole brings every app. */
function asksForAll({ apps, environments }: PromoteInputs, environment: string): boolean {
  return apps.length === 0 && (environments.length === 0 || environments.includes(environment));
}

/** An app's version waits where the commit waits that would bring it. */
function withWhole(state: State, candidate: Candidate, wholes: readonly Whole[]): Candidate {
  if (!takesAll(state, candidate.environment) || !candidate.open) return candidate;
  const whole = wholes.find((each) => each.environment === candidate.environment);
  if (whole?.open && whole.candidates.some((each) => each.app === candidate.app)) return candidate;
  const verdicts: Verdict[] = whole?.verdicts ?? [
    {
      gate: "whole",
      state: "waiting",
      because: `${candidate.environment} takes over all of ${candidate.source}: ask for it without naming an app`,
    },
  ];
  return { ...candidate, verdicts: [...candidate.verdicts, ...verdicts], open: false };
}

/** What the board does not show: a commit that brings no version. */
function describeWhole(whole: Whole, { operation }: PromoteInputs): string[] {
  const { environment, source, commit, plans, verdicts, open } = whole;
  if (plans.length > 0 || (open && operation === "promote")) return [];
  const why = foremost(verdicts);
  const what = open ? "may go on, and brings no version" : `waits: ${why?.gate}: ${why?.because}`;
  return [`${environment}: ${commit.slice(0, 7)} of ${source} ${what}`];
}

async function gather(repository: Repository, inputs: PromoteInputs, world: PromoteWorld): Promise<Evidence> {
  const { host } = world;
  const forge = world.forge && rememberAnswers(world.forge);
  const given = inputs.reports.flatMap((path) => readReport(resolve(workspaceOf(host), path)) ?? []);
  const runId = host.env.GITHUB_RUN_ID;
  return {
    now: host.now().getTime(),
    forge,
    pulls: await forge?.openPulls(),
    rollbackBranches: forge ? undefined : await rollbackBranches(repository, fetchOptions(inputs, world)),
    reports: { given, wanted: inputs.reports.length },
    ...(runId ? { runId } : {}),
  };
}

/** Branches of rollbacks on the remote; none where there is no remote at all, undefined where it may not be asked. */
async function rollbackBranches(
  repository: Repository,
  options: ReturnType<typeof fetchOptions>,
): Promise<string[] | undefined> {
  if (remoteUrl(repository) === undefined) return [];
  if (!options.fetch) return undefined;
  const refs = await remoteRefs(repository, ["refs/heads/gitops/rollback/*"], options);
  return [...refs.keys()].map((ref) => ref.slice("refs/heads/".length));
}

async function alter(
  repository: Repository,
  state: State,
  inputs: PromoteInputs,
  world: PromoteWorld,
  delivered: Delivered[],
): Promise<Result | undefined> {
  const now = world.host.now();
  const alteration: Alteration =
    inputs.operation === "set"
      ? setVersion(state, inputs, now)
      : inputs.operation === "rollback"
        ? await rollBack(repository, state, inputs, now)
        : changeHold(state, inputs, now);
  for (const change of alteration.changes) {
    const strategy = howToDeliver(state, change, inputs, world);
    const delivery = change.merge
      ? await deliverWhole(repository, state, change, inputs, world)
      : await deliver(repository, change, strategy, inputs, world);
    if (delivery.kind === "moved") return undefined;
    delivered.push(deliveredOf(change, delivery));
    if (delivery.kind === "refused") break;
    if (delivery.kind === "pushed" && change.plans.length === 0)
      alteration.notes.push(...explainPush(state, change, inputs));
  }
  return { board: [], candidates: [], ...alteration };
}

/**
 * A hold is a brake and must hold at once: it waits in a pull request only when that is asked for. To resume takes a brake
 * off, and goes the way of every change; without a token no pull request can be opened, and people must not be locked out.
 */
function howToDeliver(
  state: State,
  { plans, story }: Change,
  inputs: PromoteInputs,
  { forge }: PromoteWorld,
): "pull-request" | "direct" {
  const atOnce = story.operation === "hold" || (story.operation === "resume" && !forge);
  return plans.length === 0 && atOnce ? (inputs.strategy ?? "direct") : strategyOf(state, inputs);
}

/** Says of a hold that was written at once, where gitops.yaml speaks of pull requests, that it was and why. */
function explainPush(state: State, { branch, story }: Change, inputs: PromoteInputs): string[] {
  if (inputs.strategy !== undefined || strategyOf(state, inputs) === "direct") return [];
  const why =
    story.operation === "resume" ? "without a token there is no pull request" : "a hold must act at once";
  return [
    `pushed to ${branch} directly, though gitops.yaml says \`strategy: ${state.settings.strategy}\`: ${why}`,
  ];
}

/** Throws UsageError for an app or environment that is not there: a typing error must not look like nothing to do. */
function requireAsked(state: State, { apps, environments }: PromoteInputs): void {
  const names = state.environments.map((each) => each.name);
  const absent = environments.find((name) => !names.includes(name));
  if (absent !== undefined)
    throw new UsageError(`there is no environment ${absent}: gitops.yaml names ${names.join(", ")}.`);
  const known = new Set([...state.cells.values()].map((cell) => cell.app));
  const unknown = apps.find((app) => app !== "*" && !known.has(app));
  if (unknown !== undefined)
    throw new UsageError(
      `there is no app ${unknown}. ${known.size > 0 ? `There are ${[...known].sort().slice(0, 30).join(", ")}.` : "No versions were found in any environment."}`,
    );
}

async function defaultBranchOf(
  repository: Repository,
  inputs: PromoteInputs,
  { event, forge, host, signal }: PromoteWorld,
): Promise<string> {
  const known =
    inputs.branch ??
    (event?.name === "push" ? event.defaultBranch : undefined) ??
    (await forge?.defaultBranch());
  const found =
    known ?? (await remoteHead(repository, fetchOptions(inputs, { host, signal } as PromoteWorld)));
  if (found !== undefined) return found;
  throw new UsageError(
    "the default branch is not known: HEAD is detached and there is no remote to ask. Name it with 'branch'.",
  );
}

function readReport(path: string): Report | undefined {
  try {
    return parseReport(readFileSync(path, "utf8"), path);
  } catch {
    return undefined;
  }
}
