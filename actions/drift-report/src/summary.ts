import { codeSpan, escapeMarkdown, type MarkdownSection } from "@gitops-actions/report";
import { describeLag, describeMinutes, sinceOf } from "./sync/findings.ts";
import { minutesSince, type SyncStatus, shortRevision } from "./sync.ts";

/** How many objects of Git were found in which state. */
export interface Counts {
  clean: number;
  changed: number;
  missing: number;
  extra: number;
  orphan: number;
  unmanaged: number;
  removedFromGit: number;
  pending: number;
  owned: number;
  ignored: number;
  transient: number;
  leftAlone: number;
  notChecked: number;
  /** Objects of which it cannot be told whether fields were added, or went from Git; see docs/drift.md. */
  undetermined: number;
  /** Values that Git sets, and how many of them were compared. */
  valuesCompared: number;
  valuesUnknown: number;
}

export const noCounts: Readonly<Counts> = {
  clean: 0,
  changed: 0,
  missing: 0,
  extra: 0,
  orphan: 0,
  unmanaged: 0,
  removedFromGit: 0,
  pending: 0,
  owned: 0,
  ignored: 0,
  transient: 0,
  leftAlone: 0,
  notChecked: 0,
  undetermined: 0,
  valuesCompared: 0,
  valuesUnknown: 0,
};

/** `3 changed, 1 missing, 40 clean; 212 values compared`. */
export function describeCounts(counts: Counts): string {
  const words: [keyof Counts, string][] = [
    ["changed", "changed"],
    ["missing", "missing"],
    ["extra", "extra"],
    ["orphan", "orphaned"],
    ["removedFromGit", "removed from Git and still there"],
    ["unmanaged", "with unmanaged additions"],
    ["pending", "pending"],
    ["notChecked", "not checked"],
    ["owned", "owned by others"],
    ["transient", "hooks and the like"],
    ["leftAlone", "left alone"],
    ["undetermined", "whose additions cannot all be told"],
    ["clean", "clean"],
  ];
  const parts = words.flatMap(([key, word]) => (counts[key] > 0 ? [`${counts[key]} ${word}`] : []));
  const values = `${counts.valuesCompared} values compared`;
  return `${parts.join(", ") || "nothing"}; ${values}`;
}

/** The state of every controller's object as a table. */
export function syncSection(statuses: readonly SyncStatus[], now: Date): MarkdownSection {
  if (statuses.length === 0) return { forms: [] };
  const rows = statuses.map((status) => {
    const minutes = minutesSince(sinceOf(status), now);
    const since = minutes === undefined ? "" : describeMinutes(minutes);
    const cells = [
      codeSpan(`${status.kind} ${status.namespace}/${status.name}`),
      status.state,
      since,
      status.revision ? codeSpan(shortRevision(status.revision)) : "",
      describeLag(status.lag),
      escapeMarkdown(status.message.slice(0, 120)),
    ];
    return `| ${cells.join(" | ")} |\n`;
  });
  const head =
    "#### Argo CD and Flux\n\n| object | state | since | revision | behind | says |\n| --- | --- | --- | --- | --- | --- |\n";
  const wrong = rows.filter((_row, index) => statuses[index]!.state !== "in-sync");
  const counted = `#### Argo CD and Flux\n\n${statuses.length} objects, ${wrong.length} not in sync.\n`;
  return { forms: [head + rows.join(""), head + wrong.join(""), counted] };
}
