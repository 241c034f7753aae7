import { type Repository, type Tag, treeAt } from "@gitops-actions/engine";
import { cellKey, readCells, signatureOf, type Transition, type WalkOptions } from "@gitops-actions/fleet";

/** What an environment has run, as the tag that marks it says: the commit, and since when (seconds since 1970). */
interface Ran {
  commit: string;
  at: number;
  /** What ran before it is not known. */
  first?: true;
}

/** A tag that marks what an environment runs. */
export interface Mark {
  /** Id of what the ref holds: it is moved only from there. */
  object: string;
  /** Newest first; never empty. */
  ran: Ran[];
}

/** How much of the past a tag's message keeps. */
const most = 20;

/** Reads a tag. One that is only a name for a commit says nothing of when it came there. */
export function markOf(tag: Tag): Mark {
  const lines = tag.tagged?.message.matchAll(/^Gitops-Ran: ([0-9a-f]{40,64}) (\S+)$/gm) ?? [];
  const past = [...lines].map(([, commit = "", time = ""]): Ran => ({ commit, at: Date.parse(time) / 1000 }));
  const ran: Ran[] = [{ commit: tag.commit, at: tag.tagged?.at ?? Number.NaN }, ...past];
  // A tag that promote-env did not make, or the oldest thing it remembers: what was before is not known.
  return {
    object: tag.object,
    ran: ran.map((each, index) => (index === ran.length - 1 ? { ...each, first: true } : each)),
  };
}

/** The trailers by which a tag that moves on remembers what ran before. */
export function pastTrailers({ ran }: Mark): [string, string][] {
  return ran
    .filter(({ at }) => Number.isFinite(at))
    .slice(0, most)
    .map(({ commit, at }) => ["Gitops-Ran", `${commit} ${new Date(at * 1000).toISOString()}`]);
}

/** What each app ran, from the commits a tag has marked: newest first, by `cellKey`. */
export async function readMarks(
  repository: Repository,
  ran: readonly Ran[],
  options: Pick<WalkOptions, "config" | "environment">,
): Promise<Map<string, Transition[]>> {
  const found = new Map<string, Transition[]>();
  for (const { commit, at, first } of [...ran].reverse()) {
    const cells = await readCells(await treeAt({ ...repository }, commit), options);
    const own = new Map(
      cells.filter((cell) => cell.environment === options.environment).map((cell) => [cellKey(cell), cell]),
    );
    const log = { id: commit, parents: [], committed: at, changes: [] };
    for (const key of new Set([...found.keys(), ...own.keys()])) {
      const transitions = found.get(key) ?? [];
      const cell = own.get(key);
      const [newest] = transitions;
      if (newest && signatureOf(newest.cell) === signatureOf(cell)) newest.last = log;
      else
        transitions.unshift({
          commit: log,
          last: log,
          ...(cell ? { cell } : {}),
          ...(first ? { cut: true as const } : {}),
        });
      found.set(key, transitions);
    }
  }
  return found;
}
