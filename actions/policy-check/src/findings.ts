import type { PolicyStatement } from "@gitops-actions/engine";
import type { Batch, Excepted } from "@gitops-actions/fleet";
import type { Redactor, Resource } from "@gitops-actions/manifest";
import {
  type Finding,
  type Location,
  makeFinding,
  mergeFindings,
  type Report,
  type Severity,
} from "@gitops-actions/report";
import type { EngineRun } from "./engines.ts";

/** What engines said of some batches, as findings. */
export interface Said {
  findings: Finding[];
  /** Things that a policy or its engine's own exceptions let be. */
  waived: number;
}

/** Where a field of a rendered resource is made; undefined where that is not known. */
export type Locate = (overlay: string, resource: Resource, pointer: string) => Promise<Location | undefined>;

export interface FindingSettings {
  redactor: Redactor;
  failOnWarn: boolean;
  locate: Locate;
  /** Whether an exception waives a finding in an overlay: what it leaves is located and listed by itself. */
  isExcused?: (finding: Excepted) => boolean;
}

/** The findings of some batches, which engines call `from` and up; texts are redacted, for policies quote what they look at. */
export async function findingsOf(
  runs: readonly EngineRun[],
  batches: readonly Batch[],
  from: number,
  settings: FindingSettings,
): Promise<Said> {
  const active: Finding[] = [];
  const excused: Finding[] = [];
  let waived = 0;
  for (const { name, outcomes } of runs) {
    for (const [index, batch] of batches.entries()) {
      for (const statement of outcomes[from + index]!.statements) {
        if (statement.status === "waived") {
          waived++;
          continue;
        }
        const item = statement.document === undefined ? undefined : batch.items[statement.document];
        const rule = `${name}/${settings.redactor.redactText(statement.rule)}`;
        const isExcused = (overlay: string): boolean =>
          settings.isExcused?.({ rule, ...(item && { resource: item.resource.id }), overlay }) ?? false;
        const all = item?.overlays ?? [...new Set(batch.items.flatMap((each) => each.overlays))].sort();
        const out = all.filter(isExcused);
        const left = all.filter((overlay) => !out.includes(overlay));
        if (out.length > 0) excused.push(await findingOf(rule, statement, item, out, settings));
        if (left.length > 0 || all.length === 0)
          active.push(await findingOf(rule, statement, item, left, settings));
      }
    }
  }
  return { findings: [...mergeFindings(active), ...mergeFindings(excused)], waived };
}

async function findingOf(
  rule: string,
  statement: PolicyStatement,
  item: Batch["items"][number] | undefined,
  overlays: readonly string[],
  { redactor, failOnWarn, locate }: FindingSettings,
): Promise<Finding> {
  // A policy may quote what it looks at in whatever it says.
  const hide = (text: string): string => redactor.redactText(text);
  const message = hide(statement.message);
  const location = item && (await locate(overlays[0]!, item.resource, statement.field ?? ""));
  const { description, url } = statement;
  const help = [description && hide(description), url && `See ${hide(url)}`].filter(Boolean).join(" ");
  return makeFinding({
    rule,
    severity: severityOf(statement, failOnWarn),
    message,
    ...(help && { help }),
    ...(item && { resource: item.resource.id, value: item.resource.value }),
    ...(statement.field !== undefined && { field: hide(statement.field) }),
    ...(location && { location }),
    overlays,
    ...(!item && { discriminator: message }),
  });
}

function severityOf({ status, severity = "" }: PolicyStatement, failOnWarn: boolean): Severity {
  if (status === "warned") return failOnWarn ? "error" : "warning";
  if (/^(?:low|info|informational|notice|none)$/i.test(severity)) return "notice";
  if (/^(?:medium|moderate|warn|warning)$/i.test(severity)) return "warning";
  return "error";
}

type Count = NonNullable<Report["engines"]>[number];

/** The counts of all policies over the batches of the head, sorted. */
export function countsOf(runs: readonly EngineRun[], batches: number): Count[] {
  const counts = new Map<string, Count>();
  for (const { name, outcomes } of runs) {
    for (const outcome of outcomes.slice(0, batches)) {
      for (const { policy, notEvaluated, ...numbers } of outcome.counts) {
        const key = `${name} ${policy}`;
        const sum = counts.get(key);
        if (!sum) counts.set(key, { name, policy, ...numbers, notEvaluated: [...notEvaluated] });
        else {
          for (const field of ["evaluated", "matched", "passed", "warned", "failed"] as const)
            sum[field] += numbers[field];
          for (const reason of notEvaluated)
            if (!sum.notEvaluated.includes(reason)) sum.notEvaluated.push(reason);
        }
      }
    }
  }
  return [...counts.keys()].sort().map((key) => counts.get(key)!);
}
