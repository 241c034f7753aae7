import { existsSync, realpathSync, rmSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { UsageError } from "@gitops-actions/report";
import type { Machine } from "../machine.ts";
import type { ObjectFormat } from "./hash.ts";
import { quoteName } from "./name.ts";
import { type GitObject, maxObjectBytes, openObjects } from "./objects.ts";
import { type GitResult, type GitRun, reasonOf, runGit } from "./process.ts";
import { makeStore } from "./store.ts";

/** A Git repository opened for reading. Nothing below `gitDir` and nothing in the checkout is ever written. */
export interface Repository {
  machine: Machine;
  /** Absolute, real path of the checkout; of the repository itself when it is bare. */
  root: string;
  bare: boolean;
  /** The folder the person named, relative to `root`; "." for the root. */
  within: string;
  gitDir: string;
  commonDir: string;
  objectFormat: ObjectFormat;
  /** Every configured value by lower-case key, in order, the person's settings included. */
  config: ReadonlyMap<string, readonly string[]>;
  /** A repository of our own that holds what was fetched and sees the objects of this one: see `makeStore`. */
  store: string;
  /** Runs Git on this repository; fetched commits are visible too. */
  git(args: readonly string[], run?: GitRun): Promise<GitResult>;
  /** An object by its full id; undefined when it is not there. */
  object(id: string): Promise<GitObject | undefined>;
  /** Ends the processes this repository keeps. */
  close(): Promise<void>;
}

/** Repositories that stay open until `keepingRepositories` ends, by the folder they were opened with. */
interface Kept {
  repositories: Map<string, Promise<Repository>>;
  closers: (() => Promise<void>)[];
}

const kept = new WeakMap<Machine, Kept>();

/**
 * Does `work`, in which a folder that is opened again on this machine is the repository that is open already: several
 * actions in one process then ask Git for its place and its trees once. All are closed at the end.
 */
export async function keepingRepositories<T>(machine: Machine, work: () => Promise<T>): Promise<T> {
  const keeping: Kept = { repositories: new Map(), closers: [] };
  kept.set(machine, keeping);
  try {
    return await work();
  } finally {
    kept.delete(machine);
    for (const close of keeping.closers) await close();
  }
}

/**
 * Opens the repository that holds `path` (relative to the machine's cwd).
 * Throws UsageError when there is none, or when Git refuses it because it belongs to somebody else.
 */
export async function openRepository(path: string, machine: Machine): Promise<Repository> {
  const folder = existingFolder(resolve(machine.cwd, path), path);
  const keeping = kept.get(machine);
  if (!keeping) return await openFolder(folder, path, machine);
  const known = keeping.repositories.get(folder);
  if (known) return await known;
  const opening = openFolder(folder, path, machine).then((repository) => {
    keeping.closers.push(repository.close);
    return { ...repository, close: async () => {} };
  });
  keeping.repositories.set(folder, opening);
  return await opening;
}

async function openFolder(folder: string, path: string, machine: Machine): Promise<Repository> {
  const { start, bare } = findRepository(folder, path);
  const found = await askGit(start, bare, machine);
  const root = bare ? found.gitDir : realpathSync(found.root);
  const config = await readConfig(found.gitDir, machine);

  const store = makeStore(machine, found.objectFormat, found.commonDir);
  const place = ["--git-dir", found.gitDir, ...(bare ? [] : ["--work-tree", root])];
  const env = { GIT_ALTERNATE_OBJECT_DIRECTORIES: quoteName(join(store, "objects")) };
  const objects = openObjects(machine, ["--git-dir", store], {}, maxObjectBytes);

  return {
    machine,
    root,
    bare,
    within: relative(root, folder) || ".",
    gitDir: found.gitDir,
    commonDir: found.commonDir,
    objectFormat: found.objectFormat,
    config,
    store,
    git: (args, run = {}) =>
      runGit(machine, [...place, ...args], { cwd: root, ...run, env: { ...env, ...run.env } }),
    object: (id) => objects.read(id),
    async close() {
      await objects.close();
      rmSync(store, { recursive: true, force: true });
    },
  };
}

function existingFolder(folder: string, given: string): string {
  try {
    const real = realpathSync(folder);
    if (statSync(real).isDirectory()) return real;
  } catch {
    throw new UsageError(`${given}: no such folder. Name a folder inside a Git repository.`);
  }
  throw new UsageError(`${given} is a file. Name a folder inside a Git repository.`);
}

/**
 * The nearest folder with a `.git`. Found by us and not by Git, because Git would take a folder that merely looks
 * like a bare repository, which anybody can commit into a checkout together with a configuration of their own.
 */
function findRepository(folder: string, given: string): { start: string; bare: boolean } {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, ".git"))) return { start: at, bare: false };
    if (at === dirname(at)) break;
  }
  if (["HEAD", "objects", "refs"].every((name) => existsSync(join(folder, name))))
    return { start: folder, bare: true };
  throw new UsageError(
    `${given} is not inside a Git repository. In a workflow, a step with actions/checkout comes first; elsewhere, name a folder of a clone.`,
  );
}

interface Found {
  root: string;
  gitDir: string;
  commonDir: string;
  objectFormat: ObjectFormat;
}

/** Asks Git with the person's own settings, since only those may say which foreign repositories are trusted. */
async function askGit(start: string, bare: boolean, machine: Machine): Promise<Found> {
  const args = [
    "rev-parse",
    "--path-format=absolute",
    "--show-object-format",
    "--absolute-git-dir",
    "--git-common-dir",
    ...(bare ? [] : ["--show-toplevel"]),
  ];
  const run: GitRun = { cwd: start, userSettings: true, env: { GIT_CEILING_DIRECTORIES: dirname(start) } };
  const before = bare ? ["-c", "safe.bareRepository=all"] : [];
  let result = await runGit(machine, [...before, ...args], run);
  if (isRefusal(result)) {
    if (!isWorkspace(start, machine)) throw new UsageError(refusal(start));
    // In a container job the checkout belongs to the runner's user. What the runner checked out for this job is meant.
    result = await runGit(machine, [...before, "-c", `safe.directory=${start}`, ...args], run);
    if (isRefusal(result)) throw new UsageError(refusal(start));
  }
  if (result.exitCode !== 0)
    throw new UsageError(`${start} cannot be opened as a Git repository: ${reasonOf(result)}`);
  const lines = result.stdout.toString("utf8").split("\n");
  if (lines[0]?.startsWith("--")) throw new UsageError("Git 2.31 or newer is needed; this one is older.");
  const [format, gitDir = "", commonDir = "", root = gitDir] = lines;
  return { root, gitDir, commonDir, objectFormat: format === "sha256" ? "sha256" : "sha1" };
}

function isRefusal(result: GitResult): boolean {
  return result.exitCode !== 0 && /detected dubious ownership|unsafe repository/.test(result.stderr);
}

function isWorkspace(start: string, machine: Machine): boolean {
  const workspace = machine.env.GITHUB_WORKSPACE;
  if (machine.env.GITHUB_ACTIONS !== "true" || !workspace || !existsSync(workspace)) return false;
  return realpathSync(workspace) === start;
}

function refusal(start: string): string {
  const quoted = `'${start.replaceAll("'", "'\\''")}'`;
  return (
    `Git refuses ${start}: it belongs to another user (safe.directory). ` +
    `If you trust what is in it, run: git config --global --add safe.directory ${quoted}`
  );
}

async function readConfig(gitDir: string, machine: Machine): Promise<ReadonlyMap<string, string[]>> {
  const listed = await runGit(machine, ["--git-dir", gitDir, "config", "--list", "-z"], {
    userSettings: true,
  });
  const config = new Map<string, string[]>();
  for (const item of listed.stdout.toString("utf8").split("\0")) {
    if (item === "") continue;
    const [key, value] = splitOnce(item, "\n");
    const values = config.get(key);
    if (values) values.push(value ?? "true");
    else config.set(key, [value ?? "true"]);
  }
  return config;
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
