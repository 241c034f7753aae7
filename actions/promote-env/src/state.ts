import {
  fetchCommits,
  fetchHistory,
  fetchTag,
  gitHistory,
  type Repository,
  treeAt,
} from "@gitops-actions/engine";
import {
  type Cell,
  type Config,
  cellKey,
  defaultPromotion,
  type Environment,
  loadConfig,
  orderEnvironments,
  type PromotionSettings,
  readCells,
  sourcesOf,
  type Transition,
  type Tree,
  walkHistory,
} from "@gitops-actions/fleet";
import { UsageError } from "@gitops-actions/report";
import type { Forge, Push } from "./forge.ts";
import type { Hold } from "./gates/index.ts";
import { holdsPath, parseHolds } from "./holds.ts";
import { type Mark, markOf, readMarks } from "./mark.ts";
import type { Moment } from "./occupancy.ts";

/** A branch, at the commit it was read at. */
export interface Branch {
  name: string;
  tip: string;
  tree: Tree;
  pushes: Push[] | undefined;
  /** Where it is no branch but a tag that marks what an environment runs. */
  mark?: Mark;
}

/** Everything Git says of the fleet at one moment. */
export interface State {
  config: Config;
  settings: PromotionSettings;
  /** In the order of promotion. */
  environments: Environment[];
  /** By name. The default branch is always among them. */
  branches: Map<string, Branch>;
  defaultBranch: Branch;
  cells: Map<string, Cell>;
  history: Map<string, Transition[]>;
  /** Undefined when the file cannot be read; `holdsProblem` says why. */
  holds: Hold[] | undefined;
  holdsProblem?: string;
}

export interface StateOptions {
  defaultBranch: string;
  fetch: boolean;
  token?: string;
  signal?: AbortSignal;
  forge?: Forge;
  /** Read how each app came to what it runs, too; without it only what it runs. */
  history: boolean;
}

/** Reads configuration, versions, their history and holds, each from the tip of its branch as the remote has it now. */
export async function readState(repository: Repository, options: StateOptions): Promise<State> {
  const branches = new Map<string, Branch>();
  const open = async (name: string): Promise<Branch> => {
    const known = branches.get(name);
    if (known) return known;
    const tip = await fetchHistory(repository, name, options);
    if (tip === undefined)
      throw new UsageError(`there is no branch ${name}. Create it, or correct gitops.yaml.`);
    const pushes = options.history ? await options.forge?.pushes(name) : undefined;
    const branch = { name, tip, tree: await treeAt(repository, tip), pushes };
    // What was pushed over is in no branch any more; GitHub still has it, as a rule.
    if (pushes) await fetchCommits(repository, [...new Set(pushes.map((push) => push.before))], options);
    branches.set(name, branch);
    return branch;
  };
  const defaultBranch = await open(options.defaultBranch);
  const config = await loadConfig(defaultBranch.tree);
  const environments = orderEnvironments(config);
  const state: State = {
    config,
    settings: config.promotion ?? defaultPromotion(),
    environments,
    branches,
    defaultBranch,
    cells: new Map(),
    history: new Map(),
    ...(await readHolds(defaultBranch.tree)),
  };
  const onDefault = environments.filter(
    (each) => each.tag === undefined && (each.branch === undefined || each.branch === defaultBranch.name),
  );
  // A default branch that is one environment's by name needs no folder of it.
  const [only] = onDefault.length === 1 ? onDefault.filter((each) => each.branch !== undefined) : [];
  if (onDefault.length > 0)
    await readBranch(repository, state, defaultBranch, onDefault, only?.name, options.history);
  for (const environment of environments) {
    if (environment.tag !== undefined)
      await readTag(repository, state, environment, environment.tag, options);
    if (onDefault.includes(environment) || environment.branch === undefined) continue;
    await readBranch(
      repository,
      state,
      await open(environment.branch),
      [environment],
      environment.name,
      options.history,
    );
  }
  return state;
}

/** The branch that holds an environment, or the tag that marks what it runs. */
export function branchOf(state: State, environment: string): Branch {
  const own = state.environments.find((each) => each.name === environment);
  const name = own?.tag === undefined ? (own?.branch ?? state.defaultBranch.name) : tagKey(own.tag);
  return state.branches.get(name) ?? state.defaultBranch;
}

/** How changes to an environment are delivered: what the inputs say, else gitops.yaml. */
export function strategyOf(
  { settings }: Pick<State, "settings">,
  inputs: { strategy?: "pull-request" | "direct" },
): "pull-request" | "direct" {
  return inputs.strategy ?? (settings.strategy === "direct" ? "direct" : "pull-request");
}

/**
 * Whether an environment takes all of what the one before it runs, and not only versions: by a merge of that one's branch
 * into its own, or by a tag that moves.
 */
export function takesAll(state: State, environment: string): boolean {
  const branch = branchOf(state, environment);
  if (branch.mark) return true;
  const own = state.environments.find((each) => each.name === environment);
  const [source] = own ? sourcesOf(own) : [];
  if (state.settings.strategy !== "merge" || source === undefined) return false;
  return branchOf(state, source) !== branch;
}

function tagKey(tag: string): string {
  return `refs/tags/${tag}`;
}

async function readTag(
  repository: Repository,
  state: State,
  environment: Environment,
  tag: string,
  options: StateOptions,
): Promise<void> {
  const found = await fetchTag(repository, tag, options);
  if (!found)
    throw new UsageError(
      `there is no tag ${tag}, which should mark what ${environment.name} runs. Create it at the commit that runs there, or correct gitops.yaml.`,
    );
  const mark = markOf(found);
  const branch = {
    name: tag,
    tip: found.commit,
    tree: await treeAt(repository, found.commit),
    pushes: undefined,
  };
  state.branches.set(tagKey(tag), { ...branch, mark });
  const read = { config: state.config, environment: environment.name };
  const marks = options.history ? mark.ran : mark.ran.slice(0, 1);
  for (const [key, transitions] of await readMarks(repository, marks, read)) {
    if (options.history) state.history.set(key, transitions);
    const cell = transitions[0]?.cell;
    if (cell) state.cells.set(key, cell);
  }
}

/** When a commit came to its branch: from the forge, or from the commit itself, which proves nothing. */
export function timeOf(branch: Pick<Branch, "pushes">, commit: string, committed: number): Moment {
  const push = branch.pushes?.find((each) => each.after === commit);
  return push ? { at: push.at, verified: true } : { at: committed * 1000, verified: false };
}

async function readBranch(
  repository: Repository,
  state: State,
  branch: Branch,
  environments: readonly Environment[],
  only: string | undefined,
  history: boolean,
): Promise<void> {
  const names = new Set(environments.map((each) => each.name));
  const options = { config: state.config, ...(only === undefined ? {} : { environment: only }) };
  if (!history) {
    for (const cell of await readCells(branch.tree, options))
      if (names.has(cell.environment)) state.cells.set(cellKey(cell), cell);
    return;
  }
  const found = await walkHistory(gitHistory(repository), branch.tip, {
    ...options,
    wasTip: tipsOf(branch.pushes),
    ...(branch.pushes ? { moves: branch.pushes } : {}),
  });
  for (const [key, transitions] of found) {
    if (!names.has(key.split("\0")[1] ?? "")) continue;
    state.history.set(key, transitions);
    const cell = transitions[0]?.cell;
    if (cell) state.cells.set(key, cell);
  }
}

/** Which commits ever were the tip. Where the forge's record ends, every commit may have been. Asked newest first. */
export function tipsOf(pushes: readonly Push[] | undefined): (commit: string) => boolean {
  const oldest = pushes?.at(-1);
  if (!pushes || !oldest) return () => true;
  const tips = new Set(pushes.flatMap(({ before, after }) => [before, after]));
  let beyond = false;
  return (commit) => {
    if (commit === oldest.before) beyond = true;
    return beyond || tips.has(commit);
  };
}

async function readHolds(tree: Tree): Promise<Pick<State, "holds" | "holdsProblem">> {
  if (tree.get(holdsPath)?.kind !== "file") return { holds: [] };
  try {
    return { holds: parseHolds(new TextDecoder().decode(await tree.read(holdsPath))) };
  } catch (error) {
    if (error instanceof UsageError) return { holds: undefined, holdsProblem: error.message };
    throw error;
  }
}
