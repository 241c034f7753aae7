import { resolve } from "node:path";
import { workspaceOf } from "@gitops-actions/action";
import {
  openRepository,
  type Repository,
  remoteAddresses,
  treeAt,
  workingTree,
} from "@gitops-actions/engine";
import { type Config, loadConfig, repositoryName } from "@gitops-actions/fleet";
import { commitOf } from "./delivery.ts";
import type { DriftInputs } from "./inputs.ts";
import type { Placed } from "./revision.ts";
import type { DriftWorld } from "./run.ts";
import type { SyncStatus } from "./sync.ts";

/** How far a commit is behind the one that is looked at. */
export interface Lag {
  /** Commits on the way, by first parents. */
  commits: number;
  /** Committer's date of the oldest of them, RFC 3339: since then Git says more. */
  since: string;
}

/** What of the repository is asked besides its overlays. */
export interface Checkout {
  config: Config;
  /** What this repository is called: see `repositoryName`. Empty where nobody says. */
  names: ReadonlySet<string>;
  /** Undefined when the commit is not in the history that is here: of another branch or repository, or cut off. */
  lag(commit: string): Promise<Lag | undefined>;
}

/** Reads gitops.yaml at `head` (null: the working tree), and says what is asked of the history before it. */
export async function withCheckout<T>(
  head: string | null,
  inputs: DriftInputs,
  { host, signal }: DriftWorld,
  work: (checkout: Checkout) => Promise<T>,
): Promise<T> {
  const repository = await openRepository(resolve(workspaceOf(host), inputs.path), host);
  try {
    const tree = head === null ? await workingTree(repository) : await treeAt(repository, head);
    const known = new Map<string, Promise<Lag | undefined>>();
    return await work({
      config: await loadConfig(tree),
      names: new Set(remoteAddresses(repository).map(repositoryName)),
      lag(commit) {
        const found = known.get(commit) ?? readLag(repository, commit, head ?? "HEAD", signal);
        known.set(commit, found);
        return found;
      },
    });
  } finally {
    await repository.close();
  }
}

async function readLag(
  repository: Repository,
  commit: string,
  head: string,
  signal: AbortSignal,
): Promise<Lag | undefined> {
  const isBefore = await repository.git(["merge-base", "--is-ancestor", commit, head], { signal });
  if (isBefore.exitCode !== 0) return undefined;
  const args = ["log", "--first-parent", "--format=%ct", "--end-of-options", `${commit}..${head}`, "--"];
  const { exitCode, stdout } = await repository.git(args, { signal });
  if (exitCode !== 0) return undefined;
  const times = stdout.toString("utf8").split("\n").filter(Boolean).map(Number);
  const oldest = times.at(-1);
  return oldest === undefined
    ? { commits: 0, since: "" }
    : { commits: times.length, since: new Date(oldest * 1000).toISOString() };
}

/** Says of each controller's object how far it is behind, and answers that for the commits that overlays stand at. */
export async function readLags(
  placed: readonly Placed[],
  statuses: readonly SyncStatus[],
  checkout: Checkout,
): Promise<ReadonlyMap<string, Lag>> {
  const lags = new Map<string, Lag>();
  const commits = new Set(placed.flatMap(({ applied }) => applied ?? []));
  for (const { revision } of statuses) commits.add(commitOf(revision) ?? "");
  commits.delete("");
  for (const commit of commits) {
    const lag = await checkout.lag(commit);
    if (lag) lags.set(commit, lag);
  }
  for (const status of statuses) {
    const lag = lags.get(commitOf(status.revision) ?? "");
    if (lag) status.lag = lag;
  }
  return lags;
}
