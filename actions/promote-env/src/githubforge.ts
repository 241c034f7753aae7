import { ApiError, type Client } from "@gitops-actions/action";
import type { Forge, Pull } from "./forge.ts";
import {
  ApprovalAnswer,
  EventAnswer,
  MergedAnswer,
  PullAnswer,
  PushAnswer,
  ReviewAnswer,
  readCheck,
  readReview,
  readStatus,
} from "./githubanswers.ts";

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
