import type { GateSettings } from "@gitops-actions/fleet";
import { Cron } from "croner";
import { formatTime, type Verdict } from "../verdict.ts";

/** Whether changes are allowed now: inside one of the windows, where there are any. */
export function windows(settings: GateSettings["windows"], now: number): Verdict {
  const gate = "window";
  if (settings.length === 0) return { gate, state: "open", because: "changes are allowed at any time" };
  const opens: number[] = [];
  for (const { cron, lasts, zone } of settings) {
    const pattern = compile(cron, zone);
    if (!pattern)
      return {
        gate,
        state: "unknown",
        because: `the window ${cron} in ${zone} cannot be read`,
        mend: "correct `cron` and `zone` in gitops.yaml",
      };
    // What began within its length before now and has not ended: occurrences are absolute times, so clocks that are
    // set forward or back are the library's business, and the length is the length.
    const last = pattern.nextRun(new Date(now - lasts))?.getTime();
    if (last !== undefined && last <= now)
      return {
        gate,
        state: "open",
        because: `the window ${cron} (${zone}) is open until ${formatTime(lastBefore(pattern, last, now) + lasts)}`,
      };
    if (last !== undefined) opens.push(last);
  }
  if (opens.length === 0) return { gate, state: "closed", because: "no window ever opens again" };
  const until = Math.min(...opens);
  return { gate, state: "waiting", until, because: `the next window opens at ${formatTime(until)}` };
}

/** Whether changes are frozen now. A day alone means from its beginning, or until its end, in UTC. */
export function freezes(settings: GateSettings["freezes"], now: number): Verdict {
  const gate = "freeze";
  for (const { from, until, reason } of settings) {
    const start = Date.parse(from);
    const end = Date.parse(until) + (/T/.test(until) ? 0 : 86_400_000);
    if (Number.isNaN(start) || Number.isNaN(end))
      return {
        gate,
        state: "unknown",
        because: `the freeze from ${from} until ${until} cannot be read`,
        mend: "correct it in gitops.yaml",
      };
    if (start <= now && now < end)
      return {
        gate,
        state: "waiting",
        until: end,
        because: `${reason}: nothing changes until ${formatTime(end)}`,
      };
  }
  return { gate, state: "open", because: "nothing is frozen" };
}

function compile(cron: string, timezone: string): Cron | undefined {
  try {
    const pattern = new Cron(cron, { timezone, paused: true });
    // A zone that does not exist shows only when it is used.
    pattern.nextRun(new Date(0));
    return pattern;
  } catch {
    return undefined;
  }
}

function lastBefore(pattern: Cron, first: number, now: number): number {
  let last = first;
  for (
    let next = pattern.nextRun(new Date(last));
    next && next.getTime() <= now;
    next = pattern.nextRun(next)
  )
    last = next.getTime();
  return last;
}
