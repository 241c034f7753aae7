import type { ChosenCommits } from "@gitops-actions/engine";
import type { ChangedInput, Noticed } from "@gitops-actions/fleet";
import {
  type Comparison,
  type Finding,
  listSome,
  makeFinding,
  markAgainstBase,
  mergeFindings,
  type ReportParts,
  type ToolUse,
  type Unchecked,
} from "@gitops-actions/report";
import type { Pair } from "./compare.ts";
import { type OverridesOf, skippedOverrides } from "./overrides.ts";
import type { RenderedPair } from "./pairs.ts";
import type { Side } from "./side.ts";
import { findingsOf, uncheckedOf } from "./verdict.ts";

/** All that was learnt in a run. */
export interface Learnt {
  commits: ChosenCommits;
  source: Comparison;
  sides: { head: Side; base?: Side };
  pairs: readonly Pair[];
  rendered: readonly RenderedPair[];
  checkInputs: readonly ChangedInput[];
  uses: ToolUse[];
  /** What was learnt of where permissions come from. */
  notes: readonly string[];
  /** Of changes that reach later environments without promotion. */
  unpromoted: readonly Finding[];
  /** Of overlays that gitops.yaml lists no longer, or ignores now. */
  unlisted: readonly Finding[];
  /** What objects of controllers set over what they deploy. */
  overrides: OverridesOf;
  /** Of changes to that. */
  overridden: readonly Finding[];
  /** Of entries in kustomizations that reach nothing, on both sides. */
  idle: { head: readonly Finding[]; base: readonly Finding[] };
}

/** What render-overlays reports. The messages of what was rendered are redacted already. */
export function reportParts(learnt: Learnt): Omit<ReportParts, "action"> {
  const { source, sides, pairs, rendered, uses, unpromoted, unlisted, overridden, idle } = learnt;
  const compared = sides.base !== undefined;
  const all = (side: "base" | "head"): Finding[] =>
    rendered.flatMap((each) => findingsOf(each, side, compared));
  const head = mergeFindings([
    ...all("head"),
    ...problemFindings(sides.head),
    ...unpromoted,
    ...unlisted,
    ...overridden,
    ...idle.head,
  ]);
  const marked = compared
    ? markAgainstBase(head, mergeFindings([...all("base"), ...problemFindings(sides.base!), ...idle.base]))
    : { findings: head, fixed: [] };

  const lists = {
    skipped: [...noticedOf(sides), ...skippedOverrides(learnt.overrides)],
    failed: [] as Unchecked[],
  };
  for (const each of rendered) {
    const unchecked = uncheckedOf(each);
    if (unchecked) lists[unchecked.list].push(unchecked.item);
  }
  const stored = rendered.flatMap((each) => each.stored.head?.resources ?? []);
  return {
    source,
    tools: uses,
    checked: {
      overlays: rendered.filter((each) => each.stored.head).length,
      resources: stored.length,
      unique: new Set(stored.map((resource) => resource.digest)).size,
    },
    unchanged: pairs.length - rendered.length,
    notes: notesOf(learnt),
    ...lists,
    ...marked,
  };
}

function problemFindings({ fleet }: Side): Finding[] {
  return fleet.problems.map((problem) =>
    makeFinding({
      rule: `fleet/${problem.code}`,
      severity: problem.severity ?? "warning",
      message: problem.message,
      location: problem.location,
      discriminator: problem.message,
    }),
  );
}

/** What is plainly no manifest is named when it comes, and not in each report after that. */
function noticedOf({ head, base }: Learnt["sides"]): Unchecked[] {
  const known = new Set(base?.fleet.noticed.map(keyOf));
  return head.fleet.noticed
    .filter((each) => each.code !== "not-manifest" || !known.has(keyOf(each)))
    .map(({ path, code, message }) => ({ kind: "path", id: path, code, message }));
}

function keyOf({ path, code, message }: Noticed): string {
  return [path, code, message].join("\0");
}

function notesOf({ commits, rendered, checkInputs, notes }: Learnt): string[] {
  const warnings = rendered.flatMap(({ pair, outcomes }) =>
    outcomes.head?.status === "rendered"
      ? outcomes.head.warnings.map((warning) => `${pair.id}: ${warning}`)
      : [],
  );
  const uncompared = rendered
    .filter(
      ({ pair, outcomes }) =>
        pair.base &&
        pair.head &&
        outcomes.head?.status === "rendered" &&
        outcomes.base &&
        outcomes.base.status !== "rendered",
    )
    .map(({ pair }) => `${pair.id} renders now and did not before, so its changes cannot be shown`);
  const unstable = rendered.flatMap(({ pair, unstable }) =>
    unstable ? [`${pair.id} differs each time it is rendered; not compared: ${listSome(unstable, 20)}`] : [],
  );
  const wider = checkInputs.map(
    ({ kind, paths, overlays }) =>
      `${kind} changed ${overlays ? `in what ${listSome(overlays, 5)} renders` : `(${listSome(paths, 5)})`}: every overlay is rendered, for the checks that follow`,
  );
  return [commits.why, ...notes, ...wider, ...uncompared, ...unstable, ...new Set(warnings)];
}
