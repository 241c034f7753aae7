import { type ChosenCommits, type Repository, treeAt } from "@gitops-actions/engine";
import { type Config, loadReviewedConfig } from "@gitops-actions/fleet";
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
  const { config: reviewed, wrong } = trusted
    ? await loadReviewedConfig(await treeAt(repository, trusted.commit))
    : {};
  const isAbsent = reviewed !== undefined && reviewed.path === undefined && wrong === undefined;
  const first = isAbsent && head.config.path !== undefined;
  const config = reviewed && !first ? reviewed : head.config;
  const notes: string[] = [];
  const tip = trusted?.commit.slice(0, 7);
  if (wrong !== undefined)
    notes.push(
      `gitops.yaml of the base branch (${tip}) is wrong, so it allows nothing, and this change's finds the overlays of both sides: ${wrong}`,
    );
  else if (first)
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
