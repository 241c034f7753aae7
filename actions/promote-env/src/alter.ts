import { type FileWrite, type Repository, treeAt } from "@gitops-actions/engine";
import {
  type Cell,
  canHold,
  cellKey,
  type Plan,
  planRollback,
  planSet,
  type Role,
  signatureOf,
  type Version,
} from "@gitops-actions/fleet";
import { type Finding, UsageError } from "@gitops-actions/report";
import { describeMove, shortVersion, versionTrailers } from "./change.ts";
import type { Change } from "./delivery.ts";
import { type Hold, holdsOn } from "./gates/index.ts";
import { headOf } from "./heads.ts";
import { heldAnyway, isSameHold, refusePast } from "./held.ts";
import { formatHolds, holdsPath, isOver, withHold, withoutHold } from "./holds.ts";
import type { PromoteInputs } from "./inputs.ts";
import { type Occupancy, occupancies } from "./occupancy.ts";
import { branchOf, type State, strategyOf, timeOf } from "./state.ts";

/** What an operation wants to write: on the branch of an environment, and on the default branch where holds stand. */
export interface Alteration {
  changes: Change[];
  /** What a person should know of it. */
  notes: string[];
  /** What a person should look at. */
  findings?: Finding[];
}

/** The cell that is meant. Throws UsageError that names what there is. */
export function cellOf(state: State, inputs: PromoteInputs): Cell {
  const [app = "", environment = ""] = [inputs.apps[0], inputs.environments[0]];
  const cell = state.cells.get(cellKey({ app, environment }));
  if (cell) return cell;
  const names = state.environments.map((each) => each.name);
  if (!names.includes(environment))
    throw new UsageError(`there is no environment ${environment}: gitops.yaml names ${names.join(", ")}.`);
  const apps = [...state.cells.values()]
    .filter((each) => each.environment === environment)
    .map((each) => each.app);
  throw new UsageError(
    `${environment} has no app ${app}${apps.length > 0 ? `: it has ${apps.join(", ")}` : ", and no other whose versions are known"}.`,
  );
}

/** `operation: set`: a version enters. */
export function setVersion(state: State, inputs: PromoteInputs, now: Date): Alteration {
  const cell = cellOf(state, inputs);
  const { mark, name } = branchOf(state, cell.environment);
  if (mark)
    throw new UsageError(
      `${cell.environment} runs the commit that the tag ${name} marks, and nothing is written there: set the version in the environment it comes from.`,
    );
  const version = wantedOf(inputs);
  const roles = Object.keys(version) as Role[];
  const slots = cell.slots.filter((slot) => roles.some((role) => canHold(slot, role)));
  const subjects = new Set(planSubjects(cell, slots, inputs.image));
  const listed = cell.slots.map((slot) => slot.subject).join(", ");
  if (subjects.size === 0)
    throw new UsageError(
      `${cell.app} in ${cell.environment} has nothing to set ${roles.join(" and ")} of. It has ${listed}.`,
    );
  if (subjects.size > 1)
    throw new UsageError(
      `${cell.app} in ${cell.environment} has several (${[...subjects].join(", ")}): name one with 'image'.`,
    );
  const plan = planSet(cell, version, [...subjects][0]);
  refuseObstacles(plan);
  const { missing } = { missing: plan.notes.filter((note) => note.code === "no-field") };
  const change = changeFor(state, "set", cell, [plan], now, inputs);
  return {
    changes: [change],
    notes: missing.map((note) => note.message),
    findings: heldAnyway(state.holds ?? [], cell, now),
  };
}

function planSubjects(_: Cell, slots: readonly Cell["slots"][number][], image: string | undefined): string[] {
  const fits = (subject: string) =>
    image === undefined || subject === image || subject.split("/").at(-1) === image;
  return slots.map((slot) => slot.subject).filter(fits);
}

function wantedOf({ tag, digest, version }: PromoteInputs): Version {
  return {
    ...(tag === undefined ? {} : { tag }),
    ...(digest === undefined ? {} : { digest }),
    ...(version === undefined ? {} : { version }),
  };
}

/** `operation: rollback`: the bytes of an earlier state, and a hold so that the next run does not promote again. */
export async function rollBack(
  repository: Repository,
  state: State,
  inputs: PromoteInputs,
  now: Date,
): Promise<Alteration> {
  const cell = cellOf(state, inputs);
  const { app, environment } = cell;
  if (!state.holds)
    throw new UsageError(`${state.holdsProblem}. A rollback sets a hold, so mend that file first.`);
  refusePast(inputs, now);
  const runs = runsOf(state, cell);
  const held = holdsOn(app, environment, state.holds, now.getTime()).find((each) => each.app === app);
  if (inputs.to === undefined && held) {
    const done = isReturn(runs);
    if (done && isSameHold(held, inputs))
      return { changes: [], notes: [`${app} has been rolled back in ${environment} already, and is held`] };
    if (done || !isSameHold(held, inputs)) throw heldError(held, runs);
  }
  const wanted = inputs.to === undefined ? previousOf(runs, cell) : namedOf(runs, inputs.to, cell);
  const plan = planRollback(wanted.cell, cell);
  refuseObstacles(plan);
  const exact =
    inputs.exact && !branchOf(state, environment).mark
      ? await overlayFiles(repository, state, cell, wanted.last)
      : [];
  const reason = inputs.reason || `rolled back to ${wanted.commit.slice(0, 7)}`;
  const hold: Hold = {
    app,
    environment,
    reason,
    owner: inputs.owner || "promote-env",
    ...(inputs.until === undefined ? {} : { until: inputs.until }),
  };
  const holds = writeHolds(withHold(state.holds, hold), now);
  const branch = branchOf(state, environment);
  const change = changeFor(state, "rollback", cell, [plan], now, inputs);
  change.story = {
    ...change.story,
    trailers: [["Gitops-To", `${app}/${environment}@${wanted.commit}`], ...change.story.trailers],
  };
  change.pull.body = `Back to what ran since commit ${wanted.commit}.\n\n${change.pull.body}`;
  const onSame = branch === state.defaultBranch;
  // All of a commit runs there: going back is going to the commit that had it.
  if (branch.mark) change.merge = { theirs: wanted.commit, keep: () => false };
  change.ran = wanted.last;
  change.more = [...exact, ...(onSame ? [holds] : [])];
  // The hold first: nothing must be promoted between the two.
  const changes = onSame ? [change] : [holdChange(state, "hold", cell, holds, reason, now, inputs), change];
  return {
    changes:
      plan.moves.length + exact.length > 0 ? changes : changes.filter((each) => each.plans.length === 0),
    notes: plan.notes.map((note) => note.message),
  };
}

/** `operation: hold` and `operation: resume`. */
export function changeHold(state: State, inputs: PromoteInputs, now: Date): Alteration {
  const cell =
    inputs.apps[0] === "*" ? { app: "*", environment: inputs.environments[0]! } : cellOf(state, inputs);
  if (!state.holds) throw new UsageError(`${state.holdsProblem}. Mend that file first.`);
  refusePast(inputs, now);
  const { app, environment } = cell;
  const resume = inputs.operation === "resume";
  const hold: Hold = {
    app,
    environment,
    reason: inputs.reason,
    owner: inputs.owner || "promote-env",
    ...(inputs.until === undefined ? {} : { until: inputs.until }),
  };
  const holds = resume ? withoutHold(state.holds, app, environment) : withHold(state.holds, hold);
  const held = state.holds.filter((each) => !holds.includes(each));
  if (resume && held.every((each) => isOver(each, now.getTime())))
    return { changes: [], notes: [`nobody holds ${app} in ${environment}`] };
  return {
    changes: [
      holdChange(state, resume ? "resume" : "hold", cell, writeHolds(holds, now), inputs.reason, now, inputs),
    ],
    notes: [],
  };
}

/** What has ended holds nothing, and is left out. */
function writeHolds(holds: readonly Hold[], now: Date): FileWrite {
  const left = holds.filter((each) => !isOver(each, now.getTime()));
  return { path: holdsPath, bytes: new TextEncoder().encode(formatHolds(left)) };
}

/** Whether what runs now ran before something else did: it was gone back to. */
function isReturn(runs: readonly Occupancy[]): boolean {
  const [now, ...before] = runs.map((run) => signatureOf(run.cell));
  return now !== undefined && before.includes(now);
}

/** Says why a held app is not rolled back without a word, and what to do. */
function heldError({ app, environment, owner, reason }: Hold, runs: readonly Occupancy[]): UsageError {
  const [now] = runs;
  const before = runs.find((run) => now && signatureOf(run.cell) !== signatureOf(now.cell));
  const ran = before?.cell.slots.map((slot) => shortVersion(slot.version)).join(", ");
  return new UsageError(
    `${app} is held in ${environment} (${owner}: ${reason}), so nothing was rolled back. Name with input 'to' the version or commit to go back to${ran ? ` (${ran} ran before)` : ""}, or resume it first.`,
  );
}

function runsOf(state: State, cell: Cell): Occupancy[] {
  const branch = branchOf(state, cell.environment);
  return occupancies(state.history.get(cellKey(cell)) ?? [], (commit, committed) =>
    timeOf(branch, commit, committed),
  );
}

function previousOf(runs: readonly Occupancy[], cell: Cell): Occupancy {
  const now = signatureOf(cell);
  const found = runs.slice(1).find((run) => !run.withdrawn && signatureOf(run.cell) !== now);
  if (found) return found;
  const cut = runs.at(-1)?.cut ? " in the history that is here; check out more of it (fetch-depth: 0)" : "";
  throw new UsageError(
    `${cell.app} has run nothing else in ${cell.environment}${cut}: there is nothing to go back to.`,
  );
}

function namedOf(runs: readonly Occupancy[], to: string, cell: Cell): Occupancy {
  const byVersion = (run: Occupancy) =>
    run.cell.slots.some((slot) => [slot.version.tag, slot.version.version, slot.version.digest].includes(to));
  const found =
    runs.find((run) => /^[0-9a-f]{7,64}$/.test(to) && run.commit.startsWith(to)) ?? runs.find(byVersion);
  if (found) return found;
  const known = runs
    .slice(0, 10)
    .map(
      (run) =>
        `${run.commit.slice(0, 7)} (${run.cell.slots.map((slot) => shortVersion(slot.version)).join(", ")})`,
    );
  throw new UsageError(
    `${cell.app} has never run ${to} in ${cell.environment}. It has run ${known.join(", ") || "nothing that is known"}.`,
  );
}

/** The files of the overlays that hold a cell's versions, as they were at a commit. */
async function overlayFiles(
  repository: Repository,
  state: State,
  cell: Cell,
  commit: string,
): Promise<FileWrite[]> {
  const folders = new Set(
    cell.slots.flatMap((slot) =>
      slot.places.map((place) => place.path.slice(0, place.path.lastIndexOf("/") + 1)),
    ),
  );
  const [then, now] = [await treeAt(repository, commit), branchOf(state, cell.environment).tree];
  const inside = (path: string) => [...folders].some((folder) => folder !== "" && path.startsWith(folder));
  const files: FileWrite[] = [];
  for (const entry of then.entries())
    if (entry.kind === "file" && inside(entry.path) && now.get(entry.path)?.id !== entry.id)
      files.push({ path: entry.path, blob: entry.id });
  for (const entry of now.entries())
    if (entry.kind === "file" && inside(entry.path) && !then.get(entry.path))
      files.push({ path: entry.path, remove: true });
  return files;
}

function refuseObstacles(plan: Plan): void {
  const obstacles = plan.notes.filter((note) => note.kind === "obstacle");
  if (obstacles.length > 0) throw new UsageError(obstacles.map((note) => note.message).join("\n"));
}

function changeFor(
  state: State,
  operation: "set" | "rollback",
  cell: Cell,
  plans: Plan[],
  now: Date,
  inputs: PromoteInputs,
): Change {
  const { app, environment } = cell;
  const branch = branchOf(state, environment);
  const moves = plans.flatMap((plan) => plan.moves.map(describeMove));
  const subject = `${operation === "set" ? "Set" : "Roll back"} ${app} in ${environment}`;
  const direct = strategyOf(state, inputs) === "direct";
  return {
    apps: [app],
    environment,
    branch: branch.name,
    tip: branch.tip,
    plans,
    story: {
      operation,
      subject,
      body: [moves.join("\n"), inputs.reason].filter(Boolean).join("\n\n"),
      trailers: versionTrailers(plans),
    },
    date: direct
      ? now
      : new Date((state.history.get(cellKey(cell))?.[0]?.commit.committed ?? now.getTime() / 1000) * 1000),
    pull: {
      head: headOf(operation, environment, app),
      title: subject,
      body: moves.map((move) => `    ${move}`).join("\n"),
      digest: JSON.stringify(moves),
      labels: inputs.labels,
    },
    sign: state.settings.sign,
  };
}

function holdChange(
  state: State,
  operation: "hold" | "resume",
  cell: Pick<Cell, "app" | "environment">,
  file: FileWrite,
  reason: string,
  now: Date,
  inputs: PromoteInputs,
): Change {
  const { app, environment } = cell;
  const { name, tip } = state.defaultBranch;
  const subject = operation === "hold" ? `Hold ${app} in ${environment}` : `Resume ${app} in ${environment}`;
  return {
    apps: [app],
    environment,
    branch: name,
    tip,
    plans: [],
    more: [file],
    story: { operation, subject, body: reason, trailers: [["Gitops-Hold", `${app}/${environment}`]] },
    date: now,
    pull: {
      head: headOf("hold", environment, app),
      title: subject,
      body: "",
      // Another hold is lifted by another pull request, whatever became of the one before.
      digest: JSON.stringify([subject, state.holds]),
      labels: inputs.labels,
    },
    sign: state.settings.sign,
  };
}
