import type { SourceStart } from "@gitops-actions/engine";
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
    changes: differs
      ? withoutUnread(diffResources(base?.resources ?? [], head?.resources ?? []), outcomes.head, head)
      : [],
  };
}

/** What a document that cannot be read still names is not removed: nobody can tell what it would be. */
function withoutUnread(
  changes: ResourceChange[],
  outcome: Outcome | undefined,
  head: Manifests | undefined,
): ResourceChange[] {
  const unread = (head?.problems ?? []).filter(({ code }) => code !== "duplicate-key" && code !== "no-name");
  if (unread.length === 0 || outcome?.status !== "rendered") return changes;
  const lines = new TextDecoder().decode(outcome.output).split("\n");
  const texts = [...new Set(unread.map(({ line }) => documentAround(lines, line - 1)))];
  const words = new Set(texts.flatMap((text) => text.split(/[\s"',{}]+/)));
  return changes.filter(({ kind, id }) => kind !== "removed" || !words.has(id.name.replace(/\*$/, "")));
}

/** The text between the markers around a line. */
function documentAround(lines: readonly string[], at: number): string {
  const isMarker = (line: string | undefined): boolean => line === undefined || /^---(?:\s|$)/.test(line);
  let start = Math.min(at, lines.length - 1);
  let end = start + 1;
  while (!isMarker(lines[start])) start--;
  while (!isMarker(lines[end])) end++;
  return lines.slice(Math.max(start, 0), end).join("\n");
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
  const sources = (outcome?.status === "rendered" && outcome.sources) || [];
  if (manifests) return documentFindings(pair.id, manifests, sources);
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

function documentFindings(
  overlay: string,
  { problems, resources }: Manifests,
  sources: readonly SourceStart[],
): Finding[] {
  const broken = problems.map(({ code, document, line, message }, index) => {
    const source = sources.findLast((each) => each.line <= line);
    const own = { rule: `render/${code}`, severity: "error" as const, overlays: [overlay] };
    if (source) {
      const before = problems.slice(0, index).filter((each) => each.line >= source.line);
      const nth = before.filter((each) => each.message === message).length;
      const location = {
        path: source.path,
        line: line - source.line + 1,
        precision: "exact" as const,
        via: [],
      };
      return makeFinding({
        ...own,
        message,
        help: "Mend this document: no API server takes it as it is.",
        location,
        // What is wrong with two documents of a file in the same way is two findings.
        discriminator: withoutNumbers(`${source.path} ${nth} ${message}`),
      });
    }
    return makeFinding({
      ...own,
      message: `document ${document + 1} of the rendered manifests (line ${line}): ${message}`,
      help: "Mend the manifest or template that makes this document: no API server takes it as it is.",
      discriminator: withoutNumbers(`${overlay} ${document} ${message}`),
    });
  });
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
