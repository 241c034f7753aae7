import {
  type ChangeGroup,
  canonicalId,
  formatChange,
  formatIdentity,
  formatTitle,
  groupChanges,
  type Redactor,
  type ResourceChange,
} from "@gitops-actions/manifest";
import { codeSpan, fence, listSome, type MarkdownSection, type Paint, visible } from "@gitops-actions/report";

/** How the resources of overlays differ, redacted and grouped: what a reviewer reads. */
export interface ChangeSummary {
  groups: ChangeGroup[];
  counts: { added: number; removed: number; changed: number; renamed: number };
}

/** Redacts and groups the changes of each overlay. After this no Secret value is left. */
export function summariseChanges(
  changesByOverlay: ReadonlyMap<string, readonly ResourceChange[]>,
  redactor: Redactor,
): ChangeSummary {
  const counts = { added: 0, removed: 0, changed: 0, renamed: 0 };
  const redacted = new Map<string, ResourceChange[]>();
  for (const [overlay, changes] of changesByOverlay) {
    for (const change of changes) counts[change.kind] += 1;
    redacted.set(
      overlay,
      changes.map((change) => redactor.redactChange(change)),
    );
  }
  return { groups: groupChanges(redacted), counts };
}

/** The changes for a terminal: each once, under the overlays in which it happens. */
export function formatChangesText({ groups }: ChangeSummary, paint: Paint): string {
  const lines: string[] = [];
  for (const [overlays, members] of byOverlays(groups)) {
    lines.push(
      paint(
        "bold",
        visible(overlays.length === 1 ? overlays[0]! : `the same in ${overlays.length} overlays`),
      ),
    );
    if (overlays.length > 1) lines.push(...overlays.map((overlay) => paint("dim", `  ${visible(overlay)}`)));
    for (const group of members) {
      const [title, ...fields] = formatChange(group.change);
      lines.push(`  ${paint(styles[group.change.kind], title!)}${paint("dim", others(group))}`);
      lines.push(...fields.map((line) => `  ${line}`));
    }
    lines.push("");
  }
  return lines.join("\n");
}

const styles = { added: "good", removed: "error", changed: "warning", renamed: "notice" } as const;

/** The changes for a job summary or a comment, from every field to counts. */
export function formatChangesMarkdown(summary: ChangeSummary): MarkdownSection {
  if (summary.groups.length === 0) return { forms: [] };
  const heading = `#### Changes: ${describeCounts(summary)}\n\n`;
  const full = [...byOverlays(summary.groups)].map(
    ([overlays, members]) =>
      `${describeOverlays(overlays)}\n\n${fence(members.flatMap(groupLines).join("\n"), "diff")}\n`,
  );
  const short = [...byOverlays(summary.groups)].map(([overlays, members]) => {
    const items = members.map(
      (group) =>
        `- ${group.change.kind} ${codeSpan(formatTitle(group.change))}: ${fieldCount(group.change)}\n`,
    );
    return `${describeOverlays(overlays)}\n\n${items.join("")}\n`;
  });
  return { forms: [heading + full.join("\n"), heading + short.join("\n"), heading] };
}

/** What else the resource is called in the other overlays; a generated hash is no other name. */
function others({ change, places }: ChangeGroup): string {
  const names = [...new Set(places.map(({ id }) => formatIdentity(canonicalId(id)).replace(/^\S+ /, "")))];
  const more = names.filter((name) => name !== formatIdentity(canonicalId(change.id)).replace(/^\S+ /, ""));
  if (more.length === 0) return "";
  return ` and ${listSome(more, 3)}`;
}

function groupLines(group: ChangeGroup): string[] {
  const [title, ...fields] = formatChange(group.change);
  // In a fence of kind diff a line is coloured by its first character.
  return [`${title!.replace(/^[~>]/, "!")}${others(group)}`, ...fields];
}

function fieldCount(change: ResourceChange): string {
  return change.fields.length === 1 ? "1 field" : `${change.fields.length} fields`;
}

function describeOverlays(overlays: readonly string[]): string {
  const names = listSome(
    overlays.map((overlay) => codeSpan(overlay)),
    50,
  );
  return overlays.length === 1 ? `**${names}**` : `**the same in ${overlays.length} overlays**: ${names}`;
}

/** `2 added, 1 changed`; "none" when nothing differs. */
export function describeCounts({ counts }: ChangeSummary): string {
  const words = (["added", "removed", "changed", "renamed"] as const)
    .filter((kind) => counts[kind] > 0)
    .map((kind) => `${counts[kind]} ${kind}`);
  return words.length > 0 ? words.join(", ") : "none";
}

/** Groups that happen in exactly the same overlays stand together; those in most overlays first. */
function byOverlays(groups: readonly ChangeGroup[]): Iterable<[string[], ChangeGroup[]]> {
  const sets = Map.groupBy(groups, (group) => group.overlays.join("\0"));
  return [...sets.values()].map((members) => [members[0]!.overlays, members]);
}
