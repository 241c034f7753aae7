import { formatDuration, formatTime, type Verdict } from "../verdict.ts";
import { lastOf, type Status } from "./checks.ts";

/** Whether the cluster behind an environment was lately seen to hold what Git says. `limit`: how old that may be, in milliseconds. */
export function drift(
  environment: string,
  limit: number | undefined,
  statuses: readonly Status[] | undefined,
  now: number,
): Verdict {
  const gate = "drift";
  const context = `gitops/drift/${environment}`;
  const mend = `run drift-report for ${environment} so that it posts the status ${context}`;
  if (limit === undefined) return { gate, state: "open", because: "it is not asked for" };
  if (!statuses)
    return {
      gate,
      state: "unknown",
      because: `${context} could not be asked for`,
      mend: "give the action a token with statuses: read",
    };
  const last = lastOf(statuses, context);
  if (!last) return { gate, state: "unknown", because: `nothing has said ${context}`, mend };
  if (last.state === "failure")
    return {
      gate,
      state: "closed",
      because: `${environment} has drifted from Git, at ${formatTime(last.at)}`,
    };
  if (last.state === "pending") return { gate, state: "waiting", because: `${context} not finished` };
  const age = now - last.at;
  if (!(age >= 0 && age <= limit))
    return {
      gate,
      state: "unknown",
      because: `${context} is ${formatDuration(age)} old, of at most ${formatDuration(limit)}`,
      mend,
    };
  return { gate, state: "open", because: `${environment} is as Git says, at ${formatTime(last.at)}` };
}
