/** What one gate says. Only `open` lets a version through: what is not known does not. */
export type Verdict =
  | { gate: string; state: "open"; because: string }
  /** `until`: milliseconds since 1970; undefined when it ends with an event and not at a time. */
  | { gate: string; state: "waiting"; until?: number; because: string }
  | { gate: string; state: "closed"; because: string }
  /** `mend`: what would make it known. */
  | { gate: string; state: "unknown"; because: string; mend: string };

/** All that is said of one promotion, and whether it may happen. */
export interface Decision {
  open: boolean;
  verdicts: Verdict[];
}

/** A promotion may happen when every gate is open. */
export function decide(verdicts: readonly Verdict[]): Decision {
  return { open: verdicts.every((verdict) => verdict.state === "open"), verdicts: [...verdicts] };
}

/** The verdict a person should read first: what is closed, then what is unknown, then what ends last. */
export function foremost(verdicts: readonly Verdict[]): Verdict | undefined {
  const order = { closed: 0, unknown: 1, waiting: 2, open: 3 };
  const until = (verdict: Verdict) =>
    verdict.state === "waiting" ? (verdict.until ?? Number.POSITIVE_INFINITY) : 0;
  return [...verdicts].sort((a, b) => order[a.state] - order[b.state] || until(b) - until(a))[0];
}

/** A time as it is written everywhere: UTC, to the minute. */
export function formatTime(milliseconds: number): string {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime())
    ? "an unknown time"
    : `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** A duration in its two largest units: `2 d 3 h`, `45 min`. */
export function formatDuration(milliseconds: number): string {
  const units: [string, number][] = [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["min", 60_000],
    ["s", 1000],
  ];
  const parts: string[] = [];
  let left = Math.max(0, milliseconds);
  for (const [unit, size] of units) {
    const count = Math.floor(left / size);
    left -= count * size;
    if (count > 0) parts.push(`${count} ${unit}`);
    if (parts.length === 2) break;
  }
  return parts.join(" ") || "0 s";
}
