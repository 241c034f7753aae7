import type { History, LogCommit } from "../history.ts";

/** One move of a branch's tip. All zeros stand for a branch that was not there. */
export interface TipMove {
  before: string;
  after: string;
}

/** What a branch's tip went through, newest first. */
export interface TipPath {
  commits: LogCommit[];
  /** Positions of the commits behind which the path leaves their history: the next one is no parent of theirs. */
  jumps: ReadonlySet<number>;
  /** It goes on where nothing can be read. */
  cut: boolean;
}

/**
 * Follows a branch back in time. Where it was pushed over (a rebase, a reset, a merge whose first parent is the other side),
 * what the tip was before is not behind what it is now: from there the path goes on at the former tip. `moves`: newest
 * first, as the forge has recorded them; without them the first-parent history is all there is.
 */
export async function followTip(
  history: History,
  tip: string,
  moves: readonly TipMove[] = [],
): Promise<TipPath> {
  const known = joinLives(moves);
  const path: LogCommit[] = [];
  const jumps = new Set<number>();
  let from: string | undefined = tip;
  let next = 0;
  let cut = false;
  while (from !== undefined) {
    const found: Awaited<ReturnType<History["log"]>> | undefined =
      path.length === 0 ? await history.log(from) : await history.log(from).catch(() => undefined);
    if (!found) return { commits: path, jumps, cut: true };
    cut = found.cut;
    const places = new Map(found.commits.map((commit, index) => [commit.id, index]));
    const at = known.findIndex(
      (move, index) =>
        index >= next && places.has(move.after) && !isZeros(move.before) && !places.has(move.before),
    );
    const move = at < 0 ? undefined : known[at];
    if (!move) {
      path.push(...found.commits);
      break;
    }
    path.push(...found.commits.slice(0, places.get(move.after)! + 1));
    jumps.add(path.length - 1);
    next = at + 1;
    from = move.before;
  }
  return { commits: path, jumps, cut };
}

/** A branch that was deleted and made again went on from what it was. */
function joinLives(moves: readonly TipMove[]): TipMove[] {
  const joined: TipMove[] = [];
  for (const [index, move] of moves.entries()) {
    if (isZeros(move.after)) continue;
    const older = moves[index + 1];
    const reborn = isZeros(move.before) && older && isZeros(older.after);
    joined.push(reborn ? { after: move.after, before: older.before } : move);
  }
  return joined;
}

function isZeros(id: string): boolean {
  return /^0*$/.test(id);
}
