import { ToolError, UsageError } from "@gitops-actions/report";

/** What GitHub says, in its several ways, when a token may not do something. It calls what may not be seen "not found". */
const refusals =
  /repository .* not found|returned error: 40[134]|Authentication failed|could not read Username|denied to|not accessible by integration|Bad credentials|answered 40[134]/i;

/** Who tried what where. */
export interface Attempt {
  /** `owner/name`; undefined outside of jobs. */
  repository: string | undefined;
  /** It is not the job's own repository. */
  elsewhere: boolean;
  token: boolean;
  /** The job was started by a pull request of a fork. */
  fork: boolean;
}

/** The error of a run, with what to do about it where the token is what is missing. */
export function explainAccess(error: unknown, attempt: Attempt): unknown {
  const { repository = "the repository", elsewhere, token, fork } = attempt;
  if (!(error instanceof ToolError) || !refusals.test(error.message)) return error;
  const given = token
    ? "this token may not do that there"
    : "no token was given, and it may not be read or written without";
  const rights = "contents: write and pull-requests: write";
  const mend = elsewhere
    ? `A job's own token reaches only its own repository: give \`token\` one of a GitHub App that is installed on ${repository} with ${rights}.`
    : `Give the job the permissions ${rights}, or \`token\` one of a GitHub App with them.`;
  const why = fork
    ? " A pull request of a fork gets a token that may only read: start promotions by push, schedule or workflow_dispatch."
    : "";
  return new UsageError(`${repository}: ${given} (${error.message.replace(/\.$/, "")}). ${mend}${why}`, {
    cause: error,
  });
}
