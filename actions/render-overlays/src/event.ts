import type { Event, Host } from "@gitops-actions/action";
import type { GitEvent } from "@gitops-actions/engine";

/** What of a job's event decides which commits are compared. `pull_request_target` means the pull request's head too. */
export function toGitEvent(event: Event, host: Pick<Host, "env">): GitEvent {
  switch (event.name) {
    case "pull_request":
    case "pull_request_target": {
      const { number, baseRef, baseSha, headRef, headSha, fork } = event;
      const sha = event.name === "pull_request" ? host.env.GITHUB_SHA : undefined;
      return { name: "pull_request", number, baseRef, baseSha, headRef, headSha, fork, ...(sha && { sha }) };
    }
    case "merge_group":
      return { name: "merge_group", baseSha: event.baseSha, headSha: event.headSha };
    case "push":
    case "schedule":
    case "workflow_dispatch":
      return event;
    case "other": {
      const { ref, defaultBranch } = event;
      return { name: "other", ...(ref && { ref }), ...(defaultBranch && { defaultBranch }) };
    }
  }
}
