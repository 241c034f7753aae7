import type { Tool } from "@gitops-actions/engine";
import { createRedactor, formatIdentity, type Redactor } from "@gitops-actions/manifest";
import {
  type Finding,
  makeFinding,
  mergeFindings,
  type ReportParts,
  type Unchecked,
} from "@gitops-actions/report";
import type { Checked } from "./check.ts";
import type { Controllers } from "./controllers.ts";
import type { Desired } from "./desired.ts";
import { asResource, driftFindings, extraFinding, missingFinding, syncFinding } from "./findings.ts";
import type { DriftInputs } from "./inputs.ts";
import type { Placed } from "./revision.ts";
import type { DriftWorld } from "./run.ts";
import { type Counts, describeCounts, noCounts } from "./summary.ts";
import { minutesSince } from "./sync.ts";

/** All that was learnt in a run. */
interface Learnt {
  head: Desired;
  placed: readonly Placed[];
  checked: Checked;
  controllers: Controllers;
  tool: Tool;
}

/** Reasons that are ours, and known beforehand: they are listed, and do not make a run incomplete. */
const ownReasons = new Set(["encrypted", "jq-ignore-rule", "option"]);

/** What drift-report reports, redacted, and how many objects are in which state. */
export function reportParts(
  learnt: Learnt,
  inputs: DriftInputs,
  world: DriftWorld,
): { parts: Omit<ReportParts, "action">; counts: Counts } {
  const { head, placed, checked, controllers, tool } = learnt;
  const redactor = makeRedactor(checked, world.secretKey);
  const counts = countStates(checked, placed);
  const lists = { failed: [...head.unrendered], skipped: [] as Unchecked[] };
  for (const { resource, judgement } of checked.judged) {
    if (judgement.class !== "not-checked") continue;
    const { code, message } = judgement;
    const item = {
      kind: "resource",
      id: formatIdentity(resource.id),
      code,
      message: redactor.redactText(message),
    };
    lists[ownReasons.has(code) ? "skipped" : "failed"].push(item);
  }
  for (const { kind, unread } of controllers.unread)
    lists.failed.push({ kind: "controller", id: kind, code: unread.code, message: unread.message });
  const findings = [
    ...checked.judged.flatMap(({ overlay, resource, judgement }) => {
      if (judgement.class === "missing") return [missingFinding({ overlay, resource })];
      return judgement.class === "compared" ? driftFindings({ overlay, resource, redactor }, judgement) : [];
    }),
    ...checked.extra.map(({ id, by }) => extraFinding(id, by)),
    ...syncFindings(controllers, inputs, world, redactor),
    ...pendingFindings(placed),
  ];
  const { version, source, sha256 } = tool;
  const compared = checked.judged.filter(({ judgement }) => judgement.class === "compared").length;
  return {
    counts,
    parts: {
      source: sourceOf(head),
      tools: [...head.report.tools, { name: tool.name, version, source, sha256 }],
      checked: {
        overlays: placed.filter(({ unchecked }) => !unchecked).length,
        resources: compared,
        unique: compared,
      },
      notes: [describeCounts(counts), ...notesOf(learnt, redactor)],
      findings: mergeFindings(findings),
      ...lists,
    },
  };
}

/** Where Git was read. Drift is between Git and the cluster: no other commit was compared with. */
function sourceOf({ report }: Desired): ReportParts["source"] {
  const { repository, head } = report.source;
  return { head, ...(repository && { repository }) };
}

function makeRedactor({ judged, extra }: Checked, key: Uint8Array): Redactor {
  const live = judged.flatMap(({ resource, judgement }) =>
    judgement.class === "compared" ? [asResource(resource, judgement.live)] : [],
  );
  const others = extra.map((each) => ({ id: each.id, document: 0, line: 1, text: "", value: each.live }));
  return createRedactor(
    [
      { overlay: "", side: "base", resources: judged.map(({ resource }) => resource) },
      { overlay: "", side: "head", resources: [...live, ...others] },
    ],
    key,
  );
}

function countStates({ judged, extra }: Checked, placed: readonly Placed[]): Counts {
  const counts: Counts = { ...noCounts, extra: extra.length };
  for (const { pending } of placed) counts.pending += pending;
  for (const { judgement } of judged) {
    if (judgement.class === "missing") counts.missing++;
    else if (judgement.class === "transient") counts.transient++;
    else if (judgement.class === "left-alone") counts.leftAlone++;
    else if (judgement.class === "not-checked") counts.notChecked++;
    else {
      const { changed, removedFromGit, unmanaged, owned } = judgement;
      if (changed.length > 0) counts.changed++;
      if (removedFromGit.length > 0) counts.removedFromGit++;
      if (unmanaged.length > 0) counts.unmanaged++;
      if (owned.length > 0) counts.owned++;
      if (changed.length + removedFromGit.length + unmanaged.length === 0) counts.clean++;
      counts.ignored += judgement.ignored;
      counts.valuesCompared += judgement.compared;
      counts.valuesUnknown += judgement.unknown.length;
    }
  }
  return counts;
}

function syncFindings(
  { statuses }: Controllers,
  inputs: DriftInputs,
  { host }: DriftWorld,
  redactor: Redactor,
): Finding[] {
  return statuses.flatMap((status) => {
    if (status.state === "in-sync" || status.state === "progressing") return [];
    const minutes = minutesSince(status.since, host.now());
    // Without a time nobody knows that it is short.
    if (minutes !== undefined && minutes < inputs.syncLimitMinutes) return [];
    return [syncFinding({ ...status, message: redactor.redactText(status.message) }, minutes)];
  });
}

function pendingFindings(placed: readonly Placed[]): Finding[] {
  return placed.flatMap(({ overlay, applied, pending, deliverers }) => {
    if (!applied || pending === 0) return [];
    const who = deliverers.map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`).join(" and ");
    const message = `${pending} objects of ${overlay} are newer in Git than the ${applied.slice(0, 7)} that ${who} has applied`;
    return [
      makeFinding({
        rule: "drift/pending",
        severity: "notice",
        message,
        overlays: [overlay],
        discriminator: overlay,
      }),
    ];
  });
}

function notesOf({ checked, controllers }: Learnt, redactor: Redactor): string[] {
  const notes: string[] = [];
  for (const { resource, judgement } of checked.judged) {
    if (judgement.class === "left-alone")
      notes.push(`${formatIdentity(resource.id)} is left alone: ${judgement.why}`);
    if (judgement.class !== "compared") continue;
    for (const { pointer, owner } of judgement.owned)
      notes.push(`${formatIdentity(resource.id)} ${redactor.redactText(pointer)} is owned by ${owner}`);
  }
  const suspended = controllers.statuses.filter(({ state }) => state === "suspended").length;
  if (suspended > 0) notes.push(`${suspended} objects of Flux are suspended (limit and times: the findings)`);
  return notes.sort();
}
