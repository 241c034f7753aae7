import type { Cell, Transition } from "@gitops-actions/fleet";
import { signatureOf } from "@gitops-actions/fleet";

/** When something happened, and who says so: the forge, or only the commit itself, whose maker may write any date. */
export interface Moment {
  /** Milliseconds since 1970. */
  at: number;
  verified: boolean;
}

/** A version of an app in an environment, from when until when. */
export interface Occupancy {
  cell: Cell;
  commit: string;
  /** The newest commit that still had it. */
  last: string;
  since: Moment;
  /** Undefined: it runs now. */
  until?: Moment;
  /** It began before the history that is here: `since` is when that begins, at the earliest. */
  cut: boolean;
  /** The environment went back to what ran before it. Undefined: what ran before it is not here. */
  withdrawn: boolean | undefined;
}

/**
 * The versions an environment had, newest first. One that was followed by a return to an older one is withdrawn: somebody
 * took it back, and it must not go on to the next environment.
 */
export function occupancies(
  transitions: readonly Transition[],
  timeOf: (commit: string, committed: number) => Moment,
): Occupancy[] {
  const signatures = transitions.map(({ cell }) => signatureOf(cell));
  const found: Occupancy[] = [];
  const isCut = transitions.at(-1)?.cut === true;
  for (const [index, { cell, commit, last, cut }] of transitions.entries()) {
    if (!cell) continue;
    const later = transitions[index - 1]?.commit;
    const older = new Set(signatures.slice(index + 1));
    const newer = signatures.slice(0, index);
    found.push({
      cell,
      commit: commit.id,
      last: last.id,
      since: timeOf(commit.id, commit.committed),
      ...(later ? { until: timeOf(later.id, later.committed) } : {}),
      cut: cut === true,
      withdrawn:
        newer.some((signature) => older.has(signature) || signature === "") ||
        // What ran since may have run before as well, where nobody can see it.
        (isCut && newer.length > 0 ? undefined : false),
    });
  }
  return found;
}
