import { resolve } from "node:path";
import { type Host, workspaceOf } from "@gitops-actions/action";
import { fetchHistory, openRepository, remoteHead, remoteUrl, treeAt } from "@gitops-actions/engine";
import {
  type Config,
  defaultPromotion,
  loadConfig,
  orderEnvironments,
  readCells,
  sourcesOf,
  type Tree,
} from "@gitops-actions/fleet";
import { makeFinding, makeReport, type Report, UsageError } from "@gitops-actions/report";
import { holdsPath } from "../holds.ts";
import { judgeBranch, readBranchFacts, requiredChecks, type WatchedBranch } from "./branches.ts";
import type { Diagnosis } from "./diagnosis.ts";
import type { Inspection } from "./inspection.ts";
import { judgeOwners, ownersPaths } from "./owners.ts";
import { judgeRemote } from "./remote.ts";
import { type JobCheck, judgeChecks, readWorkflow } from "./workflows.ts";

export interface DoctorWorld {
  host: Host;
  signal: AbortSignal;
  token?: string;
  /** `owner/name`, and GitHub, where a token was given. */
  repository?: string;
  inspection?: Inspection;
  /** Whether the remote may be asked. */
  fetch: boolean;
}

export interface Examination {
  report: Report;
  diagnoses: Diagnosis[];
}

/**
 * Looks at what keeps a GitOps repository safe, besides its manifests: rules of branches, owners, required checks,
 * workflows and what the token may do. Reads only, and without admin rights. Throws UsageError where there are no
 * environments, ToolError when Git or GitHub fail.
 */
export async function examine(path: string, world: DoctorWorld): Promise<Examination> {
  const repository = await openRepository(resolve(workspaceOf(world.host), path), world.host);
  try {
    const options = {
      fetch: world.fetch,
      signal: world.signal,
      ...(world.token ? { token: world.token } : {}),
    };
    const branch = await remoteHead(repository, options);
    if (branch === undefined)
      throw new UsageError(
        "the default branch is not known: HEAD is detached and there is no remote to ask.",
      );
    const tip = await fetchHistory(repository, branch, options);
    if (tip === undefined) throw new UsageError(`there is no branch ${branch}.`);
    const tree = await treeAt(repository, tip);
    const config = await loadConfig(tree);
    const remote = judgeRemote(world.repository, remoteUrl(repository));
    const diagnoses = [...remote, ...(await diagnose(tree, config, branch, tip, world))];
    return { diagnoses, report: reportOf(diagnoses, tip, world.repository) };
  } finally {
    await repository.close();
  }
}

async function diagnose(
  tree: Tree,
  config: Config,
  branch: string,
  tip: string,
  { inspection, token, repository }: DoctorWorld,
): Promise<Diagnosis[]> {
  const found: Diagnosis[] = [];
  const workflows = await readWorkflows(tree);
  found.push(...workflows.diagnoses);
  const owners = await readOwners(tree);
  const paths = await productionPaths(tree, config);
  if (!inspection) {
    found.push({
      check: "github",
      on: "repository",
      state: "unknown",
      message: `rules, owners and tokens could not be looked at: set ${wanting(token, repository)}`,
    });
    return [...found, ...judgeOwners(owners, paths, undefined, undefined)];
  }
  let asked: boolean | undefined = true;
  for (const watched of watchedBranches(config, branch)) {
    const facts = await readBranchFacts(inspection, watched.name);
    found.push(...judgeBranch(watched, facts));
    const queue = facts.rules?.some(({ type }) => type === "merge_queue") ?? false;
    const seen = await seenChecks(inspection, watched.name, watched.name === branch ? tip : undefined);
    found.push(...judgeChecks(watched.name, requiredChecks(facts), workflows.jobs, seen, queue));
    const pull = facts.rules?.find(({ type }) => type === "pull_request");
    const here = pull
      ? (pull.parameters?.require_code_owner_review ?? false)
      : facts.rules && !facts.protection?.protected
        ? false
        : undefined;
    if (asked === true || here === false) asked = here;
  }
  found.push(...judgeOwners(owners, paths, asked, owners ? await inspection.ownersErrors() : undefined));
  return [...found, ...(await judgeTokens(inspection))];
}

/** What has to be set before GitHub can be asked. */
function wanting(token: string | undefined, repository: string | undefined): string {
  return [...(token ? [] : ["GITHUB_TOKEN"]), ...(repository ? [] : ["GITHUB_REPOSITORY (owner/name)"])].join(
    " and ",
  );
}

/** The branches from which environments run; the default branch is always one: gitops.yaml and holds stand there. */
function watchedBranches(config: Config, defaultBranch: string): WatchedBranch[] {
  const direct = (config.promotion ?? defaultPromotion()).strategy === "direct";
  const names = new Map<string, string[]>([[defaultBranch, []]]);
  for (const { name, branch = defaultBranch } of config.environments)
    names.set(branch, [...(names.get(branch) ?? []), name]);
  return [...names].map(([name, environments]) => ({
    name,
    environments: environments.length > 0 ? environments : ["gitops.yaml and holds"],
    direct,
  }));
}

/** What production follows from on the default branch: the last environments' files, and what decides about them. */
async function productionPaths(tree: Tree, config: Config): Promise<string[]> {
  const environments = config.environments.length > 0 ? orderEnvironments(config) : [];
  const sources = new Set(environments.flatMap(sourcesOf));
  const last = new Set(environments.filter(({ name }) => !sources.has(name)).map(({ name }) => name));
  const cells = await readCells(tree, { config });
  const files = cells
    .filter(({ environment }) => last.has(environment))
    .flatMap((cell) => cell.slots.flatMap((slot) => slot.places.map(({ path }) => path)));
  const deciding = [config.path ?? "gitops.yaml", holdsPath, ...workflowFiles(tree)];
  return [...new Set([...files, ...deciding.filter((path) => path === holdsPath || tree.get(path))])].sort();
}

function workflowFiles(tree: Tree): string[] {
  return tree
    .children(".github/workflows")
    .filter(({ path, kind }) => kind === "file" && /\.ya?ml$/.test(path))
    .map(({ path }) => path);
}

async function readWorkflows(tree: Tree): Promise<{ jobs: JobCheck[]; diagnoses: Diagnosis[] }> {
  const files = workflowFiles(tree);
  const all = await Promise.all(
    files.map(async (path) => readWorkflow(path, new TextDecoder().decode(await tree.read(path)))),
  );
  return { jobs: all.flatMap(({ jobs }) => jobs), diagnoses: all.flatMap(({ diagnoses }) => diagnoses) };
}

async function readOwners(tree: Tree): Promise<{ path: string; text: string } | undefined> {
  const path = ownersPaths.find((each) => tree.get(each)?.kind === "file");
  return path === undefined ? undefined : { path, text: new TextDecoder().decode(await tree.read(path)) };
}

/** Names of checks on the tip and on the last pull requests. */
async function seenChecks(
  inspection: Inspection,
  branch: string,
  tip: string | undefined,
): Promise<string[] | undefined> {
  const heads = await inspection.pullHeads(branch);
  const commits = [...(tip === undefined ? [] : [tip]), ...(heads?.slice(0, 3) ?? [])];
  const names = await Promise.all(commits.map((commit) => inspection.checkNames(commit)));
  return names.every((each) => each === undefined) ? undefined : names.flatMap((each) => each ?? []);
}

async function judgeTokens(inspection: Inspection): Promise<Diagnosis[]> {
  const found: Diagnosis[] = [];
  const on = "token";
  const permissions = await inspection.permissions();
  if (permissions?.push === undefined)
    found.push({
      check: "token-permissions",
      on,
      state: "unknown",
      message: "GitHub does not tell what this token may do",
    });
  else
    found.push(
      permissions.admin
        ? {
            check: "token-permissions",
            on,
            state: "wrong",
            severity: "warning",
            message: "this token may administer the repository, and so take its rules away",
            help: "Give a token with contents, pull-requests and issues: write; reading is enough for this command.",
          }
        : {
            check: "token-permissions",
            on,
            state: "fine",
            message: permissions.push ? "it may write, and not administer" : "it may read",
          },
    );
  const workflow = await inspection.workflowPermissions();
  if (!workflow)
    found.push({
      check: "workflow-defaults",
      on: "settings",
      state: "unknown",
      message:
        "what jobs may do by default is told only to administrators: look under Settings, Actions, General",
    });
  else {
    found.push(
      workflow.default_workflow_permissions === "write"
        ? {
            check: "workflow-defaults",
            on: "settings",
            state: "wrong",
            severity: "warning",
            message: "a job that names no permissions may write",
            help: "Set the default to read, under Settings, Actions, General.",
          }
        : {
            check: "workflow-defaults",
            on: "settings",
            state: "fine",
            message: "a job that names no permissions may only read",
          },
    );
    if (workflow.can_approve_pull_request_reviews)
      found.push({
        check: "actions-approve",
        on: "settings",
        state: "wrong",
        severity: "notice",
        message:
          "Actions may open pull requests, and approve them: with the job's own token a workflow can approve what it made",
        help: "Promote with a GitHub App's token, and take this back under Settings, Actions, General.",
      });
  }
  return found;
}

function reportOf(diagnoses: readonly Diagnosis[], commit: string, repository: string | undefined): Report {
  const looked = diagnoses.filter(({ state }) => state !== "unknown").length;
  return makeReport({
    action: "doctor",
    source: { ...(repository === undefined ? {} : { repository }), head: { commit, dirty: false } },
    tools: [],
    checked: { overlays: 0, resources: 0, unique: 0, checks: looked },
    notes: diagnoses.flatMap((each) => (each.state === "fine" ? [`${each.on}: ${each.message}`] : [])),
    skipped: diagnoses.flatMap((each) =>
      each.state === "unknown"
        ? [{ kind: "check", id: `${each.check} of ${each.on}`, code: "unknown", message: each.message }]
        : [],
    ),
    findings: diagnoses.flatMap((each) =>
      each.state === "wrong"
        ? [
            makeFinding({
              rule: `doctor/${each.check}`,
              severity: each.severity,
              message: `${each.on}: ${each.message}`,
              help: each.help,
              discriminator: each.on,
              ...(each.location ? { location: each.location } : {}),
            }),
          ]
        : [],
    ),
  });
}
