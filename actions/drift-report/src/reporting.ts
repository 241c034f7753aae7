import type { Tool, Unread } from "@gitops-actions/engine";
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
import { notesOf } from "./notes.ts";
import type { Orphan, Orphans } from "./orphans.ts";
import type { Placed } from "./revision.ts";
import type { DriftWorld } from "./run.ts";
import { findUnseen } from "./source.ts";
import { type Counts, describeCounts } from "./summary.ts";
import { pendingFindings, syncFindings } from "./sync/findings.ts";
import { countStates } from "./tally.ts";
import { gatherUnread, type UnreadItem } from "./unread.ts";

/** All that was learnt in a run. */
interface Learnt {
  head: Desired;
  placed: readonly Placed[];
  checked: Checked;
  controllers: Controllers;
  /** What this repository is called. */
  names: ReadonlySet<string>;
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
  // Of a choice of overlays the others are left out on purpose.
  const unseen =
    inputs.kustomization.length > 0 ? [] : findUnseen(controllers.deliverers, head, learnt.names);
  const lists = { failed: [...head.unrendered], skipped: unseen };
  const { cluster, hub } = clusterNames(inputs);
  const unread: UnreadItem[] = [];
  for (const { overlay, resource, judgement } of checked.judged) {
    if (judgement.class !== "not-checked") continue;
    const { code, message } = judgement;
    const item = {
      kind: "resource",
      id: formatIdentity(resource.id),
      code,
      message: redactor.redactText(message),
    };
    if (ownReasons.has(code)) lists.skipped.push(item);
    else unread.push({ item, cluster, overlay });
  }
  for (const each of controllers.unread) unread.push({ item: unreadKind("controller", each), cluster: hub });
  for (const each of orphans.unread) unread.push({ item: unreadKind("orphans", each), cluster });
  lists.failed.push(...gatherUnread(unread));
  if (inputs.orphans) lists.failed.push(...blindSpots(head));
  const findings = [
    ...checked.judged.flatMap(({ overlay, resource, judgement }) => {
      if (judgement.class === "missing") return [missingFinding({ overlay, resource })];
      return judgement.class === "compared" ? driftFindings({ overlay, resource, redactor }, judgement) : [];
    }),
    ...extra.map(({ id, by, overlays }) => extraFinding(id, by, overlays)),
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
        overlays: countRead(placed, checked),
        resources: compared,
        unique: compared,
      },
      notes: [describeCounts(counts), ...notesOf(learnt, redactor)],
      findings: mergeFindings(findings),
      ...lists,
    },
  };
}

/** What the clusters of a run are called, as far as anybody says. */
function clusterNames({ context, hubContext, cluster, environment }: DriftInputs) {
  const name = context ?? ([cluster, environment].find((each) => each !== "") || "the current context");
  return { cluster: name, hub: hubContext ?? name };
}

function unreadKind(what: string, { kind, unread }: { kind: string; unread: Unread }): Unchecked {
  return { kind: what, id: kind, code: unread.code, message: unread.message };
}

/** How many overlays anything was held against the cluster of, or have nothing to hold. */
function countRead(placed: readonly Placed[], { judged }: Checked): number {
  const read = new Set(
    judged.flatMap(({ overlay, judgement }) => (judgement.class === "not-checked" ? [] : [overlay])),
  );
  return placed.filter(
    ({ overlay, resources, unchecked }) => !unchecked && (resources.length === 0 || read.has(overlay)),
  ).length;
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
