import type { IndexOverlay } from "@gitops-actions/fleet";
import {
  diffResources,
  findDuplicates,
  type Manifests,
  parseManifests,
  type ResourceChange,
} from "@gitops-actions/manifest";
import { type Finding, makeFinding, type Severity, type Unchecked } from "@gitops-actions/report";
import { type Pair, sameInput } from "./compare.ts";
import type { Outcome, Reason } from "./rendering.ts";

/** What came of each side that was to be rendered. */
export interface Outcomes {
  base?: Outcome;
  head?: Outcome;
}

/** An overlay once both its sides have been rendered, or not. */
export interface Judged {
  pair: Pair;
  outcomes: Outcomes;
  change: IndexOverlay["change"];
  status: IndexOverlay["status"];
  /** Why it was not rendered at head. */
  reason?: Reason;
  base?: Manifests;
  head?: Manifests;
  /** How the resources differ; holds Secret values. Empty when a side is missing that there is to compare with. */
  changes: ResourceChange[];
}

/** What two outcomes say of an overlay. `compared` is false when there is no base commit at all. */
export function judge(pair: Pair, outcomes: Outcomes, compared: boolean): Judged {
  const head = readManifests(outcomes.head, pair.id);
  const base = outcomes.base === outcomes.head ? head : readManifests(outcomes.base, pair.id);
  const complete = (base || !pair.base) && (head || !pair.head);
  const change = compared ? changeOf(pair, outcomes) : "unknown";
  const differs = compared && complete && change !== "unchanged";
  return {
    pair,
    outcomes,
    change,
    ...statusOf(outcomes.head, isTouched(pair, compared)),
    ...(base && { base }),
    ...(head && { head }),
    changes: differs ? diffResources(base?.resources ?? [], head?.resources ?? []) : [],
  };
}

function changeOf({ base, head }: Pair, outcomes: Outcomes): IndexOverlay["change"] {
  if (!base) return "added";
  if (!head) return "removed";
  if (outcomes.base?.status === "rendered" && outcomes.head?.status === "rendered") {
    return Buffer.compare(outcomes.base.output, outcomes.head.output) === 0 ? "unchanged" : "changed";
  }
  return sameInput(base, head) ? "unknown" : "changed";
}

function readManifests(outcome: Outcome | undefined, id: string): Manifests | undefined {
  return outcome?.status === "rendered"
    ? parseManifests(new TextDecoder().decode(outcome.output), id)
    : undefined;
}

/** What is an error here is failed for the actions that come after: what they cannot look at is no pass of theirs. */
function statusOf(head: Outcome | undefined, touched: boolean): Pick<Judged, "status" | "reason"> {
  if (!head) return { status: "removed" };
  if (head.status === "rendered") return { status: "rendered" };
  return { status: head.status === "withheld" && !touched ? "rejected" : "failed", reason: head.reasons[0] };
}

/** What is wrong with one side of an overlay: what kept it from being rendered, and documents no cluster would take. */
export function findingsOf(judged: Judged, side: "base" | "head", compared: boolean): Finding[] {
  const { pair } = judged;
  const outcome = judged.outcomes[side];
  const manifests = judged[side];
  if (manifests) return documentFindings(pair.id, manifests);
  if (!outcome || outcome.status === "rendered") return [];
  const severity = outcome.status === "withheld" && !isTouched(pair, compared) ? "notice" : "error";
  return outcome.reasons.map((reason) => reasonFinding(pair.id, reason, severity));
}

/** Whether the change is about this overlay. What it does not touch is no fault of it. */
function isTouched({ base, head }: Pair, compared: boolean): boolean {
  return compared && !(base && head && sameInput(base, head));
}

function reasonFinding(
  overlay: string,
  { code, message, location, help }: Reason,
  severity: Severity,
): Finding {
  return makeFinding({
    rule: `render/${code}`,
    severity,
    message,
    help,
    overlays: [overlay],
    // The same broken base fails many overlays with one message: one finding. Without a place, each is its own.
    discriminator: withoutNumbers(location ? message : `${overlay} ${message}`),
    ...(location && { location: { ...location, precision: "exact", via: [] } }),
  });
}

/** The number of a hidden value depends on what else is hidden; a fingerprint must not. */
function withoutNumbers(message: string): string {
  return message.replace(/«hidden \d+»/g, "«hidden»");
}

function documentFindings(overlay: string, { problems, resources }: Manifests): Finding[] {
  const broken = problems.map(({ code, document, line, message }) =>
    makeFinding({
      rule: `render/${code}`,
      severity: "error",
      message: `document ${document + 1} of the rendered manifests (line ${line}): ${message}`,
      help: "Mend the manifest or template that makes this document: no API server takes it as it is.",
      overlays: [overlay],
      discriminator: withoutNumbers(`${overlay} ${document} ${message}`),
    }),
  );
  const duplicates = findDuplicates(resources).map(([first, ...more]) =>
    makeFinding({
      rule: "render/duplicate-resource",
      severity: "warning",
      message: `rendered ${more.length + 1} times in one overlay: a cluster keeps only the one applied last`,
      resource: first!.id,
      overlays: [overlay],
    }),
  );
  return [...broken, ...duplicates];
}

/** What the report lists as not looked at: failed (it should have been), or withheld (it may not be). */
export function uncheckedOf({
  pair,
  reason,
  outcomes,
}: Judged): { list: "failed" | "skipped"; item: Unchecked } | undefined {
  if (!reason) return undefined;
  const item = { kind: "overlay", id: pair.id, code: reason.code, message: reason.message };
  return { list: outcomes.head?.status === "withheld" ? "skipped" : "failed", item };
}
