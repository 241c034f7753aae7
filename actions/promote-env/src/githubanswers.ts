import * as z from "zod";
import type { Review, Status } from "./gates/index.ts";

// What GitHub's REST API answers, as far as a promotion reads it (https://docs.github.com/en/rest).

/** A pull request; `repository` is where its branch lies, a fork or ours. */
export const PullAnswer = z
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
/** A commit status. */
export const StatusAnswer = z.object({
  context: z.string(),
  state: z.enum(["success", "failure", "error", "pending"]),
  created_at: z.string(),
});
/** A check run. */
export const CheckAnswer = z.object({
  name: z.string(),
  status: z.string(),
  conclusion: z.string().nullish(),
  started_at: z.string().nullish(),
  completed_at: z.string().nullish(),
});
/** One activity of a repository: a push to a branch. */
export const PushAnswer = z.object({
  before: z.string(),
  after: z.string(),
  timestamp: z.string(),
  actor: z.object({ login: z.string() }).nullish(),
});
/** A pull request of a commit. */
export const MergedAnswer = z.object({
  number: z.int(),
  merged_at: z.string().nullish(),
  merge_commit_sha: z.string().nullish(),
  user: z.object({ login: z.string() }).nullish(),
});
/** An event of an issue. */
export const EventAnswer = z.object({
  event: z.string(),
  created_at: z.string(),
  actor: z.object({ login: z.string(), type: z.string() }).nullish(),
  label: z.object({ name: z.string().nullish() }).nullish(),
});
/** A review of a pull request. */
export const ReviewAnswer = z.object({
  user: z.object({ login: z.string() }).nullish(),
  state: z.string(),
  commit_id: z.string().nullish(),
  submitted_at: z.string().nullish(),
});
/** What somebody said to a workflow run that waits for an environment. */
export const ApprovalAnswer = z.object({
  state: z.string(),
  environments: z.array(z.object({ name: z.string() })),
});

/** None for a comment and for what is pending. */
export function readReview(item: z.output<typeof ReviewAnswer>): Review[] {
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

/** A commit status as a gate reads it. */
export function readStatus(item: unknown): Status {
  const { context, state, created_at } = StatusAnswer.parse(item);
  return { context, state: state === "error" ? "failure" : state, at: Date.parse(created_at) };
}

/** A check run as a gate reads it: neutral and skipped ones passed. */
export function readCheck(item: unknown): Status {
  const { name, status, conclusion, started_at, completed_at } = CheckAnswer.parse(item);
  const passed = conclusion === "success" || conclusion === "neutral" || conclusion === "skipped";
  const state = status === "completed" ? (passed ? "success" : "failure") : "pending";
  return { context: name, state, at: Date.parse(completed_at ?? started_at ?? "") };
}
