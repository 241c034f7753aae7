import { type Finding, makeFinding, UsageError } from "@gitops-actions/report";
import { type Hold, holdsOn } from "./gates/index.ts";
import { holdsPath } from "./holds.ts";
import type { PromoteInputs } from "./inputs.ts";
import { formatTime } from "./verdict.ts";

/** Refuses a hold that would have ended before it began. Throws UsageError. */
export function refusePast({ until }: Pick<PromoteInputs, "until">, now: Date): void {
  if (until === undefined || until > now.getTime()) return;
  const given = new Date(until).toISOString();
  throw new UsageError(
    `input 'until' is ${given}, which is past: it is ${now.toISOString()} now. A hold that has ended holds nothing: name a later time, or leave it out.`,
  );
}

/** Whether a hold is the one that this rollback sets: then it was begun before, and is not somebody else's. */
export function isSameHold(hold: Hold, { reason, owner }: Pick<PromoteInputs, "reason" | "owner">): boolean {
  const alike = reason === "" ? /^rolled back to [0-9a-f]{7}$/.test(hold.reason) : hold.reason === reason;
  return alike && hold.owner === (owner || "promote-env");
}

/**
 * Says that a version was set where somebody holds the app. It is no reason not to: whoever names the version means it, and
 * lifting the hold first would let the next promotion in.
 */
export function heldAnyway(
  holds: readonly Hold[],
  { app, environment }: { app: string; environment: string },
  now: Date,
): Finding[] {
  const [held] = holdsOn(app, environment, holds, now.getTime());
  if (!held) return [];
  const until = held.until === undefined ? "" : ` until ${formatTime(held.until)}`;
  return [
    makeFinding({
      rule: "promotion/held",
      severity: "warning",
      message: `${held.owner} holds ${held.app === "*" ? "every app" : app} in ${environment}${until} (${held.reason}): the version is set all the same`,
      help: `A hold stops promotions, and stays until somebody resumes it. Tell ${held.owner}.`,
      location: { path: holdsPath, line: 1, precision: "near", via: [] },
      discriminator: `${app}/${environment}`,
    }),
  ];
}
