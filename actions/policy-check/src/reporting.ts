import type { Batch } from "@gitops-actions/fleet";
import type { Redactor } from "@gitops-actions/manifest";
import type { ReportParts, Unchecked } from "@gitops-actions/report";
import type { Evaluation } from "./evaluate.ts";
import { countsOf } from "./findings.ts";
import type { Rendered } from "./manifests.ts";
import { describeDifferences } from "./policies/differing.ts";
import type { Judges } from "./policies/policies.ts";
import { describeWaivers } from "./waivers.ts";

/** All that was learnt in a run besides findings. */
export interface Learnt {
  rendered: Rendered;
  judges: Judges;
  evaluation: Evaluation;
  head: readonly Batch[];
  /** Whether every overlay was looked at. */
  all: boolean;
  redactor: Redactor;
  waivedByPolicy: number;
  notes: readonly string[];
}

/** What policy-check reports besides its findings. */
export function reportParts(learnt: Learnt): Omit<ReportParts, "action" | "findings" | "waived" | "fixed"> {
  const { rendered, judges, evaluation, head } = learnt;
  const resources = rendered.head.flatMap((group) => group.resources);
  const engines = countsOf(evaluation.runs, head.length);
  const anything = evaluation.policies > 0;
  return {
    source: rendered.index?.source ?? { head: { commit: null, dirty: true } },
    tools: [...(rendered.index?.tools ?? []), ...evaluation.tools],
    // Without a policy nothing was checked, however much was read.
    checked: anything
      ? {
          overlays: rendered.head.length,
          resources: resources.length,
          unique: new Set(resources.map(({ text }) => text)).size,
        }
      : { overlays: 0, resources: 0, unique: 0 },
    unchanged: anything ? rendered.unchanged : 0,
    engines,
    notes: [...learnt.notes, ...notesOf(learnt, engines)],
    skipped: [
      ...rendered.skipped,
      ...judges.policies.aside,
      ...judges.unasked,
      ...evaluation.skipped,
      ...evaluation.runs.flatMap((run) => run.skipped),
    ],
    failed: [...rendered.failed, ...failuresOf(learnt), ...silence(learnt, engines)],
  };
}

function failuresOf({ evaluation, head, redactor }: Learnt): Unchecked[] {
  const failures = new Map<string, Unchecked>();
  for (const run of evaluation.runs) {
    const all = [
      ...run.failures,
      ...run.outcomes.slice(0, head.length).flatMap((outcome) => outcome.failures),
    ];
    for (const { id, code, message } of all)
      failures.set(`${id} ${code} ${message}`, {
        kind: "policy",
        id,
        code,
        message: redactor.redactText(`${run.name}: ${message}`),
      });
  }
  return [...failures.values()];
}

/** Policies are there and documents are there, and nothing was asked about anything: that is no pass. */
function silence({ evaluation, head, rendered }: Learnt, engines: ReturnType<typeof countsOf>): Unchecked[] {
  const documents = head.reduce((sum, { items }) => sum + items.length, 0);
  const isLoud =
    engines.some(({ name, evaluated }) => name !== "gitleaks" && evaluated > 0) ||
    evaluation.runs.some(
      ({ failures, outcomes }) =>
        failures.length > 0 || outcomes.some((outcome) => outcome.failures.length > 0),
    );
  if (evaluation.policies === 0 || documents === 0 || isLoud) return [];
  const message = `${evaluation.policies} policies and ${documents} resources of ${rendered.head.length} overlays are there, and no policy was evaluated`;
  return [{ kind: "policy", id: "all policies", code: "nothing-evaluated", message }];
}

function notesOf(
  { evaluation, judges, head, all, redactor, waivedByPolicy }: Learnt,
  engines: ReturnType<typeof countsOf>,
): string[] {
  const idle = engines
    .filter(({ evaluated, matched, notEvaluated }) => evaluated > 0 && matched + notEvaluated.length === 0)
    .map(({ name, policy }) => `${name}/${policy}`);
  return [
    ...evaluation.runs.flatMap((run) => run.notes),
    ...describeDifferences(judges).map((line) => redactor.redactText(line)),
    ...(evaluation.policies === 0
      ? ["no policies were found; name their folder (policy), or a built-in pack (packs)"]
      : []),
    ...(waivedByPolicy > 0
      ? [
          `${waivedByPolicy === 1 ? "once" : `${waivedByPolicy} times`} an exception of the policies themselves applied: ${redactor.redactText(describeWaivers(evaluation.runs, head))}`,
        ]
      : []),
    ...(idle.length > 0 && all
      ? [
          `${idle.length === 1 ? "1 policy matches" : `${idle.length} policies match`} nothing in the whole fleet: ${idle.slice(0, 20).join(", ")}`,
        ]
      : []),
  ];
}
