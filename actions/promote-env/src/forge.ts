import { ApiError, type Client } from "@gitops-actions/action";
import * as z from "zod";
import type { Labelling, Review, Status } from "./gates/index.ts";

/** A pull request, as far as a promotion cares. */
export interface Pull {
  number: number;
  url: string;
  title: string;
  body: string;
  /** Short names of branches. */
  head: string;
  headSha: string;
  base: string;
  labels: string[];
  author: string;
  /** Its id in GraphQL. */
  node: string;
  draft: boolean;
  /** Whether GitHub will merge it by itself. */
  auto: boolean;
  merged: boolean;
  /** Who is asked to review it: logins, and teams as `organisation/team`. */
  reviewers: string[];
}

/** What was pushed to a branch, newest first: from where to where, and when. */
export interface Push {
  before: string;
  after: string;
  /** Milliseconds since 1970. */
  at: number;
  by: string;
}

/** A commit to be made by the forge, which signs it. `branch` must be at `tip`. */
export interface ForgeCommit {
  branch: string;
  tip: string;
  message: string;
  additions: readonly { path: string; contents: Uint8Array }[];
  deletions: readonly string[];
}

/** The forge, as a promotion uses it. What cannot be asked for lack of permission is undefined, never an empty list. */
export interface Forge {
  openPulls(): Promise<Pull[] | undefined>;
  /** Pull requests of a branch, newest first; `state` closed includes merged ones. */
  pullsOf(head: string, base: string, state: "open" | "closed"): Promise<Pull[] | undefined>;
  createPull(parts: { head: string; base: string; title: string; body: string }): Promise<Pull>;
  updatePull(number: number, change: { title?: string; body?: string; state?: "closed" }): Promise<void>;
  addLabels(number: number, labels: readonly string[]): Promise<void>;
  /** Logins, and teams as `organisation/team`. */
  requestReviews(number: number, reviewers: readonly string[]): Promise<void>;
  /** Comments once: a comment that begins with the same hidden mark is not made again. */
  comment(number: number, mark: string, text: string): Promise<void>;
  /** Whether a pull request has a comment that begins with a hidden mark. */
  hasComment(number: number, mark: string): Promise<boolean | undefined>;
  /** Merges a pull request if its branch is at `sha`; undefined when GitHub does not let it yet, with the reason. */
  merge(number: number, sha: string, title: string): Promise<{ merged: true } | { waits: string }>;
  /** Lets GitHub merge it when all that the branch requires is there; `clean` when that is so already. */
  mergeLater(pull: Pick<Pull, "node">, sha: string): Promise<"enabled" | "clean" | { waits: string }>;
  /** Takes back that GitHub merges it by itself. */
  mergeNever(pull: Pick<Pull, "node">): Promise<void>;
  /** Makes a signed commit if the branch is at its tip, and answers its id. `find` looks for it when the answer got lost. */
  commitSigned(commit: ForgeCommit, find: () => Promise<string | undefined>): Promise<string>;
  /** Statuses and check runs of a commit. */
  statuses(commit: string): Promise<Status[] | undefined>;
  /** Who set which label on a pull request, and when. */
  labellings(number: number): Promise<Labelling[] | undefined>;
  reviews(number: number): Promise<Review[] | undefined>;
  mayWrite(login: string): Promise<boolean | undefined>;
  /** Whether somebody is in a team (`organisation/team`); a token that may not see it is told the same as of a stranger. */
  isMember(team: string, login: string): Promise<boolean | undefined>;
  /** GitHub environments for which a workflow run was approved by a person. */
  runApprovals(run: string): Promise<string[] | undefined>;
  pushes(branch: string): Promise<Push[] | undefined>;
  /** When the pull request that made a commit was merged, and its number. */
  mergeOf(commit: string): Promise<{ at: number; number: number; by: string } | undefined>;
  defaultBranch(): Promise<string | undefined>;
}

const PullAnswer = z
  .object({
    number: z.int(),
    html_url: z.string(),
    title: z.string(),
    body: z.string().nullish(),
    head: z.object({ ref: z.string(), sha: z.string(), repo: z.object({ full_name: z.string() }).nullish() }),
    base: z.object({ ref: z.string() }),
    labels: z.array(z.object({ name: z.string().nullish() })).default([]),
    user: z.object({ login: z.string() }).nullish(),
    node_id: z.string(),
    draft: z.boolean().default(false),
    auto_merge: z.object({}).nullish(),
    merged_at: z.string().nullish(),
    requested_reviewers: z.array(z.object({ login: z.string() })).nullish(),
    requested_teams: z.array(z.object({ slug: z.string() })).nullish(),
  })
  .transform((pull) => ({
    number: pull.number,
    url: pull.html_url,
    title: pull.title,
    body: pull.body ?? "",
    head: pull.head.ref,
    headSha: pull.head.sha,
    repository: pull.head.repo?.full_name,
    base: pull.base.ref,
    labels: pull.labels.flatMap(({ name }) => name ?? []),
    author: pull.user?.login ?? "",
    node: pull.node_id,
    draft: pull.draft,
    auto: Boolean(pull.auto_merge),
    merged: Boolean(pull.merged_at),
    reviewers: [
      ...(pull.requested_reviewers ?? []).map(({ login }) => login),
      ...(pull.requested_teams ?? []).map(({ slug }) => slug),
    ],
  }));
const StatusAnswer = z.object({
  context: z.string(),
  state: z.enum(["success", "failure", "error", "pending"]),
  created_at: z.string(),
});
const CheckAnswer = z.object({
  name: z.string(),
  status: z.string(),
  conclusion: z.string().nullish(),
  started_at: z.string().nullish(),
  completed_at: z.string().nullish(),
});
const PushAnswer = z.object({
  before: z.string(),
  after: z.string(),
  timestamp: z.string(),
  actor: z.object({ login: z.string() }).nullish(),
});
const MergedAnswer = z.object({
  number: z.int(),
  merged_at: z.string().nullish(),
  merge_commit_sha: z.string().nullish(),
  user: z.object({ login: z.string() }).nullish(),
});
const EventAnswer = z.object({
  event: z.string(),
  created_at: z.string(),
  actor: z.object({ login: z.string(), type: z.string() }).nullish(),
  label: z.object({ name: z.string().nullish() }).nullish(),
});
const ReviewAnswer = z.object({
  user: z.object({ login: z.string() }).nullish(),
  state: z.string(),
  commit_id: z.string().nullish(),
  submitted_at: z.string().nullish(),
});
const ApprovalAnswer = z.object({
  state: z.string(),
  environments: z.array(z.object({ name: z.string() })),
});

const createCommit =
  "mutation($input: CreateCommitOnBranchInput!) { createCommitOnBranch(input: $input) { commit { oid } } }";
const disableAutoMerge =
  "mutation($input: DisablePullRequestAutoMergeInput!) { disablePullRequestAutoMerge(input: $input) { pullRequest { number } } }";
const enableAutoMerge =
  "mutation($input: EnablePullRequestAutoMergeInput!) { enablePullRequestAutoMerge(input: $input) { pullRequest { number } } }";

/** GitHub through its REST API, and GraphQL where only that can do a thing. `repository`: `owner/name`. */
export function githubForge(client: Client, repository: string): Forge {
  const at = `/repos/${repository}`;
  const owner = repository.split("/")[0] ?? "";
  // Pull requests of forks have branches of the same names: they are none of ours.
  const own = (items: unknown[]) =>
    items.map((item) => PullAnswer.parse(item)).filter((pull) => pull.repository === repository);
  const pullsOf = async (head: string, base: string, state = "open") =>
    own(
      await client.list(`${at}/pulls`, {
        state,
        head: `${owner}:${head}`,
        base,
        sort: "created",
        direction: "desc",
      }),
    );
  // Which ways of merging the repository allows; told only to those who may write.
  const methodOf = async () => {
    const facts = await client.get<Record<string, unknown>>(at);
    return (["merge", "squash", "rebase"] as const).find(
      (each) => facts[each === "merge" ? "allow_merge_commit" : `allow_${each}_merge`] !== false,
    );
  };
  return {
    openPulls: () => known(async () => own(await client.list(`${at}/pulls`, { state: "open" }))),
    pullsOf: (head, base, state) => known(() => pullsOf(head, base, state)),
    async createPull(parts) {
      const existing = async () => (await pullsOf(parts.head, parts.base))[0];
      try {
        const made = await client.send<unknown>("POST", `${at}/pulls`, { body: parts, readBack: existing });
        return "html_url" in (made as object) ? PullAnswer.parse(made) : (made as Pull);
      } catch (error) {
        // "A pull request already exists": somebody, or our own lost request, was faster.
        const found = error instanceof ApiError && error.status === 422 ? await existing() : undefined;
        if (found) return found;
        throw error;
      }
    },
    async updatePull(number, change) {
      await client.send("PATCH", `${at}/pulls/${number}`, { body: change });
    },
    async addLabels(number, labels) {
      if (labels.length === 0) return;
      const path = `${at}/issues/${number}/labels`;
      const existing = async () => {
        const names = new Set((await client.list<{ name?: string }>(path)).map(({ name }) => name));
        return labels.every((label) => names.has(label)) || undefined;
      };
      await client.send<unknown>("POST", path, { body: { labels }, readBack: existing });
    },
    async requestReviews(number, reviewers) {
      if (reviewers.length === 0) return;
      const teams = reviewers.filter((each) => each.includes("/")).map((each) => each.split("/")[1]!);
      const people = reviewers.filter((each) => !each.includes("/")).map((each) => each.replace(/^@/, ""));
      // Asking somebody twice is asking once.
      await client.send("POST", `${at}/pulls/${number}/requested_reviewers`, {
        body: { reviewers: people, team_reviewers: teams },
        readBack: async () => undefined,
      });
    },
    async comment(number, mark, text) {
      const path = `${at}/issues/${number}/comments`;
      const existing = async () =>
        (await client.list<{ body?: string }>(path)).find(({ body }) => body?.startsWith(mark));
      if (!(await existing()))
        await client.send("POST", path, { body: { body: `${mark}\n${text}` }, readBack: existing });
    },
    hasComment: (number, mark) =>
      known(async () =>
        (await client.list<{ body?: string }>(`${at}/issues/${number}/comments`)).some(({ body }) =>
          body?.startsWith(mark),
        ),
      ),
    async merge(number, sha, title) {
      const merged = async () =>
        (await client.get<{ merged?: boolean }>(`${at}/pulls/${number}`)).merged || undefined;
      const body = {
        sha,
        merge_method: (await methodOf()) ?? "merge",
        commit_title: `${title} (#${number})`,
      };
      try {
        await client.send<unknown>("PUT", `${at}/pulls/${number}/merge`, { body, readBack: merged });
        return { merged: true };
      } catch (error) {
        if (error instanceof ApiError && [403, 405, 409, 422].includes(error.status)) {
          return (await merged()) ? { merged: true } : { waits: error.message };
        }
        throw error;
      }
    },
    async mergeLater({ node }, sha) {
      const mergeMethod = ((await methodOf()) ?? "merge").toUpperCase();
      try {
        await client.graphql(enableAutoMerge, {
          input: { pullRequestId: node, expectedHeadOid: sha, mergeMethod },
        });
        return "enabled";
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== 200) throw error;
        return /clean status/i.test(error.message) ? "clean" : { waits: error.message };
      }
    },
    async mergeNever({ node }) {
      // Done twice it is done once: what is off already is an error that says so.
      await client.graphql(disableAutoMerge, { input: { pullRequestId: node } }, async () => undefined);
    },
    async commitSigned({ branch, tip, message, additions, deletions }, find) {
      const [headline = "", ...rest] = message.trimEnd().split("\n");
      const input = {
        branch: { repositoryNameWithOwner: repository, branchName: branch },
        expectedHeadOid: tip,
        message: { headline, body: rest.join("\n").trim() },
        fileChanges: {
          additions: additions.map(({ path, contents }) => ({
            path,
            contents: Buffer.from(contents).toString("base64"),
          })),
          deletions: deletions.map((path) => ({ path })),
        },
      };
      type Made = { createCommitOnBranch?: { commit?: { oid?: string } | null } | null };
      const readBack = async (): Promise<Made | undefined> => {
        const oid = await find();
        return oid === undefined ? undefined : { createCommitOnBranch: { commit: { oid } } };
      };
      const made = await client.graphql<Made>(createCommit, { input }, readBack);
      const oid = made.createCommitOnBranch?.commit?.oid;
      if (oid === undefined) throw new ApiError(200, "GraphQL: no commit was made");
      return oid;
    },
    statuses: (commit) =>
      known(async () => {
        const [statuses, runs] = await Promise.all([
          client.list(`${at}/commits/${commit}/statuses`),
          client.list(`${at}/commits/${commit}/check-runs`, {}, { key: "check_runs" }),
        ]);
        return [...statuses.map(readStatus), ...runs.map(readCheck)];
      }),
    labellings: (number) =>
      known(async () => {
        const events = (await client.list(`${at}/issues/${number}/events`)).map((item) =>
          EventAnswer.parse(item),
        );
        return events
          .filter(({ event }) => event === "labeled")
          .map(({ created_at, actor, label }) => ({
            label: label?.name ?? "",
            by: actor?.login ?? "",
            bot: actor?.type !== "User",
            at: Date.parse(created_at),
          }));
      }),
    reviews: (number) =>
      known(async () => {
        const reviews = (await client.list(`${at}/pulls/${number}/reviews`)).map((item) =>
          ReviewAnswer.parse(item),
        );
        return reviews.flatMap(readReview);
      }),
    mayWrite: (login) =>
      known(async () => {
        const { permission } = await client.get<{ permission?: string }>(
          `${at}/collaborators/${encodeURIComponent(login)}/permission`,
        );
        return permission === "admin" || permission === "write";
      }),
    isMember: (team, login) =>
      known(async () => {
        const [organisation, slug] = team.split("/");
        const path = `/orgs/${organisation}/teams/${slug}/memberships/${encodeURIComponent(login)}`;
        return (await client.get<{ state?: string }>(path)).state === "active";
      }),
    runApprovals: (run) =>
      known(async () => {
        const words = (await client.get<unknown[]>(`${at}/actions/runs/${run}/approvals`)).map((item) =>
          ApprovalAnswer.parse(item),
        );
        return words
          .filter(({ state }) => state === "approved")
          .flatMap(({ environments }) => environments.map(({ name }) => name));
      }),
    pushes: (branch) =>
      known(async () => {
        const items = await client.list(`${at}/activity`, { ref: `refs/heads/${branch}` }, { pages: 20 });
        return items
          .map((item) => PushAnswer.parse(item))
          .map(({ before, after, timestamp, actor }) => ({
            before,
            after,
            at: Date.parse(timestamp),
            by: actor?.login ?? "",
          }));
      }),
    mergeOf: (commit) =>
      known(async () => {
        const pulls = (await client.list(`${at}/commits/${commit}/pulls`)).map((item) =>
          MergedAnswer.parse(item),
        );
        const merged = pulls.find((pull) => pull.merge_commit_sha === commit && pull.merged_at);
        return (
          merged && { at: Date.parse(merged.merged_at!), number: merged.number, by: merged.user?.login ?? "" }
        );
      }),
    defaultBranch: () =>
      known(async () => (await client.get<{ default_branch?: string }>(at)).default_branch),
  };
}

/** The forge, asked for each thing that does not change during a run once. */
export function rememberAnswers(forge: Forge): Forge {
  const once = <Key, Value>(ask: (key: Key) => Promise<Value>) => {
    const answers = new Map<Key, Promise<Value>>();
    return (key: Key): Promise<Value> => {
      const known = answers.get(key) ?? ask(key);
      answers.set(key, known);
      return known;
    };
  };
  return {
    ...forge,
    statuses: once(forge.statuses),
    mergeOf: once(forge.mergeOf),
    mayWrite: once(forge.mayWrite),
    runApprovals: once(forge.runApprovals),
  };
}

/** What may not be asked, or is not there, is not known; any other failure is one. */
async function known<Value>(ask: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof ApiError && (error.status === 403 || error.status === 404 || error.status === 401))
      return undefined;
    throw error;
  }
}

function readReview(item: z.output<typeof ReviewAnswer>): Review[] {
  const states: Record<string, Review["state"]> = {
    APPROVED: "approved",
    CHANGES_REQUESTED: "changes-requested",
    DISMISSED: "dismissed",
  };
  const state = states[item.state.toUpperCase()];
  if (!state) return [];
  return [
    {
      by: item.user?.login ?? "",
      state,
      commit: item.commit_id ?? "",
      at: Date.parse(item.submitted_at ?? "") || 0,
    },
  ];
}

function readStatus(item: unknown): Status {
  const { context, state, created_at } = StatusAnswer.parse(item);
  return { context, state: state === "error" ? "failure" : state, at: Date.parse(created_at) };
}

function readCheck(item: unknown): Status {
  const { name, status, conclusion, started_at, completed_at } = CheckAnswer.parse(item);
  const passed = conclusion === "success" || conclusion === "neutral" || conclusion === "skipped";
  const state = status === "completed" ? (passed ? "success" : "failure") : "pending";
  return { context: name, state, at: Date.parse(completed_at ?? started_at ?? "") };
}
