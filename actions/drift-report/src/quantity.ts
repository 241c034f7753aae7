/** An exact amount: `digits` times ten to the power of minus nine. */
type Nano = bigint;

const binary: Record<string, bigint> = { Ki: 10n, Mi: 20n, Gi: 30n, Ti: 40n, Pi: 50n, Ei: 60n };
const decimal: Record<string, number> = { n: -9, u: -6, m: -3, "": 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const form = /^([+-]?)(\d*)(?:\.(\d*))?(?:([KMGTPE]i)|([numkMGTPE])|[eE]([+-]?\d{1,3}))?$/;

/**
 * The amount of a Kubernetes quantity in billionths, rounded away from zero as the API server does; undefined when the
 * text is none (apimachinery/pkg/api/resource/quantity.go, ParseQuantity).
 */
export function parseQuantity(text: string): Nano | undefined {
  const match = form.exec(text.trim());
  if (!match) return undefined;
  const [, sign, whole = "", fraction = "", power, suffix, exponent] = match;
  if (whole === "" && fraction === "") return undefined;
  const shift =
    power === undefined ? (exponent === undefined ? decimal[suffix ?? ""]! : Number(exponent)) : 0;
  const scaled = BigInt(whole + fraction) * (power === undefined ? 1n : 2n ** binary[power]!);
  const tens = 9 + shift - fraction.length;
  const amount = tens >= 0 ? scaled * 10n ** BigInt(tens) : divideUp(scaled, 10n ** BigInt(-tens));
  return sign === "-" ? -amount : amount;
}

function divideUp(amount: bigint, by: bigint): bigint {
  return (amount + by - 1n) / by;
}

/** Whether two writings of a quantity mean the same amount: `0.5` and `500m`, `1Gi` and `1024Mi`. */
export function equalQuantity(a: string, b: string): boolean {
  const left = parseQuantity(a);
  return left !== undefined && left === parseQuantity(b);
}
