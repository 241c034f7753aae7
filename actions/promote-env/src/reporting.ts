import { type Finding, makeFinding, makeReport, type Report } from "@gitops-actions/report";
import type { BoardRow } from "./board.ts";
import type { Candidate } from "./candidate.ts";
import { holdsPath } from "./holds.ts";
import type { PromoteInputs } from "./inputs.ts";
import type { Merge } from "./merging.ts";
import type { Delivered } from "./promote.ts";
import type { State } from "./state.ts";
import { nowhereRule } from "./stuck.ts";

interface Learnt {
  state: State;
  repository: string | undefined;
  inputs: PromoteInputs;
  board: readonly BoardRow[];
  candidates: readonly Candidate[];
  delivered: readonly Delivered[];
  notes: readonly string[];
  /** What was found before: in the gitops.yaml of the working tree, in the holds, or of versions that cannot go on. */
  mistakes: readonly Finding[];
}

/** What a run says: what it did, what it may not do, and what a person should mend. */
export function reportOf({ state, repository, candidates, delivered, notes, mistakes }: Learnt): Report {
  const findings: Finding[] = [...mistakes];
  if (state.holdsProblem !== undefined) {
    const location = { path: holdsPath, line: 1, precision: "near" as const, via: [] };
    findings.push(
      makeFinding({
        rule: "promotion/holds-unreadable",
        severity: "error",
        message: state.holdsProblem,
        location,
        help: "Nothing is promoted while nobody knows what is held.",
      }),
    );
  }
  for (const each of delivered) {
    if (each.delivery.kind !== "refused") continue;
    const name = `${each.apps.join(", ")} to ${each.environment}`;
    findings.push(
      makeFinding({
        rule: "promotion/refused",
        severity: "error",
        message: `${name}: ${each.delivery.because}`,
        discriminator: name,
      }),
    );
  }
  findings.push(...shortcomings(delivered));
  for (const { name } of state.environments) {
    if ([...state.cells.values()].some((cell) => cell.environment === name)) continue;
    // Where each app is told of, that none of them is known says no more.
    if (mistakes.some(({ rule, message }) => rule === nowhereRule && message.includes(` in ${name}: `)))
      continue;
    findings.push(
      makeFinding({
        rule: "promotion/empty-environment",
        severity: "warning",
        message: `${name} holds no version that is known: no overlay is its own, or none of its files names a version`,
        help: "`overlays:` and `charts:` in gitops.yaml say which folders and values files belong to which environment.",
        discriminator: name,
      }),
    );
  }
  for (const { app, environment, plan } of candidates) {
    for (const note of plan.notes) {
      if (note.kind !== "obstacle") continue;
      findings.push(
        makeFinding({
          rule: `promotion/${note.code}`,
          severity: "warning",
          message: `${app} to ${environment}: ${note.message}`,
          discriminator: `${app}/${environment}/${note.subject}`,
        }),
      );
    }
  }
  const slots = [...state.cells.values()].flatMap((cell) => cell.slots);
  return makeReport({
    action: "promote-env",
    source: {
      ...(repository === undefined ? {} : { repository }),
      head: { commit: state.defaultBranch.tip, dirty: false },
    },
    tools: [],
    checked: {
      overlays: state.cells.size,
      resources: slots.length,
      unique: new Set(slots.map((slot) => slot.subject)).size,
    },
    notes: [...delivered.map(describeDelivered), ...notes],
    findings,
  });
}

/** What was not done as configured, though the change itself was delivered. */
function shortcomings(delivered: readonly Delivered[]): Finding[] {
  const found: Finding[] = [];
  for (const { apps, environment, delivery } of delivered) {
    const name = `${apps.join(", ")} to ${environment}`;
    if (delivery.kind === "declined")
      found.push(
        makeFinding({
          rule: "promotion/declined",
          severity: "notice",
          message: `${name}: #${delivery.number}, which brings the same, was closed by a person`,
          discriminator: name,
          help: "Reopen it, or promote another version.",
        }),
      );
    if (delivery.kind !== "pull" && delivery.kind !== "pushed") continue;
    for (const note of delivery.notes ?? [])
      found.push(
        makeFinding({
          rule: "promotion/shortcoming",
          severity: "notice",
          message: `${name}: ${note}`,
          discriminator: `${name} ${note.slice(0, 40)}`,
        }),
      );
  }
  return found;
}

/** One sentence on what became of a change. */
export function describeDelivered({ apps, environment, moves, delivery }: Delivered): string {
  const what = `${apps.join(", ")} in ${environment}${moves.length > 0 ? ` (${moves.join(", ")})` : ""}`;
  switch (delivery.kind) {
    case "pushed":
      return `${what}: written as ${delivery.commit.slice(0, 7)}${describeDifference(delivery.differs)}`;
    case "pull":
      return `${what}: pull request #${delivery.number} ${delivery.done}${describeMerge(delivery.merge)} (${delivery.url})${describeDifference(delivery.differs)}`;
    case "declined":
      return `${what}: #${delivery.number}, which brings the same, was closed by a person and is left closed: reopen it, or promote another version (${delivery.url})`;
    case "refused":
      return `${what}: refused`;
    case "nothing":
      return `${what}: it is so already`;
  }
}

function describeMerge(merge: Merge | undefined): string {
  if (!merge) return "";
  if (merge.state === "merged") return " and merged";
  return merge.state === "later" ? ", which GitHub merges when it may" : `, not merged yet: ${merge.because}`;
}

/** The outputs of the step besides the report. */
export function outputsOf({
  board,
  delivered,
}: {
  board: readonly BoardRow[];
  delivered: readonly Delivered[];
}): Record<string, string> {
  const written = delivered.filter(
    ({ delivery }) =>
      delivery.kind === "pushed" ||
      (delivery.kind === "pull" && (delivery.done !== "kept" || delivery.merge?.state === "merged")),
  );
  return {
    promoted: JSON.stringify(written.map(({ apps, environment, moves }) => ({ apps, environment, moves }))),
    "has-changes": String(written.length > 0),
    commits: JSON.stringify(
      delivered.flatMap(({ delivery }) => (delivery.kind === "pushed" ? [delivery.commit] : [])),
    ),
    "pull-requests": JSON.stringify(
      delivered.flatMap(({ delivery }) => (delivery.kind === "pull" ? [delivery.url] : [])),
    ),
    waiting: JSON.stringify(
      board.flatMap(({ app, environment, next }) =>
        next && !next.open ? [{ app, environment, because: next.because }] : [],
      ),
    ),
  };
}

/** Of a rollback: whether what it renders to is what ran then. */
function describeDifference(differs: readonly string[] | undefined): string {
  if (differs === undefined) return "";
  if (differs.length === 0) return "; it renders to what ran then";
  return `; ${differs.join(", ")} does not render to what ran then: something shared has changed since, and only exact restores the files beside the versions`;
}
