const units: Record<string, bigint> = {
  h: 3_600_000_000_000n,
  m: 60_000_000_000n,
  s: 1_000_000_000n,
  ms: 1_000_000n,
  us: 1000n,
  µs: 1000n,
  ns: 1n,
};
const part = /(\d+)(?:\.(\d{1,9}))?(h|ms|m|s|us|µs|ns)/y;

/** Nanoseconds of a duration as Go writes it, such as `1h30m`; undefined when the text is none (time.ParseDuration). */
export function parseGoDuration(text: string): bigint | undefined {
  const digits = text.replace(/^[+-]/, "");
  if (digits === "0") return 0n;
  let sum = 0n;
  let at = 0;
  while (at < digits.length) {
    part.lastIndex = at;
    const match = part.exec(digits);
    if (!match) return undefined;
    const [whole, amount, fraction = "", unit] = match;
    const scale = units[unit!]!;
    sum += BigInt(amount!) * scale + (BigInt(fraction || "0") * scale) / 10n ** BigInt(fraction.length);
    at += whole.length;
  }
  if (at === 0) return undefined;
  return text.startsWith("-") ? -sum : sum;
}

/** A duration as Go's own `String()` writes it: `90m` is `1h30m0s`. */
export function formatGoDuration(nanoseconds: bigint): string {
  if (nanoseconds === 0n) return "0s";
  const sign = nanoseconds < 0n ? "-" : "";
  const amount = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  if (amount < units.s!) {
    const unit = amount < units.us! ? "ns" : amount < units.ms! ? "µs" : "ms";
    return `${sign}${decimal(amount, units[unit]!)}${unit}`;
  }
  const hours = amount / units.h!;
  const minutes = (amount % units.h!) / units.m!;
  const seconds = `${decimal(amount % units.m!, units.s!)}s`;
  if (hours > 0n) return `${sign}${hours}h${minutes}m${seconds}`;
  return minutes > 0n ? `${sign}${minutes}m${seconds}` : `${sign}${seconds}`;
}

function decimal(amount: bigint, unit: bigint): string {
  const width = String(unit).length - 1;
  const fraction = String(amount % unit)
    .padStart(width, "0")
    .replace(/0+$/, "");
  return fraction ? `${amount / unit}.${fraction}` : String(amount / unit);
}

/** Whether a text is another writing of the same duration, as a Go program stores it: `60m` and `1h0m0s`. */
export function isStoredDuration(desired: string, live: string): boolean {
  const amount = parseGoDuration(desired);
  return amount !== undefined && formatGoDuration(amount) === live;
}
