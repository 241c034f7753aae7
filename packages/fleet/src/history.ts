import { type ClosureContext, createClosureContext } from "./closure/context.ts";
import { type Config, configNames, loadConfig } from "./config.ts";
import { isNeutral } from "./history/neutral.ts";
import { followTip, type TipMove } from "./history/tips.ts";
import {
  type Cell,
  describeVersion,
  groupCells,
  type OwnedSlot,
  ownedEntries,
  ownedReader,
} from "./promotion/cells.ts";
import { type Placement, placeFiles } from "./promotion/placement.ts";
import { defaultPromotion } from "./promotion/settings.ts";
import type { Entry, Tree } from "./tree.ts";

/** One side of a changed path. */
export interface ChangedFile {
  id: string;
  kind: Entry["kind"];
}

/** A path that differs between a commit and its first parent. */
export interface LogChange {
  path: string;
  /** Undefined: added. */
  before?: ChangedFile;
  /** Undefined: removed. */
  after?: ChangedFile;
}

/** One commit of a branch's first-parent history. */
export interface LogCommit {
  id: string;
  parents: string[];
  /** The committer's date, in seconds since 1970: whoever makes a commit may write any. */
  committed: number;
  changes: LogChange[];
}

/** What walking needs of a repository; the engine has one made of Git. */
export interface History {
  /** The first-parent history of a commit, newest first; `cut` when a shallow clone hides the rest. */
  log(tip: string): Promise<{ commits: LogCommit[]; cut: boolean }>;
  tree(commit: string): Promise<Tree>;
  blob(id: string): Promise<Uint8Array>;
}

/** A state that an app had in an environment, from the commit that brought it. */
export interface Transition {
  /** The tip that brought it; the oldest known one where `cut` is set. */
  commit: LogCommit;
  /** The newest tip that still had it. */
  last: LogCommit;
  /** As `last` has it. Undefined: the app was not there. */
  cell?: Cell;
  /** The history that is here does not reach back to where it began. */
  cut?: true;
}

/** The states of each cell, newest first, by `cellKey`. The first is what the tip holds. */
export type Transitions = Map<string, Transition[]>;

export interface WalkOptions {
  /** Today's configuration: what counts as a version, and whatever old commits do not say themselves. */
  config: Config;
  /** For a branch that holds one environment: which. */
  environment?: string;
  /** Whether a commit ever was the tip of the branch: what several commits of one push pass through never ran. Default: all were. */
  wasTip?: (commit: string) => boolean;
  /** How the branch's tip moved, newest first, where somebody recorded it: what was pushed over is found only so. */
  moves?: readonly TipMove[];
  /** Stops the walk when it says so; asked after each tip. */
  enough?: (found: Transitions, commit: LogCommit) => boolean;
}

export function cellKey({ app, environment }: { app: string; environment: string }): string {
  return `${app}\0${environment}`;
}

/** What a cell runs, as one text: the same wherever its files lie. */
export function signatureOf(cell: Cell | undefined): string {
  return (cell?.slots ?? [])
    .flatMap((slot) =>
      slot.places.map((place) => `${place.kind} ${place.subject} ${describeVersion(place.moves)}`),
    )
    .sort()
    .join("\n");
}

/** The cells of one tree. */
export async function readCells(
  tree: Tree,
  options: Pick<WalkOptions, "config" | "environment">,
): Promise<Cell[]> {
  const state = makeState(options);
  await fill(state, tree);
  return groupCells([...state.files.values()].flat());
}

/**
 * Walks a branch's history from its tip to its beginning and tells when each app's versions changed in each environment.
 * A commit that changes nothing but values is undone file by file; only where the layout changes is a tree read whole.
 */
export async function walkHistory(history: History, tip: string, options: WalkOptions): Promise<Transitions> {
  const { wasTip = () => true, enough = () => false, moves } = options;
  const { commits, cut, jumps } = await followTip(history, tip, moves);
  const state = makeState(options);
  const found: Transitions = new Map();
  const [first] = commits;
  if (!first) return found;
  await fill(state, await history.tree(first.id));
  let cells = cellsOf(state);
  let newer = first;
  // Where each present state was last seen: going back in time, that is where it is met first.
  const met = new Map<string, Met>();
  const meet = (key: string, commit: LogCommit) => {
    const cell = cells.get(key);
    met.set(key, { last: commit, ...(cell ? { cell } : {}) });
  };
  for (const key of cells.keys()) meet(key, first);
  for (const [index, commit] of commits.entries()) {
    const parent = commits[index + 1];
    if (!parent) break;
    if (jumps.has(index)) state.stale = true;
    else await undo(state, commit, history);
    if (!jumps.has(index) && !wasTip(parent.id)) continue;
    const touched = await settle(state, parent, history);
    // Of the cells that one commit touches only those are made anew: there may be thousands of others.
    const before = touched ? touchedCells(state, touched) : cellsOf(state);
    const keys = touched ?? new Set([...cells.keys(), ...before.keys()]);
    const changed = [...keys].filter((key) => signatureOf(cells.get(key)) !== signatureOf(before.get(key)));
    for (const key of changed) push(found, key, { commit: newer, ...(met.get(key) ?? { last: first }) });
    if (touched) replaceCells(cells, before, touched);
    else cells = before;
    newer = parent;
    for (const key of changed) meet(key, parent);
    if (enough(found, commit)) return found;
  }
  // What is left began with the oldest commit there is, or before what a shallow clone shows.
  for (const key of cells.keys())
    push(found, key, { commit: newer, ...met.get(key)!, ...(cut ? { cut: true as const } : {}) });
  return found;
}

type Met = Pick<Transition, "last" | "cell">;

interface State {
  options: Pick<WalkOptions, "config" | "environment">;
  read: ReturnType<typeof ownedReader>;
  context: ClosureContext;
  placement: Placement | undefined;
  /** Slots by path. */
  files: Map<string, OwnedSlot[]>;
  paths: Map<string, Set<string>>;
  /** Cells whose files have changed since the last tip. */
  touched: Set<string>;
  /** The layout differs from that of the placement. */
  stale: boolean;
}

function makeState(options: State["options"]): State {
  const read = ownedReader(options.config.promotion ?? defaultPromotion());
  const context = createClosureContext();
  return {
    options,
    read,
    context,
    placement: undefined,
    files: new Map(),
    paths: new Map(),
    touched: new Set(),
    stale: false,
  };
}

/** Reads a whole tree, with the configuration it has itself; with today's where it names no environments or is broken. */
async function fill(state: State, tree: Tree): Promise<void> {
  const { options, read } = state;
  const own = await loadConfig(tree).catch(() => options.config);
  const config = own.environments.length > 0 ? own : options.config;
  // Texts that were understood are remembered from tree to tree, the trees themselves are not: there may be thousands.
  const context = { ...createClosureContext(), parsed: state.context.parsed };
  state.placement = await placeFiles(tree, config, context, options.environment);
  state.files.clear();
  state.paths.clear();
  const entries = ownedEntries(tree.entries(), state.placement, read.wants);
  // What was read in another tree is known by its object id.
  const texts = await Promise.all(
    entries.map(([{ path, id }]) => (read.knows(path, id) ? undefined : tree.read(path))),
  );
  for (const [index, [entry, owner]] of entries.entries())
    put(state, entry.path, read(entry.path, entry.id, texts[index] ? decode(texts[index]) : "", owner));
  state.stale = false;
}

function put(state: State, path: string, slots: OwnedSlot[]): void {
  for (const slot of state.files.get(path) ?? []) state.paths.get(cellKey(slot))?.delete(path);
  state.files.set(path, slots);
  for (const slot of slots) {
    const key = cellKey(slot);
    const paths = state.paths.get(key);
    if (paths) paths.add(path);
    else state.paths.set(key, new Set([path]));
  }
}

/** Takes back what one commit changed, where that leaves the layout as it is; marks the state stale otherwise. */
async function undo(state: State, commit: LogCommit, history: History): Promise<void> {
  if (state.stale) return;
  for (const change of commit.changes) {
    const { path, before, after } = change;
    const owner = state.placement?.ownerOf(path);
    if (isLayout(path, change)) {
      state.stale = true;
      return;
    }
    if (!before || !after || (!/\.ya?ml$|Kustomization$/.test(path) && !(owner && state.read.wants(path))))
      continue;
    const [old, now] = (await Promise.all([history.blob(before.id), history.blob(after.id)])).map(decode) as [
      string,
      string,
    ];
    if (!isNeutral(path, old, now)) {
      state.stale = true;
      return;
    }
    if (!owner || !state.read.wants(path)) continue;
    for (const slot of state.files.get(path) ?? []) state.touched.add(cellKey(slot));
    put(state, path, state.read(path, before.id, old, owner));
    for (const slot of state.files.get(path) ?? []) state.touched.add(cellKey(slot));
  }
}

/** Whether a change can move files between environments by its mere name: something came, went, or became something else. */
function isLayout(path: string, { before, after }: LogChange): boolean {
  if (configNames.some((name) => name === path)) return true;
  if (before?.kind === "file" && after?.kind === "file") return false;
  if ([before, after].some((side) => side && side.kind !== "file")) return true;
  return /\.(?:ya?ml|json)$|(?:^|\/)Kustomization$/.test(path);
}

/** Brings the state to a tip: the keys of the cells that may differ, or undefined when all were read anew. */
async function settle(state: State, commit: LogCommit, history: History): Promise<Set<string> | undefined> {
  const { touched, stale } = state;
  state.touched = new Set();
  if (!stale) return touched;
  await fill(state, await history.tree(commit.id));
  return undefined;
}

function cellsOf(state: State): Map<string, Cell> {
  return new Map(groupCells([...state.files.values()].flat()).map((cell) => [cellKey(cell), cell]));
}

function touchedCells(state: State, touched: ReadonlySet<string>): Map<string, Cell> {
  const cells = new Map<string, Cell>();
  for (const key of touched) {
    const slots = [...(state.paths.get(key) ?? [])].flatMap((path) => state.files.get(path) ?? []);
    const [cell] = groupCells(slots.filter((slot) => cellKey(slot) === key));
    if (cell) cells.set(key, cell);
  }
  return cells;
}

function replaceCells(
  cells: Map<string, Cell>,
  by: ReadonlyMap<string, Cell>,
  keys: ReadonlySet<string>,
): void {
  for (const key of keys) {
    const cell = by.get(key);
    if (cell) cells.set(key, cell);
    else cells.delete(key);
  }
}

function push(found: Transitions, key: string, transition: Transition): void {
  const known = found.get(key);
  if (known) known.push(transition);
  else found.set(key, [transition]);
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
