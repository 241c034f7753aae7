import { fetchHistory, gitHistory, type Repository, treeAt } from "@gitops-actions/engine";
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
  type Transition,
  type Tree,
  walkHistory,
} from "@gitops-actions/fleet";
import { UsageError } from "@gitops-actions/report";
import type { Forge, Push } from "./forge.ts";
import type { Hold } from "./gates/index.ts";
import { holdsPath, parseHolds } from "./holds.ts";
import type { Moment } from "./occupancy.ts";

/** A branch, at the commit it was read at. */
export interface Branch {
  name: string;
  tip: string;
  tree: Tree;
  pushes: Push[] | undefined;
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
    (each) => each.branch === undefined || each.branch === defaultBranch.name,
  );
  if (onDefault.length > 0)
    await readBranch(repository, state, defaultBranch, onDefault, undefined, options.history);
  for (const environment of environments) {
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

/** The branch that holds an environment. */
export function branchOf(state: State, environment: string): Branch {
  const name =
    state.environments.find((each) => each.name === environment)?.branch ?? state.defaultBranch.name;
  return state.branches.get(name) ?? state.defaultBranch;
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
  });
  for (const [key, transitions] of found) {
    if (!names.has(key.split("\0")[1] ?? "")) continue;
    state.history.set(key, transitions);
    const cell = transitions[0]?.cell;
    if (cell) state.cells.set(key, cell);
  }
}

/** Which commits ever were the tip. Where the forge's record ends, every commit may have been. Asked newest first. */
function tipsOf(pushes: readonly Push[] | undefined): (commit: string) => boolean {
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
