import {
  type FileWrite,
  makeCommit,
  makeMerge,
  pushRef,
  type Repository,
  treeAt,
} from "@gitops-actions/engine";
import type { Plan, Tree } from "@gitops-actions/fleet";
import { type MarkdownSection, ToolError } from "@gitops-actions/report";
import { filesOf, formatMessage, type Story } from "./change.ts";
import type { PromoteInputs } from "./inputs.ts";
import type { Merge } from "./merging.ts";
import { type Proof, prove } from "./proof.ts";
import { type MadePull, type PullParts, putPull } from "./pull.ts";
import { type Draft, signOnBranch } from "./signing.ts";
import type { PromoteWorld } from "./world.ts";

/** Something to be written: to a branch at once, or as a pull request to it. */
export interface Change {
  /** `web` and `prod`, or several apps where they move together. */
  apps: readonly string[];
  environment: string;
  /** Name and tip of the branch it goes to. */
  branch: string;
  tip: string;
  plans: readonly Plan[];
  /** Files besides those that plans write. */
  more?: readonly FileWrite[];
  /** A commit all of which is taken over, versions first, and the paths that stay. */
  merge?: { theirs: string; keep: (path: string) => boolean };
  /** For a rollback, the commit whose result it is meant to restore. */
  ran?: string;
  story: Story;
  /** The date of the commit: the same change makes the same commit. */
  date: Date;
  /** Whether GitHub is to make the commit, so that it is signed; it does where nothing is said. */
  sign?: boolean;
  /** What a pull request says. */
  pull: Omit<PullParts, "base" | "section">;
}

/** What became of a change. `differs`: of a rollback, overlays that will not be what they were then. `moved`: the branch is no longer where it was read; look again and decide anew. */
export type Delivery =
  | { kind: "moved" }
  | { kind: "nothing" }
  | { kind: "pushed"; commit: string; notes?: string[]; proof?: Proof; differs?: string[] }
  | (MadePull & {
      /** What became of its merge, where promote-env merges. */
      merge?: Merge;
      proof?: Proof;
      differs?: string[];
    })
  | { kind: "declined"; number: number; url: string; proof?: Proof; differs?: string[] }
  | { kind: "refused"; because: string; proof?: Proof };

/** Whose commits and tags ours are. */
export const author = { name: "gitops-actions", email: "gitops-actions@users.noreply.github.com" };

/** Makes the commit of a change, shows what it reaches, and delivers it. Throws ToolError when Git or GitHub fail. */
export async function deliver(
  repository: Repository,
  change: Change,
  strategy: "direct" | "pull-request",
  inputs: PromoteInputs,
  world: PromoteWorld,
): Promise<Delivery> {
  const tree = await treeAt(repository, change.tip);
  const files = [...(await filesOf(tree, change.plans)), ...(change.more ?? [])];
  const message = formatMessage(change.story);
  const parts = { parent: change.tip, files, message, author, date: change.date };
  const made = change.merge
    ? await mergeAll(repository, change, parts)
    : { kind: "done" as const, commit: await makeCommit(repository, parts) };
  if (made.kind !== "done") return made;
  const { commit } = made;
  if (commit === change.tip) return { kind: "nothing" };
  const proof =
    inputs.prove && (change.plans.length > 0 || change.merge)
      ? await proofOf(repository, change, commit, inputs, world)
      : undefined;
  const refusal = proof && refusalOf(proof, change);
  if (refusal) return { kind: "refused", because: refusal, proof: proof! };
  const then =
    change.ran !== undefined && proof
      ? await proofOf(repository, { ...change, tip: change.ran }, commit, inputs, world)
      : undefined;
  const differs = then?.changed.filter((id) => !then.others.includes(id));
  const shown = { ...(proof ? { proof } : {}), ...(differs ? { differs } : {}) };
  const paths = change.merge
    ? differing(tree, await treeAt(repository, commit))
    : files.map(({ path }) => path);
  const draft = { commit, tip: change.tip, message, paths };
  if (strategy === "direct") return { ...(await push(repository, change, draft, inputs, world)), ...shown };
  const { forge } = world;
  if (!forge)
    return {
      kind: "refused",
      because: "a pull request needs a token: set the input 'token', or `strategy: direct`",
      ...shown,
    };
  const section: MarkdownSection | undefined = proof?.section;
  const pull: PullParts = { ...change.pull, base: change.branch, ...(section ? { section } : {}) };
  const put = await putPull(
    repository,
    forge,
    { parts: pull, ...draft, sign: maySign(change) },
    fetchOptions(inputs, world),
  );
  return put.kind === "pull" || put.kind === "declined" ? { ...put, ...shown } : put;
}

/**
 * Merges all of a commit. Versions are written first, as any promotion writes them, so that one that was taken back here
 * does not stand against the one that comes; everything else is Git's three-way merge.
 */
async function mergeAll(
  repository: Repository,
  { merge, branch, environment }: Change,
  parts: Parameters<typeof makeCommit>[1],
): Promise<{ kind: "done"; commit: string } | Extract<Delivery, { kind: "nothing" | "refused" }>> {
  const { parent, message, date } = parts;
  const { theirs, keep } = merge!;
  const prepared = await makeCommit(repository, parts);
  const wanted = { ours: parent, theirs, keep, message, author, date };
  const first = await makeMerge(repository, { ...wanted, prepared });
  const made = first.kind === "conflict" ? ((await mergePlainly(repository, wanted, parts)) ?? first) : first;
  const short = theirs.slice(0, 7);
  if (made.kind === "conflict")
    return {
      kind: "refused",
      because: `${short} does not merge into ${branch}: both sides have changed ${made.paths.join(", ")}. Merge it by hand (git merge ${short} on ${branch}), or name in promotion.own of gitops.yaml what ${environment} has for itself`,
    };
  if (made.kind === "unrelated")
    return {
      kind: "refused",
      because: `${branch} and ${short} have no history in common, so nothing tells what changed. Create ${branch} from the branch before it, or use another strategy`,
    };
  return made;
}

/**
 * Merges without writing versions first: what comes may have changed their lines further. Undefined unless the files with
 * versions become what they are there.
 */
async function mergePlainly(
  repository: Repository,
  wanted: Parameters<typeof makeMerge>[1],
  { files }: Parameters<typeof makeCommit>[1],
): Promise<{ kind: "done"; commit: string } | undefined> {
  const made = await makeMerge(repository, wanted);
  if (made.kind !== "done") return undefined;
  const [merged, theirs] = await Promise.all([
    treeAt(repository, made.commit),
    treeAt(repository, wanted.theirs),
  ]);
  return files.every(({ path }) => merged.get(path)?.id === theirs.get(path)?.id) ? made : undefined;
}

/** The files that are not the same in two trees. */
function differing(a: Tree, b: Tree): string[] {
  const paths = new Set([...a.entries(), ...b.entries()].map(({ path }) => path));
  const idOf = (tree: Tree, path: string) => {
    const entry = tree.get(path);
    return entry && entry.kind !== "directory" ? entry.id : undefined;
  };
  return [...paths].filter((path) => idOf(a, path) !== idOf(b, path)).sort();
}

/** How this run reaches the remote. */
export function fetchOptions(inputs: PromoteInputs, { signal, host }: PromoteWorld) {
  const serverUrl = host.env.GITHUB_SERVER_URL;
  return {
    fetch: inputs.fetch,
    signal,
    ...(inputs.token ? { token: inputs.token } : {}),
    ...(serverUrl ? { serverUrl } : {}),
  };
}

/** A merge has two parents, and GitHub makes only commits with one. */
function maySign({ sign = true, merge }: Change): boolean {
  return sign && !merge;
}

async function push(
  repository: Repository,
  change: Change,
  draft: Draft,
  inputs: PromoteInputs,
  world: PromoteWorld,
): Promise<Delivery> {
  const options = fetchOptions(inputs, world);
  const notes: string[] = [];
  if (world.forge && maySign(change)) {
    const signed = await signOnBranch(repository, world.forge, change.branch, draft, options);
    if (signed.kind === "moved") return signed;
    if (signed.kind === "done") return { kind: "pushed", commit: signed.commit, notes };
    notes.push(`its commit is not signed: ${signed.because}`);
  }
  const ref = `refs/heads/${change.branch}`;
  const result = await pushRef(repository, ref, change.tip, draft.commit, options);
  if (result.kind === "done") return { kind: "pushed", commit: draft.commit, notes };
  if (result.kind === "moved") return result;
  return {
    kind: "refused",
    because: `${change.branch} does not take the push: ${result.reason}. Allow it, or use strategy: pull-request`,
  };
}

/** Renders what a commit changes. All of a commit may reach every app of its environment. */
export function proofOf(
  repository: Repository,
  change: Change,
  commit: string,
  inputs: PromoteInputs,
  world: PromoteWorld,
): Promise<Proof> {
  const { tools, allowRemoteBases } = inputs;
  const settings = { tools, allowRemoteBases, kustomizeBuildArgs: [] };
  const aim = { apps: change.merge ? undefined : change.apps, environment: change.environment };
  return prove(repository, { base: change.tip, head: commit }, aim, settings, world).catch(
    (error: unknown) => {
      if (!(error instanceof ToolError)) throw error;
      throw new ToolError(
        error.code,
        `what this changes could not be rendered: ${error.message} Mend that, or set \`prove: false\` to go without.`,
        { cause: error },
      );
    },
  );
}

/** Why a change may not be delivered, by what it was seen to reach. */
export function refusalOf(proof: Proof, { apps, environment }: Change): string | undefined {
  const aim = `${apps.join(", ")} in ${environment}`;
  if (proof.others.length > 0)
    return `it would change ${proof.others.join(", ")} as well, and is meant for ${aim}`;
  if (proof.unknown.length > 0)
    return `${proof.unknown.join(", ")} cannot be rendered, so what it changes is not known`;
  return undefined;
}
