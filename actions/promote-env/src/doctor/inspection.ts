import { ApiError, type Client } from "@gitops-actions/action";
import * as z from "zod";

const Rule = z.looseObject({
  type: z.string(),
  ruleset_id: z.int().optional(),
  parameters: z
    .looseObject({
      required_approving_review_count: z.int().optional(),
      require_code_owner_review: z.boolean().optional(),
      require_last_push_approval: z.boolean().optional(),
      dismiss_stale_reviews_on_push: z.boolean().optional(),
      required_status_checks: z.array(z.object({ context: z.string() })).optional(),
    })
    .optional(),
});
const Ruleset = z.looseObject({
  name: z.string(),
  bypass_actors: z
    .array(
      z.object({ actor_type: z.string(), actor_id: z.int().nullish(), bypass_mode: z.string().optional() }),
    )
    .optional(),
});
const BranchAnswer = z.looseObject({
  protected: z.boolean(),
  protection: z
    .looseObject({
      required_status_checks: z.looseObject({ contexts: z.array(z.string()).optional() }).optional(),
    })
    .optional(),
});
const RepositoryAnswer = z.looseObject({
  permissions: z.looseObject({ push: z.boolean().optional(), admin: z.boolean().optional() }).optional(),
});
const WorkflowPermissions = z.looseObject({
  default_workflow_permissions: z.string(),
  can_approve_pull_request_reviews: z.boolean(),
});
const OwnersErrors = z.looseObject({
  errors: z.array(
    z.looseObject({ line: z.int(), kind: z.string(), path: z.string(), suggestion: z.string().nullish() }),
  ),
});

export type Rule = z.output<typeof Rule>;
export type Ruleset = z.output<typeof Ruleset>;

/** What the forge tells of a repository without admin rights. Undefined: the token may not ask. */
export interface Inspection {
  permissions(): Promise<z.output<typeof RepositoryAnswer>["permissions"]>;
  rules(branch: string): Promise<Rule[] | undefined>;
  ruleset(id: number): Promise<Ruleset | undefined>;
  /** Whether a branch is protected, and by the older kind of protection which checks it requires. */
  protection(branch: string): Promise<{ protected: boolean; checks: string[] } | undefined>;
  ownersErrors(): Promise<z.output<typeof OwnersErrors>["errors"] | undefined>;
  workflowPermissions(): Promise<z.output<typeof WorkflowPermissions> | undefined>;
  /** Names of checks and statuses on a commit. */
  checkNames(commit: string): Promise<string[] | undefined>;
  /** Heads of pull requests to a branch, newest first. */
  pullHeads(branch: string): Promise<string[] | undefined>;
}

/** Looks at `owner/name` through GitHub's REST API. */
export function inspect(client: Client, repository: string): Inspection {
  const at = `/repos/${repository}`;
  const ref = (branch: string) => branch.split("/").map(encodeURIComponent).join("%2F");
  return {
    permissions: async () =>
      (await ask(async () => RepositoryAnswer.parse(await client.get(at))))?.permissions,
    rules: (branch) =>
      ask(async () =>
        (await client.list(`${at}/rules/branches/${ref(branch)}`)).map((rule) => Rule.parse(rule)),
      ),
    ruleset: (id) => ask(async () => Ruleset.parse(await client.get(`${at}/rulesets/${id}`))),
    protection: (branch) =>
      ask(async () => {
        const answer = BranchAnswer.parse(await client.get(`${at}/branches/${ref(branch)}`));
        return {
          protected: answer.protected,
          checks: answer.protection?.required_status_checks?.contexts ?? [],
        };
      }),
    ownersErrors: () =>
      ask(async () => OwnersErrors.parse(await client.get(`${at}/codeowners/errors`)).errors),
    workflowPermissions: () =>
      ask(async () => WorkflowPermissions.parse(await client.get(`${at}/actions/permissions/workflow`))),
    checkNames: (commit) =>
      ask(async () => {
        const runs = await client.list<{ name: string }>(
          `${at}/commits/${commit}/check-runs`,
          {},
          { key: "check_runs" },
        );
        const statuses = await client.list<{ context: string }>(`${at}/commits/${commit}/statuses`);
        return [...runs.map(({ name }) => name), ...statuses.map(({ context }) => context)];
      }),
    pullHeads: (branch) =>
      ask(async () => {
        const query = { state: "all", base: branch, sort: "updated", direction: "desc", per_page: 10 };
        const pulls = await client.list<{ head: { sha: string } }>(`${at}/pulls`, query, { pages: 1 });
        return pulls.map(({ head }) => head.sha);
      }),
  };
}

async function ask<Value>(question: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await question();
  } catch (error) {
    if (error instanceof ApiError && [401, 403, 404].includes(error.status)) return undefined;
    throw error;
  }
}
