import { type FileWrite, makeCommit, pushRef, type Repository, treeAt } from "@gitops-actions/engine";
import type { Plan } from "@gitops-actions/fleet";
import { type MarkdownSection, ToolError } from "@gitops-actions/report";
import { filesOf, formatMessage, type Story } from "./change.ts";
import type { PromoteInputs } from "./inputs.ts";
import { type Proof, prove } from "./proof.ts";
import { type PullParts, putPull } from "./pull.ts";
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
  /** For a rollback, the commit whose result it is meant to restore. */
  ran?: string;
  story: Story;
  /** The date of the commit: the same change makes the same commit. */
  date: Date;
  /** What a pull request says. */
  pull: Omit<PullParts, "base" | "section">;
}

/** What became of a change. `differs`: of a rollback, overlays that will not be what they were then. `moved`: the branch is no longer where it was read; look again and decide anew. */
export type Delivery =
  | { kind: "moved" }
  | { kind: "nothing" }
  | { kind: "pushed"; commit: string; proof?: Proof; differs?: string[] }
  | {
      kind: "pull";
      number: number;
      url: string;
      done: "opened" | "updated" | "kept";
      proof?: Proof;
      differs?: string[];
    }
  | { kind: "refused"; because: string; proof?: Proof };

const author = { name: "gitops-actions", email: "gitops-actions@users.noreply.github.com" };

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
  const commit = await makeCommit(repository, {
    parent: change.tip,
    files,
    message,
    author,
    date: change.date,
  });
  if (commit === change.tip) return { kind: "nothing" };
  const proof =
    inputs.prove && change.plans.length > 0
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
  if (strategy === "direct") return { ...(await push(repository, change, commit, inputs, world)), ...shown };
  const { forge } = world;
  if (!forge)
    return {
      kind: "refused",
      because: "a pull request needs a token: set the input 'token', or `strategy: direct`",
      ...shown,
    };
  const section: MarkdownSection | undefined = proof?.section;
  const parts: PullParts = { ...change.pull, base: change.branch, ...(section ? { section } : {}) };
  const made = await putPull(
    repository,
    forge,
    { parts, commit, tip: change.tip, message, paths: files.map(({ path }) => path) },
    fetchOptions(inputs, world),
  );
  return made.kind === "pull" ? { ...made, ...shown } : made;
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

async function push(
  repository: Repository,
  change: Change,
  commit: string,
  inputs: PromoteInputs,
  world: PromoteWorld,
): Promise<Delivery> {
  const result = await pushRef(
    repository,
    `refs/heads/${change.branch}`,
    change.tip,
    commit,
    fetchOptions(inputs, world),
  );
  if (result.kind === "done") return { kind: "pushed", commit };
  if (result.kind === "moved") return result;
  return {
    kind: "refused",
    because: `${change.branch} does not take the push: ${result.reason}. Allow it, or use strategy: pull-request`,
  };
}

function proofOf(
  repository: Repository,
  change: Change,
  commit: string,
  inputs: PromoteInputs,
  world: PromoteWorld,
): Promise<Proof> {
  const { tools, allowRemoteBases } = inputs;
  const settings = { tools, allowRemoteBases, kustomizeBuildArgs: [] };
  return prove(repository, { base: change.tip, head: commit }, change, settings, world).catch(
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

function refusalOf(proof: Proof, { apps, environment }: Change): string | undefined {
  const aim = `${apps.join(", ")} in ${environment}`;
  if (proof.others.length > 0)
    return `it would change ${proof.others.join(", ")} as well, and is meant for ${aim}`;
  if (proof.unknown.length > 0)
    return `${proof.unknown.join(", ")} cannot be rendered, so what it changes is not known`;
  return undefined;
}
