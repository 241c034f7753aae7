import type { Checked } from "./check.ts";
import type { Placed } from "./revision.ts";
import { type Counts, noCounts } from "./summary.ts";

/** How many objects of Git are in which state; what is not in Git is counted by whoever looks for it. */
export function countStates({ judged }: Checked, placed: readonly Placed[]): Counts {
  const counts: Counts = { ...noCounts };
  for (const { pending } of placed) counts.pending += pending;
  for (const { judgement } of judged) {
    if (judgement.class === "missing") counts.missing++;
    else if (judgement.class === "transient") counts.transient++;
    else if (judgement.class === "left-alone") counts.leftAlone++;
    else if (judgement.class === "not-checked") counts.notChecked++;
    else {
      const { changed, removedFromGit, unmanaged, owned, ownedAdditions } = judgement;
      if (changed.length > 0) counts.changed++;
      if (removedFromGit.length > 0) counts.removedFromGit++;
      if (unmanaged.length > 0) counts.unmanaged++;
      if (owned.length + ownedAdditions.length > 0) counts.owned++;
      if (changed.length + removedFromGit.length + unmanaged.length === 0) counts.clean++;
      if (judgement.untold !== "nothing") counts.undetermined++;
      counts.ignored += judgement.ignored.length;
      counts.valuesCompared += judgement.compared;
      counts.valuesUnknown += judgement.unknown.length;
    }
  }
  return counts;
}
