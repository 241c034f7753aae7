import type { Redactor } from "@gitops-actions/manifest";
import { type Finding, makeFinding } from "@gitops-actions/report";
import type { Lag } from "../checkout.ts";
import { nameOf } from "../delivery.ts";
import type { DriftInputs } from "../inputs.ts";
import type { Placed } from "../revision.ts";
import { minutesSince, type SyncStatus } from "../sync.ts";

/** Controllers' own objects that are suspended, failing or out of sync for longer than the limit. */
export function syncFindings(
  statuses: readonly SyncStatus[],
  { syncLimitMinutes }: Pick<DriftInputs, "syncLimitMinutes">,
  now: Date,
  redactor: Redactor,
): Finding[] {
  return statuses.flatMap((status) => {
    if (status.state === "in-sync" || status.state === "progressing") return [];
    const since = sinceOf(status);
    const minutes = minutesSince(since, now);
    // Without a time nobody knows that it is short.
    if (minutes !== undefined && minutes < syncLimitMinutes) return [];
    return [syncFinding({ ...status, message: redactor.redactText(status.message) }, minutes)];
  });
}

/** When a state began: what the object records; of one that is out of sync, since when Git says more. */
export function sinceOf({ state, since, lag }: SyncStatus): string | undefined {
  if (since !== undefined) return since;
  return state === "out-of-sync" && lag && lag.commits > 0 ? lag.since : undefined;
}

function syncFinding(status: SyncStatus, minutes: number | undefined): Finding {
  const { kind, namespace, name, state, message, waiting } = status;
  const since = minutes === undefined ? "since when is not recorded" : `for ${describeMinutes(minutes)}`;
  const behind = describeLag(status.lag);
  return makeFinding({
    rule: `drift/sync-${state}`,
    severity: state === "failing" ? "error" : waiting ? "notice" : "warning",
    message: `${state} (${since}): ${message.slice(0, 300)}${behind && `; ${behind}`}`,
    resource: { group: "", version: "", kind, namespace, name },
  });
}

/** `3 commits behind since 2026-11-20`; empty when it is not behind, or nobody can tell. */
export function describeLag(lag: Lag | undefined): string {
  if (!lag || lag.commits === 0) return "";
  return `${lag.commits} commit${lag.commits === 1 ? "" : "s"} behind since ${lag.since.slice(0, 10)}`;
}

/** What Git has beyond the commit applied, once it has waited for longer than the grace period. */
export function pendingFindings(
  placed: readonly Placed[],
  lags: ReadonlyMap<string, Lag>,
  { pendingGraceMinutes }: Pick<DriftInputs, "pendingGraceMinutes">,
  now: Date,
): Finding[] {
  return placed.flatMap(({ overlay, applied, pending, deliverers }) => {
    if (!applied || pending === 0) return [];
    const lag = lags.get(applied);
    const minutes = minutesSince(lag?.since, now);
    if (minutes !== undefined && minutes < pendingGraceMinutes) return [];
    const who = deliverers.map(nameOf).join(" and ");
    const since = minutes === undefined ? "since when is not known here" : `for ${describeMinutes(minutes)}`;
    const count = pending === 1 ? "1 object" : `${pending} objects`;
    return [
      makeFinding({
        rule: "drift/pending",
        severity: "warning",
        message: `${count} of ${overlay} newer in Git than the ${applied.slice(0, 7)} that ${who} has applied (${describeLag(lag) || "how far behind is not known"}, ${since})`,
        overlays: [overlay],
        discriminator: overlay,
      }),
    ];
  });
}

export function describeMinutes(minutes: number): string {
  if (minutes < 120) return `${minutes} min`;
  return minutes < 2880 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1440)} days`;
}
