import { type ChosenCommits, type Repository, treeAt } from "@gitops-actions/engine";
import { type Config, loadConfig } from "@gitops-actions/fleet";
import type { RenderInputs } from "./inputs.ts";
import type { Side } from "./side.ts";

/** What judges a run, as opposed to what is judged. */
export interface Trusted {
  /** Hosts that renders may fetch from, in lower case. */
  allowedHosts: ReadonlySet<string>;
  /** What a person should know of where that was read. */
  notes: string[];
}

/**
 * Reads what is allowed from gitops.yaml at the tip of the base branch: a pull request cannot allow itself a host.
 * Where that branch has no gitops.yaml yet, the head's counts and is marked, or nobody could ever begin.
 */
export async function readTrusted(
  repository: Repository,
  commits: ChosenCommits,
  head: Side,
  inputs: RenderInputs,
): Promise<Trusted> {
  const { trusted } = commits;
  const reviewed = trusted ? await loadConfig(await treeAt(repository, trusted.commit)) : undefined;
  const first = reviewed !== undefined && reviewed.path === undefined && head.config.path !== undefined;
  const config = reviewed && !first ? reviewed : head.config;
  const notes: string[] = [];
  const tip = trusted?.commit.slice(0, 7);
  if (first)
    notes.push(
      `${head.config.path} is not yet reviewed: the base branch (${tip}) has none, so this one's permissions count`,
    );
  else if (differs(config, head.config)) {
    notes.push(
      `this change alters what ${config.path ?? "gitops.yaml"} allows; what counts is the base branch's (${tip})`,
    );
  }
  return { allowedHosts: hosts(inputs.allowRemoteBases, config), notes };
}

function hosts(given: readonly string[], { allow }: Config): ReadonlySet<string> {
  return new Set(
    [...given, ...allow.remoteBases, ...allow.chartRepositories].map((host) => host.toLowerCase()),
  );
}

function differs(a: Config, b: Config): boolean {
  return JSON.stringify(a.allow) !== JSON.stringify(b.allow);
}
