import { ApiError } from "@gitops-actions/action";
import { fetchHistory, pushRef, type Repository, remoteRefs, treeAt } from "@gitops-actions/engine";
import type { Forge, ForgeCommit } from "./forge.ts";
import { agree, readCommit } from "./reading.ts";

/** A commit that was made here, and that the forge should make anew so that it is signed. */
export interface Draft {
  /** The commit as it was made here, on `tip`. */
  commit: string;
  tip: string;
  message: string;
  /** The files it writes. */
  paths: readonly string[];
}

type Reach = Parameters<typeof pushRef>[4];

/** What became of it. `unsigned`: the forge does not make such a commit, or may not; it can still be pushed. */
export type Signed =
  | { kind: "done"; commit: string }
  | { kind: "moved" }
  | { kind: "unsigned"; because: string };

const folder = "refs/heads/gitops/signing/";

/** GitHub takes requests of some 40 MB; what is larger is no version. */
const mostBytes = 10_000_000;

/** Makes a draft a signed commit on a branch that is at its tip: taken only if that is still so, and read back. */
export async function signOnBranch(
  repository: Repository,
  forge: Forge,
  branch: string,
  draft: Draft,
  options: Reach,
): Promise<Signed> {
  const parts = await partsOf(repository, branch, draft);
  if ("because" in parts) return { kind: "unsigned", because: parts.because };
  const find = () => findSigned(repository, branch, draft, options);
  try {
    const commit = await forge.commitSigned(parts, find);
    // What comes next may stand on it.
    await fetchHistory(repository, branch, options);
    return (await repository.object(commit)) ? { kind: "done", commit } : { kind: "moved" };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const ref = `refs/heads/${branch}`;
    const now = (await remoteRefs(repository, [ref], options)).get(ref);
    if (now !== draft.tip) {
      const made = await find();
      return made === undefined ? { kind: "moved" } : { kind: "done", commit: made };
    }
    return { kind: "unsigned", because: error.message };
  }
}

/**
 * Makes a draft a signed commit that lies on no lasting branch, and answers its id, fetched: on a branch of its own, which
 * is gone afterwards. So the branch of an open pull request never shows the commit it stands on, which would close it.
 */
export async function signAside(
  repository: Repository,
  forge: Forge,
  draft: Draft,
  options: Reach,
): Promise<Signed> {
  const branch = `${folder.slice("refs/heads/".length)}${draft.commit.slice(0, 20)}`;
  const ref = `refs/heads/${branch}`;
  const before = (await remoteRefs(repository, [ref], options)).get(ref);
  if (before === undefined) {
    const pushed = await pushRef(repository, ref, undefined, draft.tip, options);
    if (pushed.kind === "refused") return { kind: "unsigned", because: pushed.reason };
  }
  const made =
    before === undefined || before === draft.tip
      ? await signOnBranch(repository, forge, branch, draft, options)
      : await foundOn(repository, branch, draft, options);
  const last = (await remoteRefs(repository, [ref], options)).get(ref);
  if (last !== undefined) await pushRef(repository, ref, last, undefined, options);
  return made;
}

/**
 * Removes branches on which commits were signed and which a run left behind: those whose commit has arrived on a branch of
 * ours, and those on a tip that is none any more. What another run may be using now stays.
 */
export async function tidySigning(
  repository: Repository,
  tips: ReadonlySet<string>,
  options: Reach,
): Promise<void> {
  const refs = await remoteRefs(repository, ["refs/heads/gitops/*"], options);
  const aside = [...refs].filter(([ref]) => ref.startsWith(folder));
  const arrived = new Set([...refs].flatMap(([ref, id]) => (ref.startsWith(folder) ? [] : [id])));
  for (const [ref, id] of aside) {
    if (tips.has(id)) continue;
    if (!arrived.has(id)) {
      await fetchHistory(repository, ref.slice("refs/heads/".length), options);
      const { parent } = await readCommit(repository, id);
      if (parent !== undefined && tips.has(parent)) continue;
    }
    await pushRef(repository, ref, id, undefined, options);
  }
}

async function foundOn(
  repository: Repository,
  branch: string,
  draft: Draft,
  options: Reach,
): Promise<Signed> {
  const commit = await findSigned(repository, branch, draft, options);
  return commit === undefined ? { kind: "moved" } : { kind: "done", commit };
}

/** The tip of a branch, if it is the draft as the forge makes it: same parent, same words, same files. */
async function findSigned(
  repository: Repository,
  branch: string,
  { commit, tip, message, paths }: Draft,
  options: Reach,
): Promise<string | undefined> {
  const now = await fetchHistory(repository, branch, options);
  if (now === undefined || now === tip) return undefined;
  const { parent, said } = await readCommit(repository, now);
  const same =
    parent === tip && said.trim() === message.trim() && (await agree(repository, [now, commit], paths));
  return same ? now : undefined;
}

async function partsOf(
  repository: Repository,
  branch: string,
  { commit, tip, message, paths }: Draft,
): Promise<ForgeCommit | { because: string }> {
  const tree = await treeAt(repository, commit);
  const parts: ForgeCommit & { additions: { path: string; contents: Uint8Array }[]; deletions: string[] } = {
    branch,
    tip,
    message,
    additions: [],
    deletions: [],
  };
  let size = 0;
  for (const path of paths) {
    const entry = tree.get(path);
    if (!entry) {
      parts.deletions.push(path);
      continue;
    }
    if (entry.executable)
      return { because: `${path} is executable, and GitHub would make it an ordinary file` };
    const contents = (await repository.object(entry.id))?.bytes;
    if (!contents) return { because: `the contents of ${path} are not here` };
    size += contents.length;
    if (size > mostBytes) return { because: `its files are larger than ${mostBytes / 1_000_000} MB` };
    parts.additions.push({ path, contents });
  }
  return parts;
}
