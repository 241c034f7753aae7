import { formatTime, type Verdict } from "../verdict.ts";

/** Somebody said that an app stays as it is in an environment. */
export interface Hold {
  /** `*` for every app. */
  app: string;
  environment: string;
  reason: string;
  owner: string;
  /** Milliseconds since 1970; undefined: until it is lifted. */
  until?: number;
}

/** The holds that hold an app in an environment at a moment, the one that ends last first. */
export function holdsOn(app: string, environment: string, holds: readonly Hold[], now: number): Hold[] {
  const ends = ({ until = Number.POSITIVE_INFINITY }: Hold) => until;
  return holds
    .filter((each) => (each.app === app || each.app === "*") && each.environment === environment)
    .filter((each) => now < ends(each))
    .sort((a, b) => (ends(a) === ends(b) ? 0 : ends(b) - ends(a)));
}

/** Whether an app is held in an environment. `holds` undefined: they could not be read; `rollbacks`: open pull requests that roll it back. */
export function hold(
  app: string,
  environment: string,
  holds: readonly Hold[] | undefined,
  rollbacks: readonly string[] | undefined,
  now: number,
): Verdict {
  const gate = "hold";
  if (!holds)
    return {
      gate,
      state: "unknown",
      because: "the holds could not be read",
      mend: "correct .gitops/holds.yaml on the default branch",
    };
  if (!rollbacks)
    return {
      gate,
      state: "unknown",
      because: "the open pull requests could not be listed",
      mend: "give the action a token with pull-requests: read",
    };
  const [open] = rollbacks;
  if (open !== undefined) return { gate, state: "closed", because: `${open} rolls it back` };
  const [longest] = holdsOn(app, environment, holds, now);
  if (!longest) return { gate, state: "open", because: "nobody holds it" };
  const because = `${longest.owner} holds it: ${longest.reason}`;
  return longest.until === undefined
    ? { gate, state: "closed", because }
    : {
        gate,
        state: "waiting",
        until: longest.until,
        because: `${because} (until ${formatTime(longest.until)})`,
      };
}
