import type { Batch } from "@gitops-actions/fleet";
import { formatIdentity, type Redactor } from "@gitops-actions/manifest";
import type { Finding } from "@gitops-actions/report";
import type { EngineRun } from "./engines.ts";
import { evaluate } from "./evaluate.ts";
import type { Said } from "./findings.ts";
import type { PolicyInputs } from "./inputs.ts";
import type { Judges } from "./policies.ts";
import type { PolicyWorld } from "./run.ts";
import { withoutPatterns } from "./scan.ts";
import { type Waived, waive } from "./waive.ts";

const shown = 10;

/** What the policies of the change itself would say otherwise, for people: it decides nothing. */
export async function compareProposed(
  judges: Judges,
  /** What is the same whatever the policies are. */
  alike: { runs: readonly EngineRun[]; findings: readonly Finding[] },
  head: readonly Batch[],
  counted: Waived,
  said: (runs: EngineRun[], batches: readonly Batch[]) => Promise<Said>,
  redactor: Redactor,
  inputs: PolicyInputs,
  world: PolicyWorld,
): Promise<string[]> {
  const evaluation = await evaluate(judges, head, inputs, world);
  const runs = [...withoutPatterns(evaluation.runs, alike.runs), ...alike.runs];
  const { findings } = await said(runs, head);
  const after = active(waive([...findings, ...alike.findings], judges.exceptions, world.host.now(), false));
  const before = active(counted);
  const more = [...after.values()].filter(({ fingerprint }) => !before.has(fingerprint));
  const fewer = [...before.values()].filter(({ fingerprint }) => !after.has(fingerprint));
  const failures = runs.flatMap((run) =>
    run.failures.map(
      ({ id, message }) => `with your policies: ${id} failed: ${redactor.redactText(message)}`,
    ),
  );
  return [
    `with your policies: ${more.length} findings more, ${fewer.length} fewer`,
    ...failures,
    ...list("more", more),
    ...list("fewer", fewer),
  ];
}

function active({ findings, waived }: Waived): Map<string, Finding> {
  const excused = new Set(waived.map(({ fingerprint }) => fingerprint));
  return new Map(
    findings.filter(({ fingerprint }) => !excused.has(fingerprint)).map((each) => [each.fingerprint, each]),
  );
}

function list(what: string, findings: readonly Finding[]): string[] {
  const lines = findings
    .map(
      ({ rule, message, resource }) => `${rule}${resource ? ` ${formatIdentity(resource)}` : ""}: ${message}`,
    )
    .sort()
    .slice(0, shown)
    .map((line) => `with your policies, ${what}: ${line}`);
  return findings.length > shown
    ? [...lines, `with your policies, ${what}: ${findings.length - shown} others`]
    : lines;
}
