import type { GateSettings } from "@gitops-actions/fleet";
import type { Moment, Occupancy } from "../occupancy.ts";
import { formatDuration, formatTime, type Verdict } from "../verdict.ts";

/** What the soak gate looks at. `healthy`: the first success of the configured status; null: none was seen; undefined: not asked. */
export interface SoakFacts {
  run: Pick<Occupancy, "since" | "until" | "cut" | "withdrawn">;
  environment: string;
  healthy?: Moment | null;
}

/** Whether a version has run long enough, without a break, in the environment before. */
export function soak(
  facts: SoakFacts,
  settings: Pick<GateSettings, "soak" | "times" | "healthy-since">,
  now: number,
): Verdict {
  const gate = "soak";
  const { run, environment, healthy } = facts;
  if (run.withdrawn)
    return { gate, state: "closed", because: `${environment} went back to an older version after it` };
  if (run.withdrawn === undefined)
    return {
      gate,
      state: "unknown",
      because: `whether ${environment} went back to an older version after it lies before the history that is here`,
      mend: "check out the whole history (fetch-depth: 0)",
    };
  const wanted = settings.soak;
  const context = settings["healthy-since"];
  if (wanted === undefined && context === undefined)
    return { gate, state: "open", because: "no soak is asked for" };
  if (context !== undefined && healthy === undefined) {
    return {
      gate,
      state: "unknown",
      because: `the status ${context} could not be asked for`,
      mend: "give the action a token with statuses: read",
    };
  }
  if (context !== undefined && healthy === null) {
    return {
      gate,
      state: "waiting",
      because: `the status ${context} has not been successful in ${environment} yet`,
    };
  }
  const start = laterOf(run.since, context === undefined ? undefined : (healthy ?? undefined));
  const trusted = settings.times === "committed" || (start.verified && (run.until?.verified ?? true));
  if (!trusted) {
    return {
      gate,
      state: "unknown",
      because: `that it runs in ${environment} since ${formatTime(start.at)} is said by the commit alone`,
      mend: "give the action a token, so that the forge tells when it was merged, or set `times: committed`",
    };
  }
  return verdictOf(start.at, run.until?.at, wanted ?? 0, environment, now);
}

function verdictOf(
  start: number,
  until: number | undefined,
  wanted: number,
  environment: string,
  now: number,
): Verdict {
  const gate = "soak";
  if (!Number.isFinite(start) || start > now)
    return {
      gate,
      state: "unknown",
      because: `it runs in ${environment} since a time in the future (${formatTime(start)})`,
      mend: "set the clock right",
    };
  const ran = Math.min(until ?? now, now) - start;
  if (ran >= wanted)
    return { gate, state: "open", because: `it ran in ${environment} for ${formatDuration(ran)}` };
  if (until !== undefined)
    return {
      gate,
      state: "closed",
      because: `it ran in ${environment} for ${formatDuration(ran)} only, of ${formatDuration(wanted)}`,
    };
  return {
    gate,
    state: "waiting",
    until: start + wanted,
    because: `it runs in ${environment} for ${formatDuration(ran)} of ${formatDuration(wanted)}`,
  };
}

function laterOf(a: Moment, b: Moment | undefined): Moment {
  return b !== undefined && b.at > a.at ? b : a;
}
