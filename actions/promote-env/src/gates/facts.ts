import type { GateSettings } from "@gitops-actions/fleet";
import type { Report } from "@gitops-actions/report";
import type { Occupancy } from "../occupancy.ts";
import { foremost, type Verdict } from "../verdict.ts";
import { freezes, windows } from "./calendar.ts";
import { checks, type Status } from "./checks.ts";
import { complete } from "./complete.ts";
import { drift } from "./drift.ts";
import { type Hold, hold } from "./hold.ts";
import { order, type Step } from "./order.ts";
import { reports } from "./reports.ts";
import { type SoakFacts, soak } from "./soak.ts";

/** A version in an environment, and what was said of it there. Undefined: nobody could be asked. */
export interface Sight {
  run: Pick<Occupancy, "cell" | "since" | "until" | "cut" | "withdrawn">;
  /** The first success of the status `healthy-since`; null: there was none. */
  healthy?: SoakFacts["healthy"];
  statuses: readonly Status[] | undefined;
}

/** Everything that is known of one promotion. What could not be learnt is undefined, and opens nothing. */
export interface Facts extends Sight {
  app: string;
  environment: string;
  /** The environment it comes from. */
  source: string;
  /** Where else it must have run, and the times it did. */
  others: readonly { environment: string; runs: readonly Sight[] }[];
  holds: readonly Hold[] | undefined;
  /** Open rollbacks of the app, as people call them. */
  rollbacks: readonly string[] | undefined;
  steps: readonly Step[];
  ranBefore: boolean | undefined;
  reports: { given: readonly Report[]; wanted: number };
  /** Commit the promotion stands on. */
  tip: string;
}

/** What each gate says of a promotion: a function of what is known, the settings and the clock, and of nothing else. */
export function judge(facts: Facts, settings: GateSettings, now: number): Verdict[] {
  const { app, environment, source } = facts;
  if (!Number.isFinite(now))
    return [{ gate: "clock", state: "unknown", because: "there is no time", mend: "set the clock right" }];
  return [
    hold(app, environment, facts.holds, facts.rollbacks, now),
    ...inSource(facts, source, settings, now),
    order(facts.steps, facts.ranBefore, settings.downgrade),
    freezes(settings.freezes, now),
    windows(settings.windows, now),
    reports(facts.reports.given, facts.reports.wanted, facts.tip),
    ...facts.others.map((other) => alsoIn(other, settings, now)),
  ];
}

/** Whether a gate judges a version by what it did where it ran: then an older version may fare better. */
export function tellsVersionsApart({ gate }: Verdict): boolean {
  return gate === "soak" || gate === "checks" || gate === "complete" || gate.startsWith("also in ");
}

function inSource(sight: Sight, environment: string, settings: GateSettings, now: number): Verdict[] {
  const { run, healthy, statuses } = sight;
  return [
    soak({ run, environment, ...(healthy === undefined ? {} : { healthy }) }, settings, now),
    checks(settings.checks, statuses),
    drift(environment, settings.drift, statuses, now),
    complete(run.cell, settings.complete),
  ];
}

/** Where an environment comes from several, the version must have proven itself in each of them. */
function alsoIn(
  { environment, runs }: Facts["others"][number],
  settings: GateSettings,
  now: number,
): Verdict {
  const gate = `also in ${environment}`;
  const verdicts = runs.flatMap((sight) => foremost(inSource(sight, environment, settings, now)) ?? []);
  const [first] = verdicts;
  if (!first) return { gate, state: "waiting", because: `${environment} has not run this version` };
  return { ...(verdicts.find((verdict) => verdict.state === "open") ?? first), gate };
}
