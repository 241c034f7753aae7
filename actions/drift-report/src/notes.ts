import { formatIdentity, type Redactor } from "@gitops-actions/manifest";
import type { Checked } from "./check.ts";
import type { Controllers } from "./controllers.ts";
import type { Placed } from "./revision.ts";
import { describeMirrors } from "./source.ts";

/** What a reader should know and need not do anything about, sorted. */
export function notesOf(
  {
    checked,
    controllers,
    placed,
    names,
  }: { checked: Checked; controllers: Controllers; placed: readonly Placed[]; names: ReadonlySet<string> },
  redactor: Redactor,
): string[] {
  const notes: string[] = [...controllers.argoNotes, ...describeMirrors(placed, names)];
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
  for (const { resource, judgement } of checked.judged) {
    if (judgement.class !== "compared") continue;
    for (const [owner, fields] of Map.groupBy(judgement.ownedAdditions, (each) => each.owner)) {
      const count = fields.length === 1 ? "1 field" : `${fields.length} fields`;
      notes.push(`${formatIdentity(resource.id)} has ${count} that ${owner} added`);
    }
  }
  const suspended = controllers.statuses.filter(({ state }) => state === "suspended").length;
  if (suspended > 0) notes.push(`${suspended} objects of Flux are suspended (limit and times: the findings)`);
  return notes.sort();
}
