import type { ChosenCommits } from "@gitops-actions/engine";
import {
  type ChangedInput,
  type Index,
  type IndexOverlay,
  indexVersion,
  type Overlay,
} from "@gitops-actions/fleet";
import type { Comparison, ToolUse } from "@gitops-actions/report";
import type { Pair } from "./compare.ts";
import type { RenderedPair } from "./pairs.ts";

/** Which commits were compared, as reports and the index say it. */
export function describeSource(commits: ChosenCommits, repository: string | undefined): Comparison {
  const { head, base } = commits;
  return {
    ...(repository && { repository }),
    head: { commit: head.commit, dirty: head.dirty },
    ...(base && { base }),
  };
}

/** All that index.json is made from. */
export interface IndexParts {
  commits: ChosenCommits;
  source: Comparison;
  pairs: readonly Pair[];
  rendered: readonly RenderedPair[];
  checkInputs: readonly ChangedInput[];
  tools: ToolUse[];
}

/** The value of index.json. Every overlay is in it: those that were rendered, and those proven unchanged. */
export function makeIndex({ commits, source, pairs, rendered, checkInputs, tools }: IndexParts): Index {
  const done = new Map(rendered.map((each) => [each.pair.id, each]));
  const overlays = pairs.map((pair) => entry(pair, done.get(pair.id)));
  return {
    version: indexVersion,
    mode: commits.base ? "pull-request" : "single",
    scope: overlays.some((overlay) => overlay.status === "unchanged") ? "changed" : "all",
    complete: overlays.every((overlay) => overlay.status !== "failed" && overlay.status !== "rejected"),
    source,
    ...(commits.trusted && { trusted: commits.trusted }),
    tools,
    ...(checkInputs.length > 0 && { inputs: describeInputs(checkInputs) }),
    overlays,
  };
}

function describeInputs(changed: readonly ChangedInput[]): Index["inputs"] {
  return Object.fromEntries(changed.map(({ kind, base, head }) => [kind, { head, base }]));
}

function entry(pair: Pair, rendered: RenderedPair | undefined): IndexOverlay {
  const sighting = (pair.head ?? pair.base)!;
  const { closure } = sighting;
  return {
    ...describeOverlay(sighting.overlay),
    change: rendered?.change ?? "unchanged",
    status: rendered?.status ?? "unchanged",
    ...(rendered?.reason && { reason: describeReason(rendered.reason) }),
    closure: { digest: closure.digest, complete: closure.gaps.length === 0 && closure.escapes.length === 0 },
    ...rendered?.stored,
  };
}

function describeOverlay({ id, path, kind, environment, app, cluster, namespace, options }: Overlay) {
  return {
    id,
    path,
    kind,
    ...(environment && { environment }),
    ...(app && { app }),
    ...(cluster && { cluster }),
    ...(namespace && { namespace }),
    options,
  };
}

function describeReason({
  code,
  message,
  location,
}: NonNullable<RenderedPair["reason"]>): IndexOverlay["reason"] {
  return { code, message, ...(location && { location: { ...location, precision: "exact", via: [] } }) };
}
