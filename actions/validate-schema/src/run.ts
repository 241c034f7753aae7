import { resolve } from "node:path";
import { type Host, workspaceOf } from "@gitops-actions/action";
import {
  ensureCommit,
  ensureTool,
  type FetchOptions,
  findDefinitionFiles,
  findKubernetesPack,
  listPacks,
  openRepository,
  type Progress,
  type Repository,
  readLifecycles,
  readPack,
  readSchemaLocations,
  treeAt,
  workingTree,
} from "@gitops-actions/engine";
import { ignoreMatcher, loadReviewedConfig, type Tree } from "@gitops-actions/fleet";
import { makeReport, type Report, UsageError } from "@gitops-actions/report";
import type { FluxUse } from "./aside.ts";
import { crdFiles, unrenderedVersions } from "./charts.ts";
import { type Check, checkGroups } from "./check.ts";
import {
  createConverter,
  type Definition,
  renderedDefinitions,
  repositoryDefinitions,
} from "./definitions.ts";
import { type Rendered, readDocuments, type SideName } from "./documents.ts";
import type { ValidateInputs } from "./inputs.ts";
import type { Locate } from "./locations.ts";
import { createLocator } from "./origins.ts";
import { reportParts } from "./reporting.ts";
import { createSchemas } from "./schemas.ts";

/** What a run is given besides its inputs. */
export interface ValidateWorld {
  host: Host;
  progress: Progress;
  signal: AbortSignal;
  /** Random bytes with which Secret values are compared; never kept. */
  secretKey: Uint8Array;
  /** Finds the line that made a field of a rendered resource; without it, what the index says holds. */
  locate?: Locate;
}

export interface ValidateOutcome {
  report: Report;
}

/**
 * Says whether the API servers of some Kubernetes versions would accept what is rendered.
 * Throws UsageError for wrong inputs, ToolError when kubeconform or Git fails; what is wrong with a manifest is a finding.
 */
export async function run(inputs: ValidateInputs, world: ValidateWorld): Promise<ValidateOutcome> {
  const { host, progress, signal } = world;
  const root = workspaceOf(host);
  const { locations, versions, others } = checkSettings(inputs, root);
  const kubernetes = new Map([...versions].map(([version, entry]) => [version, readPack(entry)]));
  const packs = others.map((entry) => readPack(entry));

  progress("Reading manifests");
  const rendered = readDocuments(inputs.manifests, root, inputs.ignoreFilenamePatterns);
  const repository = await open(inputs.path, host);
  try {
    const trees = repository ? await readTrees(repository, rendered, fetchOptions(inputs, signal)) : {};
    rendered.groups.push(...(await crdFiles(rendered, trees)));
    rendered.skipped.push(...(await unrenderedVersions(rendered, trees.head, inputs.kubernetesVersions)));
    const definitions = await findDefinitions(rendered, repository, trees, inputs.crds);
    const schemas = createSchemas(kubernetes, packs, definitions, inputs.strict);
    const tool = await ensureTool("kubeconform", inputs.tools, host, progress, { signal });
    const ruler = inputs.engines.includes("kubectl-validate")
      ? await ensureTool("kubectl-validate", inputs.tools, host, progress, { signal })
      : undefined;

    progress(`Validating against Kubernetes ${inputs.kubernetesVersions.join(", ")}`);
    const lifecycles = readLifecycles();
    const settings = { inputs, schemas, lifecycles, locations, tool, ruler, machine: host, signal };
    const checks = await checkGroups(rendered.groups, settings);
    const locate =
      world.locate ?? (trees.head && createLocator(trees.head, { host, signal, tools: inputs.tools }));
    const flux = await findFlux(checks, rendered, repository);
    const parts = await reportParts(
      { rendered, checks, definitions, schemas, kubernetes, packs, tool, ruler, flux },
      inputs,
      { secretKey: world.secretKey, progress, cores: host.cores, ...(locate && { locate }) },
    );
    return { report: makeReport({ ...parts, action: "validate-schema" }) };
  } finally {
    await repository?.close();
  }
}

/** Where schemas are, for settings that a run can make sense of. Throws UsageError for others; nothing is read or fetched. */
export function checkSettings(inputs: ValidateInputs, root: string) {
  const hosts = new Set(inputs.allowSchemaHosts);
  const entries = listPacks();
  return {
    locations: readSchemaLocations(absolute(inputs.schemaLocations, root), hosts),
    versions: new Map(
      inputs.kubernetesVersions.map((version) => [version, findKubernetesPack(version, entries)]),
    ),
    others: entries.filter((entry) => !entry.kubernetes),
  };
}

function fetchOptions({ fetch, token }: ValidateInputs, signal: AbortSignal): FetchOptions {
  return { fetch, signal, ...(token && { token }) };
}

/** Templates that are no URLs are paths, relative to the workspace and inside it. */
function absolute(locations: readonly string[], root: string): string[] {
  return locations.map((location) => {
    if (location === "default" || /^https?:/i.test(location)) return location;
    const path = resolve(root, location);
    if (path === root || path.startsWith(`${root}/`)) return path;
    throw new UsageError(`schema-locations: ${location} is outside the workspace`);
  });
}

/** The repository at the two commits that were rendered. */
type Trees = Partial<Record<SideName, Tree>>;

async function readTrees(
  repository: Repository,
  { source, groups }: Rendered,
  options: FetchOptions,
): Promise<Trees> {
  const { head, base } = source;
  const headTree =
    head.commit === null || head.dirty
      ? await workingTree(repository)
      : await treeAt(repository, head.commit);
  const isCompared = base && groups.some(({ side }) => side === "base");
  // render-overlays fetched it for itself and left the checkout as it was.
  if (isCompared) await ensureCommit(repository, base.commit, options);
  return { head: headTree, ...(isCompared && { base: await treeAt(repository, base.commit) }) };
}

async function findDefinitions(
  rendered: Rendered,
  repository: Repository | undefined,
  trees: Trees,
  folders: readonly string[],
): Promise<Definition[]> {
  const convert = createConverter();
  // Files count as files of the repository.
  const found = renderedDefinitions(
    rendered.groups.filter(({ isFile }) => !isFile),
    convert,
  );
  const { head, base } = rendered.source;
  if (!repository || !trees.head) return found;
  const files = await findDefinitionFiles(
    repository,
    { tree: trees.head, commit: head.dirty ? null : head.commit },
    trees.base && base && { tree: trees.base, commit: base.commit },
  );
  requireFolders(folders, trees.head);
  const { config } = await loadReviewedConfig(trees.head);
  const places = { overlays: rendered.overlays, isIgnored: ignoreMatcher(config.ignore) };
  for (const side of ["head", "base"] as const)
    found.push(...repositoryDefinitions(files[side], side, folders, places, convert));
  return found;
}

/** A folder that is not there holds no definitions, and whoever named it counts on some. */
function requireFolders(folders: readonly string[], tree: Tree): void {
  for (const folder of folders) {
    const clean = folder.replace(/^\.\//, "").replace(/\/+$/, "");
    if (clean === "" || clean === "." || tree.get(clean)) continue;
    throw new UsageError(`crds: ${folder} is not in the repository. Name a folder relative to its root.`);
  }
}

/** Whether anything that is rendered or lies in the repository names Flux; asked only where that matters. */
async function findFlux(
  checks: readonly Check[],
  { groups, source }: Rendered,
  repository: Repository | undefined,
): Promise<FluxUse> {
  const word = "toolkit.fluxcd.io";
  const isOpen = ({ verdict, ruled }: Check) => [verdict, ruled].some((each) => each?.status === "invalid");
  if (!checks.some((check) => isOpen(check) && check.resource.text.includes("${"))) return "unknown";
  if (groups.some(({ resources }) => resources.some(({ text }) => text.includes(word)))) return "used";
  if (!repository) return "unknown";
  const { commit, dirty } = source.head;
  const isCommit = commit !== null && !dirty;
  const args = ["grep", "-q", "-a", "-F", "-e", word, isCommit ? commit : "--untracked"];
  const { exitCode } = await repository.git(args, isCommit ? {} : { cwd: repository.root });
  return exitCode === 0 ? "used" : exitCode === 1 ? "absent" : "unknown";
}

/** The repository whose files hold definitions; none when the folder is not in one. */
async function open(path: string, host: Host): Promise<Repository | undefined> {
  try {
    const repository = await openRepository(resolve(workspaceOf(host), path), host);
    if (!repository.bare) return repository;
    await repository.close();
    return undefined;
  } catch (error) {
    if (error instanceof UsageError) return undefined;
    throw error;
  }
}
