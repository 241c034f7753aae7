import type { Tool } from "@gitops-actions/engine";
import { createRedactor, formatIdentity, type Redactor } from "@gitops-actions/manifest";
import { mergeFindings, type ReportParts, type Unchecked } from "@gitops-actions/report";
import type { Checked } from "./check.ts";
import type { Lag } from "./checkout.ts";
import type { Controllers } from "./controllers.ts";
import type { Desired } from "./desired.ts";
import { asResource, driftFindings, extraFinding, missingFinding, orphanFinding } from "./findings.ts";
import { ignoreFindings } from "./ignore/findings.ts";
import type { OwnRule } from "./ignore/own.ts";
import { subjectOf } from "./ignore/rule.ts";
import type { DriftInputs } from "./inputs.ts";
import type { Orphan, Orphans } from "./orphans.ts";
import type { Placed } from "./revision.ts";
import type { DriftWorld } from "./run.ts";
import { type Counts, describeCounts, noCounts } from "./summary.ts";
import { pendingFindings, syncFindings } from "./sync/findings.ts";

/** All that was learnt in a run. */
interface Learnt {
  head: Desired;
  placed: readonly Placed[];
  checked: Checked;
  controllers: Controllers;
  own: readonly OwnRule[];
  orphans: Orphans;
  /** By commit; those that are not in the history here are not in it. */
  lags: ReadonlyMap<string, Lag>;
  tool: Tool;
}

/** Reasons that are ours, and known beforehand: they are listed, and do not make a run incomplete. */
const ownReasons = new Set(["encrypted", "option"]);

/** What drift-report reports, redacted, and how many objects are in which state. */
export function reportParts(
  learnt: Learnt,
  inputs: DriftInputs,
  world: DriftWorld,
): { parts: Omit<ReportParts, "action">; counts: Counts } {
  const { head, placed, checked, controllers, tool } = learnt;
  const { orphans } = learnt;
  const used = new Set<OwnRule>();
  const isMeant = (object: Orphan): boolean => {
    const rule = ruleOf(object, learnt.own, inputs.environment);
    if (rule) used.add(rule);
    return rule !== undefined;
  };
  const strays = orphans.found.filter((each) => !isMeant(each));
  const extra = checked.extra.filter((each) => !each.kept && !isMeant(each));
  const now = world.host.now();
  const redactor = makeRedactor(checked, world.secretKey);
  const counts = { ...countStates(checked, placed), extra: extra.length, orphan: strays.length };
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
  for (const { kind, unread } of orphans.unread)
    lists.failed.push({ kind: "orphans", id: kind, code: unread.code, message: unread.message });
  if (inputs.orphans) lists.failed.push(...blindSpots(head));
  const findings = [
    ...checked.judged.flatMap(({ overlay, resource, judgement }) => {
      if (judgement.class === "missing") return [missingFinding({ overlay, resource })];
      return judgement.class === "compared" ? driftFindings({ overlay, resource, redactor }, judgement) : [];
    }),
    ...extra.map(({ id, by }) => extraFinding(id, by)),
    ...strays.map((orphan) => orphanFinding(orphan, redactor)),
    ...syncFindings(controllers.statuses, inputs, now, redactor),
    ...pendingFindings(placed, learnt.lags, inputs, now),
    ...ignoreFindings(learnt.own, checked.judged, {
      all: inputs.kustomization.length === 0,
      orphans: inputs.orphans,
      used,
    }),
  ];
  const compared = checked.judged.filter(({ judgement }) => judgement.class === "compared").length;
  return {
    counts,
    parts: {
      source: sourceOf(head),
      tools: [...head.report.tools, ...[tool, ...checked.tools].map(describeTool)],
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

/** The rule of gitops.yaml that names an object as a whole which is not in Git. */
function ruleOf({ id, live }: Orphan, own: readonly OwnRule[], environment: string): OwnRule | undefined {
  const subject = subjectOf({ id, document: 0, line: 1, text: "", value: {} }, live);
  return own.find((rule) => rule.isFor(environment) && rule.pointers.includes("") && rule.selects(subject));
}

/** Overlays whose objects are not known: what looks like an orphan may be theirs. */
function blindSpots({ index }: Desired): Unchecked[] {
  return index.overlays
    .filter(({ status }) => status === "failed" || status === "rejected")
    .map(({ id }) => ({
      kind: "orphans",
      id,
      code: "unrendered",
      message: "it could not be rendered: what belongs to it may be called an orphan",
    }));
}

function describeTool({ name, version, source, sha256 }: Tool) {
  return { name, version, source, sha256 };
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

function countStates({ judged }: Checked, placed: readonly Placed[]): Counts {
  const counts: Counts = { ...noCounts };
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
      if (judgement.untold !== "nothing") counts.undetermined++;
      counts.ignored += judgement.ignored.length;
      counts.valuesCompared += judgement.compared;
      counts.valuesUnknown += judgement.unknown.length;
    }
  }
  return counts;
}

function notesOf({ checked, controllers }: Learnt, redactor: Redactor): string[] {
  const notes: string[] = [...controllers.argoNotes];
  for (const { id, by, kept } of checked.extra)
    if (kept) notes.push(`${formatIdentity(id)} of ${by} is not in Git and stays on purpose: ${kept}`);
  const ignored = Map.groupBy(
    checked.judged.flatMap(({ judgement }) =>
      judgement.class === "compared" ? judgement.ignored.map(({ rule }) => rule.by) : [],
    ),
    (by) => by,
  );
  for (const [by, uses] of ignored)
    notes.push(`${by} hides ${uses.length === 1 ? "1 difference" : `${uses.length} differences`}`);
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
