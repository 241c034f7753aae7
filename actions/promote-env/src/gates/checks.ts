import type { Verdict } from "../verdict.ts";

/** A status or check run, on the commit that brought a version or on a later one that left the version as it was. */
export interface Status {
  context: string;
  state: "success" | "failure" | "pending";
  /** Milliseconds since 1970. */
  at: number;
}

/** Whether every required status has succeeded, and none failed since. `statuses` undefined: nobody could be asked. */
export function checks(required: readonly string[], statuses: readonly Status[] | undefined): Verdict {
  const gate = "checks";
  if (required.length === 0) return { gate, state: "open", because: "none are required" };
  if (!statuses) {
    return {
      gate,
      state: "unknown",
      because: `${required.join(", ")} could not be asked for`,
      mend: "give the action a token with statuses: read and checks: read",
    };
  }
  const states = required.map((context) => ({ context, last: lastOf(statuses, context) }));
  const of = (state: Status["state"] | undefined) =>
    states.filter(({ last }) => last?.state === state).map(({ context }) => context);
  const [failed, absent, pending] = [of("failure"), of(undefined), of("pending")];
  if (failed.length > 0) return { gate, state: "closed", because: `${failed.join(", ")} failed` };
  if (absent.length > 0) {
    return {
      gate,
      state: "unknown",
      because: `nothing has said ${absent.join(", ")} of this version`,
      mend: "check the names, and that whatever posts them runs for the commit",
    };
  }
  if (pending.length > 0) return { gate, state: "waiting", because: `${pending.join(", ")} not finished` };
  return { gate, state: "open", because: `${required.join(", ")} succeeded` };
}

/**
 * The latest of a context; of several at the same moment the worst. What has no time has not ended, or not begun: it is
 * the latest, unless it is a success, which then says nothing.
 */
export function lastOf(statuses: readonly Status[], context: string): Status | undefined {
  const rank = { failure: 2, pending: 1, success: 0 };
  const timeOf = ({ at, state }: Status) =>
    Number.isFinite(at) ? at : state === "success" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return statuses
    .filter((status) => status.context === context && timeOf(status) !== Number.NEGATIVE_INFINITY)
    .reduce<Status | undefined>((last, each) => {
      if (!last) return each;
      const difference = timeOf(each) - timeOf(last);
      return difference > 0 || (!(difference < 0) && rank[each.state] > rank[last.state]) ? each : last;
    }, undefined);
}
