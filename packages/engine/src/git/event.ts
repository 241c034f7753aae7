/** What of an Actions event decides which commits are compared. Branch names are short (main), ids are full. */
export type GitEvent =
  | {
      name: "pull_request";
      number: number;
      baseRef: string;
      baseSha: string;
      headRef: string;
      headSha: string;
      fork: boolean;
      /** GITHUB_SHA: the merge GitHub made, in a pull_request event. */
      sha?: string;
    }
  | { name: "merge_group"; baseSha: string; headSha: string }
  | { name: "push"; before: string; after: string; ref: string; defaultBranch: string }
  | OtherEvent;

/** An event that compares nothing. `ref` (refs/heads/topic) and `defaultBranch`, where known, tell whether the checkout has been reviewed. */
export interface OtherEvent {
  name: "schedule" | "workflow_dispatch" | "other";
  ref?: string;
  defaultBranch?: string;
}
