import { gatesOf } from "@gitops-actions/fleet";
import type { Candidate } from "./candidate.ts";
import type { Evidence } from "./evidence.ts";
import { batch, limit } from "./gates/index.ts";
import { folderOf, pullHeadOf } from "./heads.ts";
import { branchOf, type State } from "./state.ts";
import { decide } from "./verdict.ts";

/**
 * Says of each candidate whether there is room for it: how many pull requests may be open, and how many apps one run may
 * move. In the order of the candidates, those first that have a pull request already, so that every run on the same state
 * admits the same ones.
 */
export function admit(
  state: State,
  candidates: readonly Candidate[],
  { pulls }: Pick<Evidence, "pulls">,
  strategy: "pull-request" | "direct",
): Candidate[] {
  const taken = new Map<string, { open: number | undefined; moved: number; heads: Set<string> }>();
  const roomOf = (environment: string) => {
    const known = taken.get(environment);
    if (known) return known;
    const base = branchOf(state, environment).name;
    const folder = folderOf("promote", environment);
    const here = pulls?.filter((pull) => pull.base === base && pull.head.startsWith(folder));
    const made = { open: here?.length, moved: 0, heads: new Set(here?.map((pull) => pull.head)) };
    taken.set(environment, made);
    return made;
  };
  const hasPull = (each: Candidate) =>
    roomOf(each.environment).heads.has(pullHeadOf(state, each.environment, each.app));
  const judged = new Map<Candidate, Candidate>();
  for (const each of [...candidates.filter(hasPull), ...candidates.filter((one) => !hasPull(one))]) {
    const settings = gatesOf(state.settings, each.environment);
    const room = roomOf(each.environment);
    const head = pullHeadOf(state, each.environment, each.app);
    const own = room.heads.has(head);
    const verdicts = [
      ...each.verdicts,
      ...(strategy === "pull-request" ? [limit(settings["max-open-pull-requests"], room.open, own)] : []),
      batch(settings.batch, room.moved),
    ];
    const open = each.open && decide(verdicts).open;
    if (open) {
      room.moved++;
      if (!own && room.open !== undefined) room.open++;
      room.heads.add(head);
    }
    judged.set(each, { ...each, verdicts, open });
  }
  return candidates.map((each) => judged.get(each) ?? each);
}
