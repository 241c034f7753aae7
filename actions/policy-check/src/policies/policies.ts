import {
  ensureCommit,
  type FetchOptions,
  type Machine,
  openRepository,
  packRoot,
  plainFolderTree,
  type Repository,
  readPacks,
  treeAt,
  workingTree,
} from "@gitops-actions/engine";
import {
  contentOf,
  type DescribedNamespaces,
  type Exception,
  exceptionNames,
  type FoundPolicies,
  findPolicies,
  hasPolicies,
  loadConfig,
  loadExceptions,
  loadReviewedConfig,
  parseExceptions,
  policiesAt,
  type RenderedPolicy,
  readRego,
  type Tree,
  versionsOf,
} from "@gitops-actions/fleet";
import { type Unchecked, UsageError } from "@gitops-actions/report";
import type { PolicyInputs } from "../inputs.ts";
import type { Rendered } from "../manifests.ts";
import { readRenderedPolicies } from "./rendered.ts";
import { settleRenders, trustedSide } from "./standins.ts";
import { unrenderedPolicies } from "./unrendered.ts";

/** What judges a run: policies and exceptions, of one tree. */
export interface Judges {
  policies: FoundPolicies;
  /** The policy objects that overlays render: what the cluster gets, whatever the files say. */
  rendered: RenderedPolicy[];
  /** What overlays render and no engine is asked about, with the reason. */
  unasked: Unchecked[];
  /** Overlays of which nobody knows how they would be rendered by the tree that is trusted. */
  unknown?: ReadonlySet<string>;
  /** Where something runs is what the change says, so every version of a policy is asked of it. */
  everywhere?: true;
  exceptions: Exception[];
  /** Folders of values for Rego. */
  data: ReadonlyMap<string, string>[];
  values?: string;
  /** Labels of namespaces, of gitops.yaml. */
  namespaces?: DescribedNamespaces;
}

/** The judges that count, and those that would count once the change is merged, where they differ. */
export interface Trusted {
  judges: Judges;
  proposed?: Judges;
  notes: string[];
}

/**
 * Reads policies at the tip of the base branch: a pull request cannot change what it is judged by. Where that has none
 * yet, the head's count and are marked, or nobody could ever begin. What the change would bring is returned too.
 */
export async function readTrusted(inputs: PolicyInputs, rendered: Rendered, place: Place): Promise<Trusted> {
  const { index } = rendered;
  const { repository, head: headTree } = place;
  const head = await readJudges(headTree, inputs, rendered, "head");
  if (!index?.trusted || !repository) return { judges: head, notes: [] };
  const tip = index.trusted.commit.slice(0, 7);
  const trusted = await place.at(index.trusted.commit);
  const source = await readJudges(trusted, inputs, rendered, trustedSide(index), true);
  const { judges: base, notes } = await settleRenders(source, trusted, rendered, place);
  const first = !hasAny(base) && hasAny(head);
  if (first)
    notes.push(
      `the policies are not yet reviewed: the base branch (${tip}) has none, so this change's count`,
    );
  const judges: Judges = first
    ? { ...head, exceptions: base.exceptions.length > 0 ? base.exceptions : head.exceptions }
    : base;
  if (index.inputs?.configuration && hasVersions(judges)) {
    judges.everywhere = true;
    notes.push(
      "this change alters gitops.yaml, which says what an environment is: policies that are rendered differently are asked in all their versions",
    );
  }
  const differs = fingerprint(judges) !== fingerprint(head);
  if (differs)
    notes.push(
      `this change alters policies, exceptions or their values; what counts is the base branch's (${tip})`,
    );
  return { judges, notes, ...(differs && { proposed: head }) };
}

/** Where policies are read from. */
export interface Place {
  /** Undefined for a folder that is in no repository. */
  repository?: Repository;
  /** What is checked stands in it. */
  head: Tree;
  /** The tree of a commit, which is fetched where a shallow checkout lacks it: what render-overlays fetched is gone. */
  at(commit: string): Promise<Tree>;
}

/** Opens the repository at the commit that was rendered; a folder of manifests may stand in none. */
export async function openPlace(
  folder: string,
  { index }: Rendered,
  options: FetchOptions,
  machine: Machine,
): Promise<Place> {
  let repository: Repository;
  try {
    repository = await openRepository(folder, machine);
  } catch (error) {
    if (index || !(error instanceof UsageError)) throw error;
    const head = await plainFolderTree(folder);
    return { head, at: async () => head };
  }
  const commit = index?.source.head.commit;
  return {
    repository,
    head: commit ? await treeAt(repository, commit) : await workingTree(repository),
    async at(id) {
      await ensureCommit(repository, id, options);
      return await treeAt(repository, id);
    },
  };
}

/** Whether overlays render a policy in more than one way. */
function hasVersions({ policies, rendered }: Judges): boolean {
  const versions = versionsOf(policies, rendered);
  return policiesAt(policies, versions, { cluster: "", environment: "" }).length > 1;
}

function hasAny({ policies, rendered }: Judges): boolean {
  return hasPolicies(policies) || rendered.length > 0;
}

async function readJudges(
  tree: Tree,
  inputs: PolicyInputs,
  rendered: Rendered,
  side: "base" | "head",
  lenient = false,
): Promise<Judges> {
  const present = (path: string): boolean =>
    !lenient || tree.get(clean(path)) !== undefined || clean(path) === "";
  const paths = inputs.policy.filter(present);
  // Paths that the base branch does not have yet must not turn into "the usual places".
  const absent = inputs.policy.length > 0 && paths.length === 0;
  const policies: FoundPolicies = absent
    ? { rego: [], kyverno: [], gatekeeper: [], admission: [], others: [], aside: [] }
    : await findPolicies(tree, paths);
  const data = await Promise.all(inputs.data.filter(present).map((path) => readData(tree, clean(path))));
  const values =
    inputs.valuesFile && present(inputs.valuesFile)
      ? await readText(tree, clean(inputs.valuesFile), "values-file")
      : undefined;
  // Wrong at the base: no labels are known by it, which is said of each policy that needs some.
  const config = lenient ? (await loadReviewedConfig(tree)).config : await loadConfig(tree);
  const { namespaces } = config;
  const made = readRenderedPolicies(rendered, side, policies, tree, inputs);
  const unrendered = rendered.index
    ? await unrenderedPolicies(policies, made.rendered, rendered.index, tree, config)
    : [];
  return {
    policies,
    rendered: made.rendered,
    unasked: [...made.unasked, ...unrendered],
    data,
    exceptions: await readExceptions(tree, inputs, present),
    ...(namespaces && { namespaces }),
    ...(values !== undefined && { values }),
  };
}

async function readExceptions(
  tree: Tree,
  { exceptions }: PolicyInputs,
  present: (path: string) => boolean,
): Promise<Exception[]> {
  if (exceptions === undefined) return await loadExceptions(tree);
  if (!present(exceptions)) return [];
  return parseExceptions(await readText(tree, clean(exceptions), "exceptions"), clean(exceptions));
}

async function readData(tree: Tree, folder: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const { path, kind } of tree.entries()) {
    if (kind !== "file" || !/\.(?:ya?ml|json)$/.test(path)) continue;
    if (path === folder) files.set(path.slice(path.lastIndexOf("/") + 1), await decode(tree, path));
    else if (folder === "" || path.startsWith(`${folder}/`))
      files.set(folder === "" ? path : path.slice(folder.length + 1), await decode(tree, path));
  }
  if (files.size === 0) throw new UsageError(`data: ${folder || "."} holds no YAML or JSON in ${tree.name}.`);
  return files;
}

async function readText(tree: Tree, path: string, input: string): Promise<string> {
  if (tree.get(path)?.kind !== "file")
    throw new UsageError(`${input}: ${path} is not a file of ${tree.name}.`);
  return await decode(tree, path);
}

async function decode(tree: Tree, path: string): Promise<string> {
  return new TextDecoder().decode(await tree.read(path));
}

function clean(path: string): string {
  const trimmed = path.replace(/^(?:\.\/)+/, "").replace(/\/+$/, "");
  return trimmed === "." ? "" : trimmed;
}

/** The built-in packs as policies. They come with this release, not from the repository. */
export function addPacks(policies: FoundPolicies, packs: readonly string[]): FoundPolicies {
  if (packs.length === 0) return policies;
  const files = [...readPacks(packs)].map(([path, text]) => readRego(path, text));
  return { ...policies, rego: [...policies.rego, { root: packRoot, files, data: [] }] };
}

/** Equal for judges that judge alike. */
function fingerprint({ policies, rendered, exceptions, data, values, namespaces }: Judges): string {
  const objects = [...policies.kyverno, ...policies.gatekeeper, ...policies.admission, ...policies.others];
  return JSON.stringify([
    policies.rego.map(({ files, data: own }) => [files.map(({ path, text }) => [path, text]), own]),
    objects.map(({ path, resource }) => [path, resource.text]),
    rendered.map((policy) => [policy.overlay, contentOf(policy)]).sort(),
    exceptions.map(({ location: _, ...rest }) => rest),
    data.map((files) => [...files]),
    values ?? "",
    namespaces ?? {},
  ]);
}

/** Codes of the ToolError of a tool that cannot be had. A wrong checksum is none of them. */
export const absentCodes: readonly string[] = ["download", "no-release", "not-found", "go"];

/** Where exceptions would be written, for messages. */
export const exceptionsPlace = exceptionNames[0];
