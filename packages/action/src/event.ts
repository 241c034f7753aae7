import { readFileSync } from "node:fs";
import { UsageError } from "@gitops-actions/report";
import * as z from "zod";
import type { Host } from "./host.ts";

const Sha = z.string().regex(/^[0-9a-f]{40}(?:[0-9a-f]{24})?$/, "a full commit id");
const Side = z.object({ ref: z.string(), sha: Sha, repo: z.object({ full_name: z.string() }).nullish() });
const PullRequestPayload = z.object({
  number: z.int().positive(),
  pull_request: z.object({ base: Side, head: Side }),
});
const MergeGroupPayload = z.object({
  merge_group: z.object({ base_sha: Sha, head_sha: Sha, base_ref: z.string(), head_ref: z.string() }),
});
const PushPayload = z.object({
  before: Sha,
  after: Sha,
  ref: z.string(),
  repository: z.object({ default_branch: z.string() }),
});

const AnyPayload = z.object({ repository: z.object({ default_branch: z.string().optional() }).optional() });

interface PullRequest {
  number: number;
  baseRef: string;
  baseSha: string;
  headRef: string;
  headSha: string;
  /** Whether the head is in another repository (or in one that is gone): its contents are not trusted. */
  fork: boolean;
}

/** Why this job runs, as far as an action needs to know. Refs are names that anyone may choose: data, never arguments. */
export type Event =
  | ({ name: "pull_request" | "pull_request_target" } & PullRequest)
  | { name: "merge_group"; baseSha: string; headSha: string; baseRef: string; headRef: string }
  /** `before` is all zeros for a new branch, `after` for a deleted one. */
  | { name: "push"; before: string; after: string; ref: string; defaultBranch: string }
  | ({ name: "schedule" | "workflow_dispatch" } & Place)
  /** Any other event, or none: a command line. `event` is its name, "" outside a job. */
  | ({ name: "other"; event: string } & Place);

/** Where an event that compares nothing happened, where it is known: whether what is checked out has been reviewed. */
interface Place {
  /** `refs/heads/topic`. */
  ref?: string;
  defaultBranch?: string;
}

/**
 * The event that started this job. Throws UsageError when the event file is missing, unreadable or not what the
 * event's name promises: guessing which commits to compare could pass a change nobody looked at.
 */
export function readEvent(host: Pick<Host, "env">): Event {
  const name = host.env.GITHUB_EVENT_NAME ?? "";
  switch (name) {
    case "pull_request":
    case "pull_request_target": {
      const { number, pull_request: pull } = readPayload(host, name, PullRequestPayload);
      return {
        name,
        number,
        baseRef: pull.base.ref,
        baseSha: pull.base.sha,
        headRef: pull.head.ref,
        headSha: pull.head.sha,
        fork: !pull.head.repo || pull.head.repo.full_name !== pull.base.repo?.full_name,
      };
    }
    case "merge_group": {
      const { merge_group: group } = readPayload(host, name, MergeGroupPayload);
      return {
        name,
        baseSha: group.base_sha,
        headSha: group.head_sha,
        baseRef: group.base_ref,
        headRef: group.head_ref,
      };
    }
    case "push": {
      const { before, after, ref, repository } = readPayload(host, name, PushPayload);
      return { name, before, after, ref, defaultBranch: repository.default_branch };
    }
    case "schedule":
    case "workflow_dispatch":
      return { name, ...readPlace(host) };
    default:
      return { name: "other", event: name, ...(name && readPlace(host)) };
  }
}

/** The ref and the default branch; whichever is not told stays out, since events differ in what they carry. */
function readPlace(host: Pick<Host, "env">): Place {
  const { GITHUB_REF: ref, GITHUB_EVENT_PATH: path } = host.env;
  const parsed = AnyPayload.safeParse(path ? readJson(path) : {});
  const defaultBranch = parsed.success ? parsed.data.repository?.default_branch : undefined;
  return { ...(ref && { ref }), ...(defaultBranch && { defaultBranch }) };
}

function readPayload<Shape>(host: Pick<Host, "env">, name: string, shape: z.ZodType<Shape>): Shape {
  const path = host.env.GITHUB_EVENT_PATH;
  if (!path)
    throw new UsageError(
      `GITHUB_EVENT_NAME is '${name}' but GITHUB_EVENT_PATH is not set: the runner sets both.`,
    );
  const parsed = shape.safeParse(readJson(path));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new UsageError(
    `the event file ${path} is not that of a '${name}' event: ${issue?.path.join(".") || "(root)"}: ${issue?.message}. ` +
      "If a workflow sets GITHUB_EVENT_NAME or GITHUB_EVENT_PATH itself, it should not.",
  );
}

function readJson(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(
      `cannot read the event file ${path} (GITHUB_EVENT_PATH): ${(error as Error).message}`,
      { cause: error },
    );
  }
  try {
    return JSON.parse(text.replace(/^\ufeff/, ""));
  } catch (error) {
    throw new UsageError(
      `the event file ${path} (GITHUB_EVENT_PATH) is not JSON: ${(error as Error).message}`,
      { cause: error },
    );
  }
}
