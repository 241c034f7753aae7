import { repositoryName, serverOf } from "@gitops-actions/fleet";
import type { Diagnosis } from "./diagnosis.ts";

/**
 * Whether the files that are looked at, and what GitHub is asked for, are of one repository. `remote` is the address of
 * the checkout's origin; nothing is said where that is a path on this machine, or nobody named a repository.
 */
export function judgeRemote(repository: string | undefined, remote: string | undefined): Diagnosis[] {
  if (repository === undefined || remote === undefined || serverOf(remote) === undefined) return [];
  const own = repositoryName(remote);
  const on = "repository";
  if (own === repository.toLowerCase())
    return [{ check: "remote", on, state: "fine", message: `files and settings are both of ${repository}` }];
  return [
    {
      check: "remote",
      on,
      state: "wrong",
      severity: "warning",
      message: `the files are those of ${own}, from which this was cloned, and rules, checks and tokens are those of ${repository}: they may not belong together`,
      help: `Name the clone of ${repository}, or give --repository ${own}. Of a fork, know that its own rules were not looked at.`,
    },
  ];
}
